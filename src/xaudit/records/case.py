"""One image that is audited, and its picture for the report."""

from dataclasses import dataclass
from typing import Literal

PatientSide = Literal["R", "L", "A", "P", "H", "F"]
"""The patient's right, left, front, back, head or feet."""


@dataclass(frozen=True, slots=True)
class Case:
    """One image and what is known of it.

    Attributes:
        case_id: unique within the run.
        patient_id: None where the data names no patients.
        dataset_id: which of the audit's data sets it comes from.
        path: of the image, relative to the data set's root; ends with ``#`` and a number, from 1, where its file holds several.
        sha256: of the file's bytes; of one image of several in it, of that digest and how it is taken out.
        label: the truth.
        split: ``train``, ``validation`` or ``test``.
        height: of the original frame, in pixels.
        width: of the original frame, in pixels.
        spacing_mm: millimetres per pixel as (row, column), None where unknown.
        source_format: ``png``, ``jpeg``, ``tiff``, ``dicom``, ``nifti`` or ``npy``.
        site: where the image was taken, None where the data does not say.
        augmented: whether it was made from another image, None where the data does not say.
        left_edge: which side of the patient lies at the image's left edge, None where the file does not say.
    """

    case_id: str
    patient_id: str | None
    dataset_id: str
    path: str
    sha256: str
    label: str
    split: str
    height: int
    width: int
    spacing_mm: tuple[float, float] | None = None
    source_format: str = "png"
    site: str | None = None
    augmented: bool | None = None
    left_edge: PatientSide | None = None

    @property
    def cluster(self) -> str:
        """The unit of the statistics: the patient where known, else the case itself."""
        return self.case_id if self.patient_id is None else self.patient_id


@dataclass(frozen=True, slots=True)
class Preview:
    """A small grey picture of one case's image, for reports.

    Attributes:
        height: of the picture, in pixels; it shows the whole original frame.
        width: of the picture, in pixels.
        webp: the picture, losslessly coded.
    """

    case_id: str
    height: int
    width: int
    webp: bytes
