"""Images reach a network as AutoImageProcessor and timm's transform bring them there, or the folder is refused by name."""

import json

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from safetensors.torch import save_file

from xaudit.config import ModelSection, SettingError
from xaudit.config.sections.preprocess import with_frame
from xaudit.errors import ModelError
from xaudit.geometry import fit_geometry
from xaudit.models import load_classifier
from xaudit.models.preparation.steps import Preparation, prepared

CLASSES = ("normal", "cancer")
SIZES = ((100, 140), (140, 100), (96, 96), (61, 75))


def pictures():
    """Noise of coarse and of fine grain, in three channels that differ."""
    drawn = np.random.default_rng(5)
    for height, width in SIZES:
        coarse = (
            drawn.integers(0, 256, (height // 8 + 1, width // 8 + 1, 3))
            .repeat(8, 0)
            .repeat(8, 1)[:height, :width]
        )
        fine = drawn.integers(-40, 40, (height, width, 3))
        yield np.clip(coarse + fine, 0, 255).astype(np.uint8)


def load(weights, **settings):
    section = ModelSection(id="net", weights=weights, **settings)
    return load_classifier(section, class_names=CLASSES, weights=weights, device="cpu", batch_size=8)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
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
    model = transformers.ResNetForImageClassification(config)
    with torch.no_grad():
        model.classifier[1].weight *= 20
    folder = tmp_path_factory.mktemp("network") / "net"
    model.save_pretrained(folder)
    return folder


HALF = {
    "image_mean": [0.5, 0.4, 0.3],
    "image_std": [0.5, 0.6, 0.7],
    "rescale_factor": 1 / 255,
    "do_normalize": True,
}
SQUARE = {"height": 48, "width": 48}
CONFIGURATIONS = {
    "a square, bilinear": (
        {"image_processor_type": "ViTImageProcessor", "size": SQUARE, "resample": 2, **HALF},
        "stretch",
    ),
    "a square, bicubic": (
        {"image_processor_type": "ViTImageProcessor", "size": SQUARE, "resample": 3, **HALF},
        "stretch",
    ),
    "a square, nearest": (
        {"image_processor_type": "ViTImageProcessor", "size": SQUARE, "resample": 0, **HALF},
        "stretch",
    ),
    "a square, lanczos": (
        {"image_processor_type": "ViTImageProcessor", "size": SQUARE, "resample": 1, **HALF},
        "stretch",
    ),
    "not normalised": (
        {"image_processor_type": "ViTImageProcessor", "size": SQUARE, "resample": 2, "do_normalize": False},
        "stretch",
    ),
    "the middle, whole": (
        {
            "image_processor_type": "CLIPImageProcessor",
            "size": {"shortest_edge": 48},
            "crop_size": SQUARE,
            "do_center_crop": True,
            "resample": 3,
            "do_convert_rgb": True,
            **HALF,
        },
        "crop",
    ),
    "the middle, cut": (
        {
            "image_processor_type": "CLIPImageProcessor",
            "size": {"shortest_edge": 55},
            "crop_size": SQUARE,
            "do_center_crop": True,
            "resample": 2,
            **HALF,
        },
        "crop-0.872727273",  # 48 / 55
    ),
    "crop_pct": (
        {
            "image_processor_type": "ConvNextImageProcessor",
            "size": {"shortest_edge": 48},
            "crop_pct": 0.8,
            **HALF,
        },
        "crop-0.8",  # int(48 / .8) = 60
    ),
    "crop_pct that is not told": (
        {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 56}, **HALF},
        "crop-0.875",  # the class's own, 224 / 256; 56 / .875 = 64
    ),
    "crop_pct that does not divide": (
        {
            "image_processor_type": "ConvNextImageProcessor",
            "size": {"shortest_edge": 48},
            "crop_pct": 0.9,
            **HALF,
        },
        "crop-0.905660377",  # int(48 / .9) = 53, and 48 / 53
    ),
    "channels flipped": (
        {
            "image_processor_type": "MobileViTImageProcessor",
            "size": {"shortest_edge": 52},
            "crop_size": SQUARE,
            "do_flip_channel_order": True,
            "do_center_crop": True,
        },
        "crop-0.923076923",  # 48 / 52
    ),
    "an old name": ({"feature_extractor_type": "ViTFeatureExtractor", "size": 48, **HALF}, "stretch"),
}


@pytest.mark.parametrize("kind", CONFIGURATIONS)
def test_logits_are_those_behind_auto_image_processor(kind, network):
    import transformers

    told, fit = CONFIGURATIONS[kind]
    (network / "preprocessor_config.json").write_text(json.dumps(told))
    processor = transformers.AutoImageProcessor.from_pretrained(network)
    model = transformers.ResNetForImageClassification.from_pretrained(network).eval()
    ours = load(network, source="huggingface", fit=fit)
    for picture in pictures():
        with torch.no_grad():
            expected = model(processor(Image.fromarray(picture), return_tensors="pt")["pixel_values"]).logits
        image, _ = ours.to_input(picture.astype(np.float32) / 255)
        torch.testing.assert_close(ours.logits(image[None]), expected, rtol=0, atol=0.05)
        assert float((expected[0, 1] - expected[0, 0]).abs()) > 1  # so that .05 is little


def refusal(network, told, **settings):
    (network / "preprocessor_config.json").write_text(json.dumps(told))
    with pytest.raises(ModelError) as caught:
        load(network, source="huggingface", **settings)
    return str(caught.value), caught.value.hint


@pytest.mark.parametrize("kind", [kind for kind, (_, fit) in CONFIGURATIONS.items() if fit != "stretch"])
def test_a_crop_that_the_audit_file_does_not_ask_for_is_refused_with_the_line_to_write(kind, network):
    told, fit = CONFIGURATIONS[kind]
    said, hint = refusal(network, told)
    assert ("do_center_crop" if told.get("do_center_crop") else "crop_pct") in said
    assert hint.startswith(f"set `fit: {fit}`")


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ({"image_processor_type": "ViTImageProcessor", "size": SQUARE, "do_resize": False}, "do_resize"),
        ({"image_processor_type": "ViTImageProcessor", "size": SQUARE, "resample": 4}, "resample 4"),
        ({"image_processor_type": "ViTImageProcessor", "size": SQUARE, "do_rescale": False}, "do_rescale"),
        (
            {"image_processor_type": "ViTImageProcessor", "size": SQUARE, "rescale_factor": 1 / 127.5},
            "rescale_factor",
        ),
        ({"image_processor_type": "ViTImageProcessor", "size": {"height": 48, "width": 64}}, "48 × 64"),
        (
            {
                "image_processor_type": "CLIPImageProcessor",
                "size": {"shortest_edge": 48},
                "do_center_crop": False,
            },
            "shortest_edge without do_center_crop",
        ),
        (
            {
                "image_processor_type": "CLIPImageProcessor",
                "size": {"shortest_edge": 32},
                "crop_size": SQUARE,
                "do_center_crop": True,
            },
            "crop_size",
        ),
        (
            {"image_processor_type": "ViltImageProcessor", "size": {"shortest_edge": 48, "longest_edge": 96}},
            "longest_edge",
        ),
        (
            {
                "image_processor_type": "ViTImageProcessor",
                "size": SQUARE,
                "do_pad": True,
                "pad_size": {"height": 64, "width": 64},
            },
            "do_pad, pad_size",
        ),
        ({"image_processor_type": "NoSuchProcessor", "size": SQUARE}, "NoSuchProcessor"),
        (
            {
                "image_processor_type": "EfficientNetImageProcessor",
                "size": SQUARE,
                "include_top": True,
                "image_std": [0.3, 0.3, 0.3],
                "resample": 2,
            },
            "include_top",
        ),
    ],
)
def test_a_step_that_is_not_carried_out_is_refused_by_name(told, named, network):
    said, hint = refusal(network, told)
    assert named in said
    assert hint


