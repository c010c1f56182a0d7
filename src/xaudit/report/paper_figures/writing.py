"""The figures of a run as files."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from xaudit.report.hashed_ids import HashedIds
from xaudit.report.html.curve_charts import no_curves
from xaudit.report.paper_figures.bars import category_figures, region_figures
from xaudit.report.paper_figures.confusion import confusion_figures, too_many_classes
from xaudit.report.paper_figures.curves import curve_figures
from xaudit.report.paper_figures.figure import PaperFigure
from xaudit.report.paper_figures.forest import forest_figures
from xaudit.report.paper_figures.overlays import overlay_figures
from xaudit.report.paper_figures.reliance import reliance_figures
from xaudit.stages.views.report_material import ReportMaterial
from xaudit.store.atomic_file import make_folder, write_atomically

FORMS = ("svg", "pdf")

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Written:
    """The files that were written.

    Attributes:
        names: of the figures, without their endings.
        left_out: why kinds of figures are not among them.
    """

    names: tuple[str, ...]
    left_out: tuple[str, ...]


def write_figures(
    material: ReportMaterial, folder: Path, *, images: bool = True, hashed: HashedIds | None = None
) -> Written:
    """Writes every figure that the run can give as SVG and PDF, and its numbers as CSV.

    Args:
        images: whether overlays are among them.
        hashed: what stands for the ids of cases and patients; None to show them.

    Raises:
        OutputError: where the folder refuses.
    """
    named: Callable[[str], str] = str
    if hashed is not None:
        material = replace(material, outcome=hashed.outcome(material.outcome))
        named = hashed.id
    make_folder(folder)
    names: list[str] = []
    left_out: list[str] = []
    taken: Counter[str] = Counter()
    for figures, reason in _kinds(material, named, images=images):
        n_before = len(names)
        for figure in figures:
            name = _free_name(figure.name, taken)
            for form in FORMS:
                write_atomically(folder / f"{name}.{form}", figure.drawn(form))
            write_atomically(folder / f"{name}.csv", figure.table())
            names.append(name)
        if len(names) == n_before and reason:
            left_out.append(reason)
    if too_many_classes(material.outcome):
        left_out.append("no confusion matrix of so many classes; the report names the commonest mistakes")
    return Written(tuple(names), tuple(left_out))


def _kinds(
    material: ReportMaterial, named: Callable[[str], str], *, images: bool
) -> Iterator[tuple[Iterator[PaperFigure], str]]:
    """Each kind of figure, with what is said where there is none."""
    outcome = material.outcome
    yield (
        confusion_figures(outcome),
        "no confusion matrix: the run classified nothing" * (not outcome.evaluations),
    )
    yield (
        forest_figures(outcome),
        "no forest plot: no metric of maps has a value, as where nobody marked anything",
    )
    yield category_figures(outcome), "no kinds of failure: no map lies on a marked case"
    yield region_figures(outcome), "no regions: the audit did not measure on which the answers depend"
    yield (
        reliance_figures(material, images=images),
        "no reliance map: the audit replaced no windows, or was made before runs kept it",
    )
    yield curve_figures(material), "no curves: " + _first_sentence(no_curves(material))
    if images:
        yield overlay_figures(material, named), "no overlays: the run kept no pictures or no maps"


def _free_name(name: str, taken: Counter[str]) -> str:
    """A file's name that no figure has yet, whatever stands in a model's id."""
    plain = _UNSAFE.sub("-", name).strip("-.") or "figure"
    taken[plain] += 1
    return plain if taken[plain] == 1 else f"{plain}-{taken[plain]}"


def _first_sentence(text: str) -> str:
    return text[:1].lower() + text[1:].partition(". ")[0]
