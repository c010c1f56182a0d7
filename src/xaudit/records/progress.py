"""The progress of a run, its cost, and the cases and scores it lacks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Problem:
    """A case that could not be used, and the reason; problems are counted and shown, never dropped silently."""

    case_id: str
    stage: str
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of one stage; ``note`` is the text beside the progress bar."""

    stage: str
    done: int
    total: int
    note: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Work:
    """The cost of a run.

    Attributes:
        seconds: wall time of the whole invocation.
        model_seconds: wall time spent inside models, forward and backward.
        n_evals: forward passes, counted per image.
        n_shards: pieces of work in the run.
        n_shards_reused: pieces that were already done.
    """

    seconds: float
    model_seconds: float
    n_evals: int
    n_shards: int
    n_shards_reused: int


@dataclass(frozen=True, slots=True)
class UnscoredGroup:
    """Missing scores that share one reason.

    Attributes:
        explainer_id: ``-`` if the score concerns the model itself.
        n_cases: cases concerned.
        n_scores: scores missing over all metrics.
        what: ``score``, ``region`` for a map's share of saliency in a region, or ``ceiling``.
    """

    model_id: str
    explainer_id: str
    reason: str
    n_cases: int
    n_scores: int
    what: Literal["score", "region", "ceiling"] = "score"
