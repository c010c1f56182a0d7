import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from xaudit.report.files.markdown import csv_table, markdown_grid, markdown_section
from xaudit.report.grid import Beside, Cell, Column, Paragraph, Section, grid, heading, row
from xaudit.report.terminal.layout import grid_lines


def drawn(table, width):
    return [line.plain.rstrip() for line in grid_lines(table, width)]


TABLE = grid(
    ["name", Column("a value", numeric=True), Column("another\nvalue", numeric=True)],
    [heading("first"), row("x", "1", "22"), row("long name", "333", "4")],
)


def test_titles_stand_at_the_bottom_and_numbers_to_the_right():
    assert drawn(TABLE, 80) == [
        "                    another",
        "name       a value    value",
        "first",
        "x                1       22",
        "long name      333        4",
    ]


def test_columns_that_do_not_fit_follow_below_with_their_keys():
    assert drawn(TABLE, 20) == [
        "name       a value",
        "first",
        "x                1",
        "long name      333",
        "           another",
        "name         value",
        "first",
        "x               22",
        "long name        4",
    ]


def test_a_wrapping_column_gives_way_the_widest_first():
    table = grid(
        ["id", Column("text", wraps=True)], [row("1", "one two three four five six seven eight nine ten")]
    )
    assert drawn(table, 26) == [
        "id  text",
        "1   one two three four",
        "    five six seven eight",
        "    nine ten",
    ]


# A key that leaves less than a wrapping column's least, 12, and the gap of 2, is not cut: 40 - 14 = 26.
@given(
    st.lists(st.tuples(st.text("ab ", max_size=26), st.text("cd", max_size=30)), min_size=1, max_size=4),
    st.integers(40, 90),
)
def test_no_line_is_wider_than_asked(rows, width):
    table = grid(["k", Column("v", wraps=True)], [row(*texts) for texts in rows])
    assert max(cell_len(line.plain) for line in grid_lines(table, width)) <= width


def test_a_row_must_have_one_cell_for_each_column():
    with pytest.raises(ValueError, match="a row of 1 cells under 2 columns"):
        grid(["a", "b"], [row("x")])


def test_markdown_escapes_what_it_would_take_for_markup():
    table = grid(["a|b"], [row("*x*"), row(Cell("<img>", "bad"))], title="t")
    assert markdown_grid(table) == "**t**\n\n| a\\|b |\n| --- |\n| \\*x\\* |\n| **&lt;img>** |"


def test_markdown_shows_headings_within_a_table_as_rows():
    assert markdown_grid(TABLE).splitlines()[:3] == [
        "| name | a value | another value |",
        "| --- | ---: | ---: |",
        "| *first* |  |  |",
    ]


def test_csv_leaves_headings_out():
    assert csv_table(TABLE) == "name,a value,another value\nx,1,22\nlong name,333,4\n"


def test_a_markdown_section_holds_all_its_blocks():
    section = Section("T", (Paragraph("one", lead="-"), Paragraph("two", lead="FAIL"), Beside((TABLE,))))
    assert markdown_section(section).startswith("## T\n\n- one\n\n**FAIL** two\n\n| name |")
