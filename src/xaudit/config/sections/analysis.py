"""Measures beside the scores, and the statistics of all numbers."""

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import (
    Field,
    field_validator,
)

from xaudit.catalog import INFILLS
from xaudit.catalog.image_changes import DEFAULT_IMAGE_CHANGES, IMAGE_CHANGES
from xaudit.config.sections.attributes import FILE_ATTRIBUTES
from xaudit.config.sections.judged import ExplainersSection
from xaudit.config.sections.section import Section, SettingError
from xaudit.config.sections.strata import STRATA, Stratum, StratumSpec

if TYPE_CHECKING:
    Infill = str
    ImageChangeId = str
else:
    Infill = Literal[*INFILLS]
    ImageChangeId = Literal[*IMAGE_CHANGES]

Spread = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class ImageChangesSection(Section):
    """Properties of the whole image, such as its brightness, changed in small steps."""

    enabled: bool = Field(
        True, description="off saves a forward per change and case, twice where a finding is marked"
    )
    changes: tuple[ImageChangeId, ...] = Field(
        DEFAULT_IMAGE_CHANGES,
        min_length=1,
        description="steps to ask about; by default the largest of each property in each direction",
    )

    @field_validator("changes")
    @classmethod
    def _each_once(cls, changes: tuple[str, ...]) -> tuple[str, ...]:
        """Sort the steps as the catalog does; refuse one that is named twice."""
        for change in changes:
            if changes.count(change) > 1:
                raise SettingError(f"{change} is named twice", hint="name each step once")
        return tuple(change for change in IMAGE_CHANGES if change in changes)

    @property
    def n_evals(self) -> tuple[int, int]:
        """Model evaluations for an image without a marked finding, and for one with it.

        Example:
            >>> ImageChangesSection().n_evals
            (10, 17)
        """
        n_doubled = sum(IMAGE_CHANGES[change].kind != "level" for change in self.changes)
        return 1 + len(self.changes), 1 + len(self.changes) + n_doubled


class RelianceMapSection(Section):
    """Windows that are replaced one at a time, over the whole image."""

    enabled: bool = Field(
        True, description="off saves forwards, and leaves places that no region names unmeasured"
    )
    scales: tuple[Annotated[float, Field(gt=0, le=0.5)], ...] = Field(
        (0.125, 0.25), min_length=1, description="sides of the windows, as shares of the frame's side"
    )
    stride: float = Field(
        1.0, ge=0.1, le=1, description="distance between neighbouring windows, as a share of a window's side"
    )
    infills: tuple[Infill, ...] = Field(
        ("blur", "noise"), min_length=1, description="what windows are replaced by, as in `reliance.infills`"
    )
    transplant: bool = Field(
        True,
        description="copy the windows of the smallest scale from test images of the target class into those of other classes",
    )

    @field_validator("scales", "infills")
    @classmethod
    def _differ(cls, values: tuple[object, ...]) -> tuple[object, ...]:
        if len(set(values)) < len(values):
            raise SettingError(f"a value stands twice: {list(values)}")
        return values

    @property
    def n_evals(self) -> int:
        """Model evaluations for each image: the untouched image, and each window with each in-fill.

        Example:
            >>> RelianceMapSection().n_evals, RelianceMapSection(stride=0.5).n_evals
            (161, 549)
        """
        return 1 + len(self.infills) * sum(self._n_windows(scale) for scale in self.scales)

    @property
    def n_evals_of_transplant(self) -> int:
        """Further evaluations for each image of another class than the target.

        Example:
            >>> RelianceMapSection().n_evals_of_transplant
            129
        """
        return 1 + 2 * self._n_windows(min(self.scales)) if self.transplant else 0

    def _n_windows(self, scale: float) -> int:
        return (1 + math.ceil((1 - scale) / (self.stride * scale) - 1e-9)) ** 2


class RelianceSection(Section):
    """Regions and windows that the model depends on, measured without any explainer."""

    enabled: bool = Field(True, description="off saves forwards, and leaves the model's use of regions open")
    infills: tuple[Infill, ...] = Field(
        ("blur", "noise"),
        min_length=1,
        description="what regions are replaced by: blur, noise, mean, mirror (the opposite side), donor (the same "
        "place of another patient without the finding)",
    )
    controls: int = Field(3, ge=1, description="random areas of the same size per region and in-fill")
    explainers: ExplainersSection = Field(
        ExplainersSection(), description="limits of the judgement on explainers"
    )
    per_class: int = Field(
        20,
        ge=0,
        description="test images of each true class that the model is asked about: the explained ones, and others, spread "
        "over the patients, until there are so many; `run.limit` limits them too",
    )
    map: RelianceMapSection = Field(
        RelianceMapSection(), description="windows over the whole image, with or without marks"
    )

    image: ImageChangesSection = Field(
        ImageChangesSection(),
        description="steps of brightness, sharpness and other properties of the whole image",
    )

    @property
    def image_changes(self) -> tuple[str, ...]:
        """The steps of properties of the whole image that are asked about; empty where the section is off."""
        return self.image.changes if self.enabled and self.image.enabled else ()

    @property
    def by_region(self) -> dict[str, object]:
        """The settings that determine the reliance on regions, as plain values."""
        return self.model_dump(mode="json", include={"enabled", "infills", "controls"})


