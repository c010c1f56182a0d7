"""DICOM RT structure sets: outlines in the patient's millimetres, put on the slices that they name.

An outline is taken to the pixels of its slice by ImagePositionPatient, ImageOrientationPatient and PixelSpacing. A pixel is
inside where its centre lies within an odd number of the structure's outlines on that slice, so that an outline within another is
a hole, or on one of them, since many tools draw through the centres of the outermost pixels. Points and open lines have no area
and are passed over. An outline that names no slice belongs to the slice of the data that it lies on.

The structure's name is the mark's label. Files of several readers lie in a folder for each: no text about persons is read. Slices
that the data does not hold are passed over, since a structure set covers a whole series. It cannot say that nothing is there.

Source: DICOM PS3.3, C.8.8.5, C.8.8.6 and C.7.6.2.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from xaudit.cases.annotation_file import check_bytes
from xaudit.cases.images.dicom_file import guarded, names_storage, parsed
from xaudit.cases.images.header import UnreadableImageError
from xaudit.cases.images.image_file import read_bytes, sniff
from xaudit.cases.images.plane import Plane
from xaudit.cases.marks.file_set import FileSet, file_set
from xaudit.cases.marks.mark import check_points, checked_polygon
from xaudit.cases.marks.mark_list import NO_READERS, ONLY_READER, MarkList
from xaudit.errors import DataError
from xaudit.geometry import mask_region
from xaudit.outlines import on_outlines, within_outlines
from xaudit.records import BoolArray, FloatArray

STORAGE = b"1.2.840.10008.5.1.4.1.1.481.3"

ON_OUTLINE_PX = 0.02
"""So near to a pixel's centre an outline goes through it: coordinates are often rounded to hundredths of a millimetre."""

SAME_WITHIN_PX = 0.1
"""So near to each other two outlines are one, whose coordinates were rounded otherwise."""

OFF_SLICE_MM = 0.5
"""So far an outline may lie from the slice that it names."""

_ELEMENTS = ("SOPClassUID", "StructureSetROISequence", "ROIContourSequence")
_WITH_AREA = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_AGAIN = "export it again"
_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class _Structure:
    """The name of a structure, and the coordinates that it is drawn in."""

    name: str | None
    space: str | None


def is_rtstruct(head: bytes) -> bool:
    """Return True if the beginning of a DICOM file names the storage class of structure sets."""
    return names_storage(head, STORAGE)


def collect_rtstruct(path: Path | FileSet, marks: MarkList) -> None:
    """Read the structure sets of a folder, or a single one, into a list of marks.

    Raises:
        DataError: with the file, the structure, the outline and what is wrong.
    """
    given = file_set(path, ())
    folder, files = given.folder, given.files
    n_slices = 0
    for number, file in enumerate(files, start=1):
        with marks.item():
            # A file may be called after its UID, which is not shown.
            shown = f"{folder.name}: file {number}" if not given.single else "the RT structure set"
            marks.reading(shown)
            check_bytes(file, shown)
            try:
                data = read_bytes(file)
                if sniff(data[:1024]) != "dicom" or not is_rtstruct(data[: 1 << 16]):
                    if not given.single:
                        continue
                    raise DataError(
                        f"{shown}: not an RT structure set", hint="give the structure set, not the images"
                    )
                parts = file.relative_to(folder).parts[:-1]
                reader = "/".join(part for part in parts if part.lower() not in NO_READERS) or ONLY_READER
                n_slices += _collect(shown, parsed(data, _ELEMENTS), reader, marks)
            except UnreadableImageError as error:
                raise DataError(f"{shown}: {error}", hint=_AGAIN) from None
    if not n_slices and marks.images.complete and not marks.faults:
        raise DataError(
            f"{path.name}: outlines nothing on a slice of the data",
            hint="give the DICOM images that were outlined",
        )


def inside_outlines(outlines: Sequence[FloatArray], frame: tuple[int, int]) -> BoolArray:
    """Return the pixels whose centres lie within an odd number of outlines, or on one of them.

    Args:
        outlines: (N, 2) each, of x and y between pixel edges.
        frame: (height, width) of the image.

    Example:
        >>> around = np.array([[0.5, 0.5], [4.5, 0.5], [4.5, 2.5], [0.5, 2.5]])
        >>> hole = np.array([[1.6, 1.2], [3.2, 1.2], [3.2, 1.8], [1.6, 1.8]])
        >>> inside_outlines([around, hole], (3, 5)).astype(int).tolist()
        [[1, 1, 1, 1, 1], [1, 1, 0, 1, 1], [1, 1, 1, 1, 1]]
    """
    inside = within_outlines(outlines, frame) | on_outlines(outlines, frame, ON_OUTLINE_PX)
    if not inside.any():
        # Smaller than a pixel, between the centres: the one that it lies in.
        x_mean, y_mean = np.concatenate(outlines).mean(axis=0)
        inside[min(int(y_mean), frame[0] - 1), min(int(x_mean), frame[1] - 1)] = True
    return inside


