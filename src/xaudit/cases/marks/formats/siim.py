"""The table of the SIIM-ACR Pneumothorax Segmentation Challenge: ``ImageId,EncodedPixels``.

A mask is pairs of numbers, "how many pixels on from the end of the last run, how many inside", counted down
each column of the 1024 × 1024 image and then to the right, from 0. ``-1`` says that there is none. An image may have several rows,
one for each mask.

Source: the challenge's ``mask_functions.py`` (SIIM, ACR, STR and Kaggle, 2019).
"""

from pathlib import Path

from xaudit.cases.annotation_file import Row, read_known_rows
from xaudit.cases.marks.mark import checked_runs
from xaudit.cases.marks.mark_list import MarkList
from xaudit.errors import DataError
from xaudit.records import MaskRegion

COLUMNS = ("encodedpixels", "imageid")
LABEL = "Pneumothorax"
FRAME = (1024, 1024)


def collect_siim(path: Path, marks: MarkList) -> None:
    """Read the challenge's table into a list of marks.

    Raises:
        DataError: with the line and the value; also where an image is not of the challenge's size.
    """
    hint = "give train-rle.csv"
    rows = read_known_rows(path, COLUMNS, "SIIM-ACR", hint)
    for row in marks.expect_rows(rows, "imageid"):
        with marks.item():
            _collect(row, marks)


def relative_runs(text: str, n_pixels: int) -> tuple[int, ...]:
    """Return COCO's run lengths for the challenge's text.

    Raises:
        ValueError: where it holds no pairs of numbers, or leaves the image.

    Example:
        >>> relative_runs("5 2 2 2", 24)
        (5, 2, 2, 2, 13)
    """
    try:
        counts = [int(word) for word in text.split()]
    except ValueError:
        raise ValueError("holds something that is no whole number") from None
    if len(counts) % 2 or min(counts, default=0) < 0:
        raise ValueError("is not pairs of distance and length")
    rest = n_pixels - sum(counts)
    if rest < 0:
        raise ValueError(f"covers {sum(counts)} of {n_pixels} pixels")
    return (*counts, rest) if rest else tuple(counts)


def _collect(row: Row, marks: MarkList) -> None:
    case_id = marks.case(row.place, row["imageid"])
    if case_id is None:
        return
    text = row["encodedpixels"]
    if text in ("-1", ""):
        marks.nothing(row.place, case_id, marks.only_reader)
        return
    marks.images.check_size(row.place, case_id, FRAME)
    height, width = FRAME
    try:
        counts = relative_runs(text, height * width)
    except ValueError as error:
        raise DataError(f"{row.place}: EncodedPixels {error}", hint="download the table again") from None
    marks.add(
        case_id, marks.only_reader, checked_runs(row.place, MaskRegion(height, width, counts), FRAME), LABEL
    )
