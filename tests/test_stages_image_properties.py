"""Effects of whole-image properties: by class, over patients, the marked finding kept where that was asked."""

from dataclasses import asdict

import numpy as np
import pytest

from xaudit.config import StatisticsSection
from xaudit.records import ImageChange
from xaudit.stages.outcome.dependence.image_properties import property_effects, property_summaries
from xaudit.stages.outcome.read_outcome import _property_effect


def row(case, change, moved, *, kept=False, label="cancer", patient=None, value=0.5, by=0.1):
    return ImageChange(
        case_id=case,
        patient_id=patient or case,
        model_id="m",
        target="cancer",
        label=label,
        change=change,
        finding_kept=kept,
        probability=0.5,
        log_odds=0.0,
        probability_change=moved,
        log_odds_change=4 * moved,
        value=value,
        value_change=by,
    )


def effects(rows):
    settings = StatisticsSection(replicates=200)
    return property_effects(rows, patients_known=True, settings=settings, seed=0)


def test_the_effect_runs_from_the_step_with_the_least_to_that_with_the_most():
    rows = []
    for place in range(6):
        case = f"c{place}"
        rows += [row(case, "darker-10", -0.1, by=-0.1), row(case, "darker-5", -0.3, by=-0.05)]
        rows += [row(case, "brighter-10", 0.2, value=0.5)]
    (found,) = effects(rows)
    assert (found.property, found.less, found.more) == ("brightness", "darker-10", "brighter-10")
    assert found.probability.estimate == pytest.approx(0.3)  # .2 - (-.1)
    assert found.log_odds.estimate == pytest.approx(1.2)
    # Highest less lowest over all steps and the untouched image: .2 - (-.3).
    assert found.movement.estimate == pytest.approx(0.5)
    assert (found.n_cases, found.n_patients, found.n_marked, found.cluster) == (6, 6, 0, "patient")
    assert found.n_spreads is None  # all images are equally bright


def test_a_kept_finding_counts_for_the_effect_and_the_changed_one_beside_it():
    rows = []
    for place in range(6):
        case = f"c{place}"
        rows += [row(case, "blur-1", -0.6), row(case, "blur-1", -0.02, kept=True)]
    (found,) = effects(rows)
    # From blurred to untouched the probability rises by .02 with the finding kept.
    assert (found.less, found.more) == ("blur-1", "")
    assert found.probability.estimate == pytest.approx(0.02)
    assert found.movement.estimate == pytest.approx(0.02)
    assert found.with_finding.estimate == pytest.approx(0.6)
    assert found.n_marked == 6


def test_classes_stand_apart_and_patients_are_the_unit():
    rows = [row(f"c{place}", "brighter-10", 0.4, patient=f"p{place // 2}") for place in range(12)]
    rows += [row(f"n{place}", "brighter-10", 0.1, label="normal") for place in range(3)]
    cancer, normal = effects(rows)
    assert (cancer.images, cancer.n_cases, cancer.n_patients) == ("cancer", 12, 6)
    assert (normal.images, normal.n_patients, normal.probability.low) == ("normal", 3, None)


def test_steps_are_measured_in_the_spread_of_the_images_own_values():
    values = [0.4, 0.6, 0.4, 0.6, 0.4, 0.6]  # standard deviation .1
    rows = [row(f"c{n}", "brighter-10", 0.0, value=value, by=0.1) for n, value in enumerate(values)]
    rows += [row(f"c{n}", "darker-10", 0.0, value=value, by=-0.1) for n, value in enumerate(values)]
    (found,) = effects(rows)
    assert found.n_spreads == pytest.approx(2.0)  # from -.1 to +.1


def test_the_order_of_the_rows_changes_nothing():
    generator = np.random.default_rng(0)
    rows = [
        row(f"c{place}", change, float(generator.normal(0, 0.1)), value=float(generator.random()))
        for place in range(8)
        for change in ("darker-10", "brighter-10", "noise-2")
    ]
    assert effects(rows) == effects(rows[::-1])


def test_an_effect_is_read_as_it_was_written():
    (found,) = effects([row(f"c{place}", "noise-2", 0.1 * place) for place in range(6)])
    assert _property_effect(asdict(found)) == found
    assert effects([]) == ()


def two_classes(cancer, normal):
    rows = [row(f"c{place}", "brighter-10", cancer) for place in range(6)]
    rows += [row(f"n{place}", "brighter-10", normal, label="normal") for place in range(6)]
    return property_summaries(effects(rows))


@pytest.mark.parametrize(
    ("cancer", "normal", "shared"),
    [
        (0.4, 0.3, 0.3),  # the smaller of two rises
        (-0.2, -0.5, 0.2),  # and of two falls, without a sign
        (0.4, -0.3, 0.0),  # opposite ways: nothing is shared
        (0.0, 0.3, 0.0),
    ],
)
def test_a_gate_is_compared_with_what_all_classes_share_in_one_direction(cancer, normal, shared):
    (summary,) = two_classes(cancer, normal)
    assert summary.interval.estimate == pytest.approx(shared)
    assert (summary.metric_id, summary.family, summary.n_cases) == ("image-brightness", "image", 12)


def test_its_limits_follow_from_the_classes_limits():
    generator = np.random.default_rng(1)
    rows = []
    for label, mean in (("cancer", 0.3), ("normal", 0.2)):
        rows += [
            row(f"{label}{n}", "noise-2", float(generator.normal(mean, 0.1)), label=label) for n in range(12)
        ]
    cancer, normal = (one.probability for one in effects(rows))
    (summary,) = property_summaries(effects(rows))
    assert summary.interval.low == min(cancer.low, normal.low)
    assert summary.interval.high == min(cancer.high, normal.high)


def test_one_class_alone_gives_no_figure_to_gate_on():
    assert property_summaries(effects([row(f"c{place}", "noise-2", 0.3) for place in range(6)])) == ()
    few = [row(f"c{place}", "noise-2", 0.3) for place in range(6)] + [
        row("n", "noise-2", 0.3, label="normal")
    ]
    assert property_summaries(effects(few)) == ()
