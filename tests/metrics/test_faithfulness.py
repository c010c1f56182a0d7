import numpy as np
import pytest
import quantus
import torch
from reading_models import box, reads, reads_nothing
from scipy.special import expit

from xaudit.config import MetricSpec
from xaudit.metrics import Absent, faithfulness, score_faithfulness
from xaudit.perturb.asking import answer_one

SHAPE = (8, 12)
CORNER = box(SHAPE, (0, 2), (0, 6))  # 12 of 96 pixels


def pixel_flipping(classifier, *about, **settings):
    asking = faithfulness.pixel_flipping(classifier, *about, **settings)
    return answer_one(asking, classifier.logits, batch_size=classifier.batch_size)


def flipping_curve(classifier, *about, **settings):
    asking = faithfulness.flipping_curve(classifier, *about, **settings)
    return answer_one(asking, classifier.logits, batch_size=classifier.batch_size)


BRIGHT = torch.ones((3, *SHAPE))
DISTINCT = np.random.default_rng(0).permutation(96).reshape(SHAPE).astype(float)


def test_the_area_under_a_curve_worked_by_hand():
    # Black is 0. The reader says σ(8 · (mean of the corner − ½)): σ(4) untouched. A map on the corner takes it all in
    # the first of 8 portions, then nothing changes: curve σ(4), σ(−4) eight times.
    saliency = np.where(CORNER, 100.0, 0.0) + DISTINCT / 96
    value = pixel_flipping(reads(CORNER, threshold=0.5), BRIGHT, 1, saliency, steps=8, baseline="black")
    assert value == pytest.approx((expit(4) / 2 + 7 * expit(-4) + expit(-4) / 2) / 8, abs=1e-6)
    # The worst map takes the corner last: σ(4) eight times, then σ(−4).
    worst = pixel_flipping(reads(CORNER, threshold=0.5), BRIGHT, 1, -saliency, steps=8, baseline="black")
    assert worst == pytest.approx((expit(4) / 2 + 7 * expit(4) + expit(-4) / 2) / 8, abs=1e-6)


def test_the_curve_begins_untouched_and_ends_with_nothing_left():
    image = torch.rand((3, *SHAPE), generator=torch.Generator().manual_seed(0))
    classifier = reads(CORNER)
    curve = flipping_curve(classifier, image, 1, DISTINCT, steps=5, baseline="mean")
    mean = image.mean((1, 2), keepdim=True).expand_as(image)
    ends = torch.softmax(classifier.logits(torch.stack([image, mean])), 1)[:, 1]
    assert curve.shape == (6,)
    np.testing.assert_allclose(curve[[0, -1]], ends.numpy(), atol=1e-6)


def test_one_forward_per_step_and_one_more_in_full_batches():
    classifier = reads(CORNER, batch_size=7)
    sizes = []
    classifier.module.register_forward_pre_hook(lambda _module, inputs: sizes.append(len(inputs[0])))
    pixel_flipping(classifier, BRIGHT, 1, DISTINCT, steps=16, baseline="black")
    assert sizes == [1, 7, 7, 2]  # the untouched image first: with company, another metric has asked for it


@pytest.mark.parametrize("channels_together", [3, 6])
def test_quantus_gives_the_same_points_where_a_step_holds_whole_pixels_and_nothing_is_tied(channels_together):
    # Quantus flips channel by channel, so 3 values a step are one pixel. It leaves out the untouched image.
    image = torch.rand((3, *SHAPE), generator=torch.Generator().manual_seed(1))
    image[:, 0, 0] = 0.0  # Quantus's "black" is the least value of the image; here it is 0 like ours
    classifier = reads(CORNER)
    theirs = quantus.PixelFlipping(
        features_in_step=channels_together,
        abs=False,
        normalise=False,
        perturb_baseline="black",
        disable_warnings=True,
    )(
        model=classifier.module,
        x_batch=image[None].numpy(),
        y_batch=np.array([1]),
        a_batch=DISTINCT[None, None],
        channel_first=True,
        softmax=True,
    )[0]
    steps = 96 * 3 // channels_together
    ours = flipping_curve(classifier, image, 1, DISTINCT, steps=steps, baseline="black")
    np.testing.assert_allclose(ours[1:], theirs, atol=1e-6)


