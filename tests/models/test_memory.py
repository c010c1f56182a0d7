"""Batches that do not fit into memory are halved and asked again, and nothing else is caught."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import torch
from torchvision.models import VisionTransformer

from xaudit.config import ExplainerSpec
from xaudit.errors import ModelError
from xaudit.explainers import make_explainer
from xaudit.models.classifier import Classifier
from xaudit.models.features import answers_with_features, feature_reader
from xaudit.stages.work.fitting import keep_fits, recall_fits
from xaudit.store.run_folder import RunFolder


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
    classifier._answered.fits = None
    assert torch.allclose(torch.from_numpy(read(IMAGES)).float(), wanted, atol=1e-6)
    assert classifier._answered.fits == 2


class FailsBackward(torch.autograd.Function):
    """Passes everything on; backwards it fails above some images."""

    most = 99

    @staticmethod
    def forward(_context, features):
        return features.clone()

    @staticmethod
    def backward(_context, gradient):
        if len(gradient) > FailsBackward.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return gradient


class Small(torch.nn.Module):
    """A small convolutional network that fails above some images, in its forward or only in its backward pass."""

    def __init__(self, fails):
        super().__init__()
        self.features = torch.nn.Sequential(torch.nn.Conv2d(3, 5, 3, padding=1), torch.nn.ReLU())
        self.pool, self.flat = torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()
        self.last, self.fails, self.most = torch.nn.Linear(5, 2), fails, 99

    def forward(self, images):
        if self.fails == "forward" and len(images) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        features = self.features(images)
        if self.fails == "backward":
            features = FailsBackward.apply(features)
        return self.last(self.flat(self.pool(features)))


def explained(network, spec, most, monkeypatch):
    """Maps of seven images, the evaluations they cost, and the classifier."""
    monkeypatch.setattr(network, "most", 99, raising=False)
    monkeypatch.setattr(FailsBackward, "most", 99)
    classifier = Classifier("m", network, ("ill", "well"), (8, 8), batch_size=5, layer="features")
    explainer = make_explainer(ExplainerSpec.model_validate(spec), classifier)
    monkeypatch.setattr(network, "most", most)
    monkeypatch.setattr(FailsBackward, "most", most)
    before = classifier.meter.n_evals
    maps = explainer.explain(IMAGES[:7], [0, 1] * 3 + [0], list(range(7)))
    return maps, classifier.meter.n_evals - before, classifier


BY_GRADIENT = [
    {"name": "gradcam"},
    {"name": "saliency"},
    {"name": "integrated-gradients", "steps": 6},
    {"name": "smoothgrad", "samples": 4},
    {"name": "guided-backprop"},
]


@pytest.mark.parametrize(
    ("fails", "spec"),
    [
        *(
            ("forward", spec)
            for spec in (*BY_GRADIENT, {"name": "scorecam"}, {"name": "ablationcam"}, {"name": "lrp"})
        ),
        *(("backward", spec) for spec in BY_GRADIENT),
    ],
    ids=lambda value: value if isinstance(value, str) else value["name"],
)
def test_explainers_that_query_the_network_themselves_are_halved_too(fails, spec, monkeypatch):
    torch.manual_seed(0)
    network = Small(fails).eval()
    wanted, n_evals, _ = explained(network, spec, 99, monkeypatch)
    maps, n_halved, classifier = explained(network, spec, 1, monkeypatch)
    assert wanted.any()
    # Rounding of logits, which ablationcam subtracts from each other and scales to 1.
    assert maps == pytest.approx(wanted, abs=1e-5)
    assert n_halved == n_evals
    assert classifier.explained.fits == 1
    assert "it was given 1 at a time" in classifier.memory_notes[0]


def test_attention_is_read_of_half_as_many_images(monkeypatch):
    torch.manual_seed(0)
    network = VisionTransformer(8, 4, 2, 2, 8, 16, num_classes=2).eval()
    fitting = network.forward

    def forward(images):
        if len(images) > network.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return fitting(images)

    network.forward, network.most = forward, 99
    for name in ("attention-rollout", "attention-gradient"):
        wanted, n_evals, _ = explained(network, {"name": name}, 99, monkeypatch)
        maps, n_halved, classifier = explained(network, {"name": name}, 2, monkeypatch)
        assert maps == pytest.approx(wanted, abs=1e-6)
        assert (n_halved, classifier.explained.fits) == (n_evals, 2)


def test_one_image_that_cannot_be_explained_is_an_error_with_a_hint(monkeypatch):
    with pytest.raises(
        ModelError, match="a single image of 8 x 8 pixels does not fit into the memory of cpu"
    ):
        explained(Small("backward").eval(), {"name": "saliency"}, 0, monkeypatch)


def test_the_size_that_fits_is_kept_with_the_run_and_there_is_one_note(tmp_path):
    folder = RunFolder.create(
        tmp_path, name="study", config_hash="0" * 64, now=datetime(2026, 1, 1, tzinfo=UTC)
    )
    classifier, _ = cramped(5)
    classifier.logits(IMAGES)
    keep_fits(folder, [classifier], {"m": 2, "another": 1})  # a worker had less memory than this process
    [note] = classifier.memory_notes
    assert "it was given 2 at a time" in note

    later, _ = cramped(99)
    recall_fits(folder, [later])
    assert later.memory_notes == (note,)
    keep_fits(folder, [later], {})
    assert json.loads((folder.path / "memory.json").read_text()) == {"m": 2}

    smaller = Classifier("m", Cramped(), ("ill", "well"), (8, 8), batch_size=2)
    recall_fits(folder, [smaller])
    assert smaller.memory_notes == ()


def test_no_file_is_written_where_everything_fits(tmp_path):
    folder = RunFolder.create(
        tmp_path, name="study", config_hash="0" * 64, now=datetime(2026, 1, 1, tzinfo=UTC)
    )
    keep_fits(folder, [cramped(99)[0]], {})
    assert not (folder.path / "memory.json").exists()
