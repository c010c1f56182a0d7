"""Tables of the inputs: cases, readers' annotations, and the cases that could not be used."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, assert_never

from xaudit.records import Annotation, AttributeRow, Box, Case, MaskRegion, Polygon, Preview, Problem, Region
from xaudit.store.rows import schemas
from xaudit.store.rows.table import Table


def _case_row(case: Case) -> dict[str, object]:
    row, col = (None, None) if case.spacing_mm is None else case.spacing_mm
    return {
        "case_id": case.case_id,
        "patient_id": case.patient_id,
        "dataset_id": case.dataset_id,
        "path": case.path,
        "sha256": case.sha256,
        "label": case.label,
        "split": case.split,
        "height": case.height,
        "width": case.width,
        "spacing_row_mm": row,
        "spacing_col_mm": col,
        "source_format": case.source_format,
        "site": case.site,
        "augmented": case.augmented,
        "left_edge": case.left_edge,
        "finding": case.finding,
    }


def _case(row: Mapping[str, Any]) -> Case:
    spacing = (row["spacing_row_mm"], row["spacing_col_mm"])
    return Case(
        case_id=row["case_id"],
        patient_id=row["patient_id"],
        dataset_id=row["dataset_id"],
        path=row["path"],
        sha256=row["sha256"],
        label=row["label"],
        split=row["split"],
        height=row["height"],
        width=row["width"],
        spacing_mm=None if None in spacing else spacing,
        source_format=row["source_format"],
        site=row["site"],
        augmented=row["augmented"],
        left_edge=row["left_edge"],
        finding=row["finding"],
    )


def _annotation_row(annotation: Annotation) -> dict[str, object]:
    return {
        "case_id": annotation.case_id,
        "reader": annotation.reader_id,
        "label": annotation.label,
        **_region_columns(annotation.region),
    }


def _region_columns(region: Region | None) -> dict[str, object]:
    match region:
        case None:
            return {"shape": "none"}
        case Box(x0, y0, x1, y1):
            return {"shape": "box", "x0": x0, "y0": y0, "x1": x1, "y1": y1}
        case Polygon(points):
            return {"shape": "polygon", "points": [{"x": x, "y": y} for x, y in points]}
        case MaskRegion(height, width, counts):
            columns = {"mask_height": height, "mask_width": width, "mask_counts": list(counts)}
            return {"shape": "mask", **columns}
        case _:
            assert_never(region)


def _annotation(row: Mapping[str, Any]) -> Annotation:
    region: Region | None
    match row["shape"]:
        case "none":
            region = None
        case "box":
            region = Box(row["x0"], row["y0"], row["x1"], row["y1"])
        case "polygon":
            region = Polygon(tuple((point["x"], point["y"]) for point in row["points"]))
        case "mask":
            region = MaskRegion(row["mask_height"], row["mask_width"], tuple(row["mask_counts"]))
        case shape:
            raise ValueError(f"no region has the shape {shape!r}")
    return Annotation(row["case_id"], row["reader"], region, row["label"])


def _problem_row(problem: Problem) -> dict[str, object]:
    return {"case_id": problem.case_id, "stage": problem.stage, "reason": problem.reason}


def _problem(row: Mapping[str, Any]) -> Problem:
    return Problem(row["case_id"], row["stage"], row["reason"])


CASES = Table[Case]("cases", "one image and what is known of it", schemas.CASES, _case_row, _case)

ANNOTATIONS = Table[Annotation](
    "annotations",
    "one thing that one reader drew; coordinates are pixels of the original frame, from 0, half-open",
    schemas.ANNOTATIONS,
    _annotation_row,
    _annotation,
)

ATTRIBUTES = Table[AttributeRow](
    "attributes",
    "the level of one attribute on one image, such as the scanner that took it",
    schemas.ATTRIBUTES,
    asdict,
    lambda row: AttributeRow(
        row["case_id"], row["attribute"], row["level"], row["position"], row["ordered"], row["source"]
    ),
)

PREVIEWS = Table[Preview](
    "previews",
    "a small picture of one image that the report's gallery shows",
    schemas.PREVIEWS,
    lambda preview: {
        "case_id": preview.case_id,
        "height": preview.height,
        "width": preview.width,
        "webp": preview.webp,
    },
    lambda row: Preview(row["case_id"], row["height"], row["width"], row["webp"]),
)

PROBLEMS = Table[Problem](
    "problems", "one case that could not be used", schemas.PROBLEMS, _problem_row, _problem
)
"""Problems of the whole run, written when it ends."""

PART_PROBLEMS = Table[Problem](
    "failed",
    "one case that failed in one piece of work",
    schemas.PROBLEMS,
    _problem_row,
    _problem,
    in_parts=True,
)
"""Problems of one shard, written with it, so that a resumed run still counts earlier failures."""
