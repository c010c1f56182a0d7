"""``xaudit data convert``: readers' marks from one tool's format to another's."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xaudit.catalog.formats import FORMAT_RECORDS, WRITABLE
from xaudit.cli.options import Overrides, Quiet
from xaudit.cli.output import emit, say
from xaudit.errors import OutputError, UsageError, did_you_mean

if TYPE_CHECKING:
    from xaudit.cases.conversion import Conversion, Marked

Source = Annotated[
    Path,
    typer.Argument(
        metavar="SOURCE",
        show_default=False,
        help="Annotations (a file or a folder), or an audit file whose data.annotations are meant.",
    ),
]
To = Annotated[
    str,
    typer.Option(
        "--to",
        metavar="FORMAT",
        show_default=False,
        help=f"{', '.join(WRITABLE[:-1])} or {WRITABLE[-1]}.",
    ),
]
ConvertedOut = Annotated[
    Path,
    typer.Option(
        "--out", "-o", metavar="PATH", show_default=False, help="A file or folder that is not there yet."
    ),
]
Images = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", show_default=False, help="The images; by default the folder in which SOURCE lies."
    ),
]
From = Annotated[str, typer.Option("--from", metavar="FORMAT", help="Of SOURCE; auto looks into it.")]
FromOrigin = Annotated[
    str, typer.Option("--origin", metavar="NAME", help="Where SOURCE counts pixels from: auto, one or zero.")
]

_AUDIT_FILES = (".yaml", ".yml", ".toml")


def convert(
    source: Source,
    to: To,
    out: ConvertedOut,
    images: Images = None,
    source_format: From = "auto",
    origin: FromOrigin = "auto",
    overrides: Overrides = None,
    quiet: Quiet = False,
) -> int:
    """Writes readers' marks in another format, and says what that cannot hold.

    What was written is read back and compared with the source, pixel by pixel.
    """
    from xaudit.cases.conversion import convert as convert_marks

    if to not in WRITABLE:
        hint = did_you_mean(to, WRITABLE, otherwise=f"there are {', '.join(WRITABLE)}")
        raise UsageError(f"--to: no format that can be written is called '{to}'", hint=hint)
    if out.exists():
        raise UsageError(f"{out}: is there already", hint="name a file or folder that is not there yet")
    if not source.exists():
        beside = [near.name for near in source.parent.iterdir()] if source.parent.is_dir() else []
        hint = did_you_mean(source.name, beside, otherwise="name annotations or an audit file")
        raise UsageError(f"{source}: no such annotations", hint=hint)
    if source.suffix.lower() in _AUDIT_FILES:
        marked = _of_audit(source, tuple(overrides or ()), quiet=quiet)
    else:
        if overrides:
            raise UsageError(
                "--set: changes an audit file, and SOURCE is none", hint="use --from and --origin"
            )
        marked = _of_folder(source, images, source_format, origin)
    try:
        done = convert_marks(marked, to, out)
    except OSError as error:
        raise OutputError(
            f"{out}: cannot be written: {error.strerror or error}",
            hint="free some space, or name another place",
        ) from None
    _tell(marked, done, out)
    return 0


def _of_audit(source: Path, overrides: tuple[str, ...], *, quiet: bool) -> "Marked":
    from xaudit.cases import load_dataset
    from xaudit.cases.conversion import Marked
    from xaudit.cases.marks.writing import MarkedImage
    from xaudit.cli.audit_choice import chosen_audit
    from xaudit.cli.options import Choices
    from xaudit.cli.progress import progress_report

    audit, _ = chosen_audit(source, Choices(overrides=overrides))
    if len(audit.all_datasets) > 1:
        raise UsageError(
            f"{source.name}: names {len(audit.all_datasets)} data sets, and one is converted at a time",
            hint="give the annotations themselves, with --images",
        )
    ((name, section),) = audit.all_datasets.items()
    with (
        tempfile.TemporaryDirectory(prefix="xaudit-") as workspace,
        progress_report(quiet=quiet, verbose=False) as report,
    ):
        data = load_dataset(section, dataset_id=name, workspace=Path(workspace), on_progress=report)
    images = tuple(
        MarkedImage(case.case_id, case.path, case.height, case.width, data.planes.get(case.case_id))
        for case in data.cases
    )
    files = () if data.reading is None else (*data.reading.unused, *data.reading.sentences)
    return Marked(images, data.annotations, data.problems, (*data.passed_over, *files))


def _of_folder(source: Path, images: Path | None, source_format: str, origin: str) -> "Marked":
    from xaudit.cases.conversion import marked_folder
    from xaudit.config import AnnotationSection

    formats = ("auto", *FORMAT_RECORDS)
    if source_format not in formats:
        hint = did_you_mean(source_format, formats, otherwise="`xaudit list formats` shows all")
        raise UsageError(f"--from: no format is called '{source_format}'", hint=hint)
    if origin not in ("auto", "one", "zero"):
        raise UsageError(f"--origin: '{origin}'", hint="there are auto, one and zero")
    section = AnnotationSection.model_validate(
        {"path": source.absolute(), "format": source_format, "origin": origin}
    )
    folder = images or source.absolute().parent
    return marked_folder(folder.absolute(), section)


def _tell(marked: "Marked", done: "Conversion", out: Path) -> None:
    from xaudit.report.wording import count

    drawn = [mark for mark in marked.annotations if mark.region is not None]
    votes = len(marked.annotations) - len(drawn)
    readers = len({mark.reader_id for mark in marked.annotations})
    emit(f"{out}: {count(done.n_files, 'file')}")
    emit(
        f"{count(len(drawn), 'mark')} and {count(votes, 'vote')} that nothing is there, by {count(readers, 'reader')}"
    )
    emit(f"read back: {done.n_same} of {done.n_sheets} (image, reader) pairs cover exactly the same pixels")
    for loss in done.losses:
        emit(f"note: {loss}")
    for note in marked.notes:
        emit(f"note: {note}")
    for problem in marked.problems[:10]:
        say(f"left out: {problem.case_id}: {problem.reason}")
    if len(marked.problems) > 10:
        say(f"left out: {len(marked.problems) - 10} more")
