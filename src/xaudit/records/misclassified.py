"""Misclassified test images of a model, and how many of them were explained."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MisclassifiedCases:
    """The misclassified test images of a model.

    Attributes:
        n: all of them.
        n_chosen: those that are among the explained cases of every table.
        n_asked: further ones that were to be explained for their error alone; they are in no number of the report.
        n_explained: of the further ones, those with a map.
    """

    model_id: str
    n: int
    n_chosen: int
    n_asked: int
    n_explained: int
