"""Answers of two runs, case by case."""

from xaudit.changes.flips import flips
from xaudit.config import StatisticsSection
from xaudit.records import Prediction

SETTINGS = StatisticsSection(replicates=500)


def answers(rights, *, wrong="well", split="test", patients=True):
    """One answer per case; all are sick, two cases per patient."""
    return [
        Prediction(
            case_id=f"c{number:02}",
            patient_id=f"p{number // 2:02}" if patients else None,
            model_id="net",
            split=split,
            label="sick",
            predicted="sick" if right else wrong,
            target="sick",
            logits=(0.0, 0.0, 0.0),
            probabilities=(0.3, 0.3, 0.4),
            class_names=("sick", "well", "other"),
        )
        for number, right in enumerate(rights)
    ]


def flipped(base, head, cases=None):
    every = {answer.case_id for answer in [*base, *head]}
    return flips(base, head, cases=every if cases is None else cases, settings=SETTINGS, seed=0)


def test_flips_are_counted_by_hand():
    # 8 cases: 2 put right, 1 put wrong; accuracy 4/8 and 5/8
    before = [1, 1, 1, 1, 0, 0, 0, 0]
    after = [1, 1, 1, 0, 1, 1, 0, 0]
    [found] = flipped(answers(before), answers(after))
    assert (found.n_fixed, found.n_broken, found.n_changed) == (2, 1, 3)
    assert found.accuracies == (0.5, 0.625)
    assert found.difference.estimate == 0.125
    assert (found.n_cases, found.n_patients, found.cluster) == (8, 4, "patient")
    assert (found.p_value, found.p_exact) == (None, None)  # 4 patients are too few for a test
    assert found.sentence == (
        "net's test accuracy went from 0.50 to 0.62, by 0.12 on the same 4 patients (2 cases put right, 1 put wrong): "
        "too few to rule out chance; at least 5 are needed"
    )


def test_a_fall_beyond_chance_is_called_one():
    # 10 patients of two cases; 6 lose both, so 6 discordant patients to none: exact 2 / 2^6, and mid-p half of it.
    [found] = flipped(answers([1] * 20), answers([0] * 12 + [1] * 8))
    assert (found.conclusion, found.n_broken) == ("lower", 12)
    assert (found.p_value, found.p_exact) == (1 / 64, 2 / 64)
    assert found.sentence.startswith("net's test accuracy fell from 1.00 to 0.40, by -0.60 [")
    [back] = flipped(answers([0] * 12 + [1] * 8), answers([1] * 20))
    assert (back.conclusion, back.n_fixed) == ("higher", 12)


def test_many_cases_of_few_patients_do_not_make_a_fall():
    # 8 cases broken and none put right would be p = 2 / 2^8 = .008 if they were independent; they are 4 patients.
    [found] = flipped(answers([1] * 20), answers([0] * 8 + [1] * 12))
    assert (found.p_value, found.p_exact) == (1 / 16, 2 / 16)
    assert found.conclusion == "undecided"


def test_the_interval_alone_does_not_make_a_fall():
    # 4 of 20 patients lose a case, none gains one: the interval leaves out zero, McNemar's mid-p is 1/16
    [found] = flipped(answers([1] * 40), answers([0, 1] * 4 + [1] * 32))
    assert found.difference.high < 0
    assert found.p_value == 0.0625
    assert found.conclusion == "undecided"


def test_another_wrong_answer_is_a_change_and_no_flip():
    [found] = flipped(answers([1, 0], wrong="well"), answers([1, 0], wrong="other"))
    assert (found.n_fixed, found.n_broken, found.n_changed, found.conclusion) == (0, 0, 1, "same")
    assert found.sentence == (
        "net's test accuracy is 0.50 as before, though 1 answer changed (on the same 1 patient)"
    )


def test_only_common_cases_count_and_every_split_and_model_stands_alone():
    base = [*answers([1, 1, 0]), *answers([1, 1, 1, 1, 1], split="train")[3:]]
    head = [*answers([1, 0, 1]), *answers([1, 1, 1, 1, 0], split="train")[3:]]
    found = flipped(base, head, cases={"c00", "c01", "c04"})
    assert [(one.split, one.n_cases, one.n_broken) for one in found] == [("test", 2, 1), ("train", 1, 1)]
    assert flipped(base, head, cases=()) == ()


def test_without_patients_every_case_stands_for_itself():
    [found] = flipped(answers([1, 0], patients=False), answers([1, 1], patients=False))
    assert (found.n_patients, found.cluster) == (2, "case")
