"""Detection of workbooks and archives that are given as text."""

from pathlib import Path

from xaudit.errors import DataError

_HEAD_BYTES = 1 << 13
_AS_CSV = "open it and save it as 'CSV UTF-8 (comma delimited)'"

_PACKED = {
    b"PK\x03\x04": ("a packed file", "unpack it"),
    b"\xd0\xcf\x11\xe0": ("an Excel file", _AS_CSV),
    b"\x1f\x8b": ("a packed file", "unpack it"),
    b"PAR1": (
        "a Parquet file",
        "give it the suffix .parquet where Parquet is read, or save it as CSV in UTF-8",
    ),
}
"""Kind of file and hint, by the first bytes."""


def check_text(path: Path) -> None:
    """Raise DataError if a file is a workbook or an archive instead of text.

    Raises:
        OSError: if it cannot be opened.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    for begin, (what, hint) in _PACKED.items():
        if not head.startswith(begin):
            continue
        if (
            b"xl/" in head
            or b"[Content_Types].xml" in head
            or path.suffix.lower() in (".xlsx", ".xlsm", ".xlsb")
        ):
            what, hint = "an Excel file", _AS_CSV
        elif b"opendocument" in head:
            what, hint = "an OpenDocument file", _AS_CSV
        raise DataError(f"{path.name}: is {what}, and tables are read as text", hint=hint)
