"""The changes in a model's answer when windows of an image are replaced, one at a time."""

from dataclasses import dataclass
from typing import Literal

from xaudit.records.arrays import FloatArray

WindowQuestion = Literal["hide", "transplant"]


@dataclass(frozen=True, slots=True, eq=False)
class WindowEffects:
    """Changes of one model's answer to one image when the windows of one scale are replaced, one at a time.

    Grids are (rows, columns) float32; window (r, c) is that of :func:`xaudit.metrics.reliance_map.windows.window_grid`.

    Attributes:
        target: the class whose probability is measured.
        label: the true class.
        predicted: the class with the highest logit.
        question: ``hide`` fills the window in; ``transplant`` copies it from an image of the target class into an image
            of another class, and compares that with the same window of a third image, of another class too.
        infill: id of the in-fill; ``donor`` for a transplant.
        scale: side of a window, as a share of the frame's side.
        stride: distance between neighbouring windows, as a share of a window's side.
        frame_hw: the model's frame, in pixels.
        probability: of the target on the untouched image.
        log_odds: log of p / (1 - p) on the untouched image, from the logits.
        probability_drop: that probability minus the one with the window replaced, -1 to 1; NaN where not measured. For a
            transplant, the probability with the third image's window minus the one with the target image's.
        log_odds_drop: the same for the log odds.
        mark_share: share of the window that lies in the mark with its tolerance; 0 without marks. For a transplant, the
            mark of the image that the window comes from.
        place: the region that fills most of each window, the mark left out, row by row.
        oddness: percentile of the changed image's distance to real ones, in the model's own features, among the real ones'
            distances, 0 to 100; of a transplant, of the image with the target image's window. None if not measured.
    """

    case_id: str
    patient_id: str | None
    model_id: str
    target: str
    label: str
    predicted: str
    question: WindowQuestion
    infill: str
    scale: float
    stride: float
    frame_hw: tuple[int, int]
    probability: float
    log_odds: float
    probability_drop: FloatArray
    log_odds_drop: FloatArray
    mark_share: FloatArray
    place: tuple[str, ...]
    oddness: FloatArray | None = None

    @property
    def cluster(self) -> str:
        """The patient, or the case if the data names no patients."""
        return self.patient_id or self.case_id
