"""Slices of NIfTI volumes."""

from typing import Literal

from pydantic import Field

from xaudit.config.sections.section import Section


class SlicesSection(Section):
    """Direction and orientation of the slices of NIfTI volumes."""

    axis: Literal["third", "axial", "coronal", "sagittal"] = Field(
        "third",
        description="along which axis slices are counted: the file's third, or the one nearest to that direction in the patient",
    )
    orientation: Literal["patient", "stored"] = Field(
        "patient",
        description="`patient` turns slices so that columns run to the patient's left and rows to the back or feet, as "
        "axial DICOM lies; `stored` takes the first remaining axis as columns and the other as rows",
    )


class NiftiSection(SlicesSection):
    """Numbering and orientation of the slices of NIfTI masks."""

    first_slice: Literal[0, 1] = Field(
        0,
        description="the number of a volume's first slice in the images' names; after `#` it is always 1",
    )
