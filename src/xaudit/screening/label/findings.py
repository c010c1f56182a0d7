"""The findings of the check: views that give the label away, those that do not, and those that cannot be told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from xaudit.config import LabelSection
from xaudit.counts import counted
from xaudit.records import Interval, LabelProbe, LabelValue, Verdict
from xaudit.screening.label.properties import FILE, SIZE
from xaudit.statistics.digits import shown, shown_interval

BORDER, OUTSIDE, PROPERTIES, ATTRIBUTE, UNDECIDED, HARMLESS = (
    "XA411",
    "XA412",
    "XA413",
    "XA414",
    "XA415",
    "XA416",
)

_UNITS: dict[str, tuple[str, str]] = {
    "patient": ("patient", "patients"),
    "group": ("group of near copies or single image", "groups of near copies or single images"),
    "image": ("image", "images"),
}

_VALUES_NAMED = 4

_LARGER = 0.02
"""Difference of AUROC or accuracy from which a random split is called better."""

_ADVICE = {
    "border": "Crop or blank the border of all images alike, train again, and compare",
    "outside-body": "Set everything outside the body to one value in all images, train again, and compare",
    "organ-blanked": "Look at what differs there: devices, text, the table, the body itself. Blank what is no sign of disease",
    SIZE: "Bring all images to one size in one way; stretching to a square keeps the difference visible",
    FILE: "Store all images in one way, from one kind of source, before they are compared",
}
_ADVICE_ON_ATTRIBUTES = "If this is a habit of collecting, balance the classes within each value; if it is real, report results for each value"


@dataclass(frozen=True, slots=True)
class Judged:
    """The probes of a data set, and what findings about them need.

    Attributes:
        probes: of every view and split.
        values: rows of values, of which those in one class only become findings.
        can_decide: False if no patients are named and near copies were not looked for.
    """

    dataset_id: str
    settings: LabelSection
    probes: Sequence[LabelProbe]
    values: Sequence[LabelValue]
    can_decide: bool


def unit_words(unit: str, n: int) -> str:
    """Count patients, groups or images.

    Example:
        >>> unit_words("patient", 461), unit_words("patient", 1)
        ('461 patients', '1 patient')
    """
    return counted(n, *_UNITS[unit])


def interval_of(probe: LabelProbe) -> Interval:
    """Return the AUROC of a probe with its limits."""
    return Interval(
        probe.auroc, probe.auroc_low, probe.auroc_high, "none" if probe.auroc_low is None else "bca"
    )


def label_findings(judged: Judged) -> tuple[Verdict, ...]:
    """Return the findings: what gives the label away, then what is undecided, then one about all that is harmless."""
    deciding = [probe for probe in judged.probes if probe.decides and probe.judged]
    away = [probe for probe in deciding if probe.gives_away]
    telling = {row.view for row in judged.values if row.beyond_chance}
    others = [probe for probe in deciding if probe not in away and probe.view not in telling]
    harmless = [probe for probe in others if _is_harmless(probe, judged.settings)]
    open_probes = [probe for probe in others if probe not in harmless]
    verdicts = [_away(judged, probe) for probe in away] if judged.can_decide else []
    verdicts += _one_class_only(judged)
    if away and not judged.can_decide:
        verdicts.append(_not_decidable(judged, away))
    if open_probes:
        verdicts.append(_undecided(judged, open_probes))
    if harmless:
        verdicts.append(_harmless(judged, harmless))
    return tuple(verdicts)


def too_few(dataset_id: str, numbers: Sequence[tuple[str, int]], unit: str, least: int) -> Verdict:
    """Return XA415 for data of which fewer than two classes can be told apart."""
    classes = ", ".join(f"'{name}' has {unit_words(unit, n)}" for name, n in numbers)
    sentence = f"It cannot be told what predicts the label: at least {least} {_UNITS[unit][1]} of two classes are needed, and {classes}"
    return _verdict(dataset_id, UNDECIDED, "error", f"{least} {_UNITS[unit][1]} of each class", sentence)


def _is_harmless(probe: LabelProbe, settings: LabelSection) -> bool:
    return probe.auroc_high is not None and probe.auroc_high <= settings.harmless


def _away(judged: Judged, probe: LabelProbe) -> Verdict:
    code = {"border": BORDER, "outside-body": OUTSIDE, "organ-blanked": OUTSIDE}.get(probe.view, PROPERTIES)
    if probe.kind == "attribute":
        code = ATTRIBUTE
    limit = judged.settings.gives_away
    whole = _whole(judged)
    beside = "" if whole is None or probe.kind != "pixels" else f"; the whole image gives {_auroc(whole)}"
    parts = [
        f"{_first_upper(probe.title)} {'predict' if probe.view == FILE else 'predicts'} the class without anything else: AUROC {_auroc(probe, limit)} (chance 0.50{beside}), accuracy "
        f"{_percent(probe.accuracy)} ({_percent(probe.majority)} by always naming the most frequent class), on "
        f"{_images(probe)}",
        *_random_split(judged, probe),
        _ADVICE.get(probe.view, _ADVICE_ON_ATTRIBUTES),
    ]
    rule = f"lower end of {_metric(probe)} > {limit:g}"
    return _verdict(judged.dataset_id, code, "fail", rule, ". ".join(parts), probe=probe, threshold=limit)


def _random_split(judged: Judged, probe: LabelProbe) -> list[str]:
    """Compare with the random split, where there is one, and say that patients are not known."""
    other = next((one for one in judged.probes if one.view == probe.view and not one.decides), None)
    if other is None:
        return []
    figures = f"{shown(other.auroc)} and {_percent(other.accuracy)}"
    larger = max(other.auroc - probe.auroc, other.accuracy - probe.accuracy) > _LARGER
    return [
        f"A random split would give {figures}: it puts near copies on both sides, and what it gives beyond this is recognition of them"
        if larger
        else f"A random split, with near copies on both sides, gives no more ({figures}), so the copies that were found do not explain it",
        "No patients are named, so images of one patient may still be on both sides, and the true figures may be lower",
    ]


def _one_class_only(judged: Judged) -> list[Verdict]:
    """Return XA413 or XA414 for each property with values that occur in one class only, beyond chance."""
    verdicts = []
    rows = sorted((row for row in judged.values if row.beyond_chance), key=lambda row: row.property)
    for name, group in groupby(rows, key=lambda row: row.property):
        own = sorted(group, key=lambda row: (-row.n_images, row.value))
        named = "; ".join(
            f"{row.value} ({counted(row.n_images, 'image')}, all '{row.class_name}')"
            for row in own[:_VALUES_NAMED]
        )
        more = f"; and {len(own) - _VALUES_NAMED} more" if len(own) > _VALUES_NAMED else ""
        view = own[0].view
        advice = _ADVICE.get(view, _ADVICE_ON_ATTRIBUTES)
        sentence = (
            f"{_first_upper(name)}: {counted(len(own), 'value occurs', 'values occur')} in one class only, which chance does "
            f"not explain: {named}{more}. On these images a model needs nothing else to name the class. {advice}"
        )
        verdicts.append(
            _verdict(
                judged.dataset_id,
                PROPERTIES if view in (SIZE, FILE) else ATTRIBUTE,
                "fail",
                "no value of a property occurs in one class only beyond chance",
                sentence,
            )
        )
    return verdicts


def _not_decidable(judged: Judged, probes: Sequence[LabelProbe]) -> Verdict:
    named = ", ".join(f"{probe.title} (AUROC {_auroc(probe)})" for probe in probes)
    sentence = (
        f"It cannot be told if these predict the class, or if near copies of an image are recognised: {named}. The data names "
        "no patients, and near copies were not looked for. Name the patients, or the groups that belong together"
    )
    return _verdict(judged.dataset_id, UNDECIDED, "error", "patients or groups are known", sentence)


def _undecided(judged: Judged, probes: Sequence[LabelProbe]) -> Verdict:
    limits = judged.settings
    named = ", ".join(f"{probe.title} (AUROC {_auroc(probe, limits.harmless)})" for probe in probes)
    least = min(probes, key=lambda probe: probe.n_units)
    sentence = (
        f"Too few {_UNITS[least.unit][1]} to tell if these predict the class: {named}. Chance is not excluded, and neither is "
        f"an AUROC above {limits.harmless:g} ({_images(least)}). More {_UNITS[least.unit][1]} narrow the intervals"
    )
    return _verdict(
        judged.dataset_id, UNDECIDED, "error", f"upper end <= {limits.harmless:g}", sentence, probe=least
    )


def _harmless(judged: Judged, probes: Sequence[LabelProbe]) -> Verdict:
    limit = judged.settings.harmless
    named = ", ".join(f"{probe.title} (AUROC {_auroc(probe, limit)})" for probe in probes)
    sentence = f"No simple model tells the class from these, beyond an AUROC of {limit:g}: {named}; {_images(probes[0])}"
    whole = _whole(judged)
    if whole is not None and (whole.auroc_low is None or whole.auroc_low <= judged.settings.gives_away):
        sentence += (
            f". It is not shown to tell the class from the whole image either (AUROC {_auroc(whole)}): it sees coarse tones and "
            "textures, so finer traces may be missed"
        )
    return _verdict(
        judged.dataset_id,
        HARMLESS,
        "pass",
        f"upper end <= {limit:g}",
        sentence,
        probe=probes[0],
        threshold=limit,
    )


def _whole(judged: Judged) -> LabelProbe | None:
    return next((one for one in judged.probes if one.view == "whole" and one.decides), None)


def _verdict(
    dataset_id: str,
    code: str,
    status: str,
    rule: str,
    sentence: str,
    *,
    probe: LabelProbe | None = None,
    threshold: float | None = None,
) -> Verdict:
    return Verdict(
        code=code,
        status=status,  # type: ignore[arg-type]
        model_id=dataset_id,
        subject=dataset_id,
        rule=rule,
        sentence=sentence,
        value=None if probe is None else probe.auroc,
        threshold=threshold,
        n_patients=0 if probe is None else probe.n_units,
        gating=False,
    )


def _metric(probe: LabelProbe) -> str:
    """Return the metric id of a view; an attribute has none of its own."""
    if probe.kind == "attribute":
        return "AUROC"
    return "label-properties-auroc" if probe.kind == "property" else f"label-{probe.view}-auroc"


def _images(probe: LabelProbe) -> str:
    images = counted(probe.n_images, "image")
    return images if probe.unit == "image" else f"{images} of {unit_words(probe.unit, probe.n_units)}"


def _auroc(probe: LabelProbe, beside: float | None = None) -> str:
    return shown_interval(interval_of(probe), beside=beside, estimate_too=False)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def worst(probes: Iterable[LabelProbe]) -> LabelProbe | None:
    """Return the probe with the highest AUROC; None of none."""
    return max(probes, key=lambda probe: probe.auroc, default=None)
