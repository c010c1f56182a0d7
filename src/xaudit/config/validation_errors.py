"""Faults of an audit file in the user's words: the place, the value, the nearest known name."""

from collections.abc import Container, Iterable, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from xaudit.config.audit_file import AuditFile
from xaudit.config.sections.section import Section, hint_of
from xaudit.errors import AuditFileError, did_you_mean, nearest

_LONGEST_MESSAGE = 1000


def faults_of(error: ValidationError, shown: str) -> list[AuditFileError]:
    """Return one error for each place of the file that is wrong, unknown keys first."""
    by_place: dict[str, list[ErrorDetails]] = {}
    for entry in sorted(error.errors(), key=lambda e: e["type"] != "extra_forbidden"):
        by_place.setdefault(_spelled(_place(entry["loc"])), []).append(entry)
    meant = {
        nearest(str(entries[0]["loc"][-1]), _keys_at(_place(entries[0]["loc"])[:-1]))
        for entries in by_place.values()
        if entries[0]["type"] == "extra_forbidden"
    }
    return [
        _error(entries[0], entries, shown)
        for where, entries in by_place.items()
        if not _follows(where, entries[0], by_place, meant)
    ]


def _follows(where: str, entry: ErrorDetails, places: Iterable[str], meant: Container[str | None]) -> bool:
    """Return True for an error with the cause of another: a missing key that is misspelt, a list of faulty entries."""
    if entry["type"] == "missing":
        return str(entry["loc"][-1]) in meant
    return entry["type"] == "too_short" and any(other.startswith(f"{where}[") for other in places)


def _place(loc: Iterable[int | str]) -> list[int | str]:
    """Return the keys of a place as the user wrote them, without the names of the kinds that were tried."""
    return [
        part for part in loc if not (isinstance(part, str) and ("[" in part or part.startswith("function")))
    ]


def _error(first: ErrorDetails, at_place: Iterable[ErrorDetails], shown: str) -> AuditFileError:
    place = _place(first["loc"])
    where = _spelled(place)
    if first["type"] == "extra_forbidden":
        known = _keys_at(place[:-1])
        name = str(place[-1])
        otherwise = "`xaudit config schema` lists every key"
        if place[-2:-1] == ["regions"]:
            otherwise = f"a region of your own belongs under own: {{{name:.40}: masks/{name:.40}}}"
        hint = did_you_mean(name[:60], known, otherwise=otherwise)
        return AuditFileError(f"{shown}: {where:.120}: no key is called '{name:.60}'", hint=hint)
    message, hint = first["msg"].removeprefix("Value error, "), hint_of(first)
    if first["type"] == "literal_error":  # what else may stand there knows the nearest name
        beside = (
            hint_of(e) for e in at_place if e["type"] == "value_error" and e["loc"][:-1] == first["loc"][:-1]
        )
        hint = next(beside, "")
    if first["type"] == "missing":
        message = "is needed and missing"
    elif first["type"] not in ("value_error",) and not isinstance(first["input"], dict | list):
        message = f"{message[0].lower()}{message[1:]}, got {first['input']!r:.60}"
    if not hint and first["type"] in _BOUNDS:
        hint = _bound_hint(place, first["input"])
    return fault_of(message, hint, f"{shown}: {where:.120}" if where else shown)


def fault_of(message: str, hint: str, place: str) -> AuditFileError:
    """Return the error about a place of the file, its message and hint cut to a length that a screen holds."""
    return AuditFileError(
        f"{place}: {message[:_LONGEST_MESSAGE]}",
        hint=hint[:_LONGEST_MESSAGE] or "`xaudit config schema` describes every key",
    )


_BOUNDS = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")
_PERCENT = 100


def _bound_hint(place: Sequence[int | str], value: object) -> str:
    """Return what a share of 0 to 1 is when it was given in percent, empty for any other number out of bounds."""
    entry = _field_at(place)
    if entry is None or not entry.description:
        return ""
    bounds = [getattr(one, "le", None) or getattr(one, "lt", None) for one in entry.metadata]
    share = any(bound is not None and bound <= 1 for bound in bounds)
    if not share or not isinstance(value, int | float) or not 1 < value <= _PERCENT:
        return ""
    return f"{value:g} percent would be {value / _PERCENT:g}; `{place[-1]}` is: {entry.description}"


def _field_at(place: Sequence[int | str]) -> FieldInfo | None:
    """Return the field that a place of the audit file fills, None for an entry of a list or a name of the user's."""
    model: Any = AuditFile
    for part in place[:-1]:
        if isinstance(part, int) or not isinstance(model, type) or not issubclass(model, BaseModel):
            continue
        entry = model.model_fields.get(part)
        if entry is not None:  # else a name that the user chose, such as a data set's
            model = _section_in(entry.annotation)
    if not isinstance(model, type) or not issubclass(model, BaseModel) or not isinstance(place[-1], str):
        return None
    return model.model_fields.get(place[-1])


def _spelled(place: Iterable[int | str]) -> str:
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def _keys_at(place: Iterable[int | str]) -> list[str]:
    """The keys known at a place of the audit file."""
    model: Any = AuditFile
    for part in place:
        if isinstance(part, int) or not isinstance(model, type) or not issubclass(model, BaseModel):
            continue
        entry = model.model_fields.get(part)
        if entry is None:  # a name that the user chose, such as a data set's
            continue
        model = _section_in(entry.annotation)
        if model is None:
            return []
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def _section_in(annotation: Any) -> type[Section] | None:  # noqa: ANN401
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _section_in(inner)
        if found is not None:
            return found
    return None
