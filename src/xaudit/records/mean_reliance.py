"""The mean reliance map of a model, over the images of one true class."""

from dataclasses import dataclass

from xaudit.records.case import PatientSide
from xaudit.records.reliance_map import WindowQuestion


@dataclass(frozen=True, slots=True)
class MeanReliance:
    """A model's reliance map, averaged over patients, each of whom counts the same.

    Attributes:
        images: true class of the images.
        target: the class whose probability is measured.
        question: ``hide`` for windows that are filled in, ``transplant`` for windows copied from images of the target class.
        direction: ``for`` where a change of the window lowers the probability, ``against`` where it raises it.
        frame_hw: the model's frame, in pixels.
        rows: the map, row by row from the top, over the whole frame; mean change of the probability beyond that of the
            median window, 0 to 1.
        probability: of the target on the untouched images, mean over patients.
        typical: id of the case whose map is nearest to this one.
        left_edge: side of the patient that lies at the left edge of every one of these images; None if not known or not
            the same on all.
        cluster: ``patient``, or ``case`` where the data names no patients.
    """

    model_id: str
    images: str
    target: str
    question: WindowQuestion
    direction: str
    frame_hw: tuple[int, int]
    rows: tuple[tuple[float, ...], ...]
    n_cases: int
    n_patients: int
    cluster: str
    probability: float
    typical: str
    left_edge: PatientSide | None = None

    @property
    def highest(self) -> float:
        """The largest value of the map."""
        return max(map(max, self.rows))
