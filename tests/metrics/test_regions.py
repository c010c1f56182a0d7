import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from reading_models import box

from xaudit.catalog import REGIONS
from xaudit.metrics import Absent
from xaudit.metrics.lungs import named_lungs
from xaudit.metrics.regions import border_ring, partition, region_masses

SHAPE = (40, 60)
LEFT, RIGHT = box(SHAPE, (8, 32), (10, 26)), box(SHAPE, (8, 32), (34, 50))
LUNGS = LEFT | RIGHT


def area(parts):
    return {name: int(part.sum()) for name, part in parts.items()}


def test_a_mark_in_one_lung_makes_the_other_the_opposite():
    parts = partition(box(SHAPE, (10, 14), (12, 17)), LUNGS)
    # Frame 2400; mark 4 × 5; lungs 24 × 16 each; ring 2400 − 32 × 48, none of it in mark or lungs.
    assert area(parts) == {
        "mark": 20,
        "same-lung": 384 - 20,
        "opposite-lung": 384,
        "border": 2400 - 32 * 48,
        "outside": 32 * 48 - 2 * 384,
    }
    assert list(parts) == [name for name in REGIONS if name not in ("lungs", "thorax", "body", "empty")]
    assert not (parts["opposite-lung"] & LEFT).any()


def test_the_nearer_lung_is_the_side_of_a_mark_at_the_wall():
    # Outside both: 2 px right of the right lung.
    parts = partition(box(SHAPE, (18, 22), (52, 55)), LUNGS)
    assert (parts["same-lung"] == RIGHT).all()
    assert (parts["opposite-lung"] == LEFT).all()


def test_a_flip_carries_the_sides_along():
    mark = box(SHAPE, (10, 14), (12, 17))
    flipped = partition(mark[:, ::-1], LUNGS[:, ::-1])
    for name, part in partition(mark, LUNGS).items():
        assert (flipped[name] == part[:, ::-1]).all()


@pytest.mark.parametrize(
    "mark",
    [
        box(SHAPE, (10, 14), (12, 17)) | box(SHAPE, (10, 14), (40, 45)),  # one in each lung
        box(SHAPE, (10, 14), (24, 36)),  # one that reaches into both
        box(SHAPE, (10, 14), (29, 31)),  # one midway between them
        box(SHAPE, (10, 14), (12, 17))
        | box(SHAPE, (10, 14), (51, 54)),  # in one lung, and at the other's wall
    ],
)
def test_marks_of_both_sides_have_no_opposite_lung(mark):
    parts = partition(mark, LUNGS)
    assert (parts["same-lung"] == (LUNGS & ~mark)).all()
    assert "opposite-lung" not in parts


def test_a_mark_in_one_lung_close_to_the_other_belongs_to_the_one_it_lies_in():
    near = box(SHAPE, (8, 32), (10, 29)) | box(SHAPE, (8, 32), (30, 50))
    parts = partition(box(SHAPE, (10, 14), (26, 29)), near)
    assert (parts["opposite-lung"] == box(SHAPE, (8, 32), (30, 50))).all()


def test_lungs_that_touch_without_a_neck_are_one_part_and_no_side_is_guessed():
    joined = box(SHAPE, (8, 32), (10, 50))
    mark = box(SHAPE, (10, 14), (12, 17))
    parts = partition(mark, joined)
    assert (parts["lungs"] == (joined & ~mark)).all()
    assert not {"same-lung", "opposite-lung"} & set(parts)


def test_named_lungs_that_touch_are_taken_as_named_wherever_they_meet():
    # They meet in column 22; the middle of both together, column 30, lies in the second.
    left, right = box(SHAPE, (8, 32), (10, 22)), box(SHAPE, (8, 32), (22, 50))
    parts = partition(box(SHAPE, (10, 14), (12, 17)), named_lungs(left, right))
    assert (parts["opposite-lung"] == right).all()
    assert parts["same-lung"].sum() == left.sum() - 20
    on_the_other = partition(box(SHAPE, (10, 14), (24, 28)), named_lungs(left, right))
    assert (on_the_other["opposite-lung"] == left).all()


def test_a_mark_in_both_named_lungs_has_no_opposite_and_one_outside_belongs_to_the_nearer():
    left, right = box(SHAPE, (8, 32), (10, 22)), box(SHAPE, (8, 32), (22, 50))
    assert "opposite-lung" not in partition(box(SHAPE, (10, 14), (20, 24)), named_lungs(left, right))
    outside = partition(box(SHAPE, (10, 14), (4, 8)), named_lungs(left, right))
    assert (outside["same-lung"] == left).all()


def test_of_named_lungs_one_may_be_missing():
    parts = partition(box(SHAPE, (10, 14), (12, 17)), named_lungs(LEFT, np.zeros(SHAPE, dtype=bool)))
    assert list(parts) == ["mark", "same-lung", "border", "outside"]


