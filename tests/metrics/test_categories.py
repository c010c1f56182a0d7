"""Maps that fail in known ways, on the simulated chest with its true lungs and body."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xaudit.cases.phantom.anatomy import draw_anatomy
from xaudit.config import CategoriesSection
from xaudit.metrics.categories import (
    Measures,
    beyond_chance,
    category_of,
    is_wrong_reason,
    measure_map,
)
from xaudit.metrics.localization.binarisation import above_otsu
from xaudit.metrics.localization.overlap import iou
from xaudit.metrics.regions import partition
from xaudit.records import MapFacts

SIDE = 128
DEFAULT = CategoriesSection()
EVERYWHERE = np.ones((SIDE, SIDE), dtype=bool)


def chest():
    """Lungs and body of a simulated patient at the level of the heart, true in each."""
    anatomy = draw_anatomy(np.random.default_rng(3))
    grid = anatomy.grid(SIDE)
    lungs = anatomy.lung_distance(grid, 0.5) <= 0
    body = anatomy.body.distance(grid.x, grid.y) <= 0
    return lungs, body | lungs


LUNGS, BODY = chest()
ROWS, COLS = np.mgrid[0:SIDE, 0:SIDE]
LEFT_LUNG, RIGHT_LUNG = LUNGS & (COLS < SIDE // 2), LUNGS & (COLS >= SIDE // 2)


def middle(mask):
    return float(ROWS[mask].mean()), float(COLS[mask].mean())


def disc(y, x, radius):
    return (ROWS - y) ** 2 + (COLS - x) ** 2 <= radius**2


def wall_point(lung):
    """The lung's pixel farthest from the chest's middle, level with the lung's own middle."""
    y = round(middle(lung)[0])
    xs = np.flatnonzero(lung[y])
    return y, xs[0] if xs.mean() < SIDE / 2 else xs[-1]


BODY_MIDDLE = middle(BODY)
MARKS = {
    "left": disc(*middle(LEFT_LUNG), 6),
    "right": disc(*middle(RIGHT_LUNG), 6),
    "bilateral": disc(*middle(LEFT_LUNG), 6) | disc(*middle(RIGHT_LUNG), 6),
    "midline": disc(BODY_MIDDLE[0], (middle(LEFT_LUNG)[1] + middle(RIGHT_LUNG)[1]) / 2, 3),
    "at the wall": disc(*wall_point(LEFT_LUNG), 5),
    "tiny": disc(*middle(RIGHT_LUNG), 1),
    "huge": disc(*middle(LEFT_LUNG), 15),
}


def anatomy_of(mark, *, lungs=LUNGS, body=BODY):
    return partition(mark, lungs, body=body, with_border=False)


def blob(mask, peak=1.0, floor=0.0):
    return np.where(mask, peak, floor)


def category(saliency, mark, **known):
    measures = measure_map(saliency, mark, EVERYWHERE, anatomy_of(mark, **known))
    return category_of(measures, DEFAULT)


