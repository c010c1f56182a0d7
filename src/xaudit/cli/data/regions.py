"""``xaudit data regions``: make, draw and check the masks that an audit's regions rest on."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xaudit.cli.options import AuditPath, ListAs, Overrides, Quiet
from xaudit.cli.output import ListFormat, emit, emit_json, emit_section, say
from xaudit.errors import NothingScoredError, OutputError, UsageError

if TYPE_CHECKING:
    from PIL.Image import Image

    from xaudit.config import AuditFile, DataSection
    from xaudit.report.sections.anatomy import AnatomyRow
    from xaudit.stages.work.anatomy import CaseAnatomy

SHEET_CASES = 24
"""Cases drawn on the contact sheet."""

MasksOut = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="DIR",
        show_default=False,
        help="Write masks and pictures into this new folder.",
    ),
]

Cases = Annotated[
    int | None, typer.Option("--limit", min=1, metavar="N", help="At most N images, spread over the data.")
]


def regions(
    audit: AuditPath = None,
    out: MasksOut = None,
    limit: Cases = None,
    overrides: Overrides = None,
    output_format: ListAs = ListFormat.RICH,
    quiet: Quiet = False,
) -> int:
    """Makes, draws and checks the masks of lungs, thorax and body, and of regions of your own.

    With -o they are written as PNGs, which `data.regions` of an audit file can name after you have mended them.
    """
    from xaudit.cases import load_dataset
    from xaudit.cli.audit_choice import audit_source, chosen_audit
    from xaudit.cli.options import Choices
    from xaudit.cli.progress import progress_report
    from xaudit.records import Progress
    from xaudit.stages.work.anatomy import case_anatomies, spread

    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out}: is there already and not empty", hint="name a folder that is not there yet")
    source, shown = audit_source(audit)
    chosen, _ = chosen_audit(source, Choices(overrides=tuple(overrides or ())))
    asked = _with_masks(chosen, shown)
    rows: list[AnatomyRow] = []
    with tempfile.TemporaryDirectory(prefix="xaudit-") as workspace:
        for name, section in asked.items():
            say(f"reading the data of {shown}", quiet=quiet)
            with progress_report(quiet=quiet, verbose=False) as report:
                dataset = load_dataset(
                    section, dataset_id=name, workspace=Path(workspace), on_progress=report
                )
                total = len(spread(dataset.cases, limit))
                drawn: list[CaseAnatomy] = []
                steps = {index * total // SHEET_CASES for index in range(SHEET_CASES)}
                for number, one in enumerate(case_anatomies(dataset, limit=limit)):
                    report(Progress("regions", number, total, "images"))
                    rows.append(_row(name, one))
                    if out is not None:
                        _write(out / name, one)
                        drawn += [one] if number in steps else []
                report(Progress("regions", total, total, "images"))
            if out is not None:
                _write_sheet(out / name, drawn)
    _print(rows, output_format)
    if not any(one.areas for one in rows):
        raise NothingScoredError(
            "no image has a mask: "
            + (rows[0].problems[0] if rows and rows[0].problems else "none was given"),
            hint="give masks of your own under data.regions",
        )
    if out is not None:
        say(f"masks, overlays and contact sheet: {out}", quiet=quiet)
    return 0


def _with_masks(audit: "AuditFile", shown: str) -> "dict[str, DataSection]":
    """Return the data sets with masks; raises UsageError if there is none."""
    data = {
        name: section
        for name, section in audit.all_datasets.items()
        if section.structures or section.regions.own
    }
    if not data:
        raise UsageError(
            f"{shown}: data.regions names no masks",
            hint="name some: --set data.regions.own.ruler=masks/ruler, or for a chest --set data.regions.lungs=builtin-ct",
        )
    return data


def _row(dataset_id: str, one: "CaseAnatomy") -> "AnatomyRow":
    from xaudit.report.sections.anatomy import AnatomyRow

    areas = {name: float(mask.mean()) for name, mask in {**one.masks, **one.named_lungs}.items()}
    return AnatomyRow(dataset_id, one.case.case_id, areas, one.mark_in_lungs, one.problems, one.sides)


def _print(rows: "list[AnatomyRow]", output_format: ListFormat) -> None:
    from xaudit.report.files.markdown import csv_table, markdown_section
    from xaudit.report.sections.anatomy import anatomy_as_json, anatomy_grid, anatomy_section

    match output_format:
        case ListFormat.RICH:
            emit_section(anatomy_section(rows))
        case ListFormat.JSON:
            emit_json(anatomy_as_json(rows))
        case ListFormat.MARKDOWN:
            emit(markdown_section(anatomy_section(rows)))
        case ListFormat.CSV:
            emit(csv_table(anatomy_grid(rows)))


def _write(folder: Path, one: "CaseAnatomy") -> None:
    from xaudit.cases.images.entry import without_suffix
    from xaudit.cases.phantom.files import write_mask

    name = without_suffix(one.case.path) + ".png"
    try:
        for structure, mask in {**one.masks, **one.named_lungs}.items():
            path = folder / structure / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_mask(path, mask)
        path = folder / "overlays" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        _picture(one).save(path)
    except OSError as error:
        raise _unwritable(folder, error) from None


def _write_sheet(folder: Path, drawn: "list[CaseAnatomy]") -> None:
    from xaudit.report.pictures.figures import contact_sheet

    if drawn:
        try:
            contact_sheet([_picture(one) for one in drawn]).save(folder / "contact-sheet.png")
        except OSError as error:
            raise _unwritable(folder, error) from None


def _picture(one: "CaseAnatomy") -> "Image":
    import numpy as np

    from xaudit.report.pictures.figures import outlined_image
    from xaudit.stages.work.anatomy import STRUCTURES

    # A structure keeps its colour where another one is missing.
    nothing = np.zeros_like(one.mark)
    known = one.masks
    asked = known.keys() | one.surroundings.unknown.keys()
    structures = STRUCTURES if asked & set(STRUCTURES) else ()
    drawn = {name: known.get(name, nothing) for name in structures}
    drawn |= {"mark": one.mark} | {name: known.get(name, nothing) for name in one.surroundings.own}
    outlines = {name if name in (*known, "mark") else f"no {name}": mask for name, mask in drawn.items()}
    told = f": {one.problems[0]}" if one.problems else ""
    return outlined_image(one.pixels, outlines, caption=one.case.case_id + told)


def _unwritable(folder: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{folder}: cannot be written: {error.strerror or error}",
        hint="free some space, or name another folder",
    )
