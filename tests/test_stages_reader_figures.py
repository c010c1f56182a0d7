"""Readers as the ceiling of explainers, under a consensus and one by one."""

from types import SimpleNamespace

import numpy as np
import pytest

from xaudit.cases.marks.readers import under_policy
from xaudit.chunks import Subject
from xaudit.config import ExplainerSpec, MetricSpec, StatisticsSection
from xaudit.geometry import fit_geometry
from xaudit.records import Case, Prediction, Score, ScoreKey
from xaudit.stages.outcome.reader_figures import ceilings_of, seen_by
from xaudit.stages.scores.human_control import score_people


def line(text):
    return np.array([[letter == "#" for letter in text]])


def figures(masks, policy, *, score=0.5, votes=None):
    """The ceilings of one explainer on one case."""
    case = Case("c", "p", "data", "c.png", "0", "cancer", "test", *next(iter(masks.values())).shape)
    dataset = SimpleNamespace(reader_masks=lambda _: masks, readers=policy, votes=votes, id="data")
    scores = [
        Score(
            ScoreKey("c", "p", reader, "m", "lime", "h", "cancer", True, "mass", "h", "localization"), score
        )
        for reader in under_policy(masks, policy, votes=votes)
    ]
    found = ceilings_of(
        dataset,
        [case],
        scores,
        metrics=[MetricSpec(name="relevance-mass-accuracy", id="mass"), MetricSpec(name="pixel-flipping")],
        explainers=["lime"],
        settings=StatisticsSection(replicates=100),
        seed=0,
    )
    return {one.reader: one for one in found}


MASKS = {"a": line("##......"), "b": line(".##....."), "c": line("....##..")}


def test_each_reader_is_held_against_the_union_of_the_others():
    # a has 1 of 2 pixels within b + c, b 1 of 2 within a + c, c none: (1/2 + 1/2 + 0) / 3.
    found = figures(MASKS, "union")["union"]
    assert found.human.estimate == pytest.approx(1 / 3)
    assert (found.score, found.share.estimate) == (0.5, pytest.approx(1.5))
    assert found.difference.estimate == pytest.approx(1 / 6)


def test_under_each_the_others_are_held_against_the_same_reader_as_the_maps():
    # Against a: b 1/2, c 0. Against b: a 1/2, c 0. Against c: nobody, so there is no share.
    found = figures(MASKS, "each")
    assert [found[reader].human.estimate for reader in "abc"] == pytest.approx([0.25, 0.25, 0])
    assert [found[reader].share is None for reader in "abc"] == [False, False, True]


def test_who_found_nothing_missed_what_the_others_marked():
    # Against each other's union: a 1/2, b 1/2 (c marked nothing), c 0.
    found = figures({**MASKS, "c": line("........")}, "union")["union"]
    assert found.human.estimate == pytest.approx(1 / 3)


def test_two_readers_cannot_be_the_others_of_whom_two_must_agree():
    assert figures({"a": MASKS["a"], "b": MASKS["b"]}, "majority", votes=2) == {}


def test_one_reader_is_no_ceiling():
    assert figures({"a": MASKS["a"]}, "union") == {}


def test_the_ceiling_is_what_the_control_reaches_on_the_same_case():
    """Two computations of one thing: what stands in the readers' section and in the table of controls."""
    masks = {"a": line("####...."), "b": line("..####.."), "c": line("..##....")}
    for policy in ("union", "intersection", "majority", "each"):
        metric = MetricSpec(name="iou")
        case = Case("c", "p", "data", "c.png", "0", "cancer", "test", 1, 8)
        said = Prediction(
            "c", "p", "m", "test", "cancer", "cancer", "cancer", (0, 0), (0.5, 0.5), ("cancer", "x")
        )
        subject = Subject(case, said, None, fit_geometry((1, 8), (1, 8)), {}, None)
        control = score_people(
            subject, masks, ExplainerSpec(name="human"), model_id="m", policy=policy, metrics=[metric]
        )
        dataset = SimpleNamespace(reader_masks=lambda _: masks, readers=policy, votes=None, id="data")
        scores = [
            Score(ScoreKey("c", "p", r, "m", "lime", "h", "cancer", True, "iou", "h", "localization"), 0.5)
            for r in under_policy(masks, policy)
        ]
        ceilings = ceilings_of(
            dataset, [case], scores, metrics=[metric], explainers=["lime"],
            settings=StatisticsSection(replicates=100), seed=0,
        )  # fmt: skip
        expected = {one.key.reader: one.value for one in control}
        assert {one.reader: one.human.estimate for one in ceilings} == pytest.approx(expected), policy


def test_what_was_cropped_away_counts_for_the_ceiling_no_more_than_for_the_maps():
    """Of 1 × 8 pixels the model sees the two in the middle; outside of them the readers differ."""
    case = Case("c", "p", "data", "c.png", "0", "cancer", "test", 1, 8)
    assert seen_by((2, 4), "crop")(case).tolist() == [[False, False, False, True, True, False, False, False]]
    assert seen_by((2, 4), "stretch")(case).all()
