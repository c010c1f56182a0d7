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
    """Return the verdicts of the gates on values of the data, one for each data set or model.

    A value that is known exactly is compared as it is, an interval by its less favourable end or, if the audit asks so,
    by its estimate. A data set or model whose value was not measured is an error (XA102), also beside others that have one.
    """
    return tuple(
        verdict for gate in gates if gate.is_of_data for verdict in _verdicts(gate, checks, strictness)
    )


def _verdicts(gate: Gate, checks: Sequence[DataCheck], strictness: Strictness) -> list[Verdict]:
    several = len({check.dataset_id for check in checks}) > 1
    own = [check for check in checks if gate.metric in check.measured]
    if not own:
        reasons = [text for check in checks for text in check.skipped]
        return [_unmeasured(gate, THE_DATA, reasons[:1])]
    measuring = {check.id for check in own}
    of_models = any(gate.metric not in check.values for check in own)
    verdicts = []
    for check in checks:
        if check.id not in measuring:
            continue
        for subject, value in _values(gate.metric, check, of_models=of_models, several=several):
            if value is None:
                why: Sequence[str] = _about(subject, check.skipped) if of_models else check.skipped
                verdicts.append(_unmeasured(gate, subject, why[:1]))
            else:
                verdicts.append(_verdict(gate, subject, check, value, strictness))
    return verdicts


def _values(
    metric: str, check: DataCheck, *, of_models: bool, several: bool
) -> Iterator[tuple[str, float | Interval | None]]:
    """Yield the value of the data set, or of each model that should have one; None where it was not measured."""
    if not of_models:
        yield f"data set '{check.dataset_id}'" if several else THE_DATA, check.values.get(metric)
        return
    for model_id in dict.fromkeys((*check.model_ids, *check.model_values)):
        yield model_id, check.model_values.get(model_id, {}).get(metric)


def _about(model_id: str, reasons: Sequence[str]) -> Sequence[str]:
    return [text for text in reasons if model_id in text]


def _unmeasured(gate: Gate, subject: str, reasons: Sequence[str]) -> Verdict:
    about = "" if subject == THE_DATA else f" of {subject}"
    why = f": {reasons[0]}" if reasons else ""
    return _made(gate, subject, ("XA102", "error"), f"{gate.metric}{about} was not measured{why}", None, 0)


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
