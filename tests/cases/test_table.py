"""CSV tables of images, labels, patients, splits and spacing."""

import unicodedata

import pytest
from case_files import refused, write_image

from xaudit.cases.images.entry import Entry
from xaudit.cases.table import read_table
from xaudit.errors import DataError


@pytest.fixture
def table(tmp_path):
    for name in ("a.png", "b.png", "deep/c.png"):
        write_image(tmp_path / name)

    def write(text, encoding="utf-8"):
        path = tmp_path / "labels.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def read(path):
    return read_table(path, path.parent)


def test_every_column_reaches_its_case(table):
    path = table(
        "image,label,patient,split,spacing_row_mm,spacing_col_mm,site,augmented,scanner\n"
        "b.png,normal,P2,val,,,,Yes,x\n"
        "a.png,cancer,P1,test,0.7,0.8,St. Mary,original,y\n"
    )
    assert read(path) == (
        Entry("a.png", "cancer", "P1", "test", (0.7, 0.8), "St. Mary", False),
        Entry("b.png", "normal", "P2", "validation", None, None, True),
    )


def test_augmented_is_yes_or_no(table):
    with refused(
        "labels.csv: line 2: augmented is 'maybe'",
        "write yes or no, or leave the cell empty if it is not known",
    ):
        read(table("image,label,augmented\na.png,x,maybe\n"))
    with refused("labels.csv: two columns are called 'site'", "keep one of them"):
        read(table("image,label,site,site\na.png,x,1,2\n"))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_commas_semicolons_and_tabs_separate(table, separator):
    path = table(f"\ufeffImage{separator} label\r\na.png{separator}cancer\r\n\r\n")
    assert read(path) == (Entry("a.png", "cancer"),)


def test_a_backslash_is_a_folder(table):
    assert read(table("image,label\ndeep\\c.png,cancer\n")) == (Entry("deep/c.png", "cancer"),)


def test_a_missing_column_is_named_with_the_nearest_one(table):
    with refused(
        "labels.csv: no column is called 'image'; the columns are 'images', 'label'",
        "rename 'images' to 'image'",
    ):
        read(table("images,label\na.png,x\n"))
    with refused(
        "labels.csv: no column is called 'label'; the columns are 'image', 'x'",
        "the table needs image and label",
    ):
        read(table("image,x\na.png,x\n"))


def test_a_column_twice_is_refused(table):
    with refused("labels.csv: two columns are called 'label'", "keep one of them"):
        read(table("image,label,label\na.png,x,y\n"))


def test_a_label_without_its_image_is_refused_with_its_line(table):
    message = "labels.csv: line 3: no image 'deep/d.png'"
    with refused(message, "did you mean 'c.png'? add the image, or drop the row"):
        read(table("image,label\na.png,x\ndeep/d.png,y\n"))


@pytest.mark.parametrize("image", ["../a.png", "/etc/a.png", "deep/../../a.png", "C:\\a.png"])
def test_a_path_out_of_the_folder_is_refused(table, image):
    with refused(
        f"labels.csv: line 2: image '{image}' leaves the images' folder",
        "give a path relative to data.images, or to the table where that is not set",
    ):
        read(table(f"image,label\n{image},x\n"))


def test_an_image_twice_is_refused(table):
    with refused("the image 'a.png' is listed twice", "keep one of the two, or rename it"):
        read(table("image,label\na.png,x\na.png,y\n"))


def test_an_empty_label_is_refused(table):
    with refused("labels.csv: line 2: label is empty", "fill it in, or drop the row"):
        read(table("image,label\na.png,\n"))


@pytest.mark.parametrize("column", ["patient", "split"])
def test_half_a_column_is_refused(table, column):
    with refused(
        f"labels.csv: line 3: {column} is empty, while line 2 has one",
        "fill it in for every image, or leave the column out",
    ):
        read(table(f"image,label,{column}\na.png,x,test\nb.png,y,\n"))


def test_an_empty_column_is_no_column(table):
    assert read(table("image,label,patient\na.png,x,\nb.png,y,\n"))[0].patient_id is None


def test_an_unknown_split_is_refused(table):
    with refused(
        "labels.csv: line 2: no split is called 'tets'",
        "did you mean 'test'? a split is train, validation or test",
    ):
        read(table("image,label,split\na.png,x,tets\n"))


@pytest.mark.parametrize("cell", ["0", "-1", "nan", "inf", "abc", ""])
def test_a_spacing_that_is_no_length_is_refused(table, cell):
    with refused(
        f"labels.csv: line 2: spacing_col_mm is '{cell}'",
        "give millimetres per pixel, or leave both cells empty",
    ):
        read(table(f"image,label,spacing_row_mm,spacing_col_mm\na.png,x,0.5,{cell}\n"))


def test_spacing_in_one_direction_is_refused(table):
    with refused("labels.csv: the column 'spacing_col_mm' is missing", "spacing needs rows and columns"):
        read(table("image,label,spacing_row_mm\na.png,x,0.5\n"))


