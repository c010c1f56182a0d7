"""Cases of two runs: come, gone, replaced, relabelled, marked anew."""

from dataclasses import replace

from xaudit.changes.cases import case_changes, common_cases
from xaudit.records import Annotation, Box, Case, CaseChanges


def case(name, sha="1", label="sick"):
    return Case(name, None, "data", f"{name}.png", sha, label, "test", 8, 8)


def mark(name, x=0.0, reader="r1"):
    return Annotation(name, reader, Box(x, 0.0, 4.0, 4.0))


BASE = [case("a"), case("b"), case("c"), case("gone")]
HEAD = [case("new"), case("c", label="well"), case("b", sha="2"), case("a")]


def test_every_kind_of_change_is_found():
    assert case_changes(BASE, HEAD) == CaseChanges(
        n_common=2, added=("new",), removed=("gone",), replaced=("b",), relabelled=("c",), remarked=()
    )
    assert common_cases(BASE, HEAD) == {"a", "c"}


def test_a_run_does_not_differ_from_itself_whatever_the_order():
    marks = [mark("a"), mark("a", reader="r2"), mark("b")]
    found = case_changes(BASE, BASE[::-1], base_marks=marks, head_marks=marks[::-1])
    assert found == CaseChanges(4, (), (), (), (), ())


def test_marks_are_compared_where_the_image_is_the_same():
    before = [mark("a"), mark("b"), mark("c")]
    for after in (
        [mark("a", x=1.0), mark("b", x=1.0), mark("c")],
        [mark("a", reader="r9"), mark("c")],
        [mark("a"), mark("a"), mark("c")],
        [replace(mark("a"), region=None), mark("c")],
        [mark("c")],
    ):
        assert case_changes(BASE, HEAD, base_marks=before, head_marks=after).remarked == ("a",)
