"""The audits of the page on medical networks run as shown, and the models answer as their libraries let them answer."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import torchvision
import yaml
from known_study import only_run, xaudit_process
from PIL import Image

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "medical-networks.md"
SIDE = 70
pytestmark = pytest.mark.slow


def blocks(heading, language):
    """The code blocks of a section of the page."""
    section = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    [text] = [part for part in section if part.startswith(heading)]
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Eight grey images of the frame's size; half show a bright square, which is marked."""
    rng, marks, images = np.random.default_rng(0), [], []
    for number in range(8):
        label = "nodule" if number % 2 else "normal"
        pixels = rng.integers(60, 140, (SIDE, SIDE)).astype(np.uint8)
        if number % 2:
            pixels[8:22, 30:44] = 230
            marks.append({"id": number, "image_id": number, "category_id": 1, "bbox": [30, 8, 14, 14]})
        path = tmp_path / "images" / label / f"p{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
        images.append({"id": number, "file_name": path.name, "height": SIDE, "width": SIDE})
    coco = {"images": images, "annotations": marks, "categories": [{"id": 1, "name": "nodule"}]}
    (tmp_path / "marks.json").write_text(json.dumps(coco))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def write_code(folder, text):
    """Write a block to the file that its first line names; returns its names."""
    name = re.match(r"# (\w+\.py)", text)[1]
    (folder / name).write_text(text)
    names = {"__name__": name.removesuffix(".py")}
    exec(compile(text, name, "exec"), names)
    return names


