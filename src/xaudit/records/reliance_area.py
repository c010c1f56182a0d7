"""Areas of the image that a model's answer depends on, and the test over all windows that shows them."""

from dataclasses import dataclass

from xaudit.records.interval import Interval

FrameBox = tuple[float, float, float, float]
"""``x0, y0, x1, y1`` as shares of the frame."""


@dataclass(frozen=True, slots=True)
class Area:
    """Windows that touch, each with an effect that the family-wise test shows.

    Attributes:
        number: 1 for the area with the largest effect.
        box: rectangle around all its windows.
        n_windows: windows in it, of all scales.
        peak: box of the window with the largest mean effect.
        effect: mean effect of the peak window over patients, in the test's answer; positive as the direction says.
        p: smallest family-wise p of its windows.
        share_of_patients: share of the patients asked whose effect of the peak window is above the margin.
        place: the region that most patients have at the peak window, such as ``border`` or ``opposite-lung``;
            ``outside`` where nothing is known of the anatomy.
        examples: up to three case ids with the largest effect of the peak window.
        position: where the peak window lies, in words, such as ``upper right corner``.
        infills: in-fills under which the area holds by itself; fewer than the test's in-fills leave it undecided.
        on_mark: share of the peak window that lies in the mark, the mean over patients; 0 without marks.
        windows: boxes of its windows, for outlines.
        same_lung: share of the patients for whom the peak window lies mostly in the marked lung.
        odd: share of the changed images behind the effect, the answers to which it moved by more than the margin, that lie
            farther from real images in the model's own features than 99 % of real images do; None if not measured.
    """

    number: int
    box: FrameBox
    n_windows: int
    peak: FrameBox
    effect: Interval
    p: float
    share_of_patients: float
    place: str
    examples: tuple[str, ...]
    position: str = ""
    infills: tuple[str, ...] = ()
    on_mark: float = 0.0
    windows: tuple[FrameBox, ...] = ()
    same_lung: float = 0.0
    odd: float | None = None


@dataclass(frozen=True, slots=True)
class TestedArea:
    """An area with what the test that shows it was about; see :class:`MapTest`."""

    model_id: str
    images: str
    target: str
    question: str
    direction: str
    answer: str
    frame: str
    scope: str
    n_patients: int
    area: Area


@dataclass(frozen=True, slots=True)
class MapTest:
    """A family-wise test, over all windows of all scales, for windows that change the answer more than the mean window does.

    Attributes:
        images: true class of the images that were asked.
        target: the class whose answer is asked.
        question: ``hide`` for windows that are in-filled, ``transplant`` for windows copied from images of the target class.
        direction: ``for`` where the change lowers the answer, ``against`` where it raises it; changes of the other sign
            count as 0.
        answer: ``probability`` or ``log-odds``, the unit of every effect here.
        frame: ``image``; ``lungs`` for places relative to the lungs; ``mark`` for places relative to the mark.
        scope: ``all`` windows; ``outside-mark`` for windows that do not touch the patient's mark; ``elsewhere`` for those
            that do not lie in the marked lung either.
        n_windows: windows that at least 5 patients have.
        cluster: ``patient``, or ``case`` where the data names no patients.
        p: smallest family-wise p; None with fewer than 5 patients.
        largest: effect of the window with the largest mean.
        summed: mean over patients of the summed effect of a case's map, at the scale where it is largest.
        areas: those whose effect is above that of the mean window by the margin, at the lower end of the interval; the
            largest first.
        infills: in-fills asked.
        margin: effect below which an area does not count, in the unit of the answer.
        net: as ``summed``, with changes of the other sign counted against it; chance changes cancel.
        bounds: for kinds of places, the effect of the window with the largest mean there: ``outside-mark`` (and outside
            the marked lung), ``outside-lungs``, ``border``; a kind that is not known on these images is left out.
    """

    model_id: str
    images: str
    target: str
    question: str
    direction: str
    answer: str
    frame: str
    scope: str
    n_cases: int
    n_patients: int
    n_windows: int
    cluster: str
    p: float | None
    largest: Interval | None
    summed: Interval | None
    areas: tuple[Area, ...]
    infills: tuple[str, ...] = ()
    margin: float = 0.02
    net: Interval | None = None
    bounds: tuple[tuple[str, Interval], ...] = ()

    @property
    def tested_areas(self) -> tuple[TestedArea, ...]:
        """Its areas, each with what the test was about."""
        return tuple(
            TestedArea(
                self.model_id,
                self.images,
                self.target,
                self.question,
                self.direction,
                self.answer,
                self.frame,
                self.scope,
                self.n_patients,
                area,
            )
            for area in self.areas
        )
