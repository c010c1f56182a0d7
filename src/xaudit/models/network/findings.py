"""Networks that answer for each finding separately, reduced to one of them.

The answer for a finding is a logit z whose sigmoid is its probability. Beside a second logit of zero it is one of two
classes, with and without the finding: softmax of (z, 0) is the sigmoid of z, and the higher logit says on which side of
the threshold it lies.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import torch

from xaudit.errors import ModelError
from xaudit.models.network.front import put_in_front
from xaudit.models.network.outputs import logits_of

_NEVER_SURE = 1e-6
"""Closest that a probability may come to 0 and 1, so that its logit is finite."""


_ROUNDING = 1e-3
"""Distance from 0 and 1 that half precision may bring to a probability."""


@dataclass(frozen=True, slots=True)
class AskedFinding:
    """The output of a network that is used.

    Attributes:
        column: index among its outputs.
        place: index of the finding among the data's two classes.
        n_findings: number of its outputs.
        probabilities: True if its outputs are probabilities; then their logits are taken.
        threshold: the probability from which on the finding counts as present; it is shifted to .5.
        symmetric: True if both classes have half of the logit, for and against: then either can be explained.
    """

    column: int
    place: int
    n_findings: int
    probabilities: bool = False
    threshold: float = 0.5
    symmetric: bool = field(default=False, repr=False)


class _OneFinding:
    """Mixin before a network's own class: returns two logits, for the finding and for its absence."""

    xaudit_finding: AskedFinding

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map (N, C, H, W) to (N, 2), in the order of the data's classes."""
        finding = self.xaudit_finding
        return reduced(logits_of(super().forward(images), finding.n_findings), finding)  # type: ignore[misc]


def reduced(answers: torch.Tensor, finding: AskedFinding) -> torch.Tensor:
    """Reduce a network's own outputs, (N, outputs), to two logits for one finding, in the order of the data's classes."""
    logit = answers[:, finding.column : finding.column + 1]
    if finding.probabilities:
        _check_probabilities(logit)
        logit = torch.logit(logit, eps=_NEVER_SURE)
    logit = logit - math.log(finding.threshold / (1 - finding.threshold))
    logit, without = (logit / 2, -logit / 2) if finding.symmetric else (logit, torch.zeros_like(logit))
    return torch.cat([logit, without] if finding.place == 0 else [without, logit], dim=1)


def _check_probabilities(answers: torch.Tensor) -> None:
    """Raise ModelError if an output that should be a probability is outside 0 to 1."""
    if torch.compiler.is_compiling() or not len(answers):
        return
    low, high = (float(one) for one in answers.detach().aminmax())
    if low < -_ROUNDING or high > 1 + _ROUNDING:
        raise ModelError(
            f"its outputs are no probabilities: they lie between {low:.3g} and {high:.3g}, as logits do, or scores of a regression",
            hint="set `outputs: multilabel` for logits; the scores of a regression are not audited",
        )


def finding_asked(module: torch.nn.Module) -> AskedFinding | None:
    """Return the finding that a network was reduced to; None if it was not."""
    return module.xaudit_finding if isinstance(module, _OneFinding) else None


def own_answers(module: torch.nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Return the outputs for all findings of a network that was reduced to one; no hook on the whole of it is called."""
    if not isinstance(module, _OneFinding):
        raise TypeError("the network was not reduced to a finding")
    own: Any = super(_OneFinding, module)
    return logits_of(own.forward(images), module.xaudit_finding.n_findings)


def on_one_finding(module: torch.nn.Module, finding: AskedFinding) -> torch.nn.Module:
    """Reduce the network, in place, to one finding; names of layers and weights stay as they are."""
    put_in_front(module, _OneFinding)
    module.xaudit_finding = finding  # type: ignore[assignment]
    return module


def check_finding(module: torch.nn.Module, images: torch.Tensor, *, subject: str) -> tuple[str, ...]:
    """Return remarks about a network's own outputs; nothing if it was not reduced to a finding."""
    if not isinstance(module, _OneFinding):
        return ()
    finding = module.xaudit_finding
    answers = own_answers(module, images)
    lie_between = bool((answers >= 0).all() and (answers <= 1).all())
    if lie_between and finding.symmetric:
        return (
            f"{subject}: on noise its single output lies between 0 and 1; if it is a probability, take the sigmoid out of the network, "
            "or set `outputs: multilabel-probabilities` and name the class as `findings`, else every image counts as showing it",
        )
    if lie_between and not finding.probabilities:
        return (
            f"{subject}: on noise its answers for findings lie between 0 and 1; if they are probabilities, set `outputs: "
            "multilabel-probabilities`, else every image counts as showing the finding",
        )
    return ()
