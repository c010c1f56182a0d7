"""The whole tables of a run; each is written in one step, and reading returns the records that were written.

Writers raise OutputError if the folder cannot be written to; readers raise RunFolderError if the table is missing,
damaged or newer than this program.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from xaudit.errors import RunFolderError
from xaudit.records import (
    Annotation,
    Attribute,
    Case,
    CategorisedMap,
    MeanReliance,
    Prediction,
    Preview,
    Problem,
    SourceCluster,
    Summary,
    TestedArea,
    TunedThreshold,
    attribute_rows,
    attributes_of,
)
from xaudit.store.parquet_file import DamagedTableError, encode_table, read_table
from xaudit.store.rows.cases import ANNOTATIONS, ATTRIBUTES, CASES, PREVIEWS, PROBLEMS
from xaudit.store.rows.facts import CATEGORIES
from xaudit.store.rows.map_clusters import MAP_CLUSTERS
from xaudit.store.rows.mean_reliance import MEAN_RELIANCE
from xaudit.store.rows.misclassified import MISCLASSIFIED_CATEGORIES
from xaudit.store.rows.predictions import PREDICTIONS
from xaudit.store.rows.reliance_areas import RELIANCE_AREAS
from xaudit.store.rows.summaries import SUMMARY
from xaudit.store.rows.table import Table
from xaudit.store.rows.tunings import THRESHOLDS
from xaudit.store.run_folder import RunFolder
from xaudit.store.schema_version import AUDIT_AGAIN

Record = TypeVar("Record")


def write_cases(run: RunFolder, cases: Sequence[Case]) -> None:
    """Write ``cases.parquet``."""
    _write(run, CASES, cases)


def read_cases(run: RunFolder) -> tuple[Case, ...]:
    """Read the cases of a run."""
    return _read(run, CASES)


def write_attributes(run: RunFolder, attributes: Iterable[Attribute]) -> None:
    """Write ``attributes.parquet``."""
    _write(run, ATTRIBUTES, attribute_rows(attributes))


def read_attributes(run: RunFolder) -> dict[str, Attribute]:
    """Read the attributes of a run's cases, by name; empty for a run that stored none."""
    stored = (run.path / f"{ATTRIBUTES.name}.parquet").exists()
    return attributes_of(_read(run, ATTRIBUTES)) if stored else {}


def write_annotations(run: RunFolder, annotations: Sequence[Annotation]) -> None:
    """Write ``annotations.parquet``."""
    _write(run, ANNOTATIONS, annotations)


def read_annotations(run: RunFolder) -> tuple[Annotation, ...]:
    """Read the readers' annotations."""
    return _read(run, ANNOTATIONS)


def write_predictions(run: RunFolder, predictions: Sequence[Prediction]) -> None:
    """Write ``predictions.parquet``."""
    _write(run, PREDICTIONS, predictions)


def read_predictions(run: RunFolder) -> tuple[Prediction, ...]:
    """Read the predictions of every model on every case."""
    return _read(run, PREDICTIONS)


def write_summaries(run: RunFolder, summaries: Sequence[Summary]) -> None:
    """Write ``summary.parquet``."""
    _write(run, SUMMARY, summaries)


def read_summaries(run: RunFolder) -> tuple[Summary, ...]:
    """Read the run's results, with their intervals."""
    return _read(run, SUMMARY)


def write_categories(run: RunFolder, categories: Sequence[CategorisedMap]) -> None:
    """Write ``categories.parquet``."""
    _write(run, CATEGORIES, categories)


def read_categories(run: RunFolder) -> tuple[CategorisedMap, ...]:
    """Read every map with its failure category."""
    return _read(run, CATEGORIES)


def write_misclassified(run: RunFolder, categories: Sequence[CategorisedMap]) -> None:
    """Write ``misclassified_categories.parquet``."""
    _write(run, MISCLASSIFIED_CATEGORIES, categories)


