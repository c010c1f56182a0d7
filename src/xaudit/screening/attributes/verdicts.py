"""Findings of the check of attributes: XA421 to XA424."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from xaudit.cases.dataset import Dataset
from xaudit.counts import counted
from xaudit.records import AssociationRow, GapRow, Interval, Status, SubgroupRow, Verdict
from xaudit.screening.attributes.associations import LEVEL
from xaudit.statistics.digits import shown, shown_interval

_MEASURES = {
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "logit-positive": "mean log-odds on positive images",
    "logit-negative": "mean log-odds on negative images",
}
_SHOWN = 3


def attribute_verdicts(
    data: Dataset,
    associated: Sequence[AssociationRow],
    gaps: Sequence[GapRow],
    subgroups: Sequence[SubgroupRow],
    undecided: Mapping[tuple[str, str], str],
) -> tuple[Verdict, ...]:
    """Return the findings, those that fail first.

    Args:
        undecided: why a gap cannot be told, by attribute and measure.
    """
    unit = "patient" if data.patients_known else "image"
    verdicts = [
        *_coincidences(data.id, associated, unit),
        *_differences(gaps, unit),
        *_worse(subgroups, unit),
        *_undecided(data.id, undecided),
    ]
    return tuple(sorted(verdicts, key=lambda one: one.status != "fail"))


def _coincidences(dataset_id: str, rows: Sequence[AssociationRow], unit: str) -> Iterator[Verdict]:
    for row in rows:
        if not row.coincides:
            continue
        strength = shown_interval(Interval(row.v, row.v_low, row.v_high, "noncentral"))
        only = f" {row.one_class}." if row.one_class else ""
        yield _verdict(
            "XA421",
            "fail",
            dataset_id,
            "attribute-coincides",
            f"The attribute '{row.attribute}' coincides with the label: Cramér's V {strength}, "
            f"{counted(row.n_patients, unit)}.{only} A model can be right on this data by the attribute alone",
            row.v,
            row.n_patients,
        )


def _differences(rows: Sequence[GapRow], unit: str) -> Iterator[Verdict]:
    """Yield a finding for each model and attribute with a gap beyond chance: its gap of the smallest p, errors first."""
    for (model_id, attribute), group in groupby(
        rows_by_attribute(rows), lambda row: (row.model_id, row.attribute)
    ):
        beyond = [row for row in group if row.adjusted_p is not None and row.adjusted_p <= LEVEL]
        if not beyond:
            continue
        row = min(beyond, key=lambda row: (row.measure.startswith("logit"), row.adjusted_p or 0.0))
        assert row.value is not None
        assert row.other_value is not None
        assert row.gap is not None
        gap = shown_interval(Interval(row.gap, row.low, row.high, "newcombe"))
        yield _verdict(
            "XA422",
            "fail",
            model_id,
            "attribute-gap",
            f"{model_id}: the answers differ by '{attribute}' at equal label: {_MEASURES[row.measure]} is "
            f"{shown(row.value)} for {row.level} ({counted(row.n_patients, unit)}) and {shown(row.other_value)} for "
            f"{row.other} ({row.n_patients_other}), a gap of {gap}; family-wise p {_p(row.adjusted_p)}",
            row.gap,
            row.n_patients + row.n_patients_other,
            model_id=model_id,
        )


def rows_by_attribute(rows: Sequence[GapRow]) -> list[GapRow]:
    """Sort rows by model and attribute, each in the order of their first row."""
    order = {
        key: place for place, key in enumerate(dict.fromkeys((row.model_id, row.attribute) for row in rows))
    }
    return sorted(rows, key=lambda row: order[row.model_id, row.attribute])


def _worse(rows: Sequence[SubgroupRow], unit: str) -> Iterator[Verdict]:
    """Yield a finding for each model with subgroups that are worse beyond chance."""
    for model_id in dict.fromkeys(row.model_id for row in rows):
        own = [row for row in rows if row.model_id == model_id]
        worse = worst_first([row for row in own if row.adjusted_p is not None and row.adjusted_p <= LEVEL])
        if not worse:
            continue
        worst = "; ".join(
            f"{row.subgroup}: {row.measure} {shown_interval(Interval(row.value or 0.0, row.low, row.high, 'wilson'))}, "
            f"{shown(row.rest or 0.0)} on the rest ({counted(row.n_patients, unit)}, p {_p(row.adjusted_p)})"
            for row in worse[:_SHOWN]
        )
        more = f"; and {len(worse) - _SHOWN} more" if len(worse) > _SHOWN else ""
        n_judged = sum(row.judged for row in own)
        yield _verdict(
            "XA423",
            "fail",
            model_id,
            "worse-subgroup",
            f"{model_id}: worse on subgroups than on the rest beyond chance. {worst}{more}. {n_judged} were tested together",
            worse[0].value,
            worse[0].n_patients,
            model_id=model_id,
        )


def worst_first(rows: Sequence[SubgroupRow]) -> list[SubgroupRow]:
    """Sort subgroups by their family-wise p, then by how far they are below the rest."""
    return sorted(
        rows,
        key=lambda row: (
            1.0 if row.adjusted_p is None else row.adjusted_p,
            (row.value or 0.0) - (row.rest or 0.0),
            row.n_attributes,
            row.subgroup,
        ),
    )


def _undecided(dataset_id: str, undecided: Mapping[tuple[str, str], str]) -> Iterator[Verdict]:
    for attribute in dict.fromkeys(name for name, _ in undecided):
        measures = {measure: reason for (name, measure), reason in undecided.items() if name == attribute}
        yield _verdict(
            "XA424",
            "error",
            dataset_id,
            "attribute-undecided",
            f"The gap of {' and '.join(measures)} by '{attribute}' cannot be told from the test "
            f"images: {'; '.join(measures.values())}",
            None,
            0,
        )


def _verdict(
    code: str,
    status: Status,
    subject: str,
    rule: str,
    sentence: str,
    value: float | None,
    n_patients: int,
    *,
    model_id: str = "",
) -> Verdict:
    return Verdict(
        code, status, model_id, subject, rule, sentence, value=value, n_patients=n_patients, gating=False
    )


def _p(p: float | None) -> str:
    assert p is not None
    return "under 0.001" if p < 0.001 else f"{p:.3f}"
