"""Images of a section of the audit file, with class, patient and split, before any of them is opened."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from xaudit.cases.images.entry import Entry
from xaudit.cases.images.folder import list_folder, spelled_others, unlisted_images
from xaudit.cases.names.alike import check_entries
from xaudit.cases.splits import check_patients
from xaudit.cases.table import read_table
from xaudit.cases.text.finding_labels import LabelColumn
from xaudit.cases.text.spelling import nfc
from xaudit.config import DataSection, LungSection, without_finding
from xaudit.counts import counted
from xaudit.errors import DataError, did_you_mean
from xaudit.records import Annotation, Case


def listed_entries(section: DataSection, faults: list[DataError] | None = None) -> tuple[Entry, ...]:
    """List the images of a section with merged labels, patients and splits; none is opened."""
    root, entries, _ = list_images(section, faults)
    entries = tuple(entry for entry in entries if entry.label)
    entries = with_patients(merged(entries, section.merge), section.patient_pattern)
    check_entries((section.labels or root).name, entries)
    check_patients((entry.patient_id, entry.split or "") for entry in entries)
    return with_augmented(entries, section.augmented_pattern)


def class_names_of(entries: Sequence[Entry], section: DataSection) -> tuple[str, ...]:
    """Return the classes of listed images, in the order of a model's outputs.

    Raises:
        DataError: if there is only one, or if a class that the section names is missing.
    """
    names = class_names(entries, section)
    if section.positive is not None:
        positive_class(section.positive, names, (), ())
    return names


def list_images(
    section: DataSection, faults: list[DataError] | None, passed_over: list[str] | None = None
) -> tuple[Path, tuple[Entry, ...], tuple[str, ...]]:
    """Return the images' folder, its images, and notes on what was passed over, whose names go to a list.

    An image of which the column of a finding says nothing has an empty label.
    """
    if section.format == "csv" and section.labels is not None:
        root = section.images or section.labels.parent
        columns = [spec.name for spec in section.attributes]
        labels = label_column(section)
        entries = read_table(
            section.labels, root, attributes=columns, labels=labels, faults=faults, passed_over=passed_over
        )
        beside = (
            ()
            if section.images is None
            else unlisted_images(root, entries, section.labels.name, ignored=_mask_and_mark_paths(section))
        )
        if labels is None:
            _check_no_continuous(section.labels.name, entries)
            return root, entries, beside
        labels.check_both(section.labels.name, [entry.label for entry in entries])
        return root, entries, beside
    if section.images is None or section.format != "folder":
        raise ValueError(f"a section of the format {section.format} without its source")
    if section.labels is not None:
        raise DataError(
            f"{section.labels.name}: in a folder data set the sub-folder is the label, so no table is read",
            hint="set format: csv, or take data.labels out",
        )
    no_images: list[Path] = []
    entries = list_folder(section.images, ignored=_mask_and_mark_paths(section), others=no_images)
    return section.images, entries, spelled_others(no_images)


def label_column(section: DataSection) -> LabelColumn | None:
    """Return the column that states the section's positive class; None if the column ``label`` names the classes."""
    if section.label_column is None or section.positive is None:
        return None
    other = next(
        (name for name in section.classes if name != section.positive), without_finding(section.positive)
    )
    return LabelColumn(section.label_column, section.positive, other)


def _check_no_continuous(shown: str, entries: Sequence[Entry]) -> None:
    """Raise DataError if the labels are numbers of a regression, not classes."""
    labels = {entry.label for entry in entries}
    try:
        fraction = next((one for one in sorted(labels) if float(one) % 1), None)
    except ValueError:
        return
    if fraction is not None:
        raise DataError(
            f"{shown}: every label is a number, such as '{fraction:.40}': these are scores of a regression, and xaudit audits "
            "classifiers",
            hint="give classes as labels, such as the scores above and below a limit",
        )


def _mask_and_mark_paths(section: DataSection) -> list[Path]:
    """Return the paths of masks and marks, which may lie among the images."""
    regions = section.regions
    others: list[object] = [regions.lungs, regions.body, regions.thorax]
    if isinstance(regions.lungs, LungSection):
        others += [regions.lungs.path, *regions.lungs.left, *regions.lungs.right]
    others += [own.path for own in regions.own.values()]
    others += [] if section.annotations is None else [section.annotations.path]
    return [path for path in others if isinstance(path, Path)]


