"""The change in a model's answer when a property of the whole image is changed."""

from dataclasses import dataclass

from xaudit.records.interval import Interval


@dataclass(frozen=True, slots=True)
class ImageChange:
    """The change in one model's answer to one image by one step of a property of the whole image.

    Attributes:
        label: the true class.
        change: the step, a key of :data:`xaudit.catalog.image_changes.IMAGE_CHANGES`.
        finding_kept: True if the marked finding kept its own pattern and only the rest of the image was changed.
        probability: probability of the target on the untouched image.
        log_odds: log of that probability over its complement.
        probability_change: probability on the changed image minus that on the untouched one.
        log_odds_change: the same for the log-odds.
        value: the property of the untouched image, as :func:`xaudit.perturb.whole_image.property_value` measures it.
        value_change: by how much the step changes that value.
    """

    case_id: str
    patient_id: str | None
    model_id: str
    target: str
    label: str
    change: str
    finding_kept: bool
    probability: float
    log_odds: float
    probability_change: float
    log_odds_change: float
    value: float
    value_change: float

    @property
    def cluster(self) -> str:
        """The patient, or the case where no patient is known."""
        return self.patient_id or self.case_id


@dataclass(frozen=True, slots=True)
class PropertyEffect:
    """The effect of one property of the whole image on one model's answer, over the images of one true class.

    Attributes:
        images: the true class of the images.
        target: the class whose probability is taken.
        less: the step that gives the least of the property; empty for the untouched image.
        more: the step that gives the most of it; empty for the untouched image.
        n_marked: cases on which a marked finding kept its own pattern.
        cluster: ``patient``, or ``case`` if the data names no patients.
        probability: mean change of the probability from the step with the least to that with the most; signed.
        log_odds: the same for the log-odds.
        movement: mean distance between the highest and the lowest probability over all steps and the untouched image.
        with_finding: the same where the marked finding is changed along with the image.
        n_spreads: how far the property moves from the one end to the other, in standard deviations of its natural values
            between the images of the model's data; None if they do not differ.
    """

    model_id: str
    property: str
    images: str
    target: str
    less: str
    more: str
    n_cases: int
    n_patients: int
    n_marked: int
    cluster: str
    probability: Interval
    log_odds: Interval
    movement: Interval
    with_finding: Interval
    n_spreads: float | None
