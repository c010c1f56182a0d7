"""Confusion matrices whose cells choose the cases of the gallery."""

from collections.abc import Mapping
from dataclasses import dataclass

from xaudit.records import Evaluation, Outcome
from xaudit.report.sections.evaluation import LARGEST_MATRIX, shown_evaluations
from xaudit.report.wording import MEASURE_WORDS, count, interval, percent

_SHADES = 5


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """The number of images of one true class with one predicted class.

    Attributes:
        cell: ``TP``, ``FN``, ``FP`` or ``TN`` where there are two classes, else empty.
        share: of the images of that true class.
        shade: 0 to 5, with the share.
        n_explained: how many of them were explained.
        n_gallery: how many of them the gallery shows.
    """

    true: str
    said: str
    n: int
    cell: str
    share: str
    shade: int
    is_right: bool
    n_explained: int
    n_gallery: int

    @property
    def rest(self) -> str:
        """Say how many of the images the gallery does not show, and why; empty if it shows all."""
        said = []
        if self.n_explained < self.n:
            said.append(f"{self.n - self.n_explained:,} not explained")
        if self.n_gallery < self.n_explained:
            said.append(f"{self.n_explained - self.n_gallery:,} explained and not shown")
        return ", ".join(said)


@dataclass(frozen=True, slots=True)
class Matrix:
    """A model's confusion matrix on one split.

    Attributes:
        rows: none where there are too many classes; the commonest mistakes stand in their place.
    """

    model_id: str
    about: str
    class_names: tuple[str, ...]
    rows: tuple[tuple[MatrixCell, ...], ...]
    mistakes: tuple[MatrixCell, ...]
    measures: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """Numbers of explained images, and of those in the gallery, by model, true class and what was said."""

    all: Mapping[tuple[str, str, str], int]
    gallery: Mapping[tuple[str, str, str], int]


def matrices(outcome: Outcome, explained: Explained) -> tuple[Matrix, ...]:
    """The test split of each model, or what there is where none was tested."""
    return tuple(_matrix(one, explained) for one in shown_evaluations(outcome))


def _matrix(evaluation: Evaluation, explained: Explained) -> Matrix:
    names = evaluation.class_names
    rows = tuple(
        tuple(
            _cell(evaluation, (true, said), n, sum(line), explained)
            for said, n in zip(names, line, strict=True)
        )
        for true, line in zip(names, evaluation.matrix, strict=True)
    )
    mistakes: tuple[MatrixCell, ...] = ()
    if len(names) > LARGEST_MATRIX:
        wrong = [cell for line in rows for cell in line if not cell.is_right and cell.n]
        mistakes = tuple(sorted(wrong, key=lambda c: (-c.n, c.true, c.said))[: 2 * LARGEST_MATRIX])
        rows = ()
    unit = count(evaluation.n_patients, "patient") if evaluation.patients_known else "patients unknown"
    return Matrix(
        evaluation.model_id,
        f"{count(evaluation.n_cases, 'image')} of the {evaluation.split} split, {unit}",
        names,
        rows,
        mistakes,
        tuple((MEASURE_WORDS.get(name, name), interval(one)) for name, one in evaluation.measures.items()),
    )


def _cell(
    evaluation: Evaluation,
    answer: tuple[str, str],
    n: int,
    n_true: int,
    explained: Explained,
) -> MatrixCell:
    true, said = answer
    about = (evaluation.model_id, true, said)
    name = ""
    if len(evaluation.class_names) == 2:
        name = ("T" if true == said else "F") + ("P" if said == evaluation.positive else "N")
    share = n / n_true if n_true else 0.0
    shade = 0 if n == 0 else 1 + min(_SHADES - 1, int(share * _SHADES))
    return MatrixCell(
        true,
        said,
        n,
        name,
        percent(share) if n_true else "–",
        shade,
        true == said,
        explained.all.get(about, 0),
        explained.gallery.get(about, 0),
    )
