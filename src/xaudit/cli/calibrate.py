"""``xaudit calibrate``: how often an audit of these data would be right."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xaudit.cli.options import AuditPath, Device, Fresh, Limit, ListAs, Overrides, Quiet, Seed, Verbose
from xaudit.cli.output import ListFormat, emit, emit_json, emit_section, say
from xaudit.cli.variadic import names_in
from xaudit.errors import UsageError

if TYPE_CHECKING:
    from xaudit.records import Calibration

CalibrationOut = Annotated[
    Path, typer.Option("--out", "-o", metavar="DIR", help="Where the folders of calibrations lie.")
]
PlantNames = Annotated[
    list[str] | None,
    typer.Option(
        "--plants",
        metavar="NAME...",
        show_default="corner-marker tag@opposite-lung",
        help="Evidence to plant: corner-marker tag@REGION, or all. `xaudit list plants` shows all.",
    ),
]
Shares = Annotated[
    list[str] | None,
    typer.Option(
        "--shares",
        metavar="W...",
        show_default="0 0.05 0.1 0.2 0.5 0.9",
        help="Shares of the answer that come from the plant.",
    ),
]
ExplainersToAsk = Annotated[
    list[str] | None,
    typer.Option(
        "--explainers",
        metavar="NAME...",
        help="Say also what these explainers show of the plants; `all` for those of the audit file.",
    ),
]
Planted = Annotated[
    float,
    typer.Option("--planted", metavar="SHARE", help="Share of the positive patients that show the plant."),
]
Repeats = Annotated[
    int, typer.Option("--repeats", min=5, metavar="N", help="Audits of patients drawn anew, for each share.")
]
Processes = Annotated[
    int, typer.Option("--workers", min=1, metavar="N", help="Judge with N processes side by side.")
]


def calibrate(
    audit: AuditPath = None,
    out: CalibrationOut = Path("calibrations"),
    plants: PlantNames = None,
    shares: Shares = None,
    planted: Planted = 1.0,
    repeats: Repeats = 40,
    explainers: ExplainersToAsk = None,
    overrides: Overrides = None,
    limit: Limit = None,
    seed: Seed = None,
    device: Device = "auto",
    workers: Processes = 1,
    fresh: Fresh = False,
    output_format: ListAs = ListFormat.RICH,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> int:
    """Says how often this audit would be right: it plants known evidence into its images and counts what is found.

    Models are wrapped, not trained: a known share of each answer comes from a detector that reads only the plant. What is asked
    once is kept and reused. Explainers are run where --explainers names them.
    """
    from xaudit.cli.audit_choice import audit_source, chosen_audit
    from xaudit.cli.options import Choices
    from xaudit.cli.progress import progress_report
    from xaudit.report.html.calibration_page import NAME, calibration_page
    from xaudit.stages.calibration.calibrate import calibrate as calibrate_audit
    from xaudit.stages.calibration.request import DEFAULT_PLANTS, SHARES, CalibrationRequest

    source, shown = audit_source(audit)
    asked = names_in(explainers)
    own = () if asked == ("all",) else asked
    _check_no_control(own)
    choices = Choices(overrides=tuple(overrides or ()), limit=limit, seed=seed, explainers=own)
    chosen, notes = chosen_audit(source, choices)
    for note in notes:
        say(note)
    request = CalibrationRequest(
        audit=chosen,
        out=out,
        plants=names_in(plants) or DEFAULT_PLANTS,
        shares=tuple(map(_share, names_in(shares))) or SHARES,
        planted=planted,
        repeats=repeats,
        explain=bool(asked),
        device=device,
        workers=workers,
        fresh=fresh,
        command=("xaudit", *sys.argv[1:]),
    )
    say(f"calibrating {shown}, folders in {out}", quiet=quiet)
    with progress_report(quiet=quiet, verbose=verbose > 0) as report:
        folder, calibration = calibrate_audit(
            request, on_progress=report, say=lambda text: say(text, quiet=quiet)
        )
    folder.save_text(NAME, calibration_page(calibration))
    _print(calibration, output_format)
    say(f"page: {folder.path / NAME}", quiet=quiet)
    return 0


def _check_no_control(names: tuple[str, ...]) -> None:
    from xaudit.catalog import EXPLAINERS

    for row in EXPLAINERS:
        if row.control and row.id in names:
            raise UsageError(
                f"--explainers: '{row.id}' is a control, and a calibration asks explainers alone",
                hint="`xaudit list explainers` shows them",
            )


def _share(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(
            f"--shares: '{text}' is not a number", hint="give numbers from 0 to 1, such as 0.05 0.2"
        ) from None


def _print(calibration: "Calibration", output_format: ListFormat) -> None:
    from xaudit.report.files.markdown import csv_table, markdown_section
    from xaudit.report.sections.calibration.sentences import headlines
    from xaudit.report.sections.calibration.tables import calibration_section, flat_table
    from xaudit.stages.calibration.calibrate import plain

    match output_format:
        case ListFormat.RICH:
            emit_section(calibration_section(calibration))
        case ListFormat.JSON:
            emit_json({"name": calibration.name, "sentences": headlines(calibration), **plain(calibration)})
        case ListFormat.MARKDOWN:
            emit(markdown_section(calibration_section(calibration)))
        case ListFormat.CSV:
            emit(csv_table(flat_table(calibration)))
