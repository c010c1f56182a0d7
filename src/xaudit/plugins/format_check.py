"""Requirements for every format of readers' marks; xaudit's own are tested with them too."""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from xaudit.cases.marks.mark_list import MarkList
from xaudit.cases.marks.plugged import PluggedMarks
from xaudit.cases.names.image_index import ImageIndex
from xaudit.catalog.plugin_records import FormatPlugin
from xaudit.errors import DataError, PluginError
from xaudit.plugins.study import demand, leaves_random_states
from xaudit.records import Annotation

Collect = Callable[[Path, MarkList], object]
"""Function that reads a file or folder into a list of marks."""

N_CUTS = 12
"""Number of positions at which an example is cut short."""

N_FILES = 3
"""Number of files of a folder that are damaged, one at a time."""

_NUMBER = re.compile(rb"\d+")


def check_format(
    plugin: FormatPlugin, path: Path, *, images: Mapping[str, tuple[int, int]]
) -> tuple[Annotation, ...]:
    """Read an example of a format as the audit does, and damage it; call this in the tests of a plug-in.

    Regions must lie on existing images; a second reading must give the same; the files must stay unchanged.
    A mark on an image that the data does not hold must be reported, or skipped if the audit file says so, and the others
    read; a damaged file must be read or refused as a DataError with a hint, and without a path of this machine.

    Args:
        path: path of the example, a folder if the format is ``per_image``; best with marks on two images or more.
        images: path of each image below the data's root: (height, width) in pixels.

    Returns:
        The marks of the example, in its order; ``case_id`` is the image's path without its suffix. Their positions
        are for the plug-in's own tests to check.

    Raises:
        PluginError: for the first requirement that is not met.
    """
    path = Path(path)
    demand(path.exists(), f"the example {path.name} is not there")
    demand(
        path.is_dir() == plugin.per_image,
        f"the example {path.name} is a {'folder' if path.is_dir() else 'file'}, and the format says per_image={plugin.per_image}",
    )
    cases = {name: str(Path(name).with_suffix("")) for name in images}
    index = ImageIndex(cases, {cases[name]: frame for name, frame in images.items()})
    return check_marks(plugin.collect, path, index, by=f"the format '{plugin.row.id}'")


def check_marks(collect: Collect, path: Path, index: ImageIndex, *, by: str) -> tuple[Annotation, ...]:
    """Check a function that collects the marks of images in an index, as :func:`check_format` does.

    Args:
        by: name of the format in errors.
    """
    tried = _Tried(collect, by)
    before = _bytes(path)
    try:
        with leaves_random_states("the format"):
            marks = tried.read(path, index)
    except DataError as error:
        raise PluginError(f"the example is refused: {error}", hint=error.hint) from error
    demand(_bytes(path) == before, "the example was changed; a format only reads")
    demand(bool(marks), "nothing was read from the example; it must mark something")
    demand(tried.again(path, index) == marks, "other marks come out when the example is read again")
    _check_missing(tried, path, index, marks)
    _check_unreadable(tried, path, index, marks)
    _check_damage(tried, path, index)
    return marks


@dataclass(frozen=True)
class _Tried:
    """A format under test."""

    collect: Collect
    by: str

    def read(
        self, path: Path, index: ImageIndex, faults: list[DataError] | None = None, *, ignore: bool = False
    ) -> tuple[Annotation, ...]:
        marks = MarkList(index, faults, ignore_extra=ignore)
        self.collect(path, PluggedMarks(marks, path.name, by=self.by))
        return marks.all()

    def again(
        self, path: Path, index: ImageIndex, faults: list[DataError] | None = None, *, ignore: bool = False
    ) -> tuple[Annotation, ...] | None:
        """Read as `read`; return None if the file is refused."""
        try:
            return self.read(path, index, faults, ignore=ignore)
        except DataError:
            return None


def _check_missing(tried: _Tried, path: Path, index: ImageIndex, marks: tuple[Annotation, ...]) -> None:
    """Check a mark on an image that the data does not hold."""
    missing = marks[0].case_id
    fewer = replace(
        index,
        paths=_without(missing, index.paths),
        uids=_without(missing, index.uids),
        frames={case: frame for case, frame in index.frames.items() if case != missing},
        planes={case: plane for case, plane in index.planes.items() if case != missing},
    )
    others = _others(missing, marks)
    try:
        tried.read(path, fewer)
    except DataError as error:
        _check_words(error, path, "a mark on an image that the data does not hold")
    else:
        demand(
            False,
            "marks on an image that the data does not hold are left out without a word; give its name to `marks.case`",
        )
    demand(
        tried.again(path, fewer, ignore=True) == others,
        "other marks come out where those on further images are to be passed over; give every name to `marks.case`",
    )
    faults: list[DataError] = []
    demand(
        tried.again(path, fewer, faults) == others and bool(faults),
        "a mark that cannot be used keeps the others from being read; put `with marks.item():` around each",
    )


def _check_unreadable(tried: _Tried, path: Path, index: ImageIndex, marks: tuple[Annotation, ...]) -> None:
    """Check a mark on an image that exists but cannot be read, so that its frame is not known."""
    broken = marks[0].case_id
    frames = {case: frame for case, frame in index.frames.items() if case != broken}
    demand(
        tried.again(path, replace(index, frames=frames)) == _others(broken, marks),
        "other marks come out where an image cannot be read; pass on where `marks.case` gives None",
    )


def _check_damage(tried: _Tried, path: Path, index: ImageIndex) -> None:
    """Check the example cut short, emptied, with other bytes and other numbers."""
    with tempfile.TemporaryDirectory(prefix="xaudit-") as folder:
        copy = Path(folder) / path.name
        if path.is_dir():
            shutil.copytree(path, copy)
        else:
            shutil.copyfile(path, copy)
        for file in _files(copy)[:N_FILES]:
            content = file.read_bytes()
            for what, damaged in _damaged(content):
                file.write_bytes(damaged)
                try:
                    tried.read(copy, index)
                except DataError as error:
                    _check_words(error, copy, f"{file.name}, {what},")
                except PluginError:
                    raise
                except Exception as error:
                    raise PluginError(
                        f"{file.name}, {what}, ends in {type(error).__name__}: {error}",
                        hint="raise xaudit.plugins.DataError with place and hint for errors that a user can fix",
                    ) from error
            file.write_bytes(content)


def _damaged(content: bytes) -> Iterator[tuple[str, bytes]]:
    yield "emptied", b""
    yield "with bytes that are no text", b"\xff\x00" * 40
    for number in range(1, N_CUTS):
        n_bytes = len(content) * number // N_CUTS
        yield f"cut after {n_bytes} of {len(content)} bytes", content[:n_bytes]
    for other in (b"x", b"-1", b"nan", b"9" * 30):
        yield f"with {other.decode()} for every number", _NUMBER.sub(other, content)


def _check_words(error: DataError, path: Path, what: str) -> None:
    demand(bool(error.hint), f"{what} is told without a hint: {error}; say what to do about it")
    demand(
        str(path.parent) not in f"{error} {error.hint}",
        f"{what} is told with a folder of this machine: {error}; give the file's name only",
    )


def _others(case_id: str, marks: tuple[Annotation, ...]) -> tuple[Annotation, ...]:
    return tuple(mark for mark in marks if mark.case_id != case_id)


def _without(case_id: str, names: Mapping[str, str]) -> dict[str, str]:
    return {name: case for name, case in names.items() if case != case_id}


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def _bytes(path: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in _files(path)}
