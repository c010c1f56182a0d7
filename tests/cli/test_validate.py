"""`xaudit config validate` says all that would stop the run; `xaudit run` says the first of it before it starts."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

CODE = """\
import torch

limit = 3


def build(n_classes):
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(4, n_classes)
    )


def build_with_numbers(n_classes):
    network = build(n_classes)
    network.register_buffer("seen", torch.tensor(float(sum(torch.ones(3).tolist()))))
    return network


def fails(n_classes):
    raise ValueError("no idea")
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Two images of two classes with a mark, a module of networks, and weights of one of them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("own_networks", None)
    Path("own_networks.py").write_text(CODE)
    for name in ("images", "marks", "maps"):
        Path(name).mkdir()
    for name in ("a", "b"):
        Image.fromarray(np.full((32, 32), 90, np.uint8)).save(f"images/{name}.png")
    Image.fromarray(np.eye(32, dtype=np.uint8) * 255).save("marks/a.png")
    np.save("maps/a.npy", np.eye(32, dtype=np.float32))
    Path("labels.csv").write_text(
        "image,label,patient,split,site\na.png,ill,p1,test,north\nb.png,well,p2,test,south\n"
    )
    Path("predictions.csv").write_text("image,ill,well\na.png,0.9,0.1\nb.png,0.1,0.9\n")
    import own_networks

    torch.save(own_networks.build(2).state_dict(), "small.pt")
    torch.save(torch.nn.Linear(2, 2).state_dict(), "other.pt")
    Path("junk.pt").write_text("hello")
    yield tmp_path
    sys.modules.pop("own_networks", None)


def small(**changes):
    model = {
        "id": "m",
        "source": "python",
        "factory": "own_networks:build",
        "weights": "small.pt",
        "layer": "0",
    }
    return {key: value for key, value in (model | changes).items() if value is not None}


def external(**changes):
    return {
        "id": "m",
        "source": "external",
        "predictions": "predictions.csv",
        "maps": {"g": "maps"},
    } | changes


def write(models, data=None, **keys):
    plain = {
        "data": {
            "format": "csv",
            "images": "images",
            "labels": "labels.csv",
            "annotations": {"path": "marks"},
        }
        | (data or {}),
        "models": models,
        "explainers": ["gradcam"] if all(m["source"] != "external" for m in models) else None,
        "metrics": ["iou"],
    } | keys
    Path("audit.yaml").write_text(yaml.safe_dump({k: v for k, v in plain.items() if v is not None}))


def faults(out):
    return [line.partition(". ")[2] for line in out.splitlines() if line[:1].isdigit()]


def test_a_sound_audit_is_told_what_was_not_looked_at(place, answer):
    write([small()])
    code, out, err = answer("config", "validate", "audit.yaml")
    assert (code, err) == (0, "")
    first, *rest = out.splitlines()
    assert first.startswith(
        "audit.yaml: no fault in what can be checked without a run. models: m; explainers: gradcam;"
    )
    assert rest == [
        "not checked: the data: images, marks and masks were not opened; `xaudit data check` reads them"
    ]


ALONE = {
    "no such weights": ({"weights": "nosuch.pt"}, "weights {here}/nosuch.pt: No such file or directory"),
    "no weights file": (
        {"weights": "junk.pt"},
        "weights {here}/junk.pt: neither safetensors nor a checkpoint of torch, or damaged",
    ),
    "weights of another network": (
        {"weights": "other.pt"},
        "model 'm': {here}/other.pt is no checkpoint of this architecture: 4 entries are missing, the first '0.weight'; "
        "2 are unexpected, the first 'weight'",
    ),
    "no such module": (
        {"factory": "nowhere_at_all:build", "weights": None},
        "model 'm': factory 'nowhere_at_all:build': nowhere_at_all cannot be imported: ModuleNotFoundError: No module named "
        "'nowhere_at_all'",
    ),
    "no such function": (
        {"factory": "own_networks:biuld", "weights": None},
        "model 'm': factory 'own_networks:biuld': own_networks has no function 'biuld'",
    ),
    "not callable": (
        {"factory": "own_networks:limit", "weights": None},
        "model 'm': factory 'own_networks:limit': own_networks has no function 'limit'",
    ),
    "a factory that fails": (
        {"factory": "own_networks:fails", "weights": None},
        "model 'm': factory 'own_networks:fails' failed: ValueError: no idea",
    ),
    "no such layer": ({"layer": "conv9"}, "model 'm': Sequential has no layer called 'conv9'"),
    "a layer that is no picture": (
        {"layer": "4"},
        "model 'm': layer '4' gives (N, 2), not features on a grid of rows and columns",
    ),
    "no layer is known": ({"layer": None}, "model 'm': no target layer is known for Sequential"),
}


