"""The map of one explainer for one case."""

from dataclasses import dataclass

from xaudit.records.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class SaliencyMap:
    """The map of one explainer for one case: signed evidence for the target, in the model's frame.

    Attributes:
        values: (H, W) float32 of the model frame, positive if the pixel speaks for the target.
        seed: seed of the explainer's random choices.
        n_evals: model evaluations spent on this map.
        seconds: wall time spent on it, shared evenly within a batch.
    """

    case_id: str
    model_id: str
    explainer_id: str
    explainer_hash: str
    target: str
    values: FloatArray
    seed: int
    n_evals: int
    seconds: float
