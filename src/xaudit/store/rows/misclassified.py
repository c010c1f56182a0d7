"""Results of misclassified cases that are explained beside the chosen ones, in tables of their own."""

from dataclasses import replace
from typing import TypeVar

from xaudit.store.rows.cases import PART_PROBLEMS
from xaudit.store.rows.facts import CATEGORIES, MAP_FACTS
from xaudit.store.rows.maps import MAPS
from xaudit.store.rows.reliance import RELIANCE
from xaudit.store.rows.reliance_map import RELIANCE_MAP
from xaudit.store.rows.table import Table

Record = TypeVar("Record")


def _of_errors(table: Table[Record]) -> Table[Record]:
    meaning = f"{table.meaning}; of a misclassified case that is in no number of the report"
    return replace(table, name=f"misclassified_{table.name}", meaning=meaning)


MISCLASSIFIED_MAPS = _of_errors(MAPS)
MISCLASSIFIED_FACTS = _of_errors(MAP_FACTS)
MISCLASSIFIED_RELIANCE = _of_errors(RELIANCE)
MISCLASSIFIED_RELIANCE_MAP = _of_errors(RELIANCE_MAP)
MISCLASSIFIED_PROBLEMS = _of_errors(PART_PROBLEMS)
MISCLASSIFIED_CATEGORIES = _of_errors(CATEGORIES)
