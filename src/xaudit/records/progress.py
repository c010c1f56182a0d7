"""How far a run is, what it cost, and what it could not do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Problem:
    """One case that could not be used, and why; counted and shown, never dropped in silence."""

    case_id: str
    stage: str
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of long work is; ``note`` is what a person may read beside the bar."""

    stage: str
    done: int
    total: int
    note: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Work:
    """What a run cost.

    Attributes:
        seconds: wall time of the whole invocation.
        model_seconds: wall time spent inside models, forwards and backwards.
        n_evals: forward passes, counted per image.
        n_shards: pieces of work in the run.
        n_shards_reused: of these, how many were already there.
    """

    seconds: float
    model_seconds: float
    n_evals: int
    n_shards: int
    n_shards_reused: int


@dataclass(frozen=True, slots=True)
class UnscoredGroup:
    """Scores that do not exist for one and the same reason.

    Attributes:
        explainer_id: ``-`` where the model itself was asked.
        n_cases: cases concerned.
        n_scores: scores missing over all of its metrics.
        what: ``score``, ``region`` for a map's share of saliency in a region, or ``ceiling``.
    """

    model_id: str
    explainer_id: str
    reason: str
    n_cases: int
    n_scores: int
    what: Literal["score", "region", "ceiling"] = "score"
