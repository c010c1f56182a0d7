"""What the rest of an audit relies on when it asks a classifier."""

import copy
import time

import captum.attr
import numpy as np
import pytest
import tiny_networks
import torch

from xaudit.errors import ModelError
from xaudit.models.classifier import Classifier

CLASSES = ("cancer", "normal")


def network(name="tiny", seed=1, n_classes=2):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return getattr(tiny_networks, name)(n_classes)


def classifier(module=None, **settings):
    return Classifier("net", module or network(), CLASSES, **({"model_hw": (32, 32)} | settings))


def images(n, side=32, seed=0):
    return torch.randn((n, 3, side, side), generator=torch.Generator().manual_seed(seed))


def refusal(name):
    with pytest.raises(ModelError) as caught:
        classifier(network(name))
    return str(caught.value), caught.value.hint


def test_logits_do_not_depend_on_who_shares_the_batch():
    batch = images(13)
    alone = torch.cat([classifier(batch_size=1).logits(batch[i : i + 1]) for i in range(13)])
    for batch_size in (2, 5, 32):
        torch.testing.assert_close(classifier(batch_size=batch_size).logits(batch), alone, rtol=0, atol=1e-5)
    torch.testing.assert_close(classifier().logits(batch.flip(0)).flip(0), alone, rtol=0, atol=1e-5)


@pytest.mark.slow
def test_logits_of_a_resnet50_do_not_depend_on_who_shares_the_batch():
    import torchvision

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = torchvision.models.resnet50(num_classes=2)
    asked = classifier(module, model_hw=(224, 224), batch_size=8)
    batch = images(9, side=224)
    alone = torch.cat([asked.logits(batch[i : i + 1]) for i in range(9)])
    # An untrained ResNet50 answers with logits of about 50, and float32 rounds in proportion to them, so a logit that
    # happens to be near 0 is bounded by the size of its neighbours. The same network in float64 is the third witness.
    exact = copy.deepcopy(module).double().eval()(batch.double()).detach()
    bound = 1e-5 * exact.abs().max().item()
    torch.testing.assert_close(asked.logits(batch), alone, rtol=0, atol=bound)
    torch.testing.assert_close(alone.double(), exact, rtol=0, atol=bound)


@pytest.mark.parametrize(("n_images", "sizes"), [(1, [1]), (4, [4]), (7, [4, 3]), (12, [4, 4, 4])])
def test_a_batch_is_asked_in_equal_pieces_of_a_bounded_number_of_pixels(monkeypatch, n_images, sizes):
    asked, batch = classifier(), images(n_images)
    whole = asked.logits(batch)
    seen = []
    asked.module.register_forward_pre_hook(lambda _module, args: seen.append(len(args[0])))
    monkeypatch.setattr("xaudit.models.classifier.PIXELS_AT_ONCE", 4 * 32 * 32)
    torch.testing.assert_close(asked.logits(batch), whole, rtol=0, atol=1e-6)
    assert seen == sizes


def test_an_image_of_more_pixels_than_a_piece_is_asked_alone(monkeypatch):
    asked, batch = classifier(), images(3)
    whole = asked.logits(batch)
    monkeypatch.setattr("xaudit.models.classifier.PIXELS_AT_ONCE", 100)
    torch.testing.assert_close(asked.logits(batch), whole, rtol=0, atol=1e-6)


def test_logits_are_those_of_the_bare_network_in_evaluation_mode():
    expected = network().eval()(images(3)).detach()
    torch.testing.assert_close(classifier(network().train()).logits(images(3)), expected, rtol=0, atol=1e-6)


def test_logits_can_be_differentiated_by_whoever_receives_them():
    logits = classifier().logits(images(2))
    assert (logits.requires_grad, logits.is_inference(), logits.dtype) == (False, False, torch.float32)


def test_no_images_give_no_logits():
    assert classifier().logits(images(0)).shape == (0, 2)


