"""Confusion matrices whose cells choose the cases of the gallery."""

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
        n_gallery: how many of them the gallery can show.
    """

    true: str
    said: str
    n: int
    cell: str
    share: str
    shade: int
    is_right: bool
    n_gallery: int


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


def matrices(outcome: Outcome, gallery: dict[tuple[str, str, str], int]) -> tuple[Matrix, ...]:
    """The test split of each model, or what there is where none was tested.

    Args:
        gallery: cases that the gallery shows, by model, true class and what was said.
    """
    return tuple(_matrix(one, gallery) for one in shown_evaluations(outcome))


def _matrix(evaluation: Evaluation, gallery: dict[tuple[str, str, str], int]) -> Matrix:
    names = evaluation.class_names
    rows = tuple(
        tuple(
            _cell(evaluation, true, said, n, sum(line), gallery) for said, n in zip(names, line, strict=True)
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
    true: str,
    said: str,
    n: int,
    n_true: int,
    gallery: dict[tuple[str, str, str], int],
) -> MatrixCell:
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
        gallery.get((evaluation.model_id, true, said), 0),
    )
