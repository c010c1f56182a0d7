"""The page of the difference between two runs: maps, verdicts and cases side by side, in one file that needs no network."""

from dataclasses import dataclass, replace

from xaudit.catalog import MARGIN
from xaudit.records import RunDiff
from xaudit.report.files.run_diff import diff_sections
from xaudit.report.grid import Paragraph, Section
from xaudit.report.html.picture_code import colour_code, webp_address
from xaudit.report.html.reliance_part import RelianceFigure, reliance_figure
from xaudit.report.html.render import page_text
from xaudit.report.pictures.reliance_picture import (
    WIDTH,
    ReliancePicture,
    carried_map,
    map_rgba,
    reliance_pictures,
    scale_rgb,
    scale_words,
)
from xaudit.report.sections.verdict import model_verdict
from xaudit.report.wording import count
from xaudit.stages.views.run_pair import CaseInRun, MovedCase, MovedModel, RunInPair, RunPair
from xaudit.statistics.digits import shown

_SIDES = ("base", "head")


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """A model in both runs; None for the run that lacks it."""

    model_id: str
    verdicts: tuple[Paragraph | None, Paragraph | None]
    maps: tuple[tuple[RelianceFigure | None, RelianceFigure | None], ...]


@dataclass(frozen=True, slots=True, eq=False)
class CasePicture:
    """A case in one run.

    Attributes:
        map: its reliance map as a ``data:`` address; empty without one.
    """

    side: str
    answer: str
    map: str


@dataclass(frozen=True, slots=True, eq=False)
class CaseCard:
    """A case that moved.

    Attributes:
        image: its picture as a ``data:`` address; empty without one.
        height: of the picture, of which the width is 320.
    """

    case_id: str
    words: str
    image: str
    height: float
    runs: tuple[CasePicture, CasePicture]

    @property
    def has_picture(self) -> bool:
        """True if there is anything to draw."""
        return bool(self.image or any(one.map for one in self.runs))


@dataclass(frozen=True, slots=True, eq=False)
class CasesPart:
    """The cases of one model that moved."""

    model_id: str
    sentence: str
    cards: tuple[CaseCard, ...]


@dataclass(frozen=True, slots=True, eq=False)
class DiffPage:
    """The page; one colour scale holds for all maps."""

    name: str
    facts: tuple[tuple[str, str], ...]
    headline: Section
    models: tuple[Beside, ...]
    words: str
    bar: str
    ticks: tuple[tuple[float, str], ...]
    verdicts: Section
    cases: tuple[CasesPart, ...]
    sections: tuple[Section, ...]


def diff_page(diff: RunDiff, pair: RunPair) -> str:
    """Return the page as HTML."""
    headline, verdicts, *others = diff_sections(diff)
    runs = (pair.base, pair.head)
    drawn = [reliance_pictures(run.outcome, run.reliance) for run in runs]
    every = [one for run in drawn for own in run.values() for one in own]
    top = max((one.top for one in every), default=0.0)
    on_scale = [
        {model: tuple(replace(one, top=top) for one in own) for model, own in run.items()} for run in drawn
    ]
    ids = dict.fromkeys(model for run in runs for model in run.outcome.model_ids)
    page = DiffPage(
        name=pair.head.outcome.name,
        facts=(("base", diff.base_id), ("head", diff.head_id)),
        headline=headline,
        models=tuple(_beside(model, runs, on_scale) for model in ids),
        words=scale_words(every) if every else "",
        bar=colour_code(scale_rgb()),
        ticks=tuple((share, shown(share * top)) for share in (0.0, 0.5, 1.0)),
        verdicts=verdicts,
        cases=tuple(_cases_part(one) for one in pair.moved),
        sections=tuple(others),
    )
    return page_text("diff.html.j2", page, styles=("report.css", "diff.css"))


def _beside(
    model: str, runs: tuple[RunInPair, RunInPair], drawn: list[dict[str, tuple[ReliancePicture, ...]]]
) -> Beside:
    """Put the verdicts and the maps of a model beside each other, maps of the same question in one row."""
    base, head = (
        model_verdict(run.outcome, model) if model in run.outcome.model_ids else None for run in runs
    )
    maps = [{_question(one): one for one in run.get(model, ())} for run in drawn]
    questions = dict.fromkeys(question for own in maps for question in own)
    rows = [
        tuple(reliance_figure(own[question]) if question in own else None for own in maps)
        for question in questions
    ]
    return Beside(model, (base, head), tuple((row[0], row[1]) for row in rows))


def _question(picture: ReliancePicture) -> tuple[str, ...]:
    mean = picture.view.mean
    return mean.images, mean.target, mean.question, mean.direction


def _cases_part(moved: MovedModel) -> CasesPart:
    if not moved.n_moved:
        sentence = (
            f"None of {count(moved.n_cases, 'case')} moved: every answer is the same, and no probability of the true class "
            f"moved by more than {MARGIN:g}."
        )
        return CasesPart(moved.model_id, sentence, ())
    listed = len(moved.cases)
    sentence = (
        f"{moved.n_moved} of {count(moved.n_cases, 'case')} moved: another answer, or the probability of the true class "
        f"by more than {MARGIN:g}."
    )
    if listed < moved.n_moved:
        sentence += f" Shown are {listed}: those that became wrong first, then the largest changes."
    top = max((_highest(one) for case in moved.cases for one in (case.base, case.head)), default=0.0)
    return CasesPart(moved.model_id, sentence, tuple(_card(case, max(top, MARGIN)) for case in moved.cases))


def _card(moved: MovedCase, top: float) -> CaseCard:
    case = moved.case
    down, across = case.spacing_mm or (1.0, 1.0)
    runs = tuple(
        CasePicture(side, _answer(one), _map(one, top))
        for side, one in zip(_SIDES, (moved.base, moved.head), strict=True)
    )
    return CaseCard(
        case.case_id,
        f"{moved.turn}; truly {case.label}, {moved.head.prediction.split} split",
        "" if moved.preview is None else webp_address(moved.preview),
        WIDTH * (case.height * down) / (case.width * across),
        (runs[0], runs[1]),
    )


def _answer(one: CaseInRun) -> str:
    said = one.prediction.predicted
    return said if one.probability is None else f"{said}; P(true class) {shown(one.probability)}"


def _map(one: CaseInRun, top: float) -> str:
    if one.values is None or one.geometry is None:
        return ""
    return colour_code(map_rgba(carried_map(one.values, one.geometry), top))


def _highest(one: CaseInRun) -> float:
    return 0.0 if one.values is None else float(one.values.max())
