"""Quantus's number or its failure, ours, and the truth worked by hand, for every metric of which ours is not Quantus's.

The model is linear: logit = 8 × (mean of an area of the image − threshold), so that a pixel's contribution is known.
"""

import numpy as np
import pytest
import quantus
import torch
from reading_models import box, reads
from scipy.special import expit

from xaudit.config import MetricSpec
from xaudit.metrics import score_complexity, score_faithfulness
from xaudit.metrics.faithfulness import Asked
from xaudit.metrics.faithfulness.patches import region_perturbation
from xaudit.perturb.asking import answer_one
from xaudit.seeds import generator_for

SIDE = 12
SHAPE = (SIDE, SIDE)
AREA = box(SHAPE, (4, 8), (8, 12))  # 16 of 144 pixels, a patch of 4 × 4
FIRST = (
    AREA + np.random.default_rng(0).permutation(144).reshape(SHAPE) / 1000
)  # the area, then an order without ties
RANDOM = torch.rand((3, *SHAPE), generator=torch.Generator().manual_seed(0))
RANDOM[:, 0, 0] = 0.0  # Quantus's black is the image's least value: here it is 0 like ours
LIT = torch.from_numpy(np.broadcast_to(AREA, (3, *SHAPE)).copy()).float()
CONTRIBUTIONS = 8 * AREA / 16 * RANDOM.mean(0).double().numpy()
"""Of each pixel of the random image to the logit, held against black."""


def ours(name, saliency, *, image=RANDOM, classifier=None, blank=None, **settings):
    asked = MetricSpec(name=name, **settings)
    return score_faithfulness(asked, classifier or reads(AREA), image, 1, saliency, blank=blank)


def theirs(metric, saliency, *, image=RANDOM, classifier=None, softmax, batch_size=1, **settings):
    asked = metric(abs=False, normalise=False, disable_warnings=True, **settings)
    images, maps = (np.asarray(one) for one in (image, saliency))
    return asked(
        model=(classifier or reads(AREA)).module,
        x_batch=images[None] if images.ndim == 3 else images,
        y_batch=np.ones(1 if images.ndim == 3 else len(images), dtype=int),
        a_batch=maps[None, None] if maps.ndim == 2 else maps[:, None],
        channel_first=True,
        softmax=softmax,
        batch_size=batch_size,
    )


class OneChannel(torch.nn.Module):
    """The same reader of images with one channel, for which some of Quantus's metrics do not fail."""

    def forward(self, images):
        mean = images[:, 0, 4:8, 8:12].mean((1, 2))
        return torch.stack([torch.zeros_like(mean), 8 * (mean - 0.5)], dim=1)


# --- taking patches away -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["morf", "lerf"])
def test_region_perturbation_has_quantuss_points_and_the_paper_s_mean(order):
    falls = theirs(
        quantus.RegionPerturbation, FIRST, softmax=True, patch_size=4, regions_evaluation=5, order=order
    )[0]
    name = "region-perturbation" + ("-lerf" if order == "lerf" else "")
    asked = {"patch_px": 4, "regions": 5, "baseline": "black"}
    value = ours(name, FIRST, **asked)
    # AOPC divides by L + 1: no patch replaced counts as a fall of 0.
    assert value == pytest.approx(np.sum(falls) / 6, abs=1e-6)
    classifier = reads(AREA)
    found = answer_one(
        region_perturbation(
            Asked(classifier, RANDOM, 1, FIRST),
            **asked,
            answer="probability",
            order="highest first" if order == "morf" else "lowest first",
        ),
        classifier.logits,
        batch_size=4,
    )
    np.testing.assert_allclose(found.curve.value[0] - found.curve.value[1:], falls, atol=1e-6)
    np.testing.assert_allclose(found.curve.share, np.arange(6) / 9)


def test_region_perturbation_worked_by_hand():
    # The lit area is the patch that goes first: σ(4), then σ(−4) three times.
    value = ours(
        "region-perturbation", FIRST, image=LIT, classifier=reads(AREA, threshold=0.5),
        patch_px=4, regions=3, baseline="black",
    )  # fmt: skip
    assert value == pytest.approx(3 * (expit(4) - expit(-4)) / 4, abs=1e-6)


