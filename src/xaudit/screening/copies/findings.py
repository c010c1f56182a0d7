"""Findings about copies: sentences with numbers, and what to do."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from xaudit.cases.dataset import Dataset
from xaudit.cases.groups import components
from xaudit.counts import counted
from xaudit.records import CopyPair, SplitSize, Status, Verdict

CERTAIN_LIKENESS = 0.97
"""Likeness of neighbouring slices that no two different patients of the simulated study come near."""

REMEDY = "keep groups in one split: `data.split: {groups: groups.csv}`"


def copy_findings(
    data: Dataset, rows: Sequence[CopyPair], leaks: Mapping[str, frozenset[str]], sizes: Sequence[SplitSize]
) -> tuple[Verdict, ...]:
    """Return the findings, worst first; a single one that passes if there is nothing to find."""
    copies = [row for row in rows if row.is_copy]
    findings = [
        *_across(data, copies, leaks, ("same-file", "same-pixels"), "exact"),
        *_across(data, copies, leaks, ("near-copy", "augmented-copy"), "near"),
        *_other_labels(data, copies),
        *_slices(data, rows, leaks, sizes),
        *_within(data, copies),
    ]
    return tuple(findings) or (_none(data, copies),)


def _across(
    data: Dataset,
    copies: Sequence[CopyPair],
    leaks: Mapping[str, frozenset[str]],
    kinds: tuple[str, str],
    key: str,
) -> list[Verdict]:
    across = [row for row in copies if row.across_splits and row.kind in kinds]
    if not across:
        return []
    code, words = (
        ("XA404", "an exact copy")
        if key == "exact"
        else ("XA405", "a changed copy (saved again, resized, mirrored, cropped or brightened)")
    )
    if leaks[key]:
        n_test = sum(case.split == "test" for case in data.cases)
        text = (
            f"{len(leaks[key]):,} of {counted(n_test, 'test image')} "
            f"{'has' if len(leaks[key]) == 1 else 'have'} {words} in training or validation, so their score measures memory"
        )
    else:
        text = f"{counted(len(across), 'validation image has', 'validation images have')} {words} in training"
    return [_verdict(data, code, "fail", "no copies across splits", f"{text}; {REMEDY}", len(leaks[key]))]


def _other_labels(data: Dataset, copies: Sequence[CopyPair]) -> list[Verdict]:
    pairs = [row for row in copies if row.label_a != row.label_b]
    if not pairs:
        return []
    labels = sorted({" and ".join(sorted((f"'{row.label_a}'", f"'{row.label_b}'"))) for row in pairs})
    text = (
        f"{counted(len(pairs), 'pair of copies has', 'pairs of copies have')} different labels ({', '.join(labels)}): at "
        "least one label of each is wrong; look at the pairs and correct the labels"
    )
    return [_verdict(data, "XA407", "fail", "copies have one label", text, len(pairs))]


def _slices(
    data: Dataset, rows: Sequence[CopyPair], leaks: Mapping[str, frozenset[str]], sizes: Sequence[SplitSize]
) -> list[Verdict]:
    pairs = [row for row in rows if not row.is_copy and row.across_splits]
    if not pairs:
        return []
    status: Status = "fail" if max(row.likeness for row in pairs) >= CERTAIN_LIKENESS else "error"
    spans = next(size for size in sizes if size.split == "-")
    patients = "with different patient ids" if data.patients_known else "without patient ids"
    text = (
        f"{counted(len(leaks['slice']), 'test image looks', 'test images look')} like a neighbouring or repeated slice of a scan in "
        f"training or validation ({counted(len(pairs), 'pair')} {patients}); {counted(spans.n_before, 'group')} of images "
        f"{'spans' if spans.n_before == 1 else 'span'} the splits; look at the pairs, and {REMEDY}"
    )
    if status == "error":
        text = f"cannot be told: {text}"
    return [_verdict(data, "XA408", status, "no scan across splits", text, len(leaks["slice"]))]


def _within(data: Dataset, copies: Sequence[CopyPair]) -> list[Verdict]:
    """Count the copies within a split, but for those of one patient or group, which counts once already."""
    clusters = {case.case_id: case.cluster for case in data.cases}
    repeated = 0
    by_split: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in copies:
        if not row.across_splits and clusters[row.case_a] != clusters[row.case_b]:
            by_split[row.split_a].append((row.case_a, row.case_b))
    parts = []
    for split, pairs in sorted(by_split.items()):
        group_of = components(pairs)
        n = len(group_of) - len(set(group_of.values()))
        repeated += n
        parts.append(f"{n:,} in {split}")
    if not repeated:
        return []
    text = (
        f"{counted(repeated, 'image repeats', 'images repeat')} another image of the same split ({', '.join(parts)}) and "
        f"{'counts' if repeated == 1 else 'count'} as {'a case' if repeated == 1 else 'cases'} of "
        f"{'its' if repeated == 1 else 'their'} own; remove the repeats, or name the patients"
    )
    return [_verdict(data, "XA406", "fail", "every image once", text, repeated)]


def _none(data: Dataset, copies: Sequence[CopyPair]) -> Verdict:
    of_one = f", but for {counted(len(copies), 'pair')} of one patient or group," if copies else ""
    n = counted(len(data.cases), "image")
    splits = sorted({case.split for case in data.cases})
    text = f"no copies{of_one} and no slices of one scan in different splits were found among {n}"
    if len(splits) == 1:
        text = f"no copies{of_one} were found among {n}, all of the split '{splits[0]}'; others cannot be searched"
    text += "; turns by an angle, crops of more than 10 % and distortions were not searched for"
    return _verdict(data, "XA409", "pass", "no copies across splits", text, 0)


def _verdict(data: Dataset, code: str, status: Status, rule: str, sentence: str, value: int) -> Verdict:
    patients = {case.cluster for case in data.cases} if data.patients_known else ()
    return Verdict(
        code=code,
        status=status,
        model_id="",
        subject=data.id,
        rule=rule,
        sentence=sentence,
        value=float(value),
        n_patients=len(patients),
        gating=False,
    )
