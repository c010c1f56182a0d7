"""Association of each attribute with the label, over all images of the data set, with patients as the unit."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from xaudit.cases.dataset import Dataset
from xaudit.records import AssociationRow, Attribute, Case, Interval
from xaudit.statistics.association import clustered_auroc, cramers_v

STRONG = 0.5
"""Lower end of Cramér's V from which on an attribute coincides with the label."""

LEVEL = 0.05


def associations(
    data: Dataset, attributes: Sequence[Attribute], *, least_patients: int
) -> Iterator[AssociationRow]:
    """Yield the association of each attribute with the label."""
    n_levels = sum(len(one.levels) for one in attributes)
    for attribute in attributes:
        cases = [case for case in data.cases if case.case_id in attribute.by_case]
        levels = np.array([attribute.levels.index(attribute.by_case[case.case_id]) for case in cases])
        labels = np.array([case.label for case in cases])
        patients = np.unique([case.cluster for case in cases], return_inverse=True)[1]
        v = cramers_v(levels, np.unique(labels, return_inverse=True)[1], patients)
        area = _auroc(attribute, levels, labels == data.positive, patients)
        of_one_class = _of_one_class(attribute, cases, least_patients, n_levels)
        yield AssociationRow(
            attribute=attribute.name,
            source=attribute.source,
            n_levels=len(attribute.levels),
            n_patients=len(np.unique(patients)),
            n_unknown=len(data.cases) - len(cases),
            v=v.estimate,
            v_low=v.low,
            v_high=v.high,
            auroc=None if area is None else area.estimate,
            auroc_low=None if area is None else area.low,
            auroc_high=None if area is None else area.high,
            one_class=of_one_class,
            coincides=bool(of_one_class) or (v.low is not None and v.low >= STRONG),
        )


def _auroc(
    attribute: Attribute, levels: np.ndarray, is_positive: np.ndarray, patients: np.ndarray
) -> Interval | None:
    """Return AUROC of the bands of a number for the positive class; None for other attributes, or where a class is missing."""
    if not attribute.ordered or is_positive.all() or not is_positive.any():
        return None
    scores = levels[:, None].astype(np.float64)
    return clustered_auroc(scores, is_positive.astype(np.intp), patients).interval()


def _of_one_class(attribute: Attribute, cases: Sequence[Case], least_patients: int, n_levels: int) -> str:
    """Return the level of most patients among those that have one label only, beyond chance; else an empty text.

    By chance all of a level's patients have the label with the probability of that label to the power of their number; it is
    held against 0.05 divided by the number of levels of all attributes.
    """
    own: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    share: dict[str, set[str]] = defaultdict(set)
    for case in cases:
        own[attribute.by_case[case.case_id]][case.label].add(case.cluster)
        share[case.label].add(case.cluster)
    everyone = len(set().union(*share.values())) if share else 0
    pure = []
    for level, by_label in own.items():
        label = next(iter(by_label))
        n = len(by_label[label])
        if len(by_label) == 1 and n >= least_patients and len(share) > 1:
            by_chance = (len(share[label]) / everyone) ** n
            if by_chance * n_levels <= LEVEL:
                pure.append((n, f"{level}: {n} of {n} patients are '{label}'"))
    return max(pure)[1] if pure else ""
