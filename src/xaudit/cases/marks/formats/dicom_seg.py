"""DICOM SEG: segmentations of slices that are DICOM images themselves.

Each frame names the instance that it was drawn on, and the segment that it belongs to, whose label is the mark's. Pixels are
those of the slice, so a frame must be of its size. Fractional segmentations count where they are at least half of their
maximum. A frame of a label map (supplement 243) holds the number of a segment at each pixel, and PixelPaddingValue, or 0, outside.
A frame without any pixel inside says that nothing was found there, if no other frame of the slice holds something.
Files of several readers lie in a folder for each: no text about persons is read. Slices that the data does not hold are passed
over, since a segmentation covers a whole series.

Source: DICOM PS3.3, A.51 and C.8.20.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from xaudit.cases.annotation_file import check_bytes
from xaudit.cases.images.dicom_file import Elements, guarded, names_storage, parsed
from xaudit.cases.images.dicom_pixels import decoded_frame
from xaudit.cases.images.header import UnreadableImageError
from xaudit.cases.images.image_file import read_bytes, sniff
from xaudit.cases.marks.file_set import FileSet, file_set
from xaudit.cases.marks.mark_list import NO_READERS, ONLY_READER, MarkList
from xaudit.counts import counted
from xaudit.errors import DataError
from xaudit.geometry import mask_region
from xaudit.records import BoolArray, IntArray

STORAGE = b"1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAPS = b"1.2.840.10008.5.1.4.1.1.66.7"

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
    "PixelPaddingValue",
    "SegmentSequence",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "PixelData",
)
T = TypeVar("T")

_MOST_PIXELS = 2**28  # of all frames together: a thousand slices of 512 by 512


def is_dicom_seg(head: bytes) -> bool:
    """Return True if the beginning of a DICOM file names the storage class of segmentations, or of label maps."""
    return names_storage(head, STORAGE) or names_storage(head, LABEL_MAPS)


def collect_dicom_seg(path: Path | FileSet, marks: MarkList) -> None:
    """Read the segmentations of a folder, or a single one, into a list of marks.

    Raises:
        DataError: with the file, the frame and what is wrong.
    """
    given = file_set(path, ())
    folder, files = given.folder, given.files
    n_slices = 0
    for number, file in enumerate(files, start=1):
        with marks.item():
            # A file may be called after its UID, which is not shown.
            shown = f"{folder.name}: file {number}" if not given.single else "the DICOM SEG"
            marks.reading(shown)
            check_bytes(file, shown)
            try:
                data = read_bytes(file)
                if sniff(data[:1024]) != "dicom" or not is_dicom_seg(data[: 1 << 16]):
                    if not given.single:
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
    """Add the marks of a file; return how many slices of the data it knows."""
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
    names = _segment_names(shown, dataset)
    shared = guarded(lambda: dataset.SharedFunctionalGroupsSequence[0])
    drawn: dict[tuple[str, int], BoolArray] = {}
    seen: list[str] = []
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
            own = _first(frame, shared, _segment_of)
            for segment, mask in inside.segments(index, own):
                if segment is None or segment not in names:
                    raise DataError(f"{place}: belongs to no segment", hint="export it again")
                drawn[case_id, segment] = drawn.get((case_id, segment), np.zeros_like(mask)) | mask
            seen.append(case_id)
    found: dict[str, bool] = dict.fromkeys(seen, False)
    for (case_id, segment), mask in drawn.items():
        found[case_id] = found.get(case_id, False) or bool(mask.any())
        if mask.any():
            marks.add(case_id, reader, mask_region(mask), names[segment].strip() or None)
    for case_id, something in found.items():
        if not something:
            marks.nothing(shown, case_id, reader)
    return len(found)


def _segment_names(shown: str, dataset: Any) -> dict[int, str]:  # noqa: ANN401
    """Return the labels of the segments by their numbers; raises DataError for two labels under one number."""
    listed = (
        guarded(lambda: [(int(s.SegmentNumber), str(s.SegmentLabel)) for s in dataset.SegmentSequence]) or []
    )
    names: dict[int, str] = {}
    for number, label in listed:
        if names.setdefault(number, label) != label:
            raise DataError(f"{shown}: two segments have the number {number}", hint="export it again")
    return names


class _Frames:
    """The masks of a file's frames, each unpacked when it is asked for, so that one is in memory at a time."""

    def __init__(self, shown: str, dataset: Any, frame: tuple[int, int]) -> None:  # noqa: ANN401
        self._shown, self._dataset, self._frame = shown, dataset, frame
        kind = guarded(lambda: str(dataset.SegmentationType))
        if kind not in ("BINARY", "FRACTIONAL", "LABELMAP"):
            raise DataError(
                f"{shown}: neither a binary nor a fractional segmentation, nor a label map",
                hint="export it as one of these",
            )
        self._is_map = kind == "LABELMAP"
        self._outside = guarded(lambda: int(dataset.PixelPaddingValue)) or 0
        self._least = _whole(shown, dataset, "MaximumFractionalValue") / 2 if kind == "FRACTIONAL" else 0.5
        self._values(0)

    def segments(self, index: int, own: int | None) -> Iterator[tuple[int | None, BoolArray]]:
        """Yield the segments of a frame and their pixels, (H, W).

        Args:
            index: of the frame.
            own: the segment that the frame belongs to; a frame of a label map belongs to none, and holds their numbers.
        """
        values = self._values(index)
        if not self._is_map:
            yield own, np.asarray(values >= self._least)
            return
        for number in np.unique(values).tolist():
            if number != self._outside:
                yield int(number), np.asarray(values == number)

    def _values(self, index: int) -> IntArray:
        values = decoded_frame(Elements(self._dataset, index))
        if values is None or values.shape != self._frame:
            raise DataError(f"{self._shown}: its pixels are damaged or cut short", hint="export it again")
        return values


def _slice_of(groups: Any) -> str:  # noqa: ANN401
    return str(groups.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID)


def _frame_of(groups: Any) -> int:  # noqa: ANN401
    source = groups.DerivationImageSequence[0].SourceImageSequence[0]
    numbers = source.ReferencedFrameNumber
    return int(numbers[0] if isinstance(numbers, list | tuple) or hasattr(numbers, "append") else numbers)


def _segment_of(groups: Any) -> int:  # noqa: ANN401
    return int(groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber)


def _first(frame: Any, shared: Any, look: Callable[[Any], T]) -> T | None:  # noqa: ANN401
    """Look into the frame's own groups, or else into those that all frames share."""
    own = guarded(lambda: look(frame))
    return own if own is not None or shared is None else guarded(lambda: look(shared))


def _whole(shown: str, dataset: Any, keyword: str) -> int:  # noqa: ANN401
    value = guarded(lambda: int(getattr(dataset, keyword)))
    if value is None or value < 1:
        raise DataError(f"{shown}: {keyword} is missing or no number", hint="export it again")
    return value
