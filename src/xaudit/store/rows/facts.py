"""Measurements of maps, and the resulting categories, as rows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from xaudit.records import CategorisedMap, MapFacts
from xaudit.store.rows import schemas
from xaudit.store.rows.table import Table

_FACTS_SAME = (
    "case_id",
    "patient_id",
    "explainer_hash",
    "target",
    "label",
    "predicted",
    "no_map",
    "no_mark",
    "spread",
    "map_share",
    "coverage",
    "precision",
    "mass_lift",
    "place",
    "border_mass",
)


def _facts_row(facts: MapFacts) -> dict[str, object]:
    same = {name: getattr(facts, name) for name in _FACTS_SAME}
    return {"model": facts.model_id, "explainer": facts.explainer_id, **same}


def _facts(row: Mapping[str, Any]) -> MapFacts:
    same = {name: row[name] for name in _FACTS_SAME}
    return MapFacts(model_id=row["model"], explainer_id=row["explainer"], **same)


def _measured_row(facts: MapFacts) -> dict[str, object]:
    return {**_facts_row(facts), "n_evals": facts.n_evals, "seconds": facts.seconds}


def _measured(row: Mapping[str, Any]) -> MapFacts:
    return replace(_facts(row), n_evals=row.get("n_evals"), seconds=row.get("seconds"))


def _category_row(categorised: CategorisedMap) -> dict[str, object]:
    decided = {
        "category": categorised.category,
        "cell": categorised.cell,
        "wrong_reason": categorised.wrong_reason,
    }
    return {**_facts_row(categorised.facts), **decided}


def _category(row: Mapping[str, Any]) -> CategorisedMap:
    return CategorisedMap(_facts(row), row["category"], row["cell"], row["wrong_reason"])


MAP_FACTS = Table[MapFacts](
    "map_facts",
    "what the failure category of one map is decided from",
    schemas.MAP_FACTS,
    _measured_row,
    _measured,
    in_parts=True,
)


CATEGORIES = Table[CategorisedMap](
    "categories", "one map with its failure category", schemas.CATEGORIES, _category_row, _category
)
