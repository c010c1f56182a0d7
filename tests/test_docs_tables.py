"""The queries of docs/how-to/read-the-tables.md, run on a small run folder whose answers are known."""

import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from xaudit.records import (
    Case,
    CategorisedMap,
    Interval,
    MapFacts,
    Reliance,
    SaliencyMap,
    Score,
    ScoreKey,
    Summary,
    Unscored,
)
from xaudit.store import RunFolder
from xaudit.store.parts import MAPS, RELIANCE, SCORES, shard_key, write_part
from xaudit.store.tables import write_cases, write_categories, write_summaries

PAGE = Path(__file__).parent.parent / "docs" / "how-to" / "read-the-tables.md"
HASH = "0123456789abcdef"
IOU = {  # by explainer, for the cases a, b and c
    "gradcam": (0.5, 0.1, 0.4),
    "lime": (0.3, 0.05, None),
    "random": (0.2, 0.1, 0.1),
    "centre": (0.1, 0.2, 0.3),
    "gradcam.mean-map": (0.9, 0.9, 0.9),
}


def blocks(language):
    return re.findall(
        rf"^```{language}\n(.+?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


def results(metric="iou"):
    for explainer, values in IOU.items():
        for case, value in zip("abc", values, strict=True):
            key = ScoreKey(
                case,
                f"p-{case}",
                "union",
                "net",
                explainer,
                HASH,
                "cancer",
                True,
                metric,
                HASH,
                "localization",
            )
            yield Unscored(key, "the map is constant") if value is None else Score(key, value, 1, 0.1)


def category(case, explainer, *, wrong):
    facts = MapFacts(
        case, f"p-{case}", "net", explainer, HASH, "cancer", "cancer", "cancer",
        no_map=None, no_mark=None, spread=0.1, map_share=0.1, coverage=0.0, precision=0.0, mass_lift=0.1,
        place="empty", border_mass=0.5,
    )  # fmt: skip
    return CategorisedMap(facts, "miss_empty", "TP", wrong)


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """A folder with one run in ``runs``, and the test in it."""
    monkeypatch.chdir(tmp_path)
    run = RunFolder.create(
        tmp_path / "runs", name="study", config_hash=HASH, now=datetime(2026, 1, 2, tzinfo=UTC)
    )
    write_cases(
        run,
        [Case(c, f"p-{c}", "data", f"{c}.png", HASH * 4, "cancer", "test", 8, 8, None, "png") for c in "abc"],
    )
    for metric in ("iou", "relevance-mass-accuracy"):
        write_part(run, SCORES, shard_key({"metric": metric}), list(results(metric)))
    write_part(
        run,
        MAPS,
        shard_key({}),
        [SaliencyMap("a", "net", "lime", HASH, "cancer", np.eye(4, dtype=np.float32), 1, 1, 0.1)],
    )
    write_part(
        run,
        RELIANCE,
        shard_key({}),
        [Reliance("a", "p-a", "net", "cancer", True, "mark", "blur", 0.1, 0.9, 0.5, 2.0, 0.1, 0.3, 0.4, 1.7)],
    )
    write_summaries(
        run,
        [
            Summary(
                "net",
                "-",
                "reliance-mark",
                "reliance",
                "-",
                Interval(0.4, 0.2, 0.6, "bca"),
                3,
                3,
                0,
                "patient",
            )
        ],
    )
    write_categories(
        run,
        [
            category("a", "gradcam", wrong=True),
            category("a", "lime", wrong=True),
            category("b", "lime", wrong=True),
            category("c", "lime", wrong=False),
            category("c", "random", wrong=True),
        ],
    )
    return tmp_path


def test_pandas_finds_the_worst_maps_and_gives_a_map_back(runs, capsys):
    [tables, one_map] = [text for text in blocks("python") if not {"polars", "mlcroissant"} & {*text.split()}]
    names = {}
    exec(tables + one_map, names)
    assert names["worst"][["case_id", "value"]].values.tolist() == [["b", 0.1], ["c", 0.4], ["a", 0.5]]
    np.testing.assert_array_equal(names["saliency"], np.eye(4))
    assert "the map is constant" in capsys.readouterr().out


def test_duckdb_finds_the_patients_whose_right_answers_rest_on_the_wrong_reason(runs):
    duckdb = pytest.importorskip("duckdb")
    [query] = blocks("sql")
    assert duckdb.sql(query).fetchall() == [("net", "p-a", 2, 1), ("net", "p-b", 1, 1)]


def test_polars_counts_the_images_on_which_an_explainer_beats_the_controls(runs, capsys):
    pytest.importorskip("polars")
    [query] = [text for text in blocks("python") if "polars" in text]
    names = {}
    exec(query, names)
    assert names["better"].rows() == [("net", "gradcam", 2, 3), ("net", "lime", 1, 2)]
