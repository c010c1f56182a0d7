"""Splits of cases into train, validation and test if the data has none: by patient, balanced over labels."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from xaudit.config import SplitSection
from xaudit.errors import DataError
from xaudit.seeds import seed_for

SCORED = "test"
"""The split whose cases are explained and scored."""


def assign_splits(cases: Iterable[tuple[str, str, str]], section: SplitSection) -> Mapping[str, str]:
    """Assign a split to each case; all cases of one unit stay together.

    Units are dealt out label by label, a unit with several labels under the one that fewest units have. Each
    label gives at least one unit to the test, then to training, then to validation, as far as it has that many
    and the section asks for them. Depends on the seed and the names, never on the order of the cases.

    Args:
        cases: (case id, unit, label); the unit is the patient if known.
        section: the shares and the seed.
    """
    members: dict[str, list[str]] = defaultdict(list)
    labels: dict[str, set[str]] = defaultdict(set)
    for case_id, unit, label in cases:
        members[unit].append(case_id)
        labels[unit].add(label)
    n_units = Counter(label for shown in labels.values() for label in shown)
    strata: dict[str, list[str]] = defaultdict(list)
    for unit, shown in labels.items():
        strata[min(shown, key=lambda label: (n_units[label], label))].append(unit)
    splits: dict[str, str] = {}
    for units in strata.values():
        ranked = sorted(units, key=lambda unit: (seed_for(section.seed, "split", unit), unit))
        n_test, n_validation = _numbers(len(ranked), section)
        for index, unit in enumerate(ranked):
            split = "test" if index < n_test else "validation" if index < n_test + n_validation else "train"
            splits.update(dict.fromkeys(members[unit], split))
    return splits


def check_patients(cases: Iterable[tuple[str | None, str]]) -> None:
    """Raise DataError if a patient (of (patient, split) pairs) is in more than one split."""
    seen: dict[str, str] = {}
    for patient, split in cases:
        if patient is None:
            continue
        if seen.setdefault(patient, split) != split:
            first, second = sorted((seen[patient], split))
            raise DataError(
                f"the patient '{patient}' is in {first} and in {second}",
                hint="move all images of a patient to one side, or leave the splits to xaudit",
            )


def _numbers(n: int, section: SplitSection) -> tuple[int, int]:
    """Return the number of units, out of ``n``, for test and for validation."""
    for_training = 1 - section.test - section.validation > 1e-9
    n_test = max(_rounded(n * section.test), 1 if section.test > 0 else 0)
    n_train = 1 if for_training and n > n_test else 0
    if for_training and n_test == n > 1:
        n_test, n_train = n - 1, 1
    n_validation = max(_rounded(n * section.validation), 1 if section.validation > 0 else 0)
    if not for_training:
        n_validation = n - n_test
    return n_test, max(0, min(n_validation, n - n_test - n_train))


def _rounded(value: float) -> int:
    return int(value + 0.5)
