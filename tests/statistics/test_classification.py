from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, roc_auc_score

from references import bootstrap as slow
from xaudit.config import StatisticsSection
from xaudit.records import Interval, Prediction
from xaudit.seeds import seed_for
from xaudit.statistics.bootstrap import ClusterBootstrap
from xaudit.statistics.classification import auroc, evaluate

CLASSES = ("benign", "cancer", "normal")


def prediction(number, label, logits, *, patient=None, split="test", model="m", classes=CLASSES):
    powers = np.exp(np.array(logits) - max(logits))
    return Prediction(
        case_id=f"case-{number:03d}",
        patient_id=patient,
        model_id=model,
        split=split,
        label=label,
        predicted=classes[int(np.argmax(logits))],
        target="cancer",
        logits=tuple(logits),
        probabilities=tuple((powers / powers.sum()).tolist()),
        class_names=classes,
    )


def called(number, label, predicted, **kwargs):
    return prediction(number, label, [2.0 if name == predicted else 0.0 for name in CLASSES], **kwargs)


def evaluated(predictions, *, patients_known=True, replicates=300, seed=0):
    return evaluate(
        predictions,
        positive="cancer",
        dataset_id="data",
        settings=StatisticsSection(replicates=replicates),
        seed=seed,
        patients_known=patients_known,
    )


def random_predictions(n, seed=0, **kwargs):
    generator = np.random.default_rng(seed)
    labels = generator.choice(CLASSES, n)
    logits = generator.normal(size=(n, 3)) + 1.2 * (labels[:, None] == np.array(CLASSES))
    return [
        prediction(i, str(labels[i]), logits[i].tolist(), patient=f"p{i // 2}", **kwargs) for i in range(n)
    ]


def test_the_matrix_has_true_classes_in_rows():
    # benign: 1 right, 1 called cancer. cancer: 3 right, 1 called normal. normal: 2 right.
    pairs = [
        ("benign", "benign"),
        ("benign", "cancer"),
        *[("cancer", "cancer")] * 3,
        ("cancer", "normal"),
        *[("normal", "normal")] * 2,
    ]
    (found,) = evaluated([called(i, a, b, patient=f"p{i}") for i, (a, b) in enumerate(pairs)])
    assert found.matrix == ((1, 1, 0), (0, 3, 1), (0, 0, 2))
    assert found.class_names == CLASSES
    # 6 of 8 right; 3 of 4 cancers found; 3 of 4 others not called cancer.
    estimates = {name: interval.estimate for name, interval in found.measures.items()}
    assert estimates["accuracy"] == 6 / 8
    assert estimates["sensitivity"] == 3 / 4
    assert estimates["specificity"] == 3 / 4
    # Log odds of cancer: called cancer a, else b < a. Pairs: 3 x 3 won, 3 tied at a, 1 x 3 tied at b, 1 lost.
    assert estimates["auroc"] == pytest.approx((9 + 3 / 2 + 3 / 2) / 16)
    assert (found.n_cases, found.n_patients, found.patients_known) == (8, 8, True)


def test_the_matrix_agrees_with_scikit_learn():
    predictions = random_predictions(60)
    (found,) = evaluated(predictions)
    theirs = confusion_matrix(
        [p.label for p in predictions], [p.predicted for p in predictions], labels=list(CLASSES)
    )
    np.testing.assert_array_equal(found.matrix, theirs)


def test_auroc_counts_pairs_and_half_the_ties():
    # Positives .9, .4; negatives .4, .1: won .9 > .4, .9 > .1, .4 > .1; tied .4 = .4: 3.5 / 4.
    scores, positive = np.array([0.9, 0.4, 0.4, 0.1]), np.array([True, True, False, False])
    assert auroc(scores, positive).tolist() == [0.875]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 3)), min_size=1, max_size=12))
def test_a_weighted_auroc_is_that_of_cases_repeated(rows):
    scores, positive, times = (list(column) for column in zip(*rows, strict=True))
    found = auroc(np.array(scores, float), np.array(positive), np.array([times], float))[0]
    expected = slow.auroc(scores, positive, times)
    assert np.isnan(found) if expected is None else found == pytest.approx(expected)


def test_auroc_agrees_with_scikit_learn_and_only_ranks_count():
    generator = np.random.default_rng(1)
    scores = np.round(generator.normal(size=80), 1)
    positive = generator.random(80) < 0.4
    assert auroc(scores, positive)[0] == pytest.approx(roc_auc_score(positive, scores), abs=1e-12)
    assert auroc(np.exp(scores), positive)[0] == auroc(scores, positive)[0]
    assert auroc(-scores, positive)[0] == pytest.approx(1 - auroc(scores, positive)[0])


