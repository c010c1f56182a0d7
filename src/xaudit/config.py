"""The audit file, typed: read from YAML or TOML, every name and number checked, unknown keys refused.

Paths in the file are relative to the file. Everything has a default but ``data`` and ``models``.
"""

import hashlib
import json
import math
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_serializer,
    model_validator,
)

from xaudit.catalog import (
    CHANGED_FAMILIES,
    EXPLAINERS,
    METRICS,
    STRUCTURES,
    MetricRow,
    Option,
    OptionValue,
    changed_metric_id,
    explainer_row,
    made_of_maps_id,
    metric_row,
)
from xaudit.errors import AuditFileError, did_you_mean, nearest
from xaudit.records import ALL_CASES

Infill = Literal["blur", "noise", "mean"]
Spread = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Section(BaseModel):
    """A part of the audit file: frozen, and closed to keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


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


class AnnotationSection(Section):
    """What the readers drew."""

    path: Path = Field(description="a COCO JSON file, or a folder of Pascal VOC files")
    format: Literal["auto", "coco", "voc"] = Field("auto", description="`auto` looks into the file")
    origin: Literal["one", "zero"] = Field("one", description="where Pascal VOC files start to count pixels")
    readers: Literal["union", "intersection", "majority", "staple", "each"] = Field(
        "union", description="how the readers' marks become the region that a map is held against"
    )
    votes: int | None = Field(
        None,
        ge=1,
        description="readers that must agree under `readers: majority`; by default more than half of a case's",
    )

    @model_validator(mode="after")
    def _votes_decide(self) -> Self:
        if self.votes is not None and self.readers != "majority":
            raise ValueError(f"votes: only `readers: majority` counts votes, not `{self.readers}`")
        return self


BUILT_IN_MASKS = ("builtin", "builtin-ct", "builtin-xray")


class RegionSection(Section):
    """Masks of the anatomy: a folder of PNGs with the images' names, a COCO file, or made here from the image."""

    lungs: Literal["builtin-ct", "builtin-xray"] | Path | None = Field(
        None, description="masks of both lungs: a folder, a COCO file, `builtin-ct` or `builtin-xray`"
    )
    body: Literal["builtin", "builtin-ct", "builtin-xray"] | Path | None = Field(
        None, description="masks of the whole patient; `builtin` follows `lungs`, and is for CT otherwise"
    )
    thorax: Literal["builtin"] | Path | None = Field(
        None, description="masks of all within the ribs; `builtin` is the convex hull of the lungs"
    )
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
        None, description="CSV with the columns image, label and, where known, patient, split"
    )
    annotations: AnnotationSection | None = None
    regions: RegionSection = RegionSection()
    positive: str | None = Field(
        None, description="the class whose evidence readers mark; by default the marked one"
    )
    classes: tuple[str, ...] = Field(
        (), description="every class, where the data shows only some; by default those it shows"
    )
    merge: dict[str, str] = Field(
        default_factory=dict, description="class name in the data: class name to use"
    )
    patient_pattern: str | None = Field(
        None, description="a regular expression whose first group in the path is the patient"
    )
    window: Literal["file", "full", "lung", "mediastinum", "bone"] | tuple[float, float] = Field(
        "lung", description="for DICOM: a preset, `file`, or [centre, width] in Hounsfield units"
    )
    split: SplitSection = SplitSection()
    phantom: PhantomSection = PhantomSection()

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
        if self.regions.thorax == "builtin" and "lungs" not in self.structures:
            raise ValueError("regions.thorax: builtin is the hull of the lungs, and regions.lungs is not set")
        return self

    @property
    def structures(self) -> frozenset[str]:
        """The parts of the anatomy of which there are masks; the phantom study brings its lungs along."""
        given = {name for name in ("lungs", "body", "thorax") if getattr(self.regions, name) is not None}
        return frozenset(given | ({"lungs"} if self.format == "phantom" else set()))


