"""Pairs of images that are copies or neighbouring slices, as rows."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from xaudit.cases.dataset import Dataset
from xaudit.cases.groups import components
from xaudit.config import CopiesSection
from xaudit.errors import DataError
from xaudit.records import Case, CopyKind, CopyPair, Problem, Progress
from xaudit.screening.copies.groups import group_names
from xaudit.screening.copies.likeness import AlignedPair
from xaudit.screening.copies.originals import Comparison, Originals, compare_originals
from xaudit.screening.copies.small_copies import SIDE, Picture

LOOKED_AT = 0.98
"""Likeness from which the originals are compared: planted copies reach .987 and more."""


CERTAIN_COPY = 0.997
"""Likeness of the originals from which a pair is a copy although its finest detail differs.

JPEG changes the finest detail of small and of smooth images. Neighbouring slices of a scan reach 0.996."""

RESIZED_COPY = 0.998
"""Detail at the smaller image's own size from which a pair is a copy: resized ones reach .9993, neighbouring slices .992."""

N_SHOWN = 12
"""Pairs that are shown as pictures."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An aligned pair of pictures with its kind.

    Attributes:
        detail: None if the originals were not compared.
    """

    pair: AlignedPair
    kind: CopyKind
    detail: float | None
    change: str


def judged_pairs(
    data: Dataset,
    pictures: Sequence[Picture],
    pairs: Sequence[AlignedPair],
    settings: CopiesSection,
    *,
    on_progress: Callable[[Progress], None],
) -> tuple[list[Judged], list[Problem]]:
    """Tell copies from neighbouring slices, and leave out all other pairs.

    A neighbouring slice is left out if both images are of one known patient and in one split: a scan has neighbours.
    """
    originals = Originals(data)
    judged: list[Judged] = []
    problems: list[Problem] = []
    ordered = sorted(
        (one for one in pairs if one.likeness >= min(LOOKED_AT, settings.least_likeness)),
        key=lambda one: (one.first, one.second),
    )
    for index, pair in enumerate(ordered):
        on_progress(Progress("copies", index, len(ordered), "pairs verified"))
        first, second = pictures[pair.first].first, pictures[pair.second].first
        comparison = None
        if pair.likeness >= LOOKED_AT or _is_small(first, second):
            try:
                comparison = compare_originals(originals.image(first), originals.image(second), pair)
            except DataError as error:
                problems.append(Problem(f"{first.case_id} and {second.case_id}", "copies", str(error)))
            else:
                pair = replace(pair, likeness=max(pair.likeness, comparison.likeness))
        kind = _kind(pair, comparison, (first, second), settings)
        if kind is not None:
            judged.append(
                Judged(
                    pair,
                    kind,
                    _shown_detail(comparison),
                    comparison.change if comparison and kind != "neighbouring-slice" else "",
                )
            )
    return judged, problems


def copy_rows(pictures: Sequence[Picture], judged: Sequence[Judged], order: Sequence[str]) -> list[CopyPair]:
    """Return the rows of the table: worst first, each with its group.

    Args:
        pictures: the judged ones at their positions, and all others.
        order: all case ids, as groups are numbered.
    """
    rows = [row for picture in pictures for row in _equal_rows(picture)]
    for one in judged:
        rows += _rows(pictures[one.pair.first], pictures[one.pair.second], one)
    groups = group_names(components((row.case_a, row.case_b) for row in rows), order)
    return sorted((replace(row, group=groups[row.case_a]) for row in rows), key=severity)


def severity(row: CopyPair) -> tuple[bool, bool, bool, float, str, str]:
    """Sort key: copies before neighbours, across splits first, then other labels, then the most alike."""
    return (
        not row.is_copy,
        not row.across_splits,
        row.label_a == row.label_b,
        -(row.detail if row.detail is not None else row.likeness),
        row.case_a,
        row.case_b,
    )


def shown_pairs(rows: Sequence[CopyPair], limit: int = N_SHOWN) -> list[CopyPair]:
    """Return at most ``limit`` rows: kinds take turns, worst rows first.

    Args:
        rows: worst first.
    """
    kinds: dict[tuple[bool, bool, str], list[CopyPair]] = defaultdict(list)
    for row in rows:
        kinds[not row.across_splits, row.label_a == row.label_b, row.kind].append(row)
    turns = [
        (turn, rank, row)
        for rank, (_, own) in enumerate(sorted(kinds.items()))
        for turn, row in enumerate(own[:limit])
    ]
    chosen = sorted(turns, key=lambda item: item[:2])[:limit]
    return [row for _, _, row in sorted(chosen, key=lambda item: (item[1], item[0]))]


def _is_resized(comparison: Comparison) -> bool:
    return comparison.resized is not None and comparison.resized >= RESIZED_COPY


def _shown_detail(comparison: Comparison | None) -> float | None:
    if comparison is None:
        return None
    return comparison.resized if _is_resized(comparison) else comparison.detail


def _is_small(first: Case, second: Case) -> bool:
    """Return True if one image is smaller than the other, and so small that the small copies cannot decide."""
    sides = [(one.height, one.width) for one in (first, second)]
    return sides[0] != sides[1] and min(min(side) for side in sides) < SIDE


def _kind(
    pair: AlignedPair, comparison: Comparison | None, cases: tuple[Case, Case], settings: CopiesSection
) -> CopyKind | None:
    first, second = cases
    if comparison is not None and (
        comparison.detail >= settings.least_detail
        or comparison.likeness >= CERTAIN_COPY
        or _is_resized(comparison)
    ):
        changed = comparison.change not in ("", "resized")
        return "augmented-copy" if changed or first.augmented or second.augmented else "near-copy"
    one_patient = first.patient_id is not None and first.patient_id == second.patient_id
    if pair.likeness < settings.least_likeness or (one_patient and first.split == second.split):
        return None
    return "neighbouring-slice"


def _equal_rows(picture: Picture) -> Iterator[CopyPair]:
    """Pair the first case with each other one that has equal pixels."""
    first = picture.first
    for other in picture.cases[1:]:
        kind: CopyKind = "same-file" if first.sha256 == other.sha256 else "same-pixels"
        yield _row(first, other, kind, 1.0, 1.0, "")


def _rows(first: Picture, second: Picture, judged: Judged) -> Iterator[CopyPair]:
    """Yield a row for each combination of split and label that the two pictures' cases have."""
    for a in _distinct(first.cases):
        for b in _distinct(second.cases):
            yield _row(a, b, judged.kind, judged.pair.likeness, judged.detail, judged.change)


def _distinct(cases: Iterable[Case]) -> list[Case]:
    """Return the first case of each split and label."""
    chosen: dict[tuple[str, str], Case] = {}
    for case in cases:
        chosen.setdefault((case.split, case.label), case)
    return list(chosen.values())


def _row(a: Case, b: Case, kind: CopyKind, likeness: float, detail: float | None, change: str) -> CopyPair:
    known = a.patient_id is not None and b.patient_id is not None
    return CopyPair(
        image_a=a.path,
        image_b=b.path,
        case_a=a.case_id,
        case_b=b.case_id,
        kind=kind,
        split_a=a.split,
        split_b=b.split,
        label_a=a.label,
        label_b=b.label,
        across_splits=a.split != b.split,
        same_patient=a.patient_id == b.patient_id if known else None,
        likeness=likeness,
        detail=detail,
        change=change,
        group="",
    )
