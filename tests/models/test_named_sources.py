"""Networks of timm by name, and classifiers that transformers saved in a folder."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from xaudit.config import ExplainerSpec, ModelSection
from xaudit.errors import ModelError
from xaudit.explainers import make_explainer
from xaudit.models import load_classifier, untrained_classifier
from xaudit.models.classifier import Classifier
from xaudit.models.randomise import layers_in_use

CLASSES = ("cancer", "normal")
SIDE = 64


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def load(weights, *, class_names=CLASSES, **settings):
    section = ModelSection(id="net", weights=weights, **settings)
    return load_classifier(
        section, class_names=class_names, weights=weights, device="cpu", batch_size=settings.get("batch", 32)
    )


def refusal(weights, **settings):
    with pytest.raises(ModelError) as caught:
        load(weights, **settings)
    return str(caught.value), caught.value.hint


def images(n=5, side=SIDE):
    return torch.randn((n, 3, side, side), generator=torch.Generator().manual_seed(0))


def agree(asked, bare, shown):
    """Logits, whatever the batch, and maps are those of the bare network; Grad-CAM's on the architecture's own layer."""
    plain = Classifier("bare", bare, CLASSES, asked.model_hw, mean=asked.mean, std=asked.std)
    with torch.no_grad():
        expected = bare(shown)
    torch.testing.assert_close(asked.logits(shown), expected, rtol=0, atol=1e-5)
    alone = torch.cat([asked.logits(shown[i : i + 1]) for i in range(len(shown))])
    torch.testing.assert_close(alone, expected, rtol=0, atol=1e-5)
    for name, settings in (("lime", {"samples": 40, "segments": 8}), ("saliency", {})):
        found, wanted = (
            make_explainer(ExplainerSpec(name=name, **settings), one).explain(shown[:2], [0, 1], [1, 2])
            for one in (asked, plain)
        )
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-4)
        assert np.abs(found).max() > 0
    assert make_explainer(ExplainerSpec(name="gradcam"), asked).explain(shown[:2], [0, 1], [1, 2]).max() > 0
    assert len(layers_in_use(asked)) > 4


@pytest.fixture
def timm():
    return pytest.importorskip("timm")


def test_a_network_of_timm_with_local_weights(timm, tmp_path):
    torch.manual_seed(0)
    bare = timm.create_model("test_resnet", pretrained=False, num_classes=2).eval()
    save_file(
        {name: value.contiguous() for name, value in bare.state_dict().items()}, tmp_path / "net.safetensors"
    )
    asked = load(tmp_path / "net.safetensors", source="timm", architecture="test_resnet", input_size=SIDE)
    agree(asked, bare, images())


def test_a_network_of_timm_takes_its_own_frame_and_one_channel(timm):
    section = ModelSection(
        id="net", source="timm", architecture="test_vit", channels=1, mean=(0.5,) * 3, std=(0.5,) * 3
    )
    own = untrained_classifier(section, class_names=CLASSES, device="cpu", batch_size=4)
    assert own.model_hw == (160, 160)
    smaller = section.model_copy(update={"input_size": 96})
    assert untrained_classifier(smaller, class_names=CLASSES, device="cpu", batch_size=4).model_hw == (96, 96)
    assert own.target_layer() is own.module.blocks[-1].norm1


def test_a_preparation_that_is_not_timm_s_own_is_told(timm, tmp_path):
    bare = timm.create_model("test_vit", pretrained=False, num_classes=2)
    save_file(
        {name: value.contiguous() for name, value in bare.state_dict().items()}, tmp_path / "net.safetensors"
    )
    [note] = load(tmp_path / "net.safetensors", source="timm", architecture="test_vit").notes
    assert note.startswith("model 'net': timm's weights of test_vit take mean [0.5, 0.5, 0.5]")
    assert note.endswith("and fit stretch and resize bilinear; right only if yours were trained so")
    own = {"mean": (0.5,) * 3, "std": (0.5,) * 3, "fit": "crop-0.95", "preprocess": {"resize": "bicubic"}}
    assert load(tmp_path / "net.safetensors", source="timm", architecture="test_vit", **own).notes == ()


@pytest.mark.parametrize("name", ["resnt18", "hf-hub:somebody/net", "local-dir:somewhere"])
def test_a_name_that_timm_does_not_have_is_answered_with_the_nearest(timm, tmp_path, name):
    said, hint = refusal(tmp_path, source="timm", architecture=name)
    assert said == f"model 'net': timm has no classifier called '{name}'"
    assert "timm.list_models() names all" in hint
    if name == "resnt18":
        assert hint.startswith("did you mean 'resnet18'?")


PREPARES = {
    "image_processor_type": "ViTImageProcessor",
    "size": {"height": 48, "width": 48},
    "image_mean": [0.1, 0.2, 0.3],
    "image_std": [0.4, 0.5, 0.6],
}


@pytest.fixture
def folder(tmp_path):
    """A small classifier of the classes normal and cancer, in this order, as save_pretrained leaves it."""
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.ResNetConfig(
        embedding_size=8,
        hidden_sizes=[8, 16],
        depths=[1, 1],
        layer_type="basic",
        id2label={0: "normal", 1: "cancer"},
        label2id={"normal": 0, "cancer": 1},
    )
    transformers.ResNetForImageClassification(config).save_pretrained(tmp_path / "net")
    (tmp_path / "net/preprocessor_config.json").write_text(json.dumps(PREPARES))
    return tmp_path / "net"


def change(path, **keys):
    plain = json.loads(path.read_text())
    plain.update(keys)
    path.write_text(json.dumps({key: value for key, value in plain.items() if value is not None}))


class Bare(torch.nn.Module):
    """What transformers loads by itself, its two logits swapped."""

    def __init__(self, folder):
        import transformers

        super().__init__()
        self.network = transformers.ResNetForImageClassification.from_pretrained(
            folder, local_files_only=True
        )

    def forward(self, shown):
        return self.network(shown).logits.flip(1)


def test_a_classifier_of_a_folder_gives_its_logits_in_the_order_of_the_data_s_classes(folder):
    asked = load(folder, source="huggingface")
    agree(asked, Bare(folder).eval(), images(side=48))
    in_its_order = load(folder, source="huggingface", class_names=("normal", "cancer"))
    torch.testing.assert_close(
        in_its_order.logits(images(side=48)), asked.logits(images(side=48)).flip(1), rtol=0, atol=1e-6
    )
    assert in_its_order.fingerprint != asked.fingerprint


def test_the_preparation_of_a_folder_is_taken_and_told(folder):
    asked = load(folder, source="huggingface")
    assert (asked.model_hw, asked.mean, asked.std) == ((48, 48), (0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    assert asked.notes == (
        f"model 'net': {folder}: mean [0.1, 0.2, 0.3] is taken from preprocessor_config.json",
        f"model 'net': {folder}: std [0.4, 0.5, 0.6] is taken from preprocessor_config.json",
    )


@pytest.mark.parametrize(
    ("settings", "complaint", "advice"),
    [
        (
            {"mean": (0.5, 0.5, 0.5)},
            "prepares images with mean [0.1, 0.2, 0.3], the audit file asks for [0.5",
            "`mean`",
        ),
        (
            {"std": (0.5, 0.5, 0.5)},
            "prepares images with std [0.4, 0.5, 0.6], the audit file asks for [0.5",
            "`std`",
        ),
        ({"input_size": 64}, "takes images of 48 px, the audit file asks for 64", "set `input_size` to 48"),
    ],
)
def test_an_audit_file_that_contradicts_the_folder_is_refused(folder, settings, complaint, advice):
    said, hint = refusal(folder, source="huggingface", **settings)
    assert complaint in said
    assert advice in hint


@pytest.mark.parametrize(
    ("told", "side", "mean"),
    [
        ({"size": 40}, 40, (0.1, 0.2, 0.3)),
        ({"do_normalize": False}, 48, (0.0, 0.0, 0.0)),
        ({"image_mean": [0.5]}, 48, (0.5, 0.5, 0.5)),
    ],
)
def test_every_way_to_say_a_preparation_is_understood(folder, told, side, mean):
    change(folder / "preprocessor_config.json", **told)
    asked = load(folder, source="huggingface")
    assert (asked.model_hw, asked.mean) == ((side, side), mean)


def test_intensities_on_another_scale_are_refused(folder):
    change(folder / "preprocessor_config.json", rescale_factor=1 / 127.5)
    said, hint = refusal(folder, source="huggingface")
    assert "scales intensities by 0.00784" in said
    assert "1/255" in hint


def test_other_classes_are_refused_and_unnamed_ones_told(folder):
    said, hint = refusal(folder, source="huggingface", class_names=("sick", "well"))
    assert (
        said == f"model 'net': {folder}: its classes (id2label) are normal, cancer, the data has sick, well"
    )
    assert hint == "give the data's classes these names with `merge`"
    said, _ = refusal(folder, source="huggingface", class_names=("cancer", "normal", "unclear"))
    assert said.endswith("the data has cancer, normal, unclear")
    change(folder / "config.json", id2label=None, label2id=None)
    assert any("does not name its classes" in note for note in load(folder, source="huggingface").notes)


def test_code_of_the_folder_s_own_is_never_run(folder):
    (folder / "own.py").write_text("raise SystemExit('the code ran')\n")
    change(folder / "config.json", auto_map={"AutoModelForImageClassification": "own.Net"})
    said, hint = refusal(folder, source="huggingface")
    assert said.endswith("config.json names code of the folder's own (auto_map), which is never run")
    assert "`source: python`" in hint


def test_pickled_weights_are_not_loaded(folder):
    torch.save({}, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    said, _ = refusal(folder, source="huggingface")
    assert said.endswith(
        "holds no model.safetensors, only pytorch_model.bin, which can hold code and is not loaded"
    )


def test_a_folder_whose_head_is_missing_is_refused(folder):
    state = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in state.items() if not name.startswith("classifier")}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    said, hint = refusal(folder, source="huggingface")
    assert said.endswith("2 weights are missing, the first 'classifier.1.bias'")
    assert hint == "a base model without its classifier has to be trained first"


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda folder: (folder / "config.json").unlink(), "config.json: No such file or directory"),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json: no JSON object"),
        (
            lambda folder: change(folder / "config.json", model_type="bert"),
            "cannot load it as an image classifier",
        ),
        (
            lambda folder: change(folder / "config.json", model_type="mine"),
            "cannot load it as an image classifier",
        ),
        (
            lambda folder: (folder / "model.safetensors").write_bytes(
                (folder / "model.safetensors").read_bytes()[:-99]
            ),
            "cannot load it as an image classifier",
        ),
        (lambda folder: (folder / "preprocessor_config.json").write_text("[]"), "no JSON object"),
        (lambda folder: change(folder / "preprocessor_config.json", image_std=["a"]), "one or three numbers"),
        (lambda folder: change(folder / "preprocessor_config.json", image_std=[0, 0, 0]), "std"),
    ],
)
def test_a_damaged_folder_is_refused_by_name(folder, spoil, complaint):
    spoil(folder)
    said, hint = refusal(folder, source="huggingface")
    assert str(folder) in said
    assert complaint in said
    assert hint


def findings_of(folder, *findings, **settings):
    """The network of a folder, whose outputs are normal and cancer, asked about the first of these findings."""
    listed = tuple({"name": name, "target": target} for name, target in findings)
    name = findings[0][0]
    section = ModelSection(
        id=f"net ({name})", source="huggingface", weights=folder, outputs="multilabel", finding=name, findings=listed, **settings
    )  # fmt: skip
    return load_classifier(
        section, class_names=("no", name), weights=folder, device="cpu", batch_size=4, positive=name
    )


def test_the_targets_of_findings_are_held_to_the_names_of_a_folder(folder):
    asked = findings_of(folder, ("Cancer", 1))
    assert asked.notes == findings_of(folder, ("Cancer", 1), ("normal", 0)).notes
    plain = load(folder, source="huggingface")
    # The logits of a classifier of cancer and normal are those of the network in the data's order.
    expected = plain.logits(images(side=48))[:, list(CLASSES).index("cancer")]
    torch.testing.assert_close(asked.logits(images(side=48))[:, 1], expected, rtol=0, atol=1e-5)
    [*_, note] = findings_of(folder, ("tumour", 1)).notes
    assert note.endswith("config.json calls the output 1, taken for 'tumour', 'cancer'")
    for findings, settings, complaint in (
        (
            [("cancer", 0), ("other", 1)],
            {},
            "(id2label) gives 'cancer' the output 1, and the audit file the target 0",
        ),
        ([("cancer", 1)], {"n_outputs": 3}, "has 2 outputs (id2label), and the audit file gives it 3"),
    ):
        with pytest.raises(ModelError) as caught:
            findings_of(folder, *findings, **settings)
        assert complaint in str(caught.value)