def seasoned(network, images):
    """A network with random weights whose batch norms know these images."""
    norms = [part for part in network.modules() if isinstance(part, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None
    with torch.no_grad():
        network.train()(images)
    return network.eval()


def pixels_of(folder):
    """Intensities in 0 to 1 by the name of the image, (1, 1, h, w)."""
    paths = sorted((folder / "images").rglob("*.png"))
    return {
        path.stem: torch.from_numpy(np.asarray(Image.open(path)) / 255.0).float()[None, None]
        for path in paths
    }


def probabilities(folder, audit, **changes):
    """Run an audit of the page in a process; returns P(positive) by the name of the image, and the run folder."""
    plain = yaml.safe_load(audit)
    plain["models"][0] |= {"input_size": SIDE, **changes}
    plain["data"].setdefault("positive", "nodule")
    further = {
        "explainers": plain.get("explainers", ["gradcam"]),
        "metrics": ["pointing-game"],
        "reliance": {"enabled": False},
    }
    (folder / "audit.yaml").write_text(yaml.safe_dump({**plain, **further}))
    ran = xaudit_process("run", "audit.yaml", "--limit", "2", "--format", "json", cwd=folder)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["verdicts"], ran.stdout
    run = only_run(folder / "runs")
    table = pd.read_parquet(run / "predictions.parquet")
    positive = plain["data"]["positive"]
    assert {len(logits) for logits in table["logits"]} == {2}
    probability = [
        float(row.probabilities[list(row.class_names).index(positive)]) for row in table.itertuples()
    ]
    return {Path(case).name: value for case, value in zip(table["case_id"], probability, strict=True)}, run


def assert_equal(found, wanted):
    assert found.keys() == wanted.keys()
    assert found == pytest.approx(wanted, abs=2e-4)
    assert max(found.values()) - min(found.values()) > 1e-3, "the images are told apart"


@pytest.mark.parametrize("name", ["densenet121", "resnet50"])
def test_torchxrayvision_without_the_package(study, name):
    code, audit = blocks("TorchXRayVision", "python")[1], blocks("TorchXRayVision", "yaml")[0]
    torch.manual_seed(0)
    network = write_code(study, code)[name](18)
    inputs = {file: pixels * 2048 - 1024 for file, pixels in pixels_of(study).items()}
    seasoned(network, torch.cat(list(inputs.values())))
    network.op_threshs.copy_(torch.linspace(0.01, 0.2, 18))
    torch.save(network.state_dict(), "w.pt")
    found, _ = probabilities(study, audit, weights="w.pt", factory=f"chest_nets:{name}")
    with torch.no_grad():
        nodule = {file: torch.sigmoid(network(some)[0, 11]).item() for file, some in inputs.items()}
    threshold = yaml.safe_load(audit)["models"][0]["threshold"]
    odds = {file: p / (1 - p) * (1 - threshold) / threshold for file, p in nodule.items()}
    assert_equal(found, {file: value / (1 + value) for file, value in odds.items()})
    assert {file: value >= 0.5 for file, value in found.items()} == {
        file: value >= threshold for file, value in nodule.items()
    }


@pytest.mark.filterwarnings("ignore")  # of the package itself
def test_torchxrayvision_by_the_package(study):
    xrv = pytest.importorskip("torchxrayvision")
    code, audit = blocks("TorchXRayVision", "python")[2], blocks("TorchXRayVision", "yaml")[0]
    torch.manual_seed(0)
    network = write_code(study, code)["densenet121"](18)
    pixels = {file: (some[0].numpy() * 255).round() for file, some in pixels_of(study).items()}
    inputs = {file: torch.from_numpy(xrv.utils.normalize(some, 255))[None] for file, some in pixels.items()}
    network.op_threshs = None
    seasoned(network, torch.cat(list(inputs.values())))
    with torch.no_grad():
        middle = torch.sigmoid(network(torch.cat(list(inputs.values())))).mean(dim=0)
    network.op_threshs = middle
    torch.save(network.state_dict(), "w.pt")
    plain = yaml.safe_load(audit)
    del plain["models"][0]["threshold"]
    changes = {"weights": "w.pt", "factory": "xrv_nets:densenet121", "outputs": "multilabel-probabilities"}
    found, _ = probabilities(study, yaml.safe_dump(plain), **changes)
    with torch.no_grad():
        wanted = {
            file: network(some)[0, network.targets.index("Nodule")].item() for file, some in inputs.items()
        }
    assert_equal(found, wanted)
    assert {value >= 0.5 for value in found.values()} == {True, False}


def test_an_encoder_of_transformers_with_a_head(study):
    transformers = pytest.importorskip("transformers")
    [code], [audit] = blocks("RAD-DINO", "python"), blocks("RAD-DINO", "yaml")
    small = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": SIDE,
        "patch_size": 14,
    }
    transformers.Dinov2Config(**small).save_pretrained("rad-dino")
    torch.manual_seed(0)
    network = write_code(study, code)["build"](2).eval()
    network.head.weight.data.mul_(5)
    torch.save(network.state_dict(), "w.pt")
    found, run = probabilities(study, audit, weights="w.pt")
    with torch.no_grad():
        logits = {
            file: network((some.expand(-1, 3, -1, -1) - 0.5307) / 0.2583)
            for file, some in pixels_of(study).items()
        }
    # Classes sort as nodule, normal.
    assert_equal(found, {file: torch.softmax(some, dim=1)[0, 0].item() for file, some in logits.items()})
    maps = pd.read_parquet(run / "maps")
    assert set(maps["explainer"]) >= {"gradcam", "attention-rollout"}


@pytest.mark.filterwarnings("ignore")  # of the package itself
def test_a_network_of_monai(study):
    pytest.importorskip("monai")
    from monai.transforms import LoadImage

    [code], [audit] = blocks("MONAI", "python"), blocks("MONAI", "yaml")
    torch.manual_seed(0)
    network = write_code(study, code)["build"](2)
    paths = {path.stem: path for path in (study / "images").rglob("*.png")}
    loaded = {
        file: torch.as_tensor(np.asarray(LoadImage(image_only=True)(path))).float()
        for file, path in paths.items()
    }
    inputs = {file: some[None, None] / 255 for file, some in loaded.items()}
    plain = super(type(network), network).forward
    seasoned(network, torch.cat([some.transpose(2, 3) for some in inputs.values()]))
    torch.save(network.state_dict(), "w.pt")
    found, _ = probabilities(study, audit, weights="w.pt")
    with torch.no_grad():
        wanted = {file: torch.softmax(plain(some), dim=1)[0, 0].item() for file, some in inputs.items()}
    assert_equal(found, wanted)


def lightning_checkpoint(network):
    """A checkpoint as Lightning's Trainer writes it, around a network under `model.`."""
    state = {f"model.{name}": value for name, value in network.state_dict().items()}
    return {
        "epoch": 3,
        "global_step": 12,
        "pytorch-lightning_version": "2.6.0",
        "state_dict": {**state, "criterion.pos_weight": torch.tensor([2.0])},
        "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"total": {"ready": 4}}}},
        "callbacks": {
            "ModelCheckpoint{'monitor': 'val_loss'}": {
                "best_model_score": torch.tensor(0.2),
                "best_k_models": {},
            }
        },
        "optimizer_states": [
            {"state": {0: {"exp_avg": torch.zeros(3)}}, "param_groups": [{"lr": 0.1, "params": [0]}]}
        ],
        "lr_schedulers": [],
        "hparams_name": "kwargs",
        "hyper_parameters": {"n_classes": 2, "lr": 0.001},
    }


def colour_inputs(study):
    mean, std = (torch.tensor(some).view(3, 1, 1) for some in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    return {file: (some.expand(-1, 3, -1, -1) - mean) / std for file, some in pixels_of(study).items()}


def test_a_lightning_checkpoint_without_lightning(study):
    torch.manual_seed(0)
    inputs = colour_inputs(study)
    network = seasoned(torchvision.models.resnet18(num_classes=2), torch.cat(list(inputs.values())))
    torch.save(lightning_checkpoint(network), "last.ckpt")
    found, run = probabilities(study, blocks("A Lightning module", "yaml")[0])
    with torch.no_grad():
        assert_equal(
            found, {file: torch.softmax(network(some), dim=1)[0, 0].item() for file, some in inputs.items()}
        )
    notes = json.loads((run / "outcome.json").read_text())["notes"]
    assert any(
        "1 entry is not of the network and is not loaded: criterion.pos_weight" in note for note in notes
    )


@pytest.mark.filterwarnings("ignore")  # of the package itself
def test_a_lightning_module(study):
    lightning = pytest.importorskip("pytorch_lightning")
    [code], audit = blocks("A Lightning module", "python"), blocks("A Lightning module", "yaml")[1]
    torch.manual_seed(0)
    inputs = colour_inputs(study)
    made = write_code(study, code)["build"](2)
    module = seasoned(made, torch.cat(list(inputs.values())))
    trainer = lightning.Trainer(
        logger=False, accelerator="cpu", enable_progress_bar=False, default_root_dir=study
    )
    trainer.strategy.connect(module)
    trainer.save_checkpoint("last.ckpt")
    found, _ = probabilities(study, audit)
    with torch.no_grad():
        assert_equal(
            found, {file: torch.softmax(module(some), dim=1)[0, 0].item() for file, some in inputs.items()}
        )
