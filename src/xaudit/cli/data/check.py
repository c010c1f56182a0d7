"""``xaudit data``: make the phantom study, and check data before a model sees it."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

from xaudit.cli.data.mark_pictures import write_mark_pictures
from xaudit.cli.options import AuditPath, Overrides, Quiet
from xaudit.cli.output import emit, emit_grid, say
from xaudit.counts import counted
from xaudit.errors import DataError, UsageError, did_you_mean

if TYPE_CHECKING:
    from xaudit.cases.dataset import Dataset
    from xaudit.cases.marks.reading import AnnotationReading

PhantomPlant = Literal[
    "none",
    "corner-marker",
    "border-tone",
    "opposite-tag",
    "same-tag",
    "hyperintensity",
    "obstruction",
    "mixed",
]
PLANTS: tuple[PhantomPlant, ...] = get_args(PhantomPlant)
_NAMED_PROBLEMS = 200
_NAMED_FILES = 10

Target = Annotated[
    Path, typer.Argument(metavar="OUT", show_default=False, help="A folder that is not there yet.")
]
Patients = Annotated[int, typer.Option(min=6, metavar="N", help="Simulated patients.")]
Plant = Annotated[
    str, typer.Option(metavar="NAME", help="What a model could cheat with: " + ", ".join(PLANTS))
]
Strength = Annotated[
    float,
    typer.Option(
        min=0, max=1, metavar="SHARE", help="Share of cancer slices that show it, minus that of normal ones."
    ),
]
StudySeed = Annotated[int, typer.Option(min=0, metavar="N", help="Another seed is another population.")]
Pictures = Annotated[
    Path | None,
    typer.Option(metavar="DIR", show_default=False, help="Draw a few marked images into this new folder."),
]
Size = Annotated[int, typer.Option(min=64, max=1024, metavar="PX", help="Side of a slice.")]


def phantom(
    out: Target,
    patients: Patients = 120,
    plant: Plant = "none",
    strength: Strength = 1.0,
    seed: StudySeed = 0,
    size: Size = 256,
    quiet: Quiet = False,
) -> int:
    """Writes synthetic chest CT with readers' marks.

    The files are ordinary PNG, COCO JSON and CSV.
    """
    from xaudit.cases.phantom.study import write_phantom
    from xaudit.cli.progress import progress_report
    from xaudit.config import PhantomSection

    known = _plant(plant)
    if known == "mixed" and strength:
        raise UsageError(
            f"--strength: mixed evidence is shown alike on both classes, not with strength {strength:g}",
            hint="add --strength 0",
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out}: is there already and not empty", hint="name a folder that is not there yet")
    if out.is_dir():
        out.rmdir()
    section = PhantomSection(patients=patients, plant=known, strength=strength, seed=seed, size=size)
    say(f"writing {patients} simulated patients to {out}", quiet=quiet)
    with progress_report(quiet=quiet, verbose=False) as report:
        write_phantom(section, out, on_progress=report)
    emit(str(out))
    return 0


def _plant(name: str) -> PhantomPlant:
    for plant in PLANTS:
        if name == plant:
            return plant
    hint = did_you_mean(name, PLANTS, otherwise=f"there are {', '.join(PLANTS)}")
    raise UsageError(f"--plant: nothing is called '{name}'", hint=hint)


def check(
    audit: AuditPath = None,
    pictures: Pictures = None,
    overrides: Overrides = None,
    quiet: Quiet = False,
) -> int:
    """Says what an audit's data holds, and what cannot be used.

    Faults of single rows and marks are all listed at once, not only the first.
    """
    from xaudit.cases import load_dataset
    from xaudit.cli.audit_choice import audit_source, chosen_audit
    from xaudit.cli.options import Choices
    from xaudit.cli.progress import progress_report

    if pictures is not None and pictures.exists() and (not pictures.is_dir() or any(pictures.iterdir())):
        raise UsageError(
            f"{pictures}: is there already and not empty", hint="name a folder that is not there yet"
        )
    source, shown = audit_source(audit)
    say(f"reading the data of {shown}", quiet=quiet)
    chosen, _ = chosen_audit(source, Choices(overrides=tuple(overrides or ())))
    found: list[DataError] = []
    with tempfile.TemporaryDirectory(prefix="xaudit-") as workspace:
        for name, section in chosen.all_datasets.items():
            faults: list[DataError] = []
            try:
                with progress_report(quiet=quiet, verbose=False) as report:
                    dataset = load_dataset(
                        section,
                        dataset_id=name,
                        workspace=Path(workspace),
                        on_progress=report,
                        faults=faults,
                    )
            except DataError as error:
                faults.append(error)
                dataset = None
            found += faults
            if dataset is not None and not (len(faults) == 1 and len(chosen.all_datasets) == 1):
                _describe(dataset)
            if dataset is not None and pictures is not None:
                write_mark_pictures(pictures / name, dataset)
                say(f"pictures of the marks: {pictures / name}", quiet=quiet)
    _tell_faults(found, shown)
    return 0


def _tell_faults(found: "list[DataError]", shown: str) -> None:
    """Lists several faults on stdout; raises one that is alone as it is."""
    if len(found) == 1:
        raise found[0]
    for number, fault in enumerate(found, start=1):
        emit(f"{number}. {fault}")
        if fault.hint:
            emit(f"   {fault.hint}")
    if found:
        raise DataError(
            f"{shown}: {counted(len(found), 'fault')} in the data",
            hint="they are listed above; mend them first",
        )


def _describe(dataset: "Dataset") -> None:
    from xaudit.cases.anatomy.lung_masks import LungSource
    from xaudit.report.grid import Column, grid, row
    from xaudit.report.wording import count

    splits = [
        split for split in ("train", "validation", "test") if any(c.split == split for c in dataset.cases)
    ]
    numbers = Counter((case.label, case.split) for case in dataset.cases)
    emit(f"{dataset.id}: {count(len(dataset.cases), 'image')}, positive class '{dataset.positive}'")
    columns = [Column("class"), *(Column(split, numeric=True) for split in splits)]
    emit_grid(
        grid(columns, [row(name, *(str(numbers[name, s]) for s in splits)) for name in dataset.class_names])
    )
    patients = len({case.cluster for case in dataset.cases})
    emit(f"patients: {patients if dataset.patients_known else 'not named'}")
    readers = sorted({mark.reader_id for mark in dataset.annotations})
    marked = len({mark.case_id for mark in dataset.annotations if mark.region is not None})
    emit(
        f"marked: {count(marked, 'image')} by {count(len(readers), 'reader')} ({', '.join(readers) or 'none'})"
    )
    if dataset.reading is not None:
        _describe_reading(dataset.reading)
    for name, word in (("lungs", "lung"), ("thorax", "thorax"), ("body", "body")):
        source = dataset.masks.sources.get(name)
        if source is not None and source.n_given is None:
            emit(f"{word} masks: made from each image; `xaudit data regions` shows them")
        elif source is not None:
            how = f"; {source.sides}" if isinstance(source, LungSource) else ""
            emit(f"{word} masks: {count(source.n_given or 0, 'image')}{how}")
    for name, masks in dataset.masks.own.items():
        emit(f"{name} masks: {count(masks.n_given, 'image')}")
    for note in dataset.notes:
        emit(f"note: {note}")
    for sentence in dataset.passed_over:
        emit(f"note: {sentence}")
    emit(f"cannot be used: {count(len(dataset.problems), 'image')}")
    for problem in dataset.problems[:_NAMED_PROBLEMS]:
        emit(f"  {problem.case_id}: {problem.reason}")
    if len(dataset.problems) > _NAMED_PROBLEMS:
        emit(f"  and {len(dataset.problems) - _NAMED_PROBLEMS} more")


def _describe_reading(reading: "AnnotationReading") -> None:
    """Prints which files of annotations were read, in which formats, by whom, and which were passed over and why."""
    from xaudit.report.wording import count

    emit(f"annotations: {count(reading.n_files, 'file')} read")
    for part in reading.parts:
        emit(
            f"  {part.format_name} by {part.reader}: {_named(part.files)}; {count(part.n_marks, 'mark')} on "
            f"{count(part.n_images - part.n_nothing, 'image')}, nothing found on {count(part.n_nothing, 'image')}"
        )
    n_passed_over = sum(len(files) for files in reading.passed_over.values())
    if n_passed_over:
        emit(f"passed over: {count(n_passed_over, 'file')} beside the annotations")
    for reason, files in reading.passed_over.items():
        emit(f"  {reason}: {_named(files)}")


def _named(files: Sequence[str]) -> str:
    """A number of files and the names of the first of them."""
    from xaudit.report.wording import count

    shown = ", ".join(files[:_NAMED_FILES])
    return f"{count(len(files), 'file')} ({shown}{', …' if len(files) > _NAMED_FILES else ''})"
