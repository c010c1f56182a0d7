"""The digest of a network's answers: the same for the same network, another as soon as it answers otherwise."""

import torch
from tiny_networks import Tiny, in_dict

from xaudit.models.classifier import Classifier
from xaudit.models.network.answers import answers_digest, probe_images

CPU = torch.device("cpu")


def tiny(kind=Tiny):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return kind(2).eval()


def digest(module):
    return answers_digest(module, n_classes=2, model_hw=(32, 32), device=CPU)


class Scaled(Tiny):
    """Its answers depend on a number that is no weight, as one that a factory read from a file."""

    gain = 1.0

    def forward(self, images):
        return super().forward(images) * self.gain


class Single(Tiny):
    """Wants 32 bits: a mask that it makes itself cannot be multiplied with anything else."""

    def forward(self, images):
        assert images.dtype == torch.float32
        return super().forward(images)


def test_the_same_network_has_the_same_digest_and_is_left_as_it_was():
    network = tiny()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state = torch.get_rng_state()
    assert digest(network) == digest(tiny()) == digest(tiny(in_dict).inner)
    assert torch.equal(torch.get_rng_state(), state)
    for name, value in network.state_dict().items():
        assert value.dtype == before[name].dtype
        assert torch.equal(value, before[name])


def test_a_number_that_is_no_weight_counts_and_a_millionth_of_the_last_digit_does_not():
    first, second = tiny(Scaled), tiny(Scaled)
    assert digest(first) == digest(second)
    second.gain = 1.001
    assert digest(first) != digest(second)
    second.gain = 1 + 1e-12
    assert digest(first) == digest(second)


def test_answers_that_are_exchanged_are_others():
    class Exchanged(Tiny):
        def forward(self, images):
            return super().forward(images).flip(1)

    assert digest(tiny()) != digest(tiny(Exchanged))


def test_a_network_that_takes_32_bits_only_has_a_digest_too():
    assert digest(tiny(Single)) == digest(tiny(Single))
    assert digest(tiny(Single)) != digest(tiny()), "rounded to fewer digits"


def test_the_two_images_are_not_alike_and_have_a_bright_square():
    noise, square = probe_images((32, 32))
    assert noise.shape == square.shape == (3, 32, 32)
    # The slope runs from -1 to 1; at row 12 of 32, column 12 it is (12 * 32 + 12) / 1023 * 2 - 1 = -.226.
    assert abs(float(square[0, 12, 12]) - (-0.226 + 2)) < 1e-3


def test_a_classifier_s_fingerprint_holds_its_answers_and_its_code():
    def fingerprint(gain=1.0, code=""):
        network = tiny(Scaled)
        network.gain = gain
        return Classifier("m", network, ("a", "b"), (32, 32), code=code).fingerprint

    assert fingerprint() == fingerprint()
    assert len({fingerprint(), fingerprint(gain=2.0), fingerprint(code="c")}) == 3
