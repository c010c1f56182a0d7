"""Options that several commands share, each written once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from xaudit.cli.output import ListFormat, ReportFormat

AuditPath = Annotated[
    Path | None,
    typer.Argument(
        metavar="AUDIT",
        show_default=False,
        help="Audit file (YAML or TOML). Without it: ./xaudit.yaml, else the built-in phantom study.",
    ),
]
RunPath = Annotated[
    Path | None,
    typer.Argument(metavar="RUN", show_default=False, help="Run folder. Without it: the newest one."),
]
Out = Annotated[Path, typer.Option("--out", "-o", envvar="XAUDIT_OUT", metavar="DIR", help="Where runs lie.")]
Junit = Annotated[
    Path | None,
    typer.Option("--junit", metavar="FILE", help="Write the gates as JUnit XML."),
]
Sarif = Annotated[
    Path | None,
    typer.Option("--sarif", metavar="FILE", help="Write what failed or is undecided as SARIF 2.1.0."),
]
Github = Annotated[
    bool,
    typer.Option(
        "--github/--no-github",
        envvar=["XAUDIT_GITHUB", "GITHUB_ACTIONS"],
        help="Annotate missed gates and write the step summary; by itself on in GitHub Actions.",
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE...", help="Change keys of the audit file: train.epochs=3."),
]
Limit = Annotated[
    int | None,
    typer.Option(envvar="XAUDIT_LIMIT", min=1, metavar="N", help="Explain at most N cases."),
]
Seed = Annotated[
    int | None,
    typer.Option(envvar="XAUDIT_SEED", min=0, metavar="N", help="Another seed than the audit file's."),
]
Device = Annotated[str, typer.Option(envvar="XAUDIT_DEVICE", metavar="NAME", help="auto, cpu, cuda or mps.")]
ExplainerNames = Annotated[
    list[str] | None,
    typer.Option(
        "--explainer",
        "-e",
        envvar="XAUDIT_EXPLAINER",
        metavar="NAME...",
        help="Only these explainers: --explainer lime gradcam.",
    ),
]
MetricNames = Annotated[
    list[str] | None,
    typer.Option("--metric", "-m", envvar="XAUDIT_METRIC", metavar="NAME...", help="Only these metrics."),
]
Fresh = Annotated[
    bool,
    typer.Option("--fresh/--resume", help="Start anew, or (default) reuse what an earlier run finished."),
]
Retrain = Annotated[bool, typer.Option("--retrain", help="Train again, shipped and stored weights aside.")]
MaxErrorRate = Annotated[
    float | None,
    typer.Option(
        envvar="XAUDIT_MAX_ERROR_RATE", min=0, max=1, metavar="SHARE", help="Share of cases that may fail."
    ),
]
FailUnder = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-under",
        metavar="METRIC[@EXPLAINER][%STRATUM]=VALUE...",
        help="Limits instead of the audit file's: iou@lime=0.3 'reliance-border<=0.1' "
        "iou%lesion-size=small=0.2. A bare = takes the metric's own direction. uses-mark asks for that finding.",
    ),
]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 even where a gate failed.")]
ReportAs = Annotated[
    ReportFormat,
    typer.Option("--format", envvar="XAUDIT_FORMAT", metavar="FORMAT", help="rich, json or markdown."),
]
ListAs = Annotated[
    ListFormat, typer.Option("--format", metavar="FORMAT", help="rich, json, markdown or csv.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on stderr but errors.")]
Verbose = Annotated[int, typer.Option("--verbose", "-v", count=True, help="More of what is going on.")]

Workers = Annotated[
    int,
    typer.Option(
        envvar="XAUDIT_WORKERS", min=1, metavar="N", help="Explain and score with N processes side by side."
    ),
]
Shard = Annotated[
    str | None,
    typer.Option(
        envvar="XAUDIT_SHARD",
        metavar="I/N",
        help="Do the I-th of N shares of the work, into a folder of its own; `xaudit merge` joins them.",
    ),
]

Full = Annotated[bool, typer.Option("--full", help="Every table, not only the first screen.")]

DEFAULT_OUT = Path("runs")


@dataclass(frozen=True, slots=True)
class Choices:
    """Changes that the command line makes to an audit.

    Attributes:
        explainers: only these, where there are any.
        metrics: only these, where there are any.
        overrides: ``key.path=value``, applied before the rest.
        gates: instead of the audit file's, where there are any.
    """

    explainers: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    limit: int | None = None
    seed: int | None = None
    max_error_rate: float | None = None
    gates: tuple[str, ...] = ()
