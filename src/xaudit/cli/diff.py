"""``xaudit diff``: what moved between two runs."""

from pathlib import Path
from typing import Annotated

import typer

from xaudit.cli.options import DEFAULT_OUT, ListAs, Out
from xaudit.cli.output import ListFormat, emit, emit_json, emit_section
from xaudit.cli.variadic import names_in
from xaudit.errors import UsageError

Base = Annotated[
    Path, typer.Argument(metavar="BASE", show_default=False, help="Run folder of the earlier run.")
]
Head = Annotated[
    Path,
    typer.Argument(metavar="HEAD", show_default=False, help="Run folder of the run held against it."),
]
Explainers = Annotated[
    list[str] | None,
    typer.Option("--explainer", "-e", metavar="NAME...", help="Only what these explainers' maps did."),
]
Html = Annotated[
    Path | None,
    typer.Option(
        "--html",
        metavar="FILE",
        help="Write one page as well: both reliance maps, changed verdicts and the cases that moved, side by side.",
    ),
]
NoImages = Annotated[
    bool, typer.Option("--no-images", help="With --html: no image of a case in it, and no map of one.")
]
Metrics = Annotated[
    list[str] | None,
    typer.Option("--metric", "-m", metavar="NAME...", help="Which metrics; all headline ones by default."),
]


def diff(
    base: Base,
    head: Head,
    explainer: Explainers = None,
    metric: Metrics = None,
    out: Out = DEFAULT_OUT,
    form: ListAs = ListFormat.RICH,
    html: Html = None,
    no_images: NoImages = False,
) -> int:
    """Says what moved between two runs, and whether chance may explain it.

    Compares answers, reliance, localization, faithfulness and verdicts on the cases that both runs hold. Exits
    with 0 whatever moved; `xaudit gate --baseline` judges.
    """
    from xaudit.cli.audit_choice import existing_run
    from xaudit.report.files.markdown import csv_table, markdown_section
    from xaudit.report.files.run_diff import diff_as_json, diff_sections, moves_grid
    from xaudit.stages import load_diff

    if no_images and html is None:
        raise UsageError("--no-images: only the page has images", hint="add --html FILE")
    runs = existing_run(base, out), existing_run(head, out)
    found = load_diff(*runs, explainers=names_in(explainer), metrics=names_in(metric))
    if html is not None:
        from xaudit.report.html.diff_page import diff_page
        from xaudit.stages import load_run_pair
        from xaudit.store.atomic_file import write_atomically

        page = diff_page(found, load_run_pair(*runs, images=not no_images))
        write_atomically(html, page.encode())
    match form:
        case ListFormat.JSON:
            emit_json(diff_as_json(found))
        case ListFormat.MARKDOWN:
            emit("\n\n".join(markdown_section(section) for section in diff_sections(found)))
        case ListFormat.CSV:
            emit(csv_table(moves_grid(found.moves)))
        case ListFormat.RICH:
            for section in diff_sections(found):
                emit_section(section)
    return 0
