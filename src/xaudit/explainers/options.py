"""The settings of an explainer, taken out of the audit file's mapping as what the catalog declares them to be."""

from collections.abc import Mapping

from xaudit.catalog import OptionValue


def whole_number(options: Mapping[str, OptionValue], name: str) -> int:
    """An option that the catalog declares as a whole number."""
    return int(number(options, name))


def number(options: Mapping[str, OptionValue], name: str) -> float:
    """An option that the catalog declares as a number; raises TypeError where it is none."""
    value = options[name]
    if not isinstance(value, int | float):
        raise TypeError(f"option '{name}' is {value!r}, not a number")
    return value


def text(options: Mapping[str, OptionValue], name: str) -> str:
    """An option that the catalog declares as a text; raises TypeError where it is none."""
    value = options[name]
    if not isinstance(value, str):
        raise TypeError(f"option '{name}' is {value!r}, not a text")
    return value
