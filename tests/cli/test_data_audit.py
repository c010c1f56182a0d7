"""``xaudit data audit`` as a user sees it: the screen, the folder, the exit code."""

import json

import pyarrow.parquet as pq
import pytest

AUDIT = """
name: small
data: {format: phantom, phantom: {patients: 8, size: 64, slices: 2, splits: test}}
models: [{id: honest, source: phantom, variant: honest}]
"""


@pytest.fixture
def audit(tmp_path):
    (tmp_path / "small.yaml").write_text(AUDIT)
    return tmp_path / "small.yaml"


def test_it_prints_the_verdict_first_and_writes_one_folder(answer, audit, tmp_path):
    code, out, err = answer("data", "audit", audit, "-q", "-o", tmp_path / "results")
    assert code == 0, err
    (folder,) = (tmp_path / "results").iterdir()
    plain = json.loads((folder / "data-audit.json").read_text())
    assert folder.name == plain["audit_id"]
    lines = out.splitlines()
    assert lines[0] == "xaudit: data of small, 16 images of 8 patients"
    assert lines[2].startswith("Verdict ")
    assert " ".join(lines[3:6]).startswith(plain["headline"][:60])
    assert "Calibration of the answers" in out
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [
            "data-audit.json",
            "data-audit.html",
            *(one["file"] for check in plain["checks"] for one in check["tables"]),
        ]
    )
    for check in plain["checks"]:
        for one in check["tables"]:
            assert pq.read_table(folder / one["file"]).num_rows == one["n_rows"] > 0
    assert plain["models"] == ["honest"]
    assert plain["datasets"][0]["by_class"] == {"test": {"cancer": 8, "normal": 8}}

    # The folder's name and content follow from the content, and no path or user gets in.
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert answer("data", "audit", audit, "-q", "-o", tmp_path / "results")[0] == 0
    assert [path.name for path in (tmp_path / "results").iterdir()] == [folder.name]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert all(str(tmp_path).encode() not in content for content in before.values())


def test_without_models_says_what_was_not_checked(answer, audit, tmp_path):
    code, out, _ = answer(
        "data", "audit", audit, "--without-models", "--format", "json", "-q", "-o", tmp_path
    )
    plain = json.loads(out)
    assert plain["models"] == []
    assert plain["not_checked"][0] == "no model was asked, because of --without-models"
    assert "calibration: no model was asked" in plain["not_checked"]
    assert code in (0, 5)


def test_a_model_without_weights_is_named(answer, tmp_path):
    text = AUDIT.replace(
        "{id: honest, source: phantom, variant: honest}",
        "{id: new, source: torchvision, architecture: resnet18}",
    )
    (tmp_path / "small.yaml").write_text(text)
    _, out, _ = answer("data", "audit", tmp_path / "small.yaml", "--format", "json", "-q", "-o", tmp_path)
    assert json.loads(out)["not_checked"][0].startswith("model 'new' was not asked: it has no weights yet")


def test_a_folder_of_something_else_is_left_alone(answer, refusal, audit, tmp_path):
    answer("data", "audit", audit, "-q", "-o", tmp_path / "results")
    (folder,) = (tmp_path / "results").iterdir()
    (folder / "data-audit.json").unlink()
    error, hint = refusal("data", "audit", audit, "-q", "-o", tmp_path / "results")
    assert error.endswith("is there already and holds no data-audit.json")
    assert hint == "choose another folder with --out"
    assert (folder / "data-audit.html").is_file()
