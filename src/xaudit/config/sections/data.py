"""Where images, labels, marks and masks come from."""

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import (
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from xaudit.config.sections.plugged import PluggedFormat
from xaudit.config.sections.section import Section


class PhantomSection(Section):
    """The built-in synthetic chest CT: how much of it, and what is planted in it."""

    patients: int = Field(120, ge=6, description="simulated patients")
    slices: int = Field(3, ge=1, le=12, description="slices per patient")
    splits: Literal["mixed", "test"] = Field(
        "mixed", description="`mixed` trains, validates and tests; `test` keeps every patient for the test"
    )
    size: int = Field(256, ge=64, le=1024, description="side of a slice in pixels")
    plant: Literal["none", "corner-marker", "border-tone", "opposite-tag"] = Field(
        "none", description="evidence a model could cheat with, shown on cancer slices"
    )
    strength: float = Field(
        1.0, ge=0, le=1, description="share of cancer slices that show it, minus that of normal ones"
    )
    seed: int = Field(0, ge=0, description="another seed is another population")


AnnotationFormatName = Literal[
    "auto",
    "coco",
    "voc",
    "yolo",
    "labelme",
    "label-studio",
    "cvat",
    "boxes",
    "rsna",
    "nih",
    "vindr",
    "siim",
    "chexlocalize",
    "lidc",
    "dicom-seg",
    "rtstruct",
    "nifti",
    "masks",
]

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


class SlicesSection(Section):
    """How slices are taken out of NIfTI volumes."""

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
    """How the slices of NIfTI masks are numbered, and how they lie."""

    first_slice: Literal[0, 1] = Field(
        0,
        description="the number of a volume's first slice in the images' names; after `#` it is always 1",
    )


class AnnotationSection(Section):
    """What the readers drew."""

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
                raise ValueError(
                    f"no column is called '{name}' here|there are {', '.join(ANNOTATION_COLUMNS)}"
                )
        return value

    @model_validator(mode="after")
    def _votes_decide(self) -> Self:
        if self.votes is not None and self.readers != "majority":
            raise ValueError(f"votes: only `readers: majority` counts votes, not `{self.readers}`")
        return self


BUILT_IN_MASKS = ("builtin", "builtin-ct", "builtin-xray")


class LungSection(Section):
    """The left and the right lung by name: a path for each, or one path and what each is called in it."""

    path: Path | None = Field(
        None,
        description="masks of both lungs, in which `left` and `right` are names or numbers; absent: they are paths",
    )
    left: tuple[Path | int | str, ...] = Field(
        min_length=1,
        description="paths of its masks, or its categories (COCO, DICOM) or numbers (PNG, NIfTI) in `path`",
    )
    right: tuple[Path | int | str, ...] = Field(min_length=1, description="the same of the right lung")

    @field_validator("left", "right", mode="before")
    @classmethod
    def _is_a_list(cls, value: object) -> object:
        return (value,) if isinstance(value, str | int | Path) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        for side in ("left", "right"):
            values = getattr(self, side)
            if self.path is None and any(isinstance(value, int) for value in values):
                raise ValueError(
                    f"{side}: {values[0]} is no path|give the masks in which it is a number: `path: masks/lungs`"
                )
            kind = Path if self.path is None else str
            object.__setattr__(self, side, tuple(v if isinstance(v, int) else kind(v) for v in values))
        both = set(self.left) & set(self.right)
        if both:
            raise ValueError(f"left and right: {min(map(str, both))} stands in both|name it on one side")
        return self


def _lung_section(plain: dict[str, object]) -> LungSection:
    """Read the lungs by name; in a union every other form would complain of them as well."""
    try:
        return LungSection.model_validate(plain)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"][:1]))
        message = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            message = "no key is called so|the lungs have the keys left, right and path"
        if first["type"] == "missing":
            message = "is missing|give both lungs: {left: masks/left, right: masks/right}"
        raise ValueError(f"{place}: {message}" if place else message) from None


class RegionSection(Section):
    """Masks of the anatomy: PNGs or NIfTI files with the images' names, a COCO file, or made here from the image."""

    lungs: Literal["builtin-ct", "builtin-xray"] | Path | LungSection | None = Field(
        None,
        description="masks of both lungs: a folder, a COCO, NIfTI or DICOM file, `builtin-ct` or `builtin-xray`; or "
        "`{left: ..., right: ...}` where the masks do not say which lung is which",
    )
    body: Literal["builtin", "builtin-ct", "builtin-xray"] | Path | None = Field(
        None, description="masks of the whole patient; `builtin` follows `lungs`, and is for CT otherwise"
    )
    thorax: Literal["builtin"] | Path | None = Field(
        None, description="masks of all within the ribs; `builtin` is the convex hull of the lungs"
    )
    nifti: NiftiSection = NiftiSection()
    tolerance_px: float = Field(
        0.0, ge=0, allow_inf_nan=False, description="how far the region `mark` reaches beyond the marks"
    )
    tolerance_mm: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="the same in millimetres, where spacing is known"
    )

    @field_validator("lungs", "body", "thorax", mode="before")
    @classmethod
    def _is_known_builtin(cls, value: object, info: ValidationInfo) -> object:
        known = {"lungs": BUILT_IN_MASKS[1:], "body": BUILT_IN_MASKS, "thorax": BUILT_IN_MASKS[:1]}
        choices = known[str(info.field_name)]
        if info.field_name == "lungs" and isinstance(value, dict):
            return _lung_section(value)
        if isinstance(value, str) and value.startswith("builtin") and value not in choices:
            raise ValueError(
                f"no masks are called '{value}'|take {' or '.join(choices)}, or the path of masks"
            )
        return value

    @model_validator(mode="after")
    def _has_one_tolerance(self) -> Self:
        if self.tolerance_mm is not None and self.tolerance_px > 0:
            raise ValueError("tolerance_px and tolerance_mm are both set|keep one of the two")
        return self

    def builtin(self, structure: str) -> Literal["ct", "xray"] | None:
        """For which kind of image a structure's masks are made here; None where they are given or unknown."""
        source = getattr(self, structure)
        if source == "builtin":
            source = self.lungs if self.lungs in BUILT_IN_MASKS else "builtin-ct"
        match source:
            case "builtin-ct":
                return "ct"
            case "builtin-xray":
                return "xray"
            case _:
                return None


