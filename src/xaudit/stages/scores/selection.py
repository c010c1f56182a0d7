"""Selection of the cases that are explained, and their order."""

from collections.abc import Collection, Mapping, Sequence

from xaudit.config import LocalizationSection, RunSection
from xaudit.errors import DataError
from xaudit.records import Case, Prediction
from xaudit.seeds import seed_for

SAMPLE_SIZE = 50
"""How many cases `cases: sample` takes when no limit says otherwise."""

N_DONORS = 48
"""How many test cases may be donors; all are held in memory at a time."""


def select_cases(
    cases: Sequence[Case],
    predictions: Mapping[str, Prediction],
    *,
    marked: Collection[str],
    settings: RunSection,
    seed: int,
) -> list[Case]:
    """The test cases to explain, sorted by id.

    ``annotated`` takes those that a reader marked, and every test case where nobody marked anything;
    ``misclassified`` those that the model got wrong. A limit takes every patient's first case before any patient's
    second; which patients come first depends on the seed alone.

    Args:
        predictions: by case id; cases without one are left out.
        marked: ids of the cases on which a reader drew something.
    """
    chosen = [case for case in cases if case.split == "test" and case.case_id in predictions]
    match settings.cases:
        case "annotated":
            some = [case for case in chosen if case.case_id in marked]
            chosen = some or chosen
        case "misclassified":
            chosen = [case for case in chosen if not predictions[case.case_id].correct]
        case "all" | "sample":
            pass
    limit = settings.limit or (SAMPLE_SIZE if settings.cases == "sample" else None)
    if limit is not None and len(chosen) > limit:
        chosen = spread_over_patients(chosen, seed)[:limit]
    return sorted(chosen, key=lambda case: case.case_id)


def select_others(
    cases: Sequence[Case],
    predictions: Mapping[str, Prediction],
    *,
    explained: Sequence[Case],
    per_class: int,
    seed: int,
) -> list[Case]:
    """Choose test cases that are not explained, so that each true class has ``per_class`` cases to ask the model about.

    Sorted by id. Every patient's first case comes before any patient's second, explained ones counted.

    Args:
        predictions: by case id; cases without one are left out.
        explained: the cases that are explained.
        per_class: the model is asked about at least so many cases of each true class, where there are so many.
    """
    taken = {case.case_id for case in explained}
    chosen: list[Case] = []
    left = [case for case in cases if case.split == "test" and case.case_id in predictions]
    for label in sorted({case.label for case in left}):
        ordered = spread_over_patients([case for case in left if case.label == label], seed)
        n_more = per_class - sum(case.case_id in taken for case in ordered)
        known = {case.cluster for case in ordered if case.case_id in taken}
        others = [case for case in ordered if case.case_id not in taken]
        others.sort(key=lambda case: case.cluster in known)
        chosen += others[: max(0, n_more)]
    return sorted(chosen, key=lambda case: case.case_id)


def select_errors(
    cases: Sequence[Case],
    predictions: Mapping[str, Prediction],
    *,
    explained: Sequence[Case],
    most: int,
    seed: int,
) -> list[Case]:
    """Choose misclassified test cases that are explained beside others, sorted by id.

    Args:
        predictions: by case id; cases without one are left out.
        explained: the cases that are explained anyway.
        most: at most so many; every patient's first case comes before any patient's second.
    """
    taken = {case.case_id for case in explained}
    wrong = [
        case
        for case in cases
        if case.split == "test"
        and case.case_id not in taken
        and case.case_id in predictions
        and not predictions[case.case_id].correct
    ]
    return sorted(spread_over_patients(wrong, seed)[:most], key=lambda case: case.case_id)


def select_donors(cases: Sequence[Case], predictions: Mapping[str, Prediction], *, seed: int) -> list[Case]:
    """Choose test cases of each true class whose pixels may be copied into other patients' images, sorted by id.

    :data:`N_DONORS` in all, spread over the classes and over the patients, and two of each class at least: so every case
    has a donor of another patient where the test split has one.

    Args:
        predictions: by case id; cases without one are left out.
    """
    left = [case for case in cases if case.split == "test" and case.case_id in predictions]
    labels = sorted({case.label for case in left})
    chosen: list[Case] = []
    for label in labels:
        ordered = spread_over_patients([case for case in left if case.label == label], seed)
        chosen += ordered[: max(2, N_DONORS // len(labels))]
    return sorted(chosen, key=lambda case: case.case_id)


def check_donors(cases: Sequence[Case], targets: Collection[str] | None) -> None:
    """Check that every test case has a donor: another patient's test image of another class than the target.

    Args:
        targets: the classes that may be asked about; None if that is each case's own.

    Raises:
        DataError: naming the first case without one.
    """
    tested = [case for case in cases if case.split == "test"]
    clusters: dict[str, set[str]] = {}
    for case in tested:
        clusters.setdefault(case.label, set()).add(case.cluster)
    for case in sorted(tested, key=lambda one: one.case_id):
        for target in sorted({case.label} if targets is None else targets):
            others = set().union(*(own for label, own in clusters.items() if label != target))
            if not others - {case.cluster}:
                raise DataError(
                    f"case {case.case_id}: the in-fill 'donor' needs a test image of another class than '{target}' from "
                    "another patient, and there is none",
                    hint="take 'donor' out of reliance.infills and reliance.map.infills, or add such images",
                )


def select_for_tuning(
    cases: Sequence[Case],
    predictions: Mapping[str, Prediction],
    *,
    marked: Collection[str],
    settings: LocalizationSection,
    seed: int,
) -> list[Case]:
    """The marked cases of the tuning split, sorted by id; a limit spreads them over the patients.

    Args:
        predictions: by case id; cases without one are left out.
        marked: ids of the cases on which a reader drew something.
    """
    chosen = [
        case
        for case in cases
        if case.split == settings.tune_on and case.case_id in predictions and case.case_id in marked
    ]
    if settings.tune_limit is not None and len(chosen) > settings.tune_limit:
        chosen = spread_over_patients(chosen, seed)[: settings.tune_limit]
    return sorted(chosen, key=lambda case: case.case_id)


def spread_over_patients(cases: Sequence[Case], seed: int) -> list[Case]:
    """The cases in the order in which a limit takes them: every patient's first case before any patient's second."""
    rank: dict[str, int] = {}
    order: list[tuple[int, int, Case]] = []
    for case in sorted(cases, key=lambda c: seed_for(seed, "case", c.image_id)):
        turn = rank.get(case.cluster, 0)
        rank[case.cluster] = turn + 1
        order.append((turn, seed_for(seed, "patient", case.patient_id or case.image_id), case))
    return [case for _, _, case in sorted(order, key=lambda item: item[:2])]