def merged(entries: Sequence[Entry], merge: Mapping[str, str]) -> tuple[Entry, ...]:
    """Return the entries with classes renamed; raises DataError for a class that the data does not have."""
    found = {entry.label for entry in entries}
    for name in merge:
        if name not in found:
            hint = did_you_mean(name, found, otherwise=f"the data has {_spelled(found)}")
            raise DataError(f"data.merge: no class of the data is called '{name}'", hint=hint)
    return tuple(replace(entry, label=merge.get(entry.label, entry.label)) for entry in entries)


def class_names(entries: Sequence[Entry], section: DataSection) -> tuple[str, ...]:
    """Return the classes in the order of a model's outputs; raises DataError if there is only one, or one is not listed."""
    found = {entry.label for entry in entries if entry.label}
    for name in sorted(found - set(section.classes)) if section.classes else ():
        hint = did_you_mean(name, section.classes, otherwise=f"data.classes has {_spelled(section.classes)}")
        raise DataError(f"data.classes: the class '{name}' of the data is not listed", hint=hint)
    # A listed order is the order of a model's outputs, so it is kept.
    names = section.classes or tuple(sorted(found))
    if len(names) < 2:
        raise DataError(
            f"all {counted(len(entries), 'image is', 'images are')} of the one class '{names[0]}'",
            hint="give another class, or list the classes in data.classes",
        )
    return names


def with_patients(entries: Sequence[Entry], pattern: str | None) -> tuple[Entry, ...]:
    """Return the entries with the patients that a pattern finds in their paths."""
    if pattern is None:
        return tuple(entries)
    named = []
    for entry in entries:
        found = re.search(pattern, nfc(entry.path))
        patient = found.group(1) if found else None
        if not patient:
            raise DataError(
                f"data.patient_pattern: '{pattern}' finds no patient in '{entry.path}'",
                hint="its first group must match the patient in every path, as in '(P[0-9]+)_'",
            )
        if entry.patient_id not in (None, patient):
            raise DataError(
                f"{entry.path}: the table says patient '{entry.patient_id}', data.patient_pattern '{patient}'",
                hint="take one of the two out",
            )
        named.append(replace(entry, patient_id=patient))
    return tuple(named)


def with_augmented(entries: Sequence[Entry], pattern: str | None) -> tuple[Entry, ...]:
    """Mark the entries whose image path matches a pattern as augmented; some must match, and not all."""
    if pattern is None:
        return tuple(entries)
    if any(entry.augmented is not None for entry in entries):
        raise DataError(
            "data.augmented_pattern: the table has a column 'augmented' already",
            hint="take one of the two out",
        )
    found = [re.search(pattern, nfc(entry.path)) is not None for entry in entries]
    if all(found) or not any(found):
        what = "every image" if all(found) else "no image"
        raise DataError(
            f"data.augmented_pattern: '{pattern}' is found in the path of {what}, such as '{entries[0].path}'",
            hint="it must be found in the paths of augmented images and in no other, as in '_aug[0-9]*\\.'",
        )
    return tuple(replace(entry, augmented=one) for entry, one in zip(entries, found, strict=True))


def positive_class(
    given: str | None, class_names: Sequence[str], cases: Sequence[Case], annotations: Sequence[Annotation]
) -> str:
    """Return the class that is asked about: the given one, or the one that readers mark most often."""
    if given is not None:
        if given not in class_names:
            hint = did_you_mean(given, class_names, otherwise=f"the classes are {_spelled(class_names)}")
            raise DataError(f"data.positive: no class is called '{given}'", hint=hint)
        return given
    marked = {mark.case_id for mark in annotations if mark.region is not None}
    counts = Counter(case.label for case in cases if case.case_id in marked)
    return max(class_names, key=lambda name: (counts[name], name))


def _spelled(names: Sequence[str] | set[str]) -> str:
    return ", ".join(f"'{name}'" for name in sorted(names))
