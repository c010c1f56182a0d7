"""A gate or a finding, and whether it holds."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["pass", "fail", "error"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one gate or one finding concludes.

    Attributes:
        code: permanent, ``XA…``; the reference documents cause and remedy of each.
        subject: the model, and the explainer where one is meant.
        rule: the gate as written, or the finding's rule.
        sentence: what a person reads.
        gating: false for findings that inform but do not fail a run.
        kind: ``gate`` for what a limit of the audit concludes, and for what is said against that limit.
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
