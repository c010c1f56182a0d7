"""The failure category of a map, and how many maps are of each."""

from dataclasses import dataclass

from xaudit.records.map_facts import MapFacts


@dataclass(frozen=True, slots=True)
class CategorisedMap:
    """Map with its failure category.

    Attributes:
        category: such as ``good`` or ``covered_with_spill:same_lung``; ``unmarked`` where there is no mark.
        cell: ``TP``, ``FN``, ``FP`` or ``TN``, the positive class being the one whose evidence readers mark.
        wrong_reason: the model is right, and the map points somewhere, and misses the mark or is no denser there than
            elsewhere.
    """

    facts: MapFacts
    category: str
    cell: str
    wrong_reason: bool


@dataclass(frozen=True, slots=True)
class CategoryCount:
    """Counts of one model's and explainer's maps in one category, on the cases of one confusion cell.

    Attributes:
        n_wrong_reason: correct answers for the wrong reason, of the ``n_judged``.
        n_judged: correct answers on marked cases whose map points somewhere.
        n_no_reason: correct answers on marked cases whose map is none or diffuse, so that there is no reason to judge.
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
    """How the categories of one model and explainer move when one threshold is set otherwise.

    Attributes:
        threshold: its key in the audit file.
        value: what it is set to.
        n_moved: maps that then have another category.
        change_wrong_reason: by how much the maps that are right for the wrong reason then become more.
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
    """Cases of one model and explainer by whether the map lies on the mark and whether the model relies on the mark.

    Attributes:
        n_both: the map lies on the mark, and the model relies on it.
        n_map_only: the map lies on the mark, though the model does not rely on it: it looks right and is not.
        n_model_only: the model relies on the mark, and the map lies elsewhere.
        n_neither: the model does not rely on the mark, and the map lies elsewhere too.
        n_unknown: cases without a mark, of which reliance on it is not known, or whose map is none or diffuse.
    """

    model_id: str
    explainer_id: str
    n_both: int
    n_map_only: int
    n_model_only: int
    n_neither: int
    n_unknown: int
