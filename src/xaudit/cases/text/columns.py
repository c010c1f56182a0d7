"""The columns of a table of images, and the check that those needed are there."""

from collections.abc import Sequence

from xaudit.errors import DataError, did_you_mean, nearest

NEEDED = ("image", "label")
OPTIONAL = ("patient", "split", "spacing_row_mm", "spacing_col_mm", "site", "augmented")


def check_columns(shown: str, names: Sequence[str], attributes: Sequence[str] = ()) -> None:
    """Raise DataError if a table lacks a column that it needs, or has one twice.

    Args:
        shown: the table's name in an error.
        names: the columns, in lower case.
        attributes: further columns that the audit file names.
    """
    for name in NEEDED:
        if name not in names:
            near = nearest(name, names)
            has = ", ".join(f"'{column:.40}'" for column in names[:30] if column) or "none"
            raise DataError(
                f"{shown}: no column is called '{name}'; the columns are {has}",
                hint=f"rename '{near:.40}' to '{name}'"
                if near
                else f"the table needs {' and '.join(NEEDED)}",
            )
    for name in attributes:
        if name not in names:
            others = [one for one in names if one not in (*NEEDED, *OPTIONAL)]
            raise DataError(
                f"{shown}: no column is called '{name:.40}', which data.attributes names",
                hint=did_you_mean(name, others, otherwise="name a column of the table, or take it out"),
            )
    for name in (*NEEDED, *OPTIONAL, *attributes):
        if names.count(name) > 1:
            raise DataError(f"{shown}: two columns are called '{name}'", hint="keep one of them")
    has_row, has_column = ("spacing_row_mm" in names), ("spacing_col_mm" in names)
    if has_row != has_column:
        missing = "spacing_col_mm" if has_row else "spacing_row_mm"
        raise DataError(f"{shown}: the column '{missing}' is missing", hint="spacing needs rows and columns")
