"""The JSON Schema of what an audit file names: every name of the catalog and of plug-ins, each with its settings."""

from typing import Any

from xaudit.catalog import (
    CHANGED_FAMILIES,
    CHECK_FAMILIES,
    EXPLAINERS,
    METRICS,
    ExplainerRow,
    MetricRow,
    Option,
)
from xaudit.catalog.external import external_id
from xaudit.catalog.plugins import Kind, all_brought, offers
from xaudit.catalog.rows import QUANTUS


def named_schema(kind: Kind, plain: dict[str, Any]) -> dict[str, Any]:
    """A name alone, or an object with the name's own settings and no others.

    Plug-ins are imported for it; one that cannot be used is left out.

    Args:
        plain: the schema that pydantic makes, which lets every key pass.
    """
    for _ in all_brought(kind):
        pass
    rows: list[ExplainerRow | MetricRow] = [*EXPLAINERS] if kind == "explainer" else [*METRICS]
    rows = [row for row in rows if _can_be_named(row)]
    prefix = external_id("") if kind == "explainer" else QUANTUS
    return {
        "title": plain["title"],
        "description": plain["description"],
        "anyOf": [
            {"enum": [row.id for row in rows]},
            *(_object(row, plain["properties"]) for row in rows),
            {"type": "string", "pattern": f"^{prefix}."},
            *(_of_quantus(plain["properties"]) if kind == "metric" else []),
        ],
    }


def close_choice(schema: dict[str, Any], kind: Kind) -> None:
    """Lets a key that takes one of xaudit's own names, or a plug-in's, take the plug-ins' that are there."""
    own, _text = schema.pop("anyOf")
    schema["enum"] = [*own["enum"], *offers(kind)]


def _can_be_named(row: ExplainerRow | MetricRow) -> bool:
    if isinstance(row, ExplainerRow):
        return True
    others = row.unavailable or row.id.startswith(QUANTUS)
    return not others and row.family not in (*CHANGED_FAMILIES, *CHECK_FAMILIES)


def _of_quantus(plain: dict[str, Any]) -> list[dict[str, Any]]:
    """A class of Quantus by its own name with its settings, or beside the word ``quantus``."""
    texts = {"type": "string"}
    options = {"type": "object"}
    return [
        {
            "type": "object",
            "description": "a metric class of the installed Quantus",
            "properties": {"name": {"pattern": f"^{QUANTUS}."}, "id": plain["id"]},
            "required": ["name"],
        },
        {
            "type": "object",
            "description": "the same, its class named by `metric`",
            "properties": {
                "name": {"const": "quantus"},
                "id": plain["id"],
                "metric": texts,
                "options": options,
            },
            "required": ["name", "metric"],
            "additionalProperties": False,
        },
    ]


def _object(row: ExplainerRow | MetricRow, plain: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": row.meaning,
        "properties": {
            "name": {"const": row.id},
            "id": plain["id"],
            **{option.name: _setting(option) for option in row.options},
        },
        "required": ["name"],
        "additionalProperties": False,
    }


def _setting(option: Option) -> dict[str, Any]:
    about = {"description": option.meaning, "default": option.default}
    texts = [{"enum": list(option.choices)}] if option.choices else []
    if isinstance(option.default, int | float):
        number: dict[str, Any] = {"type": "integer" if isinstance(option.default, int) else "number"}
        number |= {} if option.minimum is None else {"minimum": option.minimum}
        number |= {} if option.maximum is None else {"maximum": option.maximum}
        return about | ({"anyOf": [number, *texts]} if texts else number)
    if texts:
        return about | texts[0]
    return about | {"type": ["string", "null"]}
