"""What the tables say of each thing that xaudit can do."""

from dataclasses import dataclass
from typing import Literal

from xaudit.catalog.regions import STRUCTURES

OptionValue = int | float | str | bool | None

QUANTUS = "quantus:"
"""Begins the id of a metric that Quantus itself computes; the name of its class follows."""


@dataclass(frozen=True, slots=True)
class Option:
    """One setting of an explainer or a metric.

    Attributes:
        default: also fixes the type; a default of None takes a text.
        minimum: smallest number allowed, inclusive.
        choices: the only texts allowed, where there are only some; of a number, texts that may stand in its place.
        came_later: whether it was added to a row that had results already. At its default it does what was done
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


@dataclass(frozen=True, slots=True)
class ExplainerRow:
    """One way to ask a model where it looked.

    Attributes:
        signed: whether negative values mean evidence against the target; an unsigned map's magnitude counts.
        gradients: whether the model must be differentiable.
        control: whether it is deliberately uninformed, and stands beside the others as the level to beat.
        cost: model evaluations per map, in words.
        sums_to_answer: whether its map promises to sum to the target's logit minus that of its option ``baseline``.
        inside: whether it reads or changes what happens inside the network, which must be torch modules then.
        made_of: what a row's scores come from: a map made of the ``image``, the ``maps`` of each explainer after all
            of them are there, the readers' ``marks``, or ``files`` that hold finished maps. Only the first can be asked
            for a map.
    """

    id: str
    meaning: str
    family: Literal["cam", "surrogate", "occlusion", "gradient", "control", "external"]
    signed: bool
    gradients: bool
    control: bool
    cost: str
    citation: str
    options: tuple[Option, ...] = ()
    made_of: Literal["image", "maps", "marks", "files"] = "image"
    sums_to_answer: bool = False
    inside: bool = False


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One number about one map (or, in the family ``reliance``, about the model itself).

    Attributes:
        range: in words, with the unit.
        needs_annotation: whether only cases that a reader marked can be scored.
        needs_lungs: whether lung masks are needed.
        headline: whether the terminal report shows it.
        by_default: whether it is measured where the audit file names no metrics, if its family is one to choose from.
        has_ceiling: whether the best map on the explainer's native grid is scored too, as ``<id>-ceiling``.
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
        "limits",
        "equivariance",
        "resolution",
        "repeatability",
    ]
    higher_is_better: bool | None
    range: str
    cost: str
    needs_annotation: bool
    needs_lungs: bool
    citation: str
    headline: bool = True
    options: tuple[Option, ...] = ()
    by_default: bool = True
    has_ceiling: bool = False
    unavailable: str = ""

    @property
    def needs(self) -> tuple[str, ...]:
        """What a case must have beside its image: readers' marks, masks of a structure, the pixel spacing.

        A region without a mark in its name can be hidden where nothing is marked, so its reliance needs none.
        """
        region = self.id.removeprefix("mass-").removeprefix("reliance-")
        masks = STRUCTURES.get(region) if self.family in ("regions", "reliance") else None
        unmarked = self.family == "reliance" and region not in ("mark", "same-lung", "opposite-lung", "lungs")
        found = ["marks"] * (self.needs_annotation and not unmarked)
        found += [] if masks is None else [f"{masks.removesuffix('s')} masks"]
        found += ["spacing"] * self.id.endswith("-mm")
        return tuple(found)

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
        """Whether every value lies between 0 and 1."""
        return self.range.startswith("0 to 1")


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One place from which a model can come.

    Attributes:
        needs: keys of the audit file that it takes.
        extra: the optional extra that brings the library it needs; empty where none is needed.
        trains: whether one without weights can be trained.
        gradients: whether it can be asked for gradients; whether a network truly has them is tried on it.
        inside: whether its parts are torch modules, which can be hooked onto, drawn anew and compiled.
        is_program: whether its file holds a program, which the audit file must say is trusted.
        one_channel: whether its network may take grey images on one channel.
        is_here: whether there is a model to ask, and not only what it said.
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
        """What a model from here cannot be asked for, in words."""
        if not self.is_here:
            return ("all that asks the model",)
        found = ["training"] * (not self.trains) + ["gradients"] * (not self.gradients)
        return tuple(found + ["layers, mprt, run.compile"] * (not self.inside))


@dataclass(frozen=True, slots=True)
class FormatRow:
    """One kind of file that images, labels or annotations are read from."""

    id: str
    meaning: str
    holds: str


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One thing a verdict can say, with a code that never changes its meaning."""

    code: str
    title: str
    cause: str
    remedy: str
