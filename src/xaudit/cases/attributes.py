"""Attributes of a data set's images: columns of the table that the audit file names, and properties of the files."""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from xaudit.cases.images.entry import Entry
from xaudit.config import AttributeSpec
from xaudit.config.sections.attributes import FILE_ATTRIBUTES
from xaudit.config.sections.strata import SAME, cut_names
from xaudit.counts import counted
from xaudit.errors import DataError
from xaudit.records import Attribute, Case

THIRDS = ("low", "middle", "high")

_FEW_NUMBERS = 6
"""Numbers of so many different values, or fewer, are codes and not divided into bands."""

_MOST_LEVELS = 40
_ALWAYS_ALLOWED = 8


def table_attributes(
    specs: Sequence[AttributeSpec], texts: Mapping[str, Mapping[str, str]], cases: Sequence[Case]
) -> dict[str, Attribute]:
    """Return the attributes that the audit file names.

    Args:
        texts: the text of each column for each case; empty cells are missing.
        cases: all of the data set, whatever their split, so that bands are the same everywhere.

    Raises:
        DataError: if limits are given and a cell is no number, or if there are so many levels that the column may name
            patients.
    """
    patients = {case.case_id: case.cluster for case in cases}
    return {spec.id: _attribute(spec, texts, patients) for spec in specs}


def listed_attributes(specs: Sequence[AttributeSpec], entries: Sequence[Entry]) -> dict[str, Attribute]:
    """Return the attributes of listed images, of which none was opened; raises as :func:`table_attributes`."""
    texts = {entry.path: dict(entry.attributes) for entry in entries}
    patients = {entry.path: entry.patient_id or entry.path for entry in entries}
    return {spec.id: _attribute(spec, texts, patients) for spec in specs}


def _attribute(
    spec: AttributeSpec, texts: Mapping[str, Mapping[str, str]], patients: Mapping[str, str]
) -> Attribute:
    known = {name: own[spec.name] for name, own in texts.items() if own.get(spec.name)}
    levels, ordered = _levels(spec, known, patients)
    present = set(levels.values())
    _check_levels(spec, present, len(set(patients.values())))
    names = (cut_names(spec.cuts) if spec.cuts else (*THIRDS, SAME)) if ordered else sorted(present)
    return Attribute(spec.id, "table", tuple(name for name in names if name in present), ordered, levels)


def file_attributes(
    properties: Mapping[str, Iterable[tuple[str, str]]], cases: Sequence[Case]
) -> dict[str, Attribute]:
    """Return the properties of the files that are known for a case at least, in the order of the closed list.

    Args:
        properties: of each case, as its header gives them.
    """
    by_name: dict[str, dict[str, str]] = defaultdict(dict)
    for case in cases:
        by_name["file-format"][case.case_id] = case.source_format
        by_name["image-size"][case.case_id] = f"{case.width}x{case.height}"
        for name, level in properties.get(case.case_id, ()):
            by_name[name][case.case_id] = level
    return {
        name: Attribute(
            name,
            "file",
            tuple(sorted(set(by_name[name].values()), key=_natural)),
            name in ("bit-depth", "jpeg-quality", "dicom-kvp", "dicom-age"),
            by_name[name],
        )
        for name in FILE_ATTRIBUTES
        if name in by_name
    }


def notes_of_attributes(
    specs: Sequence[AttributeSpec], attributes: Mapping[str, Attribute], cases: Sequence[Case]
) -> list[str]:
    """Say for how many images an attribute is not known, and in how many patients it differs although it cannot.

    The notes name no level and no patient.
    """
    of_a_person = {spec.id for spec in specs if spec.is_of_a_person} | {"dicom-sex"}
    notes = []
    for name, attribute in attributes.items():
        n_unknown = len(cases) - len(attribute.by_case)
        if n_unknown and attribute.source == "table":
            notes.append(f"attribute '{name}': not known for {n_unknown} of {counted(len(cases), 'image')}")
        levels: dict[str, set[str]] = defaultdict(set)
        for case in cases:
            if case.patient_id is not None and case.case_id in attribute.by_case:
                levels[case.patient_id].add(attribute.by_case[case.case_id])
        n_mixed = sum(len(own) > 1 for own in levels.values())
        if name in of_a_person and n_mixed:
            notes.append(
                f"attribute '{name}' differs between images of one patient, for {counted(n_mixed, 'patient')}: "
                "check the table or the patients' names"
            )
    return notes


def _levels(
    spec: AttributeSpec, known: Mapping[str, str], patients: Mapping[str, str]
) -> tuple[dict[str, str], bool]:
    """Return the level of each case, and True if they are bands of a number."""
    numbers = {case_id: _number(text) for case_id, text in known.items()}
    if spec.cuts:
        wrong = sum(number is None for number in numbers.values())
        if wrong:
            raise DataError(
                f"data.attributes: '{spec.name}' has cuts, and {counted(wrong, 'cell is', 'cells are')} not a number",
                hint="mend the cells or leave them empty, or take the cuts out",
            )
        names = cut_names(spec.cuts)
        return {
            case_id: names[int(np.searchsorted(spec.cuts, number, side="right"))]
            for case_id, number in numbers.items()
            if number is not None
        }, True
    if not known or None in numbers.values() or len(set(numbers.values())) <= _FEW_NUMBERS:
        return dict(known), False
    return _thirds({name: number for name, number in numbers.items() if number is not None}, patients), True


def _thirds(numbers: Mapping[str, float], patients: Mapping[str, str]) -> dict[str, str]:
    """Divide numbers at the thirds of the patients, each of whom counts by the mean of its images."""
    by_patient: dict[str, list[float]] = defaultdict(list)
    for name, number in numbers.items():
        by_patient[patients[name]].append(number)
    limits = np.quantile([np.mean(own) for own in by_patient.values()], [1 / 3, 2 / 3])
    return {
        name: THIRDS[int(np.searchsorted(limits, number, side="left"))] for name, number in numbers.items()
    }


def _check_levels(spec: AttributeSpec, levels: set[str], n_patients: int) -> None:
    """Raise DataError if a column has nearly as many levels as patients: it may be a name or a number of theirs."""
    n_levels = len(levels)
    if n_levels > _MOST_LEVELS or (n_levels > _ALWAYS_ALLOWED and 2 * n_levels > n_patients):
        raise DataError(
            f"data.attributes: '{spec.name}' has {n_levels} different values in {counted(n_patients, 'patient')}, so it "
            "may name patients",
            hint=f"an attribute has at most {_MOST_LEVELS} values, and fewer than half as many as there are patients; "
            "give cuts if it is a number, or take it out",
        )


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _natural(level: str) -> tuple[float, str]:
    """Sort levels that begin with a number by it, then the others by their letters."""
    head = re.match(r"\d+", level)
    return (float(head.group()), level) if head else (math.inf, level)
