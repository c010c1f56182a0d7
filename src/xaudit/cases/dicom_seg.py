"""DICOM SEG: segmentations of slices that are DICOM images themselves.

Each frame names the instance that it was drawn on, and the segment that it belongs to, whose label is the mark's. Pixels are
those of the slice, so a frame must be of its size. Fractional segmentations count where they are at least half of their
maximum. A frame without any pixel inside says that nothing was found there, if no other frame of the slice holds something.
Files of several readers lie in a folder for each: no text about persons is read. Slices that the data does not hold are passed
over, since a segmentation covers a whole series.

Source: DICOM PS3.3, A.51 and C.8.20.
"""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from xaudit.cases.annotation_file import check_bytes, files_below
from xaudit.cases.dicom_file import Elements, guarded, names_storage, parsed
from xaudit.cases.dicom_pixels import decoded_frame
from xaudit.cases.header import UnreadableImageError
from xaudit.cases.image_file import read_bytes, sniff
from xaudit.cases.mark_list import NO_READERS, ONLY_READER, MarkList
from xaudit.counts import counted
from xaudit.errors import DataError
from xaudit.geometry import mask_region
from xaudit.records import BoolArray

STORAGE = b"1.2.840.10008.5.1.4.1.1.66.4"

_ELEMENTS = (
    "SOPClassUID",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "SegmentationType",
    "MaximumFractionalValue",
    "SegmentSequence",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "PixelData",
)
T = TypeVar("T")

_MOST_PIXELS = 2**28  # of all frames together: a thousand slices of 512 by 512


def is_dicom_seg(head: bytes) -> bool:
    """Whether the beginning of a DICOM file names the storage class of segmentations."""
    return names_storage(head, STORAGE)


def collect_dicom_seg(path: Path, marks: MarkList) -> None:
    """Reads the segmentations of a folder, or a single one, into a list of marks.

    Raises:
        DataError: with the file, the frame and what is wrong.
    """
    folder = path if path.is_dir() else path.parent
    n_slices = 0
    for number, file in enumerate(files_below(path, ()) if path.is_dir() else [path], start=1):
        with marks.item():
            # A file may be called after its UID, which is not shown.
            shown = f"{folder.name}: file {number}" if path.is_dir() else "the DICOM SEG"
            check_bytes(file, shown)
            try:
                data = read_bytes(file)
                if sniff(data[:1024]) != "dicom" or not is_dicom_seg(data[: 1 << 16]):
                    if path.is_dir():
                        continue
                    raise DataError(f"{shown}: not DICOM SEG", hint="give the segmentation, not the images")
                parts = file.relative_to(folder).parts[:-1]
                reader = "/".join(part for part in parts if part.lower() not in NO_READERS) or ONLY_READER
                n_slices += _collect(shown, parsed(data, _ELEMENTS), reader, marks)
            except UnreadableImageError as error:
                raise DataError(f"{shown}: {error}", hint="export it again") from None
    if not n_slices and marks.images.complete and not marks.faults:
        raise DataError(
            f"{path.name}: segments no slice of the data",
            hint="give the DICOM images that were segmented",
        )


def _collect(shown: str, dataset: Any, reader: str, marks: MarkList) -> int:  # noqa: ANN401
    """Adds what one file segments; returns how many slices of the data it knows."""
    height, width = _whole(shown, dataset, "Rows"), _whole(shown, dataset, "Columns")
    frames = guarded(lambda: list(dataset.PerFrameFunctionalGroupsSequence))
    n_frames = _whole(shown, dataset, "NumberOfFrames")
    if frames is None or len(frames) != n_frames or n_frames * height * width > _MOST_PIXELS:
        raise DataError(
            f"{shown}: {counted(n_frames, 'frame')} of {width} × {height} pixels, of which "
            f"{0 if frames is None else len(frames)} are described",
            hint="export it again",
        )
    inside = _Frames(shown, dataset, (height, width))
    names = (
        guarded(lambda: {int(s.SegmentNumber): str(s.SegmentLabel) for s in dataset.SegmentSequence}) or {}
    )
    shared = guarded(lambda: dataset.SharedFunctionalGroupsSequence[0])
    drawn: dict[tuple[str, int], BoolArray] = {}
    for index, frame in enumerate(frames):
        with marks.item():
            place = f"{shown}: frame {index + 1}"
            uid = _first(frame, shared, _slice_of)
            of_frame = _first(frame, shared, _frame_of)
            # A slice is an instance, or a frame of one.
            case_id = marks.images.uids.get(str(uid) if of_frame is None else f"{uid}#{of_frame}")
            case_id = case_id or marks.images.uids.get(str(uid))
            if case_id is None or case_id not in marks.images.frames:
                continue
            marks.images.check_size(place, case_id, (height, width))
            segment = _first(frame, shared, _segment_of)
            if segment is None or segment not in names:
                raise DataError(f"{place}: belongs to no segment", hint="export it again")
            mask = inside.mask(index)
            drawn[case_id, segment] = drawn.get((case_id, segment), np.zeros_like(mask)) | mask
    found: dict[str, bool] = defaultdict(bool)
    for (case_id, segment), mask in drawn.items():
        found[case_id] |= bool(mask.any())
        if mask.any():
            marks.add(case_id, reader, mask_region(mask), names[segment].strip() or None)
    for case_id, something in found.items():
        if not something:
            marks.nothing(shown, case_id, reader)
    return len(found)


class _Frames:
    """The masks of a file's frames, each unpacked when it is asked for, so that one is in memory at a time."""

    def __init__(self, shown: str, dataset: Any, frame: tuple[int, int]) -> None:  # noqa: ANN401
        self._shown, self._dataset, self._frame = shown, dataset, frame
        kind = guarded(lambda: str(dataset.SegmentationType))
        if kind not in ("BINARY", "FRACTIONAL"):
            raise DataError(
                f"{shown}: neither a binary nor a fractional segmentation", hint="export it as one of these"
            )
        self._least = 0.5 if kind == "BINARY" else _whole(shown, dataset, "MaximumFractionalValue") / 2
        self.mask(0)

    def mask(self, index: int) -> BoolArray:
        """The pixels inside, (H, W)."""
        values = decoded_frame(Elements(self._dataset, index))
        if values is None or values.shape != self._frame:
            raise DataError(f"{self._shown}: its pixels are damaged or cut short", hint="export it again")
        return np.asarray(values >= self._least)


def _slice_of(groups: Any) -> str:  # noqa: ANN401
    return str(groups.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID)


def _frame_of(groups: Any) -> int:  # noqa: ANN401
    source = groups.DerivationImageSequence[0].SourceImageSequence[0]
    numbers = source.ReferencedFrameNumber
    return int(numbers[0] if isinstance(numbers, list | tuple) or hasattr(numbers, "append") else numbers)


def _segment_of(groups: Any) -> int:  # noqa: ANN401
    return int(groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber)


def _first(frame: Any, shared: Any, look: Callable[[Any], T]) -> T | None:  # noqa: ANN401
    """What stands in the frame's own groups, or else in those that all frames share."""
    own = guarded(lambda: look(frame))
    return own if own is not None or shared is None else guarded(lambda: look(shared))


def _whole(shown: str, dataset: Any, keyword: str) -> int:  # noqa: ANN401
    value = guarded(lambda: int(getattr(dataset, keyword)))
    if value is None or value < 1:
        raise DataError(f"{shown}: {keyword} is missing or no number", hint="export it again")
    return value
