"""Faults of a network that are found when it is first asked, each with what to do about it."""

import copy

import odd_networks
import pytest
import torch
from tiny_networks import Wrapped

from xaudit.config import ModelSection
from xaudit.errors import ModelError
from xaudit.models.activations import watch_activations
from xaudit.models.classifier import Classifier
from xaudit.models.gradients import check_gradients
from xaudit.models.sources.build import build_module, on_one_channel


def classifier(module, **settings):
    return Classifier("net", module, ("a", "b"), (32, 32), **settings)


def network(name):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return getattr(odd_networks, name)(2)


def refusal(module):
    with pytest.raises(ModelError) as caught:
        classifier(module)
    return str(caught.value), caught.value.hint


def test_dropout_as_a_function_is_found_in_the_forward_that_calls_it():
    assert refusal(network("DropsAsFunction")) == (
        "model 'net': gives different logits for the same image: DropsAsFunction.forward draws random "
        "numbers in evaluation mode",
        "use torch.nn.Dropout, which evaluation switches off, or give torch.nn.functional.dropout "
        "`training=self.training`",
    )


def test_a_module_that_draws_is_named():
    said, _ = refusal(network("DropsInside"))
    assert said.endswith("'drop' (Noise) draws random numbers in evaluation mode")


def test_looking_for_drawn_numbers_leaves_the_random_state_alone():
    before = torch.get_rng_state()
    refusal(network("DropsAsFunction"))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_norm_over_the_batch_is_named():
    assert refusal(network("BatchStatistics")) == (
        "model 'net': an image's logits depend on the image beside it: 'features.1' (BatchNorm2d) mixes the images "
        "of a batch",
        "a norm without running statistics (track_running_stats=False) does that; keep them, or take GroupNorm",
    )


def test_a_network_that_fails_on_a_single_image_is_found():
    said, _ = refusal(network("Squeezes"))
    assert said == (
        "model 'net': the module's output has shape (2,), expected (images, 2), asked for one image"
    )


def test_probabilities_are_no_error_but_a_note():
    [note] = classifier(network("probabilities")).notes
    assert note.startswith("model 'net': its outputs are probabilities, not logits")
    assert "take the softmax out of the network" in note
    assert classifier(odd_networks.Tiny(2)).notes == ()


def test_a_single_logit_for_two_classes_is_refused_with_the_way_out():
    said, hint = refusal(network("one_logit"))
    assert said == "model 'net': the module's output has shape (2, 1), expected (images, 2)"
    assert hint.endswith(
        "; for a single logit (BCE) set `outputs: sigmoid`: with two classes it stands for the data's positive class, or for the one "
        "that `finding` names"
    )


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("one_channel", "its first convolution takes one channel: set `channels: 1`"),
        (
            "four_channels",
            "its first convolution takes 4 channels, and images come with three (or one, with `channels: 1`); let the "
            "factory put a layer in front that makes them",
        ),
    ],
)
def test_a_wrong_number_of_channels_is_said_to_be_that(name, hint):
    assert refusal(network(name))[1] == hint


def test_a_network_on_one_channel_gets_the_mean_and_keeps_names_weights_and_copies():
    bare = network("one_channel").eval()
    asked = classifier(on_one_channel(copy.deepcopy(bare)))
    images = torch.randn(3, 3, 32, 32)
    torch.testing.assert_close(asked.logits(images), bare(images.mean(dim=1, keepdim=True)).detach())
    assert list(asked.module.state_dict()) == list(bare.state_dict())
    assert dict(asked.module.named_modules()).keys() == dict(bare.named_modules()).keys()
    assert isinstance(asked.module, odd_networks.Channels)
    other = copy.deepcopy(asked.module)
    with torch.no_grad():
        other.head.weight.zero_()
        other.head.bias.zero_()
    assert not other(images).any()
    assert asked.logits(images).any()


def test_channels_come_from_the_audit_file():
    grey = {"mean": (0.5,) * 3, "std": (0.25,) * 3}
    section = ModelSection(
        id="grey", source="python", factory="odd_networks:one_channel", channels=1, input_size=32, **grey
    )
    assert classifier(build_module(section, 2)).logits(torch.zeros(1, 3, 32, 32)).shape == (1, 2)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"channels": 4}, "channels: images have 1 or 3, got 4"),
        ({"channels": 1}, "mean: a network on one channel has one value, three times"),
        (
            {"channels": 1, "source": "torchvision", "architecture": "resnet18"},
            "channels: a model from torchvision takes 3",
        ),
    ],
)
def test_channels_that_cannot_be_are_refused_in_the_audit_file(settings, said):
    with pytest.raises(ValueError, match=said):
        ModelSection(**{"id": "grey", "source": "python", "factory": "odd_networks:one_channel", **settings})


