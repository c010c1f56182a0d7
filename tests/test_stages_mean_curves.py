"""The mean over cases of curves that may not have the same points."""

import numpy as np
import pytest

from xaudit.stages.outcome.mean_curves import MOST_POINTS, CaseCurve, averaged, common_shares
from xaudit.statistics.bootstrap import ClusterBootstrap, Sample

ABOUT = ("net", "irof", "lime")


def case(name, share, value):
    return CaseCurve(name, np.array(share, np.float32), np.array(value, np.float32))


def mean_of(*cases, clusters=None, **kwargs):
    bootstrap = ClusterBootstrap(replicates=200, confidence=0.95, seed=0)
    [found] = averaged(
        {ABOUT: cases}, clusters or {one.case_id: one.case_id for one in cases}, bootstrap, **kwargs
    )
    return found


def test_the_mean_is_that_over_cases_at_every_share():
    found = mean_of(case("a", [0, 0.5, 1], [1, 0.5, 0]), case("b", [0, 0.5, 1], [0.5, 0.25, 0.25]))
    assert found.share == (0, 0.5, 1)
    assert [one.estimate for one in found.means] == [0.75, 0.375, 0.125]
    assert (found.n_cases, found.n_patients) == (2, 2)
    assert (found.model_id, found.metric_id, found.explainer_id) == ABOUT


def test_the_interval_is_that_of_a_metric_over_patients_and_ignores_the_order_of_cases():
    rng = np.random.default_rng(1)
    cases = [case(f"c{n}", [0, 1], rng.random(2)) for n in range(12)]
    clusters = {one.case_id: f"p{number // 2}" for number, one in enumerate(cases)}
    found = mean_of(*cases, clusters=clusters)
    alone = ClusterBootstrap(replicates=200, confidence=0.95, seed=0).means(
        [
            Sample(
                np.array([one.value[0] for one in cases], np.float64),
                [clusters[one.case_id] for one in cases],
            )
        ]
    )
    assert found.means[0].low == pytest.approx(alone[0].low)
    assert found.means[0].high == pytest.approx(alone[0].high)
    assert found.n_patients == 6
    assert mean_of(*reversed(cases), clusters=clusters) == found


def test_a_case_that_lacks_a_point_at_the_end_is_left_out_there():
    found = mean_of(case("a", [0.1, 0.4, 0.8], [1, 1, 1]), case("b", [0.1, 0.4], [0, 0.5]))
    assert found.share == pytest.approx((0.1, 0.4, 0.8))
    assert [one.estimate for one in found.means] == [0.5, 0.75, 1.0]


def test_curves_of_other_numbers_of_superpixels_meet_at_even_steps():
    # Straight lines from 1 to 0 and from 1 to .5 stay straight at whatever points they were measured.
    found = mean_of(
        case("a", np.linspace(0, 1, 8), np.linspace(1, 0, 8)),
        case("b", np.linspace(0, 1, 6), np.linspace(1, 0.5, 6)),
    )
    assert len(found.share) == MOST_POINTS
    assert [one.estimate for one in found.means] == pytest.approx(np.linspace(1, 0.25, MOST_POINTS), abs=1e-6)


def test_of_a_long_curve_some_points_are_kept_with_both_ends():
    share = common_shares([np.linspace(0, 1, 101, dtype=np.float32)])
    assert len(share) == MOST_POINTS
    assert (share[0], share[-1]) == (0, 1)
    assert np.isin(share, np.linspace(0, 1, 101, dtype=np.float32)).all()


def test_a_share_that_every_case_has_keeps_its_width():
    cases = [case(f"c{n}", [0.1], [1]) for n in range(6)]
    assert mean_of(*cases).means[0].low == 1
    # Wilson, 6 of 6: 6 / (6 + 1.96²).
    assert mean_of(*cases, are_shares={"irof"}).means[0].low == pytest.approx(6 / (6 + 1.959964**2))
