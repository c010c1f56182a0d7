"""Masks of regions that an audit file names: PNGs, numbers, categories, overlaps, and what cannot be one."""

import json

import numpy as np
import pytest
from case_files import refused
from PIL import Image

from xaudit.cases.preflight import preview
from xaudit.config import DataSection

HEIGHT, WIDTH = 8, 10
IMAGE = "cancer/cancer-0.png"


def save_mask(path, *boxes, shape=(HEIGHT, WIDTH)):
    """A PNG with a number in each box of (number, rows, columns)."""
    mask = np.zeros(shape, dtype=np.uint8)
    for number, (y0, y1), (x0, x1) in boxes:
        mask[y0:y1, x0:x1] = number
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask).save(path)
    return path.parent


def save_coco(path, *drawn):
    """A COCO file of (category, box) on the first image."""
    names = sorted({name for name, _ in drawn})
    content = {
        "images": [{"id": 0, "file_name": IMAGE, "height": HEIGHT, "width": WIDTH}],
        "categories": [{"id": i, "name": name} for i, name in enumerate(names)],
        "annotations": [
            {"id": i, "image_id": 0, "category_id": names.index(name), "bbox": box}
            for i, (name, box) in enumerate(drawn)
        ],
    }
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def ruler(tmp_path):
    """A folder with the mask of the first image: 2 rows of 4 pixels."""
    return save_mask(tmp_path / "ruler" / "cancer-0.png", (255, (6, 8), (1, 5)))


def test_a_mask_is_read_for_its_case_and_unknown_for_all_others(two_classes, load, ruler):
    dataset = load(images=two_classes, regions={"own": {"ruler": ruler}})
    first, second = (dataset.surroundings(case) for case in dataset.cases[:2])
    assert first.own["ruler"].sum() == 8
    assert (first.own["ruler"][6:8, 1:5]).all()
    assert (second.own, second.unknown) == ({"ruler": None}, {"ruler": "no ruler mask for this case"})
    assert dataset.masks.own["ruler"].n_given == 1
    assert dataset.own_regions(dataset.cases[1]) == {}


def test_a_number_takes_its_pixels_and_no_number_takes_all_and_says_so(two_classes, load, tmp_path):
    folder = save_mask(tmp_path / "things" / "cancer-0.png", (1, (0, 2), (0, 3)), (4, (5, 7), (0, 2)))
    one = load(images=two_classes, regions={"own": {"tube": {"path": folder, "category": 4}}})
    every = load(images=two_classes, regions={"own": {"tube": folder}})
    assert one.surroundings(one.cases[0]).own["tube"].sum() == 4
    assert every.surroundings(every.cases[0]).own["tube"].sum() == 10
    assert not any("numbers" in note for note in one.notes)
    assert (
        "the masks of the region 'tube' hold the numbers 1, 4, and all of them count; data.regions.own.tube.category takes "
        "one"
    ) in every.notes


def test_a_category_of_a_coco_file_is_found_by_the_regions_name_or_by_its_own(two_classes, load, tmp_path):
    path = save_coco(tmp_path / "all.json", ("Optic_Disc", [1, 1, 3, 4]), ("vessel", [5, 1, 2, 2]))
    own = {"optic-disc": path, "big-vessel": {"path": path, "category": "vessel"}}
    dataset = load(images=two_classes, regions={"own": own})
    first, second = (dataset.surroundings(case) for case in dataset.cases[:2])
    assert {name: mask.sum() for name, mask in first.own.items()} == {"optic-disc": 12, "big-vessel": 4}
    assert second.unknown["optic-disc"] == "no optic disc is drawn on this case"


def test_a_file_that_draws_only_something_else_is_refused_even_if_that_is_all_it_draws(
    two_classes, load, tmp_path
):
    path = save_coco(tmp_path / "all.json", ("lesion", [1, 1, 3, 4]))
    with refused(
        "data.regions.own.ruler: all.json draws 'lesion', and nothing called 'ruler'",
        "name the category: ruler: {path: all.json, category: lesion}",
    ):
        load(images=two_classes, regions={"own": {"ruler": path}})
    with refused(
        "data.regions.own.ruler.category: all.json draws nothing called 'lesions'",
        "did you mean 'lesion'? it draws 'lesion'",
    ):
        load(images=two_classes, regions={"own": {"ruler": {"path": path, "category": "lesions"}}})


