"""``xaudit gate``: holds a finished run against limits, and against an earlier run."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from xaudit.cli.options import DEFAULT_OUT, ExitZero, FailUnder, Github, Junit, Out, ReportAs, RunPath, Sarif
from xaudit.cli.output import ReportFormat, emit, emit_json, emit_section, say
from xaudit.errors import UsageError


class GateOn(StrEnum):
    """The number that a gate is compared with."""

    LOWER = "lower"
    MEAN = "mean"


Baseline = Annotated[
    Path | None,
    typer.Option("--baseline", metavar="RUN", help="An earlier run on the same data, for --max-drop."),
]
LargestDrop = Annotated[
    list[str] | None,
    typer.Option(
        "--max-drop",
        metavar="METRIC[@EXPLAINER][%STRATUM]=VALUE...",
        help="The most that a metric may lose against the baseline, paired on the same cases: iou@lime=0.05 "
        "iou@lime%lesion-size=small=0.1.",
    ),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="A gate that a control passes too is uninformative, and fails.")
]
HoldOn = Annotated[
    GateOn | None,
    typer.Option(
        "--gate-on",
        metavar="END",
        help="lower: the unfavourable end of the interval; mean: its middle. By default as in the audit file.",
    ),
]


def gate(
    run: RunPath = None,
    fail_under: FailUnder = None,
    baseline: Baseline = None,
    max_drop: LargestDrop = None,
    strict: Strict = False,
    gate_on: HoldOn = None,
    out: Out = DEFAULT_OUT,
    exit_zero: ExitZero = False,
    form: ReportAs = ReportFormat.RICH,
    junit: Junit = None,
    sarif: Sarif = None,
    github: Github = False,
) -> int:
    """Holds a finished run against its gates, other ones, or an earlier run.

    Exits with 1 where one fails.
    """
    from xaudit.cli.audit_choice import existing_run
    from xaudit.report.files.json_report import verdicts_as_json
    from xaudit.report.files.markdown import markdown_section
    from xaudit.report.publish import Publication, publish_verdict
    from xaudit.report.sections.verdict import gates_section, verdict_section
    from xaudit.stages import Limits, regate

    if max_drop and baseline is None:
        raise UsageError("--max-drop: there is no baseline", hint="name an earlier run with --baseline RUN")
    if baseline is not None and not max_drop:
        raise UsageError(
            "--baseline: nothing is held against it", hint="for example --max-drop iou@lime=0.05"
        )
    limits = Limits(
        fail_under=tuple(fail_under or ()),
        max_drop=tuple(max_drop or ()),
        baseline=None if baseline is None else existing_run(baseline, out),
        gate_on=None if gate_on is None else gate_on.value,
        strict=strict,
    )
    outcome = regate(existing_run(run, out), limits)
    sections = [gates_section(outcome), verdict_section(outcome)]
    match form:
        case ReportFormat.JSON:
            emit_json(verdicts_as_json(outcome))
        case ReportFormat.MARKDOWN:
            emit("\n\n".join(markdown_section(section) for section in sections))
        case ReportFormat.RICH:
            for section in sections:
                emit_section(section)
    return publish_verdict(outcome, Publication(junit, github, exit_zero, sarif=sarif), say)
