"""What the tables say of each thing that xaudit can do."""

from dataclasses import dataclass
from typing import Literal

OptionValue = int | float | str | bool | None


@dataclass(frozen=True, slots=True)
class Option:
    """One setting of an explainer or a metric.

    Attributes:
        default: also fixes the type; a default of None takes a text.
        minimum: smallest number allowed, inclusive.
        choices: the only texts allowed, where there are only some; of a number, texts that may stand in its place.
    """

    name: str
    default: OptionValue
    meaning: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExplainerRow:
    """One way to ask a model where it looked.

    Attributes:
        signed: whether negative values mean evidence against the target; an unsigned map's magnitude counts.
        gradients: whether the model must be differentiable.
        control: whether it is deliberately uninformed, and stands beside the others as the level to beat.
        cost: model evaluations per map, in words.
        made_of: what a row's scores come from: a map made of the ``image``, the ``maps`` of each explainer after all
            of them are there, or the readers' ``marks``. Only the first can be asked for a map.
    """

    id: str
    meaning: str
    family: Literal["cam", "surrogate", "occlusion", "gradient", "control"]
    signed: bool
    gradients: bool
    control: bool
    cost: str
    citation: str
    options: tuple[Option, ...] = ()
    made_of: Literal["image", "maps", "marks"] = "image"


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

    @property
    def is_share(self) -> bool:
        """Whether every value lies between 0 and 1."""
        return self.range.startswith("0 to 1")


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One place from which a model can come."""

    id: str
    meaning: str
    needs: str


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
