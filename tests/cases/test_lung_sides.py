"""Left and right by the names and numbers of whatever file holds the lungs, and no geometry where these tell."""

import json

import numpy as np
import pytest
from case_files import refused, write_image
from PIL import Image
from test_mask_sources import coco
from test_rtstruct import UID, index, square, structure_set

from xaudit.cases.anatomy.drawn_lungs import drawn_lungs
from xaudit.cases.anatomy.lung_sides import side_of
from xaudit.config import LungSection

IMAGE = "cancer/cancer-0.png"
LEFT, RIGHT = [1, 1, 5, 6], [6, 1, 3, 6]
"""Boxes that touch in column 6: 30 and 18 pixels. Together they are a rectangle, and its middle is column 5."""


def areas(dataset, number=0):
    known = dataset.surroundings(dataset.cases[number])
    sides = (known.left_lung, known.right_lung)
    return int(known.lungs.sum()), *(None if side is None else int(side.sum()) for side in sides)


def numbers(left=1, right=2, shape=(8, 10)):
    values = np.zeros(shape, dtype=np.uint8)
    values[1:7, 1:6], values[1:7, 6:9] = left, right
    return values


def folder_of(path, values, name="cancer-0"):
    path.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path / f"{name}.png")
    return path


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("left lung", "left"),
        ("Right_Lung", "right"),
        ("lung-left", "left"),
        ("lung_upper_lobe_right", "right"),
        ("leftMask", "left"),
        ("LeftLung", "left"),
        ("rightlung", "right"),
        ("Lung_L", "left"),
        ("R lung", "right"),
        ("LUL", "left"),
        ("RML", "right"),
        ("Lunge links", "left"),
        ("poumon droit", "right"),
        ("lung", None),
        ("lungs", None),
        ("left and right lung", None),
        ("L1", None),
    ],
)
def test_a_name_says_its_side(name, side):
    assert side_of(name) == side


@pytest.mark.parametrize(
    ("left", "right"), [("left lung", "Right Lung"), ("lung_L", "lung_R"), ("left", "right")]
)
def test_categories_of_a_coco_file_name_the_lungs(two_classes, load, tmp_path, left, right):
    path = coco(tmp_path, (left, IMAGE, LEFT), (right, IMAGE, RIGHT))
    dataset = load(images=two_classes, regions={"lungs": path})
    assert areas(dataset) == (48, 30, 18)
    assert dataset.masks.lungs.sides == f"left is '{left}', right is '{right}'"


def test_lobes_of_a_coco_file_make_a_lung_of_each_side(two_classes, load, tmp_path):
    lobes = [
        ("LUL", [1, 1, 5, 2]),
        ("LLL", [1, 3, 5, 4]),
        ("RUL", [6, 1, 3, 2]),
        ("RML", [6, 3, 3, 1]),
        ("RLL", [6, 4, 3, 3]),
    ]
    path = coco(tmp_path, *((name, IMAGE, box) for name, box in lobes))
    assert areas(load(images=two_classes, regions={"lungs": path})) == (48, 30, 18)


def test_what_is_lung_and_names_no_side_goes_with_the_nearer_lung(two_classes, load, tmp_path):
    path = coco(
        tmp_path,
        ("left lung", IMAGE, [1, 1, 3, 6]),
        ("right lung", IMAGE, [7, 1, 2, 6]),
        ("lung cyst", IMAGE, [4, 1, 1, 2]),
    )
    assert areas(load(images=two_classes, regions={"lungs": path})) == (18 + 12 + 2, 20, 12)


def test_a_lung_without_a_side_beside_one_named_lung_is_refused(two_classes, load, tmp_path):
    path = coco(tmp_path, ("left lung", IMAGE, LEFT), ("lung", IMAGE, RIGHT))
    with refused(
        "data.regions.lungs: anatomy.json draws 'left lung' and 'lung', and which lung 'lung' shows is not said",
        "name the categories of each lung: {path: anatomy.json, left: [...], right: [...]}",
    ):
        load(images=two_classes, regions={"lungs": path})
    regions = {"lungs": {"path": path, "left": "left lung", "right": "lung"}}
    assert areas(load(images=two_classes, regions=regions)) == (48, 30, 18)


def test_lungs_in_two_formats_in_one_folder_are_refused(two_classes, load, tmp_path):
    folder = folder_of(tmp_path / "lungs", numbers())
    coco(folder, ("left lung", IMAGE, LEFT)).rename(folder / "left.json")
    with refused(
        "data.regions.lungs: lungs holds PNGs (cancer-0.png) and COCO (left.json), and the masks of a structure have one format",
        "keep the masks of a structure in one format",
    ):
        load(images=two_classes, regions={"lungs": folder})
    (folder / "cancer-0.png").unlink()
    with refused(
        "data.regions.lungs: lungs is a folder with COCO (left.json), and COCO masks of a structure are one file",
        "name the file; several files must be joined to one",
    ):
        load(images=two_classes, regions={"lungs": folder})


