"""A network with one output, trained with BCE on two classes."""

from dataclasses import replace

import pytest
import torch
from model_files import tiny
from safetensors.torch import save_file

from xaudit.config import ExplainerSpec, ModelSection
from xaudit.errors import ModelError
from xaudit.explainers import make_explainer
from xaudit.models import load_classifier, untrained_classifier

CLASSES = ("cancer", "normal")


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "net.safetensors"
    save_file({name: value.contiguous() for name, value in tiny(n_classes=1).state_dict().items()}, path)
    return path


def section_of(weights, **settings):
    own = {"source": "python", "factory": "tiny_networks:tiny", "input_size": 32, "outputs": "sigmoid"}
    return ModelSection(id="net", weights=weights, **{**own, **settings})


def load(weights, *, class_names=CLASSES, positive="cancer", **settings):
    return load_classifier(
        section_of(weights, **settings),
        class_names=class_names,
        weights=weights,
        device="cpu",
        batch_size=4,
        positive=positive,
    )


def refusal(weights, **settings):
    with pytest.raises(ModelError) as caught:
        load(weights, **settings)
    return str(caught.value), caught.value.hint


def images(n=6):
    return torch.randn((n, 3, 32, 32), generator=torch.Generator().manual_seed(0))


def answers():
    with torch.no_grad():
        return tiny(n_classes=1)(images())[:, 0]


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({}, 0),
        ({"positive": "normal"}, 1),
        ({"finding": "normal"}, 1),
        ({"positive": None, "finding": "cancer"}, 0),
    ],
)
def test_the_sigmoid_is_the_probability_of_the_class_it_stands_for(settings, place, weights):
    logits = load(weights, **settings).logits(images())
    torch.testing.assert_close(logits.softmax(dim=1)[:, place], answers().sigmoid(), rtol=0, atol=1e-6)
    # Half for the class, half against the other: their difference is the logit.
    torch.testing.assert_close(logits[:, place] - logits[:, 1 - place], answers(), rtol=0, atol=1e-5)


def test_a_threshold_moves_the_point_from_which_the_class_counts_as_said(weights):
    """A probability of .2 becomes one of .5: the logit rises by log 4."""
    shifted = load(weights, threshold=0.2).logits(images())
    torch.testing.assert_close(
        shifted[:, 0] - shifted[:, 1], answers() + torch.log(torch.tensor(4.0)), rtol=0, atol=1e-5
    )


def test_either_class_can_be_explained(weights):
    explainer = make_explainer(ExplainerSpec(name="input-x-gradient"), load(weights))
    shown = images(2)
    for_it, against = (explainer.explain(shown, [target] * 2, [0, 0]) for target in (0, 1))
    assert abs(for_it).max() > 0
    torch.testing.assert_close(torch.tensor(for_it), -torch.tensor(against), rtol=0, atol=1e-6)


def test_weights_of_one_output_without_the_setting_are_told_of_it(weights):
    said, hint = refusal(weights, outputs="classes")
    assert said.endswith("trained for 1 classes, the data has 2 (cancer, normal)")
    assert hint.startswith("for a single logit (BCE) set `outputs: sigmoid`")


def test_a_factory_of_one_output_without_the_setting_is_told_of_it(weights):
    said, hint = refusal(weights, outputs="classes", factory="tiny_networks:single")
    assert "has shape (2, 1), expected (images, 2)" in said
    assert "set `outputs: sigmoid`" in hint
    assert "it stands for the data's positive class, or for the one that `finding` names" in hint


def test_three_classes_are_too_many(weights):
    said, hint = refusal(weights, class_names=("cancer", "normal", "unclear"))
    assert (
        said
        == "model 'net': `outputs: sigmoid` is for two classes, and the data has 3: cancer, normal, unclear"
    )
    assert "`merge`" in hint


def test_a_class_that_the_data_lacks_is_refused(weights):
    said, hint = refusal(weights, finding="cancre")
    assert said == "model 'net': the data has no class 'cancre' for its single logit to stand for"
    assert "did you mean 'cancer'" in hint


def test_findings_do_not_go_with_it(weights):
    with pytest.raises(ValueError, match="findings: a single logit stands for one class"):
        section_of(weights, findings=("cancer",))


def test_before_training_it_answers_for_the_same_two_classes():
    section = section_of(None)
    untrained = untrained_classifier(
        section, class_names=CLASSES, device="cpu", batch_size=4, positive="cancer"
    )
    logits = untrained.logits(images())
    torch.testing.assert_close(logits[:, 0], -logits[:, 1], rtol=0, atol=1e-6)


def test_training_is_binary_cross_entropy_of_the_logit_and_its_weights_come_back(tmp_path):
    """Trained from scratch: the file has one output, and both classes have half of it."""
    from test_train import CLASSES as LABELS
    from test_train import study, train

    from xaudit.models.weights.checkpoint import read_state

    data = replace(study(), positive=LABELS[0])
    model = section_of(None)
    path = train(tmp_path, data, model=model)
    state, notes = read_state(path)
    assert notes["class_names"] == [LABELS[0]]
    assert min(tensor.shape[0] for tensor in state.values() if tensor.ndim == 2) == 1
    ours = load_classifier(
        model, class_names=data.class_names, weights=path, device="cpu", batch_size=4, positive=LABELS[0]
    )
    logits = ours.logits(images())
    torch.testing.assert_close(logits[:, 0], -logits[:, 1], rtol=0, atol=1e-6)
    logit = torch.tensor([1.7])
    halves = torch.stack([logit / 2, -logit / 2], dim=1)
    torch.testing.assert_close(
        torch.nn.functional.cross_entropy(halves, torch.tensor([0])),
        torch.nn.functional.binary_cross_entropy_with_logits(logit, torch.ones(1)),
    )


@pytest.mark.parametrize(
    ("order", "stands_for"), [(["normal", "cancer"], "cancer"), (["cancer", "normal"], "normal")]
)
def test_a_file_that_lists_both_classes_says_which_one_the_logit_stands_for(tmp_path, order, stands_for):
    # BCE is trained on the numbers of the classes, so the logit is that of number 1.
    path = tmp_path / "net.pt"
    torch.save({"state_dict": tiny(n_classes=1).state_dict(), "classes": order}, path)
    assert load(path, finding=stands_for).class_names == CLASSES
    other = order[0]
    with pytest.raises(
        ModelError, match=f"its single logit stands for '{stands_for}', and it is taken for '{other}'"
    ) as caught:
        load(path, finding=other)
    assert caught.value.hint == f"set `finding: {stands_for}`"
