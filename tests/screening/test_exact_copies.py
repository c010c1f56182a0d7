"""Byte-for-byte copies across splits."""

from dataclasses import dataclass

from xaudit.records import Case
from xaudit.screening.exact_copies import check_exact_copies


@dataclass
class Data:
    cases: tuple
    id: str = "data"


def case(name, digest, split):
    return Case(name, None, "data", f"{name}.png", digest, "cancer", split, 8, 8)


def test_test_images_that_were_trained_on_are_counted():
    data = Data(
        (
            case("a", "1", "train"),
            case("b", "1", "test"),
            case("c", "1", "test"),
            case("d", "2", "test"),
            case("e", "3", "train"),
            case("f", "3", "train"),
        )
    )
    check = check_exact_copies(data)
    (verdict,) = check.verdicts
    assert (verdict.code, verdict.status, verdict.value, verdict.gating) == ("XA404", "fail", 2.0, False)
    assert verdict.sentence.startswith(
        "2 of 3 test images have an exact copy in training or validation, so the score on them measures memory"
    )
    assert [(row.group, row.case_id) for row in check.tables["exact_copies"]] == [
        (1, "a"),
        (1, "b"),
        (1, "c"),
    ]


def test_copies_of_training_in_validation_are_told_apart():
    (verdict,) = check_exact_copies(Data((case("a", "1", "train"), case("b", "1", "validation")))).verdicts
    assert verdict.value == 0
    assert verdict.sentence.startswith("1 file is both in training and in validation")


def test_nothing_is_said_of_copies_within_a_split():
    check = check_exact_copies(
        Data((case("a", "1", "train"), case("b", "1", "train"), case("c", "2", "test")))
    )
    assert check.verdicts == ()
    assert check.tables == {"exact_copies": []}
