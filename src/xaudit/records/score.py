"""One number about one map or one model's answer, or the reason why there is none."""

from dataclasses import dataclass, field

MODEL_LEVEL = "-"
"""Stands in the explainer column of a score that asks the model itself and no explainer."""


@dataclass(frozen=True, slots=True)
class ScoreKey:
    """What a score is about. ``explainer_id`` is ``-`` for a question put to the model itself."""

    case_id: str
    patient_id: str | None
    reader: str
    model_id: str
    explainer_id: str
    explainer_hash: str
    target: str
    correct: bool
    metric_id: str
    metric_hash: str
    family: str


@dataclass(frozen=True, slots=True)
class ScoreCurve:
    """The model's answer, or a correlation with it, over the share of the image that is replaced or shown.

    Attributes:
        share: rising, 0 to 1.
        value: as many; float32 in the tables.
    """

    case_id: str
    model_id: str
    explainer_id: str
    explainer_hash: str
    metric_id: str
    metric_hash: str
    share: tuple[float, ...]
    value: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """One metric's value on one map.

    Attributes:
        curve: what the value was read from, where it was just measured; a stored score comes without.
    """

    key: ScoreKey
    value: float
    n_evals: int = 0
    seconds: float = 0.0
    curve: ScoreCurve | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unscored:
    """A metric that has no value here, and the reason in words a person can act on."""

    key: ScoreKey
    reason: str


ScoreResult = Score | Unscored
