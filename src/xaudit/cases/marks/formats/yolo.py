"""YOLO: one text file per image, a line per object: its class's number, then numbers relative to the image.

Four of them are a box: its centre x and y, its width and height. Six or more, in pairs, are an outline, unless they are a box with
key points or a track, see :mod:`xaudit.cases.marks.encodings.yolo_lines`. They are shares of
the image's width and height, between pixel edges. Tools write six decimals, so edges are rounded to a hundredth of a
pixel. The classes' names stand in ``classes.txt``, ``obj.names`` or ``data.yaml``, in the folder or in the one
above; without them the number is the name. An empty file says that its reader found nothing.

A file belongs to the image of its own name; a folder before it names the reader.

Source: the formats' pages of Darknet and Ultralytics.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path

from xaudit.cases.annotation_file import check_bytes
from xaudit.cases.marks.encodings.yolo_lines import (
    LineKind,
    Settings,
    kind_of_lines,
    read_settings,
    settings_in,
)
from xaudit.cases.marks.file_set import FileSet, file_set
from xaudit.cases.marks.mark import checked_box, checked_number, checked_polygon
from xaudit.cases.marks.mark_list import MarkList
from xaudit.cases.marks.writing import UNNAMED, MarksToWrite, as_box, file_for
from xaudit.cases.table import read_text
from xaudit.counts import counted
from xaudit.errors import DataError
from xaudit.records import Box, Polygon, Region

NAMES = ("classes.txt", "obj.names", "data.yaml", "dataset.yaml")
OTHERS = frozenset({*NAMES, "train.txt", "val.txt", "valid.txt", "test.txt", "readme.txt", "obj.data"})
"""Files of a data set that hold no boxes."""

_Line = tuple[int, list[str]]

_LINE = re.compile(r"\s*\d+(\s+-?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?){4,}\s*", re.IGNORECASE)


def is_yolo(text: str) -> bool:
    """Return True if every line that is not blank is a number and at least four shares of the image."""
    lines = [line for line in text.splitlines() if line.strip()]
    return bool(lines) and all(_LINE.fullmatch(line) for line in lines)


def has_yolo_line(path: Path) -> bool:
    """Return True if a text holds a line of YOLO among others, so that it is one that is damaged."""
    return any(_LINE.fullmatch(line) for line in read_text(path, what="annotations").splitlines())


def collect_yolo(path: Path | FileSet, marks: MarkList) -> None:
    """Read the text files of a folder, or a single one, into a list of marks.

    Raises:
        DataError: with the file, the line and the value.
    """
    given = file_set(path, (".txt",))
    folder = given.folder
    files = [file for file in given.files if given.single or file.name.lower() not in OTHERS]
    if not files:
        raise DataError(
            f"{path.name}: holds no text file", hint="give the folder of the YOLO labels, one .txt per image"
        )
    names = partial(_nearest_names, folder, cache(_names_in))
    marks.expect_files(given.relative(file).removesuffix(".txt") for file in files)
    lines = _lines(given, files, marks)
    kinds = _kinds(given, lines, marks)
    for file in files:
        if file not in lines:
            continue
        with marks.item():
            name = given.relative(file)
            marks.reading(name)
            case_id, reader = marks.case_and_reader(name, name.removesuffix(".txt"))
            if case_id is None:
                continue
            kind = kinds[marks.folder_reader(name)]
            drawn = [(f"{name}: line {number}", words) for number, words in lines[file]]
            if not drawn:
                marks.nothing(name, case_id, reader)
            for place, words in drawn:
                with marks.item():
                    values = words[1:]
                    if kind.check(place, len(values)):
                        marks.notes[
                            "YOLO lines with key points, which have no area, so that their boxes count"
                        ] += 1
                        values = values[:4]
                    region = _region(place, values, marks.images.frames[case_id])
                    marks.add(case_id, reader, region, _label(place, words[0], names(file.parent)))


def _lines(given: FileSet, files: Sequence[Path], marks: MarkList) -> Mapping[Path, Sequence[_Line]]:
    """Split the lines of each file that are not blank into their numbers and their words."""
    lines: dict[Path, Sequence[_Line]] = {}
    for file in files:
        with marks.item():
            split = enumerate(map(str.split, given.text(file).splitlines()), start=1)
            lines[file] = [(number, words) for number, words in split if words]
    return lines


def _kinds(given: FileSet, lines: Mapping[Path, Sequence[_Line]], marks: MarkList) -> Mapping[str, LineKind]:
    """Tell what the long lines of each reader's folder are."""
    texts: dict[str, list[list[str]]] = defaultdict(list)
    folders: dict[str, Path] = {}
    for file, of_file in lines.items():
        reader = marks.folder_reader(given.relative(file))
        folders.setdefault(reader, file.parent)
        texts[reader] += [words[1:] for _, words in of_file]
    return {
        reader: kind_of_lines(texts[reader], _settings(given.folder, folders[reader])) for reader in folders
    }


def _settings(root: Path, folder: Path) -> Settings:
    """Read the nearest ``data.yaml``: in a folder, those above it, and the two above the root."""
    read = map(settings_in, _upwards(root, folder, 2))
    return next((settings for settings in read if settings.is_there), Settings())


