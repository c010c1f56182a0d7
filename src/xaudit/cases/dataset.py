"""A data set after one reading: the metadata of every case, and access to its pixels."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from xaudit.cases.anatomy.sources import MaskSources
from xaudit.cases.images.header import UnreadableImageError
from xaudit.cases.images.image_file import read_image, read_pixels
from xaudit.cases.images.plane import Plane
from xaudit.cases.marks.readers import Policy, reader_masks, under_policy
from xaudit.cases.marks.reading import AnnotationReading
from xaudit.config import SlicesSection
from xaudit.errors import DataError
from xaudit.records import Annotation, Attribute, BoolArray, Case, FloatArray, Problem, Surroundings


@dataclass(frozen=True)
class Dataset:
    """Cases, the readers' marks on them, and the locations of their files; pixels are read on request.

    Attributes:
        root: the folder of the images, absolute; never shown or stored.
        cases: those that can be read, in the order of their ids, each with its split.
        class_names: in the order of `data.classes`, else sorted.
        positive: the class whose evidence readers mark: the audit file's, else the one with most marked cases,
            else the last class name.
        readers: the policy that :meth:`regions` follows.
        masks: sources of the masks of the anatomy.
        window: for DICOM and NIfTI images.
        planes: case id: position of the image in the patient, if known.
        slices: extraction of slices from NIfTI volumes.
        problems: images that could not be used, and why.
        patients_known: True if every case has a patient.
        split_known: False if the data named no splits and they were made here.
        notes: sentences about the data that a reader of the results must know.
        passed_over: sentences that name skipped files and images: for the screen, never stored.
        unread: sentences that count and name the columns of the table that are not read.
        votes: readers that must agree under the policy ``majority``; None for more than half.
        attributes: properties by which the images differ, by name.
        reading: how the annotation files were read; None if there are none.
    """

    id: str
    root: Path
    cases: tuple[Case, ...]
    annotations: tuple[Annotation, ...]
    class_names: tuple[str, ...]
    positive: str
    readers: Policy
    window: str | tuple[float, float]
    problems: tuple[Problem, ...]
    patients_known: bool
    split_known: bool
    notes: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    votes: int | None = None
    planes: Mapping[str, Plane] = field(default_factory=dict)
    slices: SlicesSection = field(default_factory=SlicesSection)
    masks: MaskSources = field(default_factory=MaskSources)
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    reading: AnnotationReading | None = None

    def pixels(self, case: Case) -> FloatArray:
        """Read the image of a case in its original frame: float32, (H, W) or (H, W, 3), in [0, 1].

        Raises:
            DataError: if the file is gone, has another size, or can no longer be read.
        """
        try:
            data, frame = read_image(self.root, case.path)
            values = read_pixels(data, case.source_format, self.window, frame, self.slices)
        except UnreadableImageError as error:
            raise DataError(
                f"{case.case_id}: {error}", hint="restore the image, or load the data again"
            ) from None
        if values.shape[:2] != (case.height, case.width):
            raise DataError(
                f"{case.case_id}: was {case.width} × {case.height} pixels when loaded, and is "
                f"{values.shape[1]} × {values.shape[0]} now",
                hint="leave the images alone while they are audited",
            )
        return values

    def surroundings(self, case: Case) -> Surroundings:
        """Return the anatomy around a case's marks, as far as masks exist; built-in ones are computed on request."""
        return self.masks.surroundings(case, lambda: self.pixels(case))

    def regions(self, case: Case) -> Mapping[str, BoolArray]:
        """Return the masks that maps of a case are compared with: (H, W) by reader name, under the reader policy.

        The names are ``union``, ``intersection``, ``majority`` or ``staple``, or each reader's id. Empty if nobody
        looked at the case, or fewer readers than must agree; an empty mask if a reader looked and marked nothing.
        """
        return under_policy(self.reader_masks(case), self.readers, votes=self.votes)

    def own_regions(self, case: Case) -> Mapping[str, BoolArray]:
        """Return the known masks of the regions that the audit file names, (H, W) by region."""
        masks = {
            name: source.mask(case, lambda: self.pixels(case)) for name, source in self.masks.own.items()
        }
        return {name: mask for name, mask in masks.items() if mask is not None}

    def reader_masks(self, case: Case) -> Mapping[str, BoolArray]:
        """Return each reader's mask on a case, (H, W) by reader id."""
        return reader_masks(self.marks(case), (case.height, case.width))

    def marks(self, case: Case) -> Sequence[Annotation]:
        """Return the annotations of a case, in the order of the file."""
        return self._marks.get(case.case_id, ())

    @cached_property
    def _marks(self) -> Mapping[str, Sequence[Annotation]]:
        marks: dict[str, list[Annotation]] = defaultdict(list)
        for annotation in self.annotations:
            marks[annotation.case_id].append(annotation)
        return marks
