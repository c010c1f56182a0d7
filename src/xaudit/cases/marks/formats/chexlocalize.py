"""CheXlocalize's ground-truth segmentations: ``{image: {finding: {"size": [h, w], "counts": "…"}}}``.

The masks are COCO's compressed run lengths, column by column, one for each finding and image; an empty one is written where
nothing was found. An image on which every mask is empty was looked at, and nothing was found. Images are named as
``patient64541_study1_view1_frontal``, with underscores in place of CheXpert's folders.

Source: Saporta et al. 2022, and the repository rajpurkarlab/cheXlocalize.
"""

import json
import re
from collections import Counter, defaultdict
from pathlib import Path

from xaudit.cases.images.entry import without_suffix
from xaudit.cases.marks.encodings.run_lengths import decode_runs, encode_runs
from xaudit.cases.marks.file_set import FileSet, file_set
from xaudit.cases.marks.mark import checked_number, checked_runs
from xaudit.cases.marks.mark_list import ONLY_READER, MarkList
from xaudit.cases.marks.writing import FILLED, UNNAMED, MarksToWrite
from xaudit.errors import DataError
from xaudit.geometry import mask_region, rasterise, union
from xaudit.records import Annotation, MaskRegion

_FOLDERS = re.compile(r"^(patient\d+)_(study\d+)_(view.+)$")
_PATH = re.compile(r"^(patient\d+)/(study\d+)/(view[^/]+)$")


def collect_chexlocalize(source: Path | FileSet, marks: MarkList) -> None:
    """Read a file, or several, into a list of marks.

    Raises:
        DataError: with the image, the finding and the value.
    """
    given = file_set(source, (".json",))
    for file in given.files:
        _collect(given.relative(file), given.json(file, "CheXlocalize"), marks)


def _collect(shown: str, content: object, marks: MarkList) -> None:
    if not isinstance(content, dict) or not all(isinstance(found, dict) for found in content.values()):
        raise DataError(f"{shown}: not CheXlocalize", hint="give gt_segmentations_test.json or …_val.json")
    marks.expect(_FOLDERS.sub(r"\1/\2/\3", name) for name in content)
    for name, findings in content.items():
        with marks.item():
            place = f"{shown}: {name:.60}"
            case_id = marks.case(place, name, _FOLDERS.sub(r"\1/\2/\3", name))
            if case_id is None:
                continue
            n_empty = 0
            for finding, drawn in findings.items():
                with marks.item():
                    region = _mask(f"{place}: {finding:.60}", drawn, marks, case_id)
                    if region is None:
                        n_empty += 1
                    else:
                        marks.add(case_id, marks.only_reader, region, finding)
            if n_empty == len(findings):
                marks.nothing(place, case_id, marks.only_reader)


def is_chexlocalize(content: object) -> bool:
    """Return True for an object whose first image with findings gives them as run lengths."""
    if not isinstance(content, dict):
        return False
    first = next((image for image in content.values() if image), None)
    drawn = next(iter(first.values()), None) if isinstance(first, dict) else None
    return isinstance(drawn, dict) and {"size", "counts"} <= drawn.keys()


def _mask(place: str, drawn: object, marks: MarkList, case_id: str) -> MaskRegion | None:
    if not isinstance(drawn, dict):
        raise DataError(f"{place} is {drawn!r:.40}", hint="expected size and counts")
    size, counts = drawn.get("size"), drawn.get("counts")
    if not isinstance(size, list) or len(size) != 2 or not isinstance(counts, str):
        raise DataError(
            f"{place}: size is {size!r:.40} and counts {counts!r:.20}", hint="expected compressed run lengths"
        )
    height, width = (round(checked_number(place, side, "size")) for side in size)
    marks.images.check_size(place, case_id, (height, width))
    try:
        lengths = decode_runs(counts)
    except ValueError as error:
        raise DataError(f"{place}: counts: {error}", hint="download the file again") from None
    if lengths == (height * width,):
        return None
    return checked_runs(place, MaskRegion(height, width, lengths), (height, width))


def write_chexlocalize(marks: MarksToWrite, out: Path, losses: Counter[str]) -> int:
    """Write a JSON file with every finding of every annotated image, empty where nothing was drawn; count it.

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
                losses[FILLED] += 1
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
        content[_PATH.sub(r"\1_\2_\3", without_suffix(image.path))] = found
    if marks.readers not in ([], [ONLY_READER]):
        losses["the reader's name is lost"] += 1
    out.write_text(json.dumps(content) + "\n", encoding="utf-8")
    return 1
