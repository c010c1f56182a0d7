"""A calibration beside a run: read as it was written, shown in page and card, and refused for other data, models or settings."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import yaml

from xaudit.errors import RunFolderError
from xaudit.records import (
    Calibration,
    CalibrationEffect,
    ExplainerJudgement,
    ExplainerOnPlant,
    Interval,
    PatientsNeeded,
    PlantOnMap,
    PowerPoint,
)
from xaudit.report.html.calibration_part import calibration_part
from xaudit.stages.calibration.calibrate import plain
from xaudit.stages.views.calibration_of_run import calibration_of_run
from xaudit.store.calibration import CALIBRATION, write_calibration
from xaudit.store.run_folder import RunFolder

SETTINGS = {
    "seed": 0,
    "data": {"format": "phantom", "regions": {"tolerance_mm": None}},
    "datasets": {},
    "models": [{"id": "net"}],
    "reliance": {"controls": 3, "map": {"scales": [0.125]}},
    "statistics": {"replicates": 2000},
    "run": {"limit": 20},
}
MADE_OF = {
    "images": "a" * 64,
    "annotations": "b" * 64,
    "labels": "c" * 64,
    "masks": "",
    "weights": {"net": "d" * 16},
    "code": {},
    "answers": {"net": "e" * 16},
}


def share(hits):
    return Interval(hits / 40, hits / 40 - 0.1, hits / 40, "wilson")


def effect(w, caught):
    return CalibrationEffect(
        "net", "corner-marker", "box", w, 1.0, 30, 20, w, 0.0, Interval(w, w, w, "bca"), w, None,
        share(caught), share(0), share(caught), 40, ("XA207",) if caught else (), (), share(caught),
    )  # fmt: skip


def result(folder):
    held = Interval(0.2, 0.1, 0.3, "bca")
    judged = ExplainerJudgement("net", "gradcam", held, held, None, 9, 9, 0, None, "does-not-show")
    return Calibration(
        name=folder.name,
        run_id=folder.run_id,
        positive="cancer",
        effects=(effect(0.0, 0), effect(0.2, 39)),
        power=(PowerPoint("net", "corner-marker", 0.2, 30, share(39), 40, False),),
        needed=(PatientsNeeded("net", "corner-marker", 0.2, 30, False),),
        left_out=(),
        n_evals=12,
        seconds=3.0,
        maps=(PlantOnMap("net", "corner-marker", 0.2, True, 0.2, held, 0.98),),
        explainers=(ExplainerOnPlant("corner-marker", 0.2, False, judged),),
    )


@pytest.fixture
def folder(tmp_path):
    made = RunFolder.create(
        tmp_path, name="study", config_hash="0" * 16, now=datetime(2026, 1, 1, tzinfo=UTC)
    )
    calibration = result(made)
    write_calibration(made, calibration)
    made.save_json(CALIBRATION, {**made.identity, "checksums": MADE_OF, **plain(calibration)})
    made.save_text("audit.resolved.yaml", yaml.safe_dump({**SETTINGS, "explainers": []}))
    return made


def run(checksums=None, **settings):
    return SimpleNamespace(
        outcome=SimpleNamespace(run_id="RUN"),
        manifest={"checksums": {**MADE_OF, **(checksums or {})}},
        settings={**SETTINGS, "explainers": ["gradcam"], "gates": ["iou >= 0.1"], **settings},
    )


def test_a_calibration_of_the_same_audit_is_read_as_it_was_written(folder):
    assert calibration_of_run(folder.path, run()) == result(folder)


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        ({"checksums": {"images": "f" * 64}}, "is about other images than run RUN"),
        ({"checksums": {"annotations": "f" * 64}}, "is about other marks than run RUN"),
        ({"checksums": {"masks": "f" * 64}}, "is about other masks of the anatomy than run RUN"),
        ({"checksums": {"weights": {"net": "f" * 16}}}, "asked another model under the name 'net' than run RUN"),
        ({"checksums": {"answers": {}}}, "asked another model under the name 'net' than run RUN"),
        ({"run": {"limit": 30}}, "has another `run.limit` than run RUN"),
        ({"reliance": {"controls": 3, "map": {"scales": [0.25]}}}, "has another `reliance.map.scales` than run RUN"),
        ({"seed": 1}, "has another `seed` than run RUN"),
    ],
)  # fmt: skip
def test_a_calibration_of_another_audit_is_refused_by_name(folder, other, differs):
    with pytest.raises(RunFolderError) as caught:
        calibration_of_run(folder.path, run(**other))
    assert str(caught.value) == f"{folder.path}: the calibration {differs}"
    assert caught.value.hint == "calibrate the audit of this run: `xaudit calibrate AUDIT`"


def test_a_folder_without_a_finished_calibration_and_a_lost_manifest_are_refused(folder):
    lost = run()
    lost.manifest = {}
    with pytest.raises(RunFolderError, match=r"RUN/manifest\.json: missing or damaged"):
        calibration_of_run(folder.path, lost)
    (folder.path / CALIBRATION).unlink()
    with pytest.raises(RunFolderError, match=r"calibration\.json: no finished calibration there"):
        calibration_of_run(folder.path, run())
    (folder.path / CALIBRATION).write_text('{"positive": "cancer"}')
    with pytest.raises(RunFolderError, match=r"calibration\.json: damaged, or of an older version"):
        calibration_of_run(folder.path, run())


def test_page_and_card_hold_its_sentences_and_the_page_its_power_curve(folder):
    part = calibration_part(result(folder))
    texts = [block.text for block in part.section.blocks]
    assert texts[0].startswith(
        "With these 30 patients (20 with 'cancer'), a plant that carries 20 % of the answer of net"
    )
    assert texts[1].startswith(
        "gradcam with corner-marker on net: its maps capture 0.20 at w = 0.2 of the reliance"
    )
    assert part.pictures[0].body.count("<polyline") == 1
    assert calibration_part(None) is None
