"""Attributes: columns of the table that the audit file names, and properties of the files that identify nobody."""

from io import BytesIO

import numpy as np
import pytest
from case_files import refused, write_image
from dicom_files import SECRET, dicom_bytes, slice_of
from PIL import Image

from xaudit.cases.attributes import listed_attributes
from xaudit.cases.images.entry import Entry
from xaudit.cases.images.file_properties import jpeg_quality, raster_properties
from xaudit.cases.images.image_file import read_header
from xaudit.config import AttributeSpec, DataSection, StratumSpec
from xaudit.records import Prediction, attribute_rows, attributes_of
from xaudit.statistics.strata import facts_of, missing_property, strata_of

HEADER = "image,label,patient,sex,age,scanner,name\n"


@pytest.fixture
def table(tmp_path, load):
    """Loads a table of images with the columns sex, age, scanner and name."""

    def load_table(rows, **keys):
        for row in rows:
            write_image(tmp_path / row.split(",")[0], level=len(list(tmp_path.iterdir())))
        (tmp_path / "labels.csv").write_text(HEADER + "\n".join(rows) + "\n")
        return load(format="csv", labels=tmp_path / "labels.csv", **keys)

    return load_table


ROWS = [
    f"{number}.png,{'cancer' if number % 2 else 'normal'},P{number},{'f' if number < 6 else 'm'},{20 + 5 * number},"
    f"{'A' if number < 4 else 'nan'},Roe {number}"
    for number in range(9)
]


def test_named_columns_become_attributes_and_no_other_is_read(table):
    dataset = table(ROWS, attributes=["Sex", {"name": "age", "cuts": [40, 50]}])
    assert dataset.unread == dataset.passed_over == ("labels.csv: 2 columns are not read: 'scanner', 'name'",)
    assert [name for name, one in dataset.attributes.items() if one.source == "table"] == ["sex", "age"]
    assert dataset.attributes["sex"].levels == ("f", "m")
    assert dataset.attributes["sex"].by_case == {str(n): "f" if n < 6 else "m" for n in range(9)}
    # 20, 25, 30, 35 | 40, 45 | 50, 55, 60: a number on a limit belongs to the upper band.
    assert dataset.attributes["age"].levels == ("under-40", "40-to-50", "from-50")
    assert [dataset.attributes["age"].by_case[str(n)] for n in range(9)] == (
        ["under-40"] * 4 + ["40-to-50"] * 2 + ["from-50"] * 3
    )
    assert dataset.attributes["age"].ordered
    assert "Roe" not in repr(dataset)


def test_numbers_are_divided_at_the_thirds_of_the_patients(table):
    # Limits at 20 + 40/3 = 33.3 and 20 + 80/3 = 46.7, so that three patients are in each band.
    dataset = table(ROWS, attributes=["age"])
    assert [dataset.attributes["age"].by_case[str(n)] for n in range(9)] == (
        ["low"] * 3 + ["middle"] * 3 + ["high"] * 3
    )
    assert dataset.attributes["age"].levels == ("low", "middle", "high")


def test_a_patient_with_many_images_does_not_move_the_thirds():
    spec = AttributeSpec(name="age")
    entries = [Entry(f"{n}", "x", f"P{n}", attributes=(("age", f"{n}"),)) for n in range(9)]
    many = [Entry(f"8-{n}", "x", "P8", attributes=(("age", "8"),)) for n in range(50)]
    few, more = listed_attributes([spec], entries), listed_attributes([spec], [*entries, *many])
    assert {name: more["age"].by_case[name] for name in few["age"].by_case} == few["age"].by_case


def test_few_different_numbers_are_codes():
    entries = [Entry(f"{n}", "x", attributes=(("scanner", f"{n % 3}"),)) for n in range(9)]
    scanner = listed_attributes([AttributeSpec(name="scanner")], entries)["scanner"]
    assert (scanner.levels, scanner.ordered) == (("0", "1", "2"), False)


def test_empty_cells_are_not_known_and_counted(table):
    dataset = table(ROWS, attributes=["scanner"])
    assert dataset.attributes["scanner"].by_case == dict.fromkeys("0123", "A")
    assert "attribute 'scanner': not known for 5 of 9 images" in dataset.notes


def test_a_sex_that_differs_within_a_patient_is_said_and_not_refused(table):
    rows = [row.replace(",P1,", ",P7,") for row in ROWS]
    dataset = table(rows, attributes=["sex", "scanner"])
    said = [note for note in dataset.notes if "differs" in note]
    assert said == [
        "attribute 'sex' differs between images of one patient, for 1 patient: check the table or the patients' names"
    ]