def test_the_aurocs_interval_agrees_with_the_slow_reference_on_the_same_draws():
    predictions = random_predictions(24, seed=3)
    (found,) = evaluated(predictions, replicates=150)
    engine = ClusterBootstrap(replicates=150, confidence=0.95, seed=seed_for(0, "evaluations"))
    draws = np.concatenate(list(engine._draws(12).chunks()))
    names = sorted({p.patient_id for p in predictions})
    scores = [p.probabilities[1] for p in predictions]
    positive = [p.label == "cancer" for p in predictions]

    def value(row):
        times = dict(zip(names, row, strict=True))
        return slow.auroc(scores, positive, [times[p.patient_id] for p in predictions])

    estimate = value([1] * 12)
    left_out = [value([int(i != gone) for i in range(12)]) for gone in range(12)]
    reach = slow.small_sample_quantile(
        0.95, [sum(p.patient_id == name for p in predictions) for name in names]
    )
    low, high = slow.bca(estimate, [value(row) for row in draws], left_out, reach)
    interval = found.measures["auroc"]
    assert (interval.estimate, interval.low, interval.high) == pytest.approx((estimate, low, high), rel=1e-9)


def test_perfect_models_get_wilsons_interval_over_patients():
    # 12 patients, 2 slices each, 6 with cancer: 12 / (12 + 1.96²) = .7575 and 6 / (6 + 1.96²) = .6097.
    predictions = [
        called(i, label, label, patient=f"p{i // 2}")
        for i in range(24)
        for label in ["cancer" if i // 2 < 6 else "normal"]
    ]
    (found,) = evaluated(predictions)
    lows = {name: round(interval.low, 4) for name, interval in found.measures.items()}
    assert lows == {"accuracy": 0.7575, "sensitivity": 0.6097, "specificity": 0.6097, "auroc": 0.6097}
    assert {interval.method for interval in found.measures.values()} == {"wilson"}
    assert {interval.high for interval in found.measures.values()} == {1.0}


def test_auroc_tells_cases_apart_whose_probabilities_are_all_one():
    # Logit leads of 60 and 50 both give a probability of exactly 1.
    logits = [[0, 60, 0], [0, 61, 0], [0, 50, 0], [0, 51, 0]]
    labels = ["cancer", "cancer", "normal", "normal"]
    predictions = [
        prediction(i, a, b, patient=f"p{i}") for i, (a, b) in enumerate(zip(labels, logits, strict=True))
    ]
    assert {p.probabilities[1] for p in predictions} == {1.0}
    (found,) = evaluated(predictions)
    assert found.measures["auroc"] == Interval(1.0, None, None, "none")


def test_a_split_without_a_class_lacks_its_measures():
    only_cancer = [called(i, "cancer", "cancer", patient=f"p{i}") for i in range(6)]
    only_normal = [called(i, "normal", "normal", patient=f"p{i}") for i in range(6)]
    assert list(evaluated(only_cancer)[0].measures) == ["accuracy", "sensitivity"]
    assert list(evaluated(only_normal)[0].measures) == ["accuracy", "specificity"]


def test_a_class_with_fewer_than_five_patients_leaves_auroc_and_its_own_rate_without_limits():
    predictions = [
        called(i, "cancer" if i < 4 else "normal", "cancer" if i % 3 == 0 else "normal", patient=f"p{i}")
        for i in range(20)
    ]
    (found,) = evaluated(predictions)
    assert {name for name, interval in found.measures.items() if interval.low is None} == {
        "sensitivity",
        "auroc",
    }


def test_images_of_one_patient_do_not_narrow_the_interval():
    once = random_predictions(40)
    fivefold = [
        prediction(5 * i + k, p.label, list(p.logits), patient=p.patient_id)
        for i, p in enumerate(once)
        for k in range(5)
    ]
    (a,), (b,) = evaluated(once), evaluated(fivefold)
    for name in ("accuracy", "sensitivity", "specificity", "auroc"):
        assert (b.measures[name].low, b.measures[name].high) == pytest.approx(
            (a.measures[name].low, a.measures[name].high), rel=1e-9
        )
    nameless = [replace(p, patient_id=None) for p in fivefold]
    (unknown,) = evaluated(nameless, patients_known=False)
    assert (unknown.n_patients, unknown.patients_known) == (200, False)
    widths = [e.measures["accuracy"].high - e.measures["accuracy"].low for e in (unknown, b)]
    assert widths[0] < 0.6 * widths[1]


def test_models_and_splits_are_evaluated_apart_and_in_order():
    predictions = [
        *random_predictions(10, model="b", split="test"),
        *random_predictions(10, model="b", split="train"),
        *random_predictions(10, model="a", split="validation"),
    ]
    found = evaluated(predictions)
    assert [(e.model_id, e.split) for e in found] == [("a", "validation"), ("b", "train"), ("b", "test")]


def test_the_order_of_predictions_does_not_matter():
    predictions = random_predictions(30)
    assert evaluated(predictions[::-1]) == evaluated(predictions)


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        ([called(1, "cancer", "cancer"), called(1, "cancer", "cancer")], "case-001: predicted twice by m"),
        ([called(1, "tumour", "cancer")], "case-001: 'tumour' is none of benign, cancer, normal"),
        (
            [called(1, "cancer", "cancer"), prediction(2, "b", [0, 1], classes=("a", "b"))],
            "case-002: class names differ from those of the other cases",
        ),
        (
            [replace(called(1, "cancer", "cancer"), logits=(0.0, float("inf"), 0.0))],
            "case-001: a logit of m is not finite",
        ),
    ],
)
def test_predictions_that_contradict_each_other_are_refused(predictions, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        evaluated(predictions)
