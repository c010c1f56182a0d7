import pytest
from hand_made import MARK_COUNTS, judged, reliances

from xaudit.records import Evaluation, Interval

SWAPPED = Interval(0.02, 0.0, 0.09, "bca")
CHANCE = Interval(0.52, 0.41, 0.63, "bca")
GOOD = Interval(0.95, 0.9, 0.99, "bca")


def evaluation(
    auroc=None, *, matrix=((20, 2), (1, 17)), split="test", model="honest", n_patients=30, known=True
):
    """Rows are true classes, columns predicted ones, both in the order cancer, normal."""
    measures = {} if auroc is None else {"auroc": auroc}
    n_cases = sum(map(sum, matrix))
    return Evaluation(
        model, "data", split, ("cancer", "normal"), "cancer", matrix, measures, n_cases, n_patients, known
    )


def codes(*evaluations, gates=()):
    found = judged(reliances(mark=MARK_COUNTS), *gates, evaluations=evaluations)
    return [one.code for one in found]


def test_swapped_classes_come_first_and_leave_no_finding_about_the_mark():
    (found,) = judged(reliances(mark=MARK_COUNTS), evaluations=[evaluation(SWAPPED)])
    assert (found.code, found.status, found.gating) == ("XA204", "fail", False)
    assert found.sentence == (
        "honest: the classes look swapped: AUROC for 'cancer' is 0.02 [0.00, 0.09], wholly below 0.5 (40 test images of "
        "30 patients); what it depends on is not judged. Check the order of the model's outputs"
    )
    assert (found.value, found.threshold) == (0.09, 0.5)


def test_one_answer_on_every_image_comes_first_and_leaves_no_finding_about_the_mark():
    (found,) = judged(reliances(mark=MARK_COUNTS), evaluations=[evaluation(GOOD, matrix=((0, 22), (0, 18)))])
    assert found.code == "XA205"
    assert found.sentence == (
        "honest: the model answers normal on every image (40 images, of which 18 are normal); "
        "what it depends on is not judged"
    )


def test_a_model_at_chance_is_warned_about_and_judged_all_the_same():
    first, second = judged(reliances(mark=MARK_COUNTS), evaluations=[evaluation(CHANCE)])
    assert (first.code, second.code) == ("XA206", "XA202")
    assert first.sentence == (
        "honest: the answers are not shown to be better than chance: AUROC for 'cancer' is 0.52 [0.41, 0.63], which "
        "includes 0.5 (40 test images of 30 patients)"
    )


@pytest.mark.parametrize(("high", "code"), [(0.4999, "XA204"), (0.5, "XA206"), (0.51, "XA206")])
def test_the_upper_end_decides_between_swapped_and_chance(high, code):
    assert codes(evaluation(Interval(0.3, 0.1, high, "bca")))[0] == code


def test_an_auroc_above_chance_says_nothing():
    assert codes(evaluation(GOOD)) == ["XA202"]
    assert codes(evaluation(Interval(0.6, 0.5001, 0.7, "bca"))) == ["XA202"]


def test_few_patients_leave_auroc_without_limits_and_say_nothing():
    assert codes(evaluation(Interval(0.0, None, None, "none"), n_patients=4)) == ["XA202"]


def of_few(accuracy, auroc=0.0):
    one = evaluation(Interval(auroc, None, None, "none"), matrix=((0, 4), (4, 0)), n_patients=8)
    return Evaluation(**{**fields(one), "measures": {**one.measures, "accuracy": accuracy}})


def fields(record):
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def test_few_patients_of_a_class_leave_the_question_to_accuracy():
    # 0 of 8 right: Wilson's upper end is 0.324, below a guess between two classes
    (found,) = judged(reliances(mark=MARK_COUNTS), evaluations=[of_few(Interval(0.0, 0.0, 0.324, "wilson"))])
    assert (found.code, found.value, found.threshold) == ("XA204", 0.324, 0.5)
    assert found.sentence.startswith(
        "honest: the classes look swapped: accuracy is 0.00 [0.00, 0.32], wholly below a guess at 0.50, and AUROC for "
        "'cancer' is 0.00 (8 test images of 8 patients)"
    )
    assert codes(of_few(Interval(0.25, 0.05, 0.55, "bca"))) == ["XA202"]
    assert codes(of_few(Interval(0.0, 0.0, 0.324, "wilson"), auroc=0.8)) == ["XA202"]
    assert codes(of_few(Interval(0.0, None, None, "none"))) == ["XA202"]


@pytest.mark.parametrize("matrix", [((12, 0), (0, 0)), ((0, 12), (0, 0)), ((0, 0), (0, 12))])
def test_one_answer_on_images_of_one_class_says_nothing(matrix):
    assert codes(evaluation(matrix=matrix)) == ["XA202"]


def test_both_faults_are_named_the_constant_answer_first():
    assert codes(evaluation(SWAPPED, matrix=((0, 22), (0, 18)))) == ["XA205", "XA204"]


def test_the_test_split_decides_where_there_is_one():
    trained = evaluation(SWAPPED, split="train", matrix=((0, 9), (0, 9)))
    assert codes(trained, evaluation(GOOD)) == ["XA202"]
    assert codes(trained) == ["XA205", "XA204"]


def test_another_models_answers_say_nothing_of_this_one():
    assert codes(evaluation(SWAPPED, model="other")) == ["XA202"]


def test_without_patients_the_sentence_counts_images_alone():
    (found,) = judged([], evaluations=[evaluation(SWAPPED, known=False)])
    assert "(40 test images)" in found.sentence


def test_a_gate_on_the_finding_has_no_answer_where_the_answers_refuse_it():
    gate, found = judged(reliances(mark=MARK_COUNTS), "uses-mark", evaluations=[evaluation(SWAPPED)])
    assert (gate.code, gate.status, gate.gating, gate.kind) == ("XA102", "error", True, "gate")
    assert gate.sentence.startswith("uses-mark of honest: the classes look swapped")
    assert found.code == "XA204"
