"""Classification results: confusion matrices side by side, with accuracy, sensitivity, specificity and AUROC."""

from xaudit.records import Evaluation, Outcome
from xaudit.report.grid import Beside, Block, Cell, Column, Grid, Paragraph, Row, Section, Tone, grid
from xaudit.report.wording import MEASURE_WORDS, count, interval

LARGEST_MATRIX = 6
"""Classes up to which a matrix is printed; beyond, the commonest mistakes are."""

_LONGEST_NAME = 12


def evaluation_section(outcome: Outcome) -> Section:
    """Matrices of the test split, rows the truth and columns what the model said."""
    shown = shown_evaluations(outcome)
    if not shown:
        return Section("How well the models classify", (Paragraph("No case could be classified.", "dim"),))
    rows = "Each row is a true class, each column what the model said."
    untested = without_test_images(outcome)
    blocks: list[Block] = [
        Paragraph(f"{untested} {rows}" if untested else f"Test images. {rows}", "dim"),
    ]
    blocks.append(Beside(tuple(_matrix(e) for e in shown)))
    return Section("How well the models classify", tuple(blocks))


def shown_evaluations(outcome: Outcome) -> tuple[Evaluation, ...]:
    """The test split of each model; of a model that has none, every split there is."""
    tested = {one.model_id for one in outcome.evaluations if one.split == "test"}
    return tuple(one for one in outcome.evaluations if one.split == "test" or one.model_id not in tested)


def without_test_images(outcome: Outcome) -> str:
    """Name the models without test images, and the images shown instead; empty where every model has some."""
    shown = [one for one in shown_evaluations(outcome) if one.split != "test"]
    if not shown:
        return ""
    splits = list(dict.fromkeys(one.split for one in shown))
    own = "; results on training images say little about new ones" if "train" in splits else ""
    all_of_them = {one.model_id for one in shown} == {one.model_id for one in outcome.evaluations}
    whose = "" if all_of_them else f" of {', '.join(dict.fromkeys(one.model_id for one in shown))}"
    return f"No test images{whose}; this table shows the split {' and '.join(splits)}{own}."


def _matrix(evaluation: Evaluation) -> Grid:
    unit = count(evaluation.n_patients, "patient") if evaluation.patients_known else "patients unknown"
    split = "" if evaluation.split == "test" else f" of {evaluation.split}"
    title = f"{evaluation.model_id}: {count(evaluation.n_cases, 'image')}{split}, {unit}"
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
    columns = [Column("true"), Column("predicted"), Column("images", numeric=True)]
    return grid(columns, [*rows, *measures], title=title)


def _tone(on_diagonal: bool, n: int) -> Tone:
    return "strong" if on_diagonal else ("plain" if n else "dim")


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