def test_quantus_cannot_integrate_the_curve_that_it_draws():
    asked = quantus.PixelFlipping(
        features_in_step=24, abs=False, normalise=False, return_auc_per_sample=True, disable_warnings=True
    )
    with pytest.raises(AttributeError, match="trapz"):
        asked(
            model=reads(CORNER).module,
            x_batch=torch.rand((1, 3, *SHAPE)).numpy(),
            y_batch=np.array([1]),
            a_batch=DISTINCT[None, None],
            channel_first=True,
            softmax=True,
        )


@pytest.mark.parametrize("baseline", ["mean", "black", "blur"])
def test_a_map_of_what_the_model_reads_beats_noise_and_its_own_opposite(baseline):
    image = torch.zeros((3, 32, 32))
    area = box((32, 32), (4, 10), (20, 26))
    image[:, torch.from_numpy(area)] = 1.0
    spec = MetricSpec(name="pixel-flipping", baseline=baseline)
    classifier = reads(area, threshold=0.5)
    noise = np.random.default_rng(0).random((32, 32))
    right, blind, wrong = (
        score_faithfulness(spec, classifier, image, 1, saliency)
        for saliency in (area + noise, noise, noise - area)
    )
    assert right < blind < wrong
    assert right < 0.25
    assert wrong > 0.85


def test_only_the_order_of_the_pixels_counts():
    image = torch.rand((3, *SHAPE), generator=torch.Generator().manual_seed(2))
    asked = {"steps": 9, "baseline": "mean"}
    assert pixel_flipping(reads(CORNER), image, 1, DISTINCT, **asked) == pixel_flipping(
        reads(CORNER), image, 1, np.exp(DISTINCT / 8) - 100, **asked
    )


def test_the_batch_size_changes_nothing():
    image = torch.rand((3, *SHAPE), generator=torch.Generator().manual_seed(2))
    scores = [
        pixel_flipping(reads(CORNER, batch_size=size), image, 1, DISTINCT, steps=10, baseline="blur")
        for size in (1, 4, 64)
    ]
    assert scores == pytest.approx([scores[0]] * 3, abs=1e-6)


def test_a_model_that_reads_nothing_gives_its_constant():
    value = pixel_flipping(reads_nothing(SHAPE), BRIGHT, 1, DISTINCT, steps=4, baseline="black")
    assert value == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("saliency", "reason"),
    [
        (np.full(SHAPE, 2.0), "the map is constant at 2: it points everywhere alike"),
        (np.zeros(SHAPE), "the map is zero everywhere: it points nowhere"),
        (np.where(CORNER, np.nan, 1.0), "the map is not finite: 12% of its values are NaN or infinite"),
    ],
)
def test_a_map_without_an_order_is_absent_and_says_why(saliency, reason):
    assert score_faithfulness(
        MetricSpec(name="pixel-flipping"), reads(CORNER), BRIGHT, 1, saliency
    ) == Absent(reason)


def test_a_map_that_speaks_only_against_the_target_still_has_an_order():
    value = score_faithfulness(
        MetricSpec(name="pixel-flipping", steps=4), reads(CORNER), BRIGHT, 1, DISTINCT - 100
    )
    assert isinstance(value, float)
    assert value == score_faithfulness(
        MetricSpec(name="pixel-flipping", steps=4), reads(CORNER), BRIGHT, 1, DISTINCT
    )


def test_an_answer_that_is_not_a_number_is_absent():
    classifier = reads(CORNER)
    classifier.module.weights.fill_(float("nan"))
    assert pixel_flipping(classifier, BRIGHT, 1, DISTINCT, steps=4, baseline="black") == Absent(
        "the model's answer to the image with pixels replaced is not a number"
    )


def test_a_map_of_another_size_is_a_mistake_in_the_program():
    with pytest.raises(ValueError) as raised:
        pixel_flipping(reads(CORNER), BRIGHT, 1, np.ones((4, 4)), steps=4, baseline="black")
    assert str(raised.value) == "image of (3, 8, 12) and map of (4, 4) do not match"


def test_a_metric_of_another_family_is_a_mistake_in_the_program():
    with pytest.raises(ValueError) as raised:
        score_faithfulness(MetricSpec(name="iou"), reads(CORNER), BRIGHT, 1, DISTINCT)
    assert str(raised.value) == "'iou' is not a metric of the family faithfulness"
