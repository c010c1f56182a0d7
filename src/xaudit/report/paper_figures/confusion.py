"""Confusion matrices."""

from collections.abc import Iterator

from matplotlib.figure import Figure

from xaudit.records import Evaluation, Outcome
from xaudit.report.paper_figures.figure import ONE_COLUMN_MM, PaperFigure, plain
from xaudit.report.sections.evaluation import LARGEST_MATRIX

_CELL_MM = 14.0
_DARK = 0.5


def confusion_figures(outcome: Outcome) -> Iterator[PaperFigure]:
    """Draw a confusion matrix for each model's test split, or for all cases if there is none."""
    for one in [e for e in outcome.evaluations if e.split == "test"] or outcome.evaluations:
        if len(one.class_names) <= LARGEST_MATRIX:
            yield _figure(one)


def too_many_classes(outcome: Outcome) -> bool:
    """Return True if a matrix was left out for its size."""
    return any(len(one.class_names) > LARGEST_MATRIX for one in outcome.evaluations)


def _figure(one: Evaluation) -> PaperFigure:
    names = one.class_names

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        shares = [[n / max(1, sum(line)) for n in line] for line in one.matrix]
        axes.imshow(shares, cmap="Greys", vmin=0, vmax=1, aspect="equal")
        for row, line in enumerate(one.matrix):
            for column, n in enumerate(line):
                ink = "white" if shares[row][column] > _DARK else "black"
                axes.text(column, row, str(n), ha="center", va="center", color=ink)
        axes.set_xticks(range(len(names)), [plain(name) for name in names])
        axes.set_yticks(range(len(names)), [plain(name) for name in names])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xlabel("what the model said")
        axes.set_ylabel("true class")
        axes.set_title(
            plain(f"{one.model_id}, {one.split} split: images, shaded by share of the true class"), wrap=True
        )

    rows = tuple(
        (one.model_id, one.split, true, said, n)
        for true, line in zip(names, one.matrix, strict=True)
        for said, n in zip(names, line, strict=True)
    )
    height = max(50.0, _CELL_MM * len(names) + 26)
    return PaperFigure(
        f"confusion-{one.model_id}",
        ONE_COLUMN_MM,
        height,
        ("model", "split", "true", "said", "images"),
        rows,
        draw,
    )
