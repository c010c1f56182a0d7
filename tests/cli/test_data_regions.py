"""Masks made, drawn and checked from the command line."""

import csv
import io
import json

import numpy as np
import pytest
import yaml
from PIL import Image

from xaudit.cases.phantom.study import write_phantom
from xaudit.config import PhantomSection


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Six simulated patients of one slice each, as ordinary files, with an audit that has the masks made."""
    folder = tmp_path_factory.mktemp("regions") / "study"
    write_phantom(PhantomSection(patients=6, slices=1, size=96, seed=2), folder, on_progress=lambda _: None)
    write_audit(folder, {"lungs": "builtin-ct", "body": "builtin", "thorax": "builtin"})
    return folder


def write_audit(folder, regions, name="audit.yaml"):
    audit = {
        "data": {
            "format": "csv",
            "images": "images",
            "labels": "labels.csv",
            "annotations": {"path": "annotations.json"},
            "regions": regions,
        },
        "models": [{"id": "m", "source": "torchvision", "architecture": "resnet18"}],
    }
    (folder / name).write_text(yaml.safe_dump(audit))
    return folder / name


def dice(one, other):
    return 2 * (one & other).sum() / (one.sum() + other.sum())


def mask(path):
    with Image.open(path) as image:
        return np.asarray(image) > 0


def test_masks_overlays_and_a_contact_sheet_are_written_under_the_images_names(answer, study, tmp_path):
    code, out, err = answer("data", "regions", study / "audit.yaml", "-o", tmp_path / "made")
    assert code == 0, err
    made = tmp_path / "made" / "data"
    names = sorted(path.name for path in (study / "images").iterdir())
    for kind in ("lungs", "body", "thorax", "overlays"):
        assert sorted(path.name for path in (made / kind).iterdir()) == names
    assert all(dice(mask(made / "lungs" / n), mask(study / "lungs" / n)) > 0.9 for n in names)
    assert all(dice(mask(made / "body" / n), mask(study / "body" / n)) > 0.98 for n in names)
    with Image.open(made / "contact-sheet.png") as sheet:
        assert sheet.width == 6 * (256 + 4)
    lines = [line.split() for line in out.splitlines() if line.startswith("data ")]
    assert [line[:4] for line in lines] == [
        ["data", "structure", "masks", "missing"],
        ["data", "lungs", "6", "0"],
        ["data", "thorax", "6", "0"],
        ["data", "body", "6", "0"],
    ]


def test_what_was_made_can_be_named_by_the_next_audit(answer, study, tmp_path):
    assert answer("data", "regions", study / "audit.yaml", "-o", tmp_path / "made", "-q")[0] == 0
    regions = {name: str(tmp_path / "made" / "data" / name) for name in ("lungs", "body")}
    again = write_audit(study, regions, "again.yaml")
    code, out, _ = answer("data", "regions", again, "-q", "--format", "json")
    assert code == 0
    for case in json.loads(out)["cases"]:
        own = mask(tmp_path / "made" / "data" / "lungs" / f"{case['case_id']}.png")
        assert case["areas"]["lungs"] == own.mean()


def test_the_share_of_marks_in_the_lungs_is_told(answer, study):
    _, out, _ = answer("data", "regions", study / "audit.yaml", "-q")
    assert "On 3 marked images, " in out
    _, out, _ = answer("data", "regions", study / "audit.yaml", "-q", "--format", "json", "--limit", "2")
    assert len(json.loads(out)["cases"]) == 2


def test_the_table_as_csv_and_markdown(answer, study):
    _, out, _ = answer("data", "regions", study / "audit.yaml", "-q", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(row["structure"], row["masks"]) for row in rows] == [
        ("lungs", "6"),
        ("thorax", "6"),
        ("body", "6"),
    ]
    _, out, _ = answer("data", "regions", study / "audit.yaml", "-q", "--format", "markdown")
    assert out.startswith("## Masks\n\n| data | structure | masks |")


def test_a_folder_that_is_there_is_left_alone(refusal, study):
    said, hint = refusal("data", "regions", study / "audit.yaml", "-o", study)
    assert said == f"{study}: is there already and not empty"
    assert hint == "name a folder that is not there yet"


def test_an_audit_without_masks_is_told_how_to_get_some(refusal, study):
    said, hint = refusal("data", "regions", write_audit(study, {}, "bare.yaml"))
    assert said == "bare.yaml: data.regions names no masks"
    assert hint == (
        "name some: --set data.regions.own.ruler=masks/ruler, or for a chest --set data.regions.lungs=builtin-ct"
    )


def test_masks_of_nothing_exit_with_5(answer, study, tmp_path):
    for path in (study / "images").iterdir():
        (tmp_path / "images").mkdir(exist_ok=True)
        Image.new("L", (96, 96), 90).save(tmp_path / "images" / path.name)
    for name in ("labels.csv", "annotations.json"):
        (tmp_path / name).write_bytes((study / name).read_bytes())
    code, _, err = answer("data", "regions", write_audit(tmp_path, {"lungs": "builtin-ct"}), "-q")
    assert code == 5
    assert err.splitlines()[0] == (
        "error: no image has a mask: the built-in segmentation found no lungs: the image is all of one brightness"
    )
