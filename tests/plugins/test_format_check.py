"""What the check of a format finds: one fault at a time in a format that is otherwise right."""

import numpy as np
import pytest

from xaudit.errors import PluginError
from xaudit.plugins import Box, DataError, FormatPlugin, FormatRow, MaskRegion, Polygon, check_format
from xaudit.records import Annotation

IMAGES = {"a.png": (20, 30), "sub/b.png": (20, 30)}
LINES = "a.png 3 4 10 12\nsub/b.png 0 0 30 20\nsub/b.png nothing\n"
ROW = FormatRow("lines", "name and corners, one a line", "annotations")


def collect_lines(path, marks):
    """A line is ``name x0 y0 x1 y1``, or ``name nothing``, which stands for a vote of a second reader."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise DataError(f"{path.name}: not UTF-8", hint="save it as UTF-8") from None
    for number, line in enumerate(lines, start=1):
        with marks.item():
            collect_line(f"{path.name}: line {number}", line.split(), marks)


def collect_line(place, words, marks):
    if len(words) not in (2, 5):
        raise DataError(f"{place}: {len(words)} words", hint="a name and four numbers")
    case = marks.case(place, words[0])
    if case is None:
        return
    if words[1] == "nothing":
        marks.nothing(place, case, "dr-b")
        return
    try:
        corners = [float(word) for word in words[1:]]
        marks.add(case, "dr-a", Box(*corners), "nodule")
    except (TypeError, ValueError):
        raise DataError(f"{place}: no four numbers", hint="mend the line") from None


@pytest.fixture
def check(tmp_path):
    def run(collect=collect_lines, *, text=LINES, images=IMAGES, **settings):
        path = tmp_path / "marks.txt"
        path.write_text(text)
        return check_format(FormatPlugin(ROW, "lines", collect, **settings), path, images=images)

    return run


def fault(check, collect=collect_lines, **settings):
    with pytest.raises(PluginError) as caught:
        check(collect, **settings)
    return str(caught.value)


def test_a_format_that_keeps_to_the_rules_gives_its_marks(check):
    assert check() == (
        Annotation("a", "dr-a", Box(3, 4, 10, 12), "nodule"),
        Annotation("sub/b", "dr-a", Box(0, 0, 30, 20), "nodule"),
        Annotation("sub/b", "dr-b", None),
    )


def test_a_folder_of_files_is_tried_file_by_file(tmp_path):
    folder = tmp_path / "marks"
    folder.mkdir()
    for name in ("one.txt", "two.txt"):
        (folder / name).write_text(LINES.replace("nothing", "1 2 3 4"))

    def collect(path, marks):
        for file in sorted(path.iterdir()):
            collect_lines(file, marks)

    plugin = FormatPlugin(ROW, "lines", collect, per_image=True)
    assert len(check_format(plugin, folder, images=IMAGES)) == 6

    def careless(path, marks):
        for file in sorted(path.iterdir()):
            assert len(file.read_text()) == len(LINES.replace("nothing", "1 2 3 4")), "shorter"
            collect_lines(file, marks)

    with pytest.raises(PluginError, match=r"^one\.txt, emptied, ends in AssertionError: shorter"):
        check_format(FormatPlugin(ROW, "lines", careless, per_image=True), folder, images=IMAGES)
    with pytest.raises(PluginError, match="is a folder, and the format says per_image=False"):
        check_format(FormatPlugin(ROW, "lines", collect), folder, images=IMAGES)


def adds(region, *, case="a", reader="dr-a", label=None):
    """A format that marks this on the first image, whatever the file says."""

    def collect(path, marks):
        marks.case(path.name, "a.png")
        marks.add(case, reader, region, label)

    return collect


def skips_unknown(path, marks):
    for line in path.read_text().splitlines():
        name = line.split()[0]
        if marks.images.named(name):
            collect_line(path.name, line.split(), marks)


def without_items(path, marks):
    for line in path.read_text().splitlines():
        collect_line(path.name, line.split(), marks)


def draws(path, marks):
    np.random.rand()  # noqa: NPY002
    collect_lines(path, marks)


def forgets():
    seen = []

    def collect(path, marks):
        if not seen:
            collect_lines(path, marks)
        seen.append(path)

    return collect


def writes(path, marks):
    collect_lines(path, marks)
    if "-1" not in path.read_text():
        path.write_text(path.read_text() + "\n")


def passes_none_on(path, marks):
    for line in path.read_text().splitlines():
        with marks.item():
            marks.add(marks.case(path.name, line.split()[0]), "dr-a", Box(1, 1, 2, 2))


def with_paths(path, marks):
    try:
        collect_lines(path, marks)
    except DataError as error:
        raise DataError(f"{path}: {error}", hint=error.hint) from None


def without_hints(path, marks):
    try:
        collect_lines(path, marks)
    except DataError as error:
        raise DataError(str(error)) from None


def unguarded(path, marks):
    for line in path.read_text().splitlines():
        with marks.item():
            name, *corners = line.split()
            case = marks.case(path.name, name)
            if case is not None and corners[0] != "nothing":
                marks.add(case, "dr-a", Box(*map(float, corners)))


@pytest.mark.parametrize(
    ("collect", "told"),
    [
        (lambda path, marks: None, "nothing was read from the example; it must mark something"),
        (forgets(), "other marks come out when the example is read again"),
        (draws, "the format draws from numpy's global random state; make a generator of the seed"),
        (adds([1, 2, 3, 4]), "the format 'lines': `marks.add` was given a list, expected a Box, a Polygon or a MaskRegion"),
        (adds(Box("1", "x", 3, 4)), "the format 'lines': `marks.add` was given Box(x0='1', y0='x', x1=3, y1=4), expected numbers in it"),
        (adds(Box(1, 1, 2, 2), case="b"), "the format 'lines': `marks.add` was given the case 'b', expected one that `marks.case` gave, which is not None"),
        (adds(Box(1, 1, 2, 2), reader=""), "the format 'lines': `marks.add` was given the reader '', expected a name"),
        (adds(Box(1, 1, 2, 2), label=7), "the format 'lines': `marks.add` was given the label 7, expected a text or None"),
        (adds(Box(1, 1, 31, 2)), "the example is refused: marks.txt: the box from (1, 1) to (31, 2) leaves the image of 30 × 20"),
        (adds(Box(1, float("nan"), 2, 2)), "the example is refused: marks.txt: the box from (1, nan) to (2, 2) is not finite"),
        (adds(Polygon(((1, 1), (5, 5)))), "the example is refused: marks.txt: an outline of 2 points"),
        (adds(MaskRegion(20, 30, (0, 5))), "the example is refused: marks.txt: run lengths of 5 pixels for an image of 600"),
        (adds(MaskRegion(30, 20, (0, 600))), "the example is refused: marks.txt: a mask of 20 × 30 pixels on an image of 30 × 20"),
        (skips_unknown, "marks on an image that the data does not hold are left out without a word; give its name to `marks.case`"),
        (without_items, "a mark that cannot be used keeps the others from being read; put `with marks.item():` around each"),
        (passes_none_on, "the format 'lines': `marks.add` was given the case None, expected one that `marks.case` gave, which is not None"),
        (unguarded, "marks.txt, with bytes that are no text, ends in UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
        (writes, "the example was changed; a format only reads"),
    ],
)  # fmt: skip
def test_a_fault_is_told(check, collect, told):
    assert fault(check, collect) == told


def test_an_error_says_what_to_do_and_no_folder_of_this_machine(check, tmp_path):
    missing = "a mark on an image that the data does not hold is told"
    unknown = "marks.txt: line 1: no image of the data is called 'a.png'"
    assert fault(check, with_paths) == (
        f"{missing} with a folder of this machine: {tmp_path}/marks.txt: {unknown}; give the file's name only"
    )
    assert fault(check, without_hints) == f"{missing} without a hint: {unknown}; say what to do about it"


def test_the_example_must_be_there_and_a_file(tmp_path):
    plugin = FormatPlugin(ROW, "lines", collect_lines)
    with pytest.raises(PluginError, match=r"(?m)^the example marks\.txt is not there$"):
        check_format(plugin, tmp_path / "marks.txt", images=IMAGES)
