"""Croissant metadata of a run folder's tables: a JSON-LD file by which data set tools read them.

It describes the files as they lie in the folder, so it holds no value of a case. Version 1.0 of the format, by MLCommons.
"""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from xaudit.store.checksums import file_checksum
from xaudit.store.parquet_file import check_table
from xaudit.store.rows.table import Table
from xaudit.store.run_folder import RunFolder
from xaudit.store.schema_page import TABLES
from xaudit.store.tables import read_errors

NAME = "croissant.json"
"""Name of the file in the run folder; paths in it are relative to it."""

_PARQUET = "application/x-parquet"
_VOCABULARY = (
    "citeAs column conformsTo equivalentProperty extract field fileProperty fileObject fileSet format includes "
    "isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace samplingRate "
    "separator source subField transform"
)
_TYPES = {
    pa.string(): "sc:Text",
    pa.bool_(): "sc:Boolean",
    pa.int64(): "sc:Integer",
    pa.float64(): "sc:Float",
    pa.float32(): "sc:Float",
    pa.float16(): "sc:Float",
    pa.binary(): "sc:ImageObject",  # the only bytes of a run are pictures
}


def croissant(run: RunFolder) -> str:
    """Return the metadata of every table that the run has.

    Raises:
        RunFolderError: if a table is damaged, or newer than this program.
    """
    files: list[dict[str, Any]] = []
    records: list[dict[str, Any]] = []
    nested: list[str] = []
    for table in TABLES:
        source = _distribution(run, table)
        if source is not None:
            files.append(source)
            records.append(_record_set(table, source))
            nested += [
                f"{table.name}.{field.name}" for field in table.schema if _data_type(field.type) is None
            ]
    not_described = f" Columns of nested values are not described: {', '.join(nested)}." if nested else ""
    plain = {
        "@context": _context(),
        "@type": "sc:Dataset",
        "name": run.run_id,
        "description": f"Tables of the run {run.run_id} of the audit {run.name}, made by xaudit.{not_described}",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "datePublished": f"{run.created:%Y-%m-%d}",
        "version": "1.0.0",
        "distribution": files,
        "recordSet": records,
    }
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"


def _distribution(run: RunFolder, table: Table[Any]) -> dict[str, Any] | None:
    """Describe the file or the parts of a table; None if the run has none."""
    pattern = f"{table.name}/part-*.parquet" if table.in_parts else f"{table.name}.parquet"
    paths = sorted(run.path.glob(pattern))
    for path in paths:
        _check(path, table, run)
    if not paths:
        return None
    if table.in_parts:
        about = {"@type": "cr:FileSet", "@id": f"{table.name}-parts", "name": f"{table.name}-parts"}
        return {**about, "encodingFormat": _PARQUET, "includes": pattern}
    about = {"@type": "cr:FileObject", "@id": pattern, "name": pattern, "contentUrl": pattern}
    return {**about, "encodingFormat": _PARQUET, "sha256": file_checksum(paths[0])}


def _check(path: Path, table: Table[Any], run: RunFolder) -> None:
    shown = f"{run.run_id}/{path.relative_to(run.path).as_posix()}"
    with read_errors(shown):
        check_table(path, table, shown)


def _record_set(table: Table[Any], source: dict[str, Any]) -> dict[str, Any]:
    where = {"fileSet" if table.in_parts else "fileObject": {"@id": source["@id"]}}
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": f"One record is {table.meaning}.",
        "field": [
            _field(table, field, where) for field in table.schema if _data_type(field.type) is not None
        ],
    }


def _field(table: Table[Any], field: pa.Field, where: dict[str, Any]) -> dict[str, Any]:
    repeated = {"repeated": True} if pa.types.is_list(field.type) else {}
    return {
        "@type": "cr:Field",
        "@id": f"{table.name}/{field.name}",
        "name": field.name,
        "description": field.metadata[b"meaning"].decode(),
        "dataType": _data_type(field.type),
        **repeated,
        "source": {**where, "extract": {"column": field.name}},
    }


def _data_type(kind: pa.DataType) -> str | None:
    """Return the name of a type, of a list that of its values; None for lists of lists and of groups of values."""
    return _TYPES.get(kind.value_type if pa.types.is_list(kind) else kind)


def _context() -> dict[str, Any]:
    """Return the context that version 1.0 of the format prescribes."""
    return {
        "@language": "en",
        "@vocab": "https://schema.org/",
        "cr": "http://mlcommons.org/croissant/",
        "dct": "http://purl.org/dc/terms/",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "sc": "https://schema.org/",
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "examples": {"@id": "cr:examples", "@type": "@json"},
        **{word: f"{'dct' if word == 'conformsTo' else 'cr'}:{word}" for word in _VOCABULARY.split()},
    }
