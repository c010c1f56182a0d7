"""Copies on the screen and in the page."""

from xaudit.records import CopyPair, DataCheck, SplitSize
from xaudit.report.grid import Grid
from xaudit.report.pictures.copies import copies_pictures
from xaudit.report.sections.data_audit.copies import copies_section


def pair(a, b, kind, **given):
    facts = {
        "split_a": "train",
        "split_b": "test",
        "label_a": "x",
        "label_b": "x",
        "across_splits": True,
        "group": "g",
    }
    facts |= {"same_patient": None, "likeness": 0.97, "detail": None, "change": ""}
    return CopyPair(f"{a}.png", f"{b}.png", a, b, kind, **{**facts, **given})


def check(*pairs, **given):
    sizes = [SplitSize("train", 8, 7), SplitSize("test", 4, 5), SplitSize("-", 2, 0)]
    return DataCheck(
        "copies",
        "Copies and neighbouring slices",
        "data",
        tables={"copies": pairs, "split_sizes": sizes},
        **given,
    )


def texts(section, number):
    grids = [block for block in section.blocks if isinstance(block, Grid)]
    return [[cell.text for cell in row.cells] for row in grids[number].rows]


def test_pairs_are_counted_by_kind_and_the_splits_stand_before_and_after():
    section = copies_section(
        check(
            pair("a", "b", "augmented-copy", change="mirrored left to right", detail=0.9987, label_b="y"),
            pair("c", "d", "same-file", split_b="train", across_splits=False, likeness=1.0, detail=1.0),
            pair("e", "f", "neighbouring-slice"),
        )
    )
    assert texts(section, 0) == [
        ["same file", "0", "1", "0"],
        ["changed copy", "1", "0", "1"],
        ["neighbouring or repeated slice", "1", "0", "0"],
    ]
    assert [
        "a",
        "b",
        "changed copy: mirrored left to right; labels x and y",
        "train, test",
        "0.970",
        "0.999",
    ] in texts(section, 1)
    assert texts(section, 2) == [
        ["train images", "8", "7"],
        ["test images", "4", "5"],
        ["groups that span splits", "2", "0"],
    ]


def test_the_page_shows_pairs_side_by_side_with_escaped_names_and_only_where_images_are_kept():
    pairs = [pair("<a>", "b", "near-copy"), pair("c", "d", "neighbouring-slice")]
    (picture,) = copies_pictures(check(*pairs, images={"<a>": b"one", "b": b"two"}))
    assert picture.title == "saved again or resized"
    assert picture.body.count("<img ") == 2
    assert "<a>" not in picture.body
    assert picture.caption == "<a> (train, x) and b (test, x); likeness 0.970"
    assert copies_pictures(check(*pairs)) == ()


def test_without_pairs_the_section_says_so_and_names_what_was_not_read():
    section = copies_section(
        check(skipped=("copies: 1 image or pair could not be read and compared: a: gone",))
    )
    assert [block.text for block in section.blocks] == [
        "No pair of images looks like a copy or like slices of one scan.",
        "copies: 1 image or pair could not be read and compared: a: gone",
    ]