def read_misclassified(run: RunFolder) -> tuple[CategorisedMap, ...]:
    """Read the maps of misclassified cases that are in no number of the report; none for a run that stored none."""
    table = MISCLASSIFIED_CATEGORIES
    return _read(run, table) if (run.path / f"{table.name}.parquet").exists() else ()


def write_areas(run: RunFolder, areas: Sequence[TestedArea]) -> None:
    """Write ``reliance_areas.parquet``."""
    _write(run, RELIANCE_AREAS, areas)


def read_areas(run: RunFolder) -> tuple[TestedArea, ...]:
    """Read the areas of the reliance map; :class:`xaudit.records.Outcome` holds the same with their tests."""
    return _read(run, RELIANCE_AREAS)


def write_thresholds(run: RunFolder, thresholds: Sequence[TunedThreshold]) -> None:
    """Write ``thresholds.parquet``."""
    _write(run, THRESHOLDS, thresholds)


def read_thresholds(run: RunFolder) -> tuple[TunedThreshold, ...]:
    """Read the thresholds that a run tuned."""
    return _read(run, THRESHOLDS)


def write_previews(run: RunFolder, previews: Sequence[Preview]) -> None:
    """Write ``previews.parquet``."""
    _write(run, PREVIEWS, previews)


def read_previews(run: RunFolder) -> tuple[Preview, ...]:
    """Read the pictures of the gallery; empty for a run that stored none."""
    return _read(run, PREVIEWS) if (run.path / f"{PREVIEWS.name}.parquet").exists() else ()


def write_mean_reliance(run: RunFolder, means: Sequence[MeanReliance]) -> None:
    """Write ``mean_reliance.parquet``."""
    _write(run, MEAN_RELIANCE, means)


def read_mean_reliance(run: RunFolder) -> tuple[MeanReliance, ...]:
    """Read the mean reliance maps; empty for a run that stored none."""
    return _read(run, MEAN_RELIANCE) if (run.path / f"{MEAN_RELIANCE.name}.parquet").exists() else ()


def write_map_clusters(run: RunFolder, clusters: Sequence[SourceCluster]) -> None:
    """Write ``map_clusters.parquet``."""
    _write(run, MAP_CLUSTERS, clusters)


def read_map_clusters(run: RunFolder) -> tuple[SourceCluster, ...]:
    """Read the groups of maps; :class:`xaudit.records.Outcome` holds the same with the maps of no group."""
    return _read(run, MAP_CLUSTERS)


def write_problems(run: RunFolder, problems: Sequence[Problem]) -> None:
    """Write ``problems.parquet``."""
    _write(run, PROBLEMS, problems)


def read_problems(run: RunFolder) -> tuple[Problem, ...]:
    """Read the cases that could not be used."""
    return _read(run, PROBLEMS)


def _write(run: RunFolder, table: Table[Record], rows: Sequence[Record]) -> None:
    run.save_bytes(f"{table.name}.parquet", encode_table(table, rows, run))


def _read(run: RunFolder, table: Table[Record]) -> tuple[Record, ...]:
    name = f"{table.name}.parquet"
    shown = f"{run.run_id}/{name}"
    with read_errors(shown):
        return tuple(read_table(run.path / name, table, shown))


@contextmanager
def read_errors(shown: str) -> Iterator[None]:
    """Inside, a table that cannot be read raises RunFolderError.

    Args:
        shown: names the table.
    """
    try:
        yield
    except FileNotFoundError:
        raise RunFolderError(
            f"{shown}: missing; the run stopped before writing it",
            hint="repeat the command that made the run: it resumes where it stopped",
        ) from None
    except DamagedTableError as error:
        raise RunFolderError(f"{shown}: damaged: {error}", hint=AUDIT_AGAIN) from error
    except OSError as error:
        raise RunFolderError(
            f"{shown}: cannot be read: {error.strerror}", hint="check its permissions"
        ) from error
