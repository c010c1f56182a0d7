"""The columns of the table, and the properties of image files, by which images are told apart."""

import re
import unicodedata
from itertools import pairwise
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from xaudit.config.sections.named import from_name
from xaudit.config.sections.section import Section, SettingError
from xaudit.config.sections.strata import STRATA

FILE_ATTRIBUTES = (
    "file-format",
    "image-size",
    "bit-depth",
    "jpeg-quality",
    "dicom-manufacturer",
    "dicom-kernel",
    "dicom-kvp",
    "dicom-view",
    "dicom-sex",
    "dicom-age",
)
"""Properties of image files that identify nobody; they are read without being named."""

_TABLE_COLUMNS = ("image", "label", "patient", "split", "spacing_row_mm", "spacing_col_mm")
_OF_A_PERSON = ("sex", "gender", "race", "ethnicity")


class AttributeSpec(Section):
    """A column of the table that is an attribute; a column of numbers is divided into bands."""

    name: str = Field(description="the column's name, in any case")
    cuts: tuple[Annotated[float, Field(allow_inf_nan=False)], ...] = Field(
        (), description="limits between the bands of a number, rising; by default thirds of the patients"
    )
    per_patient: bool | None = Field(
        None,
        description="`true` warns if it differs within a patient; by default true for "
        + ", ".join(_OF_A_PERSON),
    )

    @property
    def id(self) -> str:
        """The name that strata, gates and tables use.

        Example:
            >>> AttributeSpec(name="Age Band").id
            'age-band'
        """
        return re.sub(r"[^\w.-]+", "-", self.name).strip("-")

    @property
    def is_of_a_person(self) -> bool:
        """Return True if all images of a patient must have one level."""
        return self.id in _OF_A_PERSON if self.per_patient is None else self.per_patient

    @field_validator("name")
    @classmethod
    def _in_lower_case(cls, name: str) -> str:
        return unicodedata.normalize("NFC", name.strip()).lower()

    @model_validator(mode="after")
    def _is_free(self) -> Self:
        if not self.id:
            raise SettingError(f"'{self.name}' names no column")
        if self.name in _TABLE_COLUMNS or self.id in (*STRATA, *FILE_ATTRIBUTES):
            raise SettingError(
                f"'{self.name}' is read without being named here",
                hint="name columns of your own; one of this name takes another name in the table",
            )
        if any(low >= high for low, high in pairwise(self.cuts)):
            raise SettingError(f"cuts: expected rising numbers, got {list(self.cuts)}")
        return self


NamedAttribute = Annotated[AttributeSpec, BeforeValidator(from_name)]
