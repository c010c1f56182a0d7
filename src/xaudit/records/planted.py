"""Answers to images with planted evidence, and how often an audit of them would be right."""

from dataclasses import dataclass

from xaudit.records.arrays import FloatArray
from xaudit.records.interval import Interval
from xaudit.records.verdict import ExplainerJudgement


@dataclass(frozen=True, slots=True, eq=False)
class PlantedAnswers:
    """The answers of one model, and of a plant's detector, to all that an audit asks about one image with the plant.

    Answers stand in the order in which the audit asks: regions, windows, copied windows, whole image.

    Attributes:
        plant: id of the plant, with its region.
        is_planted: True if the image shows it.
        plain: log odds of the positive class on the image without the plant.
        model: log odds of the positive class, by the model.
        detector: log odds that the image shows the plant, by its detector.
    """

    case_id: str
    patient_id: str | None
    model_id: str
    plant: str
    is_planted: bool
    plain: float
    model: FloatArray
    detector: FloatArray


@dataclass(frozen=True, slots=True)
class CalibrationEffect:
    """The findings of audits about one model that takes a known share of its answer from one plant.

    Attributes:
        place: ``box``, ``ring``, ``region`` or ``image``, see :class:`xaudit.catalog.PlantRow`.
        share: the planted share of the answer, w.
        planted: share of the positives that show the plant.
        truth: change of the answer when the plant is taken out at the source, the mean over positives.
        reaction: the same for the model by itself: it may react to a plant that it never saw.
        effect: what the audit measures at the plant's place, on all patients; None where it asks no question about it.
        mean_effect: the mean of what the audits of resampled patients measure.
        coverage: share of resamples whose interval holds the truth.
        largest_error: largest distance of an effect that an audit of resampled patients measures to the truth.
        half_width: mean half-width of their intervals.
        caught: share of resamples with a failing finding about the plant's place, or property.
        failed: share of resamples with a failing finding about something else.
        stopped: share of resamples in which a gate fails: exit code 1.
        shown: share of resamples whose reliance map shows an area at the plant, judged or not; None without such a map.
        n_resamples: audits of patients drawn anew from those that there are.
        codes: failing findings about the plant on all patients.
        other_codes: failing findings about something else on all patients.
    """

    model_id: str
    plant: str
    place: str
    share: float
    planted: float
    n_patients: int
    n_positive: int
    truth: float
    reaction: float
    effect: Interval | None
    mean_effect: float | None
    coverage: Interval | None
    caught: Interval
    failed: Interval
    stopped: Interval
    n_resamples: int
    codes: tuple[str, ...] = ()
    other_codes: tuple[str, ...] = ()
    shown: Interval | None = None
    largest_error: float | None = None
    half_width: float | None = None


@dataclass(frozen=True, slots=True)
class PlantOnMap:
    """The reliance map of all patients at a plant.

    Attributes:
        marked: False for the same answers as if no reader had marked anything.
        question: ``hide`` for windows hidden in images of the positive class; ``transplant`` for windows copied from there into
            images of another class, of which only the area is known.
        truth: as in :class:`CalibrationEffect`.
        effect: mean over patients of the window of each image that hides the plant; 0 for an image that does not show it.
        hidden: fall of the plant's own answer in those windows, the mean over images that show it; near 0 if no window hides
            enough of the plant.
        area: effect of the largest area that the map shows at the plant, None where it shows none.
        position: of its peak window, in words.
        patients: share of the patients whose effect there is above the margin.
        n_areas: areas at the plant.
        held: change of the plant's own answer in the area's peak window, the mean over patients: that times the share is what
            the area should have. It is below 1 where the plant does not stand at that place in every patient.
    """

    model_id: str
    plant: str
    share: float
    marked: bool
    truth: float | None
    effect: Interval | None
    hidden: float | None
    area: Interval | None = None
    position: str = ""
    patients: float | None = None
    n_areas: int = 0
    held: float | None = None
    question: str = "hide"


@dataclass(frozen=True, slots=True)
class ExplainerOnPlant:
    """The judgement of an explainer where a known share of the answer comes from a plant.

    Attributes:
        sees_plant: False for an explainer that reads gradients or layers of the network, which the plant's part of the answer
            does not pass through.
        judgement: on the images that show the plant.
    """

    plant: str
    share: float
    sees_plant: bool
    judgement: ExplainerJudgement


@dataclass(frozen=True, slots=True)
class PowerPoint:
    """The rate at which a plant is caught with a number of patients.

    Attributes:
        n_patients: drawn, with replacement, of each class in its own proportion.
        beyond: True if these are more patients than the data holds: then it is an extrapolation.
    """

    model_id: str
    plant: str
    share: float
    n_patients: int
    caught: Interval
    n_resamples: int
    beyond: bool


@dataclass(frozen=True, slots=True)
class PatientsNeeded:
    """The patients that it takes to catch a plant in 95 of 100 audits.

    Attributes:
        n_patients: the smallest number tried that does; None where none of those tried does.
        beyond: True if these are more patients than the data holds.
    """

    model_id: str
    plant: str
    share: float
    n_patients: int | None
    beyond: bool


@dataclass(frozen=True, slots=True)
class Calibration:
    """The rates at which an audit of its own data would be right.

    Attributes:
        name: of the audit.
        run_id: name of the folder.
        effects: by model, plant and share.
        power: by model, plant, share and number of patients.
        needed: by model, plant and share.
        maps: by model, plant and share, with the readers' marks and without them; none for plants of the whole image.
        explainers: by model, plant, share and explainer, as far as they were asked.
        left_out: sentences: plants that cannot be told on these images, and gates that were not judged.
        n_evals: images that the models were asked about.
        seconds: of the whole command.
    """

    name: str
    run_id: str
    positive: str
    effects: tuple[CalibrationEffect, ...]
    power: tuple[PowerPoint, ...]
    needed: tuple[PatientsNeeded, ...]
    left_out: tuple[str, ...]
    n_evals: int
    seconds: float
    maps: tuple[PlantOnMap, ...] = ()
    explainers: tuple[ExplainerOnPlant, ...] = ()
