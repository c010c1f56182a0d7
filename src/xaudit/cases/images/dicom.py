"""DICOM images, single or of several frames, as grey or colour values between 0 and 1.

Only the elements listed below are parsed, and nothing of a file's text appears in a message. The frame is the stored one:
annotations are drawn in that frame, so a slice stored turned or mirrored (ImageOrientationPatient) is
not turned back, and its header says so. Spacing is PixelSpacing, (row, column) in millimetres. Frames are counted from 1, as
DICOM counts them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from xaudit.cases.images.dicom_file import Elements, parsed
from xaudit.cases.images.dicom_pixels import PIXELS
from xaudit.cases.images.dicom_values import shown_values
from xaudit.cases.images.file_properties import DICOM_PROPERTIES, dicom_properties
from xaudit.cases.images.header import Header, UnreadableImageError, Window, check_frame
from xaudit.cases.images.plane import plane_of
from xaudit.records import FloatArray, PatientSide

_ELEMENTS = [
    "SOPClassUID",
    "SOPInstanceUID",
    "PatientID",
    *DICOM_PROPERTIES,
    "Modality",
    "FrameOfReferenceUID",
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
    "FloatPixelPaddingValue",
    "FloatPixelPaddingRangeLimit",
    "RescaleSlope",
    "RescaleIntercept",
    "ModalityLUTSequence",
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
    "VOILUTSequence",
    "PresentationLUTShape",
    "PixelSpacing",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "PatientOrientation",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "RedPaletteColorLookupTableDescriptor",
    "GreenPaletteColorLookupTableDescriptor",
    "BluePaletteColorLookupTableDescriptor",
    "RedPaletteColorLookupTableData",
    "GreenPaletteColorLookupTableData",
    "BluePaletteColorLookupTableData",
    "SegmentedRedPaletteColorLookupTableData",
    "SegmentedGreenPaletteColorLookupTableData",
    "SegmentedBluePaletteColorLookupTableData",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    *PIXELS,
]

_STANDARD_ORIENTATION = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)

_SIDES: tuple[tuple[PatientSide, PatientSide], ...] = (("R", "L"), ("A", "P"), ("F", "H"))
"""Sides of the patient at the start and the end of each axis."""

_N_ORIENTATION = 6
_ALONG_AN_AXIS = 0.9
_MOST_FRAMES = 10_000

_last: list[tuple[bytes, Any]] = []
"""The last file, kept so that it is parsed once for all its frames."""


def dicom_frames(data: bytes) -> int | None:
    """Return the number of frames of a DICOM file; None for a single image, and for a file that cannot be read.

    Raises:
        UnreadableImageError: if the number is implausibly large.
        DataError: if pydicom is not installed.
    """
    try:
        file = _parsed(data)
    except UnreadableImageError:
        return None
    n_frames = _n_frames(Elements(file))
    return n_frames if n_frames > 1 else None


def dicom_header(data: bytes, window: Window, frame: int | None = None) -> Header:
    """Return the frame, spacing and orientation of a DICOM image, decoded once to be sure that it can be.

    Args:
        data: the file.
        window: window for its grey values.
        frame: number of the frame, from 1; None for a single image.

    Raises:
        UnreadableImageError: with what is wrong, in words that hold nothing of the file's text.
        DataError: if pydicom is not installed.
    """
    elements = _of_frame(data, frame)
    values = shown_values(elements, window)
    orientation, spacing = elements.numbers("ImageOrientationPatient"), _spacing(elements)
    uid, space = elements.text("SOPInstanceUID"), elements.text("FrameOfReferenceUID")
    return Header(
        values.shape[0],
        values.shape[1],
        "dicom",
        spacing_mm=spacing,
        uid=uid if uid is None or frame is None else f"{uid}#{frame}",
        patient_key=elements.text("PatientID"),
        left_edge=left_edge(orientation, elements.first_text("PatientOrientation")),
        turned=len(orientation) == _N_ORIENTATION
        and not np.allclose(orientation, _STANDARD_ORIENTATION, atol=0.05),
        plane=plane_of(elements.numbers("ImagePositionPatient"), orientation, spacing, space),
        properties=dicom_properties(elements),
    )


def left_edge(orientation: Sequence[float], stated: str) -> PatientSide | None:
    """Return the side of the patient at the left edge of a slice as it is stored; None if a row runs between two sides.

    Args:
        orientation: six numbers for the orientation of the slice in the patient, if the file has them: rows run along
            the first three, which count towards the patient's left, back and head.
        stated: the side that rows run towards, in letters, if the file has no numbers, as for radiographs.

    Source: DICOM PS3.3 C.7.6.2.1.1 and C.7.6.1.1.1.

    Example:
        >>> left_edge((1, 0, 0, 0, 1, 0), ""), left_edge((-1, 0, 0, 0, 1, 0), ""), left_edge((), "L"), left_edge((), "")
        ('R', 'L', 'R', None)
    """
    if len(orientation) == _N_ORIENTATION:
        along = orientation[:3]
        axis = max(range(3), key=lambda index: abs(along[index]))
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


def dicom_pixels(data: bytes, window: Window, frame: int | None = None) -> FloatArray:
    """Return the windowed values of a DICOM image: float32, (H, W) or (H, W, 3), in [0, 1].

    Grey values are taken to the modality's units, windowed, inverted where large means dark, and zero where the file marks
    padding. Colour is taken as it is.
    """
    return shown_values(_of_frame(data, frame), window)


def instance_uid(data: bytes) -> str | None:
    """Return the UID by which annotations may name an image, even if its pixels cannot be decoded."""
    try:
        return Elements(_parsed(data)).text("SOPInstanceUID")
    except UnreadableImageError:
        return None


def _of_frame(data: bytes, frame: int | None) -> Elements:
    file = _parsed(data)
    n_frames = _n_frames(Elements(file))
    return Elements(file, check_frame(n_frames if n_frames > 1 else None, frame))


def _n_frames(elements: Elements) -> int:
    n_frames = elements.number("NumberOfFrames") or 1
    if not 1 <= n_frames <= _MOST_FRAMES:
        raise UnreadableImageError(f"claims to hold {n_frames:.0f} frames")
    return int(n_frames)


def _parsed(data: bytes) -> Any:  # noqa: ANN401
    if _last and _last[0][0] is data:
        return _last[0][1]
    file = parsed(data, _ELEMENTS)
    _last[:] = [(data, file)]
    return file


def _spacing(elements: Elements) -> tuple[float, float] | None:
    spacing = elements.numbers("PixelSpacing")
    if len(spacing) != 2 or not all(np.isfinite(s) and s > 0 for s in spacing):
        return None
    return (spacing[0], spacing[1])
