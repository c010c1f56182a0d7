"""The rows of the catalog: all that the tables say about each thing that xaudit can do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from xaudit.catalog.regions import OWN_REGION, STRUCTURES

_OF_MARK = ("mark", "same-lung", "opposite-lung", "lungs", "area-outside-mark")
"""Regions, and a kind of area, that are not there without a mark."""

OptionValue = int | float | str | bool | None

QUANTUS = "quantus:"
"""Begins the id of a metric that Quantus itself computes; the name of its class follows."""


@dataclass(frozen=True, slots=True)
class Option:
    """A setting of an explainer or a metric.

    Attributes:
        default: also fixes the type; a default of None takes a text.
        minimum: smallest number allowed, inclusive.
        choices: the only texts allowed, where there are only some; of a number, texts that may stand in its place.
        came_later: True if it was added to a row that had results already. At its default it does what was done
            before, and leaves fingerprint and seeds as they were, so that stored maps stay valid.
        share_of: what a number is a share of, where it could be taken for pixels, grey values or percent.
        takes_any: whether any value is taken, since only the library that it is for can check it.
    """

    name: str
    default: OptionValue
    meaning: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    came_later: bool = False
    share_of: Literal["", "side", "range", "whole"] = ""
    takes_any: bool = False

    def typed(self, value: OptionValue) -> OptionValue:
        """Convert a number to the type of the default; leave every other value as it is.

        Example:
            >>> Option("steps", 32, "removals").typed(8.0), Option("share", 0.5, "of the pixels").typed(1)
            (8, 1.0)
        """
        if isinstance(value, int | float) and isinstance(self.default, int | float):
            return type(self.default)(value)
        return value


def typed_options(known: tuple[Option, ...], given: Mapping[str, OptionValue]) -> dict[str, OptionValue]:
    """Return the settings as their declarations type them, so that they can be passed as keyword arguments."""
    return {option.name: option.typed(given[option.name]) for option in known}


@dataclass(frozen=True, slots=True)
class ExplainerRow:
    """A method that shows where a model looked.

    Attributes:
        signed: True if negative values mean evidence against the target; an unsigned map's magnitude counts.
        gradients: True if the model must be differentiable.
        control: True if it is deliberately uninformed, and stands beside the others as the level to beat.
        cost: model evaluations per map, in words.
        sums_to_answer: True if its map promises to sum to the target's logit minus that of its option ``baseline``.
        inside: True if it reads or changes what happens inside the network, which must be torch modules then.
        made_of: what a row's scores come from: a map made of the ``image``, the ``maps`` of each explainer after all
            of them are there, the readers' ``marks``, or ``files`` that hold finished maps. Only the first can be asked
            for a map.
    """

    id: str
    meaning: str
    family: Literal["cam", "surrogate", "occlusion", "gradient", "attention", "control", "external"]
    signed: bool = False
    gradients: bool = False
    control: bool = False
    cost: str = "none"
    citation: str = ""
    options: tuple[Option, ...] = ()
    made_of: Literal["image", "maps", "marks", "files"] = "image"
    sums_to_answer: bool = False
    inside: bool = False


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A number about one map; in the families ``reliance`` and ``image`` about the model itself, in ``data`` about the data.

    Attributes:
        range: in words, with the unit.
        cost: model evaluations per map, in words.
        needs_annotation: True if only cases that a reader marked can be scored.
        needs_lungs: True if lung masks are needed.
        headline: True if the terminal report shows it.
        by_default: True if it is measured where the audit file names no metrics, if its family is one to choose from.
        has_ceiling: True if the best map on the explainer's native grid is scored too, as ``<id>-ceiling``.
        unavailable: why it cannot be measured so that its numbers can be trusted; empty for all others.
    """

    id: str
    meaning: str
    family: Literal[
        "localization",
        "regions",
        "faithfulness",
        "complexity",
        "sanity",
        "robustness",
        "agreement",
        "reliance",
        "image",
        "limits",
        "equivariance",
        "resolution",
        "repeatability",
        "data",
    ]
    higher_is_better: bool | None
    range: str
    cost: str = "none"
    needs_annotation: bool = False
    needs_lungs: bool = False
    citation: str = ""
    headline: bool = True
    options: tuple[Option, ...] = ()
    by_default: bool = True
    has_ceiling: bool = False
    unavailable: str = ""

    @property
    def needs(self) -> tuple[str, ...]:
        """List what a case must have beside its image: readers' marks, masks of a structure, the pixel spacing.

        A region without a mark in its name can be hidden where nothing is marked, so its reliance needs none.
        """
        region = self.id.removeprefix("mass-").removeprefix("reliance-").removeprefix("logit-")
        region = region.removeprefix("kept-").removesuffix("-beyond-random")
        own = ["masks of it"] * (region == OWN_REGION)
        masks = STRUCTURES.get(region) if self.family in ("regions", "reliance") else None
        unmarked = self.family == "reliance" and region not in _OF_MARK
        marks = ["marks"] * (self.needs_annotation and not unmarked)
        structures = [] if masks is None else [f"{masks.removesuffix('s')} masks"]
        return (*marks, *structures, *own, *["spacing"] * self.id.endswith("-mm"))

    @property
    def is_listed(self) -> bool:
        """True where it is chosen under ``metrics``, and not by a section of the audit file."""
        return self.family in ("localization", "faithfulness", "complexity") or self.id.startswith(QUANTUS)

    @property
    def asks_model(self) -> bool:
        """True where it is chosen under ``metrics`` and puts questions to the model."""
        return self.is_listed and self.family not in ("localization", "complexity")

    @property
    def is_share(self) -> bool:
        """True if every value lies between 0 and 1."""
        return self.range.startswith("0 to 1")

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The lowest and highest value of all options, None if one of them is not known before it is measured."""
        stated = re.match(r"(-1|0) to 1(?![\d.])", self.range)
        return None if stated is None else (float(stated[1]), 1.0)


@dataclass(frozen=True, slots=True)
class CurveRow:
    """The axes of the curve that a metric's value is read from, in words.

    Attributes:
        across: what grows from 0 to 1 along it.
        up: what is measured; ``{answer}`` stands for what the metric's option of this name says.
        better: how the curve of a better map runs.
    """

    across: str
    up: str
    better: str

    def up_words(self, answer: str) -> str:
        """Name what is measured, once the option ``answer`` is known.

        Example:
            >>> CurveRow("share of patches removed", "{answer}", "a lower curve is better").up_words("logit")
            'target logit'
        """
        words = {"decision": "share of images still given the target"}.get(answer, f"target {answer}")
        return self.up.format(answer=words)


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A place from which a model can come.

    Attributes:
        needs: keys of the audit file that it takes.
        extra: the optional extra that brings the library it needs; empty where none is needed.
        trains: True if one without weights can be trained.
        gradients: True if it can be asked for gradients; each network is tried before that is believed.
        inside: True if its parts are torch modules, which can be hooked onto, drawn anew and compiled.
        is_program: True if its file holds a program, which the audit file must say is trusted.
        one_channel: True if its network may take grey images on one channel.
        is_here: True if there is a model to ask, and not only what it said.
    """

    id: str
    meaning: str
    needs: str
    extra: str = ""
    trains: bool = False
    gradients: bool = True
    inside: bool = True
    is_program: bool = False
    one_channel: bool = True
    is_here: bool = True

    @property
    def cannot(self) -> tuple[str, ...]:
        """List in words what a model from here cannot be asked for."""
        if not self.is_here:
            return ("all that asks the model",)
        able = {
            "training": self.trains,
            "gradients": self.gradients,
            "layers, mprt, run.compile": self.inside,
        }
        return tuple(name for name, can in able.items() if not can)


@dataclass(frozen=True, slots=True)
class FormatRow:
    """A kind of file that images, labels or annotations are read from."""

    id: str
    meaning: str
    holds: str


@dataclass(frozen=True, slots=True)
class PlantRow:
    """Evidence that `xaudit calibrate` can put into an image.

    Attributes:
        place: ``box`` for one place of the frame, the same in all images; ``ring`` for the image border; ``region`` for a
            named region, whose place differs between images; ``image`` for the whole image.
        box: of a plant at one place, the rectangle that it may change: ``x0, y0, x1, y1`` as shares of the frame.
        property: of a plant of the whole image, the property of :data:`xaudit.catalog.image_changes.IMAGE_PROPERTIES` that
            it changes.
        smallest_side: pixels that the shorter side of the model's frame must have.
    """

    id: str
    meaning: str
    place: Literal["box", "ring", "region", "image"]
    box: tuple[float, float, float, float] | None = None
    property: str = ""
    smallest_side: int = 32


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A statement that a verdict can make, with a code that never changes its meaning."""

    code: str
    title: str
    cause: str
    remedy: str
