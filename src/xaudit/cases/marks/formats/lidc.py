"""LIDC-IDRI's XML: what up to four readers outlined on the slices of one CT series.

A point of an edge map is a pixel, counted from 0, and the outline is the first pixel outside the nodule: what lies strictly
within counts. An outline so small that nothing lies within it counts itself. Outlines with ``inclusion`` FALSE are holes,
and what lies strictly within them is taken out. A nodule under 3 mm is a single point and has no area, so it is left out, and so are
non-nodules. Slices are known by their SOP instance UID; those that the data does not hold are passed over.

Readers are anonymous and not the same from scan to scan: ``reader-1`` is the first session of a file. All of them read the whole
scan, so on a slice that one of them marked, the others found nothing, unless they pointed at a small nodule there.

Source: the LIDC-IDRI page of The Cancer Imaging Archive; Armato et al. 2011.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from skimage.draw import line

from xaudit.cases.marks.file_set import FileSet, file_set, without_uids
from xaudit.cases.marks.mark import check_points, checked_number
from xaudit.cases.marks.mark_list import MarkList
from xaudit.errors import DataError
from xaudit.geometry import mask_region
from xaudit.outlines import within_outline
from xaudit.records import BoolArray

LABEL = "nodule"

_Point = tuple[int, int]


def collect_lidc(path: Path | FileSet, marks: MarkList) -> None:
    """Read the XML files of a folder, or a single one, into a list of marks.

    Raises:
        DataError: with the file, the reader, the nodule and the value.
    """
    given = file_set(path, (".xml",))
    files = given.files
    if not files:
        raise DataError(f"{path.name}: holds no XML file", hint="give the folder of the LIDC-IDRI files")
    n_slices = 0
    for file in files:
        with marks.item():
            shown = without_uids(file.name)
            marks.reading(without_uids(given.relative(file)))
            n_slices += _collect(shown, given.xml(file, shown, "LIDC-IDRI"), marks)
    if not n_slices and marks.images.complete and not marks.faults:
        raise DataError(
            f"{path.name}: marks no slice of the data",
            hint="slices are DICOM files, or are called by their SOP instance UID",
        )


def strictly_within(points: Sequence[_Point], frame: tuple[int, int]) -> BoolArray:
    """Return the pixels within an outline of pixels, without those on it.

    Args:
        points: (x, y) of pixels, inside the frame.
        frame: (height, width) of the image.

    Example:
        >>> strictly_within([(0, 0), (3, 0), (3, 2), (0, 2)], (3, 4)).astype(int).tolist()
        [[0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    """
    inside = within_outline(np.array([(y, x) for x, y in points], dtype=np.float64), frame)
    return inside & ~_on(points, frame)


def _on(points: Sequence[_Point], frame: tuple[int, int]) -> BoolArray:
    outline = np.zeros(frame, dtype=bool)
    for (x0, y0), (x1, y1) in zip(points, (*points[1:], points[0]), strict=True):
        rows, columns = line(y0, x0, y1, x1)  # type: ignore[no-untyped-call]
        outline[rows, columns] = True
    return outline


def _collect(shown: str, tree: ElementTree.Element, marks: MarkList) -> int:
    """Add the marks of a file; return how many slices of the data it knows."""
    if tree.tag.rpartition("}")[2] != "LidcReadMessage":
        raise DataError(
            f"{shown}: not LIDC-IDRI: it begins with <{tree.tag.rpartition('}')[2]:.40}>",
            hint="expected <LidcReadMessage>",
        )
    sessions = tree.findall("{*}readingSession")
    drawn: dict[str, set[str]] = defaultdict(set)
    pointed: set[tuple[str, str]] = set()
    for number, session in enumerate(sessions, start=1):
        reader = f"reader-{number}"
        for index, nodule in enumerate(session.findall("{*}unblindedReadNodule"), start=1):
            with marks.item():
                place = f"{shown}: {reader}: nodule {index}"
                for case_id, mask in _masks(place, nodule, marks).items():
                    marks.add(case_id, reader, mask_region(mask), LABEL)
                    drawn[case_id].add(reader)
                pointed |= {(case_id, reader) for case_id in _pointed_at(nodule, marks)}
    for case_id, readers in drawn.items():
        for number in range(1, len(sessions) + 1):
            reader = f"reader-{number}"
            if reader not in readers and (case_id, reader) not in pointed:
                marks.nothing(shown, case_id, reader)
    return len(drawn)


def _masks(place: str, nodule: ElementTree.Element, marks: MarkList) -> dict[str, BoolArray]:
    """Draw what a reader outlined of a nodule, by case, without its holes."""
    inside: dict[str, BoolArray] = {}
    holes: dict[str, BoolArray] = {}
    for roi in nodule.findall("{*}roi"):
        case_id = _case(roi.findtext("{*}imageSOP_UID") or "", marks)
        points = roi.findall("{*}edgeMap")
        if case_id is None or len(points) == 1:
            continue
        frame = marks.images.frames[case_id]
        outline = [_point(place, point, frame) for point in points]
        if not outline:
            raise DataError(f"{place}: an outline without points", hint="download the file again")
        check_points(place, len(outline))
        marks.outlined(case_id, np.array(outline, dtype=np.float64))
        mask = strictly_within(outline, frame)
        if (roi.findtext("{*}inclusion") or "TRUE").strip().upper() == "FALSE":
            holes[case_id] = holes.get(case_id, np.zeros(frame, dtype=bool)) | mask
        else:
            mask = mask if mask.any() else _on(outline, frame)
            inside[case_id] = inside.get(case_id, np.zeros(frame, dtype=bool)) | mask
    left = {case_id: mask & ~holes[case_id] if case_id in holes else mask for case_id, mask in inside.items()}
    return {case_id: mask for case_id, mask in left.items() if mask.any()}


def _pointed_at(nodule: ElementTree.Element, marks: MarkList) -> set[str]:
    """List the cases on which a reader saw a nodule too small to outline."""
    small = [roi for roi in nodule.findall("{*}roi") if len(roi.findall("{*}edgeMap")) == 1]
    cases = {_case(roi.findtext("{*}imageSOP_UID") or "", marks) for roi in small}
    return {case_id for case_id in cases if case_id is not None}


def _case(uid: str, marks: MarkList) -> str | None:
    known = marks.images.uids.get(uid.strip())
    if known is None and uid.strip():
        named = marks.images.named(uid.strip())
        known = marks.images.only("an outline", uid.strip(), named) if named else None
    return known if known in marks.images.frames else None


def _point(place: str, point: ElementTree.Element, frame: tuple[int, int]) -> _Point:
    x, y = (
        checked_number(place, (point.findtext(f"{{*}}{name}") or "nothing").strip(), name)
        for name in ("xCoord", "yCoord")
    )
    if not (0 <= x < frame[1] and 0 <= y < frame[0]):
        raise DataError(
            f"{place}: the point ({x:g}, {y:g}) leaves the image of {frame[1]} × {frame[0]}",
            hint="give the slice that was annotated; sizes are not guessed",
        )
    return int(x), int(y)
