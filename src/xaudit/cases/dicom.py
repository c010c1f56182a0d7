"""Single-frame DICOM images as grey or colour values between 0 and 1.

Only the elements listed below are parsed, so that no text about the patient is ever held, and nothing of a
file's text appears in a message. The frame is the one in which the file stores its pixels: annotations are
drawn in that frame, so a slice stored turned or mirrored (ImageOrientationPatient) is not turned back, and its
header says so. Spacing is PixelSpacing, (row, column) in millimetres.
"""

import logging
import struct
import threading
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from types import ModuleType
from typing import Any, TypeVar

import numpy as np

from xaudit.cases.dicom_guard import check_declared, check_finite, check_unpacked
from xaudit.cases.header import Header, UnreadableImageError, Window
from xaudit.errors import DataError
from xaudit.records import BoolArray, FloatArray, PatientSide

PRESETS: dict[str, tuple[float, float]] = {
    "lung": (-600.0, 1500.0),
    "mediastinum": (40.0, 400.0),
    "bone": (400.0, 1800.0),
}
"""(centre, width) in Hounsfield units."""

_ELEMENTS = [
    "SOPInstanceUID",
    "PatientID",
    "Modality",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "RescaleSlope",
    "RescaleIntercept",
    "ModalityLUTSequence",
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
    "PixelSpacing",
    "ImageOrientationPatient",
    "PatientOrientation",
    "PixelData",
    "FloatPixelData",
    "DoubleFloatPixelData",
]

_OTHER_MODALITIES = frozenset({"CR", "DX", "MG", "MR", "NM", "OT", "PT", "RF", "SC", "US", "XA", "XC"})

_STANDARD_ORIENTATION = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)

_SIDES: tuple[tuple[PatientSide, PatientSide], ...] = (("R", "L"), ("A", "P"), ("F", "H"))
"""By axis of the patient: where it comes from, and where it leads."""

_N_ORIENTATION = 6
_ALONG_AN_AXIS = 0.9

_BROKEN = (
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    KeyError,
    IndexError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
)

_lock = threading.Lock()

T = TypeVar("T")


def dicom_header(data: bytes, window: Window) -> Header:
    """The frame, spacing and orientation of a DICOM image, decoded once to be sure that it can be.

    Raises:
        UnreadableImageError: with what is wrong, in words that hold nothing of the file's text.
        DataError: where pydicom is not installed.
    """
    dataset = _parsed(data)
    values = _values(dataset, window)
    orientation = _numbers(dataset, "ImageOrientationPatient")
    return Header(
        values.shape[0],
        values.shape[1],
        "dicom",
        spacing_mm=_spacing(dataset),
        uid=_text(dataset, "SOPInstanceUID"),
        patient_key=_text(dataset, "PatientID"),
        left_edge=left_edge(orientation, _first_text(dataset, "PatientOrientation")),
        turned=len(orientation) == 6 and not np.allclose(orientation, _STANDARD_ORIENTATION, atol=0.05),
    )


def left_edge(orientation: Sequence[float], stated: str) -> PatientSide | None:
    """Which side of the patient lies at the left edge of a slice as it is stored.

    Args:
        orientation: of the slice in the patient, six numbers, where the file has them: rows run along the first three,
            which count towards the patient's left, back and head. None where a row runs between two sides.
        stated: towards which side rows run, in letters, where the file has no numbers, as for radiographs.

    Source: DICOM PS3.3 C.7.6.2.1.1 and C.7.6.1.1.1.

    Example:
        >>> left_edge((1, 0, 0, 0, 1, 0), ""), left_edge((-1, 0, 0, 0, 1, 0), ""), left_edge((), "L"), left_edge((), "")
        ('R', 'L', 'R', None)
    """
    if len(orientation) == _N_ORIENTATION:
        along = orientation[:3]
        axis = max(range(3), key=lambda place: abs(along[place]))
        if abs(along[axis]) < _ALONG_AN_AXIS:
            return None
        # What lies at the left edge is where rows come from.
        return _SIDES[axis][0 if along[axis] > 0 else 1]
    for towards_positive, towards_negative in ((pair[1], pair[0]) for pair in _SIDES):
        if stated[:1] == towards_positive:
            return towards_negative
        if stated[:1] == towards_negative:
            return towards_positive
    return None


def dicom_pixels(data: bytes, window: Window) -> FloatArray:
    """The windowed values of a DICOM image: float32, (H, W) or (H, W, 3), in [0, 1].

    Grey values are rescaled to the modality's units, windowed, inverted for MONOCHROME1, and zero where the
    file marks padding. Colour is taken as it is.
    """
    return _values(_parsed(data), window)


