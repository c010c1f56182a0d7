"""What is known of one map beside its scores."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MapFacts:
    """What the failure category of one map is decided from; thresholds are applied later.

    Attributes:
        no_map: why the map is none; None where it is one.
        no_mark: why there is no mark that it could meet or miss; None where there is one.
        spread: exponential of the map's entropy, as a share of the pixels that the model saw.
        map_share: share of those pixels that the binary map holds.
        coverage: share of the mark that the binary map covers.
        precision: share of the binary map that lies in the mark.
        mass_lift: share of the saliency in the mark, over the mark's share of the pixels.
        place: where most of the saliency outside the mark lies.
        border_mass: share of the saliency in the outer tenth of the frame, whatever lies there.
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

    @property
    def correct(self) -> bool:
        """Whether the model named the true class."""
        return self.predicted == self.label
