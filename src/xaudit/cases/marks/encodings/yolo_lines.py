"""The meaning of the numbers of a YOLO line: a box, an outline, a box with key points, or a box with a track.

Outlines, key points and tracks are told apart by ``kpt_shape`` in ``data.yaml``, by how many numbers the lines of a folder have, and
by where their points lie. What can be both is refused.

Source: Ultralytics' pages of its formats for detection, segmentation, pose, oriented boxes and tracking.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot
from pathlib import Path
from statistics import median
from typing import Any

from xaudit.cases.annotation_file import check_bytes
from xaudit.cases.table import read_text
from xaudit.config.plain_yaml import PlainYamlError, plain_yaml
from xaudit.errors import DataError

SETTINGS = ("data.yaml", "dataset.yaml")

_WHOLE = re.compile(r"\d+")
_TRIED = 50  # lines of a folder
_SLACK = 0.1  # of a box, by which its key points may leave it
_STEP = 4.0  # times the usual step between two points of an outline
_MANY_POINTS = 10  # do not lie in order by chance
_TOO_MANY = 200  # to ask of each two lines between them whether they cross

_ASK = (
    "in data.yaml, give kpt_shape for key points, or names and no kpt_shape for outlines; for a track, give the readers' marks "
    "and not a model's"
)
Numbers = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LineKind:
    """The kind of the long lines of a folder.

    Attributes:
        key_points: how many each line has, and how many numbers each of them; None where there are none.
        doubt: what they look like, where it cannot be told; empty for outlines.
    """

    key_points: tuple[int, int] | None = None
    doubt: str = ""

    def check(self, place: str, n_numbers: int) -> bool:
        """Return True if a line is a box with key points; raises DataError where that is not clear."""
        if self.key_points is not None:
            expected = 4 + self.key_points[0] * self.key_points[1]
            if n_numbers not in (4, expected):
                raise DataError(
                    f"{place}: {n_numbers} numbers after the class, and kpt_shape {list(self.key_points)} means 4 or {expected}",
                    hint="mend the line, or kpt_shape in data.yaml",
                )
            return n_numbers > 4
        if self.doubt and n_numbers >= 6:
            raise DataError(f"{place}: {n_numbers} numbers after the class: {self.doubt}", hint=_ASK)
        return False


def kind_of_lines(lines: Sequence[Sequence[str]], settings: "Settings") -> LineKind:
    """Tell what the lines of a folder are.

    Args:
        lines: the words after the class of each line.
        settings: what ``data.yaml`` says.
    """
    if settings.key_points is not None:
        return LineKind(settings.key_points)
    long = [words for words in lines if len(words) >= 6 and len(words) % 2 == 0]
    if not long or settings.is_there or len({len(words) for words in long}) > 1:
        return LineKind()
    some = [(words, numbers) for words in long[:_TRIED] if (numbers := _numbers(words)) is not None]
    n_numbers = len(long[0])
    if n_numbers % 3 == 1 and some and all(_has_flags(words) for words, _ in some):
        n_points = (n_numbers - 4) // 3
        return LineKind(doubt=f"they look like a box and {n_points} key points with x, y and visibility")
    if not some or not all(_can_be_pose(numbers) for _, numbers in some):
        return LineKind()
    if n_numbers == 6:
        track = all(_WHOLE.fullmatch(words[-1]) for words, _ in some)
        return LineKind(
            doubt="they are a box with a confidence and a track's number, or three points"
            if track
            else "they are a box and a key point, or three points"
        )
    fits = _is_turned_box if n_numbers == 8 else _is_drawn
    if all(fits(_points(numbers)) for _, numbers in some):
        return LineKind()
    return LineKind(
        doubt=f"they can be a box and {(n_numbers - 4) // 2} key points, or {n_numbers // 2} points of an outline"
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """The key points that a data set's ``data.yaml`` names.

    Attributes:
        is_there: whether there is such a file.
        key_points: how many, and how many numbers each.
    """

    is_there: bool = False
    key_points: tuple[int, int] | None = None


def settings_in(folder: Path) -> Settings:
    """Read the settings in a folder.

    Raises:
        DataError: where the file is no YAML, or its ``kpt_shape`` means nothing.
    """
    for name in SETTINGS:
        file = folder / name
        if not file.is_file():
            continue
        shape = read_settings(file).get("kpt_shape")
        if shape is None:
            return Settings(True)
        match shape:
            case [int() as n_points, int() as n_numbers] if n_points > 0 and n_numbers in (2, 3):
                return Settings(True, (n_points, n_numbers))
            case _:
                raise DataError(
                    f"{name}: kpt_shape is {shape!r:.40}",
                    hint="expected how many key points, and 2 or 3 numbers each",
                )
    return Settings()


def read_settings(file: Path) -> Mapping[str, Any]:
    """Read a data set's YAML file; raises DataError where it is none. Without keys, it is empty."""
    check_bytes(file, file.name)
    try:
        content = plain_yaml(read_text(file, what="class names"))
    except PlainYamlError as error:
        raise DataError(
            f"{file.name}: not YAML: {error}", hint="list the classes in classes.txt, one a line"
        ) from None
    return content if isinstance(content, dict) else {}


