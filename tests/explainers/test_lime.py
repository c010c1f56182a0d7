"""LIME against the library used plainly, its superpixels, and what its own sampler would get wrong."""

import numpy as np
import pytest
import torch
from evidence_models import Linear, Smooth, classifier_of
from lime.lime_base import LimeBase
from lime.lime_image import LimeImageExplainer
from skimage.segmentation import slic

from xaudit.catalog import explainer_row
from xaudit.config import ExplainerSpec
from xaudit.errors import ModelError
from xaudit.explainers import make_explainer
from xaudit.explainers.segmentation import superpixels

SETTINGS = {"samples": 60, "segments": 20, "compactness": 1.0}


def explain(model, images, targets, seeds, **options):
    spec = ExplainerSpec(name="lime", **{**SETTINGS, **options})
    return make_explainer(spec, model).explain(images, targets, seeds)


def pixels_of(model, image):
    return model.denormalise(image).permute(1, 2, 0).contiguous().numpy()


def plain_lime(model, image, target, seed, *, hide_color=None, n_segments=20, n_samples=60):
    """The library's documented use, with arrays of (H, W, 3) in [0, 1] and its progress bar."""

    def probabilities(batch):
        inputs = model.normalise(torch.from_numpy(np.stack(batch)).permute(0, 3, 1, 2))
        return torch.softmax(model.logits(inputs), dim=1).numpy()

    pixels = pixels_of(model, image)
    segments = superpixels(pixels, n_segments=n_segments, compactness=1.0)
    explanation = LimeImageExplainer(random_state=seed, feature_selection="none").explain_instance(
        pixels,
        probabilities,
        labels=(target,),
        top_labels=None,
        hide_color=hide_color,
        num_samples=n_samples,
        segmentation_fn=lambda _: segments,
    )
    return explanation, segments


@pytest.mark.parametrize(("hide", "hide_color"), [("mean", None), ("black", 0)])
@pytest.mark.parametrize(("segments", "samples"), [(4, 50), (20, 60), (30, 41)])
def test_the_coefficients_are_the_librarys_to_the_bit(hide, hide_color, segments, samples, images):
    """The model answers one image at a time, so that its own rounding is the same on both sides."""
    model = classifier_of(Smooth(), batch_size=1)
    settings = {"segments": segments, "samples": samples, "hide": hide}
    maps = explain(model, images, [1, 0, 1], [5, 6, 7], **settings)
    for saliency, image, target, seed in zip(maps, images, [1, 0, 1], [5, 6, 7], strict=True):
        plain, places = plain_lime(
            model, image, target, seed, hide_color=hide_color, n_segments=segments, n_samples=samples
        )
        expected = np.zeros(places.max() + 1, dtype=np.float32)
        for segment, coefficient in plain.local_exp[target]:
            expected[segment] = coefficient
        np.testing.assert_array_equal(saliency, expected[places])


def test_the_library_itself_fits_the_surrogate(images, monkeypatch):
    """A fit of its own that doubled every coefficient would double the map."""
    model = classifier_of(Smooth())
    once = explain(model, images[:1], [1], [5])
    fit, calls = LimeBase.explain_instance_with_data, []

    def doubled(base, data, labels, distances, label, num_features, **options):
        calls.append((data.shape, labels.shape, distances.shape, label, options["feature_selection"]))
        intercept, fitted, *rest = fit(base, data, labels, distances, label, num_features, **options)
        return intercept, [(feature, 2 * weight) for feature, weight in fitted], *rest

    monkeypatch.setattr(LimeBase, "explain_instance_with_data", doubled)
    np.testing.assert_array_equal(explain(model, images[:1], [1], [5]), 2 * once)
    n_superpixels = len(np.unique(superpixels(pixels_of(model, images[0]), n_segments=20, compactness=1.0)))
    assert calls == [((60, n_superpixels), (60, 2), (60,), 1, "none")]


@pytest.mark.parametrize(("hide", "hide_color"), [("mean", None), ("black", 0)])
@pytest.mark.parametrize(("target", "seed"), [(1, 5), (0, 6)])
def test_the_coefficients_are_the_librarys_own(hide, hide_color, target, seed, images, capfd):
    model = classifier_of(Smooth())
    saliency = explain(model, images[:1], [target], [seed], hide=hide)[0]
    explanation, segments = plain_lime(model, images[0], target, seed, hide_color=hide_color)
    expected = dict(explanation.local_exp[target])
    assert len(expected) == segments.max() + 1
    for segment, coefficient in expected.items():
        np.testing.assert_allclose(saliency[segments == segment], coefficient, rtol=0, atol=1e-7)
    assert max(abs(coefficient) for coefficient in expected.values()) > 1e-3
    assert (
        "60/60" in capfd.readouterr().err
    )  # the plain use draws its bar; the contract tests that ours does not


