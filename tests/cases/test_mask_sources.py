"""Masks from folders, from COCO, made here, and the hull; and what cannot be one."""

import json

import numpy as np
import pytest
from case_files import refused, write_image
from PIL import Image

from xaudit.config import DataSection

PLACES = {"cancer/cancer-0": "cancer/cancer-0.png", "normal/normal-0": "normal/normal-0.png"}


def coco(tmp_path, *drawn):
    """A COCO file of (category, image, box)."""
    names = sorted({name for name, _, _ in drawn})
    images = sorted({image for _, image, _ in drawn})
    content = {
        "images": [{"id": i, "file_name": name, "height": 8, "width": 10} for i, name in enumerate(images)],
        "categories": [{"id": i, "name": name} for i, name in enumerate(names)],
        "annotations": [
            {"id": i, "image_id": images.index(image), "category_id": names.index(name), "bbox": box}
            for i, (name, image, box) in enumerate(drawn)
        ],
    }
    path = tmp_path / "anatomy.json"
    path.write_text(json.dumps(content))
    return path


def test_lungs_of_a_coco_file_are_all_that_is_called_lung(two_classes, load, tmp_path):
    image = "cancer/cancer-0.png"
    path = coco(
        tmp_path,
        ("left lung", image, [1, 1, 3, 4]),
        ("Right Lung", image, [6, 1, 2, 4]),
        ("heart", image, [4, 3, 2, 2]),
    )
    dataset = load(images=two_classes, regions={"lungs": path})
    known = dataset.surroundings(dataset.cases[0])
    assert known.lungs.sum() == 3 * 4 + 2 * 4
    assert dataset.masks.lungs.n_given == 1
    other = dataset.surroundings(dataset.cases[1])
    assert (other.lungs, other.unknown) == (None, {"lungs": "no lung mask for this case"})


def test_the_only_category_of_a_file_is_taken_whatever_its_name(two_classes, load, tmp_path):
    path = coco(tmp_path, ("patient", "cancer/cancer-0.png", [1, 1, 8, 6]))
    dataset = load(images=two_classes, regions={"body": path})
    assert dataset.surroundings(dataset.cases[0]).body.sum() == 48


def test_a_file_that_draws_something_else_is_refused(two_classes, load, tmp_path):
    image = "cancer/cancer-0.png"
    path = coco(tmp_path, ("heart", image, [1, 1, 3, 4]), ("liver", image, [1, 1, 3, 4]))
    with refused(
        "data.regions.lungs: anatomy.json draws 'heart', 'liver', and nothing with 'lung' in its name",
        "call the category 'lung', or give a file with lungs only",
    ):
        load(images=two_classes, regions={"lungs": path})


def test_a_volume_is_refused_by_name(two_classes, load, tmp_path):
    (tmp_path / "lungs.nrrd").write_bytes(b"")
    with refused(
        "data.regions.lungs: lungs.nrrd: volumes of this format are not read",
        "save it as NIfTI, or the mask of each slice as a PNG that is called like its image",
    ):
        load(images=two_classes, regions={"lungs": tmp_path / "lungs.nrrd"})


def test_the_hull_of_two_lungs_holds_what_lies_between(two_classes, load, tmp_path):
    mask = np.zeros((8, 10), dtype=np.uint8)
    mask[2:6, 1:3] = mask[2:6, 7:9] = 255
    (tmp_path / "lungs").mkdir()
    Image.fromarray(mask).save(tmp_path / "lungs" / "cancer-0.png")
    dataset = load(images=two_classes, regions={"lungs": tmp_path / "lungs", "thorax": "builtin"})
    known = dataset.surroundings(dataset.cases[0])
    expected = np.zeros((8, 10), dtype=bool)
    expected[2:6, 1:9] = True
    assert np.array_equal(known.thorax, expected)
    assert dataset.surroundings(dataset.cases[1]).thorax is None


def test_a_mask_that_is_not_believed_is_missing_with_its_reason(two_classes, load):
    dataset = load(images=two_classes, regions={"lungs": "builtin-ct", "body": "builtin"})
    known = dataset.surroundings(dataset.cases[0])
    assert known.lungs is None
    assert known.unknown["lungs"].startswith("the built-in segmentation found no lungs: ")
    assert dataset.masks.lungs.n_given is None


def test_a_digest_follows_the_mask_and_not_the_file(two_classes, load, tmp_path):
    path = write_image(tmp_path / "lungs" / "cancer-0.png")
    dataset = load(images=two_classes, regions={"lungs": tmp_path / "lungs"})
    case = dataset.cases[0]
    before = dataset.masks.digest(case)
    pixels = np.asarray(Image.open(path))
    Image.fromarray(pixels).save(path, compress_level=0)
    assert dataset.masks.digest(case) == before
    Image.fromarray(np.zeros((8, 10), dtype=np.uint8)).save(path)
    assert dataset.masks.digest(case) != before
    assert load(images=two_classes, regions={"tolerance_px": 2}).masks.digest(case) != (
        load(images=two_classes).masks.digest(case)
    )


def test_a_tolerance_in_millimetres_becomes_pixels_along_a_row(two_classes, load, tmp_path):
    table = "image,label,spacing_row_mm,spacing_col_mm\n" + "".join(
        f"{label}/{label}-{n}.png,{label},2.0,0.5\n" for label in ("cancer", "normal") for n in range(3)
    )
    (tmp_path / "labels.csv").write_text(table)
    dataset = load(
        format="csv", images=two_classes, labels=tmp_path / "labels.csv", regions={"tolerance_mm": 3}
    )
    known = dataset.surroundings(dataset.cases[0])
    assert (known.tolerance_px, known.aspect) == (6.0, 4.0)  # 3 mm are 6 columns; a row is 4 columns high


def test_a_tolerance_in_millimetres_needs_a_spacing(two_classes, load):
    with refused(
        "cancer/cancer-0: regions.tolerance_mm needs the pixel spacing, which is not known",
        "give spacing_row_mm and spacing_col_mm in the table, or set tolerance_px",
    ):
        load(images=two_classes, regions={"tolerance_mm": 3})


@pytest.mark.parametrize(
    ("regions", "said"),
    [
        ({"lungs": "builtin-mr"}, "no masks are called 'builtin-mr'"),
        ({"lungs": "builtin"}, "no masks are called 'builtin'"),
        (
            {"thorax": "builtin"},
            "regions.thorax: builtin is the hull of the lungs, and regions.lungs is not set",
        ),
        ({"tolerance_px": 1, "tolerance_mm": 1}, "tolerance_px and tolerance_mm are both set"),
    ],
)
def test_what_the_section_cannot_mean_is_refused(regions, said):
    with pytest.raises(ValueError, match=said):
        DataSection.model_validate({"images": "x", "regions": regions})


@pytest.mark.parametrize(
    ("regions", "kinds"),
    [
        ({}, (None, None)),
        ({"lungs": "builtin-ct", "body": "builtin"}, ("ct", "ct")),
        ({"lungs": "builtin-xray", "body": "builtin"}, ("xray", "xray")),
        ({"lungs": "folder", "body": "builtin"}, (None, "ct")),
        ({"lungs": "builtin-ct", "body": "builtin-xray"}, ("ct", "xray")),
    ],
)
def test_a_built_in_body_is_made_for_the_same_kind_of_image_as_the_lungs(regions, kinds):
    section = DataSection.model_validate({"images": "x", "regions": regions}).regions
    assert (section.builtin("lungs"), section.builtin("body")) == kinds
