"""Mean reliance maps: averaged over patients, with the case that is nearest to them."""

from datetime import UTC, datetime

import numpy as np
import pytest

from xaudit.records import WindowEffects
from xaudit.stages.views.case_reliance import reliance_of_cases
from xaudit.stages.views.mean_reliance import mean_reliance
from xaudit.store.parts import RELIANCE_MAP, write_part
from xaudit.store.run_folder import RunFolder


def effects(case_id, patient_id, first, *, question="hide", label="cancer", infill="blur", side=4, p=0.8):
    """Four windows of half the frame's side; the upper left one changes the probability, the others do not."""
    drop = np.array([[first, 0], [0, 0]], dtype=np.float32)
    about = {"scale": 0.5, "stride": 1.0, "frame_hw": (side, side), "probability": p, "log_odds": 1.4}
    return WindowEffects(
        case_id, patient_id, "net", "cancer", label, "cancer", question, infill,
        probability_drop=drop, log_odds_drop=drop, mark_share=np.zeros_like(drop), place=("outside",) * 4, **about,
    )  # fmt: skip


def means(*rows, edges=None):
    return {(one.images, one.question, one.direction): one for one in mean_reliance(rows, edges or {})}


def corner(one):
    return one.rows[0][0]


def test_every_patient_counts_the_same():
    rows = (effects("a1", "a", 0.4, p=0.5), effects("a2", "a", 0.2, p=0.7), effects("b1", "b", 0.9, p=1.0))
    one = means(*rows)["cancer", "hide", "for"]
    # ((0.4 + 0.2) / 2 + 0.9) / 2; by images it would be 0.5.
    assert np.allclose(one.rows, [[0.6, 0.6, 0, 0]] * 2 + [[0] * 4] * 2)
    assert one.probability == pytest.approx(((0.5 + 0.7) / 2 + 1.0) / 2)
    assert (one.n_cases, one.n_patients, one.cluster, one.frame_hw) == (3, 2, "patient", (4, 4))
    assert one.typical == "a1"  # 0.4 is 0.2 from the mean, 0.9 is 0.3


def test_rises_have_a_map_of_their_own():
    found = means(effects("a", "a", -0.3), effects("b", "b", 0.1))
    assert corner(found["cancer", "hide", "for"]) == pytest.approx(0.05)
    assert corner(found["cancer", "hide", "against"]) == pytest.approx(0.15)


def test_the_effect_of_the_median_window_is_taken_off():
    drop = np.full((2, 2), 0.2, dtype=np.float32)
    flat = effects("a", "a", 0)
    flat.probability_drop[:] = drop
    assert means(flat)["cancer", "hide", "for"].highest == 0


def test_classes_and_questions_are_kept_apart_and_in_fills_averaged():
    found = means(
        effects("a", "a", 0.4),
        effects("a", "a", 0.2, infill="noise"),
        effects("n", "n", 0.0, label="normal"),
        effects("n", "n", -0.6, label="normal", question="transplant", infill="donor"),
    )
    assert corner(found["cancer", "hide", "for"]) == pytest.approx(0.3)
    assert found["normal", "hide", "for"].highest == found["normal", "transplant", "for"].highest == 0
    assert corner(found["normal", "transplant", "against"]) == pytest.approx(0.6)


def test_windows_that_were_not_asked_about_are_no_map():
    nothing = effects("a", "a", float("nan"))
    nothing.probability_drop[:] = float("nan")
    assert means(nothing) == {}
    assert means(nothing, effects("b", "b", 0.5))["cancer", "hide", "for"].n_cases == 1


def test_the_side_is_named_only_if_every_image_has_it():
    rows = effects("a", "a", 0.1), effects("b", "b", 0.1)
    same = means(*rows, edges={("net", "a"): "R", ("net", "b"): "R"})
    mixed = means(*rows, edges={("net", "a"): "R", ("net", "b"): "L"})
    partly = means(*rows, edges={("net", "a"): "R"})
    assert [found["cancer", "hide", "for"].left_edge for found in (same, mixed, partly)] == ["R", None, None]


def test_without_patients_the_image_is_the_unit():
    one = means(effects("a", None, 0.1), effects("b", None, 0.3))["cancer", "hide", "for"]
    assert (one.n_patients, one.cluster, corner(one)) == (2, "case", pytest.approx(0.2))


def test_large_frames_are_stored_small():
    one = means(effects("a", "a", 0.4, side=256))["cancer", "hide", "for"]
    assert (len(one.rows), len(one.rows[0]), one.frame_hw) == (64, 64, (256, 256))
    assert corner(one) == pytest.approx(0.4)


def test_a_case_whose_answer_needs_no_place_has_an_empty_map(tmp_path):
    folder = RunFolder.create(tmp_path, name="net", config_hash="0" * 8, now=datetime(2026, 1, 2, tzinfo=UTC))
    write_part(
        folder, RELIANCE_MAP, "a" * 16, [effects("a", "a", 0.4), effects("a", "a", 0.2, infill="noise")]
    )
    write_part(
        folder,
        RELIANCE_MAP,
        "b" * 16,
        [effects("b", "b", 0.019), effects("c", "c", 0.5, question="transplant")],
    )
    found = {one.case_id: one for one in reliance_of_cases(folder, {"net": {"a", "b", "c"}})}
    assert set(found) == {"a", "b"}
    assert found["a"].values[0, 0] == found["a"].highest == pytest.approx(0.3)
    assert found["a"].matters
    assert not found["b"].values.any()
    assert found["b"].highest == pytest.approx(0.019)
    assert not found["b"].matters
    assert list(reliance_of_cases(folder, {"other": {"a"}})) == []
