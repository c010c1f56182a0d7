"""Findings about regions without evidence, on the images of each true class."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from xaudit.catalog import MARGIN
from xaudit.records import RegionByClass, Status, Verdict
from xaudit.statistics.digits import counted, shown_interval
from xaudit.verdict.asked_images import WITHOUT_EVIDENCE
from xaudit.verdict.findings import ELSEWHERE, region_name
from xaudit.verdict.infills import INFILL_RULE, is_disputed

CLASS_RULE = f"lower end of no region's effect > {MARGIN:g} on images of any class"


def class_findings(
    rows: Sequence[RegionByClass], own_regions: Mapping[str, Mapping[str, bool]] = MappingProxyType({})
) -> list[Verdict]:
    """Return XA213 for each region without evidence that changes the answer on images of one class.

    The fall on images of the target class is left to XA201, which rests on the same images. A region that does so with one
    in-fill and not with another is undecided (XA212).

    Args:
        own_regions: by model, regions that the audit file names, true where an answer may rest on them.
    """
    verdicts = []
    for row in rows:
        if _may_be_at_fault(rows, row, own_regions.get(row.model_id, {})):
            if is_disputed([effect for _, effect in row.by_infill]):
                verdicts.append(_undecided(row, lungs_known=lungs_known(rows, row)))
            elif row.probability.low is not None and row.probability.low > MARGIN:
                verdicts.append(_finding(row, lungs_known=lungs_known(rows, row)))
    return verdicts


def lungs_known(rows: Sequence[RegionByClass], row: RegionByClass) -> bool:
    """Return True if the lungs are a region of their own on the images of this class."""
    names = {one.region for one in rows if (one.model_id, one.label) == (row.model_id, row.label)}
    return not names.isdisjoint({"lungs", "same-lung"})


def _may_be_at_fault(
    rows: Sequence[RegionByClass], row: RegionByClass, own_regions: Mapping[str, bool]
) -> bool:
    named = row.region in own_regions and not own_regions[row.region]
    if not (named or row.region in ELSEWHERE) or (row.label == row.target and row.direction == "for"):
        return False
    # Inside the body, an in-fill that raises the answer may look like evidence.
    if row.direction == "against" and not named and row.region not in WITHOUT_EVIDENCE:
        return False
    # Without lungs, what lies outside the mark may hold the organ.
    return named or row.region in WITHOUT_EVIDENCE or lungs_known(rows, row)


def _undecided(row: RegionByClass, *, lungs_known: bool) -> Verdict:
    verb = "lowers" if row.direction == "for" else "raises"
    effects = " and ".join(
        f"by {shown_interval(effect, beside=MARGIN, estimate_too=False)} with {infill}"
        for infill, effect in row.by_infill
    )
    sentence = (
        f"it is undecided if {_name(row, lungs_known)} affects the answer, because the in-fills do not agree. Hiding it {verb} "
        f"P({row.target}) {effects}, each beyond random areas of its size"
    )
    return _verdict(row, "XA212", "error", INFILL_RULE, sentence)


def _finding(row: RegionByClass, *, lungs_known: bool) -> Verdict:
    verb = "lowers" if row.direction == "for" else "raises"
    effect = shown_interval(row.probability, beside=MARGIN, estimate_too=False)
    sentence = f"hiding {_name(row, lungs_known)} {verb} P({row.target}) by {effect} more than hiding a random area of its size"
    return _verdict(row, "XA213", "fail", CLASS_RULE, sentence)


def _name(row: RegionByClass, lungs_known: bool) -> str:
    return region_name(row.region, "the area outside the lungs" if lungs_known else "the rest of the image")


def _verdict(row: RegionByClass, code: str, status: Status, rule: str, sentence: str) -> Verdict:
    patients = counted(row.n_patients, row.cluster)
    return Verdict(
        code=code,
        status=status,
        model_id=row.model_id,
        subject=row.model_id,
        rule=rule,
        sentence=f"{row.model_id}: on images of '{row.label}', {sentence} ({patients})",
        value=row.probability.low,
        threshold=MARGIN,
        n_patients=row.n_patients,
        gating=False,
    )