def test_a_network_without_gradients_is_refused_where_they_are_needed():
    frozen = classifier(network("Frozen"))
    with pytest.raises(ModelError) as caught:
        check_gradients(frozen, asked_by="saliency")
    assert str(caught.value) == (
        "model 'net': saliency needs gradients, and it gives none: its logits do not depend on its input for autograd"
    )
    assert "explain it with lime, occlusion, rise" in caught.value.hint
    check_gradients(classifier(odd_networks.Tiny(2)), asked_by="saliency")


def test_gradients_that_reach_the_layer_but_not_the_image_serve_a_class_activation_map_only():
    asked = classifier(network("HeadOnly"))
    check_gradients(asked, asked_by="gradcam", layer=asked.module.last)
    with pytest.raises(ModelError, match="the gradient is cut off on its way back"):
        check_gradients(asked, asked_by="saliency")
    assert asked.meter.n_evals == 0
    assert not asked.module.last._forward_hooks


def test_probabilities_have_gradients_although_their_sum_has_none():
    check_gradients(classifier(network("probabilities")), asked_by="saliency")


def test_activations_are_told_by_module_and_by_function():
    seen = watch_activations(classifier(odd_networks.Tiny(2)))
    assert seen.relus == ("features.2",)
    assert seen.modules == {"features.2": 1, "features.3": 1}
    assert seen.functional == {"": 1}


def test_what_draws_is_named_even_where_it_draws_the_same_twice():
    for seed in range(12):  # the first image's two logits are dropped alike in one of four pairs of passes
        torch.manual_seed(seed)
        said, _ = refusal(network("DropsAsFunction"))
        assert "DropsAsFunction.forward draws" in said


class ChangesImages(odd_networks.Tiny):
    def forward(self, images):
        return super().forward(images.mul_(0.5))


class ChangesFeatures(odd_networks.Tiny):
    def forward(self, images):
        features = torch.sigmoid(self.last(self.features(images)))
        squares = features * features
        features += 1
        return self.head((features + squares).mean(dim=(2, 3)))


class Halves(odd_networks.Tiny):
    def forward(self, images):
        return super().forward(images.half())


class Views(odd_networks.Tiny):
    def forward(self, images):
        return super().forward(images) + images.view(len(images), -1).mean()


@pytest.mark.parametrize(
    ("kind", "said", "hint"),
    [
        (
            ChangesImages,
            "changes the images that it is given, in place",
            "let its forward work on a copy: `images * 2` instead of `images.mul_(2)` or `images *= 2`",
        ),
        (
            Halves,
            "fails on images of 32 × 32: Input type (c10::Half) and bias type (float) should be the same",
            "images and weights come as float32: take `.half()` and `.bfloat16()` out of its forward; weights in half precision "
            "are fine",
        ),
        (
            Views,
            "fails on images of 32 × 32: view size is not compatible with input tensor's size and stride",
            "use `reshape` instead of `view`: images come in channels-last memory",
        ),
    ],
)
def test_a_forward_that_is_written_for_other_images_is_told_how_to_be_mended(kind, said, hint):
    error, advice = refusal(kind(2))
    assert error.startswith(f"model 'net': {said}")
    assert advice == hint


def test_weights_in_half_precision_are_computed_with_in_single():
    images = torch.randn((2, 3, 32, 32), generator=torch.Generator().manual_seed(0))
    halved = odd_networks.Tiny(2).eval().half()
    wanted = copy.deepcopy(halved).float()(images)
    assert torch.allclose(classifier(halved).logits(images), wanted, atol=1e-5)


def test_a_tensor_that_is_changed_in_place_before_its_gradient_is_named():
    asked = classifier(ChangesFeatures(2))
    with pytest.raises(ModelError) as caught:
        check_gradients(asked, asked_by="saliency")
    assert str(caught.value) == (
        "model 'net': saliency needs gradients, and its forward changes a tensor in place that they need: "
        "[torch.FloatTensor [1, 6, 8, 8]]"
    )
    assert caught.value.hint.startswith("write `features = features + 1` instead of `features += 1`")


def test_an_answer_that_never_changes_is_a_note():
    """As TorchXRayVision's for a finding without an operating point, which is always a half."""
    same = Wrapped(2, lambda logits: torch.zeros_like(logits) + 0.5)
    assert classifier(same).notes == (
        "model 'net': gives two different images of noise the same answer; if it does so for real images too, it does not predict "
        "what it is asked for",
    )
    assert classifier(odd_networks.Tiny(2)).notes == ()
