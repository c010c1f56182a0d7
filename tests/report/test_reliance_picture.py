"""Mean reliance maps as pictures: colours, outlines and numbers stand where the map says, whatever the frames."""

import base64
import io
import re
from dataclasses import replace

import numpy as np
import outcomes
import pages
import pytest
from PIL import Image
from reliance_maps import area, map_test, mean, view

from xaudit.records import Interval
from xaudit.report.html.reliance_part import reliance_parts
from xaudit.report.html.render import html_report
from xaudit.report.paper_figures.overlays import outline_of
from xaudit.report.paper_figures.reliance import reliance_figures
from xaudit.report.pictures.figures import colours
from xaudit.report.pictures.reliance_picture import WIDTH, map_rgba, reliance_pictures, scale_rgb


def outcome(tests=(), means=()):
    return replace(outcomes.phantom_outcome(), map_tests=tuple(tests), mean_reliance=tuple(means))


def one_picture(a_mean, tests=(), **frames):
    [[picture]] = reliance_pictures(outcome(tests, [a_mean]), [view(a_mean, **frames)]).values()
    return picture


def outlined(picture):
    """Left, top, right and bottom of each area's outline in the picture's units."""
    x, y, across, down = picture.cell
    boxes = []
    for one in picture.areas:
        points = outline_of(one.path).vertices
        boxes.append(
            (*(points.min(axis=0) * (across, down) + (x, y)), *(points.max(axis=0) * (across, down) + (x, y)))
        )
    return boxes


def drawn_box(picture):
    """The same of the map's values above half of their maximum."""
    rows, columns = np.nonzero(np.nan_to_num(picture.values) > np.nanmax(picture.values) / 2)
    scale_x, scale_y = WIDTH / picture.values.shape[1], picture.height / picture.values.shape[0]
    return (
        columns.min() * scale_x,
        rows.min() * scale_y,
        (columns.max() + 1) * scale_x,
        (rows.max() + 1) * scale_y,
    )


# The model's frame is 128 × 128; the box lies in its upper right corner, of one eighth of the side.
FRAMES = {
    "stretched": ({"frame": (96, 96)}, (280, 0, 320, 40)),
    "stretched from a wide image": ({"frame": (100, 200)}, (280, 0, 320, 20)),
    # 200 px across become 128: the image fills the frame's middle half from top to bottom, and a quarter above is padding.
    "padded": ({"frame": (100, 200), "fit": "pad"}, (280, -80, 320, -40)),
    # The middle 100 of 200 px fill the frame: it begins at a quarter of the width.
    "cropped": ({"frame": (100, 200), "fit": "crop"}, (220, 0, 240, 20)),
    # Pixels twice as high as wide: as many units high as 200 px.
    "of oblong pixels": ({"frame": (100, 200), "spacing": (2.0, 1.0)}, (280, 0, 320, 40)),
}


@pytest.mark.parametrize(("frames", "box"), FRAMES.values(), ids=FRAMES.keys())
def test_the_outline_lies_where_the_model_saw_the_area(frames, box):
    picture = one_picture(mean(), [map_test(areas=(area(),))], **frames)
    [found] = outlined(picture)
    assert found == pytest.approx(box)
    assert picture.areas[0].label == pytest.approx(box[:2])


@pytest.mark.parametrize("name", ["stretched", "stretched from a wide image", "cropped", "of oblong pixels"])
def test_the_colours_lie_within_the_outline(name):
    frames, box = FRAMES[name]
    picture = one_picture(mean(), [map_test(areas=(area(),))], **frames)
    pixel = WIDTH / picture.values.shape[1]
    assert drawn_box(picture) == pytest.approx(box, abs=2 * pixel)


def test_what_the_model_does_not_see_is_transparent():
    picture = one_picture(mean(box=(0, 0, 128, 128)), frame=(100, 200), fit="crop")
    assert np.isnan(picture.values[:, :49]).all()
    assert not np.isnan(picture.values[:, 51:149]).any()
    assert map_rgba(picture.values, 0.5)[0, 0, 3] == 0
    assert picture.seen == pytest.approx((80, 0, 160, 160))
    assert picture.shows_seen


def test_windows_that_touch_have_one_outline():
    two = area(box=(0.75, 0.0, 1.0, 0.25), windows=((0.875, 0.0, 1.0, 0.125), (0.8125, 0.0, 0.9375, 0.125)))
    picture = one_picture(mean(), [map_test(areas=(two,))])
    assert picture.areas[0].path == "M104 0H128V16H104Z"


def test_colours_grow_with_the_value_and_nothing_is_transparent():
    rgba = map_rgba(np.array([[0.0, 0.1, 0.25, 0.5, 0.9]]), 0.5)
    assert rgba[0, 0, 3] == 0
    assert (np.diff(rgba[0, :4, 3].astype(int)) > 0).all()
    assert (rgba[0, 3] == rgba[0, 4]).all()
    assert (rgba[0, 2, :3] == colours(np.array([[0.5]]))[0, 0]).all()
    light = scale_rgb()[0] @ np.array([0.299, 0.587, 0.114])
    assert (np.diff(light) > -0.5).all()  # told apart without seeing hues