def test_a_row_of_another_length_is_refused(table):
    with refused(
        "labels.csv: line 2: 3 cells under 2 columns", "put quotes around a text that holds the separator"
    ):
        read(table("image,label\na.png,x,y\n"))


def test_a_table_without_rows_is_refused(table):
    with refused("labels.csv: the table lists no images", "add a row per image"):
        read(table("image,label\n"))


def test_a_table_that_is_not_utf_8_is_refused(table):
    with refused("labels.csv: not UTF-8: byte 18 is 0xe9", "save the file as UTF-8"):
        read(table("image,label\na.png,é\n", encoding="latin-1"))


def test_an_open_quote_is_refused(table):
    with refused("labels.csv: line 2: not CSV: unexpected end of data", "check its quotes"):
        read(table('image,label\na.png,"x\n'))


def test_a_missing_table_is_named_with_the_nearest_one(table):
    path = table("image,label\na.png,x\n")
    wrong = path.with_name("lables.csv")
    otherwise = "paths in the audit file start from its folder"
    with refused(f"{wrong}: no such file of labels", f"did you mean 'labels.csv'? {otherwise}"):
        read(wrong)


@pytest.mark.parametrize(
    "word",
    ["nan", "NaN", "NA", "n/a", "#N/A", "None", "NULL", "null", "<NA>", "NaT", "-", "?", "#REF!", " nan "],
)
def test_a_word_for_nothing_is_an_empty_cell_in_every_column(table, word):
    for column in ("patient", "split"):
        with refused(
            f"labels.csv: line 3: {column} is empty ('{word.strip()}'), while line 2 has one",
            "fill it in for every image, or leave the column out",
        ):
            read(table(f"image,label,{column}\na.png,x,test\nb.png,y,{word}\n"))
    for name, line in (("label", f"a.png,{word}"), ("image", f"{word},x")):
        with refused(
            f"labels.csv: line 2: {name} is empty ('{word.strip()}')",
            "fill it in, or drop the row; a class of that name needs another, such as 'no finding'"
            if name == "label"
            else "fill it in, or drop the row",
        ):
            read(table(f"image,label\n{line}\n"))
    header = "image,label,patient,site,augmented,spacing_row_mm,spacing_col_mm\n"
    assert read(table(f"{header}a.png,x,{word},{word},{word},{word},{word}\n")) == (Entry("a.png", "x"),)


def test_words_that_only_begin_like_nothing_are_names(table):
    names = ("nano", "Nancy", "none found", "null-1", "nan1")
    for name in names:
        assert read(table(f"image,label,patient\na.png,{name},{name}\n")) == (Entry("a.png", name, name),)


def test_empty_cells_at_the_end_of_a_line_mean_nothing(table):
    path = table("image,label,patient,,\na.png,x,p1\nb.png,y,p2,,,,,\n")
    assert read(path) == (Entry("a.png", "x", "p1"), Entry("b.png", "y", "p2"))
    with refused(
        "labels.csv: line 2: 4 cells under 2 columns", "put quotes around a text that holds the separator"
    ):
        read(table("image,label,\na.png,x,,z\n"))


@pytest.mark.parametrize(
    ("content", "name", "message", "hint"),
    [
        (b"PK\x03\x04" + b"\0" * 30 + b"xl/workbook.xml", "labels.csv", "an Excel file", "save it as 'CSV UTF-8"),
        (b"PK\x03\x04" + b"\0" * 30, "labels.xlsx", "an Excel file", "save it as 'CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 30, "labels.csv", "an Excel file", "save it as 'CSV UTF-8"),
        (b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument", "labels.csv", "an OpenDocument file", "save it as"),
        (b"\x1f\x8b\x08", "labels.csv", "a packed file", "unpack it"),
        (b"PAR1\x15", "labels.csv", "a Parquet file", "save it as CSV"),
    ],
)  # fmt: skip
def test_a_workbook_or_an_archive_is_called_one(tmp_path, content, name, message, hint):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        read(tmp_path / name)
    assert str(caught.value) == f"{name}: is {message}, and tables are read as text"
    assert hint in caught.value.hint


@pytest.mark.parametrize("name", ["a:b.png", "c:1.png", "a#1.png", "a%20b.png", "a b.png", "a+b.png"])
def test_signs_in_names_are_allowed(table, tmp_path, name):
    write_image(tmp_path / name)
    assert read(table(f"image,label\n{name},x\n")) == (Entry(name, "x"),)


@pytest.mark.parametrize("on_disk", ["NFC", "NFD"])
@pytest.mark.parametrize("in_table", ["NFC", "NFD"])
def test_a_name_is_found_in_either_unicode_form(table, tmp_path, on_disk, in_table):
    path = unicodedata.normalize(on_disk, "B\u00fcro/sl\u00efce.png")
    write_image(tmp_path / path)
    text = "image,label,patient\nB\u00fcro/sl\u00efce.png,b\u00f6sartig,M\u00fcller\n"
    (entry,) = read(table(unicodedata.normalize(in_table, text)))
    assert entry == Entry(path, "b\u00f6sartig", "M\u00fcller")