def test_images_of_another_frame_are_a_mistake_of_the_program():
    with pytest.raises(ValueError, match=r"images of shape \(1, 3, 16, 16\), expected \(N, 3, \(32, 32\)\)"):
        classifier().logits(images(1, side=16))


def test_a_network_that_a_library_left_in_training_mode_is_put_back():
    asked = classifier()
    before = asked.logits(images(4))
    asked.module.train()
    assert torch.equal(asked.logits(images(4)), before)


def test_meter_counts_images_not_batches():
    asked = classifier(batch_size=4)
    assert asked.meter.n_evals == 0
    asked.logits(images(10))
    assert asked.meter.n_evals == 10


def test_meter_counts_a_direct_call_and_its_gradient():
    asked = classifier()
    asked.module(images(3).requires_grad_())
    assert asked.meter.n_evals == 3
    with torch.no_grad():
        asked.module(images(2))
    assert asked.meter.n_evals == 5


def test_meter_counts_what_a_library_does_with_the_module():
    # Integrated gradients with 4 steps: 4 forwards with a gradient each, and nothing else for a fixed target.
    asked = classifier()
    captum.attr.IntegratedGradients(asked.module).attribute(images(2), target=0, n_steps=4)
    assert asked.meter.n_evals == 2 * 4


def test_meter_counts_copies_of_the_module_that_a_library_makes():
    asked = classifier()
    copy.deepcopy(asked.module)(images(3))
    assert asked.meter.n_evals == 3


class Slow(torch.autograd.Function):
    """Takes 20 ms forwards and 150 ms backwards."""

    @staticmethod
    def forward(context, values):
        time.sleep(0.02)
        return values.clone()

    @staticmethod
    def backward(context, gradient):
        time.sleep(0.15)
        return gradient


class SlowNetwork(torch.nn.Module):
    def forward(self, batch):
        return Slow.apply(batch).mean(dim=(2, 3))[:, :2]


def test_meter_times_forwards_and_backwards_and_nothing_between():
    asked = classifier(SlowNetwork())
    logits = asked.module(images(1).requires_grad_())
    forward = asked.meter.seconds
    assert 0.02 <= forward < 0.15
    time.sleep(0.3)
    logits.sum().backward()
    assert 0.15 <= asked.meter.seconds - forward < 0.3


def test_meter_times_a_backward_in_its_own_context_once_only():
    asked = classifier(SlowNetwork())
    logits = asked.module(images(1).requires_grad_())
    forward = asked.meter.seconds
    with asked.meter.backward():
        logits.sum().backward()
    assert 0.15 <= asked.meter.seconds - forward < 0.3


def test_meter_goes_on_after_a_call_that_failed():
    asked = classifier()
    with pytest.raises(RuntimeError):
        asked.module(torch.zeros((1, 5, 32, 32)))
    asked.module(images(1))
    assert asked.meter.n_evals == 1
    assert 0 < asked.meter.seconds < 10


@pytest.mark.parametrize("name", ["in_dict", "in_tuple"])
def test_logits_are_taken_out_of_their_wrapping_for_libraries_too(name):
    plain, wrapped = classifier(network()), classifier(network(name))
    assert isinstance(wrapped.module(images(2)), torch.Tensor)
    assert torch.equal(wrapped.logits(images(2)), plain.logits(images(2)))


def test_network_whose_logits_are_ambiguous_is_refused():
    assert refusal("ambiguous") == (
        "model 'net': the module returns a tuple in which 2 tensors could be the logits",
        "return one tensor of shape (images, classes), or a dict with the key 'logits'",
    )


def test_network_that_returns_nothing_is_refused():
    assert refusal("speechless")[0] == "model 'net': the module returns a NoneType without logits"


def test_network_with_another_number_of_classes_is_refused():
    assert refusal("one_class_too_many") == (
        "model 'net': the module's output has shape (2, 3), expected (images, 2)",
        "one logit per class of the data set, in the order of its class names",
    )


