"""Training: the same weights from the same seed, interrupted or not; what it refuses; what it says on the way."""

import errno
import os

import numpy as np
import pytest
import torch

from xaudit.config import ModelSection, TrainSection
from xaudit.errors import ModelError, OutputError
from xaudit.models import load_classifier, phantom_weights, train_classifier
from xaudit.models.predict import predict
from xaudit.models.training.data import Frames, TrainingData
from xaudit.models.training.state import EpochLosses, TrainingState
from xaudit.models.training.train import learning_rate_at
from xaudit.models.weights.checkpoint import read_state
from xaudit.models.weights.saving import save_safetensors
from xaudit.records import Case

CLASSES = ("cancer", "normal")
SETTINGS = TrainSection(epochs=4, batch_size=8, learning_rate=0.02)


def section(function="tiny", **settings):
    return ModelSection(
        id="net", source="python", factory=f"tiny_networks:{function}", input_size=16, **settings
    )


def study(n_train=20, n_validation=8, n_test=8, *, labels=CLASSES, class_names=CLASSES):
    """Grey noise; a cancer has a bright square. The cases are a pure function of their numbers."""
    cases, images = [], {}
    splits = ["train"] * n_train + ["validation"] * n_validation + ["test"] * n_test
    for number, split in enumerate(splits):
        label = labels[number % len(labels)]
        pixels = np.random.default_rng(number).random((20, 20), dtype=np.float32) * 0.3
        if label == "cancer":
            pixels[6:14, 6:14] += 0.6
        case = Case(
            f"c{number:02d}", f"p{number}", "data", f"{number}.png", str(number), label, split, 20, 20
        )
        cases.append(case)
        images[case.case_id] = pixels
    return TrainingData(
        tuple(cases), class_names, lambda case: images[case.case_id], lambda case: images[case.case_id] > 0.55
    )


def train(folder, data=None, *, seed=0, settings=SETTINGS, model=None, on_progress=None):
    return train_classifier(
        model or section(),
        settings,
        data or study(),
        folder=folder,
        seed=seed,
        device="cpu",
        on_progress=on_progress or (lambda _progress: None),
    )


class Interrupt:
    """Ctrl-C at the n-th report of progress."""

    def __init__(self, at):
        self.left = at

    def __call__(self, _progress):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def refusal(folder, data, **arguments):
    with pytest.raises(ModelError) as caught:
        train(folder, data, **arguments)
    return str(caught.value), caught.value.hint


def test_same_seed_gives_the_same_file_to_the_byte(tmp_path):
    first, second = train(tmp_path / "a"), train(tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()
    assert first == tmp_path / "a" / "net.safetensors"


def test_another_seed_gives_other_weights(tmp_path):
    first, _ = read_state(train(tmp_path / "a"))
    second, _ = read_state(train(tmp_path / "b", seed=1))
    assert not torch.equal(first["head.weight"], second["head.weight"])


# 20 cases in batches of 8 are 3 steps; with the report at the epoch's end, when the epoch is on the disk, there are
# 4 reports an epoch after a first one. So at report n, (n − 1) // 4 epochs are done.
@pytest.mark.parametrize("at", [1, 3, 6, 9, 16])
def test_interrupted_training_ends_with_the_same_bytes(at, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "a", on_progress=Interrupt(at))
    assert not (tmp_path / "a" / "net.safetensors").exists()
    reports = []
    resumed = train(tmp_path / "a", on_progress=reports.append)
    assert reports[0].done == 3 * ((at - 1) // 4)
    assert resumed.read_bytes() == train(tmp_path / "b").read_bytes()


def test_training_interrupted_again_and_again_ends_with_the_same_bytes(tmp_path):
    interruptions = 0
    while not (tmp_path / "a" / "net.safetensors").exists():
        try:
            train(tmp_path / "a", on_progress=Interrupt(6))
        except KeyboardInterrupt:
            interruptions += 1
    assert interruptions == 4  # one epoch each; the last comes when the file is already there
    assert (tmp_path / "a" / "net.safetensors").read_bytes() == train(tmp_path / "b").read_bytes()


def test_nothing_but_the_weights_is_left_in_the_folder(tmp_path):
    train(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["net.safetensors"]


def test_finished_training_is_not_repeated(tmp_path):
    written = train(tmp_path).stat().st_mtime_ns
    assert train(tmp_path, on_progress=Interrupt(1)).stat().st_mtime_ns == written


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1},
        {"settings": SETTINGS.model_copy(update={"epochs": 3})},
        {"model": section(fit="pad")},
        {"data": study(n_train=18)},
        {"data": study(class_names=("cancer", "healthy"), labels=("cancer", "healthy"))},
    ],
)
def test_finished_training_is_repeated_when_anything_in_it_differs(other, tmp_path):
    train(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, **({"data": study()} | other), on_progress=Interrupt(1))


