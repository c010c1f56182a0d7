"""Batches that do not fit into memory are halved and asked again, and nothing else is caught."""

from types import SimpleNamespace

import pytest
import torch

from xaudit.errors import ModelError
from xaudit.models.classifier import Classifier
from xaudit.models.features import answers_with_features, feature_reader


class Cramped(torch.nn.Module):
    """Answers with the mean and its opposite; fails above some images, as an allocator does."""

    def __init__(self):
        super().__init__()
        self.most, self.words, self.sizes = 99, "CUDA out of memory. Tried to allocate 2 GiB", []
        self.full_after = None

    def forward(self, images):
        self.sizes.append(len(images))
        if self.full_after is not None and len(self.sizes) > self.full_after:
            self.most = 2
        if len(images) > self.most:
            raise RuntimeError(self.words)
        mean = images.mean(dim=(1, 2, 3))
        return torch.stack([mean, -mean], dim=1)


def cramped(most):
    network = Cramped()
    classifier = Classifier("m", network, ("ill", "well"), (8, 8), batch_size=8)
    network.most = most
    network.sizes.clear()
    return classifier, network


IMAGES = torch.randn((20, 3, 8, 8), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("most", [1, 2, 3, 5, 8])
def test_answers_are_equal_whatever_fits_and_every_image_has_one(most):
    classifier, _ = cramped(most)
    assert torch.equal(classifier.logits(IMAGES), cramped(99)[0].logits(IMAGES))


def test_the_size_that_fits_is_remembered_and_shown():
    classifier, network = cramped(3)
    assert classifier.memory_notes == ()
    classifier.logits(IMAGES)
    # 8 and 4 fail, 2 fits: four pairs, four pairs, and two pairs of the last four images.
    assert network.sizes == [8, 4] + [2] * 10
    network.sizes.clear()
    classifier.logits(IMAGES[:5])
    assert network.sizes == [2, 2, 1]
    assert classifier.memory_notes[0].startswith(
        "model 'm': batches of 8 images did not fit into the memory of cpu; it was given 2 at a time"
    )


def test_images_that_were_answered_are_not_asked_or_counted_again():
    classifier, network = cramped(8)
    network.full_after = 2  # another program takes the memory
    before = classifier.meter.n_evals
    assert torch.equal(classifier.logits(IMAGES), cramped(99)[0].logits(IMAGES))
    assert classifier.meter.n_evals - before == len(IMAGES)
    assert network.sizes == [8, 8, 4, 2, 2]


def test_a_full_batch_of_a_compiled_network_is_halved_too():
    classifier, network = cramped(4)
    asked = []

    def ask(batch):
        asked.append(len(batch))
        raise torch.OutOfMemoryError("CUDA out of memory")

    # As after `compile`: the network itself stays what smaller batches are given to.
    compiled = SimpleNamespace(source=classifier.without_norms(), is_current=True, ask=ask)
    classifier._compiled = compiled
    assert torch.equal(classifier.logits(IMAGES), cramped(99)[0].logits(IMAGES))
    assert asked == [8]
    assert network.sizes == [4] * 5


def test_one_image_that_does_not_fit_is_an_error_with_a_hint():
    classifier, _ = cramped(0)
    with pytest.raises(
        ModelError, match="model 'm': a single image of 8 x 8 pixels does not fit into the memory of cpu"
    ):
        classifier.logits(IMAGES)


def test_another_failure_is_passed_on():
    classifier, network = cramped(0)
    network.words = "shapes do not match"
    with pytest.raises(RuntimeError, match="shapes do not match"):
        classifier.logits(IMAGES)
    assert network.sizes == [8]


class Linear(torch.nn.Module):
    """Answers with a linear layer, and fails in front of it or behind it above some images."""

    def __init__(self, fails):
        super().__init__()
        self.last, self.fails, self.most = torch.nn.Linear(3, 2), fails, 99

    def forward(self, images):
        features = images.mean(dim=(2, 3))
        for place in ("in front", "behind"):
            if place == "behind":
                logits = self.last(features)
            if self.fails == place and len(images) > self.most:
                raise torch.OutOfMemoryError("CUDA out of memory")
        return logits


@pytest.mark.parametrize("fails", ["in front", "behind"])
def test_features_are_those_of_their_images_whatever_fits(fails):
    network = Linear(fails)
    classifier = Classifier("m", network, ("ill", "well"), (8, 8), batch_size=8)
    read, ask = feature_reader(classifier), answers_with_features(classifier)
    wanted = IMAGES.mean(dim=(2, 3))
    network.most = 3
    assert torch.allclose(ask(IMAGES)[:, 2:], wanted, atol=1e-6)
    assert torch.allclose(ask(IMAGES)[:, :2], classifier.logits(IMAGES))
    classifier._fits = None
    assert torch.allclose(torch.from_numpy(read(IMAGES)).float(), wanted, atol=1e-6)
    assert classifier._fits == 2
