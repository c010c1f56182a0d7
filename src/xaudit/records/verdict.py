"""The conclusion of a gate, of a finding, and of the judgement of an explainer."""

from dataclasses import dataclass
from typing import Literal

from xaudit.records.interval import Interval
from xaudit.records.stability import Stability

Status = Literal["pass", "fail", "error"]
ExplainerState = Literal["shows", "does-not-show", "undecided"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The conclusion of one gate or one finding.

    Attributes:
        code: permanent, ``XA…``; the reference documents cause and remedy of each.
        subject: the model, and the explainer if the verdict concerns one.
        rule: the gate as written, or the finding's rule.
        sentence: the text for the reader.
        gating: False for findings that inform but do not fail a run.
        kind: ``gate`` for the result of a limit in the audit file and for warnings about that limit.
        stability: the changes under which it was reached again; None if that was not tried.
    """

    code: str
    status: Status
    model_id: str
    subject: str
    rule: str
    sentence: str
    value: float | None = None
    threshold: float | None = None
    n_patients: int = 0
    gating: bool = True
    kind: Literal["gate", "finding"] = "finding"
    stability: Stability | None = None


@dataclass(frozen=True, slots=True)
class ExplainerJudgement:
    """The conclusion on one explainer or control: do its maps show what the model's answer depends on.

    Attributes:
        captured: share of the reliance that the map's strongest part holds; None if no case counts.
        prior: the same share of the other patients' mean reliance map: what anatomy alone gives.
        difference: ``captured`` minus ``prior``, paired by case.
        n_cases: cases that count: hiding windows changes the answer there.
        n_without_reliance: cases that do not count, because hiding any window changes nothing.
        n_needed: patients that would decide an undecided state, if new ones are like those seen; None if it is decided,
            or if more patients alone would not decide it.
        reason: why the state is undecided, in words; empty otherwise.
        cluster: ``patient``, or ``case`` if the data names no patients.
        n_evals: mean number of model evaluations for a map, None if unknown.
        seconds: mean time for a map, None if unknown.
    """

    model_id: str
    explainer_id: str
    captured: Interval | None
    prior: Interval | None
    difference: Interval | None
    n_cases: int
    n_patients: int
    n_without_reliance: int
    n_needed: int | None
    state: ExplainerState
    reason: str = ""
    cluster: str = "patient"
    n_evals: float | None = None
    seconds: float | None = None
