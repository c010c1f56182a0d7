"""Marks written as masks: PNG pictures and NIfTI volumes."""

from collections import Counter
from pathlib import Path

from xaudit.cases.images.entry import without_suffix
from xaudit.cases.marks.exports.marks_to_write import MarksToWrite
from xaudit.cases.marks.exports.nifti import write_volumes
from xaudit.cases.phantom.files import write_mask
from xaudit.geometry import rasterise, union
from xaudit.records import MaskRegion


def write_masks(marks: MarksToWrite, out: Path, losses: Counter[str]) -> int:
    """One PNG for each image and reader, white where a mark is; counts them."""
    folders = marks.folders(losses)
    n_files = 0
    for image, reader, drawn in marks.sheets():
        masks = (rasterise(mark.region, image.frame) for mark in drawn if mark.region is not None)
        n_shapes = sum(not isinstance(mark.region, MaskRegion) for mark in drawn)
        if n_shapes:
            losses[
                "{n} boxes and outlines are the pixels whose centres they hold"
                "|1 box or outline is the pixels whose centres it holds"
            ] += n_shapes
        if any(mark.label is not None for mark in drawn):
            losses["{n} labels are lost|1 label is lost"] += sum(mark.label is not None for mark in drawn)
        if len(drawn) > 1:
            losses["{n} marks are one mask with others of the same reader and image"] += len(drawn)
        file = out / f"{folders[reader]}{without_suffix(image.path)}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        write_mask(file, union(masks, image.frame))
        n_files += 1
    return n_files


def write_nifti(marks: MarksToWrite, out: Path, losses: Counter[str]) -> int:
    """One volume for each series and reader; counts them."""
    sheets = ((image.case_id, reader, drawn) for image, reader, drawn in marks.sheets())
    return write_volumes(marks.images, sheets, marks.folders(losses), out, losses)
