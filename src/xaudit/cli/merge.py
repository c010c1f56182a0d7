"""``xaudit merge``: one run from all shards of a divided one."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from xaudit.cli.options import (
    DEFAULT_OUT,
    Choices,
    Device,
    ExitZero,
    ExplainerNames,
    FailUnder,
    Fresh,
    Full,
    Github,
    Junit,
    Limit,
    MaxErrorRate,
    MetricNames,
    Out,
    Overrides,
    Quiet,
    ReportAs,
    Retrain,
    Sarif,
    Seed,
    Verbose,
    Workers,
)
from xaudit.cli.output import ReportFormat
from xaudit.cli.run import RunOptions, carry_out
from xaudit.cli.variadic import names_in
from xaudit.errors import UsageError

Shards = Annotated[
    list[Path] | None,
    typer.Argument(metavar="RUN...", show_default=False, help="The run folders of all shards."),
]
Audit = Annotated[
    Path | None,
    typer.Option(
        "--audit",
        metavar="FILE",
        help="The shards' audit file. Without it: ./xaudit.yaml, else the built-in phantom study.",
    ),
]


def merge(
    runs: Shards = None,
    audit: Audit = None,
    out: Out = DEFAULT_OUT,
    overrides: Overrides = None,
    explainer: ExplainerNames = None,
    metric: MetricNames = None,
    limit: Limit = None,
    seed: Seed = None,
    device: Device = "auto",
    fresh: Fresh = False,
    retrain: Retrain = False,
    workers: Workers = 1,
    max_error_rate: MaxErrorRate = None,
    fail_under: FailUnder = None,
    exit_zero: ExitZero = False,
    form: ReportAs = ReportFormat.RICH,
    full: Full = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
    junit: Junit = None,
    sarif: Sarif = None,
    github: Github = False,
) -> int:
    """Makes one run of all shards of a divided one, and judges it as `xaudit run` does.

    Takes the options that the shards were made with. Exits with 4 where a shard is missing or not finished.
    """
    from xaudit.cli.audit_choice import existing_run

    if not runs:
        raise UsageError(
            "merge: no run folder is named",
            hint="name the folders of all shards: xaudit merge runs/*-shard-*",
        )
    choices = Choices(
        explainers=names_in(explainer),
        metrics=names_in(metric),
        overrides=tuple(overrides or ()),
        limit=limit,
        seed=seed,
        max_error_rate=max_error_rate,
        gates=tuple(fail_under or ()),
    )
    options = RunOptions(
        out, device, fresh, retrain, workers, form, full, verbose > 0, quiet, junit, github, exit_zero
    )
    options = replace(options, sarif=sarif, merges=tuple(existing_run(run, out) for run in runs))
    return carry_out(audit, choices, options, until="report")