def test_a_single_lung_has_no_opposite():
    parts = partition(box(SHAPE, (10, 14), (12, 17)), LEFT)
    assert list(parts) == ["mark", "same-lung", "border", "outside"]


def test_specks_go_with_the_nearer_lung():
    specks = LUNGS | box(SHAPE, (34, 35), (12, 14)) | box(SHAPE, (34, 35), (45, 47))
    parts = partition(box(SHAPE, (10, 14), (12, 17)), specks)
    assert parts["same-lung"][34, 12]
    assert parts["opposite-lung"][34, 45]


def test_without_lungs_there_are_three_parts():
    mark = box(SHAPE, (10, 14), (12, 17))
    for lungs in (None, np.zeros(SHAPE, dtype=bool)):
        assert list(partition(mark, lungs)) == ["mark", "border", "outside"]


def test_without_a_mark_the_lungs_have_no_side():
    assert list(partition(np.zeros(SHAPE, dtype=bool), LUNGS)) == ["border", "outside"]


def test_a_mark_on_everything_leaves_no_other_part():
    assert list(partition(np.ones(SHAPE, dtype=bool), LUNGS)) == ["mark"]


def test_the_mark_comes_before_the_border_and_the_lung_too():
    mark = box(SHAPE, (0, 10), (0, 20))
    parts = partition(mark, box(SHAPE, (0, 30), (5, 25)) | RIGHT)
    assert (parts["mark"] == mark).all()
    assert parts["same-lung"][15, 5]
    assert parts["same-lung"][0, 22]


def test_the_border_is_the_outer_tenth_of_each_side():
    ring = border_ring((100, 50))
    assert ring[9, 25]
    assert not ring[10, 25]
    assert ring[50, 4]
    assert not ring[50, 5]
    assert ring.sum() == 100 * 50 - 80 * 40


THORAX, BODY = box(SHAPE, (6, 34), (8, 52)), box(SHAPE, (2, 38), (2, 58))
MARK = box(SHAPE, (10, 14), (12, 17))


def test_with_a_thorax_and_a_body_the_outside_is_divided():
    parts = partition(MARK, LUNGS, thorax=THORAX, body=BODY)
    # The ring of 4 rows and 6 columns takes all of the body's rim but 32 × 48 - 28 × 44 within it; the frame's
    # pixels outside the body all lie in the ring, so nothing is left empty.
    assert area(parts) == {
        "mark": 20,
        "same-lung": 364,
        "opposite-lung": 384,
        "border": 2400 - 32 * 48,
        "thorax": 28 * 44 - 2 * 384,
        "body": 32 * 48 - 28 * 44,
    }


def test_without_a_border_of_its_own_the_rim_goes_to_what_lies_beneath():
    parts = partition(MARK, LUNGS, thorax=THORAX, body=BODY, with_border=False)
    assert area(parts) == {
        "mark": 20,
        "same-lung": 364,
        "opposite-lung": 384,
        "thorax": 28 * 44 - 2 * 384,
        "body": 36 * 56 - 28 * 44,
        "empty": 2400 - 36 * 56,
    }
    # ... and what is not known is not told: without a body it is outside, without a thorax body.
    assert area(partition(MARK, LUNGS, with_border=False))["outside"] == 2400 - 2 * 384
    assert area(partition(MARK, LUNGS, body=BODY, with_border=False))["body"] == 36 * 56 - 2 * 384


def test_without_lungs_only_mark_body_and_empty_are_told_apart():
    parts = partition(MARK, None, body=BODY, with_border=False)
    assert area(parts) == {"mark": 20, "body": 36 * 56 - 20, "empty": 2400 - 36 * 56}


def test_a_tolerance_widens_the_mark_and_leaves_the_side_alone():
    # In the left lung, 1 px from its wall; 10 px wider it reaches into the right one, which stays the opposite.
    mark = box(SHAPE, (10, 14), (22, 25))
    parts = partition(mark, LUNGS, reach=box(SHAPE, (8, 16), (12, 36)))
    assert parts["mark"].sum() == 8 * 24
    assert (parts["opposite-lung"] == (RIGHT & ~parts["mark"])).all()


@given(
    arrays(np.bool_, (12, 15)),
    st.none() | arrays(np.bool_, (12, 15)),
    st.none() | arrays(np.bool_, (12, 15)),
    st.none() | arrays(np.bool_, (12, 15)),
    st.booleans(),
)
def test_the_parts_are_disjoint_and_cover_the_image(mark, lungs, thorax, body, with_border):
    parts = partition(mark, lungs, thorax=thorax, body=body, with_border=with_border)
    assert not {"outside", "empty"} <= parts.keys()
    assert (sum(part.astype(int) for part in parts.values()) == 1).all()
    assert [name for name in REGIONS if name in parts] == list(parts)
    assert all(part.any() for part in parts.values())


