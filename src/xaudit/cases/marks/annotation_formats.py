"""Read marks by the record of their format, xaudit's own or another package's."""

from pathlib import Path

from xaudit.cases.marks.file_set import FileSet
from xaudit.cases.marks.mark_list import MarkList
from xaudit.cases.marks.plugged import collect_plugged
from xaudit.catalog import FORMAT_RECORDS
from xaudit.catalog.plugin_records import FormatPlugin
from xaudit.catalog.plugins import brought
from xaudit.config import AnnotationSection
from xaudit.records import Problem


def annotation_format(format_id: str) -> FormatPlugin:
    """Return the record of a format; raises PluginError where another package's cannot be used."""
    plugin = brought("format", format_id)
    return FORMAT_RECORDS[format_id] if plugin is None else plugin.plugin


def collect_marks(
    format_id: str, source: FileSet | Path, marks: MarkList, section: AnnotationSection
) -> tuple[Problem, ...]:
    """Read files of one format into a list of marks; return what could not be used because its image could not be read.

    Raises:
        DataError: with the file, the place in it and the value.
        PluginError: where another package's format fails.
    """
    record = annotation_format(format_id)
    plugin = brought("format", format_id)
    if plugin is not None:
        collect_plugged(plugin, _path(source, record), marks)
        return ()
    given = _path(source, record) if record.content == "table" else source
    settings = {name: getattr(section, name) for name in record.settings}
    return record.collect(given, marks, **settings) or ()


def _path(source: FileSet | Path, record: FormatPlugin) -> Path:
    if isinstance(source, Path):
        return source
    return source.folder if record.per_image and not source.single else source.files[0]
