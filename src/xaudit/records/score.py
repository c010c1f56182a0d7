"""A number about one map or one model's answer, or the reason why there is none."""

from dataclasses import dataclass, field

MODEL_LEVEL = "-"
"""Value of the explainer column for a score of the model itself, without an explainer."""


@dataclass(frozen=True, slots=True)
class ScoreKey:
    """The subject of a score. ``explainer_id`` is ``-`` for a score of the model itself."""

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
    """The model's answer, or a correlation with it, as a function of the share of the image that is replaced or shown.

    Attributes:
        share: rising, 0 to 1.
        value: as many as ``share``; float32 in the tables.
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
    """The value of one metric on one map.

    Attributes:
        curve: the curve that a fresh value was computed from; a stored score has none.
    """

    key: ScoreKey
    value: float
    n_evals: int = 0
    seconds: float = 0.0
    curve: ScoreCurve | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unscored:
    """A metric without a value on this map, and the reason in words that a user can act on."""

    key: ScoreKey
    reason: str


ScoreResult = Score | Unscored
