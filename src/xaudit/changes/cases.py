"""The differences between the cases of two runs: added, removed, replaced, relabelled, marked anew."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from xaudit.records import Annotation, Case, CaseChanges


def case_changes(
    base: Sequence[Case],
    head: Sequence[Case],
    *,
    base_marks: Iterable[Annotation] = (),
    head_marks: Iterable[Annotation] = (),
) -> CaseChanges:
    """Compare the cases of two runs.

    A case is replaced if its id has another image. Labels and marks are compared on the cases that both
    runs hold with the same image; the order in which marks were read does not count.
    """
    before, after = ({case.case_id: case for case in cases} for cases in (base, head))
    shared = sorted(before.keys() & after.keys())
    replaced = [name for name in shared if before[name].sha256 != after[name].sha256]
    common = [name for name in shared if before[name].sha256 == after[name].sha256]
    drawn_before, drawn_after = _by_case(base_marks), _by_case(head_marks)
    return CaseChanges(
        n_common=len(common),
        added=tuple(sorted(after.keys() - before.keys())),
        removed=tuple(sorted(before.keys() - after.keys())),
        replaced=tuple(replaced),
        relabelled=tuple(name for name in common if before[name].label != after[name].label),
        remarked=tuple(name for name in common if drawn_before[name] != drawn_after[name]),
    )


def common_cases(base: Sequence[Case], head: Sequence[Case]) -> frozenset[str]:
    """Return the ids of the cases that both runs hold with the same image."""
    images = {case.case_id: case.sha256 for case in base}
    return frozenset(case.case_id for case in head if images.get(case.case_id) == case.sha256)


def _by_case(marks: Iterable[Annotation]) -> defaultdict[str, list[str]]:
    drawn: defaultdict[str, list[str]] = defaultdict(list)
    for mark in marks:
        drawn[mark.case_id].append(repr(mark))
    for of_case in drawn.values():
        of_case.sort()
    return drawn