def test_a_case_with_one_named_lung_has_the_other_empty(two_classes, load, tmp_path):
    path = coco(tmp_path, ("left lung", IMAGE, LEFT), ("right lung", "cancer/cancer-1.png", RIGHT))
    dataset = load(images=two_classes, regions={"lungs": path})
    assert (areas(dataset), areas(dataset, 1)) == ((30, 30, 0), (18, 0, 18))


def test_the_audit_file_names_categories_that_say_nothing(two_classes, load, tmp_path):
    path = coco(tmp_path, ("a", IMAGE, LEFT), ("b", IMAGE, RIGHT), ("c", IMAGE, [0, 0, 1, 1]))
    regions = {"lungs": {"path": path, "left": "a", "right": ["b"]}}
    assert areas(load(images=two_classes, regions=regions)) == (48, 30, 18)
    with refused("data.regions.lungs.right: anatomy.json draws nothing called 'd'", "it draws 'a', 'b', 'c'"):
        load(images=two_classes, regions={"lungs": {"path": path, "left": "a", "right": "d"}})


@pytest.mark.parametrize("values", [(1, 2), (255, 128), (3, 4)])
def test_two_numbers_of_a_png_are_two_lungs(two_classes, load, tmp_path, values):
    path = folder_of(tmp_path / "lungs", numbers(*values))
    whole, *sides = areas(load(images=two_classes, regions={"lungs": path}))
    assert (whole, sorted(sides)) == (48, [18, 30])


def test_a_mask_with_one_of_the_two_numbers_shows_one_lung(two_classes, load, tmp_path):
    folder_of(tmp_path / "lungs", numbers())
    folder_of(tmp_path / "lungs", numbers(0, 2), "cancer-1")
    path = folder_of(tmp_path / "lungs", numbers(1, 0), "cancer-2")
    dataset = load(images=two_classes, regions={"lungs": path})
    assert [areas(dataset, number) for number in range(3)] == [(48, 30, 18), (18, 0, 18), (30, 30, 0)]


def test_masks_of_one_number_tell_no_side(two_classes, load, tmp_path):
    folder_of(tmp_path / "lungs", numbers(1, 1))
    path = folder_of(tmp_path / "lungs", numbers(1, 0), "cancer-1")
    dataset = load(images=two_classes, regions={"lungs": path})
    assert [areas(dataset, number) for number in range(2)] == [(48, None, None), (30, None, None)]


def test_two_colours_of_a_png_are_two_lungs(two_classes, load, tmp_path):
    colours = np.zeros((8, 10, 3), dtype=np.uint8)
    colours[1:7, 1:6, 0] = colours[1:7, 6:9, 1] = 255
    whole, *sides = areas(load(images=two_classes, regions={"lungs": folder_of(tmp_path / "lungs", colours)}))
    assert (whole, sorted(sides)) == (48, [18, 30])


def test_a_number_within_the_other_is_no_lung(two_classes, load, tmp_path):
    values = numbers(1, 1)
    values[3:5, 3:5] = 2  # a nodule
    assert areas(load(images=two_classes, regions={"lungs": folder_of(tmp_path / "lungs", values)})) == (
        48,
        None,
        None,
    )


def lobes():
    values = numbers(1, 3)
    values[4:7, 1:6], values[3:5, 6:9], values[5:7, 6:9] = 2, 4, 5
    values[0, 0] = 6  # the trachea
    return values


def test_five_numbers_say_no_side_until_the_audit_file_names_them(two_classes, load, tmp_path):
    path = folder_of(tmp_path / "lungs", lobes())
    assert areas(load(images=two_classes, regions={"lungs": path})) == (49, None, None)
    named = {"path": path, "left": [1, 2], "right": [3, 4, 5]}
    dataset = load(images=two_classes, regions={"lungs": named})
    assert areas(dataset) == (48, 30, 18)
    assert dataset.masks.lungs.sides == "left is 1, 2, right is 3, 4, 5 in the masks"
    with refused("data.regions.lungs.left: no mask holds the number 7", "the masks hold 1, 2, 3, 4, 5, 6"):
        load(images=two_classes, regions={"lungs": {"path": path, "left": 7, "right": 3}})
    with refused(
        "data.regions.lungs: the masks of lungs have numbers and no names",
        "give the numbers of each lung, as in `left: [1, 2]`",
    ):
        load(images=two_classes, regions={"lungs": {"path": path, "left": "left", "right": "right"}})


