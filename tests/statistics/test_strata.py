from dataclasses import replace

import pytest

from xaudit.config import StratumSpec
from xaudit.records import Annotation, Box, Case, MaskRegion, Polygon, Prediction
from xaudit.statistics.lesion_shape import lesion_shape
from xaudit.statistics.strata import facts_of, missing_property, strata_of


def case(name, *, label="cancer", side=64, spacing=None):
    return Case(name, f"p-{name}", "data", f"{name}.png", "0", label, "test", side, side, spacing)


def prediction(name, *, cancer=0.7, label="cancer"):
    predicted = "cancer" if cancer > 0.5 else "normal"
    return Prediction(
        name,
        f"p-{name}",
        "m",
        "test",
        label,
        predicted,
        "cancer",
        (0, 0),
        (cancer, 1 - cancer),
        ("cancer", "normal"),
    )


def mark(name, width, height=4, reader="r1"):
    return Annotation(name, reader, Box(0, 0, width, height))


def parts(cases, annotations, predictions, **spec):
    facts = facts_of(cases, annotations, predictions)["m"]
    return {name: sorted(ids) for name, ids in strata_of(facts, [StratumSpec(**spec)]).items()}


NAMES = list("abcdef")


def test_lesions_are_cut_into_thirds_and_unmarked_cases_are_named():
    # Areas 4, 8, 12, 16, 20, 24: thirds end at 10.67 and 17.33.
    found = parts(
        [case(n) for n in [*NAMES, "g"]],
        [mark(n, i + 1) for i, n in enumerate(NAMES)],
        [prediction(n) for n in [*NAMES, "g"]],
        name="lesion-size",
    )
    assert found == {
        "lesion-size=small": ["a", "b"],
        "lesion-size=middle": ["c", "d"],
        "lesion-size=large": ["e", "f"],
        "lesion-size=unknown": ["g"],
    }


def test_cut_points_are_square_millimetres_and_a_size_on_the_limit_is_in_the_upper_part():
    # 8 pixels of .5 mm² are 4 mm², on the limit; without spacing nobody knows.
    found = parts(
        [case("a", spacing=(1.0, 0.5)), case("b", spacing=(1.0, 0.5)), case("c")],
        [mark("a", 2), mark("b", 1), mark("c", 9)],
        [prediction(n) for n in "abc"],
        name="lesion-size",
        cuts=(4, 100),
    )
    assert found == {
        "lesion-size=under-4": ["b"],
        "lesion-size=4-to-100": ["a"],
        "lesion-size=unknown": ["c"],
    }


def test_equal_sizes_are_neither_small_nor_large():
    found = parts(
        [case("a"), case("b")],
        [mark("a", 2), mark("b", 2)],
        [prediction("a"), prediction("b")],
        name="lesion-size",
    )
    assert found == {"lesion-size=same": ["a", "b"]}


def test_confidence_falls_into_tenths():
    names = [f"c{i:02d}" for i in range(20)]
    answers = [prediction(n, cancer=i / 20) for i, n in enumerate(names)]
    found = parts([case(n) for n in names], [], answers, name="confidence")
    assert list(found) == [f"confidence=d{i:02d}" for i in range(1, 11)]
    assert found["confidence=d01"] == ["c00", "c01"]


def test_correctness_class_and_count_have_values_of_their_own():
    cases = [case("a"), case("b", label="no finding?"), case("c", label="no finding!")]
    answers = [prediction("a"), prediction("b", label="no finding?"), prediction("c", cancer=0.2, label="x")]
    marks = [mark("a", 2), Annotation("a", "r2", Box(20, 20, 24, 24)), Annotation("b", "r1", None)]
    assert parts(cases, marks, answers, name="correctness") == {
        "correctness=correct": ["a"],
        "correctness=wrong": ["b", "c"],
    }
    assert parts(cases, marks, answers, name="class") == {
        "class=cancer": ["a"],
        "class=no-finding": ["c"],
        "class=no-finding-2": ["b"],
    }
    assert parts(cases, marks, answers, name="lesion-count") == {
        "lesion-count=2": ["a"],
        "lesion-count=none": ["b", "c"],
    }