def _upwards(root: Path, folder: Path, n_above: int) -> Sequence[Path]:
    places = [folder, *folder.parents]
    return places[: places.index(root) + 1 + n_above]


def yolo_line(number: int, region: Region, frame: tuple[int, int]) -> str:
    """Return the line of a box or an outline.

    Raises:
        ValueError: for a mask, which the format cannot hold.

    Example:
        >>> yolo_line(0, Box(1, 2, 3, 4), (4, 8))
        '0 0.25 0.75 0.25 0.5'
    """
    height, width = frame
    match region:
        case Box(x0, y0, x1, y1):
            values = [(x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height]
        case Polygon(points):
            values = [value for x, y in points for value in (x / width, y / height)]
        case _:
            raise ValueError("YOLO holds boxes and outlines only")
    return " ".join([str(number), *(f"{value:.12g}" for value in values)])


def _region(place: str, words: Sequence[str], frame: tuple[int, int]) -> Region:
    height, width = frame
    values = [checked_number(place, word, "it") for word in words]
    if len(values) == 5:
        raise DataError(
            f"{place}: five numbers after the class: the fifth is a confidence",
            hint="these are a model's predictions; give the readers' marks",
        )
    if len(values) != 4 and (len(values) < 6 or len(values) % 2):
        raise DataError(
            f"{place}: {counted(len(values), 'number')} after the class",
            hint="a box has 4, an outline 6 or more in pairs of x and y",
        )
    if max(abs(value) for value in values) > 2:
        raise DataError(
            f"{place}: {max(values, key=abs):g} is no share of the image",
            hint="YOLO's numbers are divided by the image's width and height",
        )
    if len(values) == 4:
        cx, cy, w, h = values
        corners = ((cx - w / 2) * width, (cy - h / 2) * height, (cx + w / 2) * width, (cy + h / 2) * height)
        x0, y0, x1, y1 = (round(value, 2) for value in corners)
        return checked_box(place, (x0, y0, x1, y1), frame)
    points = tuple(
        (round(x * width, 2), round(y * height, 2)) for x, y in zip(values[::2], values[1::2], strict=True)
    )
    return checked_polygon(place, points, frame)


def _label(place: str, word: str, names: Mapping[int, str]) -> str:
    try:
        number = int(word)
    except ValueError:
        raise DataError(f"{place}: the class is '{word:.40}'", hint="expected its number") from None
    if names and number not in names:
        raise DataError(
            f"{place}: no class has the number {number}; there are {len(names)}",
            hint="add it to the file of class names",
        )
    return names.get(number, str(number))


def _nearest_names(
    root: Path, names_in: Callable[[Path], Mapping[int, str]], folder: Path
) -> Mapping[int, str]:
    """Return the names of the classes by their numbers: from a folder, those above it, or the one above the root."""
    return next((names for place in _upwards(root, folder, 1) if (names := names_in(place))), {})


def _names_in(folder: Path) -> Mapping[int, str]:
    for name in NAMES:
        file = folder / name
        if file.is_file():
            if name.endswith(".yaml"):
                return _from_yaml(file)
            check_bytes(file, name)
            text = read_text(file, what="class names")
            return dict(enumerate(line.strip() for line in text.rstrip().splitlines()))
    return {}


def _from_yaml(file: Path) -> Mapping[int, str]:
    names = read_settings(file).get("names")
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or not all(
        isinstance(number, int) and isinstance(label, str | int | float) for number, label in names.items()
    ):
        raise DataError(f"{file.name}: names is missing", hint="list the classes there, or in classes.txt")
    return {number: str(label) for number, label in names.items()}


def write_yolo(marks: MarksToWrite, out: Path, losses: Counter[str]) -> int:
    """Write a text file for each image and reader, and ``classes.txt`` with the names of the classes; count them.

    Where there are outlines, ``data.yaml`` has the names too and no ``kpt_shape``, so that nobody takes them for key points.
    """
    names = sorted({mark.label or UNNAMED for mark in marks.annotations if mark.region is not None})
    folders = marks.folders(losses)
    out.mkdir(parents=True, exist_ok=True)
    (out / "classes.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    n_files = 1
    if any(isinstance(mark.region, Polygon) for mark in marks.annotations):
        (out / "data.yaml").write_text(f"names: {json.dumps(names, ensure_ascii=False)}\n", encoding="utf-8")
        n_files += 1
    for image, reader, drawn in marks.sheets():
        lines = []
        for mark in drawn:
            region = mark.region
            if not isinstance(region, Polygon):
                region = as_box(region, image.frame, losses)
            if mark.label is None:
                losses[
                    f"{{n}} marks without a label are of the class '{UNNAMED}'"
                    f"|1 mark without a label is of the class '{UNNAMED}'"
                ] += 1
            lines.append(yolo_line(names.index(mark.label or UNNAMED), region, image.frame) + "\n")
        file_for(out, folders[reader] + image.path, ".txt").write_text("".join(lines), encoding="utf-8")
        n_files += 1
    if drawn_twice := [reader for reader in folders.values() if reader]:
        losses[
            f"readers are {counted(len(drawn_twice), 'folder')}, which other tools take for other images"
        ] += 1
    return n_files
