"""Rows of the catalog, found by id, and what may be added to them."""

import pytest

from xaudit.catalog import METRICS, FormatRow, Table


def rows(*names):
    return [FormatRow(name, f"{name}, in words", "annotations") for name in names]


def test_a_table_is_in_order_and_its_views_follow_what_is_added():
    first, second, third = rows("b", "a", "c")
    table = Table(first, second)
    by_id, places = table.by_id, table.places
    table.add(third)
    assert list(table) == [first, second, third]
    assert (len(table), table[2], table[:2]) == (3, third, (first, second))
    assert (by_id["c"], dict(places)) == (third, {"b": 0, "a": 1, "c": 2})
    assert (table.own, table.owns("a"), table.owns("c")) == ((first, second), True, False)


def test_an_added_row_can_be_replaced_in_its_place_and_an_own_one_cannot():
    table = Table(*rows("a"))
    for row in rows("b", "c"):
        table.add(row)
    other = FormatRow("b", "other words", "annotations")
    table.add(other)
    assert [row.id for row in table] == ["a", "b", "c"]
    assert table.by_id["b"] == other
    with pytest.raises(ValueError, match=r"^'a' is one of xaudit's own$"):
        table.add(FormatRow("a", "other words", "annotations"))


def test_the_catalogs_tables_bring_nothing_of_others_by_themselves():
    assert list(METRICS) == list(METRICS.own)
