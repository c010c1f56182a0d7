"""Prediction of the label from a part of the image, or from a property, by a simple model that sees nothing else."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LabelProbe:
    """The result of a simple model that predicts the label of images which it was not trained on.

    Attributes:
        view: part of the image, or property, that the model sees, such as ``border`` or ``image-size``.
        kind: ``pixels``, ``property`` or ``attribute``.
        title: the view in words.
        unit: ``patient`` or ``group``: images of one patient, or of one group of near copies, are never on both sides of the
            split; ``image`` for a split of single images.
        decides: True for the split that findings and gates rest on.
        judged: True if the label should not follow from this view.
        n_units: patients, groups or images that the split keeps whole.
        auroc: mean over the classes, each against the others; chance is .5.
        accuracy: share of images whose class is named.
        majority: accuracy of naming the most frequent class always.
        p: share of shuffled labels that give so high an AUROC; None if labels were not shuffled, because the interval does
            not show a difference from chance, or because it is beyond doubt.
        gives_away: True if the lower end of the interval is above `data_audit.label.gives_away`, and chance is excluded.
        classes: names of the classes that were told apart, separated by ``|``.
    """

    view: str
    kind: str
    title: str
    unit: str
    decides: bool
    judged: bool
    n_images: int
    n_units: int
    n_features: int
    auroc: float
    auroc_low: float | None
    auroc_high: float | None
    accuracy: float
    accuracy_low: float | None
    accuracy_high: float | None
    majority: float
    p: float | None
    gives_away: bool
    classes: str


@dataclass(frozen=True, slots=True)
class LabelValue:
    """A value of a property, and the number of images of one class that have it.

    Attributes:
        view: the view that the property belongs to, as in :class:`LabelProbe`.
        n_images: images of the class with the value.
        n_images_of_value: images of any class with it.
        n_units: patients, groups or images of any class with it.
        in_one_class: True if no image of another class has it.
        p: probability that so many units share a class by chance; None unless ``in_one_class``.
        beyond_chance: True if that is excluded, all values taken together (Bonferroni, .05).
    """

    view: str
    property: str
    value: str
    class_name: str
    n_images: int
    n_images_of_value: int
    n_units: int
    in_one_class: bool
    p: float | None
    beyond_chance: bool