@pytest.mark.parametrize("what", ALONE)
def test_what_is_wrong_with_a_model_is_said_by_validate_and_by_run_in_the_same_words(place, refusal, what):
    changes, expected = ALONE[what]
    write([small(**changes)])
    validated = refusal("config", "validate", "audit.yaml")
    assert validated[0] == expected.format(here=place)
    assert refusal("run", "audit.yaml", "-q", "-o", "runs") == validated
    assert not Path("runs").exists()


def test_an_explainer_that_the_architecture_refuses(place, refusal):
    write([{"id": "vit", "source": "torchvision", "architecture": "vit_b_16"}], explainers=["eigencam"])
    error, hint = refusal("config", "validate", "audit.yaml")
    assert error == (
        "model 'vit': layer 'encoder.layers.encoder_layer_11.ln_1': eigencam takes its sign from the sum over a place's features, "
        "and a layer norm makes that sum the same everywhere"
    )
    assert hint == "give the option `layer` a whole block, or take eigengradcam or gradcam"


def test_a_network_whose_code_needs_numbers_is_no_fault(place, answer):
    write([small(factory="own_networks:build_with_numbers", weights=None)])
    assert answer("config", "validate", "audit.yaml")[0] == 0


def test_every_fault_is_listed_not_only_the_first(place, answer):
    write(
        [
            small(id="a", weights="nosuch.pt"),
            small(id="b", layer="conv9"),
            external(id="c", maps={"g": "mpas"}),
        ],
        {"annotations": {"path": "mraks"}, "regions": {"lungs": "lungs", "body": "body.json"}},
        explainers=["gradcam"],
        gates=["iou@gradcam%class=il >= 0.1"],
        statistics={"strata": ["class"]},
    )
    Path("blocked").write_text("a file")
    code, out, err = answer("config", "validate", "audit.yaml", "-o", "blocked/runs")
    assert code == 2
    assert faults(out) == [
        "blocked/runs: a file stands where a folder is needed",
        f"{place}/mraks: no such annotations",
        f"{place}/lungs: no such folder of masks",
        f"{place}/body.json: no such file of annotations",
        "gates[0]: class has no part 'il' in this data",
        f"weights {place}/nosuch.pt: No such file or directory",
        "model 'b': Sequential has no layer called 'conv9'",
        f"model 'c': maps.g: {place}/mpas: no such folder of maps",
    ]
    assert err.splitlines()[-2:] == [
        "error: audit.yaml: 8 faults",
        "hint:  they are listed above; mend them first",
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"images": "imags"}, "{here}/imags: no such folder of images"),
        ({"labels": "label.csv"}, "{here}/label.csv: no such file of labels"),
        ({"annotations": {"path": "mark"}}, "{here}/mark: no such annotations"),
        ({"regions": {"lungs": "lung"}}, "{here}/lung: no such folder of masks"),
        ({"regions": {"lungs": "lung.nii.gz"}}, "{here}/lung.nii.gz: no such file of masks"),
        ({"regions": {"thorax": "t.json"}}, "{here}/t.json: no such file of annotations"),
        ({"merge": {"sick": "ill"}}, "data.merge: no class of the data is called 'sick'"),
        ({"positive": "il"}, "data.positive: no class is called 'il'"),
        ({"classes": ["ill", "fine"]}, "data.classes: the class 'well' of the data is not listed"),
    ],
)
def test_what_is_wrong_with_the_data_is_said_by_both(place, refusal, data, expected):
    write([external()], data)
    validated = refusal("config", "validate", "audit.yaml")
    assert validated[0] == expected.format(here=place)
    assert refusal("run", "audit.yaml", "-q", "-o", "runs") == validated


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"predictions": "pred.csv"}, "{here}/pred.csv: no such file of predictions"),
        ({"maps": {"g": "map"}}, "model 'm': maps.g: {here}/map: no such folder of maps"),
        ({"maps": {"g": "marks/none"}}, "model 'm': maps.g: {here}/marks/none: no such folder of maps"),
    ],
)
def test_what_is_wrong_with_an_external_model_is_said_by_both(place, refusal, changes, expected):
    write([external(**changes)])
    validated = refusal("config", "validate", "audit.yaml")
    assert validated[0] == expected.format(here=place)
    assert refusal("run", "audit.yaml", "-q", "-o", "runs") == validated


