"""Explainers and metrics as an audit file names them, with their settings."""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from xaudit.catalog import (
    EXPLAINERS,
    EXTERNAL,
    METRICS,
    Option,
    OptionValue,
    explainer_row,
    metric_row,
)
from xaudit.catalog.external import names_files
from xaudit.config.sections.plugged import code_of_package, is_plugged, names_of
from xaudit.config.sections.section import Section, SettingError
from xaudit.errors import nearest


def check_name(name: str, known: list[str], *, kind: str) -> None:
    """Raise SettingError, with the nearest known name, where there is no such explainer or metric."""
    if name not in known:
        hint = nearest(name, known)
        raise SettingError(
            f"no {kind} is called '{name}'",
            hint=(f"did you mean '{hint}'? " if hint else "")
            + f"`xaudit list {kind}s` shows all"
            + ("" if hint else "; one of another package is there once that is installed"),
        )


def check_options(given: Mapping[str, object], known: tuple[Option, ...]) -> None:
    """Raise SettingError, with the nearest known name, for a setting that is unknown or out of bounds."""
    by_name = {option.name: option for option in known}
    for name, value in given.items():
        if name not in by_name:
            names = ", ".join(by_name) or "none"
            hint = nearest(name, by_name)
            raise SettingError(
                f"no option is called '{name}'",
                hint=(f"did you mean '{hint}'? " if hint else "") + f"it takes: {names}",
            )
        option = by_name[name]
        whole = isinstance(option.default, int)
        number = (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and (not whole or float(value).is_integer())
        )
        if isinstance(option.default, int | float) and value not in option.choices:
            low = -float("inf") if option.minimum is None else option.minimum
            high = float("inf") if option.maximum is None else option.maximum
            if not (number and low <= float(value) <= high):  # type: ignore[arg-type]
                kind = "a whole number" if whole else "a number"
                bounds = [f"at least {low:g}"] * (low > -float("inf")) + [f"at most {high:g}"] * (
                    high < float("inf")
                )
                texts = "".join(f", or {choice}" for choice in option.choices)
                expected = " ".join([kind, " and ".join(bounds)])
                meaning = f": it is the {option.meaning}" if option.share_of else ""
                raise SettingError(
                    f"{name}: expected {expected}{texts}, got {value!r}{meaning}",
                    hint=_in_its_unit(option, value),
                )
        elif option.choices and value not in option.choices:
            raise SettingError(f"{name}: expected one of {', '.join(option.choices)}, got {value!r}")
        elif not option.choices and value is not None and not isinstance(value, str):
            raise SettingError(f"{name}: expected a text, got {value!r}")


_SIDE = 224
"""Pixels, of the frame that most networks take."""


def _in_its_unit(option: Option, value: object) -> str:
    """Return a hint that states a number as the share that it was perhaps meant to be, empty for another.

    Example:
        >>> _in_its_unit(Option("window", 0.1, "side of the patch", 0.01, 1, share_of="side"), 32)
        '32 px of a side of 224 px would be 0.143'
    """
    if option.share_of and isinstance(value, int | float) and value > 1:
        match option.share_of:
            case "side" if value <= _SIDE:
                return f"{value:g} px of a side of {_SIDE} px would be {value / _SIDE:.3g}"
            case "range" if value <= _BRIGHTEST:
                return f"{value:g} of {_BRIGHTEST} grey values would be {value / _BRIGHTEST:.3g}"
            case "whole" if value <= _PERCENT:
                return f"{value:g} percent would be {value / _PERCENT:g}"
    return ""


_BRIGHTEST = 255
_PERCENT = 100


class NamedOptions(Section):
    """An explainer or a metric with its settings; ``name`` alone takes the defaults."""

    model_config = ConfigDict(extra="allow", frozen=True)

    _kind: ClassVar[Literal["explainer", "metric"]]

    name: str
    id: str = Field(
        "", description="its name in the tables, where one name is used twice with different settings"
    )

    @model_validator(mode="before")
    @classmethod
    def _is_called_by_its_name(cls, given: object) -> object:
        """Take the name as id where none is given; ``external-gradcam`` means maps from files of that id."""
        if not isinstance(given, dict) or given.get("id", "") != "" or not isinstance(given.get("name"), str):
            return given
        files = cls._kind == "explainer" and names_files(given["name"])
        return {**given, "name": EXTERNAL.id if files else given["name"], "id": given["name"]}

    @property
    def options(self) -> dict[str, OptionValue]:
        """Every setting, defaults included, in the catalog's order."""
        given = self.model_extra or {}
        return {option.name: given.get(option.name, option.default) for option in self._known()}

    @property
    def fingerprint(self) -> str:
        """A hash of the name and every setting: two results with the same one were made alike.

        A setting that came later and is left at its default takes no part: it makes what was made before it came.
        Of a plug-in the package, its version and a digest of its code take part.
        """
        silent = {option.name: option.default for option in self._known() if option.came_later}
        told = {
            name: value for name, value in self.options.items() if name not in silent or value != silent[name]
        }
        package = code_of_package(self._kind, self.name)
        return fingerprint(
            {"name": self.name, "options": told} | ({} if package is None else {"package": package})
        )

    def _known(self) -> tuple[Option, ...]:
        raise NotImplementedError


class ExplainerSpec(NamedOptions):
    """An explainer of the audit."""

    _kind = "explainer"

    def _known(self) -> tuple[Option, ...]:
        return explainer_row(self.name).options

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        if self.name != EXTERNAL.id and not is_plugged("explainer", self.name):
            check_name(
                self.name, [row.id for row in EXPLAINERS.own] + names_of("explainer"), kind="explainer"
            )
        check_options(self.model_extra or {}, self._known())
        return self


class MetricSpec(NamedOptions):
    """A metric of the audit."""

    _kind = "metric"

    def _known(self) -> tuple[Option, ...]:
        return metric_row(self.name).options

    @property
    def cuts_at_tuned_threshold(self) -> bool:
        """True if its value depends on a threshold that must be tuned first."""
        return self.options.get("binarisation") == "tuned" and self.options.get("by") != "maxima"

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        if not is_plugged("metric", self.name):
            check_name(self.name, [row.id for row in METRICS.own] + names_of("metric"), kind="metric")
        if why := metric_row(self.name).unavailable:
            raise SettingError(f"'{self.name}' is not available", hint=why)
        check_options(self.model_extra or {}, self._known())
        ignored = self.options.get("binarisation", "fixed") != "fixed"
        if ignored and any(
            o.name == "threshold" and self.options[o.name] != o.default for o in self._known()
        ):
            raise SettingError(
                "threshold: has no effect on a map that is cut otherwise",
                hint="set `binarisation: fixed` as well",
            )
        return self


def from_name(value: object) -> object:
    """Lets a name alone stand for an entry with nothing but defaults."""
    return {"name": value} if isinstance(value, str) else value


Explainer = Annotated[ExplainerSpec, BeforeValidator(from_name)]


Metric = Annotated[MetricSpec, BeforeValidator(from_name)]


def fingerprint(value: object) -> str:
    """The first 16 hex digits of the SHA-256 of a value's canonical JSON.

    Example:
        >>> fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
        True
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