def test_a_linear_probability_gives_each_superpixel_what_hiding_it_costs():
    """Four even quadrants, hidden to black. The logit is small, so p ≈ 1/2 + logit / 4 and

    the coefficient of a quadrant ≈ (its pixels) · weight · (3 / std-average of shown − hidden) / 4.
    """
    weight = torch.zeros(3, 32, 32)
    weight[:, :16, :16], weight[:, :16, 16:] = 2e-5, -1e-5
    grey = torch.tensor([[0.2, 0.4], [0.6, 0.8]]).repeat_interleave(16, 0).repeat_interleave(16, 1)
    model = classifier_of(Linear(weight), mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    saliency = explain(model, grey.expand(1, 3, -1, -1), [1], [0], segments=4, samples=400, hide="black")[0]
    # top-left: 256 pixels × 3 channels × 2e-5 × 0.2 / 4 = 7.68e-4; top-right: 256 × 3 × −1e-5 × 0.4 / 4 = −7.68e-4
    expected = np.zeros((32, 32))
    expected[:16, :16], expected[:16, 16:] = 7.68e-4, -7.68e-4
    np.testing.assert_allclose(saliency, expected, rtol=0, atol=3e-5)


def test_superpixels_count_from_zero_and_cover_the_image(images):
    pixels = pixels_of(classifier_of(Smooth()), images[0])
    segments = superpixels(pixels, n_segments=20, compactness=1.0)
    assert segments.shape == (32, 32)
    assert np.array_equal(np.unique(segments), np.arange(segments.max() + 1))
    np.testing.assert_array_equal(superpixels(pixels.copy(), n_segments=20, compactness=1.0), segments)


@pytest.mark.parametrize("step", [0.1, 0.3])
def test_superpixels_follow_an_edge_and_stay_small_under_noise(step):
    """An edge off the grid, at column 29 of 64, under noise of 0.02: at most 10 of 4096 pixels on its wrong side.

    In Lab, whose lightness runs to 100, the same compactness gives one superpixel that is the whole image.
    """
    noise = np.random.default_rng(0).normal(0, 0.02, (64, 64, 1))
    pixels = np.clip(0.4 + step * (np.arange(64) >= 29)[None, :, None] + noise, 0, 1).repeat(3, axis=2)
    pixels = pixels.astype(np.float32)
    default = next(option.default for option in explainer_row("lime").options if option.name == "compactness")
    segments = superpixels(pixels, n_segments=16, compactness=default)
    beyond = np.broadcast_to(np.arange(64) >= 29, (64, 64))
    n_misplaced = sum(
        min(int((beyond & (segments == label)).sum()), int((~beyond & (segments == label)).sum()))
        for label in range(segments.max() + 1)
    )
    assert n_misplaced <= 10
    assert np.bincount(segments.ravel()).max() < 0.1 * 64 * 64
    assert len(np.unique(slic(pixels, n_segments=16, compactness=default, start_label=0))) == 1


def test_the_last_superpixel_is_hidden_too(images):
    """The library hides labels 0 to n − 1; SLIC by default counts 1 to n, and the last one always stayed."""
    model = classifier_of(Smooth())
    segments = superpixels(pixels_of(model, images[0]), n_segments=20, compactness=1.0)
    saliency = explain(model, images[:1], [1], [0])[0]
    assert np.abs(saliency[segments == segments.max()]).min() > 0


def test_an_image_without_any_edge_still_has_a_map():
    model = classifier_of(Smooth())
    even = torch.zeros(1, 3, 32, 32)
    np.testing.assert_allclose(explain(model, even, [1], [0], hide="mean"), 0, atol=1e-6)
    assert np.abs(explain(model, even, [1], [0], hide="black")).max() > 1e-4


@pytest.mark.parametrize("segments", [2, 4, 6])
def test_few_superpixels_all_keep_their_coefficient(segments, images):
    """Up to six features the library would select them one by one with another, unregularised regression."""
    saliency = explain(classifier_of(Smooth()), images[:1], [1], [0], segments=segments)[0]
    labels = superpixels(pixels_of(classifier_of(Smooth()), images[0]), n_segments=segments, compactness=1.0)
    assert len({float(saliency[labels == label][0]) for label in np.unique(labels)}) == labels.max() + 1


def test_batches_are_full_across_images(images):
    """180 samples of 60 each, in batches of 16: 11 · 16 + 4."""
    model = classifier_of(Smooth(), batch_size=16)
    sizes = []
    model.module.register_forward_pre_hook(lambda _m, args: sizes.append(len(args[0])))
    explain(model, images, [1, 1, 1], [0, 1, 2])
    assert sizes == [*[16] * 11, 4]
    assert model.meter.n_evals == 180


def test_samples_that_repeat_are_asked_once(images):
    """Of four superpixels there are 16 pictures at most, however many samples are drawn."""
    model = classifier_of(Smooth(), batch_size=1)
    saliency = explain(model, images[:1], [1], [0], segments=4, samples=400)[0]
    n_superpixels = superpixels(pixels_of(model, images[0]), n_segments=4, compactness=1.0).max() + 1
    assert model.meter.n_evals == 2**n_superpixels
    plain, places = plain_lime(model, images[0], 1, 0, n_segments=4, n_samples=400)
    coefficients = dict(plain.local_exp[1])
    assert all((saliency[places == label] == np.float32(coefficients[label])).all() for label in coefficients)


def test_an_answer_that_is_not_a_number_says_what_to_do(images):
    class Broken(Smooth):
        def forward(self, shown):
            logits = super().forward(shown)
            return logits / 0 * 0 if self.is_broken else logits

    broken = Broken()
    broken.is_broken = False
    model = classifier_of(broken)
    broken.is_broken = True
    with pytest.raises(ModelError, match="superpixels hidden is not a number") as caught:
        explain(model, images[:1], [1], [0])
    assert caught.value.hint == "check its weights and its preprocessing: NaN or infinite logits"


def dominated():
    """A smooth function of the top-left, then the top-right, then the bottom-left quadrant; the rest counts little."""
    weight = torch.full((3, 32, 32), 1e-7)
    weight[:, :16, :16], weight[:, :16, 16:], weight[:, 16:, :16] = 4e-4, 2e-4, 1e-4
    return classifier_of(Linear(weight), mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), batch_size=1)


