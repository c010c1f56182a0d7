"""A network's own features: the input of its last linear layer."""

import numpy as np
import pytest
import torch

from xaudit.models.classifier import Classifier
from xaudit.models.features import feature_reader
from xaudit.models.network.sealed import Sealed


class TwoLinear(torch.nn.Module):
    """Channel means, doubled by a first layer and weighed by a last one."""

    def __init__(self):
        super().__init__()
        self.last = torch.nn.Linear(3, 2)
        self.first = torch.nn.Linear(3, 3, bias=False)
        with torch.no_grad():
            self.first.weight.copy_(2 * torch.eye(3))

    def forward(self, images):
        return self.last(self.first(images.mean((2, 3))))


class ConvolutionalHead(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.head = torch.nn.Conv2d(3, 2, 1)

    def forward(self, images):
        return self.head(images).mean((2, 3))


class LinearOnTokens(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(3, 2)

    def forward(self, images):
        return self.head(images.flatten(2).transpose(1, 2)).mean(1)


def classifier(module, **settings):
    torch.manual_seed(0)
    return Classifier(id="net", module=module, class_names=("a", "b"), model_hw=(8, 8), **settings)


def test_the_features_are_what_the_last_layer_that_runs_reads():
    net = classifier(TwoLinear(), batch_size=2)
    images = torch.rand((5, 3, 8, 8), generator=torch.Generator().manual_seed(1))
    read = feature_reader(net)
    np.testing.assert_allclose(read(images), 2 * images.mean((2, 3)).numpy(), rtol=1e-5)
    logits = net.module.last(torch.from_numpy(read(images)).float())
    torch.testing.assert_close(net.logits(images), logits.detach(), atol=1e-5, rtol=0)


def test_reading_is_counted_and_leaves_no_hook():
    net = classifier(TwoLinear())
    read = feature_reader(net)
    before = net.meter.n_evals
    read(torch.zeros((3, 3, 8, 8)))
    assert net.meter.n_evals == before + 3
    assert not any(part._forward_pre_hooks for part in (net.module.first, net.module.last))


@pytest.mark.parametrize("module", [ConvolutionalHead(), LinearOnTokens()])
def test_a_network_without_such_a_layer_says_so(module):
    assert feature_reader(classifier(module)) == (
        "the network does not end in a linear layer that reads one vector of an image"
    )


def test_the_features_of_a_file_cannot_be_reached():
    net = classifier(TwoLinear())
    net.module = Sealed.__new__(Sealed)
    assert feature_reader(net) == "the network comes as one file, and its features cannot be reached"
