"""The matrix of architectures and explainers, from the file that the tests hold to what they ran."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

MATRIX = Path(__file__).parent.parent / "tests" / "golden" / "architectures.csv"
_YES = "yes"
_NAMES = ("library", "architecture")


def matrix_blocks() -> list[str]:
    """The section of the page: explainers that work everywhere, a column for each group that differs, and the reasons."""
    with MATRIX.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    groups = _groups(rows)
    everywhere = groups.pop((_YES,) * len(rows), [])
    reasons: dict[str, int] = {}
    cells = [
        [
            row["library"],
            row["architecture"],
            *(_cell(row[names[0]], reasons) for names in groups.values()),
        ]
        for row in rows
    ]
    head = ("Library", "Architecture", *(", ".join(_code(names)) for names in groups.values()))
    return [
        "## Architectures and explainers\n\nA test makes each map of this table with random weights. Its network is a small one of the "
        "same class. A number is the reason of the refusal, which xaudit gives before the run.",
        f"On every architecture: {', '.join(_code(everywhere))}.",
        _table(head, cells),
        "\n".join(f"{number}. {reason}" for reason, number in reasons.items()),
        "The layer of a transformer follows from the tokens that its head reads "
        "([why](../decisions/0131-the-layer-of-a-transformer.md)). An architecture that is not here works with every explainer that needs "
        "no layer; for class activation maps name the `layer`, and for a transformer its `tokens` "
        "([how](../how-to/own-model.md)).",
    ]


def _groups(rows: Sequence[Mapping[str, str]]) -> dict[tuple[str, ...], list[str]]:
    """Return explainers by their answers on all architectures."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in rows[0]:
        if name not in _NAMES:
            groups.setdefault(tuple(row[name] for row in rows), []).append(name)
    return groups


def _cell(answer: str, reasons: dict[str, int]) -> str:
    return _YES if answer == _YES else f"no ({reasons.setdefault(answer, len(reasons) + 1)})"


def _code(names: Sequence[str]) -> list[str]:
    return [f"`{name}`" for name in names]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *rows))
