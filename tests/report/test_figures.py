import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from xaudit.report.pictures.figures import (
    CAPTION_PX,
    OUTLINES,
    SMALLEST_SIDE,
    colours,
    contact_sheet,
    outline,
    outlined_image,
    overlay,
)

GAP_PX = 4


def square(side, top, left, size):
    mask = np.zeros((side, side), dtype=bool)
    mask[top : top + size, left : left + size] = True
    return mask


def panels(picture, side):
    """The two halves of a picture whose image is drawn at its own size."""
    array = np.asarray(picture)
    return array[:side, :side], array[:side, side + GAP_PX : 2 * side + GAP_PX]


@pytest.mark.parametrize(("top", "left", "size"), [(0, 0, 5), (17, 200, 9), (251, 251, 5), (100, 30, 1)])
def test_a_bright_square_and_its_outline_coincide_to_the_pixel(top, left, size):
    mask = square(256, top, left, size)
    picture = overlay(mask.astype(float), np.zeros((256, 256)), {"r1": mask}, signed=False, caption="")
    for panel in panels(picture, 256):
        coloured = (panel == OUTLINES[0]).all(axis=-1)
        white = (panel == 255).all(axis=-1)
        assert (coloured | white).tolist() == mask.tolist()
        # The rim of a square of s pixels has s² - (s - 2)² of them, one of 1 pixel has 1.
        assert coloured.sum() == size**2 - max(size - 2, 0) ** 2