@pytest.mark.parametrize("name", ["spacing", "resolution", "elongation", "irrectangularity"])
def test_every_case_is_in_exactly_one_stratum(name):
    cases = [case(n, side=64 + 8 * i, spacing=(1 + i, 1) if i else None) for i, n in enumerate(NAMES)]
    marks = [mark(n, 4 + i) for i, n in enumerate(NAMES[:5])]
    found = parts(cases, marks, [prediction(n) for n in NAMES], name=name)
    assert sorted(c for ids in found.values() for c in ids) == NAMES


def test_a_diamond_is_measured_along_its_own_sides():
    # A rectangle of 30 × 10 turned by 45 degrees; the corners of its stairs of pixels stick out by √½ on each side:
    # (30 + √2) / (10 + √2) = 2.752.
    corner, long, short = (20.0, 5.0), 30 / 2**0.5, 10 / 2**0.5
    x, y = corner
    points = (corner, (x + long, y + long), (x + long - short, y + long + short), (x - short, y + short))
    shape = lesion_shape([Polygon(points)], (64, 64))
    assert shape.elongation == pytest.approx(2.752, abs=0.03)
    assert shape.irrectangularity == pytest.approx(1 - shape.area_px / (31.41 * 11.41), abs=0.02)


def test_an_l_leaves_a_quarter_of_its_square_empty():
    # 8 × 8 without its upper right 4 × 4, in run lengths column by column.
    full, half = [0, 8], [4, 4]
    counts = tuple(n for column in range(8) for n in (full if column < 4 else half))
    shape = lesion_shape([MaskRegion(8, 8, counts)], (8, 8))
    assert (shape.area_px, shape.n_lesions, shape.elongation) == (48, 1, 1.0)
    # No side of its hull has a smaller rectangle than the square: 16 of 64 are empty.
    assert shape.irrectangularity == pytest.approx(0.25)


def test_one_pixel_is_a_square_and_marks_of_nothing_have_no_shape():
    assert lesion_shape([Box(3, 3, 4, 4)], (8, 8)).elongation == 1.0
    assert lesion_shape([], (8, 8)) is None


def test_sites_are_told_apart_and_those_of_which_nobody_knows_are_named():
    cases = [
        replace(case(n), site=s)
        for n, s in zip("abcd", ("North Hospital", "B", None, "unknown"), strict=True)
    ]
    found = parts(cases, [], [prediction(n) for n in "abcd"], name="site")
    assert found == {
        "site=B": ["b"],
        "site=North-Hospital": ["a"],
        "site=unknown-1": ["d"],
        "site=unknown": ["c"],
    }


def test_augmented_images_are_told_from_originals():
    cases = [replace(case(n), augmented=a) for n, a in zip("abc", (True, False, None), strict=True)]
    found = parts(cases, [], [prediction(n) for n in "abc"], name="augmented")
    assert found == {"augmented=no": ["b"], "augmented=yes": ["a"], "augmented=unknown": ["c"]}


@pytest.mark.parametrize("name", ["site", "augmented"])
def test_what_the_data_says_itself_takes_no_limits(name):
    with pytest.raises(ValueError, match=f"'{name}' has values of its own and takes no limits"):
        StratumSpec(name=name, cuts=[1.0])


def test_a_property_that_the_data_tells_of_no_case_is_named():
    told = replace(case("a"), site="A")
    asked = [StratumSpec(name="lesion-size"), StratumSpec(name="site"), StratumSpec(name="augmented")]
    assert missing_property([case("b")], asked) == "site"
    assert missing_property([case("b"), told], asked) == "augmented"
    assert missing_property([replace(told, augmented=False)], asked) is None
