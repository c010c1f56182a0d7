"""The files of one format that are read together, and the folder that their names start from."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from xaudit.cases.annotation_file import check_bytes, files_below, read_json, read_xml
from xaudit.cases.table import read_text
from xaudit.errors import DataError

_UID = re.compile(r"\d+(\.\d+){4,}")


@dataclass(frozen=True)
class FileSet:
    """Files of one format below one folder, or a single file.

    Attributes:
        folder: where the names in messages, and the folders that name readers, start.
        files: in the order in which they are read.
        single: true where the user gave one file and not a folder.
        mixed: true where the folder holds other formats too, so that its sub-folders tell readers apart.
        contents: what JSON files hold, for those that were parsed already; of XML files the bytes, of texts the text.
    """

    folder: Path
    files: tuple[Path, ...]
    single: bool = False
    mixed: bool = False
    contents: Mapping[Path, object] = field(default_factory=dict)

    def relative(self, file: Path) -> str:
        """Return the path of a file below the folder."""
        return (
            file.as_posix()[len(self.folder.as_posix().rstrip("/")) + 1 :] if not self.single else file.name
        )

    @property
    def name(self) -> str:
        """Name of the folder, or of the single file."""
        return self.files[0].name if self.single else self.folder.name

    def json(self, file: Path, what: str) -> object:
        """Return the content of a JSON file, parsed once; raises DataError as :func:`xaudit.cases.annotation_file.read_json` does."""
        if file in self.contents:
            return self.contents[file]
        return read_json(file, self.relative(file), what)

    def xml(self, file: Path, shown: str, what: str) -> ElementTree.Element:
        """Return the root of an XML file, which is read once; raises DataError as :func:`xaudit.cases.annotation_file.read_xml` does."""
        held = self.contents.get(file)
        return read_xml(file, shown, what, data=held if isinstance(held, bytes) else None)

    def text(self, file: Path) -> str:
        """Return the content of a text file, which is read once; raises DataError as :func:`xaudit.cases.table.read_text` does."""
        held = self.contents.get(file)
        if isinstance(held, str):
            return held
        check_bytes(file, self.relative(file))
        return read_text(file, what="annotations")

    def only(self, file: Path) -> "FileSet":
        """Return a single file of the set, as a set of its own."""
        return FileSet(self.folder, (file,), self.single, self.mixed, self.contents)


def file_set(source: Path | FileSet, suffixes: Sequence[str]) -> FileSet:
    """Return the files to read: a set as it is, a file alone, or the files of a folder with one of these suffixes.

    Args:
        source: a set, a file or a folder.
        suffixes: in lower case, with their dots; none takes every file.

    Raises:
        DataError: where the folder cannot be listed.
    """
    if isinstance(source, FileSet):
        return source
    if source.is_dir():
        return FileSet(source, tuple(files_below(source, suffixes)))
    return FileSet(source.parent, (source,), single=True)


def without_uids(name: str) -> str:
    """Return a file's name for messages, with a DICOM UID cut to its last digits.

    Example:
        >>> without_uids("dr-a/1.2.840.10008.1.12345678.xml")
        'dr-a/…12345678.xml'
    """
    return _UID.sub(lambda uid: "…" + uid.group()[-8:], name)


def damaged(shown: str, message: str) -> DataError:
    """Return the error of a file that looks like marks and cannot be read as such."""
    return DataError(
        f"{shown}: {message}",
        hint="export it again, name a table's columns in data.annotations.columns, move the file out of the folder, or set "
        "data.annotations.format",
    )
