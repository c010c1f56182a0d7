"""Settings of the search for copies."""

from typing import Self

from pydantic import Field, model_validator

from xaudit.config.sections.section import Section, SettingError


class CopiesSection(Section):
    """The search for images that are copies of each other, or slices of one scan."""

    least_detail: float = Field(
        0.99,
        gt=0,
        le=1,
        description="correlation of fine detail from which two images are copies; re-saved, resized, cropped or brightened "
        "copies reach 0.995, neighbouring slices of a scan 0.98. Smooth or small images saved as JPEG lose it: a likeness of 0.997 counts "
        "as well",
    )
    least_likeness: float = Field(
        0.93,
        ge=0.8,
        le=1,
        description="correlation of small copies from which two images are neighbouring or repeated slices; slices of "
        "different simulated patients reach 0.92",
    )

    @model_validator(mode="after")
    def _copies_are_the_stricter(self) -> Self:
        if self.least_detail < self.least_likeness:
            raise SettingError(
                "least_detail is below least_likeness: a copy is more alike than a neighbouring slice"
            )
        return self