def test_masses_are_shares_of_the_positive_part():
    saliency = np.zeros(SHAPE)
    saliency[12, 13], saliency[20, 40], saliency[0, 0], saliency[20, 30] = 6, 2, 1, -50
    masses = region_masses(saliency, partition(box(SHAPE, (10, 14), (12, 17)), LUNGS))
    assert masses == pytest.approx(
        {"mark": 6 / 9, "same-lung": 0, "opposite-lung": 2 / 9, "border": 1 / 9, "outside": 0}
    )


@given(
    arrays(np.float32, (12, 15), elements=st.floats(-4, 4, width=32)),
    arrays(np.bool_, (12, 15)),
    st.none() | arrays(np.bool_, (12, 15)),
    st.none() | arrays(np.bool_, (12, 15)),
)
def test_masses_sum_to_one_or_are_absent(saliency, mark, lungs, body):
    masses = region_masses(saliency, partition(mark, lungs, body=body))
    if isinstance(masses, Absent):
        assert saliency.max() <= 0 or np.ptp(saliency) <= 1e-6 * np.abs(saliency).max()
    else:
        assert sum(masses.values()) == pytest.approx(1, abs=1e-6)
        assert min(masses.values()) >= 0


def test_an_empty_map_has_no_masses():
    assert region_masses(np.zeros(SHAPE), partition(LEFT, None)) == Absent(
        "the map is zero everywhere: it points nowhere"
    )


def test_masks_of_another_size_are_a_mistake_in_the_program():
    with pytest.raises(ValueError) as raised:
        partition(LEFT, LUNGS[:, 1:])
    assert str(raised.value) == "mark of (40, 60) and lungs of (40, 59) do not match"
    with pytest.raises(ValueError) as raised:
        region_masses(np.ones((4, 4)), {"mark": LEFT})
    assert str(raised.value) == "map of (4, 4) and region 'mark' of (40, 60) do not match"


def test_regions_of_the_audit_file_come_after_the_mark_in_its_order_and_before_all_others():
    mark, tube = box(SHAPE, (10, 14), (12, 17)), box(SHAPE, (12, 20), (14, 40))
    ruler, port = box(SHAPE, (0, 4), (0, 60)), box(SHAPE, (2, 6), (50, 60))
    parts = partition(mark, LUNGS, own={"tube": tube, "port": port, "ruler": ruler, "text": None})
    assert list(parts)[:4] == ["mark", "tube", "port", "ruler"]
    # mark 4 × 5; tube 8 × 26 less 2 × 3 of the mark; port 4 × 10; ruler 4 × 60 less 2 × 10 of the port.
    assert area(parts) == {
        "mark": 20,
        "tube": 208 - 6,
        "port": 40,
        "ruler": 240 - 20,
        # The left lung holds 8 × 12 of the tube, 6 px of them marked; the right one 8 × 6.
        "same-lung": 384 - 20 - (8 * 12 - 6),
        "opposite-lung": 384 - 8 * 6,
        # The ring is 4 px above and 6 px aside; the ruler fills its top, the port 2 rows of its right side.
        "border": 2400 - 32 * 48 - 240 - 2 * 6,
        # Inside the ring: less lungs, tube between them (8 px wide), and the port's 2 rows of 4 px.
        "outside": 32 * 48 - 2 * 384 - 8 * 8 - 2 * 4,
    }
    assert np.sum(list(parts.values()), axis=0).max() == 1
    assert sum(area(parts).values()) == 2400


def test_regions_need_no_mark_and_no_lungs():
    nothing = np.zeros(SHAPE, dtype=bool)
    ruler = box(SHAPE, (36, 40), (10, 50))
    assert area(partition(nothing, None, own={"ruler": ruler, "tube": nothing})) == {
        "ruler": 160,
        "border": 2400 - 32 * 48 - 160,
        "outside": 32 * 48,
    }


@given(arrays(bool, (4, 9, 7)))
def test_named_regions_and_the_others_stay_disjoint_and_cover_the_image(masks):
    mark, *own = masks
    names = ("tube", "port", "ruler")
    parts = partition(mark, None, own=dict(zip(names, own, strict=True)))
    assert (np.sum(list(parts.values()), axis=0) == 1).all()
    before = mark
    for name, mask in zip(names, own, strict=True):
        slow = mask & ~before  # what nothing named earlier has claimed
        assert (parts.get(name, np.zeros_like(mask)) == slow).all()
        before = before | mask


def test_a_named_region_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"mark of .* and ruler of .* do not match"):
        partition(np.zeros(SHAPE, dtype=bool), None, own={"ruler": np.zeros((3, 3), dtype=bool)})
