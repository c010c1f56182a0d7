"""Models whose evidence is known by construction must be found out, and maps of it told from maps of anything else."""

import numpy as np
import pytest
import torch
from reading_models import box, reads, reads_nothing
from scipy.special import expit
from scipy.stats import spearmanr

from xaudit.errors import ModelError
from xaudit.metrics import Absent
from xaudit.metrics.regions import partition, region_masses
from xaudit.metrics.reliance import RegionEffect, ask_region_reliance, reliance_agreement
from xaudit.perturb.asking import answer_one

SHAPE = (64, 64)
MARK = box(SHAPE, (20, 28), (14, 22))
CORNER = box(SHAPE, (0, 5), (0, 5))
LUNGS = box(SHAPE, (12, 52), (10, 28)) | box(SHAPE, (12, 52), (36, 54))
PARTS = partition(MARK, LUNGS)


def bright_at(*areas):
    image = torch.zeros((3, *SHAPE))
    for area in areas:
        image[:, torch.from_numpy(area)] = 1.0
    return image


def ask(classifier, *, parts=PARTS, infills=("blur", "noise"), controls=6, seed=0, image=None):
    asking = ask_region_reliance(
        bright_at(MARK, CORNER) if image is None else image,
        1,
        parts,
        infills=infills,
        controls=controls,
        generator=np.random.default_rng(seed),
    )
    return answer_one(asking, classifier.logits, batch_size=classifier.batch_size)


def beyond_control(effects):
    found = {}
    for effect in effects:
        found.setdefault(effect.region, []).append(effect.beyond_random)
    return {region: np.mean(values) for region, values in found.items()}


def test_a_model_that_reads_the_mark_relies_on_the_mark_alone():
    reliance = beyond_control(ask(reads(MARK, threshold=0.5)))
    # The lesion is gone: σ(4) falls to σ(−4), by .96, and the random areas beside it change nothing.
    assert reliance.pop("mark") == pytest.approx(expit(4) - expit(-4), abs=0.02)
    # No other region makes the answer fall further than a random area of its size.
    assert max(reliance.values()) < 0.02


def test_a_model_that_reads_a_corner_relies_on_the_border_alone():
    reliance = beyond_control(ask(reads(CORNER, threshold=0.5)))
    # The ring holds the whole marker; a random cross of its size sometimes covers a part.
    assert reliance.pop("border") > 0.5
    assert abs(reliance.pop("mark")) < 0.05
    assert max(reliance.values()) < 0.05


def test_the_region_alone_drops_nothing_where_the_model_does_not_read_it():
    for effect in ask(reads(MARK, threshold=0.5)):
        if effect.region in ("opposite-lung", "border"):
            assert abs(effect.probability_drop) < 1e-6
            assert abs(effect.logit_drop) < 1e-5


def test_the_numbers_of_one_effect_by_hand():
    # mean in-fill: the frame's other pixels hold 25 of 4096 − 64 bright ones, so the mark becomes .0062.
    (effect,) = ask(reads(MARK, threshold=0.5), parts={"mark": MARK}, infills=("mean",))
    left = 25 / (4096 - 64)
    assert effect.region == "mark"
    assert effect.infill == "mean"
    assert effect.fraction == 64 / 4096
    assert effect.probability == pytest.approx(expit(4), abs=1e-6)
    assert effect.probability_drop == pytest.approx(expit(4) - expit(8 * left - 4), abs=1e-6)
    assert effect.logit_drop == pytest.approx(8 * (1 - left), abs=1e-4)
    # The least overlapping of sixteen shifts of an eighth of the side misses the mark.
    assert effect.control_probability_drop == pytest.approx(0, abs=1e-6)
    assert effect.control_logit_drop == pytest.approx(0, abs=1e-4)
    assert effect.beyond_random == pytest.approx(effect.probability_drop, abs=1e-6)
    assert effect.logit_beyond_random == pytest.approx(effect.logit_drop, abs=1e-4)


def test_random_areas_that_raise_the_answer_do_not_make_a_region_look_needed():
    # The corner is dark and the rest is not, so a mean in-fill lights it up: hiding the corner *raises* the answer.
    dark = torch.full((3, *SHAPE), 0.6)
    dark[:, :8, :8] = 0.0
    corner = reads(CORNER, threshold=0.3)
    (effect,) = ask(corner, image=dark, parts={"mark": MARK}, infills=("mean",), controls=16)
    # The mark plays no part, and some of its random areas reach into the corner and raise the answer.
    assert effect.probability_drop == pytest.approx(0, abs=1e-6)
    assert effect.control_probability_drop <= 0
    assert effect.beyond_random == pytest.approx(0, abs=1e-6)
    (own,) = ask(corner, image=dark, parts={"corner": CORNER}, infills=("mean",), controls=16)
    assert own.probability_drop < -0.5
    assert (own.beyond_random, own.logit_beyond_random) == pytest.approx((0, 0), abs=1e-6)


