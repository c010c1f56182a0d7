"""Simulated readers disagree as much as real ones, and always about the same tumour."""

import json
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from xaudit.cases.phantom.anatomy import draw_anatomy
from xaudit.cases.phantom.lesions import draw_lesions
from xaudit.cases.phantom.readers import read_slice
from xaudit.cases.phantom.slice import Slice, paint_slice
from xaudit.cases.phantom.study import write_phantom
from xaudit.config import PhantomSection
from xaudit.geometry import rasterise
from xaudit.records import Annotation, BoolArray, Box, MaskRegion, Polygon
from xaudit.seeds import generator_for

N_PATIENTS, SIZE = 80, 192


def _readings() -> Iterator[tuple[Slice, tuple[Annotation, ...]]]:
    for number in range(N_PATIENTS):
        anatomy = draw_anatomy(generator_for(0, f"{number}", "anatomy"))
        lesions = draw_lesions(anatomy, generator_for(0, f"{number}", "tumours"), n_slices=1)[0]
        painted = paint_slice(
            anatomy, lesions, level=anatomy.level, size=SIZE, generator=generator_for(0, f"{number}", "slice")
        )
        generator = generator_for(0, f"{number}", "readers")
        yield painted, read_slice(f"case {number}", painted, lesions, label="cancer", generator=generator)


@pytest.fixture(scope="module")
def readings() -> list[tuple[Slice, tuple[Annotation, ...]]]:
    return list(_readings())


def _masks(annotations: tuple[Annotation, ...]) -> dict[str, list[BoolArray]]:
    masks: dict[str, list[BoolArray]] = {}
    for annotation in annotations:
        drawn = masks.setdefault(annotation.reader_id, [])
        if annotation.region is not None:
            drawn.append(rasterise(annotation.region, (SIZE, SIZE)))
    return masks


def _iou(one: BoolArray, other: BoolArray) -> float:
    return float((one & other).sum() / (one | other).sum())


def test_best_match_iou_between_two_readers_is_mostly_between_point_4_and_point_8(readings) -> None:
    best = [
        max(_iou(mark, other) for other in masks[second])
        for _, annotations in readings
        for masks in [_masks(annotations)]
        for first, second in permutations(masks, 2)
        for mark in masks[first]
        if masks[second]
    ]
    assert len(best) > 300
    assert 0.5 < np.median(best) < 0.7
    assert np.mean([0.4 <= value <= 0.8 for value in best]) > 0.7


def test_sometimes_one_reader_sees_nothing_but_never_all_of_them(readings) -> None:
    found = [sum(bool(marks) for marks in _masks(annotations).values()) for _, annotations in readings]
    assert min(found) >= 1
    assert 0.02 < np.mean([count < 3 for count in found]) < 0.4


def test_readers_draw_with_a_polygon_a_mask_and_a_box(readings) -> None:
    tools = {
        (annotation.reader_id, type(annotation.region))
        for _, annotations in readings
        for annotation in annotations
        if annotation.region is not None
    }
    assert tools == {("reader-1", Polygon), ("reader-2", MaskRegion), ("reader-3", Box)}


def test_the_first_two_readers_mark_in_or_at_the_lung(readings) -> None:
    for painted, annotations in readings:
        for reader, marks in _masks(annotations).items():
            for mark in marks:
                assert mark.any()
                if reader != "reader-3":
                    near = painted.lung_distance[mark] < 4 + 2 * painted.grid.spacing_mm
                    assert near.mean() > 0.95


def test_without_a_tumour_every_reader_says_so(readings) -> None:
    painted = readings[0][0]
    annotations = read_slice("case", painted, (), label="normal", generator=generator_for(0, "readers"))
    assert annotations == tuple(Annotation("case", f"reader-{n}", None) for n in (1, 2, 3))


def test_files_hold_each_tool_as_coco_knows_it(tmp_path: Path) -> None:
    write_phantom(
        PhantomSection(patients=6, slices=2, size=96), tmp_path / "study", on_progress=lambda _progress: None
    )
    coco = json.loads((tmp_path / "study" / "annotations.json").read_text())
    for entry in coco["annotations"]:
        x, y, width, height = entry["bbox"]
        assert 0 <= x < x + width <= 96
        assert 0 <= y < y + height <= 96
        match entry["reader_id"]:
            case "reader-1":
                (outline,) = entry["segmentation"]
                assert len(outline) >= 6
                assert min(outline[::2]) == pytest.approx(x)
                assert max(outline[1::2]) == pytest.approx(y + height)
            case "reader-2":
                assert entry["segmentation"]["size"] == [96, 96]
                assert sum(entry["segmentation"]["counts"]) == 96 * 96
                assert sum(entry["segmentation"]["counts"][1::2]) == entry["area"]
            case _:
                assert entry["segmentation"] == []
                assert entry["area"] == pytest.approx(width * height)