def test_a_column_that_may_name_patients_is_refused(table):
    with refused(
        "data.attributes: 'name' has 9 different values in 9 patients, so it may name patients",
        "an attribute has at most 40 values, and fewer than half as many as there are patients; give cuts if it is a "
        "number, or take it out",
    ):
        table(ROWS, attributes=["name"])


def test_a_column_that_is_not_there_names_the_nearest(table):
    with refused(
        "labels.csv: no column is called 'scaner', which data.attributes names",
        "did you mean 'scanner'? name a column of the table, or take it out",
    ):
        table(ROWS, attributes=["scaner"])


def test_cuts_on_words_are_refused(table):
    with refused(
        "data.attributes: 'sex' has cuts, and 9 cells are not a number",
        "mend the cells or leave them empty, or take the cuts out",
    ):
        table(ROWS, attributes=[{"name": "sex", "cuts": [1]}])


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        (["label"], "'label' is read without being named here"),
        (["site"], "'site' is read without being named here"),
        (["dicom sex"], "'dicom sex' is read without being named here"),
        (["Sex", "sex"], "'sex' stands twice"),
        ([{"name": "age", "cuts": [5, 5]}], r"cuts: expected rising numbers, got \[5.0, 5.0\]"),
        (["-"], "'-' names no column"),
    ],
)
def test_names_that_cannot_be_attributes(attributes, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        DataSection.model_validate(
            {"format": "csv", "labels": tmp_path / "labels.csv", "attributes": attributes}
        )


def test_only_a_table_has_columns(tmp_path):
    with pytest.raises(ValueError, match="attributes: only a table has columns"):
        DataSection.model_validate({"images": tmp_path, "attributes": ["sex"]})
    with pytest.raises(ValueError, match="cuts: 'age' takes no limits here"):
        StratumSpec(name="age", cuts=[40])


def test_an_attribute_is_a_stratum_as_the_site_is(table):
    dataset = table(ROWS, attributes=["sex", "scanner"])
    answers = [
        Prediction(
            c.case_id, c.patient_id, "m", "test", c.label, c.label, "cancer", (0, 0), (0.5, 0.5), ("a", "b")
        )
        for c in dataset.cases
    ]
    facts = facts_of(dataset.cases, [], answers, dataset.attributes)["m"]
    parts = strata_of(facts, [StratumSpec(name="sex"), StratumSpec(name="scanner")])
    assert {name: "".join(sorted(cases)) for name, cases in parts.items()} == {
        "sex=f": "012345",
        "sex=m": "678",
        "scanner=A": "0123",
        "scanner=unknown": "45678",
    }
    assert missing_property([], [StratumSpec(name="sex")], ["sex"]) is None
    assert missing_property([], [StratumSpec(name="sex")]) == "sex"


def test_attributes_come_back_from_their_rows(table):
    attributes = table(ROWS, attributes=["sex", {"name": "age", "cuts": [40, 50]}]).attributes
    assert attributes_of(attribute_rows(attributes.values())) == attributes


def test_a_dicom_file_gives_levels_of_a_closed_list_and_no_text():
    data = dicom_bytes(
        slice_of(1, 2, 3),
        Manufacturer="SIEMENS",
        ConvolutionKernel=SECRET,
        KVP="119.7",
        ViewPosition="ROE JANE",
        PatientSex="F",
        PatientAge="093Y",
        StationName=SECRET,
        BitsStored=12,
        HighBit=11,
    )
    properties = read_header(data, "full").properties
    assert dict(properties) == {
        "dicom-manufacturer": "siemens",
        "dicom-kernel": "other",
        "dicom-view": "other",
        "dicom-sex": "f",
        "dicom-age": "80+",
        "bit-depth": "12",
        "dicom-kvp": "120",
    }
    assert "jane" not in repr(properties).lower()


def test_a_dicom_file_without_them_has_none_of_them():
    assert dict(read_header(dicom_bytes(slice_of(1, 2)), "full").properties) == {"bit-depth": "16"}


@pytest.mark.parametrize("quality", [35, 50, 62, 75, 88, 95])
def test_the_quality_of_a_jpeg_is_read_in_tens(quality):
    stream = BytesIO()
    Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16)).save(stream, "JPEG", quality=quality)
    tens = quality // 10 * 10
    expected = "90-100" if tens == 90 else f"{tens}-{tens + 9}"
    assert dict(raster_properties(stream.getvalue())) == {"bit-depth": "8", "jpeg-quality": expected}
    assert jpeg_quality(64) == "90-100"


def test_file_properties_need_no_naming(two_classes, load):
    attributes = load(images=two_classes).attributes
    assert {name: one.levels for name, one in attributes.items()} == {
        "file-format": ("png",),
        "image-size": ("10x8",),
        "bit-depth": ("8",),
    }
    assert {one.source for one in attributes.values()} == {"file"}
    assert attributes["bit-depth"].by_case["cancer/cancer-0"] == "8"