def test_a_model_that_reads_nothing_relies_on_nothing():
    for effect in ask(reads_nothing(SHAPE)):
        assert (effect.probability, effect.probability_drop, effect.logit_drop) == (0.5, 0, 0)
        assert (effect.control_probability_drop, effect.control_logit_drop) == (0, 0)


def test_it_costs_what_the_docstring_says_in_full_batches():
    classifier = reads(MARK, batch_size=16)
    sizes = []
    classifier.module.register_forward_pre_hook(lambda _module, inputs: sizes.append(len(inputs[0])))
    effects = ask(classifier, controls=3)
    # 1 + 5 regions × 2 in-fills × (1 + 3) = 41.
    assert sizes == [16, 16, 9]
    assert [(e.region, e.infill) for e in effects] == [(r, i) for r in PARTS for i in ("blur", "noise")]


def test_the_same_seed_gives_the_same_numbers_and_another_gives_others():
    classifier = reads(LUNGS)
    assert ask(classifier) == ask(classifier)
    assert ask(classifier) != ask(classifier, seed=1)


def test_a_region_is_measured_alike_whatever_else_is_asked():
    classifier = reads(LUNGS, batch_size=64)
    every = ask(classifier)
    alone = ask(classifier, parts={"border": PARTS["border"]}, infills=("noise",))
    (match,) = [e for e in every if (e.region, e.infill) == ("border", "noise")]
    for name in RegionEffect.__slots__[2:]:
        assert getattr(alone[0], name) == pytest.approx(getattr(match, name), abs=1e-6)


def test_empty_regions_are_left_out():
    nothing = np.zeros(SHAPE, dtype=bool)
    assert {e.region for e in ask(reads(MARK), parts={"mark": MARK, "border": nothing})} == {"mark"}
    assert ask(reads(MARK), parts={"border": nothing}) == []


def test_an_answer_that_is_not_a_number_is_an_error_with_a_hint():
    classifier = reads(MARK)
    classifier.module.weights.fill_(float("nan"))
    with pytest.raises(ModelError) as raised:
        ask(classifier)
    assert str(raised.value) == "the model's answer to an image with a region replaced is not a number"
    assert raised.value.hint == "check its weights and its preprocessing: NaN or infinite logits"


def blob(row, col):
    rows, cols = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return np.exp(-((rows - row) ** 2 + (cols - col) ** 2) / 30)


ON_MARK, ON_CORNER = blob(24, 18), blob(2, 2)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("area", "honest", "misleading", "best"),
    [
        # Density ranks 5 4 3 1½ 1½ (mark, same lung, outside, two empty): 5 / √(9.5 · 5).
        (MARK, ON_MARK, ON_CORNER, 5 / np.sqrt(47.5)),
        # Density ranks 5 4 2 2 2 (border, outside, three empty): 5 / √(8 · 5).
        (CORNER, ON_CORNER, ON_MARK, 5 / np.sqrt(40)),
    ],
)
def test_a_map_of_what_the_model_reads_agrees_and_a_map_of_something_else_does_not(
    area, honest, misleading, best, seed
):
    effects = ask(reads(area, threshold=0.5), controls=3, seed=seed)
    right, wrong = (
        reliance_agreement(region_masses(saliency, PARTS), PARTS, effects)
        for saliency in (honest, misleading)
    )
    # Reliance ranks 5 for what is read and 2½ for the four others, whatever the random areas chanced on.
    assert right == pytest.approx(best)
    assert wrong < 0


def effect(region, drop, *, control=0.0, infill="blur"):
    return RegionEffect(region, infill, 0.1, 0.9, drop, 0.0, control, 0.0, drop - control, 0.0, 0.0, 0.0)


QUARTERS = {
    name: box((4, 4), (i, i + 1), (0, 4)) for i, name in enumerate(("mark", "same-lung", "border", "outside"))
}