class SplitSection(Section):
    """How cases are divided when the data does not say."""

    test: float = Field(0.3, ge=0, le=1, description="share of the patients that is audited")
    validation: float = Field(
        0.15, ge=0, lt=1, description="share of the patients that decides when training stops"
    )
    seed: int = Field(0, ge=0, description="another seed is another division")

    @model_validator(mode="after")
    def _leaves_something(self) -> Self:
        if self.test + self.validation > 1:
            raise ValueError("test and validation together are more than the whole")
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
            raise ValueError(f"'{twice}' stands twice|name each class once")
        return classes

    @model_validator(mode="after")
    def _has_its_source(self) -> Self:
        if self.format == "folder" and self.images is None:
            raise ValueError("images: a folder data set needs the path of its folder")
        if self.format == "csv" and self.labels is None:
            raise ValueError("labels: a csv data set needs the path of its table")
        if self.patient_pattern is not None:
            try:
                groups = re.compile(self.patient_pattern).groups
            except re.error as error:
                raise ValueError(f"patient_pattern: not a regular expression ({error})") from None
            if groups < 1:
                raise ValueError("patient_pattern: needs a group in parentheses that matches the patient")
        if self.augmented_pattern is not None:
            try:
                re.compile(self.augmented_pattern)
            except re.error as error:
                raise ValueError(f"augmented_pattern: not a regular expression ({error})") from None
        if self.regions.thorax == "builtin" and "lungs" not in self.structures:
            raise ValueError("regions.thorax: builtin is the hull of the lungs, and regions.lungs is not set")
        return self

    @property
    def structures(self) -> frozenset[str]:
        """The parts of the anatomy of which there are masks; the phantom study brings its lungs along."""
        given = {name for name in ("lungs", "body", "thorax") if getattr(self.regions, name) is not None}
        return frozenset(given | ({"lungs"} if self.format == "phantom" else set()))
