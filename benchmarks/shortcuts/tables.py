"""Tables of the rows: what was caught, who was accused, what all rows will cost, and the misses by name."""

from collections.abc import Callable, Mapping, Sequence
from statistics import mean
from typing import Any

from sklearn.metrics import roc_auc_score

from shortcuts.auditing import OF_A_PLACE, accusations, names_the_place
from shortcuts.effects import STRONG
from shortcuts.population import KINDS
from shortcuts.rows import HONEST, SHARES, planned
from xaudit.statistics.bootstrap import wilson

Row = Mapping[str, Any]

BINS = ((-1.0, 0.02), (0.02, STRONG), (STRONG, 0.25), (0.25, 1.01))
"""Accuracy that removing the plant costs, from below and up to."""

UNMOVED = 0.02
"""Mean change of P(cancer) below which, in both classes, an honest network is said not to react to a plant."""

ENOUGH = 5
"""Networks of each sort from which on an AUROC between them is shown."""


def accused(row: Row) -> bool:
    """Return True if the audit's verdict fails the network for where its answer comes from."""
    return bool(accusations(row["audit"]))


def accused_of_a_place(row: Row) -> bool:
    """Return True if the verdict fails for a place, and not only for a property of the whole image."""
    return any(one["code"] in OF_A_PLACE for one in accusations(row["audit"]))


def caught(row: Row) -> bool:
    """Return True if the verdict fails and names the planted place."""
    return names_the_place(row["audit"], row["kind"])


def is_strong(row: Row) -> bool:
    """Return True if removing the plant costs the network a tenth of accuracy or more."""
    return bool(row["truth"]["cost"] >= STRONG)


def share(hits: Sequence[bool]) -> str:
    """Format a count with Wilson's interval.

    Example:
        >>> share([True] * 9 + [False]), share([])
        ('9 of 10, .90 [.60, .98]', '-')
    """
    if not hits:
        return "-"
    interval = wilson(sum(hits) / len(hits), len(hits), confidence=0.95)
    estimate, low, high = (
        f"{value:.2f}".removeprefix("0") for value in (interval.estimate, interval.low, interval.high)
    )
    return f"{sum(hits)} of {len(hits)}, {estimate} [{low}, {high}]"


def forecast(rows: Mapping[str, Row], fingerprint: str) -> str:
    """Say what one network costs by the rows that are there, and what those that are missing will cost on two cores."""
    done = [row for row in rows.values() if row["settings"] == fingerprint]
    n_planned = len(planned())
    if not done:
        return (
            f"{n_planned} rows planned, none is there: make one with --row honest-seed0 to measure the price"
        )
    parts = {name: mean(row["seconds"][name] for row in done) for name in ("training", "audit", "others")}
    each = sum(parts.values())
    left = n_planned - len(done)
    return (
        f"{len(done)} of {n_planned} rows; CPU seconds a row: {parts['training']:.0f} training, {parts['audit']:.0f} truth and "
        f"audit, {parts['others']:.1f} other methods. Left: {left * each / 3600:.1f} CPU hours, {left * each / 7200:.1f} h on two "
        f"cores; all {n_planned} rows: {n_planned * each / 7200:.1f} h"
    )


def tables(rows: Mapping[str, Row], fingerprint: str) -> str:
    """Return all tables as Markdown; rows made under other settings are counted and left out."""
    own = [row for row in rows.values() if row["settings"] == fingerprint]
    lines = [f"{len(own)} of {len(planned())} planned networks."]
    if len(own) < len(rows):
        lines.append(f"{len(rows) - len(own)} rows made under other settings are left out.")
    if not own:
        return "\n".join(lines)
    honest = [row for row in own if row["kind"] == HONEST]
    planted = [row for row in own if row["kind"] != HONEST]
    sections = (
        _by_plant(planted),
        _by_cost(planted, honest),
        _reactions(honest),
        _methods(planted, honest),
        _named(planted, honest),
    )
    return "\n\n".join(["\n".join(lines), *("\n".join(section) for section in sections if section)])


