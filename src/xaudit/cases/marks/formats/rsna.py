"""The table of the RSNA Pneumonia Detection Challenge: ``patientId,x,y,width,height,Target``.

``patientId`` is the DICOM file's name. Boxes are x, y, width and height between pixel edges, counted from 0, on images
of 1024 × 1024. A row with an empty box and the target 0 says that nothing was found. Several radiologists stand
behind each box; the table names none of them, so all is by one reader.

Source: the challenge's data page (RSNA and Kaggle, 2018).
"""

from pathlib import Path

from xaudit.cases.annotation_file import Row, read_known_rows
from xaudit.cases.marks.formats.boxes import SIDES, collect_cell_box
from xaudit.cases.marks.mark_list import MarkList
from xaudit.errors import DataError

COLUMNS = ("height", "patientid", "target", "width", "x", "y")
LABEL = "Lung Opacity"
FRAME = (1024, 1024)


def collect_rsna(path: Path, marks: MarkList) -> None:
    """Read the challenge's table into a list of marks.

    Raises:
        DataError: with the line and the value; also where an image is not of the challenge's size.
    """
    hint = "give stage_2_train_labels.csv, or set format: boxes and data.annotations.columns"
    rows = read_known_rows(path, COLUMNS, "RSNA", hint)
    for row in marks.expect_rows(rows, "patientid"):
        with marks.item():
            _collect(row, marks)


def _collect(row: Row, marks: MarkList) -> None:
    case_id = marks.case(row.place, row["patientid"])
    if case_id is None:
        return
    marks.images.check_size(row.place, case_id, FRAME)
    edges = {name: row[name] for name in SIDES}
    target = row["target"].removesuffix(".0")  # a data frame with empty cells writes 1.0
    if target not in ("0", "1") or (target == "1") != any(edges.values()):
        raise DataError(
            f"{row.place}: the target is '{target:.40}' {'with' if any(edges.values()) else 'without'} a box",
            hint="1 has a box, 0 has none",
        )
    collect_cell_box(row, marks, case_id, marks.only_reader, LABEL, edges)