@pytest.mark.parametrize("side", [64, 100, 128])
def test_small_images_are_enlarged_by_whole_numbers_and_marks_with_them(side):
    scale = -(-SMALLEST_SIDE // side)
    mask = square(side, 10, 20, 7)
    picture = overlay(mask.astype(float), np.zeros((side, side)), {"r1": mask}, signed=False, caption="")
    assert picture.size == (2 * side * scale + GAP_PX, side * scale + 2 * CAPTION_PX)
    panel, _ = panels(picture, side * scale)
    bright = panel.any(axis=-1)
    expected = np.zeros((side * scale, side * scale), dtype=bool)
    expected[10 * scale : 17 * scale, 20 * scale : 27 * scale] = True
    assert bright.tolist() == expected.tolist()


def test_the_map_lies_where_its_values_are_and_nowhere_else():
    grey = np.full((256, 256), 0.5)
    saliency = square(256, 40, 60, 20).astype(float)
    plain, covered = panels(overlay(grey, saliency, {}, signed=False, caption=""), 256)
    changed = (plain != covered).any(axis=-1)
    assert changed.tolist() == (saliency > 0).tolist()
    assert (plain == 128).all()


def test_evidence_against_is_blue_where_it_is_signed_and_warm_where_it_is_not():
    grey = np.zeros((256, 256))
    saliency = np.zeros((256, 256))
    saliency[:10, :10] = -1
    _, signed = panels(overlay(grey, saliency, {}, signed=True, caption=""), 256)
    _, unsigned = panels(overlay(grey, saliency, {}, signed=False, caption=""), 256)
    red, _, blue = signed[5, 5].astype(int)
    assert blue > red
    red, _, blue = unsigned[5, 5].astype(int)
    assert red > blue


def test_a_map_of_zeros_or_without_numbers_leaves_the_image_as_it_is():
    grey = np.full((256, 256), 0.25)
    for saliency in (np.zeros((256, 256)), np.full((256, 256), np.nan)):
        plain, covered = panels(overlay(grey, saliency, {}, signed=False, caption=""), 256)
        assert (plain == covered).all()


def test_a_map_shows_the_same_whatever_its_scale():
    generator = np.random.default_rng(0)
    grey, saliency = generator.random((256, 256)), generator.normal(size=(256, 256))
    first = overlay(grey, saliency, {}, signed=True, caption="")
    second = overlay(grey, saliency * 1e-6, {}, signed=True, caption="")
    assert np.array_equal(np.asarray(first), np.asarray(second))


def test_readers_have_colours_of_their_own():
    marks = {"r1": square(256, 10, 10, 30), "r2": square(256, 100, 100, 30), "r3": square(256, 200, 200, 30)}
    plain, _ = panels(
        overlay(np.zeros((256, 256)), np.zeros((256, 256)), marks, signed=False, caption=""), 256
    )
    for (_, mask), colour in zip(marks.items(), OUTLINES, strict=False):
        assert ((plain == colour).all(axis=-1) == outline(mask, 1)).all()
    assert len(set(OUTLINES)) == len(OUTLINES)


def test_colour_images_keep_their_colours():
    image = np.zeros((256, 256, 3))
    image[:, :, 1] = 1
    plain, _ = panels(overlay(image, np.zeros((256, 256)), {}, signed=False, caption=""), 256)
    assert (plain == (0, 255, 0)).all()


def test_a_long_caption_is_cut_to_the_picture():
    picture = overlay(np.zeros((256, 256)), np.zeros((256, 256)), {}, signed=False, caption="word " * 100)
    assert picture.size == (2 * 256 + GAP_PX, 256 + CAPTION_PX)
    assert np.asarray(picture)[256:].any()


@pytest.mark.parametrize("what", ["map", "r1"])
def test_shapes_that_differ_are_refused(what):
    saliency = np.zeros((3, 4) if what == "map" else (4, 4))
    marks = {"r1": np.zeros((4, 4) if what == "map" else (4, 3), dtype=bool)}
    with pytest.raises(ValueError, match=rf"^{what} of .* on an image of \(4, 4\)$"):
        overlay(np.zeros((4, 4)), saliency, marks, signed=False, caption="")


def test_outlines_keep_their_colour_and_run_inside_the_masks():
    left, nothing = np.zeros((300, 300), dtype=bool), np.zeros((300, 300), dtype=bool)
    left[100:200, 50:120] = True
    picture = np.asarray(outlined_image(np.zeros((300, 300)), {"none": nothing, "lungs": left}, caption=""))
    assert picture.shape == (300 + 2 * CAPTION_PX, 300, 3)
    assert tuple(picture[100, 60]) == OUTLINES[1]  # the second name's colour, though the first shows nothing
    assert not picture[:300][~left].any()
    with pytest.raises(ValueError, match=r"^lungs of \(3, 3\) on an image of \(4, 4\)$"):
        outlined_image(np.zeros((4, 4)), {"lungs": np.zeros((3, 3), dtype=bool)}, caption="")


def test_a_contact_sheet_holds_every_picture_in_rows():
    pictures = [Image.new("RGB", (100, 50 + n), (10 * n, 0, 0)) for n in range(1, 4)]
    sheet = contact_sheet(pictures, columns=2, width=100)
    assert sheet.size == (2 * (100 + GAP_PX), 52 + 53 + 2 * GAP_PX)
    assert sheet.getpixel((0, 0)) == (10, 0, 0)
    assert sheet.getpixel((100 + GAP_PX, 0)) == (20, 0, 0)
    assert sheet.getpixel((0, 52 + GAP_PX)) == (30, 0, 0)
    with pytest.raises(ValueError, match="no pictures"):
        contact_sheet([])


def test_stronger_evidence_is_lighter():
    steps = colours(np.linspace(0, 1, 101)[None])[0].astype(float) / 255
    linear = np.where(steps <= 0.04045, steps / 12.92, ((steps + 0.055) / 1.055) ** 2.4)
    luminance = linear @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(luminance) > 0).all()


def slow_outline(mask, thickness):
    """A pixel is on the outline when any pixel within reach of it is outside the mask."""
    height, width = mask.shape
    rim = np.zeros_like(mask)
    for y in range(height):
        for x in range(width):
            for dy in range(-thickness, thickness + 1):
                for dx in range(-thickness, thickness + 1):
                    inside = 0 <= y + dy < height and 0 <= x + dx < width and mask[y + dy, x + dx]
                    rim[y, x] |= mask[y, x] and not inside
    return rim


@given(arrays.arrays(bool, st.tuples(st.integers(1, 7), st.integers(1, 7))), st.integers(1, 2))
def test_the_outline_is_the_same_as_pixel_by_pixel(mask, thickness):
    assert outline(mask, thickness).tolist() == slow_outline(mask, thickness).tolist()
