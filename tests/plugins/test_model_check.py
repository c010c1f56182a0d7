"""What the check of a source of networks finds: one fault at a time in a source that is otherwise right."""

import pytest
import torch
from torch import nn

from xaudit.errors import ModelError, PluginError
from xaudit.plugins import ModelPlugin, ModelRow, Option, check_model


def plugin(build, *, trains=False):
    row = ModelRow("other-one", "in words", "nothing", trains=trains)
    return ModelPlugin(row, build, (Option("width", 4, "channels"),))


def network(options, n_classes):
    return nn.Sequential(
        nn.Conv2d(3, options["width"], 3),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(options["width"], n_classes),
    )


def test_a_source_that_keeps_to_the_rules_passes():
    check_model(plugin(network))
    check_model(plugin(network), width=2, side=20)


def of_its_own_generator(options, n_classes):
    module = network(options, n_classes)
    generator = torch.Generator()
    generator.seed()
    with torch.no_grad():
        module[3].weight.normal_(generator=generator)
    return module


class Batch(nn.Module):
    """Takes the mean of the batch away."""

    def forward(self, images):
        return (images - images.mean(0))[:, :, 0, 0]


class Still(nn.Module):
    def forward(self, images):
        return images[:, :, 0, 0]


class Turns(nn.Module):
    turn = 0

    def forward(self, images):
        self.turn += 1
        return images[:, :, 0, 0] * self.turn


def cut(module):
    return lambda options, n_classes: nn.Sequential(module(), nn.Flatten(), Columns(n_classes))


class Columns(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.n_classes = n_classes

    def forward(self, values):
        return values.repeat(1, 2)[:, : self.n_classes]


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda options, n_classes: "resnet18", "`build` gave a str, expected a torch.nn.Module"),
        (of_its_own_generator, "the same torch seed gives other weights when the network is built again"),
    ],
)
def test_a_fault_is_told(build, told):
    with pytest.raises(PluginError) as caught:
        check_model(plugin(build))
    assert str(caught.value) == told


def test_a_network_that_an_audit_refuses_is_refused_with_the_same_words():
    told = r"(?m)^model 'tried': the module's output has shape \(2, 3\), expected \(images, 2\)$"
    with pytest.raises(ModelError, match=told):
        check_model(plugin(lambda options, _: network(options, 3)))
    for module in (Batch, Turns):
        with pytest.raises(ModelError, match=r"^model 'tried': "):
            check_model(plugin(cut(module)))


def test_what_trains_has_something_to_train():
    check_model(plugin(network, trains=True))
    check_model(plugin(cut(Still)))
    with pytest.raises(
        PluginError, match=r"(?m)^the network has no parameters to train, and the row says trains=True$"
    ):
        check_model(plugin(cut(Still), trains=True))
