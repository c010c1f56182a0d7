"""The threshold at which maps meet marks best, on rows of four pixels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xaudit.config import MetricSpec
from xaudit.metrics.absent import Absent
from xaudit.metrics.localization import UNTUNED, measure
from xaudit.metrics.localization.marked_map import MarkedMap
from xaudit.metrics.localization.tuning import Choice, choose_threshold, iou_curve

THRESHOLDS = (0.1, 0.4, 0.7)


def marked(saliency, mark, threshold=None):
    values, inside = np.array([saliency], dtype=float), np.array([mark], dtype=bool)
    return MarkedMap(values, inside, np.ones_like(inside), threshold=threshold)


def test_a_curve_is_the_iou_at_each_threshold_of_the_scaled_map():
    """Scaled: 0, .25, .5, 1. Above .1 are three pixels, above .4 two, above .7 one; two are marked."""
    curve = iou_curve(marked([0, 1, 2, 4], [0, 0, 1, 1]), THRESHOLDS)
    assert curve.tolist() == pytest.approx([2 / 3, 1, 1 / 2])


@pytest.mark.parametrize("saliency", [[0, 0, 0, 0], [3, 3, 3, 3], [-1, -2, -3, -4], [0, np.nan, 1, 2]])
def test_a_map_that_points_nowhere_meets_nothing_at_any_threshold(saliency):
    assert iou_curve(marked(saliency, [0, 1, 0, 0]), THRESHOLDS).tolist() == [0, 0, 0]


@pytest.mark.parametrize("mark", [[0, 0, 0, 0], [1, 1, 1, 1]])
def test_a_mark_that_can_be_neither_met_nor_missed_has_no_curve(mark):
    assert isinstance(iou_curve(marked([0, 1, 2, 4], mark), THRESHOLDS), Absent)


def test_patients_count_once_whatever_the_number_of_their_cases():
    """By image the higher threshold wins, (.8 · 3 + 0) / 4 over (.5 · 3 + .6) / 4; by patient the lower, .55 over .4."""
    curves = [[0.5, 0.8]] * 3 + [[0.6, 0.0]]
    assert choose_threshold(curves, ["ann"] * 3 + ["bob"], [0.3, 0.6]) == Choice(0.3, 0.55)
    assert choose_threshold(curves, ["a", "b", "c", "d"], [0.3, 0.6]) == Choice(0.6, 0.6)


def test_the_lowest_of_equally_good_thresholds_is_taken_whatever_rounding_says():
    curves = [[0.1, 0.3, 0.3], [0.2, 0.1, 0.1], [0.3, 0.2, 0.2]]
    assert choose_threshold(curves, list("abc"), THRESHOLDS).threshold == 0.1
    assert choose_threshold(curves[::-1], list("cba"), THRESHOLDS).threshold == 0.1
    assert choose_threshold(curves, list("aaa"), THRESHOLDS).threshold == 0.1


@pytest.mark.parametrize(
    ("curves", "clusters", "problem"),
    [([], [], "at least one case"), ([[0.1, 0.2]], ["a"], "a curve of 2 values for 3 thresholds")],
)
def test_nothing_to_choose_on_is_a_mistake_of_the_caller(curves, clusters, problem):
    with pytest.raises(ValueError, match=problem):
        choose_threshold(curves, clusters, THRESHOLDS)


cases = st.lists(
    st.tuples(st.sampled_from("abc"), st.lists(st.integers(0, 10), min_size=3, max_size=3)), min_size=1
)


def slow_objective(found, index):
    patients = sorted({patient for patient, _ in found})
    total = 0.0
    for patient in patients:
        own = [curve[index] / 10 for name, curve in found if name == patient]
        total += sum(own) / len(own)
    return total / len(patients)


@settings(max_examples=80)
@given(cases)
def test_no_threshold_exceeds_the_chosen_one_and_no_lower_one_equals_it(found):
    curves = [[value / 10 for value in curve] for _, curve in found]
    choice = choose_threshold(curves, [patient for patient, _ in found], THRESHOLDS)
    objective = [slow_objective(found, index) for index in range(3)]
    chosen = THRESHOLDS.index(choice.threshold)
    assert choice.iou == pytest.approx(objective[chosen], abs=1e-9)
    assert all(value <= objective[chosen] + 1e-9 for value in objective)
    assert all(value < objective[chosen] for value in objective[:chosen])


@settings(max_examples=40)
@given(cases, st.randoms())
def test_the_order_of_the_cases_changes_nothing(found, random):
    shuffled = list(found)
    random.shuffle(shuffled)

    def chosen(rows):
        return choose_threshold([c for _, c in rows], [p for p, _ in rows], THRESHOLDS)

    assert chosen(found).threshold == chosen(shuffled).threshold


def test_a_tuned_metric_cuts_at_the_threshold_that_the_map_carries():
    """At .4 two pixels are kept, both marked; at .1 three."""
    for name, at_low in (("iou", 2 / 3), ("dice", 4 / 5), ("coverage", 1), ("precision", 2 / 3)):
        spec = MetricSpec(name=name, binarisation="tuned")
        assert measure(spec, marked([0, 1, 2, 4], [0, 0, 1, 1], 0.4)) == 1
        assert measure(spec, marked([0, 1, 2, 4], [0, 0, 1, 1], 0.1)) == pytest.approx(at_low)


@pytest.mark.parametrize("saliency", [[0, 1, 2, 4], [0, 0, 0, 0]])
def test_without_a_tuned_threshold_there_is_no_value_and_none_is_made_up(saliency):
    spec = MetricSpec(name="iou", binarisation="tuned")
    assert measure(spec, marked(saliency, [0, 0, 1, 1])) == UNTUNED
    recall = MetricSpec(name="lesion-recall", binarisation="tuned")
    assert measure(recall, marked(saliency, [0, 0, 1, 1])) == UNTUNED


def test_a_metric_that_cuts_nothing_needs_no_threshold():
    by_peaks = MetricSpec(name="lesion-recall", by="maxima", binarisation="tuned")
    assert not by_peaks.cuts_at_tuned_threshold
    assert measure(by_peaks, marked([0, 1, 2, 4], [0, 0, 1, 1])) == 1
    assert not MetricSpec(name="pixel-auroc").cuts_at_tuned_threshold


def test_a_tuned_cut_tells_a_good_map_from_a_flat_one():
    """The control: a map of noise, tuned on noise, earns no more than keeping everything would."""
    rng = np.random.default_rng(0)
    mark = np.zeros(100, bool)
    mark[40:50] = True
    noise = [marked(rng.random(100), mark) for _ in range(30)]
    good = [marked(rng.random(100) * 0.4 + mark, mark) for _ in range(30)]
    grid = tuple(round(0.05 * step, 2) for step in range(1, 20))
    of_noise = choose_threshold([iou_curve(one, grid) for one in noise], [str(i) for i in range(30)], grid)
    of_good = choose_threshold([iou_curve(one, grid) for one in good], [str(i) for i in range(30)], grid)
    assert of_noise.iou < 0.15
    assert of_good.iou == 1