def test_a_number_that_no_mask_holds_and_a_name_for_numbers_are_refused(two_classes, load, ruler):
    with refused(
        "data.regions.own.ruler.category: no mask of ruler holds the number 3", "the masks hold 255"
    ):
        load(images=two_classes, regions={"own": {"ruler": {"path": ruler, "category": 3}}})
    with refused(
        "data.regions.own.ruler.category: the masks of ruler have numbers, and 'scale' is a name",
        "give the number of the region, as in `category: 3`, or no category where every pixel that is not 0 counts",
    ):
        load(images=two_classes, regions={"own": {"ruler": {"path": ruler, "category": "scale"}}})


def test_a_mask_of_another_size_is_refused_with_the_regions_name(two_classes, load, tmp_path):
    folder = save_mask(tmp_path / "ruler" / "cancer-0.png", shape=(HEIGHT, WIDTH + 1))
    with refused(
        f"data.regions.own.ruler: cancer-0.png: a mask of {WIDTH + 1} × {HEIGHT} pixels for an image of {WIDTH} × {HEIGHT}",
        "make the mask on the image itself; sizes are not guessed",
    ):
        load(images=two_classes, regions={"own": {"ruler": folder}})


def test_overlaps_are_counted_and_said_once_and_a_place_of_evidence_may_hold_the_mark(
    two_classes, load, tmp_path, ruler
):
    tube = save_mask(tmp_path / "tube" / "cancer-0.png", (1, (7, 8), (4, 9)))
    breast = save_mask(tmp_path / "breast" / "cancer-0.png", (1, (0, 4), (0, 5)))
    marks = save_coco(tmp_path / "marks.json", ("lesion", [8, 6, 2, 2]), ("lesion", [1, 1, 2, 2]))
    own = {"ruler": ruler, "tube": tube, "breast": {"path": breast, "evidence": True}}
    dataset = load(images=two_classes, annotations={"path": marks}, regions={"own": own})
    assert [note for note in dataset.notes if "overlap" in note] == [
        "the marks overlap the region 'tube' on 1 image; shared pixels count as the mark",
        "the regions 'ruler' and 'tube' overlap on 1 image; shared pixels count as 'ruler', which the audit file names first",
    ]


def test_files_that_belong_to_no_image_are_counted(two_classes, load, ruler):
    save_mask(ruler / "elsewhere.png", (1, (0, 1), (0, 1)))
    dataset = load(images=two_classes, regions={"own": {"ruler": ruler}})
    assert "1 file of the ruler masks belongs to no image of the data" in dataset.notes


def test_masks_among_the_images_are_no_images(two_classes, load):
    save_mask(two_classes / "ruler" / "cancer-0.png", (1, (0, 1), (0, 1)))
    dataset = load(images=two_classes, regions={"own": {"ruler": two_classes / "ruler"}})
    assert "ruler" not in dataset.class_names


def test_masks_that_do_not_exist_are_named_before_an_image_is_opened(two_classes, tmp_path):
    section = DataSection(images=two_classes, regions={"own": {"ruler": tmp_path / "rulers"}})
    [fault] = preview(section).faults
    assert str(fault).startswith("data.regions.own.ruler: ")
    assert "no such folder" in str(fault)


def test_other_pixels_and_another_order_are_another_digest(two_classes, load, tmp_path, ruler):
    other = save_mask(tmp_path / "tube" / "cancer-0.png", (255, (6, 8), (1, 5)))
    first = load(images=two_classes, regions={"own": {"ruler": ruler, "tube": other}})
    turned = load(images=two_classes, regions={"own": {"tube": other, "ruler": ruler}})
    plain = load(images=two_classes)
    digests = [json.dumps(one.masks.digest(one.cases[0])) for one in (first, turned, plain)]
    assert len(set(digests)) == 3
