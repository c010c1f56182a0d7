"""Draw the rooms of ``src/xaudit`` on their floors, from the import graph: ``python docs/draw_architecture.py``.

A line says that a room imports the one below it. A line is left out where a longer way over other rooms says the same.
Small type names the libraries that a room imports. A test holds that ``docs/pictures/architecture.svg`` is current.
"""

import re
import tomllib
from functools import cache
from pathlib import Path

import grimp

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "pictures" / "architecture.svg"
PACKAGE = "xaudit"
EVERYWHERE = {"numpy"}
"""Libraries that are not named, because nearly every room imports them."""
SAME = {
    "yaml": "pyyaml",
    "mlflow": "mlflow-skinny",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
}
SAME |= {"pytorch_grad_cam": "grad-cam"}
"""Names under which libraries are installed, where they are imported under others."""

_WIDTH, _FLOOR, _BOX, _GAP, _LETTER = 1000, 104, 50, 14, 5.4

_STYLE = """
text{font-family:system-ui,sans-serif;text-anchor:middle;fill:#1b2733}
.room{font-size:13px;font-weight:600}.libraries{font-size:9.5px;fill:#4a5b6c}
rect{fill:#fff;stroke:#3d5a80;stroke-width:1.2}.page{fill:#f3f6f9;stroke:none}
.floor{fill:#e6edf4;stroke:none}path{fill:none;stroke:#3d5a80;stroke-width:1;opacity:.45}
"""


def floors() -> list[list[str]]:
    """Return the rooms of each floor, the highest first, as the import contract in pyproject.toml lists them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [contract] = [c for c in project["tool"]["importlinter"]["contracts"] if c.get("containers") == [PACKAGE]]
    return [re.split(r"\s*[|:]\s*", layer) for layer in contract["layers"]]


def imports() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return the rooms and the declared libraries that each room imports."""
    graph = grimp.build_graph(PACKAGE, include_external_packages=True, cache_dir=None)
    declared = libraries()
    rooms = {room: set[str]() for floor in floors() for room in floor}
    outside = {room: set[str]() for room in rooms}
    for module in graph.modules:
        room = module.removeprefix(f"{PACKAGE}.").partition(".")[0]
        if room not in rooms:
            continue
        for other in graph.find_modules_directly_imported_by(module):
            top, _, inner = other.partition(".")
            if top == PACKAGE:
                rooms[room] |= {inner.partition(".")[0]} & (rooms.keys() - {room})
            elif (name := SAME.get(top, top)) in declared - EVERYWHERE:
                outside[room].add(name)
    return rooms, outside


def libraries() -> set[str]:
    """Return the names of all libraries that the project requires, extras included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    return {re.split(r"[^\w.-]", line)[0].lower() for lines in lists for line in lines}


def users() -> dict[str, list[str]]:
    """Return the files below ``src/xaudit`` that import each declared library, by the library's name."""
    graph = grimp.build_graph(PACKAGE, include_external_packages=True, cache_dir=None)
    source = ROOT / "src"
    found: dict[str, list[str]] = {name: [] for name in sorted(libraries())}
    for module in sorted(graph.modules):
        for other in graph.find_modules_directly_imported_by(module):
            if (name := SAME.get(other, other)) in found:
                path = source.joinpath(*module.split(".")).with_suffix(".py")
                path = path if path.is_file() else path.with_suffix("") / "__init__.py"
                found[name].append(path.relative_to(source / PACKAGE).as_posix())
    return found


def without_detours(rooms: dict[str, set[str]]) -> list[tuple[str, str]]:
    """Return the imports that no longer way over other rooms implies.

    >>> without_detours({"a": {"b", "c"}, "b": {"c"}, "c": set()})
    [('a', 'b'), ('b', 'c')]
    """

    @cache
    def below(room: str) -> frozenset[str]:
        return frozenset(rooms[room]).union(*map(below, rooms[room]))

    return [
        (room, other)
        for room in sorted(rooms)
        for other in sorted(rooms[room])
        if not any(other in below(between) for between in rooms[room] - {other})
    ]


def places(outside: dict[str, set[str]]) -> dict[str, tuple[float, float, float, list[str]]]:
    """Return middle, top, width and lines of small type of each room's box."""
    found = {}
    for number, floor in enumerate(floors()):
        share = (_WIDTH - _GAP) / len(floor) - _GAP
        width = min(share, 260)
        left = (_WIDTH - len(floor) * (width + _GAP) + _GAP) / 2
        for place, room in enumerate(floor):
            lines = wrapped(sorted(outside[room]), int(width / _LETTER))
            found[room] = (left + place * (width + _GAP) + width / 2, number * _FLOOR + 27, width, lines)
    return found


def wrapped(words: list[str], width: int) -> list[str]:
    """Return words joined by commas, in lines of at most ``width`` characters where the words allow it."""
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + len(word) + 2 <= width:
            lines[-1] += f", {word}"
        else:
            lines.append(word)
    return lines


def drawing() -> str:
    """Return the picture as SVG."""
    rooms, outside = imports()
    boxes = places(outside)
    height = len(floors()) * _FLOOR
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">'
        f"<title>The rooms of {PACKAGE} on their floors</title><style>{_STYLE.strip()}</style>"
        f'<rect class="page" width="{_WIDTH}" height="{height}"/>'
    ]
    parts += [
        f'<rect class="floor" y="{number * _FLOOR}" width="{_WIDTH}" height="{_FLOOR}"/>'
        for number in range(0, len(floors()), 2)
    ]
    for room, other in without_detours(rooms):
        (x, top, _, _), (to_x, to_top, _, _) = boxes[room], boxes[other]
        start, bend = top + _BOX, (to_top - top - _BOX) / 2
        parts.append(
            f'<path d="M{x:.0f} {start}C{x:.0f} {start + bend:.0f} {to_x:.0f} {to_top - bend:.0f} {to_x:.0f} {to_top}"/>'
        )
    for room, (x, top, width, lines) in boxes.items():
        parts.append(f'<rect x="{x - width / 2:.0f}" y="{top}" width="{width:.0f}" height="{_BOX}" rx="6"/>')
        first = top + (31 if not lines else 20 if len(lines) == 1 else 14)
        parts.append(f'<text class="room" x="{x:.0f}" y="{first}">{room}</text>')
        for number, line in enumerate(lines, start=1):
            parts.append(f'<text class="libraries" x="{x:.0f}" y="{first + 12 * number}">{line}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    """Write the picture."""
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(drawing(), encoding="utf-8")


if __name__ == "__main__":
    main()
