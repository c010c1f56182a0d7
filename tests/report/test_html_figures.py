"""The numbers behind the page's drawings: where a value lies on an axis, and what stands beside what."""

from dataclasses import replace

import numpy as np
import outcomes
import pages
import pytest

from xaudit.records import Ceiling, Evaluation, Interval, Preview
from xaudit.report.html.confusion import Explained, matrices
from xaudit.report.html.picture_code import MOST_BYTES, image_codes, map_code
from xaudit.report.html.render import html_report
from xaudit.report.pictures.axis import axis_for
from xaudit.report.pictures.forest import forests, has_ceilings
from xaudit.report.pictures.region_bars import region_bars
from xaudit.stages.views.previews import preview


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def known(estimate, low, high):
    return Interval(estimate, low, high, "bca")


@pytest.mark.parametrize(
    ("low", "high", "ends"),
    [(0.1, 0.9, (0, 1)), (-0.1, 0.4, (-0.25, 1)), (-0.9, 1.0, (-1, 1)), (2, 7, (0, 10))],
)
def test_an_axis_holds_everything_and_begins_at_zero_unless_something_is_below(low, high, ends):
    axis = axis_for([known((low + high) / 2, low, high)])
    assert (axis.low, axis.high) == ends
    assert 0.0 in axis.ticks
    assert axis.at(axis.low) == 0
    assert axis.at(axis.high) == 100


def test_a_forest_has_explainers_controls_readers_and_what_the_grid_could_reach():
    base = outcomes.phantom_outcome()
    ceiling = outcomes.summary("honest", "lime", "iou-ceiling", 0.4, family="limits")
    human = Ceiling(
        "honest", "lime", "iou", "union", known(0.7, 0.6, 0.8), 0.2, None, known(-0.5, -0.6, -0.4), 9, 5
    )
    found = forests(replace(base, summaries=(*base.summaries, ceiling), ceilings=(human,)))
    assert [one.metric_id for one in found] == list(outcomes.METRICS)
    assert [one.direction for one in found][-1] == "lower is better"
    iou = found[1]
    honest, shortcut = iou.plots
    assert [row.label for row in honest.rows] == [*outcomes.EXPLAINERS, *outcomes.CONTROLS]
    assert [row.is_control for row in honest.rows] == [False] * 3 + [True] * 3
    assert [row.ceiling for row in honest.rows] == [None, 0.4, None, None, None, None]
    assert honest.human == known(0.7, 0.6, 0.8)
    assert shortcut.human is None
    # outcomes.LOCALIZATION: LIME's IoU on the honest model is .21, and better than the best control.
    assert honest.rows[1].text == "0.21* [0.14, 0.28]"
    assert honest.about == "54 images, 18 patients"
    assert has_ceilings(found)
    assert not has_ceilings(forests(base))


def test_the_bars_say_on_which_region_the_answer_depends_most():
    honest, shortcut = region_bars(outcomes.phantom_outcome())
    assert [row.region for row in honest.rows if row.is_most] == ["marked lesion"]
    assert [row.region for row in shortcut.rows if row.is_most] == ["image border"]
    # The saliency's shares in the border, of the shortcut model: .20, .71, .94.
    [border] = [row for row in shortcut.rows if row.is_most]
    assert border.mass_texts == ("20 %", "71 %", "94 %")
    assert border.reliance_text == "0.83 [0.78, 0.88]"
    assert honest.about == "evidence for 'cancer'"


def test_a_matrix_counts_shares_of_the_true_class_and_cases_to_look_at():
    outcome = outcomes.phantom_outcome()
    overlooked_ones = {("honest", "cancer", "normal"): 2}
    honest, _ = matrices(outcome, Explained(overlooked_ones, overlooked_ones))
    # outcomes.evaluation: ((52, 2), (1, 53)).
    overlooked = honest.rows[0][1]
    assert (overlooked.n, overlooked.share, overlooked.cell, overlooked.n_gallery) == (2, "4 %", "FN", 2)
    assert overlooked.rest == ""
    assert honest.rows[1][0].rest == "1 not explained"
    assert [cell.cell for line in honest.rows for cell in line] == ["TP", "FN", "FP", "TN"]
    assert [cell.shade for line in honest.rows for cell in line] == [5, 1, 1, 5]


@pytest.mark.parametrize(
    ("n_explained", "n_gallery", "said"),
    [
        (52, 52, ""),
        (52, 50, "2 explained and not shown"),
        (50, 50, "2 not explained"),
        (12, 0, "40 not explained, 12 explained and not shown"),
    ],
)
def test_a_cell_says_how_many_of_its_images_are_missing_below_and_why(n_explained, n_gallery, said):
    about = ("honest", "cancer", "cancer")
    explained = Explained({about: n_explained}, {about: n_gallery})
    honest, _ = matrices(outcomes.phantom_outcome(), explained)
    assert honest.rows[0][0].rest == said


def test_of_many_classes_only_the_commonest_mistakes_stand_there():
    names = tuple(f"class {i}" for i in range(8))
    matrix = tuple(tuple(10 if i == j else (i if j == 0 else 0) for j in range(8)) for i in range(8))
    one = Evaluation("m", "data", "test", names, names[0], matrix, {}, 108, 108, False)
    [found] = matrices(replace(outcomes.phantom_outcome(), evaluations=(one,)), Explained({}, {}))
    assert found.rows == ()
    assert [(cell.true, cell.said, cell.n) for cell in found.mistakes[:2]] == [
        ("class 7", "class 0", 7),
        ("class 6", "class 0", 6),
    ]
    assert found.about == "108 images of the test split, patients unknown"


def test_pictures_stay_lossless_while_they_fit_and_keep_within_the_budget_beyond(rng):
    small = {"a": preview("a", rng.uniform(0, 1, (32, 32)))}
    codes, form = image_codes(small)
    assert form is None
    assert len(codes) == 1
    one = preview("b", rng.uniform(0, 1, (320, 320)))
    many = {f"{i:03d}": Preview(f"{i:03d}", 320, 320, one.webp) for i in range(180)}
    assert sum(len(each.webp) for each in many.values()) > MOST_BYTES
    codes, form = image_codes(many)
    assert form is not None
    # Four letters of base 64 for three bytes.
    assert sum(len(code) for code in codes.values()) * 3 / 4 <= MOST_BYTES * 1.01


def test_a_map_that_shows_nothing_has_no_picture(rng):
    assert map_code(rng.uniform(0, 0, (4, 4)), signed=False) == ""
    assert map_code(rng.uniform(-1, 1, (4, 4)), signed=True).startswith("data:image/webp;base64,")


@pytest.mark.parametrize(
    ("side", "said"),
    [
        (64, "of at most 64 pixels on the longer side; otherwise they are unchanged below the map."),
        (
            400,
            "of at most 400 pixels on the longer side, those over 320 coded with little loss (WebP quality 95); otherwise",
        ),
    ],
)
def test_the_page_says_how_large_its_images_are_and_what_their_coding_lost(side, said):
    text = html_report(pages.material(names=("a",), side=side))
    assert said in text


def test_the_page_says_that_images_were_shrunk_to_keep_it_small(monkeypatch):
    monkeypatch.setattr("xaudit.report.html.picture_code.MOST_BYTES", 1)
    text = html_report(pages.material(names=("a",), side=64))
    assert (
        "of at most 16 pixels on the longer side, coded with loss (WebP quality 40) to keep the page small"
        in text
    )
