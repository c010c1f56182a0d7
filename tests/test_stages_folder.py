"""The audit as it is kept in a run folder, and which runs count as the same audit."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from xaudit.config import AuditFile, build_audit_file
from xaudit.errors import RunFolderError
from xaudit.stages import RunRequest, newest_run, unfinished_since
from xaudit.stages.work.folder import audit_text, obtain_folder


@pytest.fixture
def audit(tmp_path):
    return build_audit_file(
        {
            "data": {
                "format": "csv",
                "images": "secret-place/images",
                "labels": "secret-place/labels.csv",
                "annotations": {"path": "secret-place/marks.json"},
                "regions": {"lungs": "secret-place/lungs"},
            },
            "datasets": {"other": {"images": "secret-place/other"}},
            "models": [
                {"id": "a", "architecture": "resnet18", "weights": "secret-place/a.pt"},
                {"id": "b", "architecture": "resnet18", "dataset": "other"},
            ],
            "explainers": ["gradcam", {"name": "lime", "id": "lime-50", "samples": 50}],
            "gates": ["iou@lime-50 >= 0.3", "reliance-border <= 0.05"],
        },
        shown="audit.yaml",
        root=tmp_path,
    )


def test_the_kept_audit_holds_no_place_but_the_names_of_the_files(audit, tmp_path):
    text = audit_text(audit)
    assert str(tmp_path) not in text
    assert "secret-place" not in text
    assert "/" not in text
    plain = yaml.safe_load(text)
    assert plain["data"]["images"] == "images"
    assert plain["data"]["annotations"]["path"] == "marks.json"
    assert plain["data"]["regions"]["lungs"] == "lungs"
    assert plain["datasets"]["other"]["images"] == "other"
    assert [model["weights"] for model in plain["models"]] == ["a.pt", None]


def test_the_kept_audit_spells_out_every_setting_and_can_be_read_again(audit):
    plain = yaml.safe_load(audit_text(audit))
    assert plain["explainers"][1] == {
        "name": "lime",
        "id": "lime-50",
        "samples": 50,
        "segments": 60,
        "compactness": 0.5,
        "hide": "mean",
        "segmentation": "slic",
    }
    assert plain["gates"] == ["iou@lime-50 >= 0.3", "reliance-border <= 0.05"]
    again = AuditFile.model_validate(plain)
    assert audit_text(again) == audit_text(audit)


def test_the_same_audit_finds_its_folder_again_unless_it_is_to_start_afresh(audit, tmp_path):
    request = RunRequest(audit, tmp_path / "runs")
    first = obtain_folder(request)
    assert obtain_folder(request).path == first.path
    fresh = obtain_folder(RunRequest(audit, tmp_path / "runs", fresh=True))
    assert fresh.path != first.path
    assert newest_run(tmp_path / "runs") == fresh.path


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"run": {"batch_size": 7, "shard_size": 3, "figures": 1, "max_error_rate": 0.5}}, True),
        ({"seed": 1}, False),
        ({"run": {"limit": 3}}, False),
        ({"gates": ["reliance-mark >= 0.1"]}, False),
    ],
    ids=str,
)
def test_what_can_change_a_result_makes_another_folder_and_nothing_else_does(audit, tmp_path, change, same):
    first = obtain_folder(RunRequest(audit, tmp_path / "runs"))
    changed = AuditFile.model_validate({**audit.model_dump(), **change})
    assert (obtain_folder(RunRequest(changed, tmp_path / "runs")).path == first.path) == same


def test_another_device_or_training_again_makes_another_folder(audit, tmp_path):
    paths = {
        obtain_folder(RunRequest(audit, tmp_path / "runs", **keys)).path
        for keys in ({}, {"device": "cpu"}, {"retrain": True})
    }
    assert len(paths) == 3


def test_other_inputs_make_another_folder_and_the_same_find_theirs_again(audit, tmp_path):
    request = RunRequest(audit, tmp_path / "runs")
    first, second = obtain_folder(request, "weights of main"), obtain_folder(request, "other weights")
    assert first.path != second.path
    assert obtain_folder(request, "weights of main").path == first.path
    assert obtain_folder(request, "other weights").path == second.path


def test_where_the_files_lie_does_not_count(audit, tmp_path):
    first = obtain_folder(RunRequest(audit, tmp_path / "runs"), "inputs")
    plain = audit.model_dump(mode="json")
    plain["data"]["images"] = "/elsewhere/images"
    moved = AuditFile.model_validate(plain)
    assert obtain_folder(RunRequest(moved, tmp_path / "runs"), "inputs").path == first.path
    plain["data"]["images"] = "/elsewhere/pictures"
    renamed = AuditFile.model_validate(plain)
    assert obtain_folder(RunRequest(renamed, tmp_path / "runs"), "inputs").path != first.path


def test_the_run_that_was_finished_last_is_taken_and_newer_unfinished_ones_are_named(audit, tmp_path):
    runs = tmp_path / "runs"
    noon = datetime(2030, 1, 1, 12, tzinfo=UTC)
    made = [obtain_folder(RunRequest(audit, runs), inputs) for inputs in ("a", "b", "c", "d")]
    for minutes, (run, state) in enumerate(
        zip(made, ("complete", "complete", "interrupted", "shard"), strict=True)
    ):
        run.set_state(state, now=noon + timedelta(minutes=minutes))
    assert newest_run(runs) == made[1].path
    assert unfinished_since(made[1].path) == ((made[2].run_id, "interrupted"),)
    # The first is carried out once more: it is the last that was finished, and nothing unfinished is newer.
    made[0].set_state("complete", now=noon + timedelta(hours=1))
    assert newest_run(runs) == made[0].path
    assert unfinished_since(made[0].path) == ()


def test_where_there_is_no_run_it_says_so():
    with pytest.raises(RunFolderError, match=r"(?m)^nowhere: no run folder there$"):
        newest_run(Path("nowhere"))
