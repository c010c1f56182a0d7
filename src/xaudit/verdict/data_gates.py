"""Verdicts of gates on values of the data, such as ``leakage <= 0``."""

from collections.abc import Iterator, Sequence

from xaudit.config import Gate
from xaudit.records import DataCheck, Interval, Status, Verdict
from xaudit.statistics.bootstrap import MIN_CLUSTERS
from xaudit.statistics.digits import shown, shown_interval
from xaudit.verdict.limits import Strictness

THE_DATA = "the data"
"""Stands in a verdict where a model's id would: the gate is on the data set itself."""


def data_gate_verdicts(
    gates: Sequence[Gate], checks: Sequence[DataCheck], strictness: Strictness
) -> tuple[Verdict, ...]:
    """Return the verdicts of the gates on values of the data, one for each data set or model that has the value.

    A value that is known exactly is compared as it is, an interval by its less favourable end or, if the audit asks so,
    by its estimate. A gate on a value that no check measured is an error (XA102).
    """
    return tuple(
        verdict for gate in gates if gate.is_of_data for verdict in _verdicts(gate, checks, strictness)
    )


def _verdicts(gate: Gate, checks: Sequence[DataCheck], strictness: Strictness) -> list[Verdict]:
    several = len({check.dataset_id for check in checks}) > 1
    verdicts = [
        _verdict(gate, subject, check, value, strictness)
        for check in checks
        for subject, value in _values(gate.metric, check, several=several)
    ]
    if verdicts:
        return verdicts
    reasons = [text for check in checks for text in check.skipped]
    why = f": {reasons[0]}" if reasons else ""
    return [_made(gate, THE_DATA, ("XA102", "error"), f"{gate.metric} was not measured{why}", None, 0)]


def _values(metric: str, check: DataCheck, *, several: bool) -> Iterator[tuple[str, float | Interval]]:
    if metric in check.values:
        yield f"data set '{check.dataset_id}'" if several else THE_DATA, check.values[metric]
    for model_id, values in check.model_values.items():
        if metric in values:
            yield model_id, values[metric]


def _verdict(
    gate: Gate, subject: str, check: DataCheck, value: float | Interval, strictness: Strictness
) -> Verdict:
    limit = shown(gate.value, beside=gate.value)
    compared, what = _compared(gate, value, strictness)
    if compared is None:
        assert isinstance(value, Interval)
        sentence = (
            f"{gate.metric} of {subject}: {shown(value.estimate)}; an interval needs at least {MIN_CLUSTERS} patients, and "
            f"the gate uses its {what}"
        )
        return _made(gate, subject, ("XA102", "error"), sentence, None, check.n_patients)
    kept = compared >= gate.value if gate.at_least else compared <= gate.value
    relation = {
        (True, True): "reaches", (True, False): "is below", (False, True): "stays within", (False, False): "is above",
    }[gate.at_least, kept]  # fmt: skip
    measured = shown(compared, beside=gate.value)
    if isinstance(value, Interval):
        figures = f"{shown_interval(value, beside=gate.value)}; its {what} {measured}"
    else:
        figures = f"{measured}, which"
    sentence = f"{gate.metric} of {subject}: {figures} {relation} {limit}"
    status: Status = "pass" if kept else "fail"
    return _made(gate, subject, ("XA101", status), sentence, compared, check.n_patients)


def _compared(gate: Gate, value: float | Interval, strictness: Strictness) -> tuple[float | None, str]:
    """Return the number that the gate is compared with, and what it is called."""
    if not isinstance(value, Interval):
        return value, "value"
    if strictness.gate_on == "mean":
        return value.estimate, "value"
    return (value.low, "lower end") if gate.at_least else (value.high, "upper end")


def _made(
    gate: Gate, subject: str, result: tuple[str, Status], sentence: str, value: float | None, n_patients: int
) -> Verdict:
    code, status = result
    return Verdict(
        code=code,
        status=status,
        model_id=subject,
        subject=subject,
        rule=str(gate),
        sentence=sentence,
        value=value,
        threshold=gate.value,
        n_patients=n_patients,
        gating=not gate.informational,
        kind="gate",
    )
