"""The reference page of the run folder, generated from the schemas."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from xaudit.store.rows.calibration import (
    CALIBRATION_EFFECTS,
    CALIBRATION_EXPLAINERS,
    CALIBRATION_MAPS,
    PLANTED_ANSWERS,
    POWER,
)
from xaudit.store.rows.cases import ANNOTATIONS, ATTRIBUTES, CASES, PART_PROBLEMS, PREVIEWS, PROBLEMS
from xaudit.store.rows.facts import CATEGORIES, MAP_FACTS
from xaudit.store.rows.image_changes import IMAGE_CHANGES
from xaudit.store.rows.map_clusters import MAP_CLUSTERS
from xaudit.store.rows.maps import MAPS, TUNING_MAPS
from xaudit.store.rows.mean_reliance import MEAN_RELIANCE
from xaudit.store.rows.misclassified import (
    MISCLASSIFIED_CATEGORIES,
    MISCLASSIFIED_FACTS,
    MISCLASSIFIED_MAPS,
    MISCLASSIFIED_PROBLEMS,
    MISCLASSIFIED_RELIANCE,
    MISCLASSIFIED_RELIANCE_MAP,
)
from xaudit.store.rows.predictions import PREDICTIONS
from xaudit.store.rows.reliance import RELIANCE
from xaudit.store.rows.reliance_areas import RELIANCE_AREAS
from xaudit.store.rows.reliance_map import RELIANCE_MAP
from xaudit.store.rows.scores import CURVES, SCORES
from xaudit.store.rows.summaries import SUMMARY
from xaudit.store.rows.table import Table
from xaudit.store.rows.tunings import THRESHOLDS, TUNING
from xaudit.store.schema_version import SCHEMA_VERSION

TABLES: tuple[Table[Any], ...] = (
    CASES,
    ATTRIBUTES,
    ANNOTATIONS,
    PREDICTIONS,
    TUNING_MAPS,
    TUNING,
    THRESHOLDS,
    MAPS,
    SCORES,
    CURVES,
    RELIANCE,
    RELIANCE_MAP,
    IMAGE_CHANGES,
    MAP_FACTS,
    RELIANCE_AREAS,
    MEAN_RELIANCE,
    MAP_CLUSTERS,
    SUMMARY,
    CATEGORIES,
    MISCLASSIFIED_MAPS,
    MISCLASSIFIED_FACTS,
    MISCLASSIFIED_RELIANCE,
    MISCLASSIFIED_RELIANCE_MAP,
    MISCLASSIFIED_CATEGORIES,
    MISCLASSIFIED_PROBLEMS,
    PREVIEWS,
    PROBLEMS,
    PART_PROBLEMS,
    PLANTED_ANSWERS,
    CALIBRATION_EFFECTS,
    CALIBRATION_MAPS,
    CALIBRATION_EXPLAINERS,
    POWER,
)
"""All tables, in the order in which a run writes them."""

_TYPE_NAMES = {
    pa.string(): "text",
    pa.bool_(): "boolean",
    pa.int64(): "int64",
    pa.float64(): "float64",
    pa.float32(): "float32",
    pa.float16(): "float16",
    pa.binary(): "bytes",
}

_FILES = (
    (
        "manifest.json",
        "what the run was made with: versions, commit, settings' digest, seed, hardware, checksums",
    ),
    ("audit.resolved.yaml", "every setting as it was used"),
    ("status.json", "`running`, `interrupted`, `complete`, `incomplete` or `shard`, and counts"),
    ("share.json", "of a shard: which one of how many, and how the work was divided"),
    ("log.jsonl", "what happened when, one JSON object a line"),
    (
        "run.lock",
        "there while a process works in the folder; the system holds the lock, the file alone locks nothing",
    ),
    ("memory.json", "if memory ran out: how many images fitted at a time, by model"),
    ("evaluations.json", "confusion matrix and measures of each model on each split"),
    ("gates.json", "gates and findings, each with its code, its numbers and its sentence"),
    ("junit.xml", "the gates as JUnit XML, for CI servers"),
    ("report.html", "the whole report as one page that needs no network"),
    ("sign-off.zip", "page, manifest and tables with their hashes, once `xaudit report --sign-off` wrote it"),
    ("croissant.json", "the tables described for data set tools, once `xaudit report --croissant` wrote it"),
    ("figures/", "pictures of maps and marks"),
)

_INTRODUCTION = """\
# Run folder

<!-- Made from the schemas by xaudit.store.schema_page; do not edit by hand. -->

A run writes one folder, `runs/<utc>-<name>-<hash8>`; the last part is the beginning of the digest of all settings
that can change a result. Every file appears in one step, whole or not at all; only the log grows line by line.

Tables are Parquet, compressed with zstd, schema version {version}. The footer's key `xaudit` holds JSON with `table`,
`schema_version`, `run_id` and `config_hash`. A program refuses a file of a newer major version; a newer minor version
only adds columns, except that 1.2 made the `values` of maps float32. Columns with the same name mean the same thing in every table, so tables join on them.

A folder with `part-*.parquet` is one table in parts, one for each finished piece of work, named by the digest of
everything that determines it. Read them together: pandas and Polars take the folder, DuckDB takes
`'scores/part-*.parquet'`. The manifest and the log hold no user name, no host name and no absolute path.
"""


def schema_markdown() -> str:
    """Return the page ``docs/reference/run-folder.md`` as Markdown."""
    blocks = [_INTRODUCTION.format(version=SCHEMA_VERSION)]
    blocks.append(
        "## Files that are no tables\n\n"
        + _table(("File", "Holds"), [(f"`{name}`", meaning) for name, meaning in _FILES])
    )
    blocks += [_section(table) for table in TABLES]
    return "\n".join(blocks)


def _section(table: Table[Any]) -> str:
    file = f"{table.name}/part-*.parquet" if table.in_parts else f"{table.name}.parquet"
    rows = [
        (
            f"`{field.name}`",
            _type_name(field.type),
            "yes" if field.nullable else "",
            field.metadata[b"meaning"].decode(),
        )
        for field in table.schema
    ]
    heading = f"## {file}\n\nOne row is {table.meaning}.\n\n"
    return heading + _table(("Column", "Type", "May be empty", "Meaning"), rows)


def _type_name(kind: pa.DataType) -> str:
    """Name a type in the words of a table's reader rather than of Arrow."""
    if pa.types.is_list(kind):
        return f"list of {_type_name(kind.value_type)}"
    if pa.types.is_struct(kind):
        inner = (kind.field(index) for index in range(kind.num_fields))
        return "(" + ", ".join(f"{field.name} {_type_name(field.type)}" for field in inner) + ")"
    return _TYPE_NAMES[kind]


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)
