"""Networks that answer for each finding by itself, asked about one."""

import copy

import pytest
import torch
from model_files import tiny, write_torchscript
from safetensors.torch import save_file

from xaudit.config import ModelSection
from xaudit.errors import ModelError
from xaudit.models import load_classifier
from xaudit.models.gradients import check_gradients
from xaudit.models.randomise import layers_in_use, randomised

FINDINGS = ("effusion", "nodule", "mass")
CLASSES = ("nodule", "none")
PLAIN = {"input_size": 32, "outputs": "multilabel", "findings": FINDINGS}


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "net.safetensors"
    save_file({name: value.contiguous() for name, value in tiny(n_classes=3).state_dict().items()}, path)
    return path


def load(weights, *, class_names=CLASSES, positive="nodule", **settings):
    defaults = {"source": "python", "factory": "tiny_networks:tiny", **PLAIN}
    section = ModelSection(id="net", weights=weights, **{**defaults, **settings})
    return load_classifier(
        section, class_names=class_names, weights=weights, device="cpu", batch_size=4, positive=positive
    )


def refusal(weights, **settings):
    with pytest.raises(ModelError) as caught:
        load(weights, **settings)
    return str(caught.value), caught.value.hint


def images(n=6):
    return torch.randn((n, 3, 32, 32), generator=torch.Generator().manual_seed(0))


def answers():
    with torch.no_grad():
        return tiny(n_classes=3)(images())


def test_softmax_of_the_two_logits_is_the_sigmoid_of_the_finding(weights):
    found = load(weights).logits(images())
    torch.testing.assert_close(found[:, 0], answers()[:, 1], rtol=0, atol=1e-5)
    assert torch.equal(found[:, 1], torch.zeros(6))
    torch.testing.assert_close(found.softmax(dim=1)[:, 0], answers()[:, 1].sigmoid(), rtol=0, atol=1e-6)


def test_the_finding_stands_where_its_class_stands_and_may_have_another_name(weights):
    other = load(weights, class_names=("clear", "ill"), positive="ill", finding="mass")
    torch.testing.assert_close(other.logits(images())[:, 1], answers()[:, 2], rtol=0, atol=1e-5)
    assert other.fingerprint != load(weights).fingerprint


def test_a_threshold_becomes_a_probability_of_one_half(weights):
    found = load(weights, threshold=0.2).logits(images())
    said = found.argmax(dim=1) == 0
    assert torch.equal(said, answers()[:, 1].sigmoid() > 0.2)
    # At the threshold itself: logit(.2) - log(.2 / .8) = 0, whose sigmoid is .5.
    torch.testing.assert_close(found[:, 0], answers()[:, 1] + 1.3862944, rtol=0, atol=1e-5)


class Sigmoid(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = tiny(n_classes=3)

    def forward(self, images):
        return torch.sigmoid(self.inner(images))


def archive(folder):
    return {
        "weights": write_torchscript(Sigmoid(), folder / "net.pt"),
        "source": "torchscript",
        "trusted": True,
    }


def test_probabilities_are_turned_into_their_logits(tmp_path):
    found = load(**archive(tmp_path), outputs="multilabel-probabilities").logits(images())
    torch.testing.assert_close(found[:, 0], answers()[:, 1], rtol=0, atol=1e-4)


def test_probabilities_that_are_taken_for_logits_are_told_and_the_other_way_round_refused(tmp_path, weights):
    [note] = load(**archive(tmp_path)).notes
    assert "set `outputs: multilabel-probabilities`" in note
    said, hint = refusal(weights, outputs="multilabel-probabilities")
    assert said.startswith("model 'net': its outputs are no probabilities: they lie between -")
    assert said.endswith("as logits do, or scores of a regression")
    assert hint.startswith("set `outputs: multilabel` for logits")


class Grows(torch.nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(n_classes))

    def forward(self, images):
        return self.scale * images.abs().mean(dim=(1, 2, 3), keepdim=True)[:, :, 0, 0] / 4


def test_scores_that_leave_0_to_1_on_an_image_are_refused_though_they_do_not_on_noise(tmp_path):
    archived = {**archive(tmp_path), "weights": write_torchscript(Grows(3), tmp_path / "grows.pt")}
    found = load(**archived, outputs="multilabel-probabilities")
    with pytest.raises(
        ModelError, match=r"its outputs are no probabilities: they lie between 0\.\d+ and 3\.\d+, as"
    ):
        found.logits(torch.cat([images(), 20 * images(1)]))


def test_layers_and_gradients_are_those_of_the_network_and_a_copy_can_unlearn(weights):
    asked = load(weights)
    assert {name for name, _ in asked.module.named_modules()} == {name for name, _ in tiny().named_modules()}
    check_gradients(asked, asked_by="saliency")
    twin = randomised(asked, layers_in_use(asked), seed=0)
    assert torch.equal(twin.logits(images())[:, 1], torch.zeros(6))
    assert not torch.allclose(twin.logits(images()), asked.logits(images()))
    assert torch.equal(copy.deepcopy(asked.module)(images()), asked.module(images()))


def test_a_finding_that_is_none_of_the_network_s_is_refused_with_those_that_are(weights):
    assert refusal(weights, class_names=("cancer", "none"), positive="cancer") == (
        "model 'net': the data's positive class 'cancer' is none of its findings",
        "set `finding` to one of: effusion, nodule, mass",
    )


def test_data_of_three_classes_is_refused(weights):
    said, hint = refusal(weights, class_names=("mass", "nodule", "none"))
    assert said == (
        "model 'net': a multilabel network needs data with two classes, and the data has mass, nodule, none"
    )
    assert "`merge`" in hint


def test_another_number_of_findings_than_answers_is_refused(weights):
    said, _ = refusal(weights, findings=FINDINGS[:2])
    assert "trained for 3 classes, the data has 2 (effusion, nodule)" in said


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"outputs": "classes"}, "findings: goes with a network of findings"),
        ({"findings": ()}, "findings: a multilabel network needs them"),
        ({"findings": ("nodule", "nodule")}, "findings: 'nodule' stands twice"),
        ({"finding": "nodul"}, "finding: 'nodul' is none of its findings"),
        ({"target": "label"}, "target: a multilabel network says nothing of the other class"),
        ({"weights": None}, "weights: a multilabel network is not trained here"),
    ],
)
def test_what_a_section_of_a_multilabel_network_must_say(weights, settings, complaint):
    plain = {"id": "net", "source": "python", "factory": "tiny_networks:tiny", "weights": weights, **PLAIN}
    with pytest.raises(ValueError, match="validation error") as caught:
        ModelSection(**{**plain, **settings})
    assert complaint in str(caught.value)
