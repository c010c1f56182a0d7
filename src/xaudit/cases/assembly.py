"""Assembly of a data set from a section of the audit file: list, name, open, annotate, split."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from xaudit.cases.anatomy.own_regions import notes_of_own_regions
from xaudit.cases.anatomy.sources import mask_sources, notes_of_masks
from xaudit.cases.attributes import file_attributes, notes_of_attributes, table_attributes
from xaudit.cases.dataset import Dataset
from xaudit.cases.groups import check_groups, groups_of_cases, read_groups, units_of_split
from xaudit.cases.images.entry import Entry, file_and_frame, is_raster, without_suffix
from xaudit.cases.images.header import Header
from xaudit.cases.images.opened_image import OpenedImage, opened_images
from xaudit.cases.listing import (
    class_names,
    list_images,
    merged,
    positive_class,
    with_augmented,
    with_patients,
)
from xaudit.cases.marks.annotation_files import read_annotations
from xaudit.cases.marks.reading import AnnotationReading
from xaudit.cases.names.alike import check_entries
from xaudit.cases.names.image_index import ImageIndex, facts_of
from xaudit.cases.splits import assign_splits, check_patients
from xaudit.cases.text.spelling import nfc
from xaudit.config import DataSection
from xaudit.counts import counted
from xaudit.errors import DataError
from xaudit.geometry import union
from xaudit.records import Annotation, Attribute, BoolArray, Case, Problem, Progress


@dataclass
class _Opened:
    """The results of opening every image; UIDs and patients' tags stay in here."""

    cases: list[Case] = field(default_factory=list)
    headers: dict[str, Header] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    paths: dict[str, str] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    uids: dict[str, str] = field(default_factory=dict)
    uids_complete: bool = True
    attributes: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)


def assemble(
    section: DataSection,
    *,
    dataset_id: str,
    on_progress: Callable[[Progress], None],
    faults: list[DataError] | None = None,
) -> Dataset:
    """Load the data set of a section of the format ``folder`` or ``csv``; see :func:`xaudit.cases.load_dataset`."""
    passed_over: list[str] = []
    root, entries, left_out = list_images(section, faults, passed_over)
    entries = merged(entries, section.merge)
    names = class_names(entries, section)
    entries = with_patients(entries, section.patient_pattern)
    check_entries((section.labels or root).name, entries)
    entries = with_augmented(entries, section.augmented_pattern)
    grouped = () if section.split.groups is None else read_groups(section.split.groups)
    opened = _open(root, entries, dataset_id, section, on_progress)
    images = _image_index(opened, section, root)
    reading: list[AnnotationReading] = []
    read = read_annotations(section.annotations, images, merge=section.merge, faults=faults, reading=reading)
    cases, notes = _of_known_label(*_numbered_patients(opened), section)
    marks = _marks_on(cases, read.annotations, section)
    attributes, more_notes = _attributes(section, opened, cases)
    notes = [*notes, *more_notes]
    groups = {} if section.split.groups is None else groups_of_cases(grouped, cases, section.split.groups)
    split_known = bool(cases[0].split)
    if not split_known:
        cases = _divided(cases, section, opened.digests, groups)
    elif section.split.groups is not None:
        check_groups(cases, groups, section.split.groups)
    patients_known = all(case.patient_id is not None for case in cases)
    cases, more = _clustered(cases, groups)
    check_patients((case.patient_id, case.split) for case in cases)
    masks = mask_sources(section.regions, cases, images)
    dataset = Dataset(
        id=dataset_id,
        root=root,
        cases=tuple(cases),
        annotations=marks,
        class_names=names,
        positive=positive_class(section.positive, names, cases, marks),
        readers="union" if section.annotations is None else section.annotations.readers,
        masks=masks,
        window=section.window,
        planes=images.planes,
        slices=section.nifti,
        problems=(*opened.problems, *read.problems),
        patients_known=patients_known,
        split_known=split_known,
        notes=(*left_out, *notes, *more, *read.notes, *notes_of_masks(masks), *_notes(opened)),
        passed_over=(*passed_over, *(one.extra_images for one in reading if one.extra_images)),
        unread=tuple(passed_over),
        votes=None if section.annotations is None else section.annotations.votes,
        attributes=attributes,
        reading=reading[0] if reading else None,
    )
    return _with_region_notes(dataset, section)


