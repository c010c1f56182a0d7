"""How well each model classifies: confusion matrices side by side, with what they come to."""

from xaudit.records import Evaluation, Outcome
from xaudit.report.grid import Beside, Block, Cell, Column, Grid, Paragraph, Row, Section, Tone, grid
from xaudit.report.wording import MEASURE_WORDS, count, interval

LARGEST_MATRIX = 6
"""Classes up to which a matrix is printed; beyond, the commonest mistakes are."""

_LONGEST_NAME = 12


def evaluation_section(outcome: Outcome) -> Section:
    """Matrices of the test split, rows the truth and columns what the model said."""
    tested = [e for e in outcome.evaluations if e.split == "test"]
    shown = tested or list(outcome.evaluations)
    if not shown:
        return Section("How well the models classify", (Paragraph("No case could be classified.", "dim"),))
    blocks: list[Block] = []
    if tested:
        text = "Test images. Each row is a true class, each column what the model said."
    else:
        text = "No test images: these are the models' own training images, and say little."
    blocks.append(Paragraph(text, "dim"))
    blocks.append(Beside(tuple(_matrix(e) for e in shown)))
    return Section("How well the models classify", tuple(blocks))


def _matrix(evaluation: Evaluation) -> Grid:
    unit = count(evaluation.n_patients, "patient") if evaluation.patients_known else "patients unknown"
    title = f"{evaluation.model_id}: {count(evaluation.n_cases, 'image')}, {unit}"
    if len(evaluation.class_names) > LARGEST_MATRIX:
        return _mistakes(evaluation, title)
    names = [_short(name) for name in evaluation.class_names]
    rows = [
        Row((Cell(name), *(Cell(str(n), _tone(i == j, n)) for j, n in enumerate(line))))
        for i, (name, line) in enumerate(zip(names, evaluation.matrix, strict=True))
    ]
    measures = [
        Row((Cell(f"{MEASURE_WORDS.get(name, name)} {interval(value)}"),), heading=True)
        for name, value in evaluation.measures.items()
    ]
    columns = [Column("true \\ said"), *(Column(name, numeric=True) for name in names)]
    return grid(columns, [*rows, *measures], title=title)


def _mistakes(evaluation: Evaluation, title: str) -> Grid:
    wrong = [
        (n, true, said)
        for true, line in zip(evaluation.class_names, evaluation.matrix, strict=True)
        for said, n in zip(evaluation.class_names, line, strict=True)
        if true != said and n
    ]
    worst = sorted(wrong, key=lambda item: (-item[0], item[1], item[2]))[:LARGEST_MATRIX]
    rows = [Row((Cell(_short(true)), Cell(_short(said)), Cell(str(n)))) for n, true, said in worst]
    measures = [
        Row((Cell(f"{MEASURE_WORDS.get(name, name)} {interval(value)}"),), heading=True)
        for name, value in evaluation.measures.items()
    ]
    columns = [Column("true"), Column("said instead"), Column("images", numeric=True)]
    return grid(columns, [*rows, *measures], title=title)


def _tone(on_diagonal: bool, n: int) -> Tone:
    return "strong" if on_diagonal else ("plain" if n else "dim")


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
