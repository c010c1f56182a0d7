"""The failure category of a map, and the number of maps in each category."""

from dataclasses import dataclass

from xaudit.records.map_facts import MapFacts


@dataclass(frozen=True, slots=True)
class CategorisedMap:
    """Map with its failure category.

    Attributes:
        category: such as ``good`` or ``covered_with_spill:same_lung``; ``unmarked`` if there is no mark.
        cell: ``TP``, ``FN``, ``FP`` or ``TN``; the positive class is the one whose evidence readers mark.
        wrong_reason: True if the model is right, and the map points somewhere but misses the mark or is no denser in it
            than elsewhere.
    """

    facts: MapFacts
    category: str
    cell: str
    wrong_reason: bool


@dataclass(frozen=True, slots=True)
class CategoryCount:
    """Number of maps of one model and explainer in one category, on the cases of one confusion cell.

    Attributes:
        n_wrong_reason: correct answers for the wrong reason, out of ``n_judged``.
        n_judged: correct answers on marked cases whose map points somewhere.
        n_no_reason: correct answers on marked cases whose map is empty or diffuse, so that there is no reason to judge.
    """

    model_id: str
    explainer_id: str
    category: str
    cell: str
    n_maps: int
    n_wrong_reason: int
    n_judged: int = 0
    n_no_reason: int = 0


@dataclass(frozen=True, slots=True)
class ThresholdShift:
    """The change in one model and explainer's categories if one threshold is set to another value.

    Attributes:
        threshold: its key in the audit file.
        value: the other value.
        n_moved: maps whose category changes.
        change_wrong_reason: change in the number of maps that are right for the wrong reason.
    """

    model_id: str
    explainer_id: str
    threshold: str
    value: float
    n_maps: int
    n_moved: int
    change_wrong_reason: int


@dataclass(frozen=True, slots=True)
class LocalizedAndCausal:
    """Cases counted by two questions: the map lies on the mark or not, the model relies on the mark or not.

    Attributes:
        n_both: the map lies on the mark, and the model relies on it.
        n_map_only: the map lies on the mark, but the model does not rely on it: the map looks right and is not.
        n_model_only: the model relies on the mark, but the map lies elsewhere.
        n_neither: the model does not rely on the mark, and the map lies elsewhere.
        n_unknown: cases that have no mark, whose reliance on it is not known, or whose map is empty or diffuse.
    """

    model_id: str
    explainer_id: str
    n_both: int
    n_map_only: int
    n_model_only: int
    n_neither: int
    n_unknown: int
