"""Changes of images under which answers and maps are compared."""

import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
)

from xaudit.config.sections.section import Section, SettingError

_TRANSFORM = re.compile(r"flip-(?:horizontal|vertical)|(?P<kind>rotate|shift)-(?P<size>[1-9]\d*)")


_LARGEST = {"rotate": 180, "shift": 50}


def _check_transform(name: str) -> str:
    found = _TRANSFORM.fullmatch(name)
    if found is None:
        raise SettingError(
            f"no transform is called '{name}'",
            hint="there are flip-horizontal, flip-vertical, rotate-DEGREES and "
            "shift-PERCENT, such as rotate-5 and shift-4",
        )
    kind = found["kind"]
    if kind is not None and int(found["size"]) > _LARGEST[kind]:
        raise SettingError(f"'{name}': {kind} goes up to {_LARGEST[kind]}")
    return name


def _check_repeats(changes: tuple[Any, ...]) -> tuple[Any, ...]:
    twice = [change for change in changes if changes.count(change) > 1]
    if twice:
        raise SettingError(f"'{twice[0]}' stands twice")
    return changes


Transforms = Annotated[
    tuple[Annotated[str, AfterValidator(_check_transform)], ...], AfterValidator(_check_repeats)
]


Steps = Annotated[tuple[Annotated[int, Field(ge=1, le=64)], ...], AfterValidator(_check_repeats)]


class ChangedImagesSection(Section):
    """Images that are changed, to see whether answer and map stay the same."""

    explainers: tuple[str, ...] = Field(
        (), description="ids of the explainers or controls asked again; by default all that are no controls"
    )


class EquivarianceSection(ChangedImagesSection):
    """Flips, turns and shifts: the changed image is explained, its map moved back and compared."""

    transforms: Transforms = Field(
        ("flip-horizontal", "rotate-10", "shift-4"),
        min_length=1,
        description="flip-horizontal, flip-vertical, rotate-DEGREES (clockwise), shift-PERCENT (of the side, right and down)",
    )
    least_same_class: float = Field(
        0.9,
        ge=0,
        le=1,
        description="share of cases below which the answer does not survive a small change (XA203)",
    )
    least_same_map: float = Field(
        0.5,
        ge=-1,
        le=1,
        description="rank correlation below which a map does not survive a small change (XA304)",
    )


class ResolutionSection(ChangedImagesSection):
    """The image at ever coarser resolution: what is left of answer, map and localization."""

    steps: Steps = Field(
        (1, 2, 4, 8),
        min_length=1,
        description="pixels of the model's frame averaged per side; 1 is the whole image",
    )
    least_kept: float = Field(
        0.5,
        ge=0,
        le=1,
        description="share of the whole image's score below which localization collapses (XA305)",
    )


def _switched(value: object) -> object:
    return {True: {}, False: None}.get(value, value) if isinstance(value, bool) else value


Equivariance = Annotated[
    EquivarianceSection | None,
    BeforeValidator(_switched, json_schema_input_type=EquivarianceSection | bool | None),
]


Resolution = Annotated[
    ResolutionSection | None,
    BeforeValidator(_switched, json_schema_input_type=ResolutionSection | bool | None),
]
