"""The parts of the cases that are looked at one by one."""

from itertools import pairwise
from typing import Annotated, Self

from pydantic import (
    BeforeValidator,
    Field,
    model_validator,
)

from xaudit.config.named import from_name
from xaudit.config.section import Section
from xaudit.errors import nearest

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


TOLD_STRATA = ("site", "augmented")
"""Those that only the data itself can tell."""

_UNCUT_STRATA = ("lesion-count", "class", "correctness", *TOLD_STRATA)


class StratumSpec(Section):
    """One property by which results are told apart; ``name`` alone takes thirds, or tenths of the confidence."""

    name: str
    cuts: tuple[Annotated[float, Field(allow_inf_nan=False)], ...] = Field(
        (), description="limits between the parts, rising; lesion sizes in mm², spacing in mm"
    )

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        if self.name not in STRATA:
            hint = nearest(self.name, STRATA)
            raise ValueError(
                f"no stratum is called '{self.name}'|"
                + (f"did you mean '{hint}'? " if hint else "")
                + f"there are {', '.join(STRATA)}"
            )
        if self.cuts and self.name in _UNCUT_STRATA:
            raise ValueError(f"cuts: '{self.name}' has values of its own and takes no limits")
        if any(low >= high for low, high in pairwise(self.cuts)):
            raise ValueError(f"cuts: expected rising numbers, got {list(self.cuts)}")
        return self


Stratum = Annotated[StratumSpec, BeforeValidator(from_name)]
