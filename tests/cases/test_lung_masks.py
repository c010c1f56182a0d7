"""Lung masks beside the images."""

import numpy as np
import pytest
from case_files import refused, write_image
from PIL import Image

from xaudit.cases.masks.raster import find_masks, read_mask

PATHS = {"cancer/a": "cancer/a.dcm", "normal/b": "normal/b.jpg"}
FRAMES = {"cancer/a": (8, 10), "normal/b": (8, 10)}


def test_a_mask_is_found_by_the_images_name_with_or_without_its_folder(tmp_path):
    first = write_image(tmp_path / "cancer" / "a.png")
    second = write_image(tmp_path / "b.png")
    write_image(tmp_path / "of-no-case.png", height=3)
    assert find_masks(tmp_path, PATHS, FRAMES) == {"cancer/a": first, "normal/b": second}


def test_a_case_may_have_no_mask(tmp_path):
    write_image(tmp_path / "a.png")
    assert set(find_masks(tmp_path, PATHS, FRAMES)) == {"cancer/a"}


def test_inside_is_what_is_not_zero(tmp_path):
    Image.fromarray(np.array([[0, 1], [255, 0]], dtype=np.uint8)).save(tmp_path / "a.png")
    assert read_mask(tmp_path / "a.png", (2, 2)).tolist() == [[False, True], [True, False]]


def test_a_mask_of_another_size_is_refused(tmp_path):
    write_image(tmp_path / "a.png", height=10, width=8)
    with refused(
        "a.png: a mask of 8 × 10 pixels for an image of 10 × 8",
        "make the mask on the image itself; sizes are not guessed",
    ):
        find_masks(tmp_path, PATHS, FRAMES)


def test_a_mask_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(write_image(tmp_path / "b.png").read_bytes()[:50])
    with refused("a.png: the mask is truncated", "save it again as PNG"):
        find_masks(tmp_path, PATHS, FRAMES)


def test_a_mask_that_can_be_of_two_cases_is_refused(tmp_path):
    folder = tmp_path / "lungs"
    write_image(folder / "a.png")
    paths = {"cancer/a": "cancer/a.png", "normal/a": "normal/a.png"}
    frames = dict.fromkeys(paths, (8, 10))
    with refused(
        "lungs/a.png: can be the mask of cancer/a or normal/a",
        "put the masks into the same sub-folders as the images",
    ):
        find_masks(folder, paths, frames)


def test_masks_of_other_images_are_refused(tmp_path):
    folder = tmp_path / "lungs"
    write_image(folder / "x.png")
    with refused(
        "lungs: none of its 1 masks has the name of an image",
        "give each mask the name of its image: scan-1.png for scan-1.dcm",
    ):
        find_masks(folder, PATHS, FRAMES)


def test_a_missing_folder_is_named(tmp_path):
    (tmp_path / "lungs").mkdir()
    otherwise = "paths in the audit file start from that file's folder"
    with refused(f"{tmp_path / 'lung'}: no such folder of masks", f"did you mean 'lungs'? {otherwise}"):
        find_masks(tmp_path / "lung", PATHS, FRAMES)


@pytest.mark.parametrize("mode", ["L", "1"])
def test_eight_and_one_bit_masks_are_alike(tmp_path, mode):
    Image.fromarray(np.array([[0, 255]], dtype=np.uint8)).convert(mode).save(tmp_path / "a.png")
    assert read_mask(tmp_path / "a.png", (1, 2)).tolist() == [[False, True]]
