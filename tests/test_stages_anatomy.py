"""What can be wrong with masks, told case by case."""

from dataclasses import replace

import numpy as np
import pytest

from xaudit.records import Case, Surroundings
from xaudit.report.sections.anatomy import AnatomyRow, anatomy_section
from xaudit.stages.work.anatomy import CaseAnatomy, spread

CASE = Case("a", None, "data", "a.png", "0" * 64, "sick", "test", 10, 10)


def box(y0, y1, x0, x1):
    mask = np.zeros((10, 10), dtype=bool)
    mask[y0:y1, x0:x1] = True
    return mask


SOUND = CaseAnatomy(
    CASE,
    np.zeros((10, 10)),
    Surroundings(lungs=box(3, 7, 2, 4) | box(3, 7, 5, 8), thorax=box(2, 8, 2, 8), body=box(1, 9, 1, 9)),
    box(4, 6, 1, 5),
)


def test_masks_within_each_other_are_no_problem():
    assert SOUND.problems == ()
    assert SOUND.area("lungs") == 20 / 100
    assert SOUND.mark_in_lungs == 4 / 8  # of the mark's columns 1 to 4 the lungs have 2 and 3
    assert SOUND.sides == "by shape"


def test_how_the_lungs_are_told_apart_is_said_of_each_case():
    left, right, both = box(3, 7, 2, 5), box(3, 7, 5, 8), box(3, 7, 2, 8)
    named = replace(SOUND, surroundings=Surroundings(lungs=both, left_lung=left, right_lung=right))
    assert (named.sides, named.problems) == ("named", ())
    assert {name: int(lung.sum()) for name, lung in named.named_lungs.items()} == {
        "left-lung": 12,
        "right-lung": 12,
    }
    merged = replace(SOUND, surroundings=Surroundings(lungs=both))
    assert merged.sides == "not told"
    assert merged.problems == (
        "left and right lung cannot be told apart; name them under data.regions.lungs",
    )
    assert replace(SOUND, surroundings=Surroundings(lungs=box(1, 9, 2, 5))).sides == "one lung"
    assert replace(SOUND, surroundings=Surroundings()).sides == ""


def test_what_reaches_out_of_what_surrounds_it_is_told_with_its_share():
    wide = replace(SOUND, surroundings=replace(SOUND.surroundings, body=box(1, 9, 4, 9)))
    # 8 of the lungs' 20 pixels, and 12 of the thorax' 36, lie in columns 2 and 3.
    assert wide.problems == (
        "the lungs reach out of the body: 40% of them",
        "the thorax reaches out of the body: 33% of it",
    )


def test_a_mark_without_any_lung_and_what_was_refused_are_told():
    away = replace(SOUND, mark=box(0, 2, 0, 10))
    assert away.problems == ("no marked pixel lies in a lung",)
    bare = replace(SOUND, surroundings=Surroundings(unknown={"lungs": "none found"}))
    assert (bare.problems, bare.area("lungs"), bare.mark_in_lungs) == (("none found",), None, None)


@pytest.mark.parametrize(("limit", "taken"), [(None, "abcdefg"), (9, "abcdefg"), (3, "ace"), (1, "a")])
def test_cases_are_spread_over_the_data(limit, taken):
    cases = [replace(CASE, case_id=name) for name in "abcdefg"]
    assert "".join(case.case_id for case in spread(cases, limit)) == taken


def test_the_section_counts_masks_and_names_the_first_case_of_each_problem():
    rows = [
        AnatomyRow("data", "a", {"lungs": 0.1, "body": 0.5}, 0.25),
        AnatomyRow("data", "b", {"body": 0.6}, None, ("no lungs",)),
        AnatomyRow("data", "c", {"lungs": 0.3, "body": 0.55}, 0.75, ("no lungs",)),
    ]
    table, marks, problem = anatomy_section(rows).blocks
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["data", "lungs", "2", "1", "10 %", "30 %", "30 %"],
        ["data", "body", "3", "0", "50 %", "55 %", "60 %"],
    ]
    assert marks.text.startswith(
        "On 2 marked images, 50 % of the mark lies inside the lungs on average (25 % to 75 %)."
    )
    assert problem.text == "2 images: no lungs (b)"