def test_training_is_repeated_when_the_same_files_give_other_pixels(tmp_path):
    train(tmp_path)
    data = study()
    darker = TrainingData(data.cases, data.class_names, lambda case: data.pixels(case) * 0.5, data.marks)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, darker, on_progress=Interrupt(1))


def test_unfinished_training_of_another_kind_or_a_damaged_one_is_not_gone_on_with(tmp_path):
    expected = train(tmp_path / "b").read_bytes()
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "a", seed=1, on_progress=Interrupt(9))
    assert train(tmp_path / "a").read_bytes() == expected
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "net.unfinished.pt").write_bytes(b"PK\x03\x04 no")
    assert train(tmp_path / "c").read_bytes() == expected


def test_trained_network_tells_the_classes_apart(tmp_path):
    data = study()
    weights = train(tmp_path, settings=SETTINGS.model_copy(update={"epochs": 12}), data=data)
    classifier = load_classifier(section(), class_names=CLASSES, weights=weights, device="cpu", batch_size=4)
    found = predict(
        classifier,
        data.split("test"),
        data.pixels,
        target_policy="label",
        positive="cancer",
        on_progress=lambda _progress: None,
    )
    assert [each.correct for each in found] == [True] * 8


def test_a_trained_network_keeps_the_order_of_its_classes_whatever_the_data_lists_later(tmp_path):
    # Trained with normal first; asked by data that list cancer first, the same image gets the same answer.
    data = study(class_names=("normal", "cancer"))
    weights = train(tmp_path, settings=SETTINGS.model_copy(update={"epochs": 12}), data=data)
    first, second = (
        load_classifier(section(), class_names=names, weights=weights, device="cpu", batch_size=4)
        for names in (("normal", "cancer"), CLASSES)
    )
    shown = torch.randn((4, 3, 16, 16), generator=torch.Generator().manual_seed(0))
    assert torch.equal(first.logits(shown).flip(1), second.logits(shown))
    assert first.fingerprint != second.fingerprint


def test_training_leaves_torchs_random_numbers_alone(tmp_path):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    train(tmp_path)
    assert torch.equal(torch.get_rng_state(), before)


def test_random_numbers_drawn_elsewhere_change_nothing(tmp_path):
    torch.manual_seed(1)
    first = train(tmp_path / "a").read_bytes()
    torch.manual_seed(2)
    assert train(tmp_path / "b").read_bytes() == first


def test_file_says_what_it_was_trained_on_and_how(tmp_path):
    _, notes = read_state(train(tmp_path))
    assert notes["class_names"] == ["cancer", "normal"]
    assert (notes["architecture"], notes["input_size"], notes["seed"]) == ("tiny_networks:tiny", 16, 0)
    assert (notes["n_training_cases"], notes["n_validation_cases"]) == (20, 8)
    losses = [epoch["validation"] for epoch in notes["history"]]
    assert notes["best_epoch"] == 1 + losses.index(min(losses))


def test_progress_tells_the_epoch_the_loss_and_the_time_left(tmp_path):
    reports = []
    train(tmp_path, on_progress=reports.append)
    assert [(each.done, each.total) for each in reports[:6]] == [
        (0, 12),
        (1, 12),
        (2, 12),
        (3, 12),
        (3, 12),
        (4, 12),
    ]
    assert reports[1].note == "net: epoch 1 of 4"
    assert set(reports[1].figures) == {"seconds_left", "loss"}
    assert set(reports[4].figures) == {"seconds_left", "loss", "validation_loss", "validation_accuracy"}
    assert reports[-1].note.startswith("net: 4 epochs, the weights of epoch ")
    assert (reports[-1].done, reports[-1].figures["seconds_left"]) == (12, 0.0)


def test_without_validation_cases_it_says_that_it_stops_on_the_training_loss(tmp_path):
    reports = []
    weights = train(tmp_path, study(n_validation=0), on_progress=reports.append)
    assert reports[1].note == "net: epoch 1 of 4; no validation cases, so it stops on the training loss"
    _, notes = read_state(weights)
    losses = [epoch["training"] for epoch in notes["history"]]
    assert notes["best_epoch"] == 1 + losses.index(min(losses))


@pytest.mark.parametrize("n_train", [2, 3, 9])
def test_no_batch_is_left_with_a_single_image(n_train, tmp_path):
    sizes = []
    settings = TrainSection(epochs=1, batch_size=2)
    data = study(n_train=n_train)
    original = Frames.images

    def noting(self, cases):
        sizes.append(len(cases))
        return original(self, cases)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Frames, "images", noting)
        train(tmp_path, data, settings=settings)
    assert (
        min(sizes[1:-4]) >= 2
    )  # the first is the key's look at three frames, the last four are the validation


