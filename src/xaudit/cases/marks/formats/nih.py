"""NIH ChestX-ray14's table of boxes, ``BBox_List_2017.csv``.

Its header is ``Image Index,Finding Label,Bbox [x,y,w,h],,,``: the brackets fall apart at the commas and three columns have
no name. Boxes are x, y, width and height between pixel edges, counted from 0, on the PNGs of 1024 × 1024. It
says ``Infiltrate`` where the labels say ``Infiltration``, which is the name used here. Images that are not in the
table were not marked by anybody.

Source: Wang et al. 2017, ChestX-ray8, and the README of the NIH Clinical Center's release.
"""

from pathlib import Path

from xaudit.cases.annotation_file import read_known_rows
from xaudit.cases.marks.formats.boxes import collect_cell_box
from xaudit.cases.marks.mark_list import MarkList
from xaudit.errors import DataError

BOX = ("bbox [x", "y", "w", "h]")
COLUMNS = ("image index", "finding label", *BOX)
RENAMED = {"Infiltrate": "Infiltration"}
FRAME = (1024, 1024)


def collect_nih(path: Path, marks: MarkList) -> None:
    """Read the table into a list of marks.

    Raises:
        DataError: with the line and the value; also where an image is not of the release's size.
    """
    hint = "give BBox_List_2017.csv, or set format: boxes and data.annotations.columns"
    rows = read_known_rows(path, COLUMNS, "NIH ChestX-ray14", hint)
    for row in marks.expect_rows(rows, "image index"):
        with marks.item():
            case_id = marks.case(row.place, row["image index"])
            if case_id is None:
                continue
            marks.images.check_size(row.place, case_id, FRAME)
            edges = dict(zip(("x", "y", "width", "height"), (row[name] for name in BOX), strict=True))
            if not all(edges.values()):
                raise DataError(f"{row.place}: the box is not complete", hint="the table lists boxes only")
            label = row["finding label"]
            collect_cell_box(row, marks, case_id, marks.only_reader, RENAMED.get(label, label) or None, edges)