def test_network_that_merges_images_is_refused():
    assert refusal("merges_images")[0] == "model 'net': two images gave logits of shape (1, 2)"


def test_network_whose_logits_are_not_finite_is_refused():
    assert refusal("not_finite") == (
        "model 'net': its logits are not finite numbers",
        "the weights hold NaN or infinity; train again",
    )


def test_frame_that_the_network_cannot_take_is_refused():
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 16 * 16, 2))
    with pytest.raises(ModelError) as caught:
        classifier(module)
    assert str(caught.value) == (
        "model 'net': fails on images of 32 × 32: mat1 and mat2 shapes cannot be multiplied (2x3072 and 768x2)"
    )
    assert caught.value.hint == "set `input_size` to what the architecture takes"


def test_grey_image_reaches_the_network_on_all_three_channels_normalised():
    asked = classifier(mean=(0.1, 0.2, 0.3), std=(0.5, 0.25, 0.125))
    image, geometry = asked.to_input(np.full((64, 48), 0.6, dtype=np.float32))
    # (.6 − .1) / .5 = 1, (.6 − .2) / .25 = 1.6, (.6 − .3) / .125 = 2.4
    expected = torch.tensor([1.0, 1.6, 2.4]).view(3, 1, 1).expand(3, 32, 32)
    torch.testing.assert_close(image, expected)
    assert (geometry.original_hw, geometry.model_hw) == ((64, 48), (32, 32))


def test_a_planted_pixel_is_found_where_the_geometry_says():
    asked = classifier(fit="pad", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    pixels = np.zeros((64, 128, 3), dtype=np.float32)
    pixels[40, 100] = 1
    image, geometry = asked.to_input(pixels)
    row, column = divmod(int(image[0].argmax()), 32)
    # 128 px become 32: a quarter. 40 / 4 = 10 rows down, below a pad of (32 − 16) / 2 = 8; 100 / 4 = 25 across.
    assert (row, column) == (18, 25)
    assert geometry.to_original(25.5, 18.5) == (102.0, 42.0)


def test_denormalise_is_the_inverse_of_normalise():
    pixels = torch.rand((2, 3, 8, 8), generator=torch.Generator().manual_seed(0))
    asked = classifier()
    torch.testing.assert_close(asked.denormalise(asked.normalise(pixels)), pixels)


def test_fingerprint_is_the_same_for_the_same_model_and_of_16_hex_digits():
    assert classifier().fingerprint == classifier(batch_size=3, layer="last").fingerprint
    assert len(bytes.fromhex(classifier().fingerprint)) == 8


@pytest.mark.parametrize(
    "other",
    [
        {"module": network(seed=2)},
        {"mean": (0.5, 0.5, 0.5)},
        {"std": (0.5, 0.5, 0.5)},
        {"fit": "pad"},
        {"model_hw": (48, 48)},
        {"architecture": "another"},
    ],
)
def test_fingerprint_differs_with_weights_preprocessing_and_architecture(other):
    assert classifier(**other).fingerprint != classifier().fingerprint


def test_fingerprint_differs_with_one_weight_and_with_the_order_of_classes():
    changed = network()
    with torch.no_grad():
        changed.head.bias[0] += 1e-6
    assert classifier(changed).fingerprint != classifier().fingerprint
    swapped = Classifier("net", network(), CLASSES[::-1], (32, 32))
    assert swapped.fingerprint != classifier().fingerprint


def test_fingerprint_differs_where_only_a_parameterless_part_does():
    changed = network()
    changed.features[2] = torch.nn.GELU()
    assert classifier(changed).fingerprint != classifier().fingerprint


def test_target_layer_is_the_configured_one_unless_another_is_asked_for():
    asked = classifier(layer="last")
    assert asked.target_layer() is asked.module.last
    assert asked.target_layer("features.0") is asked.module.features[0]


def test_listing_candidates_costs_nothing_on_the_meter():
    asked = classifier()
    with pytest.raises(ModelError):
        asked.target_layer()
    assert asked.meter.n_evals == 0
