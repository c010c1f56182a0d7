"""Rows of the tables that the check of attributes fills."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AssociationRow:
    """The association of an attribute with the label.

    Attributes:
        v: Cramér's V, corrected for its bias; 0 none, 1 one tells the other.
        auroc: of the bands of a number for the positive class; None for other attributes.
        n_unknown: images on which the attribute is not known.
        one_class: a level whose images all have one label, and that label, where that is beyond chance; else empty.
        coincides: True if the attribute goes along with the label so closely that XA421 says so.
    """

    attribute: str
    source: str
    n_levels: int
    n_patients: int
    n_unknown: int
    v: float
    v_low: float | None
    v_high: float | None
    auroc: float | None
    auroc_low: float | None
    auroc_high: float | None
    one_class: str
    coincides: bool


@dataclass(frozen=True, slots=True)
class EncodingRow:
    """Measured separation of an attribute's levels by a model's features.

    Attributes:
        images: ``all``, or the true class that the images have.
        auroc: of a cross-validated logistic regression on the features; the mean over levels. None if it cannot be told.
        reason: why there is no value, or no limits; else empty.
    """

    model_id: str
    attribute: str
    images: str
    n_patients: int
    auroc: float | None
    low: float | None
    high: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class GapRow:
    """A gap of a model's answers between a level of an attribute and the other levels, at equal label.

    Attributes:
        measure: ``sensitivity``, ``specificity``, ``logit-positive`` or ``logit-negative``: the mean log-odds of the positive
            class, on images with that class and on all others.
        other: the level that it is compared with, or ``other levels``.
        value: of the level.
        other_value: of what it is compared with.
        gap: the first less the second; None if it cannot be told.
        p: by itself; ``adjusted_p`` over all gaps of the model.
        reason: why there is no gap; else empty.
    """

    model_id: str
    attribute: str
    level: str
    other: str
    measure: str
    n_patients: int
    n_patients_other: int
    value: float | None
    other_value: float | None
    gap: float | None
    low: float | None
    high: float | None
    p: float | None
    adjusted_p: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class SubgroupRow:
    """A model's sensitivity or specificity on a subgroup, beside that on all other images of the class.

    Attributes:
        subgroup: such as ``sex=f`` or ``sex=f & scanner=A``.
        n_attributes: 1 or 2.
        value: on the subgroup; None if it has no image of the class.
        rest: on all other images of the class.
        p: one-sided, that it is worse, by itself; ``adjusted_p`` over all subgroups of the model.
        judged: False for a subgroup of too few patients, or one without other images to compare with.
    """

    model_id: str
    subgroup: str
    n_attributes: int
    measure: str
    n_images: int
    n_patients: int
    value: float | None
    low: float | None
    high: float | None
    rest: float | None
    p: float | None
    adjusted_p: float | None
    judged: bool