def _by_plant(planted: Sequence[Row]) -> list[str]:
    lines = [
        "| plant | of positives | networks | accuracy | cost of removal | strong | fails | fails and names the place |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for kind in KINDS:
        for percent in SHARES:
            part = [row for row in planted if (row["kind"], row["share"]) == (kind, percent)]
            if part:
                costs = [row["truth"]["cost"] for row in part]
                lines.append(
                    f"| {kind} | {percent} % | {len(part)} | {mean(row['truth']['accuracy'] for row in part):.2f} | "
                    f"{mean(costs):.2f} ({min(costs):.2f} to {max(costs):.2f}) | {sum(map(is_strong, part))} | "
                    f"{sum(map(accused, part))} | {share([caught(row) for row in part])} |"
                )
    return lines if len(lines) > 2 else []


def _by_cost(planted: Sequence[Row], honest: Sequence[Row]) -> list[str]:
    groups = [("honest", honest)]
    for low, high in BINS:
        part = [row for row in planted if low <= row["truth"]["cost"] < high]
        title = f"under {high:g}" if low < 0 else f"{low:g} or more" if high > 1 else f"{low:g} to {high:g}"
        groups.append((f"planted, removal costs {title}", part))
    groups.append((f"**all strong** (costs {STRONG:g} or more)", [row for row in planted if is_strong(row)]))
    return [
        "| networks | fails | fails for a place | fails and names the planted place |",
        "| --- | --- | --- | --- |",
        *(
            f"| {title} | {share([accused(row) for row in part])} | {share([accused_of_a_place(row) for row in part])} | "
            f"{share([caught(row) for row in part if row['kind'] != HONEST])} |"
            for title, part in groups
        ),
    ]


def _reactions(honest: Sequence[Row]) -> list[str]:
    if not honest:
        return []
    lines = [
        "| put into slices of honest networks | P(cancer), cancer | turned over | P(cancer), normal | turned over |",
        "| --- | --- | --- | --- | --- |",
    ]
    for kind in KINDS:
        values = [row["truth"]["reaction"][kind] for row in honest]
        cells = [
            mean(value[f"{what}_{label}"] for value in values)
            for label in ("cancer", "normal")
            for what in ("change", "turned")
        ]
        lines.append(f"| {kind} | {cells[0]:+.3f} | {cells[1]:.3f} | {cells[2]:+.3f} | {cells[3]:.3f} |")
    return lines


def _methods(planted: Sequence[Row], honest: Sequence[Row]) -> list[str]:
    strong, weak = [row for row in planted if is_strong(row)], [row for row in planted if not is_strong(row)]
    lines = [
        "| method | needs to know | accuses strong | accuses weaker | accuses honest | accuses honest of a plant that it does not react to |",
        "| --- | --- | --- | --- | --- | --- |",
        _method("xaudit: fails", "marks", accused, strong, weak, honest),
        _method("xaudit: fails for a place", "marks", accused_of_a_place, strong, weak, honest),
        _method("xaudit: fails and names the place", "marks", caught, strong, weak, []),
    ]
    for metric in ("pointing-game", "iou"):
        separates = _auroc(metric, strong, honest)
        name = f"gate on Grad-CAM's {metric}{separates}"
        lines.append(_method(name, "marks", _gate(metric), strong, weak, honest))
    for name, title in (("probe", "attribute probe on features"), ("odds", "equalized odds"), ("spray", "SpRAy on Grad-CAM")):  # fmt: skip
        answer = _other(name)
        pairs = [
            value[name]["accuses"]
            for row in honest
            for kind, value in row["others"].items()
            if not _reacts(row, kind)
        ]
        line = _method(f"{title}, plant on half of each class", "the plant", answer, strong, weak, honest)
        lines.append(line.removesuffix("| |") + f"| {share([bool(value) for value in pairs])} |")
    lines.append(_as_collected(strong, weak))
    return lines


def _reacts(row: Row, kind: str) -> bool:
    reaction = row["truth"]["reaction"][kind]
    return max(abs(reaction["change_cancer"]), abs(reaction["change_normal"])) >= UNMOVED


def _method(
    title: str,
    needs: str,
    accuses: Callable[[Row], bool],
    strong: Sequence[Row],
    weak: Sequence[Row],
    honest: Sequence[Row],
) -> str:
    counts = " | ".join(share([accuses(row) for row in part]) for part in (strong, weak, honest))
    return f"| {title} | {needs} | {counts} | |"


def _gate(metric: str) -> Callable[[Row], bool]:
    return lambda row: bool(row["gates"][metric]["accuses"])


def _other(name: str) -> Callable[[Row], bool]:
    """Return a method that accuses a network if it does so for any plant that it was tried on."""
    return lambda row: any(bool(value[name]["accuses"]) for value in row["others"].values())


def _as_collected(strong: Sequence[Row], weak: Sequence[Row]) -> str:
    cells = []
    for part in (strong, weak):
        answers = [row["odds_as_collected"]["accuses"] for row in part]
        told = [bool(answer) for answer in answers if answer is not None]
        untold = len(answers) - len(told)
        cells.append(f"{share(told)}; cannot be told: {untold}" if answers else "-")
    return f"| equalized odds, data as collected | the plant | {cells[0]} | {cells[1]} | - | |"


def _auroc(metric: str, strong: Sequence[Row], honest: Sequence[Row]) -> str:
    """Say how well the score alone tells strong shortcuts from honest networks, at any limit."""
    values = [
        (row["gates"][metric]["value"], kind) for kind, part in ((1, strong), (0, honest)) for row in part
    ]
    known = [(value, kind) for value, kind in values if value is not None]
    if min(sum(kind == wanted for _, kind in known) for wanted in (0, 1)) < ENOUGH:
        return ""
    auroc = roc_auc_score([kind for _, kind in known], [-value for value, _ in known])
    return f" (AUROC of its value, strong against honest: {auroc:.2f})"


def _named(planted: Sequence[Row], honest: Sequence[Row]) -> list[str]:
    """Name the strong shortcuts that were missed and the honest networks that were failed, with what the audit said."""
    lines = [
        f"- missed: {row['row']} (removal costs {row['truth']['cost']:.2f}): {_said(row)}"
        for row in planted
        if is_strong(row) and not caught(row)
    ]
    lines += [f"- accused: {row['row']}: {_said(row)}" for row in honest if accused(row)]
    return lines or ["No strong shortcut was missed, and no honest network was failed."]


def _said(row: Row) -> str:
    """Return the accusations, or the findings that accuse of nothing, in the audit's words."""
    findings = accusations(row["audit"]) or row["audit"]["findings"]
    return " ".join(
        f"{one['code']} {one['status']}: {one['sentence'].removeprefix('network: ')}." for one in findings
    )
