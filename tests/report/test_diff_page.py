"""The page of a difference: both runs beside each other on one scale, and the cases that moved."""

import re
from dataclasses import replace

import numpy as np
import outcomes
import pytest
import reliance_maps
from test_run_diff import DIFF

from xaudit.geometry import fit_geometry
from xaudit.records import Case, Prediction
from xaudit.report.html.diff_page import diff_page
from xaudit.stages.views.previews import preview
from xaudit.stages.views.run_pair import (
    CaseInRun,
    MovedCase,
    MovedModel,
    RunInPair,
    RunPair,
    _has_moved,
    _rank,
    _turn,
)

HOSTILE = '<img src=x onerror="alert(1)">'


def answer(name, p_cancer, *, model="honest", label="cancer", classes=("cancer", "normal")):
    said = classes[0] if p_cancer >= 0.5 else classes[1]
    return Prediction(
        name, None, model, "test", label, said, label, (0.0, 0.0), (p_cancer, 1 - p_cancer), classes
    )


def moved(name, before, after, *, map_top=0.4):
    case = Case(name, "p", "data", f"{name}.png", "0" * 64, "cancer", "test", 96, 96, None)
    geometry = fit_geometry((96, 96), (32, 32), "stretch")
    values = np.zeros((32, 32), np.float32)
    values[4:8, 4:8] = map_top
    picture = preview(name, np.full((96, 96), 0.5, np.float32))
    sides = [
        CaseInRun(answer(name, p), p, values * share, geometry) for p, share in ((before, 1), (after, 0.5))
    ]
    return MovedCase(case, *sides, picture)


def pair(*cases, n_moved=None, head_models=("honest", "shortcut")):
    outcome = outcomes.phantom_outcome()
    means = tuple(reliance_maps.view(one) for one in outcome.mean_reliance)
    base = RunInPair(outcome, means)
    head = RunInPair(
        replace(outcome, model_ids=head_models),
        tuple(one for one in means if one.mean.model_id in head_models),
    )
    return RunPair(base, head, (MovedModel("honest", 40, len(cases) if n_moved is None else n_moved, cases),))


def test_both_runs_stand_beside_each_other_with_their_maps_on_one_scale():
    page = diff_page(DIFF, pair(moved("P1", 0.9, 0.2)))
    assert page.count('<p class="side">base</p>') == page.count('<p class="side">head</p>') == 3
    assert "The scale is the same in both runs." in page
    assert page.count('<svg class="reliance"') == 2 * len(outcomes.phantom_outcome().mean_reliance) + 2
    for sentence in (DIFF.flips[1].sentence, DIFF.notes[0]):
        assert sentence.partition("'")[0] in page
    assert "pass XA101" in page
    assert "fail XA101" in page


def test_the_scale_ends_at_the_larger_of_both_runs():
    both = pair()
    [first, *others] = both.head.reliance
    mean = first.mean
    larger = replace(mean, rows=tuple(tuple(2 * value for value in row) for row in mean.rows))
    base_only = diff_page(DIFF, both)
    doubled = replace(both, head=replace(both.head, reliance=(replace(first, mean=larger), *others)))
    outcome = replace(both.head.outcome, mean_reliance=(larger, *both.head.outcome.mean_reliance[1:]))
    doubled = replace(doubled, head=replace(doubled.head, outcome=outcome))
    end = lambda page: float(re.search(r"Colour scale from \S+ to (\S+) of", page)[1])  # noqa: E731
    assert end(diff_page(DIFF, doubled)) > end(base_only)


def test_maps_of_one_question_stand_in_one_row_whatever_the_number_of_images():
    both = pair()
    fewer = tuple(replace(view, mean=replace(view.mean, n_cases=3)) for view in both.head.reliance)
    outcome = replace(both.head.outcome, mean_reliance=tuple(view.mean for view in fewer))
    page = diff_page(DIFF, replace(both, head=RunInPair(outcome, fewer)))
    assert "No such map" not in page
    assert "3 cancer images" in page


def test_a_model_of_one_run_says_that_the_other_lacks_it():
    page = diff_page(DIFF, pair(head_models=("honest",)))
    assert "The model is not in this run." in page
    assert "No such map in the head run." in page


def test_cases_are_counted_and_what_is_not_shown_is_said():
    page = diff_page(DIFF, pair(moved("P1", 0.9, 0.2), n_moved=30))
    assert "30 of 40 cases moved" in page
    assert "Shown are 1" in page
    assert "normal; P(true class) 0.20" in page
    assert "None of 40 cases moved" in diff_page(DIFF, pair())


def test_markup_in_a_name_stays_text_and_nothing_is_loaded():
    page = diff_page(DIFF, pair(moved(HOSTILE, 0.9, 0.2)))
    assert HOSTILE not in page
    assert "&lt;img src=x" in page
    assert not re.search(r"""(?:src|href)=["'](?!#|data:)""", page)
    assert "script-src 'none'" in page or "script-src &#39;none&#39;" in page


@pytest.mark.parametrize(
    ("before", "after", "turn"),
    [(0.9, 0.2, "became wrong"), (0.2, 0.9, "became right"), (0.9, 0.6, "the same answer")],
)
def test_the_turn_of_an_answer(before, after, turn):
    assert _turn(answer("a", before), answer("a", after)) == turn


def test_what_became_wrong_comes_first_and_a_small_change_does_not_count():
    pairs = {
        "right": (answer("right", 0.2), answer("right", 0.9)),
        "little": (answer("little", 0.9), answer("little", 0.89)),  # 0.01 is below the margin of 0.02
        "wrong": (answer("wrong", 0.6), answer("wrong", 0.4)),
        "worse": (answer("worse", 0.9), answer("worse", 0.1)),
        "same": (answer("same", 0.9), answer("same", 0.6)),
    }
    kept = sorted(filter(_has_moved, pairs.values()), key=_rank)
    assert [after.case_id for _, after in kept] == ["worse", "wrong", "right", "same"]
