"""The parts of the cases that are looked at one by one."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Self

from pydantic import (
    BeforeValidator,
    Field,
    model_validator,
)

from xaudit.config.sections.named import from_name
from xaudit.config.sections.section import Section, SettingError

STRATA = (
    "lesion-size",
    "lesion-count",
    "elongation",
    "irrectangularity",
    "resolution",
    "spacing",
    "class",
    "confidence",
    "correctness",
    "site",
    "augmented",
)
"""Properties of a case by which results can be told apart."""


UNKNOWN = "unknown"
"""The part of the cases that have no value."""


SAME = "same"
"""The one part where all cases have the same value."""


_THIRDS = {
    "lesion-size": ("small", "middle", "large"),
    "elongation": ("round", "middle", "long"),
    "irrectangularity": ("boxy", "middle", "ragged"),
    "resolution": ("low", "middle", "high"),
    "spacing": ("fine", "middle", "coarse"),
}


TOLD_STRATA = ("site", "augmented")
"""Those that only the data itself can tell."""

_UNCUT_STRATA = ("lesion-count", "class", "correctness", *TOLD_STRATA)


def cut_names(cuts: Sequence[float]) -> tuple[str, ...]:
    """Name the parts between limits.

    Example:
        >>> cut_names((100, 400))
        ('under-100', '100-to-400', 'from-400')
    """
    # A stratum's name has no room for the plus sign of 1e+06.
    spelled = [f"{cut:g}".replace("+", "") for cut in cuts]
    return (f"under-{spelled[0]}", *map("-to-".join, pairwise(spelled)), f"from-{spelled[-1]}")


class StratumSpec(Section):
    """A property by which cases are grouped; ``name`` alone takes thirds, or tenths of the confidence."""

    name: str
    cuts: tuple[Annotated[float, Field(allow_inf_nan=False)], ...] = Field(
        (), description="limits between the parts, rising; lesion sizes in mm², spacing in mm"
    )

    @property
    def parts(self) -> tuple[str, ...] | None:
        """The names of its parts in order, None where the data decides them.

        Example:
            >>> StratumSpec(name="lesion-size", cuts=(100, 400)).parts
            ('under-100', '100-to-400', 'from-400')
        """
        if self.cuts:
            return cut_names(self.cuts)
        match self.name:
            case "correctness":
                return ("correct", "wrong")
            case "augmented":
                return ("no", "yes")
            case "confidence":
                return tuple(f"d{tenth:02d}" for tenth in range(1, 11))
            case name:
                return _THIRDS.get(name)

    @property
    def parts_without_limits(self) -> tuple[str, ...]:
        """Parts beside these: cases without a value, and all cases if the data sets the limits and they are alike."""
        return (UNKNOWN,) if self.cuts else (UNKNOWN, SAME)

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        if self.cuts and self.name not in STRATA:
            raise SettingError(
                f"cuts: '{self.name}' takes no limits here",
                hint="an attribute takes them under `data.attributes`",
            )
        if self.cuts and self.name in _UNCUT_STRATA:
            raise SettingError(f"cuts: '{self.name}' has values of its own and takes no limits")
        if any(low >= high for low, high in pairwise(self.cuts)):
            raise SettingError(f"cuts: expected rising numbers, got {list(self.cuts)}")
        return self


Stratum = Annotated[StratumSpec, BeforeValidator(from_name)]
