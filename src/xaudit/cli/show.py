"""``xaudit show``: one case of a finished run."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from xaudit.cli.options import DEFAULT_OUT, Out
from xaudit.cli.output import emit_json
from xaudit.cli.variadic import names_in

NARROWEST, WIDEST = 8, 120


class CaseFormat(StrEnum):
    """Formats of a case."""

    RICH = "rich"
    JSON = "json"


RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="Run folder; `-` means the newest one.")]
CaseName = Annotated[
    str,
    typer.Argument(
        metavar="CASE",
        help="The case's id, or its last part, such as a file's name, where no other case ends so.",
    ),
]
Models = Annotated[
    list[str] | None, typer.Option("--model", metavar="NAME...", help="Which models; all where not given.")
]
Explainers = Annotated[
    list[str] | None,
    typer.Option(
        "--explainer", "-e", metavar="NAME...", help="Which explainers or controls: --explainer lime centre."
    ),
]
Width = Annotated[
    int,
    typer.Option("--width", min=NARROWEST, max=WIDEST, metavar="N", help="Characters of a picture's width."),
]
NoImages = Annotated[bool, typer.Option("--no-images", help="No picture: scores alone.")]
Full = Annotated[bool, typer.Option("--full", help="Every metric, not only those of the report.")]
As = Annotated[
    CaseFormat,
    typer.Option("--format", metavar="FORMAT", help="rich, or json without pictures and with every metric."),
]


def show(
    run: RunFolder,
    case: CaseName,
    model: Models = None,
    explainer: Explainers = None,
    width: Width = 38,
    no_images: NoImages = False,
    full: Full = False,
    out: Out = DEFAULT_OUT,
    form: As = CaseFormat.RICH,
) -> int:
    """Draws one case with every map, and names its scores.

    In colour where the screen has it: the image in grey, maps over it, a line round what any reader marked. Without
    colour a map's strongest point is X and that line is o.
    """
    from xaudit.cli.audit_choice import existing_run
    from xaudit.stages import load_case

    folder = existing_run(None if str(run) == "-" else run, out)
    view = load_case(folder, case, models=names_in(model), explainers=names_in(explainer))
    if form is CaseFormat.JSON:
        from xaudit.report.terminal.case_screen import case_as_json

        emit_json(case_as_json(view))
        return 0
    from xaudit.report.terminal.case_screen import print_case
    from xaudit.report.terminal.console import results_console

    print_case(view, results_console(), images=not no_images, full=full, columns=width)
    return 0
