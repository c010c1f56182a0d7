"""Sources of images, labels, marks and masks."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import (
    Field,
    field_validator,
    model_validator,
)

from xaudit.catalog import FORMAT_RECORDS
from xaudit.config.sections.attributes import AttributeSpec, NamedAttribute
from xaudit.config.sections.plugged import PluggedFormat
from xaudit.config.sections.regions import RegionSection
from xaudit.config.sections.section import Section, SettingError
from xaudit.config.sections.slices import NiftiSection, SlicesSection


class PhantomSection(Section):
    """The built-in synthetic chest CT: how much of it, and what is planted in it."""

    patients: int = Field(120, ge=6, description="simulated patients")
    slices: int = Field(3, ge=1, le=12, description="slices per patient")
    splits: Literal["mixed", "test"] = Field(
        "mixed", description="`mixed` trains, validates and tests; `test` keeps every patient for the test"
    )
    size: int = Field(256, ge=64, le=1024, description="side of a slice in pixels")
    plant: Literal[
        "none",
        "corner-marker",
        "border-tone",
        "opposite-tag",
        "same-tag",
        "hyperintensity",
        "obstruction",
        "mixed",
    ] = Field(
        "none",
        description="evidence a model could cheat with, shown on cancer slices; `mixed` shows a marker, a tone or a tag over "
        "the other lung as often on normal slices, and needs `strength: 0`",
    )
    strength: float = Field(
        1.0, ge=0, le=1, description="share of cancer slices that show it, minus that of normal ones"
    )
    seed: int = Field(0, ge=0, description="another seed is another population")

    @model_validator(mode="after")
    def _mixed_tells_nothing(self) -> Self:
        if self.plant == "mixed" and self.strength:
            raise SettingError(
                f"strength: mixed evidence is shown alike on both classes, not with strength {self.strength:g}",
                hint="add strength: 0",
            )
        return self


if TYPE_CHECKING:
    AnnotationFormatName = str
else:
    AnnotationFormatName = Literal["auto", *FORMAT_RECORDS]

ANNOTATION_COLUMNS = (
    "image",
    "reader",
    "label",
    "x0",
    "y0",
    "x1",
    "y1",
    "x",
    "y",
    "width",
    "height",
    "image_width",
    "image_height",
)
"""What a table of boxes can say."""


class AnnotationSection(Section):
    """Marks that readers drew."""

    path: Path = Field(description="a file of annotations, or a folder of files in any of the formats")
    format: AnnotationFormatName | PluggedFormat = Field(
        "auto", description="`auto` looks into the file; one of another package must be named"
    )
    origin: Literal["auto", "one", "zero"] = Field(
        "auto",
        description="where Pascal VOC files and tables of boxes start to count pixels; `auto` is one for Pascal VOC, "
        "zero for tables",
    )
    columns: dict[str, str] = Field(
        default_factory=dict,
        description="for a table of boxes: `image`, `reader`, `label`, `x0`, `y0`, `x1`, `y1`, or `x`, `y`, `width`, "
        "`height`, and what the file calls them",
    )
    labels: tuple[str, ...] = Field(
        (), description="the only labels that count; a reader who marked others found nothing. By default all"
    )
    rename: dict[str, str] = Field(
        default_factory=dict, description="label in the annotations: label to use, before `merge`"
    )
    extra_images: Literal["refuse", "ignore"] = Field(
        "refuse", description="what becomes of annotations of images that the data does not hold"
    )
    readers: Literal["union", "intersection", "majority", "staple", "each"] = Field(
        "union", description="how the readers' marks become the region that a map is held against"
    )
    nifti: NiftiSection = NiftiSection()
    votes: int | None = Field(
        None,
        ge=1,
        description="readers that must agree under `readers: majority`; by default more than half of a case's",
    )

    @field_validator("columns")
    @classmethod
    def _are_known_columns(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value:
            if name not in ANNOTATION_COLUMNS:
                raise SettingError(
                    f"no column is called '{name}' here", hint=f"there are {', '.join(ANNOTATION_COLUMNS)}"
                )
        return value

    @model_validator(mode="after")
    def _votes_decide(self) -> Self:
        if self.votes is not None and self.readers != "majority":
            raise SettingError(f"votes: only `readers: majority` counts votes, not `{self.readers}`")
        return self


class SplitSection(Section):
    """Division of the cases if the data has none of its own."""

    test: float = Field(0.3, ge=0, le=1, description="share of the patients that is audited")
    validation: float = Field(
        0.15, ge=0, lt=1, description="share of the patients that decides when training stops"
    )
    seed: int = Field(0, ge=0, description="another seed is another division")
    groups: Path | None = Field(
        None,
        description="CSV with the columns image and group: images of a group are kept in one split; `xaudit data audit` "
        "proposes it as `groups.csv`",
    )

    @model_validator(mode="after")
    def _leaves_something(self) -> Self:
        if self.test + self.validation > 1:
            raise SettingError("test and validation together are more than the whole")
        return self


class DataSection(Section):
    """Images, labels, marks and patients."""

    format: Literal["folder", "csv", "phantom"] = Field(
        "folder", description="one sub-folder per class, a table, or the built-in synthetic study"
    )
    images: Path | None = Field(None, description="the folder that holds the images")
    labels: Path | None = Field(
        None,
        description="CSV with the columns image, label and, where known, patient, split, site, augmented",
    )
    label_column: str | None = Field(
        None,
        min_length=1,
        description="in place of `label`, a column that says of each image 1 or 0: whether it shows `positive`; images with an "
        "empty cell are left out and counted",
    )
    attributes: tuple[NamedAttribute, ...] = Field(
        (),
        description="further columns of the table by which images are told apart, such as sex, age or scanner; no other "
        "column is read, and their texts are stored in the run folder",
    )
    annotations: AnnotationSection | None = None
    regions: RegionSection = RegionSection()
    positive: str | None = Field(
        None, description="the class whose evidence readers mark; by default the marked one"
    )
    classes: tuple[str, ...] = Field(
        (),
        description="every class, in the order of the models' outputs; by default those that the data shows, sorted",
    )
    merge: dict[str, str] = Field(
        default_factory=dict, description="class name in the data: class name to use"
    )
    patient_pattern: str | None = Field(
        None, description="a regular expression whose first group in the path is the patient"
    )
    augmented_pattern: str | None = Field(
        None,
        description="a regular expression that is found in the paths of augmented images and in no other",
    )
    window: Literal["file", "full", "lung", "mediastinum", "bone"] | tuple[float, float] = Field(
        "lung", description="for DICOM and NIfTI: a preset, `file`, or [centre, width] in Hounsfield units"
    )
    nifti: SlicesSection = SlicesSection()
    split: SplitSection = SplitSection()
    phantom: PhantomSection = PhantomSection()

    @field_validator("classes")
    @classmethod
    def _are_different(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        twice = next((name for name in classes if classes.count(name) > 1), None)
        if twice is not None:
            raise SettingError(f"'{twice}' stands twice", hint="name each class once")
        return classes

    @field_validator("attributes")
    @classmethod
    def _are_different_columns(cls, attributes: tuple[AttributeSpec, ...]) -> tuple[AttributeSpec, ...]:
        names = [spec.id for spec in attributes]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise SettingError(f"'{twice}' stands twice", hint="name each column once")
        return attributes

    @model_validator(mode="after")
    def _has_its_source(self) -> Self:
        if self.format == "folder" and self.images is None:
            raise SettingError("images: a folder data set needs the path of its folder")
        if self.format == "csv" and self.labels is None:
            raise SettingError("labels: a csv data set needs the path of its table")
        if self.label_column is not None and (self.format != "csv" or self.positive is None):
            raise SettingError(
                "label_column: names the column of a table that says whether an image shows `positive`",
                hint="set `format: csv`, `labels` and `positive` as well",
            )
        if self.attributes and self.format != "csv":
            raise SettingError(
                "attributes: only a table has columns",
                hint="set format: csv and labels, or take attributes out",
            )
        if self.patient_pattern is not None:
            try:
                groups = re.compile(self.patient_pattern).groups
            except re.error as error:
                raise SettingError(f"patient_pattern: not a regular expression ({error})") from None
            if groups < 1:
                raise SettingError("patient_pattern: needs a group in parentheses that matches the patient")
        if self.augmented_pattern is not None:
            try:
                re.compile(self.augmented_pattern)
            except re.error as error:
                raise SettingError(f"augmented_pattern: not a regular expression ({error})") from None
        if self.regions.thorax == "builtin" and "lungs" not in self.structures:
            raise SettingError(
                "regions.thorax: builtin is the hull of the lungs, and regions.lungs is not set"
            )
        return self

    @property
    def structures(self) -> frozenset[str]:
        """The parts of the anatomy of which there are masks; the phantom study brings its lungs along."""
        given = {name for name in ("lungs", "body", "thorax") if getattr(self.regions, name) is not None}
        return frozenset(given | ({"lungs"} if self.format == "phantom" else set()))
