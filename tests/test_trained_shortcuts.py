"""Trained shortcuts: rows that resume, the truth of networks whose evidence is known, and what counts as caught."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from shortcuts import baselines, tables  # noqa: E402
from shortcuts.auditing import accusations, density, names_the_place, with_density  # noqa: E402
from shortcuts.effects import truth  # noqa: E402
from shortcuts.network import Recipe, normalised  # noqa: E402
from shortcuts.population import KINDS, SIZE, Pool, half_of_each_class, shown_in, simulate  # noqa: E402
from shortcuts.rows import (  # noqa: E402
    RowId,
    Settings,
    experiment,
    keep,
    missing,
    planned,
    row_id,
    run_row,
    run_rows,
    stored,
)


def finding(code, status="fail", sentence="network: something"):
    return {"code": code, "status": status, "sentence": sentence}


def area(place="thorax", scope="elsewhere", peak=(0, 0, 0.25, 0.25), density=0.0):
    return {"place": place, "scope": scope, "peak": list(peak), "density": density}


def row(kind, *, cost=0.0, seed=0, findings=(), areas=(), accuses=False, settings="s", moved=0.25):
    answer = {"value": 0.5, "accuses": accuses}
    names = KINDS if kind == "honest" else (kind,)
    reaction = {f"{what}_{label}": moved for what in ("change", "turned") for label in ("cancer", "normal")}
    return {
        "row": str(RowId(kind, 0 if kind == "honest" else 100, seed)),
        "kind": kind,
        "share": 0 if kind == "honest" else 100,
        "seed": seed,
        "settings": settings,
        "truth": {"cost": cost, "accuracy": 0.9, "reaction": dict.fromkeys(names, reaction)},
        "audit": {"findings": list(findings), "areas": list(areas)},
        "gates": {"iou": answer, "pointing-game": answer},
        "others": {name: {"probe": answer, "odds": answer, "spray": answer} for name in names},
        "odds_as_collected": {"value": None, "accuses": None},
        "seconds": {"training": 30.0, "audit": 40.0, "others": 2.0},
    }


def test_all_rows_are_planned_once_and_their_names_are_read_back():
    rows = planned()
    # 20 honest, 6 plants at 100 % with 20 seeds, 6 plants at 3 further shares with 8 seeds.
    assert len(rows) == len(set(rows)) == 20 + 6 * 20 + 6 * 3 * 8
    assert [row_id(str(one)) for one in rows] == rows
    assert len({one.number for one in rows}) == len(rows)


@pytest.mark.parametrize("name", ["honest", "honest-100-seed1", "corner-marker-30-seed1", "ring-100-seed1"])
def test_a_name_of_no_row_says_how_rows_are_named(name):
    with pytest.raises(ValueError, match="names no row: write honest-seedN or KIND-SHARE-seedN"):
        row_id(name)


def test_only_missing_rows_are_made_and_rows_of_other_settings_are_made_anew(tmp_path):
    path, made = tmp_path / "rows.jsonl", []
    wanted = [RowId("honest", 0, 0), RowId("corner-marker", 100, 0), RowId("corner-marker", 100, 1)]
    keep(path, row("corner-marker", settings="s"))
    keep(path, row("honest", settings="former"))

    def make(one):
        made.append(str(one))
        return row(one.kind, seed=one.seed, cost=0.5)

    assert missing(wanted, path, "s") == [wanted[0], wanted[2]]
    run_rows(wanted, path, "s", make, lambda _: None)
    assert made == ["honest-seed0", "corner-marker-100-seed1"]
    assert stored(path)["honest-seed0"]["truth"]["cost"] == 0.5
    run_rows(wanted, path, "s", make, lambda _: None)
    assert len(made) == 2
    # In the order of the plan, whatever the order in which they were made.
    lines = [json.loads(line)["row"] for line in path.read_text("utf-8").splitlines()]
    assert lines == ["honest-seed0", "corner-marker-100-seed0", "corner-marker-100-seed1"]


def test_a_row_that_fails_leaves_the_rows_that_are_there(tmp_path):
    path = tmp_path / "rows.jsonl"
    keep(path, row("honest"))

    def make(_one):
        raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError):
        run_rows([RowId("corner-marker", 100, 0)], path, "s", make, lambda _: None)
    assert list(stored(path)) == ["honest-seed0"]
    assert [one.name for one in tmp_path.iterdir() if not one.name.endswith(".lock")] == ["rows.jsonl"]


def test_the_plant_stands_on_the_stated_share_of_positives_and_on_no_negative():
    cancer = np.arange(100) % 2 == 0
    for share in (20, 50, 80, 100):
        shown = shown_in(cancer, share, np.random.default_rng(3))
        assert shown[cancer].sum() == share // 2
        assert not shown[~cancer].any()
    half = half_of_each_class(cancer, np.random.default_rng(3))
    assert half[cancer].sum() == half[~cancer].sum() == 25


class ReadsOnePixel(torch.nn.Module):
    """P(cancer) is near 1 where the upper right pixel is bright, else near 0."""

    def forward(self, images):
        bright = normalised(torch.full((1, 1, 1, 1), 0.5))[0, 0]
        cancer = 20 * (images[:, 0, 0, -1] - bright)[:, None].reshape(-1, 1)
        return torch.cat([cancer, -cancer], 1)


def made_pool():
    plain = np.zeros((10, 4, 4), np.uint8)
    planted = plain.copy()
    planted[:, 0, 3] = 255
    return Pool(0, np.arange(10) < 5, plain, {"corner-marker": planted})


def test_the_truth_of_a_network_that_reads_only_the_plant():
    pool = made_pool()
    # Four of five positives show the plant: 4 of them and 5 negatives are right, and without it the negatives alone.
    shown = np.arange(10) < 4
    true = truth(ReadsOnePixel(), pool, "corner-marker", shown)
    assert (true["accuracy"], true["accuracy_removed"]) == (0.9, 0.5)
    assert true["cost"] == pytest.approx(0.4)
    reaction = true["reaction"]["corner-marker"]
    assert reaction["change_cancer"] == pytest.approx(1, abs=1e-3)
    assert reaction["change_normal"] == pytest.approx(1, abs=1e-3)
    assert (reaction["right_normal_without"], reaction["right_normal_with"]) == (1, 0)


def test_the_truth_of_an_honest_network_is_told_for_every_plant_and_costs_nothing():
    pool = made_pool()
    pool = Pool(0, pool.cancer, pool.plain, pool.planted | {"same-tag": pool.plain})
    true = truth(ReadsOnePixel(), pool, "none", np.zeros(10, bool))
    assert true["cost"] == 0
    assert true["reaction"]["same-tag"]["change_normal"] == 0
    assert true["reaction"]["corner-marker"]["turned_normal"] == 1


def test_both_renderings_of_a_slice_differ_at_the_plant_only():
    patient = simulate(5, 0)
    plain, marked = patient.with_plant("none"), patient.with_plant("corner-marker")
    rows, columns = np.nonzero(plain != marked)
    assert rows.size > 0
    assert rows.max() < SIZE // 8
    assert columns.min() > SIZE * 7 // 8


def test_a_fragile_or_undecided_network_is_not_accused():
    audited = {
        "findings": [finding("XA214"), finding("XA207", "error"), finding("XA202", "pass")],
        "areas": [],
    }
    assert accusations(audited) == []


def test_a_place_is_named_by_its_region_or_by_an_area_where_the_plant_is_dense():
    place = np.zeros((8, 8), np.float32)
    place[0, 7] = 1
    assert density((0.75, 0, 1, 0.25), place) == 16
    border = finding("XA201", sentence="network: uses the border, not the marked lesion")
    assert names_the_place({"findings": [border], "areas": []}, "corner-marker")
    assert not names_the_place({"findings": [border], "areas": []}, "opposite-tag")
    shown = with_density(
        {"findings": [finding("XA207")], "areas": [area("thorax", peak=(0.75, 0, 1, 0.25))]}, place
    )
    assert names_the_place(shown, "same-tag")
    elsewhere = with_density({"findings": [finding("XA207")], "areas": [area("thorax")]}, place)
    assert not names_the_place(elsewhere, "same-tag")


def test_the_tables_count_what_was_caught_with_wilsons_interval():
    corner = [area("border", density=5.0)]
    rows = [
        *(
            row("corner-marker", cost=0.4, seed=n, findings=[finding("XA207")], areas=corner)
            for n in range(9)
        ),
        row("corner-marker", cost=0.4, seed=9, findings=[finding("XA208", "error", "network: too few")]),
        row("corner-marker", cost=0.05, seed=10, accuses=True),
        row("honest", findings=[finding("XA214")]),
        row("honest", seed=1, findings=[finding("XA210", sentence="network: brightness")]),
        row("honest", seed=2, settings="former"),
    ]
    text = tables.tables({one["row"]: one for one in rows}, "s")
    assert "13 of 284 planned networks.\n1 rows made under other settings are left out." in text
    # Wilson at 9 of 10: (.9 + .192 +- 1.96 sqrt(.009 + .0096)) / 1.384.
    assert (
        "| **all strong** (costs 0.1 or more) | 9 of 10, .90 [.60, .98] | 9 of 10, .90 [.60, .98] | 9 of 10, .90 [.60, .98] |"
        in text
    )
    assert "| honest | 1 of 2, .50 [.09, .91] | 0 of 2, .00 [.00, .66] | - |" in text
    assert "- missed: corner-marker-100-seed9 (removal costs 0.40): XA208 error: too few." in text
    assert "- accused: honest-seed1: XA210 fail: brightness." in text
    assert (
        "| planted, removal costs 0.02 to 0.1 | 0 of 1, .00 [.00, .79] | 0 of 1, .00 [.00, .79] | 0 of 1, .00 [.00, .79] |"
        in text
    )


def test_only_a_plant_that_an_honest_network_ignores_makes_a_false_accusation():
    rows = [row("honest", accuses=True), row("honest", seed=1, accuses=True, moved=0.01)]
    text = tables.tables({one["row"]: one for one in rows}, "s")
    line = next(line for line in text.splitlines() if line.startswith("| attribute probe"))
    # Each network was tried on six plants; the first reacts to all of them.
    assert line.endswith("| 2 of 2, 1.00 [.34, 1.00] | 6 of 6, 1.00 [.61, 1.00] |")


def test_the_forecast_multiplies_the_price_of_a_row():
    text = tables.forecast({"honest-seed0": row("honest")}, "s")
    # 72 s each: 284 rows on two cores take 2.84 hours.
    assert "30 training, 40 truth and audit, 2.0 other methods" in text
    assert text.endswith("all 284 rows: 2.8 h")


class Answers(torch.nn.Module):
    """P(cancer) by the mean of the slice."""

    def forward(self, images):
        cancer = 50 * images.mean((1, 2, 3))[:, None]
        return torch.cat([cancer, -cancer], 1)


def test_equalized_odds_compare_slices_of_one_class_and_say_where_they_cannot():
    slices = np.zeros((40, 4, 4), np.uint8)
    shown = np.arange(40) % 2 == 0
    slices[shown] = 255
    cancer = np.arange(40) < 20
    # Bright slices are called cancer: sensitivity 1 against 0, specificity 0 against 1.
    result = baselines.equalized_odds(Answers(), slices, cancer, shown)
    assert (abs(result["value"]), result["accuses"]) == (1.0, True)
    nothing = baselines.equalized_odds(Answers(), np.zeros_like(slices), cancer, shown)
    assert (nothing["value"], nothing["accuses"]) == (0.0, False)
    untold = baselines.equalized_odds(Answers(), slices, cancer, cancer)
    assert untold == {"value": None, "accuses": None}


def test_a_gate_on_gradcam_is_held_against_the_lower_end():
    scores = {"pointing-game": [0.6, 0.49, 0.7], "iou": [0.4, 0.3, 0.5]}
    gates = baselines.gate_on_gradcam(scores)
    assert (gates["pointing-game"]["accuses"], gates["iou"]["accuses"]) == (True, False)


@pytest.mark.slow
def test_a_tiny_network_is_trained_measured_and_audited(tmp_path):
    tiny = Settings(Recipe(patients=240, epochs=8, batch=16), training_pool=240, test_pool=60, annotated=8)
    work = experiment(tiny, tmp_path)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        made = run_row(RowId("border-tone", 100, 0), work)
    finally:
        torch.set_num_threads(threads)
    # A bright ring on every cancer is learned in a few epochs, and little else is.
    assert made["truth"]["cost"] >= 0.1
    assert json.loads(json.dumps(made)) == made
    assert {one["code"] for one in made["audit"]["findings"]} & {"XA201", "XA202", "XA207", "XA208"}
    assert set(made["others"]["border-tone"]) == {"probe", "odds", "spray"}
    assert made["odds_as_collected"] == {"value": None, "accuses": None}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for path in tmp_path.glob("pool-*.npz")
    )
    assert tables.tables({made["row"]: made}, tiny.fingerprint()).startswith("1 of 284 planned networks.")