def quadrants():
    return (
        torch.tensor([[0.2, 0.4], [0.6, 0.8]])
        .repeat_interleave(16, 0)
        .repeat_interleave(16, 1)
        .expand(1, 3, -1, -1)
    )


def test_auto_stops_when_the_leaders_stay_the_same_and_is_then_the_plain_map_of_as_many_samples():
    """The rule again, slowly: the first of 25, 50, 75 … samples whose three leaders are those of the two before."""
    settings = {"segments": 4, "hide": "black"}
    places = superpixels(pixels_of(dominated(), quadrants()[0]), n_segments=4, compactness=1.0)
    labels = range(places.max() + 1)
    leaders, n_samples = [], 0
    while len(leaders) < 3 or len(set(leaders[-3:])) > 1:
        n_samples += 25
        outright = explain(dominated(), quadrants(), [1], [3], samples=n_samples, **settings)
        worth = {label: outright[0][places == label][0] for label in labels}
        leaders.append(tuple(sorted(labels, key=lambda label: -worth[label])[:3]))
    assert 75 <= n_samples < 300
    auto = explain(dominated(), quadrants(), [1], [3], samples="auto", **settings)
    np.testing.assert_array_equal(auto, outright)


def test_auto_takes_at_most_as_many_samples_as_the_default_does(images):
    """Noise under a smooth network: the leaders go on changing, and the map is that of 300 samples."""
    model = classifier_of(Smooth(), batch_size=1)
    settings = {"segments": 60, "compactness": 1.0}
    auto = explain(model, images, [1, 1, 1], [0, 1, 2], samples="auto", **settings)
    n_evals = model.meter.n_evals
    full = explain(model, images, [1, 1, 1], [0, 1, 2], samples=300, **settings)
    ends = [np.array_equal(one, other) for one, other in zip(auto, full, strict=True)]
    assert True in ends
    assert (n_evals == 900) == all(ends)
    assert n_evals <= 900


@pytest.mark.parametrize("batch_size", [1, 7, 32])
def test_where_auto_stops_does_not_depend_on_the_batch_or_on_company(batch_size, images):
    model = classifier_of(Smooth(), batch_size=batch_size)
    together = explain(model, images, [1, 1, 1], [0, 1, 2], samples="auto")
    alone = [explain(model, images[i : i + 1], [1], [i], samples="auto")[0] for i in range(3)]
    np.testing.assert_allclose(together, np.stack(alone), rtol=0, atol=1e-6)
