"""The conclusion of a gate or a finding."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["pass", "fail", "error"]


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