def test_a_gate_on_a_site_that_no_image_comes_from(place, refusal):
    write([external()], gates=["iou%site=nroth >= 0.1"], statistics={"strata": ["site"]})
    assert refusal("config", "validate", "audit.yaml") == (
        "gates[0]: site has no part 'nroth' in this data",
        "did you mean 'north'? it has north, south",
    )


def test_data_without_a_test_image_is_refused_unless_it_is_only_trained_on(place, refusal, answer):
    table = Path("labels.csv").read_text()
    Path("labels.csv").write_text(table.replace(",test,", ",train,"))
    write([external()])
    told = (
        "data: no image is of the split 'test', which is what is audited; there are train",
        "give images the split test, or name no splits to have them divided",
    )
    assert refusal("config", "validate", "audit.yaml") == told
    assert refusal("run", "audit.yaml", "-q", "-o", "runs") == told
    assert answer("predict", "audit.yaml", "-q", "-o", "runs")[0] == 0


def test_half_precision_on_a_cpu(place, refusal):
    write([small()], run={"precision": "bfloat16"})
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    error, _ = refusal("config", "validate", "audit.yaml")
    assert error == "model 'm': `run.precision: bfloat16` is for a GPU, and this audit runs on the CPU"


def test_findings_on_data_of_two_classes_without_the_one_that_is_meant(place, refusal):
    findings = {"outputs": "multilabel", "findings": ["cough", "flu"]}
    write([small(**findings)], {"positive": "ill"})
    assert refusal("config", "validate", "audit.yaml") == (
        "model 'm': the data's positive class 'ill' is none of its findings",
        "set `finding` to one of: cough, flu",
    )


def test_a_device_that_is_not_here_is_refused_before_the_data_is_read(place, refusal):
    write([small()])
    error, hint = refusal("run", "audit.yaml", "-q", "-o", "runs", "--device", "cuda:99")
    assert (error, hint) == (
        "device 'cuda:99' is not available on this machine",
        "use `auto`, which picks an available device",
    )
    assert not Path("runs").exists()


def test_a_package_that_is_not_installed_is_named(place, refusal, monkeypatch):
    monkeypatch.setitem(sys.modules, "pydicom", None)
    Path("labels.csv").write_text("image,label\na.dcm,ill\nb.png,well\n")
    Path("images/a.png").rename("images/a.dcm")
    write([external()])
    assert refusal("config", "validate", "audit.yaml") == (
        "DICOM images need the package pydicom, which is not installed",
        "pip install 'xaudit[dicom]'",
    )


def test_faults_of_the_file_itself_are_listed_one_for_each_place(place, answer):
    write(
        [{"id": "m", "source": "torchvision", "architecture": "resnet18", "sourc": "x"}],
        metrics=["iou", "iuo"],
    )
    code, out, _ = answer("config", "validate", "audit.yaml")
    assert code == 2
    assert faults(out) == [
        "audit.yaml: models[0].sourc: no key is called 'sourc'",
        "audit.yaml: metrics[1]: no metric is called 'iuo'",
    ]


def test_a_faulty_file_need_not_wait_for_torch(place):
    write([external()], metrics=["iou", "iuo"])
    code = (
        "import sys\nfrom xaudit.cli.boundary import run_command_line\n"
        "code = run_command_line(['config', 'validate', 'audit.yaml'])\n"
        "print('torch' in sys.modules, file=sys.stderr)\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=place)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, "False")
