"""NIfTI files of readers' marks: a slice or a volume of whole numbers, each number a label, zero outside.

Files belong to images by name, as masks of the anatomy do (:mod:`xaudit.cases.masks.nifti`). Where image and file both say where they lie
in the patient, the slice in the same place is taken, unless ``nifti.orientation`` is ``stored``. A
sub-folder before the image's own path names the reader: ``marks/dr-a/ct01.nii.gz``. A number is a mark's label, as text; ``rename``
gives it a name. A slice of zeros says that its reader found nothing there.
"""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from xaudit.cases.annotation_file import check_bytes
from xaudit.cases.images.entry import without_suffix
from xaudit.cases.marks.file_set import FileSet
from xaudit.cases.marks.mark_list import NO_READERS, ONLY_READER, MarkList
from xaudit.cases.masks.nifti import MaskSlice, bare, in_place, mask_files, mask_names, read_numbers
from xaudit.cases.text.spelling import nfc
from xaudit.config import NiftiSection
from xaudit.errors import DataError
from xaudit.geometry import mask_region
from xaudit.records import FloatArray

_MOST_LABELS = 256

_Owners = dict[str, dict[str, int | None]]


def collect_nifti(path: Path | FileSet, marks: MarkList, section: NiftiSection) -> None:
    """Reads the NIfTI files of a folder, or a single one, into a list of marks.

    Raises:
        DataError: with the file and what is wrong: unreadable, of another size than its image, of no image, of fractions, or
            the same reader's second mask of an image.
    """
    owners = _owners(marks, section)
    seen: dict[tuple[str, str], str] = {}
    files = _files(path)
    marks.expect_files(files)
    if not files:
        raise DataError(f"{path.name}: holds no NIfTI file", hint="a mask is called like its image")
    for name, file in files.items():
        with marks.item():
            marks.reading(name + file.name[len(bare(file.name)) :])
            check_bytes(file, name)
            reader, cases = _belongs(name, owners, marks)
            for case_id, index in cases.items():
                if (case_id, reader) in seen:
                    raise DataError(
                        f"{file.name}: {reader} has a mask of {case_id} in {seen[case_id, reader]} too",
                        hint="put each reader's masks into a sub-folder that is called like the reader",
                    )
                seen[case_id, reader] = file.name
                with marks.item():
                    _collect(MaskSlice(file, index), case_id, reader, (marks, section))


def _files(path: Path | FileSet) -> Mapping[str, Path]:
    """The files by their paths below the folder without suffix."""
    if isinstance(path, FileSet):
        named: dict[str, Path] = {}
        for file in path.files:
            name = bare(path.relative(file))
            if name in named:
                raise DataError(
                    f"{path.relative(file)}: {named[name].name} lies beside it, so which is the mask is not clear",
                    hint="keep one of the two",
                )
            named[name] = file
        return named
    return mask_files(path, "annotations")


def _owners(marks: MarkList, section: NiftiSection) -> _Owners:
    """By what a file can be called: the cases that it can hold masks of, and their slices."""
    owners: _Owners = defaultdict(dict)
    for path, case_id in marks.images.paths.items():
        if case_id in marks.images.frames:
            for called, index in mask_names(nfc(without_suffix(path)), section):
                owners[called].setdefault(case_id, index)
    return owners


def _belongs(name: str, owners: _Owners, marks: MarkList) -> tuple[str, dict[str, int | None]]:
    """Whose file it is, and which slices of it are which cases."""
    parts = name.split("/")
    for start in range(len(parts)):
        cases = owners.get("/".join(parts[start:]))
        if cases is None:
            continue
        slices: dict[int | None, str] = {}
        for case_id, index in cases.items():
            if index in slices:
                raise DataError(
                    f"{parts[-1]}: can be the mask of {slices[index]} or {case_id}",
                    hint="put the masks into the same sub-folders as the images",
                )
            slices[index] = case_id
        first, facts = next(iter(cases)), marks.images.folder_facts
        if any(facts.contradicts(part, first) for part in parts[:start]):
            break
        reader = "/".join(
            part
            for part in parts[:start]
            if part.lower() not in NO_READERS and not facts.names_image(part, first)
        )
        return reader or ONLY_READER, cases
    known = marks.case(name, name)
    return ONLY_READER, {} if known is None else {known: None}


def _collect(mask: MaskSlice, case_id: str, reader: str, into: tuple[MarkList, NiftiSection]) -> None:
    marks, section = into
    plane = marks.images.planes.get(case_id)
    if plane is not None and section.orientation == "patient":
        mask = in_place(mask, plane)
    numbers = read_numbers(mask, marks.images.frames[case_id], section)
    labels = _labels(mask.file.name, numbers)
    for label in labels:
        marks.add(case_id, reader, mask_region(np.asarray(numbers == label)), str(label))
    if not labels:
        marks.nothing(mask.file.name, case_id, reader)


def _labels(shown: str, numbers: FloatArray) -> list[int]:
    """The numbers of a slice that are not zero."""
    found = np.unique(numbers)
    if found.min() < 0 or not np.array_equal(found, np.rint(found)):
        raise DataError(
            f"{shown}: holds numbers from {found.min():g} to {found.max():g} and not whole ones from 0 on",
            hint="give the mask and not the image; of probabilities, those above a threshold",
        )
    if len(found) > _MOST_LABELS:
        raise DataError(
            f"{shown}: holds {len(found)} different numbers on one slice", hint="give the mask, not the image"
        )
    return [int(number) for number in found if number != 0]
