"""Files of an external model: its predictions and its maps."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from xaudit.config.sections.section import Section, SettingError


def from_path(value: object) -> object:
    """Turn a path alone into an entry with nothing but defaults."""
    return {"path": value} if isinstance(value, str | Path) else value


class PredictionTable(Section):
    """Table of an external model's predictions, a row per image; a path alone takes the defaults."""

    path: Path = Field(description="CSV, or Parquet by its suffix")
    values: Literal["probability", "logit"] = Field(
        "probability", description="what its columns of classes hold; probabilities of an image sum to 1"
    )


class MapFiles(Section):
    """The saliency maps of an external model by one explainer; a path alone takes the defaults."""

    path: Path = Field(
        description="a folder with one file for each image, called like the image or its case id"
    )
    values: Literal["signed", "magnitude"] = Field(
        "signed",
        description="whether negative values speak against the class; `magnitude` drops the sign, where it means nothing",
    )
    orientation: Literal["patient", "stored"] = Field(
        "patient",
        description="how NIfTI files lie, as `regions.nifti.orientation` has it; other files lie as the image",
    )


def check_named(maps: object) -> object:
    """Return the value as it is; raise SettingError for a folder of maps without the name of its explainer."""
    if isinstance(maps, str):
        raise SettingError(
            f"'{maps:.60}' says not what made the maps",
            hint=f"write its name before the folder: `maps: {{gradcam: {maps:.60}}}`",
        )
    return maps
