"""``data.split.groups``: the table, its faults, and what it does to splits and statistics."""

from pathlib import Path

import pytest
from case_files import write_image

from xaudit.cases.groups import read_groups, units_of_split
from xaudit.cases.preflight import preview
from xaudit.config import DataSection
from xaudit.errors import DataError
from xaudit.records import Case

IMAGES = [f"{label}/{label}-{number}.png" for label in ("cancer", "normal") for number in range(3)]


@pytest.fixture
def groups(tmp_path):
    def write(*lines, header="image,group"):
        path = tmp_path / "groups.csv"
        path.write_text("\n".join([header, *lines]))
        return path

    return write


def case(name, patient=None):
    return Case(name, patient, "data", f"{name}.png", f"sha {name}", "a", "", 8, 8)


def test_images_of_a_group_go_to_one_split_and_count_once(two_classes, load, groups):
    path = groups(*(f"{image},{'mixed' if image.endswith('0.png') else 'rest'}" for image in IMAGES))
    data = load(images=two_classes, split={"groups": path, "test": 0.5, "validation": 0})
    by_group = {}
    for one in data.cases:
        by_group.setdefault(one.path.endswith("0.png"), set()).add((one.split, one.cluster))
    assert [sorted(one) for one in by_group.values()] == [
        [("train", "group mixed")],
        [("test", "group rest")],
    ] or [sorted(one) for one in by_group.values()] == [[("test", "group mixed")], [("train", "group rest")]]
    assert not data.patients_known
    assert (
        "6 images in 2 groups are kept together in one split; the data names no patients, so each group counts once in all "
        "statistics, and every other image counts as independent"
    ) in data.notes


def test_the_patient_stays_the_unit_of_statistics(tmp_path, load, groups):
    rows = ["image,label,patient"]
    for number in range(8):
        write_image(tmp_path / "images" / f"{number}.png", level=number)
        rows.append(f"{number}.png,{'ab'[number % 2]},p{number // 2}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    # Images 1 and 2 are of the patients p0 and p1, who now go to one split.
    data = load(
        format="csv",
        images=tmp_path / "images",
        labels=tmp_path / "labels.csv",
        split={"groups": groups("1.png,g", "2.png,g"), "test": 0.5, "validation": 0},
    )
    splits = {one.patient_id: one.split for one in data.cases}
    assert splits["p0"] == splits["p1"]
    assert set(splits) == {one.cluster for one in data.cases} == {"p0", "p1", "p2", "p3"}
    assert any(note.endswith("the unit of all statistics stays the patient") for note in data.notes)


def test_units_join_patients_and_groups_that_share_an_image():
    cases = [case("a", "p1"), case("b", "p1"), case("c", "p2"), case("d", "p3"), case("e", "p4")]
    units = units_of_split(cases, {"b": "g", "c": "g", "d": "alone"}, {})
    assert units["a"] == units["b"] == units["c"]
    assert len({units[name] for name in "ade"}) == 3
    # A group of one image changes no unit, and so no split.
    assert units["d"] == "p3"
    nameless = [case("a"), case("b"), case("c")]
    units = units_of_split(nameless, {"a": "g", "c": "g"}, {"a": "1", "b": "1", "c": "2"})
    assert len(set(units.values())) == 1


@pytest.mark.parametrize(
    ("lines", "message", "hint"),
    [
        (
            ["cancer/cancer-9.png,g"],
            "line 2: no image of the data that can be read is 'cancer/cancer-9.png'",
            "did you mean",
        ),
        (
            ["cancer/cancer-0.png,g", "cancer/cancer-0.png,h"],
            "line 3: the image 'cancer/cancer-0.png' stands in line 2 already",
            "an image belongs to one group: keep one of the two rows",
        ),
        (
            ["cancer/cancer-0.png,"],
            "line 2: the cell 'group' is empty",
            "name the image and its group, or drop the row",
        ),
        ([",g"], "line 2: the cell 'image' is empty", "name the image and its group, or drop the row"),
        ([], "lists no images", "add a row per image, or drop data.split.groups"),
        (["a,b,c"], "line 2: 3 cells under 2 columns", "put quotes around a text that holds the separator"),
    ],
)
def test_a_faulty_table_is_refused_by_line(two_classes, load, groups, lines, message, hint):
    with pytest.raises(DataError) as caught:
        load(images=two_classes, split={"groups": groups(*lines)})
    assert str(caught.value).startswith(f"groups.csv: {message}")
    assert hint in caught.value.hint


def test_a_table_without_its_columns_is_refused(groups):
    with pytest.raises(DataError, match="needs one column 'group', and has none"):
        read_groups(groups("a", header="image,cluster"))
    empty = groups(header="")
    with pytest.raises(DataError, match="needs one column 'image', and has none"):
        read_groups(empty)


def test_a_group_over_splits_that_the_data_names_is_refused(tmp_path, load, groups):
    rows = ["image,label,patient,split"]
    for number, split in enumerate(("train", "train", "test", "test")):
        write_image(tmp_path / "images" / f"{number}.png", level=number)
        rows.append(f"{number}.png,{'ab'[number % 2]},p{number},{split}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    keys = {"format": "csv", "images": tmp_path / "images", "labels": tmp_path / "labels.csv"}
    with pytest.raises(DataError) as caught:
        load(**keys, split={"groups": groups("1.png,g", "2.png,g")})
    assert str(caught.value) == (
        "groups.csv: the group 'g' holds '1.png' of patient 'p1' in train and '2.png' of patient 'p2' in test"
    )
    assert caught.value.hint.startswith("move them to one split")
    assert len(load(**keys, split={"groups": groups("0.png,g", "1.png,g")}).cases) == 4


def test_a_table_that_is_not_there_is_named_before_any_image_is_opened(two_classes):
    section = DataSection.model_validate(
        {"images": two_classes, "split": {"groups": Path("none/groups.csv")}}
    )
    (fault,) = preview(section).faults
    assert "groups.csv" in str(fault)