def test_weights_kept_are_those_of_the_lowest_validation_loss():
    module = torch.nn.Linear(1, 1, bias=False)
    state = TrainingState(module, torch.optim.SGD(module.parameters(), lr=0.1))
    for epoch, loss in enumerate([0.9, 0.5, 0.7, 0.6], start=1):
        with torch.no_grad():
            module.weight.fill_(epoch)
        state.finish_epoch(EpochLosses(0.1, loss, 0.5))
    assert (state.best_epoch, float(state.best["weight"])) == (2, 2.0)
    assert not state.is_over(epochs=10, patience=3)  # two epochs since the best
    state.finish_epoch(EpochLosses(0.1, float("nan"), 0.5))
    assert state.is_over(epochs=10, patience=3)
    assert state.best_epoch == 2


def test_class_weights_make_the_classes_count_alike(tmp_path):
    # 3 of 4 cases are cancers: weights 4 / (2 · 3) and 4 / (2 · 1), so each class weighs 2 in all.
    data = study(labels=("cancer", "cancer", "cancer", "normal"))
    weighted = train(tmp_path / "a", data).read_bytes()
    plain = train(tmp_path / "b", data, settings=SETTINGS.model_copy(update={"class_weights": False}))
    assert plain.read_bytes() != weighted


def test_learning_rate_climbs_over_a_tenth_of_the_steps_and_falls_to_nought():
    rates = [learning_rate_at(step, 100, 0.3) for step in range(100)]
    assert rates[0] == pytest.approx(0.03)
    assert max(rates) == rates[9] == pytest.approx(0.3)
    assert rates[9:] == sorted(rates[9:], reverse=True)
    assert rates[55] == pytest.approx(0.15)  # half way down: cos(π / 2) = 0
    assert rates[-1] < 0.001


def test_one_class_only_is_refused(tmp_path):
    data = study(labels=("normal",), class_names=("normal",))
    assert refusal(tmp_path, data) == (
        "all cases are labelled 'normal'",
        "a classifier needs cases of at least two classes",
    )


def test_class_without_training_cases_is_refused(tmp_path):
    assert refusal(tmp_path, study(labels=("normal",))) == (
        "no training case is labelled 'cancer'",
        "add such cases to the training split, or merge the class into another",
    )


def test_label_that_is_no_class_is_refused(tmp_path):
    assert refusal(tmp_path, study(labels=("cancer", "normal", "benign"))) == (
        "case 'c02' is labelled 'benign', which is no class of the model",
        "the classes are: cancer, normal",
    )


def test_training_that_diverges_is_refused_and_writes_no_weights(tmp_path):
    settings = SETTINGS.model_copy(update={"learning_rate": 1e30})
    assert refusal(tmp_path, study(), settings=settings) == (
        "model 'net': no epoch of the training had a finite loss",
        "lower `learning_rate`, which is 1e+30",
    )
    assert not (tmp_path / "net.safetensors").exists()


def test_network_that_does_not_fit_its_data_is_refused_before_the_first_epoch(tmp_path):
    assert refusal(tmp_path, study(), model=section("one_class_too_many"))[0] == (
        "model 'net': the module's output has shape (2, 3), expected (images, 2)"
    )


def test_folder_that_cannot_be_written_to_shows_before_the_first_epoch(tmp_path, monkeypatch):
    def full(_handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"net.unfinished.pt: cannot be written: No space left on device"):
        train(tmp_path, on_progress=Interrupt(1))


def test_images_kept_in_memory_or_read_again_are_the_same():
    data = study()
    kept = Frames(data, model_hw=(16, 16), fit="stretch")
    read = Frames(data, model_hw=(16, 16), fit="stretch", bound_bytes=0)
    cases = data.split("train")
    for _ in range(2):
        assert torch.equal(kept.images(cases), read.images(cases))
        assert torch.equal(kept.marks(cases), read.marks(cases))


def test_frames_are_read_once_up_to_the_bound():
    data, asked = study(), []

    def pixels(case):
        asked.append(case.case_id)
        return data.pixels(case)

    frames = Frames(
        TrainingData(data.cases, CLASSES, pixels, data.marks),
        model_hw=(16, 16),
        fit="stretch",
        bound_bytes=3 * 16 * 16,  # three grey images of a byte per pixel
    )
    for _ in range(3):
        frames.images(data.cases[:5])
    assert asked.count("c02") == 1
    assert asked.count("c03") == 3


