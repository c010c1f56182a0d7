"""What an explainer drew for one case."""

from dataclasses import dataclass

from xaudit.records.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class SaliencyMap:
    """One explainer's answer for one case: signed evidence for the target, in the model's frame.

    Attributes:
        values: (H, W) float32 of the model frame, positive where the pixel speaks for the target.
        seed: what the explainer's random choices were drawn from.
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