def distinct_outlines(outlines: Sequence[FloatArray]) -> list[FloatArray]:
    """Drop outlines that are an earlier one again, up to :data:`SAME_WITHIN_PX`, from whichever point and way round.

    A structure that lists an outline twice means it once; by the even-odd rule it would be a hole in itself.

    Args:
        outlines: (N, 2) each, of x and y.

    Example:
        >>> square = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]])
        >>> len(distinct_outlines([square, np.roll(square, 1, axis=0)[::-1], square + 1]))
        2
    """
    if len(outlines) < 2:
        return list(outlines)
    given = list({_same_for_all(outline): outline for outline in reversed(outlines)}.values())[::-1]
    boxes = np.array([[*outline.min(axis=0), *outline.max(axis=0)] for outline in given])
    kept: list[int] = []
    for at, outline in enumerate(given):
        near = np.abs(boxes[kept] - boxes[at]).max(axis=1, initial=0) <= SAME_WITHIN_PX
        others = (given[kept[index]] for index in np.flatnonzero(near))
        if not any(_runs_along(outline, other) and _runs_along(other, outline) for other in others):
            kept.append(at)
    return [given[at] for at in kept]


def _runs_along(points: FloatArray, outline: FloatArray) -> bool:
    """Return True if every one of several points lies on an outline, up to :data:`SAME_WITHIN_PX`."""
    steps = np.roll(outline, -1, axis=0) - outline
    squared = np.maximum((steps**2).sum(axis=1), np.finfo(float).tiny)
    for begin in range(0, len(points), _AT_ONCE):
        away = points[begin : begin + _AT_ONCE, None] - outline
        along = np.clip((away * steps).sum(axis=2) / squared, 0, 1)
        away -= along[:, :, None] * steps
        if ((away**2).sum(axis=2).min(axis=1) > SAME_WITHIN_PX**2).any():
            return False
    return True


def _same_for_all(outline: FloatArray) -> tuple[tuple[float, float], ...]:
    """Return an outline's points from the least on, in the direction whose next point is less."""
    rounded = (np.round(outline, 3) + 0.0).tolist()
    points = [
        tuple(point) for at, point in enumerate(rounded) if point != rounded[at - 1] or len(rounded) == 1
    ]
    points = points or [tuple(rounded[0])]
    begin = min(range(len(points)), key=points.__getitem__)
    forward = points[begin:] + points[:begin]
    backward = [forward[0], *forward[:0:-1]]
    return tuple(min(forward, backward))


def _collect(shown: str, dataset: Any, reader: str, marks: MarkList) -> int:  # noqa: ANN401
    """Add the marks of a file; return on how many slices of the data they lie."""
    structures = _structures(shown, dataset)
    found: set[str] = set()
    outlined: set[int] = set()
    for index, structure in enumerate(guarded(lambda: list(dataset.ROIContourSequence)) or [], start=1):
        with marks.item():
            place = f"{shown}: structure {index}"
            number = guarded(lambda structure=structure: int(structure.ReferencedROINumber))  # type: ignore[misc]
            if number is None or number not in structures:
                raise DataError(f"{place}: outlines without a structure", hint=_AGAIN)
            if number in outlined:
                raise DataError(f"{place}: outlines the structure number {number} again", hint=_AGAIN)
            outlined.add(number)
            by_case: dict[str, list[FloatArray]] = defaultdict(list)
            contours = guarded(lambda structure=structure: list(structure.get("ContourSequence") or []))  # type: ignore[misc]
            for at, contour in enumerate(contours or [], start=1):
                kind = guarded(lambda contour=contour: str(contour.ContourGeometricType))  # type: ignore[misc]
                if kind not in _WITH_AREA:
                    marks.notes[
                        "points and open lines of RT structure sets, which have no area and are not read"
                    ] += 1
                    continue
                placed = _placed(f"{place}: outline {at}", contour, structures[number].space, marks)
                if placed is not None:
                    by_case[placed[0]].append(placed[1])
            for case_id, given in by_case.items():
                outlines = distinct_outlines(given)
                if len(outlines) < len(given):
                    marks.notes["outlines of RT structure sets that are given again and count once"] += len(
                        given
                    ) - len(outlines)
                marks.outlined(case_id, *outlines)
                mask = inside_outlines(outlines, marks.images.frames[case_id])
                marks.add(case_id, reader, mask_region(mask), structures[number].name)
            found |= set(by_case)
    return len(found)


