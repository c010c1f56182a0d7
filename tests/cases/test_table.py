"""CSV tables of images, labels, patients, splits and spacing."""

import pytest
from case_files import refused, write_image

from xaudit.cases.entry import Entry
from xaudit.cases.table import read_table


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
        "write yes or no, or leave the cell empty where nobody knows",
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