def _of_known_label(
    cases: list[Case], notes: list[str], section: DataSection
) -> tuple[list[Case], list[str]]:
    """Return the cases of which a column says whether they show the finding, and a further note that counts the others."""
    if section.label_column is None:
        return cases, notes
    known = [replace(case, finding=section.positive) for case in cases if case.label]
    unknown = [case for case in cases if not case.label]
    if not unknown:
        return known, notes
    patients = {case.patient_id for case in unknown if case.patient_id is not None}
    of = f" ({counted(len(patients), 'patient')})" if patients else ""
    return known, [
        *notes,
        f"'{section.label_column}' is empty for {len(unknown)} of {counted(len(cases), 'image')}{of}: the model was not asked about "
        f"'{section.positive}' there",
    ]


def _marks_on(
    cases: Sequence[Case], marks: tuple[Annotation, ...], section: DataSection
) -> tuple[Annotation, ...]:
    """Return the marks on these cases; other images have none unless the column of a finding says nothing of them."""
    if section.label_column is None:
        return marks
    known = {case.case_id for case in cases}
    return tuple(mark for mark in marks if mark.case_id in known)


def _with_region_notes(dataset: Dataset, section: DataSection) -> Dataset:
    own = dataset.masks.own
    notes = notes_of_own_regions(own, section.regions, dataset.cases, partial(_marked, dataset))
    return replace(dataset, notes=(*dataset.notes, *notes))


def _marked(dataset: Dataset, case: Case) -> BoolArray:
    return union(list(dataset.reader_masks(case).values()), (case.height, case.width))


def _attributes(
    section: DataSection, opened: _Opened, cases: Sequence[Case]
) -> tuple[dict[str, Attribute], list[str]]:
    """Return the attributes of the table and of the files, and notes on them."""
    texts = {case.case_id: dict(opened.attributes[case.case_id]) for case in cases}
    properties = {case.case_id: opened.headers[case.case_id].properties for case in cases}
    attributes = table_attributes(section.attributes, texts, cases) | file_attributes(properties, cases)
    return attributes, notes_of_attributes(section.attributes, attributes, cases)


def _image_index(opened: _Opened, section: DataSection, root: Path) -> ImageIndex:
    """Return the index in which marks and masks find their images."""
    return ImageIndex(
        opened.paths,
        {case.case_id: (case.height, case.width) for case in opened.cases},
        opened.uids,
        opened.uids_complete,
        {name: header.plane for name, header in opened.headers.items() if header.plane is not None},
        facts=facts_of(opened.cases, section.merge),
        root=root,
        digests=opened.digests,
    )


def _open(
    root: Path,
    entries: Sequence[Entry],
    dataset_id: str,
    section: DataSection,
    on_progress: Callable[[Progress], None],
) -> _Opened:
    opened = _Opened()
    prefix = "" if dataset_id == "data" else f"{dataset_id}/"
    for index, entry in enumerate(entries):
        n_problems = len(opened.problems)
        on_progress(
            Progress("load", index, len(entries), f"{n_problems} unreadable" if n_problems else "images")
        )
        for image in opened_images(root, entry.path, section.window, section.nifti):
            _keep(
                opened,
                replace(entry, path=image.path),
                prefix + nfc(without_suffix(image.path)),
                dataset_id,
                image,
            )
    on_progress(Progress("load", len(entries), len(entries), "images"))
    if not opened.cases:
        first = opened.problems[0]
        raise DataError(
            f"none of the {len(entries)} images can be used; the first, {first.case_id}, {first.reason}",
            hint="PNG, JPEG, TIFF, DICOM and NIfTI are read",
        )
    opened.cases.sort(key=lambda case: case.case_id)
    return opened


def _keep(opened: _Opened, entry: Entry, case_id: str, dataset_id: str, image: OpenedImage) -> None:
    if case_id in opened.digests:
        raise DataError(
            f"'{case_id}' would be two images, of which one is listed as '{entry.path}'",
            hint="list a file of several images as a whole or image by image, and rename files with the same name",
        )
    opened.paths[entry.path] = case_id
    opened.digests[case_id] = image.file_sha256
    if image.header is None:
        opened.problems.append(Problem(case_id, "load", image.reason))
        _keep_uid(opened, entry.path, case_id, image.uid)
        return
    if image.uid is not None:
        _keep_uid(opened, entry.path, case_id, image.uid)
    opened.headers[case_id] = image.header
    opened.attributes[case_id] = entry.attributes
    opened.cases.append(_case(entry, case_id, dataset_id, image.header, image.sha256))