def test_a_key_that_nobody_knows_is_noted(network):
    told, _ = CONFIGURATIONS["a square, bilinear"]
    (network / "preprocessor_config.json").write_text(json.dumps({**told, "sharpen": 3}))
    notes = load(network, source="huggingface").notes
    assert any("preprocessor_config.json: sharpen: not known here" in note for note in notes)


def test_another_filter_in_the_audit_file_is_refused(network):
    told, _ = CONFIGURATIONS["a square, bilinear"]
    said, hint = refusal(network, told, preprocess={"resize": "area"})
    assert said.endswith("resizes images with resample 2 (bilinear), the audit file asks for area")
    assert hint == "set `preprocess: {resize: bilinear}`, or leave it out"


@pytest.mark.parametrize("fit", ["stretch", "stretch-0.75", "crop", "crop-0.75", "crop-0.875", "pad"])
@pytest.mark.parametrize("size", SIZES)
def test_the_road_of_a_prepared_image_leads_to_where_its_pixels_went(fit, size):
    """A bright square of the image is found in the frame where the geometry says, to a pixel."""
    height, width = size
    image = np.zeros((height, width), dtype=np.float32)
    top, left = height // 2 - 6, width // 2 + 2
    image[top : top + 8, left : left + 8] = 1
    carried, geometry = prepared(image, (48, 48), fit, Preparation("bilinear"))
    rows, cols = np.nonzero(carried[:, :, 0] > 0.5)
    x0, y0 = geometry.to_model(left, top)
    x1, y1 = geometry.to_model(left + 8, top + 8)
    seen = (cols.min(), rows.min(), cols.max() + 1, rows.max() + 1)
    np.testing.assert_allclose(seen, (x0, y0, x1, y1), rtol=0, atol=1)
    # The road without whole pixels, on which pictures of the report are drawn, is nowhere further than a pixel away.
    plain = fit_geometry(size, (48, 48), fit)
    np.testing.assert_allclose(plain.to_model(left, top), (x0, y0), rtol=0, atol=1)