def _structures(shown: str, dataset: Any) -> dict[int, _Structure]:  # noqa: ANN401
    """Return the structures by their numbers."""
    listed = guarded(
        lambda: [
            (
                int(one.ROINumber),
                _Structure(
                    str(one.get("ROIName") or "").strip() or None,
                    str(one.get("ReferencedFrameOfReferenceUID") or "") or None,
                ),
            )
            for one in dataset.StructureSetROISequence
        ]
    )
    if listed is None:
        raise DataError(f"{shown}: lists no structures, or is cut short", hint=_AGAIN)
    structures: dict[int, _Structure] = {}
    for number, structure in listed:
        if structures.setdefault(number, structure) != structure:
            raise DataError(f"{shown}: two structures have the number {number}", hint=_AGAIN)
    return structures


def _placed(
    place: str,
    contour: Any,  # noqa: ANN401
    space: str | None,
    marks: MarkList,
) -> tuple[str, FloatArray] | None:
    """Return the case of an outline and its points on the image; None where the data does not hold it."""
    numbers = _numbers(place, contour)
    if numbers is None or numbers.size == 0 or numbers.size % 3 or not np.isfinite(numbers).all():
        raise DataError(f"{place}: its points are missing, damaged or not finite", hint=_AGAIN)
    points = numbers.reshape(-1, 3)
    case_id = _named(contour, marks)
    if case_id is None:
        return None
    if case_id == "":
        case_id = _lies_on(points, space, marks)
        if case_id is None:
            return None
    plane = marks.images.planes.get(case_id)
    if plane is None:
        raise DataError(
            f"{place}: the image {case_id} does not say where it lies in the patient",
            hint="give the images with ImagePositionPatient, ImageOrientationPatient and PixelSpacing",
        )
    on_image, distance = plane.on_image(points)
    furthest = float(np.abs(distance).max())
    if furthest > OFF_SLICE_MM:
        raise DataError(
            f"{place}: lies {furthest:.1f} mm off the image {case_id} that it names",
            hint="give the images that were outlined, as they were then",
        )
    _check_on_image(place, on_image, marks.images.frames[case_id])
    return case_id, on_image


def _numbers(place: str, contour: Any) -> FloatArray | None:  # noqa: ANN401
    """Read the numbers of an outline's points; None where they are missing or damaged."""
    raw = guarded(lambda: contour.get_item("ContourData").value)
    if not isinstance(raw, bytes):
        return None
    # Read here: pydicom would keep an object for each number.
    check_points(place, (raw.count(b"\\") + 1) // 3)
    return guarded(
        lambda: np.array([float(part) for part in raw.rstrip(b"\0").split(b"\\")], dtype=np.float64)
    )


def _check_on_image(place: str, points: FloatArray, frame: tuple[int, int]) -> None:
    """Raise DataError where an outline leaves the image."""
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    around = ((x0, y0), (max(x1, x0 + 1e-6), y0), (x1, max(y1, y0 + 1e-6)))
    checked_polygon(place, tuple((float(x), float(y)) for x, y in around), frame)


def _named(contour: Any, marks: MarkList) -> str | None:  # noqa: ANN401
    """Return the case that an outline names; empty where it names none, None where the data does not hold it."""
    sources = guarded(lambda: list(contour.ContourImageSequence))
    if not sources:
        return ""
    for source in sources:
        uid = guarded(lambda source=source: str(source.ReferencedSOPInstanceUID))  # type: ignore[misc]
        frame = guarded(lambda source=source: int(source.ReferencedFrameNumber))  # type: ignore[misc]
        for name in (f"{uid}#{frame}", str(uid)):
            case_id = marks.images.uids.get(name)
            if case_id in marks.images.frames:
                return case_id
    return None


def _lies_on(points: FloatArray, space: str | None, marks: MarkList) -> str | None:
    """Return the nearest slice of the data that all points lie on and within; None if there is none."""
    nearest: tuple[float, str] | None = None
    for case_id, plane in marks.images.planes.items():
        if None not in (space, plane.space) and space != plane.space:
            continue
        away = _distance(points, plane, marks.images.frames[case_id])
        if away is not None and (nearest is None or (away, case_id) < nearest):
            nearest = (away, case_id)
    return None if nearest is None else nearest[1]


def _distance(points: FloatArray, plane: Plane, frame: tuple[int, int]) -> float | None:
    on_image, distance = plane.on_image(points)
    within = (on_image >= -0.5).all() and (on_image <= np.array([frame[1], frame[0]]) + 0.5).all()
    away = float(np.abs(distance).max())
    return away if within and away <= OFF_SLICE_MM else None