def _numbers(words: Sequence[str]) -> Numbers | None:
    try:
        return tuple(float(word) for word in words)
    except ValueError:
        return None


def _points(numbers: Numbers) -> list[tuple[float, float]]:
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _has_flags(words: Sequence[str]) -> bool:
    """Return True if every third word after the box is a visibility: 0, 1 or 2."""
    return all(word in ("0", "1", "2", "0.0", "1.0", "2.0") for word in words[6::3])


def _can_be_pose(numbers: Numbers) -> bool:
    """Return True if the first four are a box in the image, and all further pairs points in it, or 0 and 0 for one not seen."""
    cx, cy, w, h = numbers[:4]
    if not (w > 0 and h > 0 and min(cx - w / 2, cy - h / 2) >= -0.01 and max(cx + w / 2, cy + h / 2) <= 1.01):
        return False
    if len(numbers) == 6 and numbers[5] == int(numbers[5]) and 0 <= numbers[4] <= 1:
        return True
    reach_x, reach_y = w / 2 * (1 + _SLACK), h / 2 * (1 + _SLACK)
    return all(
        (x, y) == (0, 0) or (abs(x - cx) <= reach_x and abs(y - cy) <= reach_y)
        for x, y in _points(numbers[4:])
    )


def _is_turned_box(points: Sequence[tuple[float, float]]) -> bool:
    """Return True if four points are the corners of a box, turned or not: its diagonals meet in the middle."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = points
    size = max(abs(ax - cx), abs(ay - cy), abs(bx - dx), abs(by - dy))
    return size > 0 and max(abs(ax + cx - bx - dx), abs(ay + cy - by - dy)) <= _SLACK / 2 * size


def _is_drawn(points: Sequence[tuple[float, float]]) -> bool:
    """Return True if points follow one another around something, as those of an outline do.

    The first one of key points is the middle of their box instead, and the second its size.
    """
    n = len(points)
    steps = [_away(points[i], points[i - 1]) for i in range(n)]
    if max(steps[1:3]) > _STEP * median(steps):
        return False
    middle = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    away = [_away(point, middle) for point in points]
    if away[0] < median(away) / 2:
        return False
    turns = [_turn(middle, points[i - 1], points[i]) for i in range(n)]
    around = all(turn > 0 for turn in turns) or all(turn < 0 for turn in turns)
    return around or (n >= _MANY_POINTS and not _crosses_itself(points))


def _crosses_itself(points: Sequence[tuple[float, float]]) -> bool:
    n = min(len(points), _TOO_MANY)
    return any(
        _cross(points[i - 1], points[i], points[k - 1], points[k])
        for i in range(n)
        for k in range(i + 2, n)
        if (k + 1) % n != i
    )


def _away(one: tuple[float, float], other: tuple[float, float]) -> float:
    return hypot(one[0] - other[0], one[1] - other[1])


def _cross(
    a: tuple[float, float], b: tuple[float, float], c: tuple[float, float], d: tuple[float, float]
) -> bool:
    return _turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
