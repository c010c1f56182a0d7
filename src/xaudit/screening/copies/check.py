"""Check of the data ``copies``: find copies and neighbouring slices, and propose groups that a split keeps together."""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from xaudit.cases.dataset import Dataset
from xaudit.cases.groups import files_of, units_of_split
from xaudit.cases.splits import SCORED, assign_splits
from xaudit.config import CopiesSection, SplitSection
from xaudit.counts import counted
from xaudit.records import CopyGroup, CopyPair, DataCheck, Problem, Progress, SplitSize
from xaudit.screening.copies.candidates import candidates
from xaudit.screening.copies.findings import copy_findings
from xaudit.screening.copies.likeness import aligned_pairs
from xaudit.screening.copies.pairs import Judged, copy_rows, judged_pairs
from xaudit.screening.copies.pictures import pair_images
from xaudit.screening.copies.small_copies import Picture, make_small_copies

SPLITS = ("train", "validation", "test")
COPY_METRICS = ("leakage", "leakage-slices", "copies", "copies-different-label")
"""Ids of the values that gates can be set on."""


def check_copies(
    data: Dataset,
    settings: CopiesSection,
    *,
    split: SplitSection,
    with_images: bool = True,
    on_progress: Callable[[Progress], None],
) -> DataCheck:
    """Find images that are copies of each other or slices of one scan.

    Args:
        split: how the data is divided if it names no splits; the proposed groups are tried with it.
        with_images: True to keep small images of the worst pairs for the page.
    """
    with tempfile.TemporaryDirectory(prefix="xaudit-copies-") as folder:
        pictures, judged, problems = _found(data, settings, Path(folder), on_progress)
    rows = copy_rows(pictures, judged, [case.case_id for case in data.cases])
    sizes = split_sizes(data, rows, split)
    leaks = leaking_images(pictures, judged)
    return DataCheck(
        id="copies",
        title="Copies and neighbouring slices",
        dataset_id=data.id,
        verdicts=copy_findings(data, rows, leaks, sizes),
        values=copy_values(data, rows, leaks),
        tables={"copies": rows, "groups": group_rows(data, rows), "split_sizes": sizes},
        skipped=(*_unread(problems), *_undivided(data)),
        images=pair_images(data, rows) if with_images else {},
        n_patients=len({case.cluster for case in data.cases}),
    )


def _found(
    data: Dataset, settings: CopiesSection, folder: Path, on_progress: Callable[[Progress], None]
) -> tuple[list[Picture], list[Judged], list[Problem]]:
    """Return all pictures, those of a single value last, the pairs among them, and what could not be read."""
    small = make_small_copies(data, folder, on_progress=on_progress)
    shown = [index for index in range(len(small.pictures)) if index not in small.blank]
    pictures = [small.pictures[index] for index in shown]
    if not pictures:
        return list(small.pictures), [], list(small.problems)
    pixels = small.pixels if len(shown) == len(small.pictures) else small.pixels[shown]
    pairs = aligned_pairs(pixels, candidates(pixels, on_progress=on_progress), on_progress=on_progress)
    judged, unread = judged_pairs(data, pictures, pairs, settings, on_progress=on_progress)
    return (
        [*pictures, *(small.pictures[index] for index in sorted(small.blank))],
        judged,
        [*small.problems, *unread],
    )


def leaking_images(pictures: Sequence[Picture], judged: Sequence[Judged]) -> Mapping[str, frozenset[str]]:
    """Return the ids of the test images that have a counterpart in training or validation.

    The keys are ``exact``: with equal pixels; ``near``: the same picture, changed; ``slice``: a neighbouring slice.
    """
    leaks: dict[str, set[str]] = defaultdict(set)
    for picture in pictures:
        leaks["exact"] |= _scored(picture) if _unscored(picture) else set()
    for one in judged:
        key = "slice" if one.kind == "neighbouring-slice" else "near"
        first, second = pictures[one.pair.first], pictures[one.pair.second]
        for a, b in ((first, second), (second, first)):
            leaks[key] |= _scored(a) if _unscored(b) else set()
    return {key: frozenset(leaks[key]) for key in ("exact", "near", "slice")}


def _scored(picture: Picture) -> set[str]:
    return {case.case_id for case in picture.cases if case.split == SCORED}


def _unscored(picture: Picture) -> bool:
    return any(case.split != SCORED for case in picture.cases)


def copy_values(
    data: Dataset, rows: Sequence[CopyPair], leaks: Mapping[str, frozenset[str]]
) -> Mapping[str, float]:
    """Return the numbers that gates are held against; no leakage if there is nothing that it could lie between."""
    copies = [row for row in rows if row.is_copy]
    values = {
        "leakage": float(len(leaks["exact"] | leaks["near"])),
        "leakage-slices": float(len(leaks["slice"])),
    }
    return {
        **(values if _is_divided(data) else {}),
        "copies": float(len({case for row in copies for case in (row.case_a, row.case_b)})),
        "copies-different-label": float(sum(row.label_a != row.label_b for row in copies)),
    }


def group_rows(data: Dataset, rows: Sequence[CopyPair]) -> list[CopyGroup]:
    """Return the group of every image that has one, by group, then in the order of the data."""
    groups = _groups(rows)
    grouped = [CopyGroup(case.path, groups[case.case_id]) for case in data.cases if case.case_id in groups]
    return sorted(grouped, key=lambda row: row.group)


def split_sizes(data: Dataset, rows: Sequence[CopyPair], section: SplitSection) -> list[SplitSize]:
    """Return the images of each split, and the groups that span splits, as they are and with the groups kept together."""
    groups = _groups(rows)
    units = units_of_split(data.cases, groups, files_of(data.cases))
    after = assign_splits(((case.case_id, units[case.case_id], case.label) for case in data.cases), section)
    before = {case.case_id: case.split for case in data.cases}
    sizes = [SplitSize("-", _spanning(groups, before), _spanning(groups, after))]
    counts, counts_after = Counter(before.values()), Counter(after.values())
    return [*(SplitSize(one, counts[one], counts_after[one]) for one in SPLITS), *sizes]


def _spanning(groups: Mapping[str, str], splits: Mapping[str, str]) -> int:
    """Return the number of groups with images in more than one split."""
    spanned: dict[str, set[str]] = defaultdict(set)
    for case_id, group in groups.items():
        spanned[group].add(splits[case_id])
    return sum(len(one) > 1 for one in spanned.values())


def _groups(rows: Sequence[CopyPair]) -> Mapping[str, str]:
    return {case: row.group for row in rows for case in (row.case_a, row.case_b)}


def _is_divided(data: Dataset) -> bool:
    """Return True if there are test images and others."""
    return len({case.split == SCORED for case in data.cases}) == 2


def _undivided(data: Dataset) -> tuple[str, ...]:
    """Say that no leakage can be told if the data holds nothing but test images, or none."""
    if _is_divided(data):
        return ()
    lacking = "no training or validation images" if data.cases[0].split == SCORED else "no test images"
    return (f"leakage: the data has {lacking}, so copies between them and the others cannot be searched for",)


def _unread(problems: Sequence[Problem]) -> tuple[str, ...]:
    """Name the images and pairs that could not be compared."""
    if not problems:
        return ()
    named = "; ".join(f"{one.case_id}: {one.reason}" for one in problems)
    return (
        f"copies: {counted(len(problems), 'image or pair', 'images or pairs')} could not be read and compared: {named}",
    )