class LocalizationSection(Section):
    """Levels and protocols for the scores against readers' marks, and the split that tunes thresholds."""

    ceilings: bool = Field(
        True,
        description="score the mark itself on each explainer's native grid: the most its map could reach",
    )
    protocol: Literal["chexlocalize"] | None = Field(
        None,
        description="follow a published study to the letter beside xaudit's own numbers: CheXlocalize's IoU and hit rate, "
        "its intervals over images, its regressions",
    )
    pool: dict[str, tuple[str, ...]] = Field(
        {},
        description="models that stand for one network's findings, by a name for all of them: the protocol's "
        "regressions are fitted over their cases together as well",
    )
    tune_on: Literal["validation", "train"] = Field(
        "validation", description="split whose marked cases choose the thresholds of `binarisation: tuned`"
    )
    tune_thresholds: tuple[Annotated[float, Field(ge=0, le=0.99)], ...] = Field(
        tuple(round(0.05 * step, 2) for step in range(1, 20)),
        min_length=2,
        description="that are tried, rising; of the map scaled to 0 to 1",
    )
    tune_limit: int | None = Field(
        None, ge=1, description="tune on at most so many cases, spread evenly over the patients"
    )

    @field_validator("tune_on", mode="before")
    @classmethod
    def _is_not_scored(cls, split: object) -> object:
        if split == "test":
            raise SettingError(
                "thresholds that are tuned on the test split would be scored on the cases that chose them",
                hint="tune on validation, or on train",
            )
        return split

    @field_validator("tune_thresholds")
    @classmethod
    def _rise(cls, thresholds: tuple[float, ...]) -> tuple[float, ...]:
        if any(low >= high for low, high in pairwise(thresholds)):
            raise SettingError(f"expected rising numbers, got {list(thresholds)}")
        return thresholds


class StatisticsSection(Section):
    """Intervals, tests and strata."""

    replicates: int = Field(10_000, ge=100, description="bootstrap replicates")
    confidence: float = Field(0.95, gt=0.5, lt=1, description="of every interval")
    gate_on: Literal["lower", "mean"] = Field(
        "lower", description="hold gates against the interval's end, or its middle"
    )
    strict: bool = Field(False, description="a gate that a control keeps too is uninformative, and fails")
    strata: tuple[Stratum, ...] = Field(
        (),
        description="properties of a case by which results are told apart: "
        + ", ".join(STRATA)
        + ", a column named under `data.attributes`, or a property of the files: "
        + ", ".join(FILE_ATTRIBUTES),
    )
    regression: bool = Field(
        False, description="regress localization on the log of the lesion's area and on confidence"
    )
    half_width: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="wanted of a gate's interval; says how many patients it takes",
    )

    @field_validator("strata")
    @classmethod
    def _stand_once(cls, strata: tuple[StratumSpec, ...]) -> tuple[StratumSpec, ...]:
        names = [spec.name for spec in strata]
        for name in names:
            if names.count(name) > 1:
                raise SettingError(f"'{name}' stands twice")
        return strata


class CategoriesSection(Section):
    """The thresholds of the failure categories."""

    diffuse: float = Field(
        0.5, gt=0, le=1, description="a map that spreads over this share of the image or more points nowhere"
    )
    miss: float = Field(
        0.1, ge=0, lt=1, description="coverage beyond chance below which the marks count as missed"
    )
    coverage: float = Field(0.5, gt=0, le=1, description="share of the marks from which on they are covered")
    precision: float = Field(
        0.5, gt=0, le=1, description="share of the binary map within the marks below which it spills"
    )


class RunSection(Section):
    """Cases to explain, and how the work is divided; only `cases` and `limit` change a result."""

    batch_size: int = Field(
        32,
        ge=1,
        description="images that the model sees at a time; a batch that does not fit into memory is halved",
    )
    compile: bool = Field(
        False,
        description="compile models on the CPU: a C++ compiler and about half a minute each, then faster in large audits",
    )
    precision: Literal["float32", "float16", "bfloat16"] = Field(
        "float32",
        description="of the logits that explainers and metrics ask for, on a GPU only; gradients stay in float32. What "
        "half precision does to the scores of three cases is measured first and stands in the report",
    )
    shard_size: int = Field(8, ge=1, description="cases whose results are stored together")
    max_error_rate: float = Field(
        0.05, ge=0, le=1, description="share of cases that may fail before the run is called incomplete"
    )
    cases: Literal["annotated", "all", "misclassified", "sample"] = Field(
        "annotated", description="which test cases are explained"
    )
    limit: int | None = Field(
        None, ge=1, description="explain at most so many cases, spread evenly over the patients"
    )
    errors: int = Field(
        50,
        ge=0,
        description="explain so many misclassified test images of each model beside those cases, spread evenly over the patients; "
        "they are shown and enter no number of the report. `limit` limits them too",
    )
    maps: Literal["all", "none"] = Field("all", description="whether saliency maps are stored")
    curves: bool = Field(
        False, description="whether the curves behind scores of faithfulness are stored, as `curves/`"
    )
    figures: int = Field(8, ge=0, description="overlays drawn per model and explainer")

    @property
    def most_errors(self) -> int:
        """Largest number of misclassified images that are explained beside the chosen cases.

        Example:
            >>> RunSection().most_errors, RunSection(limit=20).most_errors, RunSection(cases="misclassified").most_errors
            (50, 20, 0)
        """
        if self.cases == "misclassified":
            return 0
        return self.errors if self.limit is None else min(self.errors, self.limit)
