"""Pixels are those of torchvision, timm, PIL and OpenCV, and marks land where the pixels go."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torchvision import transforms
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional

from xaudit.config import ModelSection
from xaudit.config.sections.preprocess import PreprocessSection
from xaudit.errors import ModelError
from xaudit.geometry import fit_geometry, image_to_model
from xaudit.models import load_classifier
from xaudit.models.preparation.steps import asked_preparation, carried_image, resize_of
from xaudit.models.weights.saving import save_safetensors

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
FILTERS = ("bilinear", "bicubic", "lanczos", "nearest")
SIZES = ((100, 140), (140, 101), (61, 75), (30, 30))


def pictures():
    """Noise of coarse and of fine grain, coloured and grey."""
    drawn = np.random.default_rng(5)
    for height, width in SIZES:
        coarse = drawn.integers(0, 256, (height // 8 + 1, width // 8 + 1, 3)).repeat(8, 0).repeat(8, 1)
        fine = drawn.integers(-40, 40, (height, width, 3))
        image = np.clip(coarse[:height, :width] + fine, 0, 255).astype(np.uint8)
        yield image
        yield image[:, :, 0]


def section(**keys):
    return ModelSection(id="net", source="torchvision", architecture="squeezenet1_1", **keys)


def carried(image, asked, side):
    scaled = image.astype(np.float32) / 255
    pixels, geometry = carried_image(scaled, (side, side), asked.fit, asked_preparation(asked))
    return pixels.transpose(2, 0, 1), geometry


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("steps", ["stretch", "shorter side", "stretch, then cut"])
def test_pixels_are_those_of_torchvisions_transform(name, steps):
    size, to, cut = {
        "stretch": ((48, 48), [48, 48], None),
        "shorter side": (56, 56, 48),
        "stretch, then cut": ((57, 57), [57, 57], 48),
    }[steps]
    keys = {"resize": name, "resize_to": to} | ({} if cut is None else {"crop": cut})
    asked = section(preprocess=keys)
    assert asked.input_size == 48
    mode = InterpolationMode(name)
    theirs = transforms.Compose(
        [transforms.Resize(size, interpolation=mode), transforms.CenterCrop(48), transforms.ToTensor()]
    )
    for picture in pictures():
        ours, _ = carried(picture, asked, 48)
        np.testing.assert_allclose(ours, theirs(Image.fromarray(picture)).numpy(), rtol=0, atol=1e-6)


def test_the_default_is_torchvisions_and_keeps_the_whole_image():
    asked = section()
    assert (asked.fit, resize_of(asked), asked.preprocess.antialias) == ("stretch", "bilinear", True)
    theirs = transforms.Compose([transforms.Resize((224, 224)), transforms.ToTensor()])
    for picture in pictures():
        ours, geometry = carried(picture, asked, 224)
        np.testing.assert_allclose(ours, theirs(Image.fromarray(picture)).numpy(), rtol=0, atol=1e-6)
        assert geometry == fit_geometry(picture.shape[:2], (224, 224))


@pytest.mark.parametrize("name", ["bilinear", "bicubic"])
def test_pixels_without_antialias_are_those_of_a_tensor(name):
    asked = section(preprocess={"resize": name, "antialias": False})
    for picture in pictures():
        tensor = torch.from_numpy(np.atleast_3d(picture)).permute(2, 0, 1).contiguous()
        theirs = functional.resize(tensor, [48, 48], InterpolationMode(name), antialias=False)
        ours, _ = carried(picture, asked, 48)
        np.testing.assert_allclose(ours, theirs.numpy() / 255, rtol=0, atol=1e-6)


def test_pixels_of_cv2_linear_are_those_of_opencv():
    for picture in pictures():
        ours, _ = carried(picture, section(preprocess={"resize": "cv2-linear"}), 48)
        theirs = np.atleast_3d(cv2.resize(picture, (48, 48), interpolation=cv2.INTER_LINEAR))
        np.testing.assert_allclose(ours, theirs.transpose(2, 0, 1) / 255, rtol=0, atol=1e-6)


def test_pixels_of_area_are_weighted_by_area():
    image = np.array([[0, 51, 102], [153, 204, 255]], dtype=np.uint8).repeat(16, 0).repeat(16, 1)
    ours, _ = carried(image, section(preprocess={"resize": "area"}), 16)
    scaled = image.astype(np.float32) / 255
    expected = image_to_model(scaled, fit_geometry(image.shape, (16, 16)))
    np.testing.assert_array_equal(ours[0], expected)
    assert ours[0, 0, 0] == 0
    assert ours[0, 15, 15] == 1


def test_deeper_images_are_not_rounded_to_bytes():
    """A ramp of 4096 levels, halved: each pixel but the outermost is the mean of its weights 1, 3, 3, 1."""
    ramp = np.tile(np.arange(64, dtype=np.float32) / 4095, (64, 1))
    ours, _ = carried(ramp * 255, section(preprocess={"resize": "bilinear"}), 32)
    inner = (np.arange(32) * 2 + 0.5) / 4095
    np.testing.assert_allclose(ours[0, 5, 1:-1], inner[1:-1], rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", [*FILTERS, "area", "cv2-linear"])
@pytest.mark.parametrize(
    "keys",
    [{}, {"resize_to": [60, 60], "crop": 48}, {"resize_to": 60, "crop": 48}],
    ids=["stretch", "cut", "shorter"],
)
def test_a_planted_point_lands_where_the_geometry_says(name, keys):
    asked = section(preprocess={"resize": name} | keys)
    for height, width in ((96, 96), (100, 140), (140, 100)):
        for share_y, share_x in ((0.4, 0.45), (0.62, 0.55), (0.5, 0.35)):
            top, left = int(height * share_y), int(width * share_x)
            image = np.zeros((height, width), dtype=np.uint8)
            image[top : top + 7, left : left + 7] = 255
            ours, geometry = carried(image, asked, 48)
            weight = ours[0] / ours[0].sum()
            seen = (weight.sum(0) @ (np.arange(48) + 0.5), weight.sum(1) @ (np.arange(48) + 0.5))
            np.testing.assert_allclose(seen, geometry.to_model(left + 3.5, top + 3.5), rtol=0, atol=0.5)
            drawn = fit_geometry((height, width), (48, 48), asked.fit)
            np.testing.assert_allclose(seen, drawn.to_model(left + 3.5, top + 3.5), rtol=0, atol=1)


def test_timms_own_transform_has_the_same_pixels():
    timm = pytest.importorskip("timm")
    theirs = timm.data.create_transform(
        (3, 48, 48), interpolation="bicubic", crop_pct=0.75, mean=(0,) * 3, std=(1,) * 3
    )
    asked = section(preprocess={"resize": "bicubic", "resize_to": 64, "crop": 48})
    for picture in pictures():
        if picture.ndim == 3:
            ours, _ = carried(picture, asked, 48)
            np.testing.assert_allclose(ours, theirs(Image.fromarray(picture)).numpy(), rtol=0, atol=1e-6)


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs shared/data")
def test_real_pictures_have_torchvisions_pixels():
    files = sorted(path for path in SHARED.rglob("*") if path.suffix in (".jpg", ".png"))[:4]
    assert files
    theirs = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor()])
    asked = section(preprocess={"resize_to": 256, "crop": 224})
    for path in files:
        image = Image.open(path).convert("RGB")
        ours, _ = carried(np.asarray(image), asked, 224)
        np.testing.assert_allclose(ours, theirs(image).numpy(), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"resize": "bilinaer"}, "bilinear"),
        (
            {"resize": "lanczos", "antialias": False},
            "antialias: false goes with bilinear and bicubic, not with lanczos",
        ),
        ({"crop": 224}, "`resize_to` is missing"),
        ({"resize_to": 256}, "images that are not square stay so"),
        ({"resize_to": [256, 224], "crop": 200}, r"\[256, 224\] is not square"),
        ({"resize_to": 200, "crop": 224}, "crop: 224 is more than `resize_to`, 200"),
        ({"resize_to": 5}, "sides are from 16 to 4096"),
    ],
)
def test_a_preparation_that_is_none_is_refused(keys, said):
    with pytest.raises(ValueError, match=said):
        PreprocessSection.model_validate(keys)


@pytest.mark.parametrize("key", [{"input_size": 225}, {"fit": "pad"}])
def test_a_frame_that_contradicts_the_crop_is_refused(key):
    with pytest.raises(ValueError, match=r"and `preprocess\.resize_to` and `crop` make it"):
        section(preprocess={"resize_to": 256, "crop": 224}, **key)


def test_a_text_is_refused_as_a_preparation():
    with pytest.raises(
        ValueError,
        match="preprocess: expected keys such as resize, resize_to and crop, got the text 'preset'",
    ):
        section(preprocess="preset")


def test_a_stored_section_reads_back():
    asked = section(preprocess={"resize": "bicubic", "resize_to": 235, "crop": 224})
    assert ModelSection.model_validate(asked.model_dump(mode="json")) == asked
    assert ModelSection.model_validate({**section().model_dump(mode="json"), "resample": None}) == section()


def test_the_phantoms_networks_keep_area():
    assert asked_preparation(ModelSection(id="honest", source="phantom", variant="honest")) is None


@pytest.fixture
def trained(tmp_path):
    """Save the weights of a network with the notes of a training that says nothing of filters, or names one."""

    def write(**noted):
        from xaudit.models.sources.build import build_module

        torch.manual_seed(0)
        asked = section(input_size=32)
        path = tmp_path / "net.safetensors"
        notes = {"architecture": "squeezenet1_1", "input_size": 32, "fit": "stretch", **noted}
        save_safetensors(build_module(asked, 2).state_dict(), path, notes=notes)
        return path

    return write


def load(path, **keys):
    asked = section(input_size=32, weights=path, **keys)
    return load_classifier(asked, class_names=("normal", "cancer"), weights=path, device="cpu", batch_size=2)


def test_weights_trained_before_filters_keep_area_and_refuse_another(trained):
    path = trained()
    loaded = load(path)
    assert loaded.preparation is None
    [note] = loaded.notes
    assert "by the filter of its training, area, not by the default, bilinear" in note
    with pytest.raises(
        ModelError, match="trained with resize area, the audit file asks for bicubic"
    ) as caught:
        load(path, preprocess={"resize": "bicubic"})
    assert caught.value.hint == "set `preprocess.resize` to area, or train again"


def test_weights_trained_with_a_filter_bring_it(trained):
    path = trained(resize="bicubic", antialias=False)
    loaded = load(path)
    own = loaded.preparation
    assert "bicubic without antialias, not by the default" in loaded.notes[0]
    assert (own.resize, own.antialias) == ("bicubic", False)
    with pytest.raises(ModelError, match="trained with antialias false, the audit file asks for true"):
        load(path, preprocess={"resize": "bicubic"})


def test_weights_from_elsewhere_get_the_default(tmp_path):
    from xaudit.models.sources.build import build_module

    path = tmp_path / "net.safetensors"
    save_file(build_module(section(input_size=32), 2).state_dict(), path)
    loaded = load(path)
    assert loaded.preparation.resize == "bilinear"
    assert loaded.notes == ()


def test_training_sees_the_pixels_of_evaluation():
    from xaudit.models.training.data import Frames, TrainingData
    from xaudit.records import Case

    picture = next(pictures())
    case = Case("a", "p", "own", "a.png", "a" * 64, "normal", "train", *picture.shape[:2])
    data = TrainingData(
        (case,), ("normal", "cancer"), lambda _: picture.astype(np.float32) / 255, lambda _: None
    )
    asked = section(preprocess={"resize": "bicubic"})
    frames = Frames(data, model_hw=(48, 48), fit="stretch", preparation=asked_preparation(asked))
    np.testing.assert_allclose(frames.images([case])[0], carried(picture, asked, 48)[0], rtol=0, atol=1e-6)