class ModelSection(Section):
    """A classifier, where it comes from, and how images reach it."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="its name in every table")
    source: Literal["torchvision", "python", "phantom"] = Field(
        "torchvision", description="where the network comes from; see models and formats"
    )
    architecture: str | None = Field(None, description="torchvision's name, such as resnet50")
    factory: str | None = Field(None, description="package.module:function, called with n_classes")
    variant: Literal["honest", "shortcut"] | None = Field(None, description="which phantom network")
    weights: Path | None = Field(None, description="safetensors or a weights-only state dict; absent: train")
    dataset: str | None = Field(
        None, description="which of `datasets` it is trained and audited on; absent: `data`"
    )
    input_size: int | None = Field(
        None, ge=16, le=1024, description="side of the model's frame; by default the architecture's"
    )
    fit: Literal["stretch", "pad", "crop"] = Field(
        "stretch", description="how an image that is not square becomes the model's square frame"
    )
    mean: tuple[float, float, float] = Field(
        (0.485, 0.456, 0.406), description="taken from each channel of an image in 0 to 1"
    )
    std: tuple[Spread, Spread, Spread] = Field(
        (0.229, 0.224, 0.225), description="that each channel is divided by after that"
    )
    layer: str | None = Field(
        None, description="module that CAM methods explain; by default the architecture's own"
    )
    target: Literal["label", "predicted", "positive"] = Field(
        "positive", description="which class's evidence is explained"
    )

    @model_validator(mode="after")
    def _names_its_source(self) -> Self:
        needed = {"torchvision": "architecture", "python": "factory", "phantom": "variant"}[self.source]
        if getattr(self, needed) is None:
            raise ValueError(f"{needed}: a model from {self.source} needs it")
        if self.factory is not None and not re.fullmatch(r"[\w.]+:\w+", self.factory):
            raise ValueError("factory: expected package.module:function")
        return self


class TrainSection(Section):
    """How a model without weights is trained."""

    epochs: int = Field(12, ge=1, description="most passes over the training images")
    batch_size: int = Field(32, ge=2, description="images per step")
    learning_rate: float = Field(1e-3, gt=0, description="of AdamW, at its highest")
    weight_decay: float = Field(1e-2, ge=0, description="of AdamW")
    patience: int = Field(4, ge=1, description="epochs without a better validation loss before it stops")
    class_weights: bool = Field(True, description="weigh classes by the inverse of their frequency")
    augment: bool = Field(True, description="flips, small shifts, brightness")
    mixed_precision: bool = Field(True, description="on a GPU only")


def _check_name(name: str, known: list[str], *, kind: str) -> None:
    if name not in known:
        hint = nearest(name, known)
        raise ValueError(
            f"no {kind} is called '{name}'|"
            + (f"did you mean '{hint}'? " if hint else "")
            + f"`xaudit list {kind}s` shows all {len(known)}"
        )


def _check_options(given: Mapping[str, object], known: tuple[Option, ...]) -> None:
    by_name = {option.name: option for option in known}
    for name, value in given.items():
        if name not in by_name:
            names = ", ".join(by_name) or "none"
            hint = nearest(name, by_name)
            raise ValueError(
                f"no option is called '{name}'|"
                + (f"did you mean '{hint}'? " if hint else "")
                + f"it takes: {names}"
            )
        option = by_name[name]
        whole = isinstance(option.default, int)
        number = (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and (not whole or float(value).is_integer())
        )
        if isinstance(option.default, int | float):
            low = -float("inf") if option.minimum is None else option.minimum
            high = float("inf") if option.maximum is None else option.maximum
            if not (number and low <= float(value) <= high):  # type: ignore[arg-type]
                kind = "a whole number" if whole else "a number"
                bounds = [f"at least {low:g}"] * (low > -float("inf")) + [f"at most {high:g}"] * (
                    high < float("inf")
                )
                raise ValueError(f"{name}: expected {' '.join([kind, ' and '.join(bounds)])}, got {value!r}")
        elif option.choices and value not in option.choices:
            raise ValueError(f"{name}: expected one of {', '.join(option.choices)}, got {value!r}")
        elif not option.choices and value is not None and not isinstance(value, str):
            raise ValueError(f"{name}: expected a text, got {value!r}")


class NamedOptions(Section):
    """An explainer or a metric with its settings; ``name`` alone takes the defaults."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str
    id: str = Field(
        "", description="its name in the tables, where one name is used twice with different settings"
    )

    @property
    def options(self) -> dict[str, OptionValue]:
        """Every setting, defaults included, in the catalog's order."""
        given = self.model_extra or {}
        return {option.name: given.get(option.name, option.default) for option in self._known()}

    @property
    def fingerprint(self) -> str:
        """A hash of the name and every setting: two results with the same one were made alike."""
        return fingerprint({"name": self.name, "options": self.options})

    def _known(self) -> tuple[Option, ...]:
        raise NotImplementedError


class ExplainerSpec(NamedOptions):
    """One explainer of the audit."""

    def _known(self) -> tuple[Option, ...]:
        return explainer_row(self.name).options

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        _check_name(self.name, [row.id for row in EXPLAINERS], kind="explainer")
        _check_options(self.model_extra or {}, self._known())
        if not self.id:
            object.__setattr__(self, "id", self.name)
        return self


