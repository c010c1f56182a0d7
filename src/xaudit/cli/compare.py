"""``xaudit compare``: explainers, models or runs against each other, on the same cases."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from xaudit.cli.options import DEFAULT_OUT, ListAs, Out
from xaudit.cli.output import ListFormat, emit, emit_json, emit_section
from xaudit.cli.variadic import names_in
from xaudit.errors import UsageError

Runs = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="RUN...",
        show_default=False,
        help="Run folders. Without any: the newest one. Several are compared with each other.",
    ),
]
Explainers = Annotated[
    list[str] | None,
    typer.Option(
        "--explainer",
        "-e",
        metavar="NAME...",
        help="Which explainers: --explainer lime gradcam. All where not given.",
    ),
]
Metrics = Annotated[
    list[str] | None,
    typer.Option("--metric", "-m", metavar="NAME...", help="Which metrics; all where not given."),
]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model", metavar="NAME...", help="Two or more: compares these models, explainer by explainer."
    ),
]
By = Annotated[
    str | None,
    typer.Option("--by", metavar="STRATUM", help="Compares within parts of the cases: --by lesion-size."),
]


def compare(
    runs: Runs = None,
    explainer: Explainers = None,
    model: Models = None,
    metric: Metrics = None,
    by: By = None,
    out: Out = DEFAULT_OUT,
    form: ListAs = ListFormat.RICH,
) -> int:
    """Compares explainers, models or runs on the same cases.

    Gives the paired difference of each pair, its interval and size, and whether chance may explain it.
    """
    from xaudit.cli.audit_choice import existing_run
    from xaudit.report.files.comparison import comparison_section, comparisons_as_json, comparisons_grid
    from xaudit.report.files.markdown import csv_table, markdown_section
    from xaudit.stages import load_comparisons

    explainers, models, metrics = names_in(explainer), names_in(model), names_in(metric)
    if len(explainers) == 1 and len(models) < 2 and len(runs or ()) < 2:
        raise UsageError(
            f"compare: '{explainers[0]}' alone cannot be compared", hint="name two: --explainer lime gradcam"
        )
    folders = [existing_run(run, out) for run in runs] if runs else [existing_run(None, out)]
    _check_metrics(metrics, folders)
    comparisons = load_comparisons(folders, explainers=explainers, models=models, metrics=metrics, by=by)
    match form:
        case ListFormat.JSON:
            emit_json(comparisons_as_json(comparisons))
        case ListFormat.MARKDOWN:
            emit(markdown_section(comparison_section(comparisons, wide=True)))
        case ListFormat.CSV:
            emit(csv_table(comparisons_grid(comparisons)))
        case ListFormat.RICH:
            emit_section(comparison_section(comparisons))
    return 0


def _check_metrics(metrics: tuple[str, ...], folders: Sequence[Path]) -> None:
    from xaudit.catalog import CHANGED_FAMILIES, METRICS, STEP
    from xaudit.errors import did_you_mean
    from xaudit.stages import names_in_runs

    known = [row.id for row in METRICS.own]
    started = tuple(f"{start}-" for start in (*CHANGED_FAMILIES, STEP))
    if all(name in known or name.startswith(started) for name in metrics):
        return
    known += names_in_runs(folders)
    for name in metrics:
        if name not in known and not name.startswith(started):
            hint = did_you_mean(name, known, otherwise="`xaudit list metrics` shows all")
            raise UsageError(f"--metric: no metric is called '{name}'", hint=hint)
