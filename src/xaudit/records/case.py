"""An audited image, and its picture for the report."""

from dataclasses import dataclass
from typing import Literal

PatientSide = Literal["R", "L", "A", "P", "H", "F"]
"""The patient's right, left, front, back, head or feet."""


@dataclass(frozen=True, slots=True)
class Case:
    """An image and its metadata.

    Attributes:
        case_id: unique within the run.
        patient_id: None if the data names no patients; then, of an image in a group of `data.split.groups`, the group.
        dataset_id: the data set of the audit that the image comes from.
        path: path of the image relative to the data set's root; ends with ``#`` and a number, from 1, if its file holds several.
        sha256: digest of the file's bytes; for one image of several, digest of that digest and of how the image is extracted.
        label: the true class.
        split: ``train``, ``validation`` or ``test``.
        height: height of the original frame, in pixels.
        width: width of the original frame, in pixels.
        spacing_mm: millimetres per pixel as (row, column), None if unknown.
        source_format: ``png``, ``jpeg``, ``tiff``, ``dicom``, ``nifti`` or ``npy``.
        site: the site that took the image, None if the data does not say.
        augmented: True if the image was made from another one, None if the data does not say.
        left_edge: the side of the patient at the image's left edge, None if the file does not say.
        finding: what its label states; None if the label names one of the data's classes.
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
    finding: str | None = None

    @property
    def cluster(self) -> str:
        """The patient if known, else the group or the case: the unit of all statistics."""
        return self.case_id if self.patient_id is None else self.patient_id

    @property
    def image_id(self) -> str:
        """Name of the image for random choices: the same in the data sets of all findings, so that they share answers."""
        return self.case_id if self.finding is None else self.case_id.removeprefix(f"{self.dataset_id}/")


@dataclass(frozen=True, slots=True)
class Preview:
    """A small grey picture of one case's image, for reports.

    Attributes:
        height: height of the picture, in pixels; it shows the whole original frame.
        width: width of the picture, in pixels.
        webp: the picture as lossless WebP.
    """

    case_id: str
    height: int
    width: int
    webp: bytes