class MetricSpec(NamedOptions):
    """One metric of the audit."""

    def _known(self) -> tuple[Option, ...]:
        return metric_row(self.name).options

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        _check_name(self.name, [row.id for row in METRICS], kind="metric")
        _check_options(self.model_extra or {}, self._known())
        ignored = self.options.get("binarisation", "fixed") != "fixed"
        if ignored and any(
            o.name == "threshold" and self.options[o.name] != o.default for o in self._known()
        ):
            raise ValueError(
                "threshold: has no effect on a map that is cut otherwise|set `binarisation: fixed` as well"
            )
        if not self.id:
            object.__setattr__(self, "id", self.name)
        return self


def _from_name(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


Explainer = Annotated[ExplainerSpec, BeforeValidator(_from_name)]
Metric = Annotated[MetricSpec, BeforeValidator(_from_name)]


class RelianceSection(Section):
    """What the model depends on, asked without any explainer."""

    enabled: bool = Field(True, description="off saves forwards, and leaves the model's use of regions open")
    infills: tuple[Infill, ...] = Field(
        ("blur", "noise"), min_length=1, description="what regions are replaced by: blur, noise, mean"
    )
    controls: int = Field(3, ge=1, description="random areas of the same size per region and in-fill")


STRATA = (
    "lesion-size",
    "lesion-count",
    "elongation",
    "irrectangularity",
    "resolution",
    "spacing",
    "class",
    "confidence",
    "correctness",
)
"""Properties of a case by which results can be told apart."""

_UNCUT_STRATA = ("lesion-count", "class", "correctness")


class StratumSpec(Section):
    """One property by which results are told apart; ``name`` alone takes thirds, or tenths of the confidence."""

    name: str
    cuts: tuple[Annotated[float, Field(allow_inf_nan=False)], ...] = Field(
        (), description="limits between the parts, rising; lesion sizes in mm², spacing in mm"
    )

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        if self.name not in STRATA:
            hint = nearest(self.name, STRATA)
            raise ValueError(
                f"no stratum is called '{self.name}'|"
                + (f"did you mean '{hint}'? " if hint else "")
                + f"there are {', '.join(STRATA)}"
            )
        if self.cuts and self.name in _UNCUT_STRATA:
            raise ValueError(f"cuts: '{self.name}' has values of its own and takes no limits")
        if any(low >= high for low, high in pairwise(self.cuts)):
            raise ValueError(f"cuts: expected rising numbers, got {list(self.cuts)}")
        return self


Stratum = Annotated[StratumSpec, BeforeValidator(_from_name)]


class LocalizationSection(Section):
    """What stands beside the scores against readers' marks."""

    ceilings: bool = Field(
        True,
        description="score the mark itself on each explainer's native grid: the most its map could reach",
    )


_TRANSFORM = re.compile(r"flip-(?:horizontal|vertical)|(?P<kind>rotate|shift)-(?P<size>[1-9]\d*)")
_LARGEST = {"rotate": 180, "shift": 50}


def _check_transform(name: str) -> str:
    found = _TRANSFORM.fullmatch(name)
    if found is None:
        raise ValueError(
            f"no transform is called '{name}'|there are flip-horizontal, flip-vertical, rotate-DEGREES and "
            "shift-PERCENT, such as rotate-5 and shift-4"
        )
    kind = found["kind"]
    if kind is not None and int(found["size"]) > _LARGEST[kind]:
        raise ValueError(f"'{name}': {kind} goes up to {_LARGEST[kind]}")
    return name


def _check_repeats(changes: tuple[Any, ...]) -> tuple[Any, ...]:
    twice = [change for change in changes if changes.count(change) > 1]
    if twice:
        raise ValueError(f"'{twice[0]}' stands twice")
    return changes


Transforms = Annotated[
    tuple[Annotated[str, AfterValidator(_check_transform)], ...], AfterValidator(_check_repeats)
]
Steps = Annotated[tuple[Annotated[int, Field(ge=1, le=64)], ...], AfterValidator(_check_repeats)]


class ChangedImagesSection(Section):
    """Images that are changed, to see whether answer and map stay the same."""

    explainers: tuple[str, ...] = Field(
        (), description="ids of the explainers or controls asked again; by default all that are no controls"
    )


class EquivarianceSection(ChangedImagesSection):
    """Flips, turns and shifts: the changed image is explained, its map moved back and compared."""

    transforms: Transforms = Field(
        ("flip-horizontal", "rotate-10", "shift-4"),
        min_length=1,
        description="flip-horizontal, flip-vertical, rotate-DEGREES (clockwise), shift-PERCENT (of the side, right and down)",
    )


class ResolutionSection(ChangedImagesSection):
    """The image at ever coarser resolution: what is left of answer, map and localization."""

    steps: Steps = Field(
        (1, 2, 4, 8),
        min_length=1,
        description="pixels of the model's frame averaged per side; 1 is the whole image",
    )


def _switched(value: object) -> object:
    return {True: {}, False: None}.get(value, value) if isinstance(value, bool) else value


class StatisticsSection(Section):
    """How sure the numbers are."""

    replicates: int = Field(10_000, ge=100, description="bootstrap replicates")
    confidence: float = Field(0.95, gt=0.5, lt=1, description="of every interval")
    gate_on: Literal["lower", "mean"] = Field(
        "lower", description="hold gates against the interval's end, or its middle"
    )
    strict: bool = Field(False, description="a gate that a control keeps too is uninformative, and fails")
    strata: tuple[Stratum, ...] = Field(
        (), description="properties of a case by which results are told apart: " + ", ".join(STRATA)
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
                raise ValueError(f"'{name}' stands twice")
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
    """Which cases are explained, and how the work is cut up; only `cases` and `limit` change a result."""

    batch_size: int = Field(32, ge=1, description="images that the model sees at a time")
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
    maps: Literal["all", "none"] = Field("all", description="whether saliency maps are stored")
    figures: int = Field(8, ge=0, description="overlays drawn per model and explainer")


_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_ABOUT = r"\s*(?P<metric>[A-Za-z0-9][\w.-]*)\s*(?:@\s*(?P<subject>[A-Za-z0-9][\w.-]*)\s*)?"
_GATE = re.compile(
    rf"{_ABOUT}(?:%\s*(?P<stratum>[\w.-]+\s*=\s*[^<>=≤≥@%]+?)\s*)?(?P<sign><=|>=|≤|≥|=)\s*(?P<value>{_NUMBER})\s*"
)
_MAX_DROP = re.compile(rf"{_ABOUT}(?:<=|≤|=)\s*(?P<value>{_NUMBER})\s*")


class Gate(Section):
    """A limit that a model must keep, such as ``iou@gradcam >= 0.3`` or ``iou@lime%lesion-size=small >= 0.2``.

    The subject is an explainer's id; a metric of the family ``reliance`` asks the model itself and takes none. The
    stratum is a part of the cases, as summaries name it; by default all of them. An informational gate is judged
    and shown, and never decides the exit code.
    """

    metric: str
    subject: str | None = None
    stratum: str = ALL_CASES
    at_least: bool = True
    value: Annotated[float, Field(allow_inf_nan=False)]
    informational: bool = False

    @classmethod
    def parse(
        cls, text: str, *, metrics: Mapping[str, str] | None = None, informational: bool = False
    ) -> Self:
        """Reads ``METRIC[@EXPLAINER][%STRATUM] >= VALUE``; a bare ``=`` takes the metric's own direction.

        Args:
            metrics: catalog name of each metric id, where an audit gives metrics ids of their own.

        Raises:
            ValueError: with what is wrong and the nearest known name.

        Example:
            >>> gate = Gate.parse("iou@lime%lesion-size=small >= 0.3")
            >>> gate.metric, gate.subject, gate.stratum, gate.at_least, gate.value
            ('iou', 'lime', 'lesion-size=small', True, 0.3)
        """
        found = _GATE.fullmatch(text)
        if found is None:
            raise ValueError(f"'{text}' is not a gate; write it like 'iou@gradcam >= 0.3'")
        row = _row_of_gated(found, text, metrics or {})
        match found["sign"]:
            case "=":
                at_least = row.higher_is_better is not False
            case sign:
                at_least = sign in (">=", "≥")
        return cls(
            metric=found["metric"],
            subject=found["subject"],
            stratum=re.sub(r"\s*=\s*", "=", found["stratum"] or ALL_CASES),
            at_least=at_least,
            value=float(found["value"]),
            informational=informational,
        )

    @classmethod
    def read(cls, entry: object, *, metrics: Mapping[str, str] | None = None) -> Self:
        """A gate as an audit file writes it: a text, or a text with the word whether it only informs.

        Raises:
            ValueError: with what is wrong and the nearest known name.

        Example:
            >>> Gate.read({"gate": "iou@lime >= 0.3", "informational": True}).informational
            True
        """
        if isinstance(entry, cls):
            return entry
        fields = entry if isinstance(entry, dict) else {"gate": entry}
        for key in fields:
            if key not in _GATE_KEYS:
                hint = did_you_mean(str(key), _GATE_KEYS, otherwise=f"a gate has {' and '.join(_GATE_KEYS)}")
                raise ValueError(f"no key is called '{key}'|{hint}")
        text, informational = fields.get("gate"), fields.get("informational", False)
        if not isinstance(text, str):
            raise ValueError(f"expected a text such as 'iou@gradcam >= 0.3', got {text!r}")
        if not isinstance(informational, bool):
            raise ValueError(f"informational: expected true or false, got {informational!r}")
        return cls.parse(text, metrics=metrics, informational=informational)

    def __str__(self) -> str:
        """The gate as a person writes it."""
        subject = "" if self.subject is None else f"@{self.subject}"
        stratum = "" if self.stratum == ALL_CASES else f"%{self.stratum}"
        return f"{self.metric}{subject}{stratum} {'>=' if self.at_least else '<='} {_digits(self.value)}"

    @model_serializer
    def as_written(self) -> str | dict[str, object]:
        """The entry that :meth:`read` reads."""
        return {"gate": str(self), "informational": True} if self.informational else str(self)


class MaxDrop(Section):
    """The most that a metric may lose against a baseline run, such as ``iou@lime=0.05``.

    A metric of which lower is better loses where it rises. One without a direction, such as a model's reliance on
    a region, loses where it falls, as a bare ``=`` in a gate asks for at least.
    """

    metric: str
    subject: str | None = None
    value: float

    @classmethod
    def parse(cls, text: str, *, metrics: Mapping[str, str] | None = None) -> Self:
        """Reads ``METRIC[@EXPLAINER]=VALUE``; the arguments are those of :meth:`Gate.parse`.

        Raises:
            ValueError: with what is wrong and the nearest known name.

        Example:
            >>> str(MaxDrop.parse("iou@lime=0.05"))
            'drop of iou@lime <= 0.05'
        """
        found = _MAX_DROP.fullmatch(text)
        if found is None:
            raise ValueError(f"'{text}' is not a largest drop; write it like 'iou@gradcam=0.05'")
        _row_of_gated(found, text, metrics or {})
        value = float(found["value"])
        if not 0 <= value < math.inf:
            raise ValueError(f"'{text}': a drop is 0 or more; a gain is asked for with a gate")
        return cls(metric=found["metric"], subject=found["subject"], value=value)

    def __str__(self) -> str:
        """The limit as a person reads it."""
        subject = "" if self.subject is None else f"@{self.subject}"
        return f"drop of {self.metric}{subject} <= {_digits(self.value)}"


def _row_of_gated(found: re.Match[str], text: str, metrics: Mapping[str, str]) -> MetricRow:
    """The catalog's row of the metric that a limit is about, once its names are checked."""
    known = {**{row.id: row.id for row in METRICS}, **metrics}
    _check_name(found["metric"], list(known), kind="metric")
    row = metric_row(known[found["metric"]])
    if row.family == "reliance" and found["subject"] is not None:
        raise ValueError(f"'{text}': {row.id} asks the model itself and takes no @explainer")
    return row


def _digits(value: float) -> str:
    """A number with as many digits as give it back."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


_GATE_KEYS = ("gate", "informational")


def _gate_entry(entry: object, info: ValidationInfo) -> object:
    return Gate.read(entry, metrics={spec.id: spec.name for spec in info.data.get("metrics", ())})


_GATE_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "examples": ["iou@gradcam >= 0.3"]},
        {
            "type": "object",
            "properties": {"gate": {"type": "string"}, "informational": {"type": "boolean"}},
            "required": ["gate"],
            "additionalProperties": False,
        },
    ]
}

GateEntry = Annotated[Gate, BeforeValidator(_gate_entry), WithJsonSchema(_GATE_SCHEMA)]

Equivariance = Annotated[
    EquivarianceSection | None,
    BeforeValidator(_switched, json_schema_input_type=EquivarianceSection | bool | None),
]
Resolution = Annotated[
    ResolutionSection | None,
    BeforeValidator(_switched, json_schema_input_type=ResolutionSection | bool | None),
]

DEFAULT_METRICS = tuple(
    row.id for row in METRICS if row.by_default and row.family in ("localization", "faithfulness")
)


def _explainers(*names: str) -> tuple[ExplainerSpec, ...]:
    return tuple(ExplainerSpec(name=name) for name in names)


class AuditFile(Section):
    """The whole audit: data, models, explainers, metrics, controls, gates."""

    name: str = Field(
        "audit", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="part of the run folder's name"
    )
    seed: int = Field(0, ge=0, description="all random choices are drawn from it")
    data: DataSection
    datasets: dict[str, DataSection] = Field(
        default_factory=dict, description="more data sets, for models[].dataset"
    )
    models: tuple[ModelSection, ...] = Field(min_length=1, description="the classifiers that are audited")
    train: TrainSection = TrainSection()
    explainers: tuple[Explainer, ...] = Field(
        _explainers("gradcam", "lime"), min_length=1, description="names, or names with settings"
    )
    metrics: tuple[Metric, ...] = Field(
        tuple(MetricSpec(name=name) for name in DEFAULT_METRICS),
        min_length=1,
        description="names, or names with settings",
    )
    controls: tuple[Explainer, ...] = Field(
        _explainers(*(row.id for row in EXPLAINERS if row.control)),
        description="explainers that know nothing of the model, as the level to beat",
    )
    reliance: RelianceSection = RelianceSection()
    localization: LocalizationSection = LocalizationSection()
    equivariance: Equivariance = Field(
        None, description="what flips, turns and shifts change; `true` takes the defaults, absent: not asked"
    )
    resolution: Resolution = Field(
        None, description="what coarser images change; `true` takes the defaults, absent: not asked"
    )
    gates: tuple[GateEntry, ...] = Field(
        (), description="limits that decide the exit code, such as `iou@gradcam >= 0.3`; see below"
    )
    statistics: StatisticsSection = StatisticsSection()
    categories: CategoriesSection = CategoriesSection()
    run: RunSection = RunSection()

    @field_validator("controls")
    @classmethod
    def _are_controls(cls, controls: tuple[ExplainerSpec, ...]) -> tuple[ExplainerSpec, ...]:
        for control in controls:
            if not explainer_row(control.name).control:
                known = ", ".join(row.id for row in EXPLAINERS if row.control)
                raise ValueError(f"'{control.name}' is no control; the controls are {known}")
        return controls

    @field_validator("explainers")
    @classmethod
    def _make_maps(cls, explainers: tuple[ExplainerSpec, ...]) -> tuple[ExplainerSpec, ...]:
        for spec in explainers:
            if explainer_row(spec.name).made_of != "image":
                raise ValueError(f"'{spec.name}' makes no map of an image|it belongs under `controls`")
        return explainers

    @field_validator("metrics")
    @classmethod
    def _are_asked_here(cls, metrics: tuple[MetricSpec, ...]) -> tuple[MetricSpec, ...]:
        for spec in metrics:
            family = metric_row(spec.name).family
            if family in CHANGED_FAMILIES:
                raise ValueError(
                    f"'{spec.name}' is no metric of its own|ask for it with the section `{family}`"
                )
        return metrics

    @model_validator(mode="after")
    def _asks_known_explainers_again(self) -> Self:
        known = [spec.id for spec in self.explainers_and_controls]
        for name, section in (("equivariance", self.equivariance), ("resolution", self.resolution)):
            for asked in section.explainers if section is not None else ():
                if asked not in known:
                    hint = nearest(asked, known)
                    raise ValueError(
                        f"{name}.explainers: the audit has no explainer '{asked}'"
                        + (f"; did you mean '{hint}'?" if hint else f"; it has {', '.join(known)}")
                    )
        return self

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        for where, names in (
            ("models", [model.id for model in self.models]),
            ("explainers", [*(spec.id for spec in self.explainers), *self.control_ids]),
            ("metrics", [spec.id for spec in self.metrics]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{where}: '{twice[0]}' stands twice; give each its own id")
        for index, model in enumerate(self.models):
            if model.dataset is not None and model.dataset not in self.datasets:
                hint = nearest(model.dataset, self.datasets)
                raise ValueError(
                    f"models[{index}].dataset: no data set is called '{model.dataset}'"
                    + (f"; did you mean '{hint}'?" if hint else "")
                )
        self._asks_false_focus_where_it_can_be()
        known = [*(spec.id for spec in self.explainers), *self.control_ids]
        for index, gate in enumerate(self.gates):
            if gate.subject is not None and gate.subject not in known:
                hint = nearest(gate.subject, known)
                raise ValueError(
                    f"gates[{index}]: the audit has no explainer '{gate.subject}'"
                    + (f"; did you mean '{hint}'?" if hint else f"; it has {', '.join(known)}")
                )
            self._check_region(index, gate)
        return self

    def _asks_false_focus_where_it_can_be(self) -> None:
        policies = {one.annotations.readers for one in self.all_datasets.values() if one.annotations}
        if (
            self.run.cases == "annotated"
            and policies <= {"union"}
            and any(metric.name == "false-focus" for metric in self.metrics)
        ):
            raise ValueError(
                "metrics: false-focus is asked of cases on which the readers found nothing, and run.cases: annotated "
                "leaves them out|set run.cases to all"
            )

    def _check_region(self, index: int, gate: Gate) -> None:
        """Raises ValueError where a gate asks about a region for which a data set has no masks."""
        region = gate.metric.removeprefix("reliance-").removeprefix("mass-")
        for name, section in self.all_datasets.items():
            where = "data" if name == "data" else f"datasets.{name}"
            structure = STRUCTURES.get(region)
            if structure is not None and structure not in section.structures:
                raise ValueError(
                    f"gates[{index}]: {gate.metric} needs masks, and {where}.regions.{structure} is not set"
                    "|name a folder of masks or a COCO file there, or `builtin-ct` or `builtin-xray`"
                )
            if region == "outside" and "body" in section.structures:
                raise ValueError(
                    f"gates[{index}]: {gate.metric}: {where}.regions.body divides what is outside into regions"
                    "|gate on thorax, body or empty instead"
                )

    @property
    def all_datasets(self) -> Mapping[str, DataSection]:
        """Every data set by its id; the main one is called ``data``."""
        used = {model.dataset or "data" for model in self.models}
        return {
            name: section for name, section in {"data": self.data, **self.datasets}.items() if name in used
        }

    @property
    def explainers_and_controls(self) -> tuple[ExplainerSpec, ...]:
        """Everything that makes a map of an image, in report order."""
        return (
            *self.explainers,
            *(spec for spec in self.controls if explainer_row(spec.name).made_of == "image"),
        )

    @property
    def control_ids(self) -> tuple[str, ...]:
        """Every control as the tables call it; one made of maps is there once for each explainer."""
        ids: list[str] = []
        for spec in self.controls:
            if explainer_row(spec.name).made_of == "maps":
                ids += [made_of_maps_id(explainer.id, spec.id) for explainer in self.explainers]
            else:
                ids.append(spec.id)
        return tuple(ids)

    @property
    def levels_to_beat(self) -> tuple[str, ...]:
        """The controls that an explainer is held against: all but what people reach."""
        people = {spec.id for spec in self.controls if explainer_row(spec.name).made_of == "marks"}
        return tuple(name for name in self.control_ids if name not in people)

    @property
    def metric_names(self) -> Mapping[str, str]:
        """The catalog's name of each metric id that is not that name itself."""
        names = {metric.id: metric.name for metric in self.metrics}
        placed = {m.id: m.name for m in self.metrics if metric_row(m.name).family == "localization"}
        for family, changes in (
            ("equivariance", self.equivariance.transforms if self.equivariance else ()),
            ("resolution", [str(step) for step in self.resolution.steps] if self.resolution else ()),
        ):
            for change in changes:
                names[changed_metric_id(family, change)] = family
                for measure in ("overlap", "probability", "class"):
                    names[changed_metric_id(family, change, measure)] = f"{family}-{measure}"
                for metric_id, name in placed.items():
                    names[changed_metric_id(family, change, metric_id)] = name
        return names

    def fingerprint(self) -> str:
        """A hash of all that can change a result; how the work is cut up does not count."""
        plain = self.model_dump(mode="json")
        for setting in ("batch_size", "shard_size", "max_error_rate", "figures", "maps"):
            plain["run"].pop(setting)
        return fingerprint(plain)


def fingerprint(value: object) -> str:
    """The first 16 hex digits of the SHA-256 of a value's canonical JSON.

    Example:
        >>> fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
        True
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_audit_file(path: Path, *, overrides: Iterable[str] = ()) -> AuditFile:
    """The audit that a file describes, with ``key.path=value`` overrides on top; the paths in it are resolved.

    Raises:
        AuditFileError: with the file, the key, the value received and the nearest known name.
    """
    shown = path.name
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise AuditFileError(
            f"{path}: no such file", hint="`xaudit config init` writes one to start from"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise AuditFileError(
            f"{path}: cannot be read: {reason}", hint="check the path and its permissions"
        ) from None
    try:
        plain = tomllib.loads(text) if path.suffix == ".toml" else yaml.safe_load(text)
    except (yaml.YAMLError, tomllib.TOMLDecodeError, RecursionError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" line {where.line + 1}:" if where is not None else ""
        kind = "TOML" if path.suffix == ".toml" else "YAML"
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise AuditFileError(
            f"{shown}:{line} not {kind}: {problem}", hint="check the indentation and quotes"
        ) from None
    if not isinstance(plain, dict):
        raise AuditFileError(
            f"{shown}: expected keys such as data and models", hint="`xaudit config init` shows one"
        )
    return build_audit_file(plain, shown=shown, root=path.resolve().parent, overrides=overrides)


def build_audit_file(
    plain: dict[str, Any], *, shown: str, root: Path, overrides: Iterable[str] = ()
) -> AuditFile:
    """The audit that plain keys and values describe.

    Args:
        plain: as read from a file.
        shown: what to call the source in errors.
        root: what relative paths start from.
        overrides: ``key.path=value``; the value is read as YAML.
    """
    for override in overrides:
        _override(plain, override)
    try:
        audit = AuditFile.model_validate(plain)
    except ValidationError as error:
        raise _first_error(error, shown) from None
    return _with_paths(audit, root)


def audit_schema() -> dict[str, Any]:
    """The JSON Schema of the audit file, for editors."""
    schema = AuditFile.model_json_schema()
    schema["title"] = "xaudit audit file"
    return schema


def _override(plain: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise AuditFileError(
            f"--set {override}: expected key.path=value", hint="for example --set train.epochs=3"
        )
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise AuditFileError(f"--set {override}: the value is not YAML", hint="quote it") from None
    here: Any = plain
    parts = key.strip().split(".")
    for part in parts[:-1]:
        if isinstance(here, list) and part.isdigit() and int(part) < len(here):
            here = here[int(part)]
        elif isinstance(here, dict):
            here = here.setdefault(part, {})
        else:
            raise AuditFileError(
                f"--set {override}: '{part}' leads nowhere", hint="see `xaudit config schema`"
            )
    last = parts[-1]
    if isinstance(here, list) and last.isdigit() and int(last) < len(here):
        here[int(last)] = value
    elif isinstance(here, dict):
        here[last] = value
    else:
        raise AuditFileError(f"--set {override}: '{last}' leads nowhere", hint="see `xaudit config schema`")


def _with_paths(audit: AuditFile, root: Path) -> AuditFile:
    def absolute(path: Path | None) -> Path | None:
        return None if path is None else Path(os.path.normpath(root / path.expanduser()))

    def masks(regions: RegionSection) -> RegionSection:
        given = {name: getattr(regions, name) for name in ("lungs", "body", "thorax")}
        paths = {name: absolute(path) for name, path in given.items() if isinstance(path, Path)}
        return regions.model_copy(update=paths)

    def data(section: DataSection) -> DataSection:
        annotations = section.annotations
        if annotations is not None:
            annotations = annotations.model_copy(update={"path": absolute(annotations.path)})
        return section.model_copy(
            update={
                "images": absolute(section.images),
                "labels": absolute(section.labels),
                "annotations": annotations,
                "regions": masks(section.regions),
            }
        )

    return audit.model_copy(
        update={
            "data": data(audit.data),
            "datasets": {name: data(section) for name, section in audit.datasets.items()},
            "models": tuple(m.model_copy(update={"weights": absolute(m.weights)}) for m in audit.models),
        }
    )


def _first_error(error: ValidationError, shown: str) -> AuditFileError:
    first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    place = [
        part
        for part in first["loc"]
        if not (isinstance(part, str) and ("[" in part or part.startswith("function")))
    ]
    where = _spelled(place)
    if first["type"] == "extra_forbidden":
        known = _keys_at(place[:-1])
        name = str(place[-1])
        hint = did_you_mean(name, known, otherwise="`xaudit config schema` lists every key")
        return AuditFileError(f"{shown}: {where}: no key is called '{name}'", hint=hint)
    message = first["msg"].removeprefix("Value error, ")
    message, _, hint = message.partition("|")
    if first["type"] == "missing":
        message = "is needed and missing"
    elif first["type"] not in ("value_error",) and not isinstance(first["input"], dict | list):
        message = f"{message[0].lower()}{message[1:]}, got {first['input']!r}"
    prefix = f"{shown}: {where}: " if where else f"{shown}: "
    return AuditFileError(prefix + message, hint=hint or "`xaudit config schema` describes every key")


def _spelled(place: Iterable[int | str]) -> str:
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def _keys_at(place: Iterable[int | str]) -> list[str]:
    """The keys known at a place of the audit file."""
    model: Any = AuditFile
    for part in place:
        if isinstance(part, int) or not isinstance(model, type) or not issubclass(model, BaseModel):
            continue
        entry = model.model_fields.get(part)
        if entry is None:  # a name that the user chose, such as a data set's
            continue
        model = _section_in(entry.annotation)
        if model is None:
            return []
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def _section_in(annotation: Any) -> type[Section] | None:  # noqa: ANN401
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _section_in(inner)
        if found is not None:
            return found
    return None