TIMM = {
    "center, bicubic": {"crop_pct": 0.875, "crop_mode": "center", "interpolation": "bicubic"},
    "center, bilinear": {"crop_pct": 0.9, "crop_mode": "center", "interpolation": "bilinear"},
    "whole": {"crop_pct": 1.0, "crop_mode": "center", "interpolation": "bicubic"},
    "squash": {"crop_pct": 1.0, "crop_mode": "squash", "interpolation": "bicubic"},
    "lanczos": {"crop_pct": 0.95, "crop_mode": "center", "interpolation": "lanczos"},
    "nearest": {"crop_pct": 0.8, "crop_mode": "center", "interpolation": "nearest"},
}


@pytest.fixture
def from_timm(tmp_path):
    timm = pytest.importorskip("timm")
    torch.manual_seed(0)
    bare = timm.create_model("test_resnet", pretrained=False, num_classes=2).eval()
    with torch.no_grad():
        bare.get_classifier().weight *= 100
    save_file(
        {name: value.contiguous() for name, value in bare.state_dict().items()},
        tmp_path / "model.safetensors",
    )
    return bare, tmp_path / "model.safetensors"


@pytest.mark.parametrize("kind", TIMM)
def test_logits_are_those_behind_timms_own_transform(kind, from_timm):
    """The audit file's settings are those that the refusal of a config.json beside the weights names."""
    import timm

    bare, weights = from_timm
    told = {**TIMM[kind], "input_size": [3, 48, 48], "mean": [0.5, 0.4, 0.3], "std": [0.3, 0.3, 0.4]}
    (weights.parent / "config.json").write_text(
        json.dumps({"architecture": "test_resnet", "pretrained_cfg": told})
    )
    settings = {"mean": (0.5, 0.4, 0.3), "std": (0.3, 0.3, 0.4), "input_size": 48}
    with pytest.raises(ModelError) as caught:
        load(weights, source="timm", architecture="test_resnet", **settings)
    for key in ("crop_pct", "crop_mode", "interpolation"):
        assert f"{key} {told[key]}" in str(caught.value)
    named = {}
    for part in caught.value.hint.removeprefix("set ").replace("`", "").split(", "):
        named |= yaml.safe_load(part)
    ours = load(weights, source="timm", architecture="test_resnet", **settings, **named)
    assert ours.notes == ()
    transform = timm.data.create_transform(
        input_size=(3, 48, 48),
        is_training=False,
        mean=told["mean"],
        std=told["std"],
        **TIMM[kind],
    )
    for picture in pictures():
        with torch.no_grad():
            expected = bare(transform(Image.fromarray(picture))[None])
        image, _ = ours.to_input(picture.astype(np.float32) / 255)
        torch.testing.assert_close(ours.logits(image[None]), expected, rtol=0, atol=1e-3)


def test_a_crop_mode_that_is_not_carried_out_is_refused_by_name(from_timm):
    _, weights = from_timm
    told = {"crop_pct": 0.9, "crop_mode": "border", "interpolation": "bicubic", "input_size": [3, 48, 48]}
    (weights.parent / "config.json").write_text(json.dumps({"pretrained_cfg": told}))
    with pytest.raises(ModelError, match="crop_mode border"):
        load(weights, source="timm", architecture="test_resnet", input_size=48)


@pytest.mark.parametrize(
    "fit", ["crop-1.5", "crop-0", "crop-", "crap", 0.5, "crop-0.000", "stretch-0", "pad-0.5"]
)
def test_a_fit_that_is_none_is_refused(fit):
    with pytest.raises(ValueError, match=r"fit: expected stretch, pad, crop, crop-0\.N or stretch-0\.N"):
        ModelSection(id="net", architecture="resnet18", fit=fit)


def test_the_former_key_is_refused_with_the_new_one():
    with pytest.raises(SettingError) as caught:
        with_frame({"id": "net", "architecture": "resnet18", "resample": "bicubic"})
    assert caught.value.hint == "write `preprocess: {resize: bicubic}`"
    assert with_frame({"id": "net", "resample": None}) == {"id": "net"}