def test_selectivity_is_what_is_left_and_quantus_pays_for_it_again():
    asked = {"patch_px": 4, "regions": 9, "baseline": "black"}
    points = theirs(quantus.Selectivity, FIRST, softmax=True, patch_size=4)[0]
    untouched = expit(8 * float(RANDOM[:, 4:8, 8:12].mean()))
    value = ours("selectivity", FIRST, **asked)
    assert value == pytest.approx((untouched + np.sum(points)) / 10, abs=1e-6)
    assert value == pytest.approx(untouched - ours("region-perturbation", FIRST, **asked), abs=1e-6)


HALVES = box(SHAPE, (0, 12), (6, 12))


def test_irof_fails_in_quantus_and_has_a_value_per_image_here():
    lit = torch.from_numpy(np.broadcast_to(HALVES, (3, *SHAPE)).copy()).float()
    with pytest.raises(AssertionError):
        theirs(quantus.IROF, HALVES + FIRST, image=lit, classifier=reads(HALVES), softmax=True)
    with pytest.raises(AttributeError, match="trapz"):
        quantus.IROF(abs=False, normalise=False, disable_warnings=True)(
            model=OneChannel().eval(), x_batch=RANDOM[None, :1].numpy(), y_batch=np.array([1]), a_batch=FIRST[None, None],
            channel_first=True, softmax=True,
        )  # fmt: skip
    # Four superpixels, the quarters, the lit ones first: σ(4), σ(0) = ½, then σ(−4) three times.
    value = ours(
        "irof",
        HALVES + FIRST,
        image=lit,
        classifier=reads(HALVES, threshold=0.5),
        segments=6,
        baseline="black",
    )
    relative = np.array([expit(4), 0.5, expit(-4), expit(-4), expit(-4)]) / expit(4)
    assert value == pytest.approx(1 - (relative[1:-1].sum() + relative[[0, -1]].mean()) / 4, abs=1e-6)


# --- ROAD ----------------------------------------------------------------------------------------------------------


def test_road_fails_in_quantus_on_three_channels_and_is_exact_here():
    with pytest.raises(IndexError):
        theirs(quantus.ROAD, FIRST, softmax=False, percentages=[10, 50])
    classifier = reads(AREA, threshold=0.5)
    # The lit area is 11 % of the image, so the first fifth takes it; what is imputed from darkness is dark.
    assert ours("road", FIRST, image=LIT, classifier=classifier, steps=5) == 0.0
    # Of the lowest four fifths none lies in the area: the target is named throughout.
    assert ours("road-lerf", FIRST, image=LIT, classifier=classifier, steps=5) == 1.0
    low = ours("road", FIRST, image=LIT, classifier=classifier, steps=5, answer="probability")
    assert low == pytest.approx(expit(-4), abs=1e-4)


def test_road_counts_every_case_where_quantus_counts_its_first_batch():
    lit, dark = LIT[:1].numpy(), RANDOM[:1].numpy() / 10
    scores = quantus.ROAD(percentages=[50], noise=0.0, abs=False, normalise=False, disable_warnings=True)(
        model=OneChannel().eval(), x_batch=np.stack([lit, dark]), y_batch=np.ones(2, dtype=int), a_batch=-np.stack([FIRST, FIRST])[:, None],
        channel_first=True, batch_size=1,
    )  # fmt: skip
    assert scores == {50: 1.0}  # the dark image, on which the target is never named, is not in it
    classifier = reads(AREA, threshold=0.5)
    each = [
        ours("road-lerf", FIRST, image=image, classifier=classifier, steps=2) for image in (LIT, RANDOM / 10)
    ]
    assert each == [1.0, 0.0]


# --- monotonicity --------------------------------------------------------------------------------------------------


def test_monotonicity_is_always_true_in_quantus_and_false_here_where_the_highest_pixels_speak_against():
    against = reads(AREA, gain=-8.0, threshold=0.5)
    assert theirs(
        quantus.Monotonicity, FIRST, image=LIT, classifier=against, softmax=True, features_in_step=48
    ) == [True]
    # Shown on black, the lit area comes last and takes the probability from σ(4) to σ(−4).
    asked = {"image": LIT, "steps": 16, "baseline": "black"}
    assert ours("monotonicity", FIRST, classifier=against, **asked) == 0.0
    # Where it comes first (the map that says what the model uses), the fall comes first as well: still no.
    assert ours("monotonicity", -FIRST, classifier=against, **asked) == 0.0
    # A model for which the area speaks: the probability rises at the last step and never falls.
    assert ours("monotonicity", FIRST, classifier=reads(AREA, threshold=0.5), **asked) == 1.0


