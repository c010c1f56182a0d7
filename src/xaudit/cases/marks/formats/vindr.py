"""VinDr-CXR's tables: ``image_id,class_name,x_min,y_min,x_max,y_max`` and, in the training set, ``rad_id``.

One row per reader's box, in pixels of the DICOM image, taken as edges counted from 0. A row of the class ``No finding`` has an
empty box and is that reader's vote that nothing is there. The test set's boxes are a consensus and name no reader.

Source: Nguyen et al. 2022, VinDr-CXR, and its page on PhysioNet.
"""

from pathlib import Path

from xaudit.cases.annotation_file import Row, check_all_or_none, read_known_rows
from xaudit.cases.marks.formats.boxes import collect_cell_box
from xaudit.cases.marks.mark_list import MarkList
from xaudit.errors import DataError

BOX = ("x_min", "y_min", "x_max", "y_max")
COLUMNS = ("class_name", "image_id", "x_max", "x_min", "y_max", "y_min")
NOTHING = "no finding"


def collect_vindr(path: Path, marks: MarkList) -> None:
    """Read one of the tables into a list of marks.

    Raises:
        DataError: with the line and the value.
    """
    hint = "give its annotations, or set format: boxes and data.annotations.columns"
    rows = read_known_rows(path, COLUMNS, "VinDr-CXR", hint)
    kept = marks.expect_rows(rows, "image_id")
    check_all_or_none(kept, "rad_id", "rad_id")
    for row in kept:
        with marks.item():
            _collect(row, marks)


def _collect(row: Row, marks: MarkList) -> None:
    case_id = marks.case(row.place, row["image_id"])
    if case_id is None:
        return
    edges = dict(zip(("x0", "y0", "x1", "y1"), (row[name] for name in BOX), strict=True))
    label = row["class_name"]
    drawn = any(edges.values())
    if (label.lower() == NOTHING) == drawn:
        raise DataError(
            f"{row.place}: the class is '{label:.40}' {'with' if drawn else 'without'} a box",
            hint="only 'No finding' has no box",
        )
    collect_cell_box(row, marks, case_id, row["rad_id"] or marks.only_reader, label or None, edges)