def _keep_uid(opened: _Opened, path: str, case_id: str, uid: str | None) -> None:
    if uid is None:
        opened.uids_complete = opened.uids_complete and is_raster(path)
    elif opened.uids.setdefault(uid, case_id) != case_id:
        raise DataError(
            f"{case_id}: is the same DICOM instance as {opened.uids[uid]}", hint="keep one of the two"
        )


def _case(entry: Entry, case_id: str, dataset_id: str, header: Header, digest: str) -> Case:
    return Case(
        case_id=case_id,
        patient_id=entry.patient_id,
        dataset_id=dataset_id,
        path=entry.path,
        sha256=digest,
        label=entry.label,
        split=entry.split or "",
        height=header.height,
        width=header.width,
        spacing_mm=entry.spacing_mm or header.spacing_mm,
        source_format=header.source_format,
        site=entry.site,
        augmented=entry.augmented,
        left_edge=header.left_edge,
    )


def _numbered_patients(opened: _Opened) -> tuple[list[Case], list[str]]:
    """Take patients from DICOM if nothing else names them, as numbers that reveal nothing."""
    keys = [opened.headers[case.case_id].patient_key for case in opened.cases]
    if any(case.patient_id is not None for case in opened.cases):
        return opened.cases, []
    if None in keys:
        n_framed = sum(file_and_frame(case.path)[1] is not None for case in opened.cases)
        note = (
            f"{counted(n_framed, 'image shares', 'images share')} a file with others and "
            f"{'counts' if n_framed == 1 else 'count'} as independent; name the patients to mend that"
        )
        return opened.cases, [note] if n_framed else []
    numbers = {key: index for index, key in enumerate(dict.fromkeys(keys), start=1)}
    cases = [
        replace(case, patient_id=f"patient-{numbers[key]:04d}")
        for case, key in zip(opened.cases, keys, strict=True)
    ]
    count = "one patient" if len(numbers) == 1 else f"{len(numbers)} patients"
    if any(str(key).startswith("file ") for key in keys):
        return cases, [f"a file of several images is taken for one patient's; {count} are numbered here"]
    return cases, [f"the DICOM files name {count}, who are numbered here"]


def _divided(
    cases: Sequence[Case], section: DataSection, digests: Mapping[str, str], groups: Mapping[str, str]
) -> list[Case]:
    """Assign a split to each case; a group stays together, and so do a file's copies and images of unknown patients."""
    units = units_of_split(cases, groups, digests)
    splits = assign_splits(((case.case_id, units[case.case_id], case.label) for case in cases), section.split)
    return [replace(case, split=splits[case.case_id]) for case in cases]


def _clustered(cases: Sequence[Case], groups: Mapping[str, str]) -> tuple[list[Case], list[str]]:
    """Let a group stand for the patient of its images if no patient is known; return the cases and a note."""
    if not groups:
        return list(cases), []
    kept = (
        f"{counted(len(groups), 'image')} in {counted(len(set(groups.values())), 'group')} are kept together"
    )
    if any(case.patient_id is not None for case in cases):
        return list(cases), [f"{kept} in one split; the unit of all statistics stays the patient"]
    clustered = [
        replace(case, patient_id=f"group {groups[case.case_id]}") if case.case_id in groups else case
        for case in cases
    ]
    return clustered, [
        f"{kept} in one split; the data names no patients, so each group counts once in all statistics, and every other "
        "image counts as independent"
    ]


def _notes(opened: _Opened) -> list[str]:
    notes = []
    n_turned = sum(header.turned for header in opened.headers.values())
    if n_turned:
        notes.append(
            counted(n_turned, "DICOM slice is", "DICOM slices are")
            + " not stored axial, head first and face up; "
            + (
                "it is shown and scored as it is"
                if n_turned == 1
                else "they are shown and scored as they are"
            )
            + " stored"
        )
    n_dim = sum(header.dim for header in opened.headers.values())
    if n_dim:
        what = "1 image of 16 bits holds" if n_dim == 1 else f"{n_dim} images of 16 bits hold"
        notes.append(
            f"{what} no value above 4095, so 12 bits or fewer are used; values are divided by 65535 all the same, and "
            "these images are nearly black: save them with the whole range if the model has seen them so"
        )
    copies = Counter(case.sha256 for case in opened.cases)
    n_copies = sum(count - 1 for count in copies.values())
    if n_copies:
        notes.append(
            counted(n_copies, "image is a byte-for-byte copy", "images are byte-for-byte copies")
            + " of another image"
        )
    return notes