def test_colour_and_grey_images_stand_side_by_side():
    data = study()
    red = np.zeros((20, 20, 3), dtype=np.float32)
    red[:, :, 0] = 1
    mixed = TrainingData(
        data.cases, CLASSES, lambda case: red if case.case_id == "c00" else data.pixels(case), data.marks
    )
    images = Frames(mixed, model_hw=(16, 16), fit="stretch").images(data.cases[:2])
    assert images[0].mean(dim=(1, 2)).tolist() == [1, 0, 0]
    assert torch.equal(images[1, 0], images[1, 2])


def load(path, **settings):
    return load_classifier(section(**settings), class_names=CLASSES, weights=path, device="cpu", batch_size=4)


@pytest.mark.parametrize(
    ("key", "then", "now", "shown"),
    [
        ("input_size", 16, 32, "16, the audit file asks for 32"),
        ("fit", "stretch", "pad", "stretch, the audit file asks for pad"),
        (
            "mean",
            (0.485, 0.456, 0.406),
            (0.5, 0.5, 0.5),
            "[0.485, 0.456, 0.406], the audit file asks for [0.5, 0.5, 0.5]",
        ),
    ],
)
def test_weights_are_not_asked_through_another_preprocessing(key, then, now, shown, tmp_path):
    weights = train(tmp_path)
    model = section().model_copy(update={key: now})
    with pytest.raises(ModelError) as caught:
        load_classifier(model, class_names=CLASSES, weights=weights, device="cpu", batch_size=4)
    assert str(caught.value) == f"model 'net': {weights}: trained with {key} {shown}"
    was = list(then) if isinstance(then, tuple) else then
    assert caught.value.hint == f"set `{key}` to {was}, or train again"


def test_foreign_weights_without_notes_are_taken_at_any_size(tmp_path):
    state, _ = read_state(train(tmp_path))
    save_safetensors(state, tmp_path / "foreign.safetensors", notes={})
    assert load(tmp_path / "foreign.safetensors").model_hw == (16, 16)


def test_a_foreign_checkpoint_that_lists_its_classes_is_taken_with_any_filter(tmp_path):
    state, _ = read_state(train(tmp_path))
    torch.save({"state_dict": state, "class_names": list(CLASSES)}, tmp_path / "foreign.pt")
    model = section().model_copy(update={"resample": "bicubic"})
    loaded = load_classifier(
        model, class_names=CLASSES, weights=tmp_path / "foreign.pt", device="cpu", batch_size=4
    )
    assert loaded.preparation is not None


def test_one_class_cannot_be_loaded(tmp_path):
    with pytest.raises(ModelError, match="a classifier needs at least two classes, the data has 1"):
        load_classifier(section(), class_names=("a",), weights=tmp_path, device="cpu", batch_size=4)


def test_absent_phantom_weights_are_none():
    assert phantom_weights("no-such-variant") is None


@pytest.mark.slow
def test_inception_trains_with_its_auxiliary_head_and_is_audited_without(tmp_path):
    data = study(n_train=4, n_validation=2)
    model = ModelSection(id="net", architecture="inception_v3")
    weights = train(tmp_path, data, model=model, settings=TrainSection(epochs=1, batch_size=2))
    state, _ = read_state(weights)
    assert state["AuxLogits.fc.weight"].shape == (2, 768)
    classifier = load_classifier(model, class_names=CLASSES, weights=weights, device="cpu", batch_size=2)
    assert classifier.model_hw == (299, 299)
    assert classifier.logits(torch.zeros((3, 3, 299, 299))).shape == (3, 2)


@pytest.mark.parametrize("name", [pytest.param("inception_v3", marks=pytest.mark.slow), "googlenet"])
def test_networks_with_auxiliary_heads_train_on_small_frames(name, tmp_path):
    model = ModelSection(id="net", architecture=name, input_size=75)
    weights = train(
        tmp_path, study(n_train=4, n_validation=2), model=model, settings=TrainSection(epochs=1, batch_size=4)
    )
    classifier = load_classifier(model, class_names=CLASSES, weights=weights, device="cpu", batch_size=2)
    assert classifier.logits(torch.zeros((1, 3, 75, 75))).shape == (1, 2)


def test_a_network_of_timm_is_trained_and_found_again(tmp_path):
    pytest.importorskip("timm")
    model = ModelSection(id="net", source="timm", architecture="test_resnet", input_size=32)
    weights = train(tmp_path, settings=SETTINGS.model_copy(update={"epochs": 1}), model=model)
    trained_at = weights.stat().st_mtime_ns
    assert train(tmp_path, settings=SETTINGS.model_copy(update={"epochs": 1}), model=model) == weights
    assert weights.stat().st_mtime_ns == trained_at
    classifier = load_classifier(model, class_names=CLASSES, weights=weights, device="cpu", batch_size=4)
    assert classifier.notes == ()
    assert classifier.model_hw == (32, 32)
