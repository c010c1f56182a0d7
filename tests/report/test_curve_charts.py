"""Where a curve's points lie, and how its lines are told apart."""

from dataclasses import replace

import outcomes
import pages
import pytest

from xaudit.catalog import CURVES, EXPLAINERS, METRICS
from xaudit.records import Interval
from xaudit.report.html.curve_charts import axis_of, curve_charts
from xaudit.stages.outcome.mean_curves import MeanCurve


def drawn(*curves, **changes):
    return curve_charts(replace(pages.material(names=()), curves=curves, **changes))


def curve(explainer, values, *, metric="pixel-flipping", share=(0.0, 0.5, 1.0), half=None):
    means = tuple(
        Interval(v, None if half is None else v - half, None if half is None else v + half, "bca")
        for v in values
    )
    return MeanCurve("honest", explainer, metric, share, means, 7, 5)


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0.9], (0, 0.2, 0.4, 0.6, 0.8, 1)),
        ([-0.4, 0.9], (-0.5, -0.25, 0, 0.25, 0.5, 0.75, 1)),
        ([130], (0, 25, 50, 75, 100, 125, 150)),
        ([0.0], (0, 0.25, 0.5, 0.75, 1)),
    ],
)
def test_an_axis_holds_every_value_and_zero_in_round_steps(values, ticks):
    assert axis_of(values).ticks == pytest.approx(ticks)


def test_a_line_runs_through_its_means_and_a_band_around_its_interval():
    [chart] = drawn(curve("gradcam", (0.8, 0.4, 0.0), half=0.2))
    [plot] = chart.plots
    [line] = plot.lines
    # From -.2 to 1 the axis has five steps of .25: 0 lies 20 % above its foot, .8 (.8 + .25) / 1.25 = 84 %.
    assert chart.y.ticks == (-0.25, 0.0, 0.25, 0.5, 0.75, 1.0)
    assert line.path == "M0 16L50 48L100 80"
    assert line.band == "M0 0L50 32L100 64L100 96L50 64L0 32Z"
    assert line.end == "from 0.80 to 0.00"
    assert plot.about == "7 images, 5 patients"


def test_without_limits_and_for_controls_there_is_no_band():
    [chart] = drawn(curve("gradcam", (0.8, 0.4, 0.0)), curve("random", (0.8, 0.4, 0.0), half=0.1))
    assert [line.band for line in chart.plots[0].lines] == ["", ""]
    assert [line.look.is_control for line in chart.plots[0].lines] == [False, True]


def test_lines_that_lie_on_each_other_still_show_both_signs():
    [chart] = drawn(curve("gradcam", (0.8, 0.4, 0.0)), curve("lime", (0.8, 0.4, 0.0)))
    first, second = chart.plots[0].lines
    assert first.path == second.path
    assert not set(first.signs) & set(second.signs)


def test_no_two_explainers_look_alike_however_many_there_are():
    names = tuple(row.id for row in EXPLAINERS if not row.control)
    outcome = replace(
        outcomes.phantom_outcome(), explainer_ids=(*names, *outcomes.phantom_outcome().control_ids)
    )
    [chart] = drawn(*(curve(name, (1, 0.5, 0)) for name in names), outcome=outcome)
    assert len({(look.colour, look.sign) for look in chart.looks}) == len(names) > 20


def test_curves_of_other_shares_stand_in_one_table():
    [chart] = drawn(
        curve("gradcam", (0.8, 0.0), share=(0.0, 1.0)), curve("lime", (0.6, 0.1), share=(0.25, 1.0))
    )
    rows = [[cell.text for cell in row.cells] for row in chart.plots[0].table.rows]
    assert rows == [["0 %", "0.80", "-"], ["25 %", "-", "0.60"], ["100 %", "0.00", "0.10"]]


def test_a_metric_under_its_own_id_has_the_axes_of_its_kind_and_says_what_was_asked():
    [chart] = drawn(
        curve("gradcam", (1, 1, 0), metric="mine"),
        metric_names={"mine": "road"},
        answers={"mine": "decision"},
    )
    assert (chart.title, chart.better) == ("mine", "a lower curve is better")
    assert chart.up == "share of images still given the target"


def test_the_axes_agree_with_the_catalog():
    rows = {row.id: row for row in METRICS}
    assert set(CURVES) <= set(rows)
    for name, axes in CURVES.items():
        answers = [option for option in rows[name].options if option.name == "answer"]
        assert ("{answer}" in axes.up) == bool(answers), name
        if name in ("region-perturbation", "region-perturbation-lerf", "irof"):
            # Their values are falls of the answer, so the better map's curve is the other way round.
            assert (axes.better == "a lower curve is better") == bool(rows[name].higher_is_better)
        elif name != "monotonicity":
            assert (axes.better == "a higher curve is better") == rows[name].higher_is_better, name