def test_monotonicity_correlation_fails_in_quantus_on_a_faint_answer_and_is_a_number_here():
    faint = reads(AREA, threshold=3.0)
    asked = quantus.MonotonicityCorrelation(
        nr_samples=1,
        features_in_step=48,
        abs=True,
        normalise=False,
        perturb_baseline="black",
        disable_warnings=True,
    )
    both = torch.stack([4 * LIT, LIT])  # probabilities σ(8) and σ(−16), the second below Quantus's 1e-5
    with pytest.raises(ValueError, match="cannot assign"):
        asked(
            model=faint.module, x_batch=both.numpy(), y_batch=np.ones(2, dtype=int),
            a_batch=np.stack([FIRST, FIRST])[:, None], channel_first=True, softmax=True, batch_size=2,
        )  # fmt: skip
    # Contributions rank portions exactly as their squared effects do on a linear logit: all but the area's are 0.
    value = ours(
        "monotonicity-correlation", CONTRIBUTIONS, classifier=faint, steps=144, baseline="black", draws=1
    )
    assert value == pytest.approx(1.0, abs=0.01)


# --- correlations --------------------------------------------------------------------------------------------------


def test_faithfulness_estimate_is_quantuss_for_portions_of_whole_pixels():
    for n_pixels in (4, 16):
        number = theirs(
            quantus.FaithfulnessEstimate,
            FIRST,
            softmax=False,
            features_in_step=3 * n_pixels,
            perturb_baseline="black",
        )[0]
        value = ours("faithfulness-estimate", FIRST, steps=144 // n_pixels, baseline="black")
        assert value == pytest.approx(number, abs=1e-5)


def test_faithfulness_correlation_is_quantuss_for_the_same_subsets(monkeypatch):
    size, numbers = 14, iter(range(30))  # a tenth of 144 pixels

    def choice(n_features, subset_size, *, replace):
        assert (n_features, subset_size, replace) == (432, 3 * size, False)
        pixels = generator_for(0, "subset", str(size), str(next(numbers))).permutation(144)[:size]
        return np.concatenate([pixels, pixels + 144, pixels + 288])

    monkeypatch.setattr(np.random, "choice", choice)
    number = theirs(
        quantus.FaithfulnessCorrelation, FIRST, softmax=False, nr_runs=30, subset_size=3 * size,
        perturb_baseline="black", return_aggregate=False,
    )[0]  # fmt: skip
    value = ours("faithfulness-correlation", FIRST, samples=30, share=0.1, baseline="black")
    assert value == pytest.approx(number, abs=1e-5)


@pytest.mark.parametrize("name", ["faithfulness-correlation", "sensitivity-n", "faithfulness-estimate"])
def test_on_a_linear_model_contributions_correlate_wholly_and_their_opposite_not_at_all(name):
    assert ours(name, CONTRIBUTIONS, baseline="black") == pytest.approx(1.0, abs=1e-4)
    assert ours(name, -CONTRIBUTIONS, baseline="black") == pytest.approx(-1.0, abs=1e-4)


def test_sensitivity_n_of_quantus_is_no_case_s_and_knows_its_first_batch_alone():
    other = torch.flip(RANDOM, (1, 2))
    images, maps = torch.stack([RANDOM, other, LIT]), np.stack([FIRST, -FIRST, FIRST])
    asked = {"softmax": False, "features_in_step": 48, "batch_size": 2}
    scores = theirs(quantus.SensitivityN, maps, image=images, **asked)
    # One number for the data set: of its first batch, of which two cases are two points, on a line.
    assert scores == pytest.approx([1.0])
    assert scores == theirs(quantus.SensitivityN, maps[:2], image=images[:2], **asked)
    each = [ours("sensitivity-n", one, image=image) for image, one in zip(images, maps, strict=True)]
    assert len(set(each)) == 3


# --- infidelity ----------------------------------------------------------------------------------------------------


def test_infidelity_of_quantus_repeats_one_sample():
    once, often = (
        theirs(quantus.Infidelity, FIRST, softmax=False, n_perturb_samples=n, perturb_patch_sizes=[4])[0]
        for n in (1, 5)
    )
    assert often == pytest.approx(once, rel=1e-12)
    few, many = (ours("infidelity", FIRST, samples=n, scale="none") for n in (10, 50))
    assert abs(few - many) > 1e-3 * many


def test_infidelity_is_quantuss_where_one_square_is_the_image():
    number = theirs(
        quantus.Infidelity, FIRST, softmax=False, n_perturb_samples=1, perturb_patch_sizes=[SIDE]
    )[0]
    whole = {"patch": 1.0, "samples": 10, "baseline": "black", "scale": "none"}
    assert ours("infidelity", FIRST, reads="gradient", **whole) == pytest.approx(number, rel=1e-5)
    # By hand: the fall is 8 × the area's mean, the prediction the map times the pixels of all channels.
    fall = 8 * float(RANDOM[:, 4:8, 8:12].mean())
    assert number == pytest.approx((fall - (FIRST * RANDOM.double().sum(0).numpy()).sum()) ** 2, rel=1e-5)


def test_infidelity_is_zero_for_contributions_and_for_slopes_and_one_for_their_opposite():
    asked = {"baseline": "black", "samples": 40, "patch": 0.25}
    assert ours("infidelity", CONTRIBUTIONS, scale="none", **asked) == pytest.approx(0, abs=1e-9)
    assert ours("infidelity", 100 * CONTRIBUTIONS, **asked) == pytest.approx(0, abs=1e-9)
    assert ours("infidelity", -CONTRIBUTIONS, **asked) == 1.0
    slopes = 8 * AREA / 16 / 3  # per channel
    assert ours("infidelity", slopes, reads="gradient", scale="none", **asked) == pytest.approx(0, abs=1e-9)
    # Twice the contributions err by the fall itself.
    fall = 8 * float(RANDOM[:, 4:8, 8:12].mean())
    whole = {"patch": 1.0, "samples": 10, "baseline": "black", "scale": "none"}
    assert ours("infidelity", 2 * CONTRIBUTIONS, **whole) == pytest.approx(fall**2, rel=1e-5)


# --- axioms --------------------------------------------------------------------------------------------------------


def test_completeness_is_a_gap_where_quantus_asks_for_equal_floats():
    assert theirs(quantus.Completeness, CONTRIBUTIONS, softmax=False) == [False]
    assert ours("completeness", CONTRIBUTIONS, blank="black") == pytest.approx(0, abs=1e-6)
    # Half the fall is missed by a half: |½ − 1| / (½ + 1).
    assert ours("completeness", CONTRIBUTIONS / 2, blank="black") == pytest.approx(1 / 3, abs=1e-6)
    assert ours("completeness", -CONTRIBUTIONS, blank="black") == 1.0
    assert ours("completeness", CONTRIBUTIONS).reason == (
        "this explainer does not promise that its map sums to the answer"
    )


def test_non_sensitivity_counts_patches_where_quantus_fails_on_more_than_one_value_a_step():
    with pytest.raises(ValueError, match="broadcast"):
        theirs(quantus.NonSensitivity, AREA.astype(float), softmax=False, features_in_step=48)
    asked = {"patch_px": 4, "baseline": "black"}
    assert ours("non-sensitivity", AREA.astype(float), **asked) == 0.0
    # One more patch of 9 has a value and no effect; and where the map leaves out the area, one has an effect only.
    elsewhere = box(SHAPE, (0, 4), (0, 4))
    assert ours("non-sensitivity", (AREA | elsewhere).astype(float), **asked) == 1 / 9
    assert ours("non-sensitivity", elsewhere.astype(float), **asked) == 2 / 9


# --- complexity ----------------------------------------------------------------------------------------------------

FOUR = box(SHAPE, (0, 2), (0, 2)) * 3.0


def test_how_simple_a_map_of_four_equal_pixels_is():
    def simple(name):
        return score_complexity(MetricSpec(name=name), FOUR)

    assert simple("complexity") == pytest.approx(np.log(4), abs=1e-6)
    assert simple("sparseness") == pytest.approx(1 - 4 / 144, abs=1e-4)
    assert simple("effective-complexity") == 4


def test_effective_complexity_depends_on_the_company_in_quantus_and_not_here():
    maps = np.stack([FIRST, 1e6 * FIRST])
    alone, in_company = (
        quantus.EffectiveComplexity(disable_warnings=True)(
            model=None, x_batch=np.zeros((len(some), 1, *SHAPE)), y_batch=np.ones(len(some), dtype=int),
            a_batch=some[:, None], channel_first=True,
        )[0]
        for some in (maps[:1], maps)
    )  # fmt: skip
    assert (alone, in_company) == (143, 0)
    assert score_complexity(MetricSpec(name="effective-complexity"), FIRST) == 143
    assert score_complexity(MetricSpec(name="effective-complexity"), 1e6 * FIRST) == 143
