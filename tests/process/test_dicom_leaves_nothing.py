"""What a DICOM file says of a person or a place stands in no output, in whatever form; only its picture does."""

import base64
import csv
import io
import json
import re
import zipfile

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from known_network import OtherNetwork
from PIL import Image
from safetensors.torch import save_file

from xaudit.cli.boundary import run_command_line

pytest.importorskip("pydicom")
from marked_dicom import (
    FOLDER,
    NAME,
    STEM,
    UID_STEM,
    forms,
    marked_dataset,
    marked_file,
    marks_in,
    numbers_in,
)

pytestmark = pytest.mark.usefixtures("one_thread")

N_PATIENTS = 6
STEMS = (STEM, UID_STEM, FOLDER, "18760101235917", "235917.1875")


def write_marked_study(folder):
    """Two slices of each of six patients, one with a bright square, under names and in a folder that are marks too."""
    (folder / "images").mkdir(parents=True)
    base, n_elements = marked_dataset()
    assert n_elements > 1000
    rng = np.random.default_rng(0)
    rows, images, marks = [], [], []
    for number in range(2 * N_PATIENTS):
        patient, sick = divmod(number, 2)
        name = f"{NAME}-{number:02d}.dcm"
        stored = rng.integers(100, 400, (40, 48))
        if sick:
            stored[10:20, 12:24] = 1400
            marks.append({"id": number, "image_id": number, "category_id": 1, "bbox": [12, 10, 12, 10]})
        data = marked_file(base, stored, patient=patient, instance=number)
        (folder / "images" / name).write_bytes(data)
        rows.append([name, "sick" if sick else "well", "test"])
        images.append({"id": number, "file_name": name, "height": 40, "width": 48})
    cut = f"{NAME}-cut.dcm"
    data = marked_file(base, stored, patient=patient, instance=99)
    (folder / "images" / cut).write_bytes(data[:-200])
    rows.append([cut, "well", "test"])
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["image", "label", "split"], *rows])
    coco = {"images": images, "annotations": marks, "categories": [{"id": 1, "name": "sick"}]}
    (folder / "marks.json").write_text(json.dumps(coco))
    save_file(OtherNetwork(2).state_dict(), folder / "net.safetensors")
    audit = {
        "name": "marked",
        "data": {
            "format": "csv",
            "images": "images",
            "labels": "labels.csv",
            "window": "full",
            "annotations": {"path": "marks.json"},
        },
        "models": [
            {
                "id": "net",
                "source": "python",
                "factory": "known_network:build_other",
                "weights": "net.safetensors",
                "input_size": 32,
                "layer": "last",
            }
        ],
        "explainers": ["gradcam", "saliency"],
        "metrics": ["relevance-mass-accuracy", {"name": "pixel-flipping", "steps": 4}],
        "controls": ["random", "human", "mean-map"],
        "gates": ["relevance-mass-accuracy@gradcam >= 0.01"],
        "statistics": {"replicates": 200, "strata": ["lesion-size"]},
        "run": {"figures": 2, "curves": True, "max_error_rate": 0.5},
    }
    (folder / "audit.yaml").write_text(yaml.safe_dump(audit))
    return folder


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Every byte that an audit of such files gives, by where it stands, and those of reports with hashed ids."""
    root = tmp_path_factory.mktemp("marked")
    study = write_marked_study(root / FOLDER)
    out, shared = root / "out", root / "shared"
    shared.mkdir()
    said = {}

    def told(name, *args):
        with pytest.MonkeyPatch.context() as patch, io.StringIO() as stdout, io.StringIO() as stderr:
            patch.chdir(study)
            patch.setenv("GITHUB_STEP_SUMMARY", str(root / f"{name}-step.md"))
            patch.setattr("sys.stdout", stdout)
            patch.setattr("sys.stderr", stderr)
            code = run_command_line([str(one) for one in args])
            said[f"{name} stdout"], said[f"{name} stderr"] = stdout.getvalue(), stderr.getvalue()
        assert code in (0, 1), said
        return said[f"{name} stdout"]

    told("check", "data", "check", study / "audit.yaml", "--pictures", root / "pictures")
    told(
        "run",
        "run",
        study / "audit.yaml",
        "-v",
        "--full",
        "--github",
        "--junit",
        root / "junit.xml",
        "-o",
        out,
    )
    [run] = [path for path in out.iterdir() if path.is_dir()]
    for name, args in (
        ("terminal", ["--full"]),
        ("markdown", ["--format", "markdown"]),
        ("json", ["--format", "json"]),
        ("card", ["--model-card"]),
    ):
        told(name, "report", run, *args)
        told(f"hashed {name}", "report", run, *args, "--hash-ids")
    told("page", "report", run, "--html", "--hash-ids", "--to", shared / "hashed page.html")
    told("sign-off", "report", run, "--sign-off", root / "signed.zip", "--sarif", root / "verdicts.sarif")
    told("hashed sign-off", "report", run, "--hash-ids", "--sign-off", shared / "hashed signed.zip")
    told("croissant", "report", run, "--croissant")
    told("diff", "diff", run, run, "--html", root / "diff.html")
    found = {name: text.encode() for name, text in said.items()}
    for path in root.rglob("*"):
        if path.is_file() and study not in path.parents:
            found[str(path.relative_to(root))] = path.read_bytes()
    return found, run


def contents(name, data):
    """The bytes of a file and of all that is packed into it."""
    yield data
    yield name.encode()
    if name.endswith(".parquet"):
        table = pq.read_table(io.BytesIO(data))
        yield str(table.schema).encode() + str(table.schema.metadata).encode()
        for column in table.columns:
            for value in column.to_pylist():
                yield from contents(".webp", value) if isinstance(value, bytes) else [str(value).encode()]
    elif name.endswith((".png", ".webp")) and data[:4] in (b"\x89PNG", b"RIFF"):
        image = Image.open(io.BytesIO(data))
        yield str(image.info).encode() + str(dict(image.getexif())).encode() + image.tobytes()
    elif name.endswith((".npz", ".zip")):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for inner in packed.namelist():
                yield from contents(inner, packed.read(inner))
    elif name.endswith(".html"):
        for code in re.findall(rb"data:image/webp;base64,([\w+/=]+)", data):
            yield from contents(".webp", base64.b64decode(code))


@pytest.mark.parametrize("stem", STEMS)
def test_the_search_finds_a_mark_in_every_form(stem):
    for form, code in forms(stem).items():
        assert marks_in("here", b"{" + code + b"}", [stem]), form
    for shift in range(3):
        packed = base64.b64encode(b"x" * shift + stem.encode() + b"and more")
        assert marks_in("here", packed, [stem])
    assert numbers_in("here", b'"18710203"')
    assert not numbers_in("here", b"0.18710203")


def test_the_files_do_hold_the_marks(tmp_path):
    study = write_marked_study(tmp_path / "study")
    data = next((study / "images").iterdir()).read_bytes()
    assert {one.form.partition(":")[0] for one in marks_in("file", data, STEMS)} == set(STEMS) - {FOLDER}
    assert len(numbers_in("file", data)) > 100


@pytest.mark.slow
def test_nothing_that_the_files_say_of_a_person_or_a_place_stands_in_any_output(outputs):
    found, run = outputs
    kinds = {name.rpartition(".")[2] for name in found}
    assert {"parquet", "json", "html", "png", "xml", "yaml", "jsonl", "md"} <= kinds
    faults = [
        fault
        for name, data in found.items()
        for part in contents(name, data)
        for fault in (*marks_in(name, part, STEMS), *numbers_in(name, part))
    ]
    assert not faults
    assert run.name in "".join(found)


@pytest.mark.slow
def test_a_files_name_is_its_cases_id_and_stands_in_no_report_with_hashed_ids(outputs):
    found, run = outputs
    named = {
        name for name, data in found.items() for part in contents(name, data) if marks_in(name, part, [NAME])
    }
    hashed = {name for name in found if "hashed" in name}
    assert len(hashed) == 12
    about_no_case = {f"out/{run.name}/{name}" for name in ("manifest.json", "log.jsonl", "status.json")}
    about_no_case |= {
        f"out/{run.name}/audit.resolved.yaml",
        f"out/{run.name}/junit.xml",
        "junit.xml",
        "run stderr",
    }
    assert about_no_case <= set(found)
    assert not named & (hashed | about_no_case)
    assert f"out/{run.name}/cases.parquet" in named