def under_half(mark):
    """The mark's pixels in reading order, as many as just miss the half of them."""
    order = np.cumsum(mark.ravel()).reshape(mark.shape)
    return mark & (order <= (mark.sum() - 1) // 2)


@pytest.mark.parametrize("place", MARKS)
def test_a_perfect_map_is_good(place):
    assert category(blob(MARKS[place]), MARKS[place]) == "good"


@pytest.mark.parametrize("place", MARKS)
def test_a_constant_map_is_none_and_noise_points_at_everything(place):
    mark = MARKS[place]
    assert category(np.full((SIDE, SIDE), 0.3), mark) == "no_map"
    assert category(np.zeros((SIDE, SIDE)), mark) == "no_map"
    assert category(np.full((SIDE, SIDE), np.nan), mark) == "no_map"
    assert category(-blob(mark), mark) == "no_map"
    assert category(np.random.default_rng(0).uniform(size=(SIDE, SIDE)), mark) == "diffuse"


@pytest.mark.parametrize("place", MARKS)
def test_a_blob_in_the_corner_misses_outside_the_body(place):
    corner = disc(0, 0, 8)
    assert category(blob(corner), MARKS[place]) == "miss_empty"
    assert category(blob(corner), MARKS[place], body=None) == "miss_outside_lung"
    assert category(blob(corner), MARKS[place], lungs=None) == "miss_empty"
    assert category(blob(corner), MARKS[place], lungs=None, body=None) == "miss_elsewhere"


@pytest.mark.parametrize("place", ["left", "right", "tiny", "huge"])
def test_a_mirrored_blob_misses_in_the_opposite_lung(place):
    mark = MARKS[place]
    x = middle(mark)[1]
    other = middle(RIGHT_LUNG if x < SIDE / 2 else LEFT_LUNG)
    assert category(blob(disc(*other, 5)), mark) == "miss_opposite_lung"
    # Without lungs nobody knows of a lung: it is in the body, and that is all that is said.
    assert category(blob(disc(*other, 5)), mark, lungs=None) == "miss_body"


def test_the_wall_belongs_to_the_nearer_lung():
    mark = MARKS["at the wall"]
    assert category(blob(disc(*middle(RIGHT_LUNG), 5)), mark) == "miss_opposite_lung"
    assert category(blob(disc(middle(LEFT_LUNG)[0] + 14, middle(LEFT_LUNG)[1], 4)), mark) == "miss_same_lung"


@pytest.mark.parametrize("place", ["bilateral", "midline"])
def test_marks_of_both_sides_have_no_opposite_lung_to_miss_in(place):
    y, x = middle(RIGHT_LUNG)
    assert category(blob(disc(y - 14, x, 4)), MARKS[place]) == "miss_same_lung"


@pytest.mark.parametrize("place", [name for name in MARKS if name != "tiny"])
def test_a_map_of_just_under_half_the_mark_covers_too_little(place):
    mark = MARKS[place]
    assert category(blob(under_half(mark)), mark) == "under_coverage"
    half = np.cumsum(mark.ravel()).reshape(mark.shape) <= -(-mark.sum() // 2)
    assert category(blob(mark & half), mark) == "good"  # exactly half counts as covered


def test_a_focal_map_wholly_inside_a_large_mark_covers_too_little_and_misses_nothing():
    # A disc of radius 3 holds 29 pixels, the mark of radius 20 1,257: c = .023, less than the .1 of a miss, and p = 1.
    mark, spot = disc(64, 64, 20), disc(60, 62, 3)
    measures = measure_map(blob(spot), mark, EVERYWHERE, anatomy_of(mark))
    assert measures.precision == 1.0
    assert beyond_chance(measures.coverage, measures.map_share) < DEFAULT.miss
    assert category_of(measures, DEFAULT) == "under_coverage"


@pytest.mark.parametrize("place", ["left", "right"])
def test_a_map_that_covers_the_mark_and_more_spills_where_most_of_the_rest_lies(place):
    mark = MARKS[place]
    lung = LEFT_LUNG if place == "left" else RIGHT_LUNG
    other = RIGHT_LUNG if place == "left" else LEFT_LUNG
    wide = disc(*middle(mark), 12) & lung
    assert category(blob(wide), mark) == "covered_with_spill:same_lung"
    assert category(blob(mark) + blob(other, 0.9), mark) == "covered_with_spill:opposite_lung"
    assert category(blob(under_half(mark) | (other & (ROWS % 3 == 0))), mark) == (
        "partial_with_spill:opposite_lung"
    )


def test_a_case_without_a_mark_is_neither_met_nor_missed():
    nothing = np.zeros((SIDE, SIDE), dtype=bool)
    measures = measure_map(blob(MARKS["left"]), nothing, EVERYWHERE, anatomy_of(nothing))
    assert measures.no_mark == "the mark is empty: the readers left no pixel to be found"
    assert category_of(measures, DEFAULT) == "unmarked"
    assert category(np.zeros((SIDE, SIDE)), nothing) == "no_map"


def test_the_measures_of_a_map_worked_by_hand():
    # 2 × 5 pixels, all seen. S = 4 on two pixels, 1 on two, 0 elsewhere; the mark is one of the strong, one of none.
    saliency = np.array([[4.0, 4, 1, 1, 0], [-3, 0, 0, 0, 0]])
    mark = np.array([[1, 0, 0, 0, 0], [0, 0, 0, 0, 1]], dtype=bool)
    measures = measure_map(saliency, mark, np.ones((2, 5), dtype=bool), partition(mark, None))
    # Shares .4 .4 .1 .1: entropy -(.8 ln .4 + .2 ln .1) = 1.19355, exponential 3.2987, over 10 pixels.
    assert measures.spread == pytest.approx(0.32987, abs=1e-5)
    assert (measures.map_share, measures.coverage, measures.precision) == (0.2, 0.5, 0.5)
    assert measures.mass_lift == pytest.approx(0.4 / 0.2)
    assert measures.border_mass == pytest.approx(1.0)  # so small a frame is all border
    assert beyond_chance(0.5, 0.2) == pytest.approx(0.3 / 0.8)
    assert category_of(measures, DEFAULT) == "good"


def test_what_the_model_did_not_see_counts_for_nothing():
    saliency, mark = blob(MARKS["left"]) + blob(disc(0, 0, 16)), MARKS["left"]
    seen = EVERYWHERE & ~disc(0, 0, 17)
    assert category(saliency, mark) != "good"
    assert category_of(measure_map(saliency, mark, seen, anatomy_of(mark)), DEFAULT) == "good"


def test_the_binary_map_is_the_one_that_iou_counts():
    rng = np.random.default_rng(5)
    for _ in range(20):
        saliency, region = rng.gamma(0.5, size=400), rng.uniform(size=400) < 0.1
        binary = above_otsu(saliency) > 0
        assert iou(saliency, region) == (binary & region).sum() / (binary | region).sum()


def facts(correct=True, **measures):
    said = "sick" if correct else "well"
    return MapFacts("a", "p", "m", "e", "", "sick", "sick", said, **measures)


MISSED = {"spread": 0.1, "map_share": 0.2, "coverage": 0.2, "precision": 0.1, "place": "empty"}
FOCAL = {"spread": 0.01, "map_share": 0.01, "coverage": 0.095, "precision": 1.0, "place": "empty"}
MET = {"spread": 0.1, "map_share": 0.1, "coverage": 0.9, "precision": 0.9, "place": "empty"}


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (facts(**MISSED, mass_lift=3.0), True),  # right, and the map misses
        (facts(**MET, mass_lift=1.0), True),  # right, and the mark is no denser than elsewhere
        (facts(**MET, mass_lift=1.01), False),
        (facts(correct=False, **MISSED, mass_lift=0.0), False),  # wrong for whatever reason
        (facts(spread=0.1, no_mark="nobody looked"), False),
        (facts(no_map="zero"), False),
        (
            facts(**{**MISSED, "spread": 0.5}, mass_lift=0.5),
            False,
        ),  # it points at everything: no reason to judge
        (facts(**FOCAL, mass_lift=10.0), False),  # focal, and wholly inside
        (facts(**FOCAL, mass_lift=0.9), True),
    ],
)
def test_right_for_the_wrong_reason(one, expected):
    assert is_wrong_reason(one, DEFAULT) is expected


