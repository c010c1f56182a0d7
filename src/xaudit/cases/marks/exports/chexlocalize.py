"""Marks written as CheXlocalize's segmentations: a mask for each image and finding, of one reader."""

import json
import re
from collections import Counter, defaultdict
from pathlib import Path

from xaudit.cases.images.entry import without_suffix
from xaudit.cases.marks.exports.marks_to_write import UNNAMED, MarksToWrite
from xaudit.cases.marks.formats.run_lengths import encode_runs
from xaudit.cases.marks.mark_list import ONLY_READER
from xaudit.errors import DataError
from xaudit.geometry import mask_region, rasterise, union
from xaudit.records import Annotation, MaskRegion

_FOLDERS = re.compile(r"^(patient\d+)/(study\d+)/(view[^/]+)$")


def write_chexlocalize(marks: MarksToWrite, out: Path, losses: Counter[str]) -> int:
    """One JSON file with every finding of every image that was annotated, empty where nothing was drawn; counts it.

    Raises:
        DataError: where there are several readers.
    """
    if len(marks.readers) > 1:
        raise DataError(
            f"CheXlocalize holds one reader, and there are {len(marks.readers)}",
            hint="write COCO, or convert the marks of one reader",
        )
    findings = sorted({mark.label or UNNAMED for mark in marks.annotations if mark.region is not None})
    content: dict[str, dict[str, dict[str, object]]] = {}
    for image, _, drawn in marks.sheets():
        by_finding: dict[str, list[Annotation]] = defaultdict(list)
        for mark in drawn:
            by_finding[mark.label or UNNAMED].append(mark)
            if mark.label is None:
                losses[
                    f"{{n}} marks without a label are of the finding '{UNNAMED}'"
                    f"|1 mark without a label is of the finding '{UNNAMED}'"
                ] += 1
            if not isinstance(mark.region, MaskRegion):
                losses[
                    "{n} boxes and outlines are the pixels whose centres they hold"
                    "|1 box or outline is the pixels whose centres it holds"
                ] += 1
        for of_one in by_finding.values():
            if len(of_one) > 1:
                losses["{n} marks are one mask with others of the same finding and image"] += len(of_one)
        found: dict[str, dict[str, object]] = {}
        for finding in findings or [UNNAMED]:
            regions = [mark.region for mark in by_finding[finding] if mark.region is not None]
            mask = union((rasterise(region, image.frame) for region in regions), image.frame)
            found[finding] = {
                "size": [image.height, image.width],
                "counts": encode_runs(mask_region(mask).counts),
            }
        content[_FOLDERS.sub(r"\1_\2_\3", without_suffix(image.path))] = found
    if marks.readers not in ([], [ONLY_READER]):
        losses["the reader's name is lost"] += 1
    out.write_text(json.dumps(content) + "\n", encoding="utf-8")
    return 1
