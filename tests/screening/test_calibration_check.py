"""The check ``calibration``: what it says of answers that are exact, too sure, too few or all alike."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from xaudit.config import StatisticsSection
from xaudit.records import Attribute, Case, ModelAnswers, Prediction
from xaudit.screening.calibration import check_calibration

SETTINGS = StatisticsSection(replicates=300)
NAMES = ("cancer", "normal")


@dataclass
class Data:
    """As much of a data set as the check reads."""

    cases: tuple = ()
    id: str = "data"
    positive: str = "cancer"
    patients_known: bool = True
    class_names: tuple = field(default=NAMES)
    attributes: dict = field(default_factory=dict)


def prediction(index, given, is_positive, *, names=NAMES, per_patient=1):
    probabilities = (given, *((1 - given) / (len(names) - 1) for _ in names[1:]))
    label = names[0] if is_positive else names[1 + index % (len(names) - 1)]
    return Prediction(
        case_id=f"c{index}",
        patient_id=f"p{index // per_patient}",
        model_id="net",
        split="test",
        label=label,
        predicted=names[int(np.argmax(probabilities))],
        target=names[0],
        logits=tuple(np.log(probabilities)),
        probabilities=probabilities,
        class_names=names,
    )


def checked(predictions, *, cases=(), names=NAMES, attributes=None):
    answers = ModelAnswers("net", "data", tuple(predictions))
    data = Data(cases, class_names=names, attributes=attributes or {})
    return check_calibration(data, [answers], settings=SETTINGS, seed=0)


def population(n, sharpness, seed=1):
    random = np.random.default_rng(seed)
    odds = random.normal(0, 2, n)
    true = 1 / (1 + np.exp(-odds))
    given = 1 / (1 + np.exp(-sharpness * odds))
    return [prediction(i, float(given[i]), random.random() < true[i]) for i in range(n)]


def test_exact_answers_pass():
    (verdict,) = checked(population(1000, 1.0)).verdicts
    assert (verdict.code, verdict.status, verdict.gating) == ("XA431", "pass", False)
    assert "not shown to be over- or underconfident" in verdict.sentence


def test_answers_that_are_too_sure_fail_and_the_gap_is_told():
    check = checked(population(300, 4.0))
    (verdict,) = check.verdicts
    assert verdict.status == "fail"
    assert verdict.sentence.startswith("net: overconfident: the probability of the class that it names is 0.")
    assert "higher than the share that is right (300 patients)" in verdict.sentence
    assert check.model_values["net"]["ece"].estimate == verdict.value


def test_answers_that_are_not_sure_enough_fail():
    (verdict,) = checked(population(300, 0.3)).verdicts
    assert verdict.status == "fail"
    assert "underconfident" in verdict.sentence
    assert "lower than the share that is right" in verdict.sentence


def test_probabilities_that_are_all_equal_are_one_point():
    check = checked([prediction(i, 0.62, i < 30) for i in range(60)])
    (point,) = [b for b in check.tables["calibration_curve"] if b.target == "positive"]
    assert (point.mean_probability, point.observed, point.n_images) == (pytest.approx(0.62), 0.5, 60)
    assert check.model_values["net"]["ece"].estimate == pytest.approx(0.12)
    assert check.model_values["net"]["brier"].estimate == pytest.approx((0.38**2 + 0.62**2) / 2)


def test_three_cases_are_too_few_to_tell():
    check = checked([prediction(0, 0.9, True), prediction(1, 0.8, True), prediction(2, 0.3, False)])
    (verdict,) = check.verdicts
    assert verdict.status == "error"
    assert verdict.sentence == "net: cannot be told from 3 patients: at least 5 are needed"
    ece = check.model_values["net"]["ece"]
    # One bin: given (.9 + .8 + .3) / 3, true 2 of 3.
    assert (ece.estimate, ece.low, ece.high) == (pytest.approx(0), None, None)


def test_one_class_and_no_answer_are_refused_in_words():
    check = checked([prediction(i, 0.9, True) for i in range(20)])
    assert check.is_empty
    assert check.skipped == (
        "calibration of net: all test images are of one class ('cancer'), so nothing shows how often it would be wrong",
    )
    assert checked([]).skipped == ("calibration of net: it answered no test image",)
    empty = check_calibration(Data(), [], settings=SETTINGS, seed=0)
    assert empty.skipped == ("calibration: no model was asked",)


def test_images_of_one_patient_count_once():
    random = np.random.default_rng(3)
    alone, together = [], []
    for patient in range(12):
        is_positive = bool(random.random() < 0.5)
        for image in range(10):
            index = patient * 10 + image
            given = 0.7 if image % 2 else 0.3
            alone.append(prediction(index, given, is_positive))
            together.append(prediction(index, given, is_positive, per_patient=10))
    chance = [checked(own).tables["calibration"][0].chance_high for own in (alone, together)]
    assert chance[1] > 2 * chance[0]


def test_sites_are_shown_apart_and_several_classes_by_the_class_named():
    names = ("cancer", "b", "c")
    own = [prediction(i, 0.2 + 0.6 * (i % 2), i % 2 == 1, names=names) for i in range(40)]
    cases = tuple(
        Case(
            p.case_id,
            p.patient_id,
            "data",
            "x.png",
            "0",
            p.label,
            "test",
            8,
            8,
            site="one" if i < 20 else "two",
        )
        for i, p in enumerate(own)
    )
    check = checked(own, cases=cases, names=names)
    groups = {(one.subgroup, one.target) for one in check.tables["calibration"]}
    assert groups == {(g, t) for g in ("all", "site=one", "site=two") for t in ("positive", "top-label")}
    n_images = {one.subgroup: one.n_images for one in check.tables["calibration"]}
    assert n_images == {"all": 40, "site=one": 20, "site=two": 20}


def test_columns_that_are_attributes_are_shown_apart_and_properties_of_files_are_not():
    own = population(30, 1)
    sex = {f"c{i}": "f" if i < 12 else "m" for i in range(28)}
    attributes = {
        "sex": Attribute("sex", "table", ("f", "m"), False, sex),
        "image-size": Attribute("image-size", "file", ("8x8", "9x9"), False, sex),
        "age": Attribute("age", "table", ("low",), True, dict.fromkeys(sex, "low")),
    }
    check = checked(own, attributes=attributes)
    n_images = {one.subgroup: one.n_images for one in check.tables["calibration"]}
    assert n_images == {"all": 30, "sex=f": 12, "sex=m": 16}


def test_the_order_of_the_images_does_not_matter():
    own = population(80, 2.0)
    assert checked(own).tables == checked(own[::-1]).tables