def instance_uid(data: bytes) -> str | None:
    """The UID by which annotations may name an image, also where its pixels cannot be decoded."""
    try:
        return _text(_parsed(data), "SOPInstanceUID")
    except UnreadableImageError:
        return None


def apply_window(values: FloatArray, centre: float, width: float, *, function: str = "LINEAR") -> FloatArray:
    """Grey levels between 0 and 1 of values in the modality's units.

    Args:
        values: any shape.
        centre: of the window.
        width: of the window, at least 1 for ``LINEAR`` and above 0 otherwise.
        function: ``LINEAR``, ``LINEAR_EXACT`` or ``SIGMOID``.

    Source: DICOM PS3.3 C.11.2.1.2 and C.11.2.1.3; ``LINEAR`` runs over ``width - 1`` steps about
    ``centre - 0.5``.

    Example:
        >>> apply_window(np.array([-1350.0, -600.5, 149.0]), -600, 1500).round(3).tolist()
        [0.0, 0.5, 1.0]
    """
    match function:
        case "LINEAR_EXACT":
            levels = (values - centre) / width + 0.5
        case "SIGMOID":
            levels = 1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -60, 60)))
        case _:
            if width <= 1:
                levels = (values > centre - 0.5).astype(np.float64)
            else:
                levels = (values - (centre - 0.5)) / (width - 1) + 0.5
    return np.asarray(np.clip(levels, 0, 1), dtype=np.float32)


def _pydicom() -> ModuleType:
    try:
        import pydicom
        import pydicom.pixels
    except ImportError:
        raise DataError(
            "DICOM images need the package pydicom, which is not installed",
            hint="pip install 'xaudit[dicom]'",
        ) from None
    return pydicom


def _broken() -> tuple[type[Exception], ...]:
    """What a damaged file can raise."""
    errors = _pydicom().errors
    return (*_BROKEN, errors.InvalidDicomError, errors.BytesLengthException)


@contextmanager
def _quiet() -> Iterator[None]:
    """Holds back pydicom's warnings and log lines, which quote the file's text."""
    log = logging.getLogger("pydicom")
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before, log.disabled = log.disabled, True
        try:
            yield
        finally:
            log.disabled = before


def parsed(data: bytes, elements: Sequence[str]) -> Any:  # noqa: ANN401  (pydicom makes attributes up as it reads)
    """A DICOM file of which only these elements are held.

    Raises:
        UnreadableImageError: where the header is damaged.
        DataError: where pydicom is not installed.
    """
    pydicom = _pydicom()
    check_unpacked(data)
    try:
        with _quiet():
            return pydicom.dcmread(BytesIO(data), specific_tags=list(elements))
    except _broken():
        raise UnreadableImageError("is damaged: its DICOM header cannot be read") from None


def guarded(read: Callable[[], T]) -> T | None:
    """What a function reads out of a parsed file; None where the file is damaged there. Nothing is printed."""
    try:
        with _quiet():
            return read()
    except _broken():
        return None


def _parsed(data: bytes) -> Any:  # noqa: ANN401
    return parsed(data, _ELEMENTS)


def _values(dataset: Any, window: Window) -> FloatArray:  # noqa: ANN401
    stored = _stored(dataset)
    if stored.ndim == 3:
        largest = float(2 ** int(_number(dataset, "BitsStored") or 8) - 1)
        return np.asarray(np.clip(stored / largest, 0, 1), dtype=np.float32)
    if "ModalityLUTSequence" in dataset:
        raise UnreadableImageError(
            "maps its values through a modality table, which is not read; only rescaling is"
        )
    padding = _padding(dataset, stored)
    slope, intercept = _number(dataset, "RescaleSlope"), _number(dataset, "RescaleIntercept")
    with np.errstate(all="ignore"):
        values = check_finite(stored * (1.0 if slope is None else slope) + (intercept or 0.0))
    levels = _windowed(dataset, values, padding, window)
    if _text(dataset, "PhotometricInterpretation") == "MONOCHROME1":
        levels = 1 - levels
    return np.where(padding, np.float32(0), levels).astype(np.float32)


