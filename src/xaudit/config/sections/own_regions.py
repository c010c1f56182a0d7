"""Regions that an audit file names itself: a tube, a port, burnt-in text, a ruler, the breast, the optic disc."""

import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, model_validator

from xaudit.catalog import METRICS, region_metric_names
from xaudit.config.sections.section import Section, SettingError

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_NAME = 40
_TAKEN = re.compile(r"(all-but|area|logit|map)(-.*)?|elsewhere|left-lung|right-lung|overlays")
"""Names that would stand for something else in a metric's id, a failure category, or a folder of masks."""


class OwnRegion(Section):
    """Masks of one region."""

    path: Path = Field(
        description="its masks: a folder of PNG or NIfTI files with the images' names, a COCO file, a NIfTI file, or a "
        "DICOM segmentation or structure set"
    )
    category: int | str | None = Field(
        None,
        description="category (COCO), segment (DICOM) or number (PNG, NIfTI) of the region in `path`; by default the one "
        "with the region's name, or all that is not 0",
    )
    evidence: bool = Field(
        False,
        description="true if an answer may rest on it, such as the breast or the skin around a lesion; false if the model "
        "should not use it",
    )

    @model_validator(mode="before")
    @classmethod
    def _is_a_path_or_a_mapping(cls, value: object) -> object:
        if isinstance(value, str | Path):
            return {"path": value}
        if isinstance(value, Mapping | OwnRegion):
            return value
        raise SettingError(
            f"expected the path of masks, got {value!r:.60}", hint="write it like `ruler: masks/ruler`"
        )


def check_region_name(name: str) -> None:
    """Raise SettingError for a name that cannot be a region's, or that xaudit uses itself."""
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_LONGEST_NAME].strip("-")
        raise SettingError(
            f"'{name:.60}' cannot be the name of a region: it has small letters, digits and single hyphens only, at most "
            f"{_LONGEST_NAME}",
            hint=f"call it '{plain or 'ruler'}'",
        )
    if _TAKEN.fullmatch(name) or any(metric in METRICS.by_id for metric in region_metric_names(name)):
        structure = name in ("lungs", "body", "thorax")
        raise SettingError(
            f"'{name}' is a name that xaudit uses itself",
            hint=f"give its masks as data.regions.{name}"
            if structure
            else f"call it 'the-{name}', or by another name",
        )
