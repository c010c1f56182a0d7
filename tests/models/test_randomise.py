"""Networks that unlearn: the copy does, the original does not."""

import pytest
import torch
from torch import nn

from xaudit.models.classifier import Classifier
from xaudit.models.randomise import cascade, layers_in_use, randomised


class Odd(nn.Module):
    """Layers defined in another order than they are used, a weight of its own kind, and a head that nobody reaches."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 2)
        self.aside = nn.Linear(7, 7)
        self.stem = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.scale = Scale()

    def forward(self, images):
        return self.head(self.scale(self.norm(self.stem(images))).mean((2, 3)))


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.by = nn.Parameter(torch.arange(1.0, 5.0))

    def forward(self, features):
        return features * self.by[:, None, None]


@pytest.fixture
def classifier():
    torch.set_num_threads(1)
    torch.manual_seed(3)
    return Classifier("odd", Odd(), ("no", "yes"), (16, 16))


def weights(classifier):
    return {name: value.clone() for name, value in classifier.module.state_dict().items()}


def test_layers_stand_in_the_order_of_use_and_those_out_of_use_are_left_out(classifier):
    assert layers_in_use(classifier) == ("stem", "norm", "scale", "head")


def test_a_cascade_starts_at_the_top_and_takes_everything_once():
    parts = cascade(["a", "b", "c", "d", "e"], 3)
    assert parts == [("e", "d"), ("c", "b"), ("a",)]
    assert cascade(["a"], 2) == [("a",), ()]


def test_the_original_stays_as_it_was_to_the_bit(classifier):
    before, print_before = weights(classifier), classifier.fingerprint
    image = torch.rand(2, 3, 16, 16)
    answer = classifier.logits(image)
    hooks = len(classifier.module._forward_hooks)
    twin = randomised(classifier, layers_in_use(classifier), seed=0)
    assert not torch.allclose(twin.logits(image), answer)
    for name, value in weights(classifier).items():
        assert torch.equal(value, before[name]), name
    assert classifier._fingerprint() == print_before != twin.fingerprint
    assert torch.equal(classifier.logits(image), answer)
    assert len(classifier.module._forward_hooks) == hooks


def test_what_the_copy_is_asked_is_on_the_meter_of_the_original(classifier):
    twin = randomised(classifier, ("head",), seed=0)
    before = classifier.meter.n_evals
    twin.logits(torch.rand(5, 3, 16, 16))
    assert classifier.meter.n_evals == before + 5


def test_only_the_layers_named_are_drawn_and_each_by_its_name_alone(classifier):
    before = weights(classifier)
    one, two = (randomised(classifier, names, seed=7) for names in (("head",), ("stem", "head")))
    for name, value in weights(one).items():
        assert torch.equal(value, before[name]) == (not name.startswith("head")), name
    assert torch.equal(one.module.head.weight, two.module.head.weight)
    other = randomised(classifier, ("head",), seed=8)
    assert not torch.equal(one.module.head.weight, other.module.head.weight)


def test_weights_of_an_own_kind_keep_their_mean_and_spread(classifier):
    drawn = torch.cat(
        [randomised(classifier, ("scale",), seed=s).module.scale.by.detach() for s in range(40)]
    )
    # Of 1, 2, 3, 4: mean 2.5, standard deviation 1.118.
    assert float(drawn.mean()) == pytest.approx(2.5, abs=0.35)
    assert float(drawn.std()) == pytest.approx(1.118, abs=0.3)


def test_drawing_leaves_the_global_random_state_alone(classifier):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    randomised(classifier, ("head", "stem"), seed=0)
    assert torch.equal(torch.rand(1), expected)