def test_two_numbers_of_a_nifti_file_are_two_lungs(load, tmp_path):
    nibabel = pytest.importorskip("nibabel")
    write_image(tmp_path / "images" / "sick" / "a.png")
    write_image(tmp_path / "images" / "well" / "b.png", level=9)
    (tmp_path / "lungs").mkdir()
    values = numbers().T[:, :, None]
    nibabel.save(nibabel.Nifti1Image(values, np.diag([-1.0, -1, 1, 1])), tmp_path / "lungs" / "a.nii.gz")
    dataset = load(images=tmp_path / "images", regions={"lungs": tmp_path / "lungs"})
    assert areas(dataset) == (48, 30, 18)


@pytest.mark.parametrize("names", [("left lung", "right lung"), ("leftMask", "rightMask"), ("L", "R")])
def test_two_folders_are_two_lungs(two_classes, load, tmp_path, names):
    for name, values in zip(names, (numbers(255, 0), numbers(0, 255)), strict=True):
        folder_of(tmp_path / "lungs" / name, values)
    dataset = load(images=two_classes, regions={"lungs": tmp_path / "lungs"})
    assert areas(dataset) == (48, 30, 18)
    assert dataset.masks.lungs.sides == f"left in {names[0]}, right in {names[1]}"


def test_folders_of_lobes_make_a_lung_of_each_side(two_classes, load, tmp_path):
    values = lobes()
    for number, name in enumerate(
        ("upper_left", "lower_left", "upper_right", "middle_right", "lower_right"), start=1
    ):
        folder_of(tmp_path / "lungs" / f"lung_{name}", (values == number).astype(np.uint8))
    assert areas(load(images=two_classes, regions={"lungs": tmp_path / "lungs"})) == (48, 30, 18)


def test_the_audit_file_names_a_folder_for_each_lung(two_classes, load, tmp_path):
    one, two = folder_of(tmp_path / "one", numbers(255, 0)), folder_of(tmp_path / "two", numbers(0, 255))
    assert areas(load(images=two_classes, regions={"lungs": {"left": one, "right": two}})) == (48, 30, 18)


def test_a_third_folder_beside_the_two_lungs_is_refused(two_classes, load, tmp_path):
    for name in ("left", "right", "trachea"):
        folder_of(tmp_path / "lungs" / name, numbers())
    with refused(
        "data.regions.lungs: lungs holds 'left' and 'trachea', and which lung 'trachea' shows is not said",
        "name the folders of each lung: {left: lungs/left, right: ...}",
    ):
        load(images=two_classes, regions={"lungs": tmp_path / "lungs"})


def test_folders_of_the_images_own_names_are_no_lungs(load, tmp_path):
    for number, name in enumerate(("left", "right")):
        write_image(tmp_path / "images" / name / "a.png", level=number)
        folder_of(tmp_path / "lungs" / name, numbers(255, 255), "a")
    dataset = load(images=tmp_path / "images", regions={"lungs": tmp_path / "lungs"})
    assert (areas(dataset), areas(dataset, 1)) == ((48, None, None), (48, None, None))


def test_a_digest_tells_lungs_that_swap_their_numbers_from_one_mask_of_both(two_classes, load, tmp_path):
    digests = []
    for values in (numbers(1, 2), numbers(2, 1), numbers(1, 1), numbers(9, 9)):
        dataset = load(images=two_classes, regions={"lungs": folder_of(tmp_path / "lungs", values)})
        digests.append(json.dumps(dataset.masks.lungs.digest(dataset.cases[0])))
    assert len(set(digests)) == 3
    assert digests[2] == digests[3]


def test_structures_of_a_dicom_file_name_the_lungs(tmp_path):
    for side, outline in (("left", square(2, 2, 12, 12)), ("right", square(12, 2, 18, 12))):
        (tmp_path / f"{side}.dcm").write_bytes(structure_set(outline, uid=UID, name=f"Lung_{side}"))
    drawn = drawn_lungs(tmp_path, index(), "data.regions.lungs")
    assert drawn.names == (("Lung_left",), ("Lung_right",))
    assert [side for _, side in drawn.marks["a"]] == ["left", "right"]
    named = LungSection(path=tmp_path, left="Lung_right", right="Lung_left")
    swapped = drawn_lungs(tmp_path, index(), "data.regions.lungs", named)
    assert [side for _, side in swapped.marks["a"]] == ["right", "left"]
