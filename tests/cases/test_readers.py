"""Reader policies."""

import numpy as np
import pytest

from xaudit.cases.marks.readers import reader_masks, under_policy
from xaudit.records import Annotation, Box

FRAME = (1, 4)


def drawn(reader, x0=None, x1=None):
    return Annotation("case", reader, None if x0 is None else Box(x0, 0, x1, 1))


def masks(*annotations):
    return reader_masks(annotations, FRAME)


def as_text(mask):
    return "".join("#" if inside else "." for inside in mask[0])


def test_what_one_reader_drew_in_several_pieces_is_one_mask():
    found = masks(drawn("b", 0, 1), drawn("a", 2, 3), drawn("b", 3, 4))
    assert {reader: as_text(mask) for reader, mask in found.items()} == {"a": "..#.", "b": "#..#"}
    assert list(found) == ["a", "b"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        # a: ##..   b: .##.   c: .#.#  -> counts 1 3 1 1
        ("union", {"union": "####"}),
        ("intersection", {"intersection": ".#.."}),
        ("majority", {"majority": ".#.."}),
        ("each", {"a": "##..", "b": ".##.", "c": ".#.#"}),
    ],
)
def test_three_readers_under_each_policy(policy, expected):
    found = masks(drawn("a", 0, 2), drawn("b", 1, 3), drawn("c", 1, 2), drawn("c", 3, 4))
    assert {name: as_text(mask) for name, mask in under_policy(found, policy).items()} == expected


def test_a_reader_who_found_nothing_counts_against_a_majority():
    # Two of three marked column 0: a majority. With a fourth and fifth who found nothing it is two of five.
    two = [drawn("a", 0, 1), drawn("b", 0, 1), drawn("c")]
    assert as_text(under_policy(masks(*two), "majority")["majority"]) == "#..."
    five = [*two, drawn("d"), drawn("e")]
    assert as_text(under_policy(masks(*five), "majority")["majority"]) == "...."


def test_one_of_two_is_no_majority():
    found = masks(drawn("a", 0, 1), drawn("b"))
    assert as_text(under_policy(found, "majority")["majority"]) == "...."


def test_a_number_of_votes_may_stand_for_the_majority():
    # Counts 1 3 1 1.
    found = masks(drawn("a", 0, 2), drawn("b", 1, 3), drawn("c", 1, 2), drawn("c", 3, 4))
    marked = {k: as_text(under_policy(found, "majority", votes=k)["majority"]) for k in (1, 2, 3)}
    assert marked == {1: "####", 2: ".#..", 3: ".#.."}


def test_fewer_readers_than_must_agree_cannot_say_that_nothing_is_there():
    assert under_policy(masks(drawn("a", 0, 2), drawn("b")), "majority", votes=3) == {}


def test_staple_weighs_three_readers():
    found = masks(drawn("a", 0, 2), drawn("b", 0, 2), drawn("c", 0, 1))
    assert as_text(under_policy(found, "staple")["staple"]) == "##.."


@pytest.mark.parametrize("policy", ["union", "intersection", "majority", "staple", "each"])
def test_nobody_looked_is_not_the_same_as_nothing_found(policy):
    assert under_policy(masks(), policy) == {}
    found = under_policy(masks(drawn("a")), policy)
    assert list(found) == ["a" if policy == "each" else policy]
    assert not next(iter(found.values())).any()
    assert next(iter(found.values())).dtype == np.bool_
