"""Batches that do not fit into memory are halved and asked again, and nothing else is caught."""

import pytest
import torch

from xaudit.errors import ModelError
from xaudit.models.classifier import Classifier


class Cramped(torch.nn.Module):
    """Answers with the mean and its opposite; fails above some images, as an allocator does."""

    def __init__(self):
        super().__init__()
        self.most, self.words, self.sizes = 99, "CUDA out of memory. Tried to allocate 2 GiB", []

    def forward(self, images):
        self.sizes.append(len(images))
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
