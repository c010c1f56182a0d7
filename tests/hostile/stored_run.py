"""A finished run of two cases, written by the store itself, and everything that reads one."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import yaml

from xaudit.records import (
    Annotation,
    Box,
    Case,
    Evaluation,
    Interval,
    Prediction,
    Problem,
    Score,
    ScoreKey,
    Summary,
    Verdict,
    Work,
)
from xaudit.stages.outcome.read_outcome import OUTCOME
from xaudit.stages.outcome.stored_run import StoredRun
from xaudit.store import RunFolder, list_runs, tables
from xaudit.store.event_log import append_event, read_events
from xaudit.store.json_records import write_evaluations, write_verdicts
from xaudit.store.parts import SCORES, write_part

NOON = datetime(2025, 3, 1, 12, 0, 0, tzinfo=UTC)
KEY = "0123456789abcdef"


def lay_stored_run(folder: Path) -> list[Path]:
    """Writes the run and returns its files."""
    run = RunFolder.create(folder, name="known", config_hash=KEY, now=NOON)
    sides = {"a": "train", "b": "test"}
    tables.write_cases(
        run,
        [
            Case(name, "p1", "data", f"{name}.png", KEY * 4, "cancer", split, 8, 10, (0.5, 0.5), "png")
            for name, split in sides.items()
        ],
    )
    tables.write_annotations(run, [Annotation("a", "reader-1", Box(1, 2, 3, 4), "nodule")])
    tables.write_predictions(
        run,
        [
            Prediction(
                name,
                "p1",
                "net",
                split,
                "cancer",
                "cancer",
                "cancer",
                (1.0, 0.0),
                (0.7, 0.3),
                ("cancer", "normal"),
            )
            for name, split in sides.items()
        ],
    )
    interval = Interval(0.5, 0.4, 0.6, "bca")
    tables.write_summaries(
        run, [Summary("net", "gradcam", "iou", "localization", "union", interval, 2, 1, 0, "patient")]
    )
    tables.write_problems(run, [Problem("c", "load", "is truncated")])
    tables.write_categories(run, [])
    scores = [
        Score(
            ScoreKey(name, "p1", "union", "net", "gradcam", KEY, "cancer", True, "iou", KEY, "localization"),
            0.5,
            1,
            0.1,
        )
        for name in sides
    ]
    write_part(run, SCORES, KEY, scores)
    write_verdicts(
        run, [Verdict("XA101", "pass", "net", "net", "iou >= 0.2", "It looks there.", 0.5, 0.2, 1)]
    )
    write_evaluations(
        run,
        [
            Evaluation(
                "net",
                "data",
                "test",
                ("cancer", "normal"),
                "cancer",
                ((1, 0), (0, 0)),
                {"accuracy": interval},
                1,
                1,
                True,
            )
        ],
    )
    settings = {"models": [{"id": "net", "fit": "pad"}], "explainers": [{"id": "gradcam", "name": "gradcam"}]}
    run.save_text("audit.resolved.yaml", yaml.safe_dump(settings))
    run.save_json("manifest.json", {**run.identity, "seed": 0, "counts": {}})
    run.save_json(OUTCOME, {**run.identity, **_head()})
    append_event(run, "finished", {"cases": 2}, now=NOON)
    run.set_state("complete", now=NOON, counts={"cases": 2})
    return [path for path in sorted(run.path.rglob("*")) if path.is_file()]


def read_stored_run(folder: Path, _: Path) -> None:
    """All that reports and comparisons ask of a run."""
    list_runs(folder)
    (path,) = folder.iterdir()
    run = StoredRun(path)
    _ = run.folder.status
    read_events(run.folder)
    assert run.outcome.run_id
    _ = run.settings, run.cases, run.annotations, run.predictions, run.scores, run.explainers
    _ = run.statistics, run.metric_names, run.schema_version


def _head():
    return {
        "models": ["net"],
        "explainers": ["gradcam", "centre"],
        "controls": ["centre"],
        "levels_to_beat": ["centre"],
        "seed": 0,
        "gates": ["iou >= 0.2"],
        "statistics": {"confidence": 0.9},
        "metric_names": {"iou": "iou"},
        "categories": {},
        "tunes_thresholds": False,
        "work": asdict(Work(1.0, 0.5, 10, 1, 0)),
        "unscored": [],
        "n_explained": {"net": 2},
        "positive": {"net": "cancer"},
        "notes": [],
        "external": [],
        "explained_by": {"net": ["gradcam"]},
        "plugins": [],
        "agreements": [],
        "ceilings": [],
        "regressions": [],
        "plans": [],
        "causal": [],
    }
