"""Properties that a model could tell without looking at the image: its size, its file, and the attributes of the data."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from xaudit.cases.dataset import Dataset
from xaudit.records import Attribute, Case, FloatArray

SIZE, FILE, BYTES = "image-size", "file-properties", "file-bytes"

UNKNOWN = "unknown"

_SHOWN_ALREADY = ("file-format", "image-size")
"""Attributes of the files that are columns of their own here."""

_MOST_VALUES = 30
"""Values of a text that become columns; rarer ones count as none of these, since a model cannot learn from them."""


@dataclass(frozen=True, slots=True)
class Property:
    """Properties that stand together as one question.

    Attributes:
        numbers: columns of numbers, each with a value per case; NaN if it is not known.
        levels: columns of texts, each with a value per case.
        judged: False if the label may follow from it: a finding would accuse nobody.
    """

    id: str
    kind: str
    title: str
    judged: bool = True
    numbers: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_constant(self) -> bool:
        """Return True if it is the same for all images."""
        columns: list[tuple[object, ...]] = [*self.numbers.values(), *self.levels.values()]
        return all(len(set(map(str, column))) == 1 for column in columns)

    def features(self) -> FloatArray:
        """Return the columns as numbers, (n, columns): a text as one column of 0 and 1 for each of its frequent values."""
        columns: list[FloatArray] = []
        for numbers in self.numbers.values():
            values = np.array(numbers)
            known = np.isfinite(values)
            columns += [np.where(known, values, -1.0), known.astype(np.float64)]
        for texts in self.levels.values():
            _, codes, counts = np.unique(np.array(texts), return_inverse=True, return_counts=True)
            frequent = np.argsort(-counts, kind="stable")[:_MOST_VALUES]
            columns += [(codes == code).astype(np.float64) for code in sorted(frequent.tolist())]
        return np.stack(columns, axis=1).astype(np.float32)


def properties_of(data: Dataset) -> tuple[Property, ...]:
    """Return the properties to ask about: size, file, bytes of the file, then each attribute of the data."""
    cases = data.cases
    size = Property(
        SIZE,
        "property",
        "image size",
        numbers={
            "height": tuple(float(case.height) for case in cases),
            "width": tuple(float(case.width) for case in cases),
            "aspect": tuple(case.width / case.height for case in cases),
        },
        levels={"image size (width × height)": tuple(f"{case.width} × {case.height}" for case in cases)},
    )
    spacings = [case.spacing_mm or (math.nan, math.nan) for case in cases]
    file = Property(
        FILE,
        "property",
        "file properties",
        numbers={
            "row spacing": tuple(rows for rows, _ in spacings),
            "column spacing": tuple(cols for _, cols in spacings),
        },
        levels=_file_levels(data),
    )
    n_bytes = Property(
        BYTES,
        "property",
        "bytes of the file",
        judged=False,
        numbers={"bytes": tuple(_bytes(data, case) for case in cases)},
    )
    return (size, file, n_bytes, *_attributes(data))


def _file_levels(data: Dataset) -> dict[str, tuple[str, ...]]:
    """Return the texts that the files of the images bring: format, pixel spacing, orientation, and what their headers say."""
    headers = {
        name: _levels_of(data, one)
        for name, one in data.attributes.items()
        if one.source == "file" and name not in _SHOWN_ALREADY
    }
    return headers | {
        "file format": tuple(case.source_format for case in data.cases),
        "pixel spacing in mm": tuple(_spacing(case) for case in data.cases),
        "side of the patient at the left edge": tuple(case.left_edge or UNKNOWN for case in data.cases),
    }


def _attributes(data: Dataset) -> list[Property]:
    columns: dict[str, tuple[str, ...]] = {
        "site": tuple(case.site or UNKNOWN for case in data.cases),
        "augmented": tuple(
            UNKNOWN if case.augmented is None else "yes" if case.augmented else "no" for case in data.cases
        ),
    }
    columns |= {name: _levels_of(data, one) for name, one in data.attributes.items() if one.source == "table"}
    return [
        Property(f"attribute:{name}", "attribute", f"attribute '{name}'", levels={name: texts})
        for name, texts in columns.items()
        if set(texts) != {UNKNOWN}
    ]


def _levels_of(data: Dataset, attribute: Attribute) -> tuple[str, ...]:
    return tuple(attribute.by_case.get(case.case_id, UNKNOWN) for case in data.cases)


def _spacing(case: Case) -> str:
    if case.spacing_mm is None:
        return UNKNOWN
    rows, cols = case.spacing_mm
    return f"{rows:.3g} × {cols:.3g}"


def _bytes(data: Dataset, case: Case) -> float:
    """Return the size of the image's file; NaN if the file holds several images, or is gone."""
    file = data.root / case.path
    try:
        return float(file.stat().st_size) if file.is_file() else np.nan
    except OSError:
        return np.nan
