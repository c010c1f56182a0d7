"""Dividing cases by patient, evenly over the labels."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xaudit.cases.splits import assign_splits, check_patients
from xaudit.config import SplitSection
from xaudit.errors import DataError

cases = st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abc")), min_size=1, max_size=60).map(
    lambda drawn: [(f"case-{i}", f"P{patient}", label) for i, (patient, label) in enumerate(drawn)]
)

shares = st.tuples(st.floats(0, 0.6), st.floats(0, 0.4)).map(
    lambda s: SplitSection(test=s[0], validation=s[1])
)


def test_each_label_is_dealt_out_by_the_shares():
    # 40 patients with cancer, 20 without; test 30 %: 12 and 6; validation 15 %: 6 and 3.
    given = [(f"c{i}", f"C{i}", "cancer") for i in range(40)] + [
        (f"n{i}", f"N{i}", "normal") for i in range(20)
    ]
    splits = assign_splits(given, SplitSection())
    assert Counter((label, splits[case]) for case, _, label in given) == {
        ("cancer", "test"): 12,
        ("cancer", "validation"): 6,
        ("cancer", "train"): 22,
        ("normal", "test"): 6,
        ("normal", "validation"): 3,
        ("normal", "train"): 11,
    }


@given(cases, shares)
def test_all_cases_of_a_patient_stay_together(cases, section):
    splits = assign_splits(cases, section)
    assert splits.keys() == {case for case, _, _ in cases}
    by_patient = {}
    for case, patient, _ in cases:
        by_patient.setdefault(patient, set()).add(splits[case])
    assert all(len(found) == 1 for found in by_patient.values())


@given(cases, shares, st.randoms())
def test_the_order_of_the_cases_does_not_matter(cases, section, chance):
    shuffled = list(cases)
    chance.shuffle(shuffled)
    assert assign_splits(shuffled, section) == assign_splits(cases, section)


def test_another_seed_is_another_division():
    given = [(f"c{i}", f"P{i}", "ab"[i % 2]) for i in range(60)]
    first, second = (assign_splits(given, SplitSection(seed=seed)) for seed in (0, 1))
    assert first != second
    assert Counter(first.values()) == Counter(second.values())


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (1, {"test": 1}),
        (2, {"test": 1, "train": 1}),
        (3, {"test": 1, "train": 1, "validation": 1}),
    ],
)
def test_few_patients_serve_the_test_first_then_training(n, expected):
    splits = assign_splits([(f"c{i}", f"P{i}", "x") for i in range(n)], SplitSection())
    assert Counter(splits.values()) == expected


def test_a_share_of_zero_gets_nothing_and_a_share_of_one_everything():
    given = [(f"c{i}", f"P{i}", "x") for i in range(10)]
    assert set(assign_splits(given, SplitSection(test=1, validation=0)).values()) == {"test"}
    assert set(assign_splits(given, SplitSection(test=0, validation=0)).values()) == {"train"}


def test_a_patient_with_two_labels_counts_under_the_rarer_one():
    # Ten patients show both labels, forty only 'normal': cancer is shown by 10, normal by 50. So the ten form a
    # stratum of their own, and the test gets 30 % of each: 3 and 12.
    given = [(f"m{i}-{label}", f"M{i}", label) for i in range(10) for label in ("cancer", "normal")]
    given += [(f"n{i}", f"N{i}", "normal") for i in range(40)]
    random.Random(0).shuffle(given)
    splits = assign_splits(given, SplitSection())
    tested = {patient for case, patient, _ in given if splits[case] == "test"}
    assert Counter(patient[0] for patient in tested) == {"M": 3, "N": 12}


def test_a_patient_in_two_splits_is_refused():
    with pytest.raises(DataError, match=r"(?m)^the patient 'P7' is in test and in train$") as caught:
        check_patients([("P6", "test"), ("P7", "train"), (None, "test"), (None, "train"), ("P7", "test")])
    assert caught.value.hint == "move all images of a patient to one side, or leave the splits to xaudit"
