"""What the check of an explainer finds: one fault at a time in an explainer that is otherwise right."""

import random

import numpy as np
import pytest
import torch

from xaudit.errors import PluginError
from xaudit.plugins import ExplainerPlugin, ExplainerRow, Option, check_explainer

OPTIONS = (Option("gain", 1.0, "factor"),)


def row(*, signed=True):
    return ExplainerRow(
        "other-one", "in words", "gradient", signed, False, False, "none", "nobody", options=OPTIONS
    )


class Right:
    """The target's logit times the image's first channel, and a little of what the seed draws."""

    def __init__(self, options, classifier):
        self.gain, self.classifier = options["gain"], classifier

    def explain(self, images, targets, seeds):
        with torch.inference_mode():
            logits = self.classifier.module(images)
        return np.stack(
            [
                self.one(image, answers[target], torch.Generator().manual_seed(seed))
                for image, target, seed, answers in zip(images, targets, seeds, logits, strict=True)
            ]
        )

    def one(self, image, logit, generator):
        return (self.gain * logit * (image[0] + torch.rand(image.shape[1:], generator=generator))).numpy()


def check(make=Right, *, signed=True, **options):
    check_explainer(ExplainerPlugin(row(signed=signed), make), **options)


def test_an_explainer_that_keeps_to_the_rules_passes():
    check()
    check(gain=3.0)


def test_an_option_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match=r"^no option is called 'again'; it takes: gain$"):
        check(again=1)


class Small(Right):
    def explain(self, images, targets, seeds):
        return super().explain(images, targets, seeds)[:, ::2]


class Words(Right):
    def explain(self, images, targets, seeds):
        return np.full(images[:, 0].shape, "high")


class Gap(Right):
    def explain(self, images, targets, seeds):
        maps = super().explain(images, targets, seeds)
        maps[1, 3, 4] = np.nan
        return maps


class DrawsFromNumpy(Right):
    def explain(self, images, targets, seeds):
        return super().explain(images, targets, seeds) + np.random.rand()  # noqa: NPY002


class DrawsFromTorch(Right):
    def explain(self, images, targets, seeds):
        return super().explain(images, targets, seeds) + torch.rand(1).item()


class DrawsFromPython(Right):
    def explain(self, images, targets, seeds):
        return super().explain(images, targets, seeds) + random.random()


class DrawsFromTheSystem(Right):
    def explain(self, images, targets, seeds):
        return super().explain(images, targets, seeds) + np.random.default_rng().random()


class Ages(Right):
    turns = 0

    def explain(self, images, targets, seeds):
        self.turns += 1
        return super().explain(images, targets, seeds) * self.turns


class Scales(Right):
    """All maps by the largest value of the batch."""

    def explain(self, images, targets, seeds):
        maps = super().explain(images, targets, seeds)
        return maps / np.abs(maps).max()


class Ranks(Right):
    """Each map after the first less what came before it."""

    def explain(self, images, targets, seeds):
        maps = super().explain(images, targets, seeds)
        return np.cumsum(maps, axis=0)


class Batches(Right):
    def explain(self, images, targets, seeds):
        return super().explain(images, targets, seeds) + self.classifier.batch_size


class Zeroes(Right):
    def explain(self, images, targets, seeds):
        maps = super().explain(images, targets, seeds)
        images.zero_()
        return maps


class Tracks(Right):
    def explain(self, images, targets, seeds):
        maps = super().explain(images, targets, seeds)
        images.requires_grad_()
        return maps


class Hooks(Right):
    def explain(self, images, targets, seeds):
        self.classifier.module[1].register_forward_hook(lambda *_: None)
        return super().explain(images, targets, seeds)


class Trains(Right):
    def explain(self, images, targets, seeds):
        with torch.no_grad():
            self.classifier.module[0].weight += 1
        return super().explain(images, targets, seeds)


class SwitchesOff(Right):
    def explain(self, images, targets, seeds):
        torch.set_grad_enabled(False)
        return super().explain(images, targets, seeds)


@pytest.fixture(autouse=True)
def gradients_on_again():
    yield
    torch.set_grad_enabled(True)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (Small, "maps have the shape (3, 16, 32), expected (3, 32, 32)"),
        (Words, "maps are of <U4, expected float32"),
        (Gap, "maps hold NaN or infinite values"),
        (DrawsFromNumpy, "the explainer draws from numpy's global random state; make a generator of the seed"),
        (DrawsFromTorch, "the explainer draws from torch's global random state; make a generator of the seed"),
        (DrawsFromPython, "the explainer draws from Python's global random state; make a generator of the seed"),
        (DrawsFromTheSystem, "the same question gets another map when asked again"),
        (Ages, "the same question gets another map when asked again"),
        (Scales, "a map depends on the other images of its batch"),
        (Ranks, "a map depends on the order of the images"),
        (Batches, "a map depends on the classifier's batch size, 1"),
        (Zeroes, "the images were changed, or ask for gradients now; work on a copy"),
        (Tracks, "the images were changed, or ask for gradients now; work on a copy"),
        (Hooks, "the model was changed: hooks, modes or weights are not as they were"),
        (Trains, "the model was changed: hooks, modes or weights are not as they were"),
        (SwitchesOff, "gradients are switched off afterwards; switch them off for yourself only"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)  # fmt: skip
def test_a_fault_is_told(make, told):
    with pytest.raises(PluginError) as caught:
        check(make)
    assert str(caught.value) == told


def test_negative_values_are_a_fault_of_an_unsigned_map():
    with pytest.raises(PluginError, match=r"(?m)^maps hold negative values, and the row says signed=False$"):
        check(signed=False)
