"""Parts of the page, a record for each section, in the order in which they are read."""

from dataclasses import dataclass

from xaudit.catalog import FindingRow
from xaudit.report.grid import Block, Grid, Section
from xaudit.report.html.cards import Judgement
from xaudit.report.html.check_part import CheckPart
from xaudit.report.html.confusion import Matrix
from xaudit.report.html.curve_charts import CurveChart
from xaudit.report.html.gallery_notes import Gallery
from xaudit.report.html.reliance_part import ReliancePart
from xaudit.report.pictures.forest import Forest, has_ceilings
from xaudit.report.pictures.region_bars import RegionBars
from xaudit.stages.outcome.reasons import ReasonCount


@dataclass(frozen=True, slots=True)
class VerdictPart:
    """The verdict on each model, and the gates."""

    judgements: tuple[Judgement, ...]
    gates: Section


@dataclass(frozen=True, slots=True)
class AnswersPart:
    """Right and wrong answers; ``untested`` names models without test images."""

    matrices: tuple[Matrix, ...]
    untested: str


@dataclass(frozen=True, slots=True)
class Reasons:
    """Reasons of one model's answers, by explainer."""

    model_id: str
    rows: tuple[ReasonCount, ...]


@dataclass(frozen=True, slots=True)
class ReasonsPart:
    """Reasons of right answers; ``missing`` says why some or all models have none."""

    models: tuple[Reasons, ...]
    missing: str


@dataclass(frozen=True, slots=True)
class RegionsPart:
    """Regions that the model depends on, and those that explainers show."""

    bars: tuple[RegionBars, ...]
    no_reliance: str
    no_model: str
    advice: Section
    by_class: Section | None
    causal: Section | None
    image: Section | None = None
    by_infill: Section | None = None


@dataclass(frozen=True, slots=True)
class AreasPart:
    """Areas that the answers depend on; ``missing`` says why none were looked for.

    Attributes:
        maps: by model, the mean maps that do not stand on its card.
    """

    blocks: tuple[Block, ...]
    missing: str
    maps: tuple[tuple[str, ReliancePart], ...] = ()


@dataclass(frozen=True, slots=True)
class ScoresPart:
    """Scores of the explainers beside controls and readers."""

    forests: tuple[Forest, ...]
    localization: Section
    readers: Section | None
    protocol: Section | None

    @property
    def has_ceilings(self) -> bool:
        """True if a plot shows what the mark itself would score."""
        return has_ceilings(self.forests)

    @property
    def has_humans(self) -> bool:
        """True if a plot shows the readers."""
        return any(plot.human is not None for one in self.forests for plot in one.plots)

    @property
    def has_controls(self) -> bool:
        """True if a plot shows a control."""
        return any(row.is_control for one in self.forests for plot in one.plots for row in plot.rows)


@dataclass(frozen=True, slots=True)
class FailuresPart:
    """Failure categories of the maps, and how they depend on the thresholds."""

    categories: Section | None
    thresholds: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Paired comparisons: the sentences that decide something, and all that was compared."""

    decided: tuple[str, ...]
    n_more: int
    tables: tuple[Grid, ...]
    legend: str
    n_undecided: int
    nothing: str


@dataclass(frozen=True, slots=True)
class StrataPart:
    """Strata and changed images; ``missing`` was not asked for, ``empty`` has no value."""

    sections: tuple[Section, ...]
    missing: tuple[str, ...]
    empty: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CurvesPart:
    """Faithfulness curves; ``missing`` says why there are none."""

    charts: tuple[CurveChart, ...]
    missing: str

    @property
    def have_bands(self) -> bool:
        """True if a line has its interval as a band."""
        return any(line.band for one in self.charts for plot in one.plots for line in plot.lines)

    @property
    def have_controls(self) -> bool:
        """True if a line is a control's."""
        return any(look.is_control for one in self.charts for look in one.looks)


@dataclass(frozen=True, slots=True)
class SanityPart:
    """Checks of the maps; ``missing`` says why there are none."""

    sections: tuple[Section, ...]
    missing: str


@dataclass(frozen=True, slots=True)
class ClosingPart:
    """Notes, skipped cases, and how to run the audit again."""

    notes: Section | None
    skipped: Section
    work: Section
    manifest: tuple[tuple[str, str], ...]
    command: str
    definitions: tuple[FindingRow, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page, in the order in which it is read.

    Attributes:
        summary: the study in words.
    """

    name: str
    summary: str
    facts: tuple[tuple[str, str], ...]
    verdict: VerdictPart
    answers: AnswersPart
    areas: AreasPart
    regions: RegionsPart
    reasons: ReasonsPart
    gallery: Gallery
    scores: ScoresPart
    failures: FailuresPart
    groups: CheckPart
    pairs: Pairs | None
    no_pairs: str
    strata: StrataPart
    curves: CurvesPart
    sanity: SanityPart
    data: CheckPart
    calibration: CheckPart | None
    closing: ClosingPart