def test_rank_correlation_worked_by_hand():
    # Equal areas, so density ranks as mass: 4, 3, 2, 1. Reliance .5, .1, .2, 0 ranks 4, 2, 3, 1.
    # Σd² = 0 + 1 + 1 + 0, so 1 − 6 · 2 / (4 · 15) = .8.
    masses = dict(zip(QUARTERS, (0.4, 0.3, 0.2, 0.1), strict=True))
    effects = [effect(name, drop) for name, drop in zip(QUARTERS, (0.5, 0.1, 0.2, 0.0), strict=True)]
    assert reliance_agreement(masses, QUARTERS, effects) == pytest.approx(0.8)


def test_controls_are_taken_off_and_infills_averaged_before_ranking():
    masses = dict(zip(QUARTERS, (0.4, 0.3, 0.2, 0.1), strict=True))
    # Raw blur drops rank the other way round; less their controls, and with the noise in-fill: .4, .3, .2, .1.
    effects = [effect(name, i / 10, control=i / 10 - (4 - i) / 10 + 0.05) for i, name in enumerate(QUARTERS)]
    effects += [effect(name, (4 - i) / 10 + 0.05, infill="noise") for i, name in enumerate(QUARTERS)]
    assert reliance_agreement(masses, QUARTERS, effects) == pytest.approx(1.0)


def test_density_counts_and_not_mass():
    # 'outside' holds most of the mass, over most of the area: .6 / .75 = .8, below .3 / .125 and .1 / .125 is .8 too.
    parts = {
        "mark": box((4, 4), (0, 1), (0, 2)),
        "border": box((4, 4), (0, 1), (2, 4)),
        "outside": box((4, 4), (1, 4), (0, 4)),
    }
    effects = [effect("mark", 0.5), effect("border", 0.0), effect("outside", 0.0)]
    assert reliance_agreement({"mark": 0.3, "border": 0.1, "outside": 0.6}, parts, effects) == pytest.approx(
        1.0
    )


def test_ties_share_their_mean_rank_as_in_scipy():
    masses = dict(zip(QUARTERS, (0.4, 0.2, 0.2, 0.2), strict=True))
    drops = (0.3, 0.1, 0.3, 0.0)
    effects = [effect(name, drop) for name, drop in zip(QUARTERS, drops, strict=True)]
    expected = spearmanr(list(masses.values()), drops).statistic
    assert reliance_agreement(masses, QUARTERS, effects) == pytest.approx(expected)


def test_regions_that_matter_less_than_random_areas_are_tied():
    masses = dict(zip(QUARTERS, (0.4, 0.3, 0.2, 0.1), strict=True))
    beneath = [(0.5, 0.0, 0.0, 0.0), (0.5, -0.3, -0.1, 0.0)]
    one, other = (
        reliance_agreement(masses, QUARTERS, [effect(n, d) for n, d in zip(QUARTERS, drops, strict=True)])
        for drops in beneath
    )
    assert one == other == pytest.approx(spearmanr((4, 3, 2, 1), beneath[0]).statistic)


def test_differences_of_rounding_are_no_order():
    masses = dict(zip(QUARTERS, (0.4, 0.3, 0.2, 0.1), strict=True))
    effects = [effect(name, 0.3 + 1e-8 * i) for i, name in enumerate(QUARTERS)]
    assert reliance_agreement(masses, QUARTERS, effects) == Absent(
        "hiding any region changes the answer equally, so there is no ranking to compare the map with"
    )


@pytest.mark.parametrize("drop", [0.0, 1e-8, 0.004, -0.3])
def test_a_model_that_depends_on_no_region_is_not_said_to_depend_on_all_alike(drop):
    masses = dict(zip(QUARTERS, (0.4, 0.3, 0.2, 0.1), strict=True))
    effects = [effect(name, drop) for name in QUARTERS]
    assert reliance_agreement(masses, QUARTERS, effects) == Absent(
        "hiding any region changes the answer no more than hiding random areas of its size, so there is no ranking to "
        "compare the map with"
    )


def test_a_map_as_dense_everywhere_is_absent():
    effects = [effect(name, i / 10) for i, name in enumerate(QUARTERS)]
    assert reliance_agreement(dict.fromkeys(QUARTERS, 0.25), QUARTERS, effects) == Absent(
        "the map is equally dense in every region, so it ranks none above another"
    )


def test_two_regions_are_too_few():
    masses = {"mark": 0.7, "border": 0.1, "outside": 0.2}
    effects = [effect("mark", 0.5), effect("border", 0.1)]
    assert reliance_agreement(masses, QUARTERS, effects) == Absent(
        "only 2 regions could be compared, and a rank correlation needs 3"
    )
