"""The measurements of one map that decide its failure category."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MapFacts:
    """The measurements of one map that decide its failure category; thresholds are applied later.

    Attributes:
        no_map: the reason why the map is empty; None if it is not.
        no_mark: the reason why there is no mark to meet or miss; None if there is one.
        spread: exponential of the map's entropy, as a share of the pixels that the model saw.
        map_share: share of those pixels that the binary map holds.
        coverage: share of the mark that the binary map covers.
        precision: share of the binary map that lies in the mark.
        mass_lift: share of the saliency in the mark, over the mark's share of the pixels.
        place: the region that holds most of the saliency outside the mark.
        border_mass: share of the saliency in the outer tenth of the frame, whatever lies there.
        n_evals: model evaluations that the map took; None for a control made of maps.
        seconds: time that the map took; None for a control made of maps.
    """

    case_id: str
    patient_id: str | None
    model_id: str
    explainer_id: str
    explainer_hash: str
    target: str
    label: str
    predicted: str
    no_map: str | None = None
    no_mark: str | None = None
    spread: float | None = None
    map_share: float | None = None
    coverage: float | None = None
    precision: float | None = None
    mass_lift: float | None = None
    place: str | None = None
    border_mass: float | None = None
    n_evals: int | None = field(default=None, compare=False)
    seconds: float | None = field(default=None, compare=False)

    @property
    def correct(self) -> bool:
        """Return True if the predicted class is the true class."""
        return self.predicted == self.label
