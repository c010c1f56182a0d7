"""Base of all sections of the audit file, and the error that their checks raise."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of the audit file: frozen, and closed to keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class SettingError(ValueError):
    """A value that an audit file may not hold: the message names it, the hint says what to write instead."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def hint_of(entry: Any) -> str:  # noqa: ANN401  (one of pydantic's error details)
    """Return the hint of the SettingError that pydantic caught, empty where it found the fault itself."""
    return getattr(entry.get("ctx", {}).get("error"), "hint", "")