def _stored(dataset: Any) -> FloatArray:  # noqa: ANN401
    """The stored values, (H, W) or (H, W, 3)."""
    pydicom = _pydicom()
    n_frames = _number(dataset, "NumberOfFrames") or 1
    if n_frames > 1:
        raise UnreadableImageError(
            f"is a multi-frame DICOM of {int(n_frames)} frames; only single frames are read"
        )
    if not any(name in dataset for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        raise UnreadableImageError("is a DICOM file without an image, or cut off before it")
    kind = _text(dataset, "PhotometricInterpretation") or ""
    if not kind.startswith(("MONOCHROME", "RGB", "YBR")):
        raise UnreadableImageError(
            "stores its DICOM pixels as palette or in another colour form that is not read"
        )
    check_declared(*(_number(dataset, name) for name in ("Rows", "Columns", "SamplesPerPixel")))
    try:
        with _quiet():
            stored = pydicom.pixels.pixel_array(dataset)
    except _broken():
        raise UnreadableImageError(_why_not_decoded(dataset)) from None
    if stored.ndim not in (2, 3) or (stored.ndim == 3 and stored.shape[2] != 3):
        raise UnreadableImageError("is not a single grey or colour DICOM image")
    return np.asarray(stored, dtype=np.float64)


def _why_not_decoded(dataset: Any) -> str:  # noqa: ANN401
    syntax = getattr(getattr(dataset, "file_meta", None), "TransferSyntaxUID", None)
    if syntax is None or not (syntax.is_transfer_syntax and not syntax.is_private):
        return "is a DICOM image in an unknown transfer syntax"
    if not syntax.is_compressed or syntax.is_deflated:
        return "is truncated or damaged: its DICOM pixels do not fill the frame"
    return f"is compressed as {syntax.name}, which no installed decoder reads, or is damaged"


def _windowed(dataset: Any, values: FloatArray, padding: BoolArray, window: Window) -> FloatArray:  # noqa: ANN401
    if window == "full":
        kept = values[~padding]
        low, high = (float(kept.min()), float(kept.max())) if kept.size else (0.0, 0.0)
        if high <= low:
            return np.zeros(values.shape, dtype=np.float32)
        return np.asarray(np.clip((values - low) / (high - low), 0, 1), dtype=np.float32)
    if window == "file":
        centres, widths = _numbers(dataset, "WindowCenter"), _numbers(dataset, "WindowWidth")
        if not centres or not widths or widths[0] <= 0:
            raise UnreadableImageError(
                "names no window of its own; set data.window to full or [centre, width]"
            )
        function = _text(dataset, "VOILUTFunction") or "LINEAR"
        return apply_window(values, centres[0], widths[0], function=function)
    if isinstance(window, tuple):
        return apply_window(values, *window)
    modality = _text(dataset, "Modality")
    if modality not in (None, "CT"):
        name = modality if modality in _OTHER_MODALITIES else "something else"
        raise UnreadableImageError(
            f"is {name} and not CT, so the window '{window}' means nothing for it; "
            "set data.window to file, full or [centre, width]"
        )
    return apply_window(values, *PRESETS[window])


def _padding(dataset: Any, stored: FloatArray) -> BoolArray:  # noqa: ANN401
    first = _number(dataset, "PixelPaddingValue")
    if first is None:
        return np.zeros(stored.shape, dtype=bool)
    last = _number(dataset, "PixelPaddingRangeLimit")
    low, high = sorted((first, first if last is None else last))
    return (stored >= low) & (stored <= high)


def _spacing(dataset: Any) -> tuple[float, float] | None:  # noqa: ANN401
    spacing = _numbers(dataset, "PixelSpacing")
    if len(spacing) != 2 or not all(np.isfinite(s) and s > 0 for s in spacing):
        return None
    return (spacing[0], spacing[1])


def _text(dataset: Any, keyword: str) -> str | None:  # noqa: ANN401
    try:
        with _quiet():
            value = dataset.get(keyword)
    except _broken():
        return None
    return (str(value).strip() or None) if value is not None else None


def _first_text(dataset: Any, keyword: str) -> str:  # noqa: ANN401
    """The first of several values, empty where there is none."""
    try:
        with _quiet():
            value = dataset.get(keyword)
            many = isinstance(value, list | tuple) or type(value).__name__ == "MultiValue"
            return str(value[0] if many and value else value or "").strip().upper()
    except _broken():
        return ""


def _number(dataset: Any, keyword: str) -> float | None:  # noqa: ANN401
    numbers = _numbers(dataset, keyword)
    return numbers[0] if numbers else None


def _numbers(dataset: Any, keyword: str) -> tuple[float, ...]:  # noqa: ANN401
    try:
        with _quiet():
            value = dataset.get(keyword)
            if value is None or value == "":
                return ()
            many = isinstance(value, list | tuple) or type(value).__name__ == "MultiValue"
            return tuple(float(number) for number in (value if many else [value]))
    except _broken():
        return ()