def test_all_models_share_one_scale():
    means = mean("honest", peak=0.03), mean("shortcut", peak=0.4)
    pictures = reliance_pictures(outcome(means=means), [view(one) for one in means])
    assert {one.top for own in pictures.values() for one in own} == {0.5}


def test_captions_name_images_patients_areas_and_units():
    shown = one_picture(mean(), [map_test(areas=(area(),))])
    assert shown.title == "24 cancer images, 20 patients: fall of P(cancer) when a place is hidden"
    assert shown.caption == (
        "P(cancer) is 0.97 on these images. Area 1, upper right corner (image border): 0.93 [0.88, 0.97]."
    )
    assert shown.alt == f"Mean reliance map of shortcut. {shown.title}. {shown.caption}"
    odds = map_test(areas=(area(effect=Interval(2.1, 1.5, 2.6, "bca")),), answer="log-odds")
    assert "log odds 2.10 [1.50, 2.60]" in one_picture(mean(), [odds]).caption


def test_captions_say_where_nothing_could_be_shown():
    none = "P(cancer) is 0.97 on these images; it falls most at the upper right corner, by 0.50"
    assert one_picture(mean()).caption == f"{none}."
    assert one_picture(mean(), [map_test()]).caption == f"{none}. No area stands out from chance."
    few = map_test(p=None)
    assert one_picture(mean(), [few]).caption == f"{none}. Fewer than 5 patients: no area can be tested."
    assert "it falls by less than 0.01 at every place" in one_picture(mean(peak=0.002)).caption


def test_the_page_draws_each_models_maps_with_their_words_and_numbers():
    text = html_report(pages.material())
    svgs = re.findall(r'<svg class="reliance".*?</svg>', text, flags=re.DOTALL)
    assert len(svgs) == 4
    assert 'aria-label="Mean reliance map of shortcut. 24 cancer images, 20 patients' in svgs[0]
    assert svgs[0].count('class="area"') == 1
    assert '<g transform="translate(280.0 0.0)"><rect class="label"' in svgs[0]
    assert "Behind each map: the image whose own map is nearest to the mean." in text
    # On the first screen, and beside all maps.
    assert text.count("Colour: by how much a change of the window there") == 2


def test_the_maps_are_on_the_page_pixel_by_pixel():
    material = pages.material()
    part = reliance_parts(material, images=True)["shortcut"]
    picture = part.figures[0].picture
    code = base64.b64decode(part.figures[0].map.partition(",")[2])
    drawn = np.asarray(Image.open(io.BytesIO(code)).convert("RGBA"))
    wanted = map_rgba(picture.values, picture.top)
    seen = wanted[:, :, 3] > 0
    assert (drawn[:, :, 3] == wanted[:, :, 3]).all()
    assert (drawn[seen] == wanted[seen]).all()


def test_a_label_at_the_edge_stays_within_the_picture():
    low = area(box=(0.97, 0.97, 1.0, 1.0), peak=(0.97, 0.97, 1.0, 1.0))
    own = outcome([map_test(areas=(low,))], [mean()])
    material = replace(pages.material(outcome=own), reliance=(view(mean()),))
    [(_, x, y)] = reliance_parts(material, images=False)["shortcut"].figures[0].numbers
    assert (x, y) == (303.0, 303.0)


def test_the_side_of_the_patient_stands_at_the_left_edge_where_all_images_agree():
    own = outcome(means=[mean(left_edge="R")])
    material = replace(pages.material(outcome=own), reliance=(view(mean(left_edge="R")),))
    assert re.search(r'<text class="edge"[^>]*>R</text>', html_report(material))
    assert 'class="edge"' not in html_report(pages.material())


def test_figures_hold_each_cell_with_its_area():
    material = pages.material()
    figures = {one.name: one for one in reliance_figures(material, images=True)}
    assert set(figures) == {"reliance-map-honest", "reliance-map-shortcut"}
    rows = [row for row in figures["reliance-map-shortcut"].rows if row[1] == "cancer"]
    assert len(rows) == 64 * 64
    numbered = {(row[5], row[6]) for row in rows if row[8] == 1}
    assert numbered == {(row, column) for row in range(8) for column in range(56, 64)}
    assert {row[7] for row in rows if row[8] == 1} == {0.5}


def test_a_figure_without_images_holds_no_image_of_a_case():
    material = pages.material()
    bare = replace(material, reliance=tuple(replace(view, preview=None) for view in material.reliance))
    with_case, without, wanted = (
        [one.drawn("svg") for one in reliance_figures(source, images=images)]
        for source, images in ((material, True), (material, False), (bare, True))
    )
    assert without == wanted
    assert with_case != without