shares = st.floats(0, 1)
measures = st.builds(
    Measures,
    spread=shares,
    map_share=st.floats(0, 0.99),
    coverage=shares,
    precision=shares,
    mass_lift=st.floats(0, 50),
    place=st.sampled_from(["same_lung", "empty"]),
)


@given(measures, shares.filter(bool), st.floats(0, 0.99), shares.filter(bool), shares.filter(bool))
def test_every_map_has_one_category_and_its_thresholds_alone_decide(one, diffuse, miss, coverage, precision):
    thresholds = CategoriesSection(diffuse=diffuse, miss=miss, coverage=coverage, precision=precision)
    found = category_of(one, thresholds)
    kinds = {
        "diffuse": one.spread >= diffuse,
        "good": one.coverage >= coverage and one.precision >= precision,
        "under_coverage": one.coverage < coverage and one.precision >= precision,
        "miss": beyond_chance(one.coverage, one.map_share) < miss,
        "covered_with_spill": one.coverage >= coverage and one.precision < precision,
        "partial_with_spill": one.coverage < coverage and one.precision < precision,
    }
    first = next(kind for kind, applies in kinds.items() if applies)
    assert found.startswith(first)


def test_frames_of_other_sizes_are_a_mistake_in_the_program():
    with pytest.raises(ValueError) as raised:
        measure_map(np.ones((2, 2)), EVERYWHERE, EVERYWHERE, {})
    assert (
        str(raised.value) == "map of (2, 2), mark of (128, 128) and valid pixels of (128, 128) do not match"
    )
