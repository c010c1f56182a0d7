"""Predictions of an external model, from the rows of a table.

A row names an image, by ``case_id`` or ``image``, and says how likely each class is: in a column for each class of the
data, or, of two classes, in a column for one of them; or else in ``label``, the class that the model named, and
``score``, its probability. Further columns are left alone.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from xaudit.cases.names.image_index import ImageIndex
from xaudit.cases.names.name_match import NamedCases
from xaudit.cases.text.cells import cell_text
from xaudit.errors import ModelError, did_you_mean
from xaudit.records import FloatArray

SUM_WITHIN = 0.02
"""By how much rounded probabilities of one image may miss 1."""

_LEAST = float(np.finfo(np.float32).tiny)
"""Stands for a probability of 0, whose logarithm is not a number."""

Row = tuple[str, Mapping[str, object]]
"""What to call a row in errors, and its cells by column."""


def answers_of(
    rows: Sequence[Row],
    images: ImageIndex,
    *,
    class_names: tuple[str, ...],
    values: Literal["probability", "logit"],
    extra: list[str] | None = None,
) -> dict[str, FloatArray]:
    """(n_classes,) logits by case id; rows of images that the data does not hold are left out.

    Of probabilities these are logarithms, whose softmax gives them back.

    Args:
        rows: not empty, all with the same columns.
        class_names: in the order of the logits.
        extra: gathers the names of images that the data does not hold.

    Raises:
        ModelError: where columns are missing, a cell is no number, probabilities do not sum to 1, an image stands twice or
            is not clear, or no row names an image of the data.
    """
    place, first = rows[0]
    table = place.rpartition(": ")[0]
    named = _image_column(table, list(first))
    columns = _class_columns(table, list(first), class_names)
    names = NamedCases(images, [_text(row[named]) for _, row in rows])
    found: dict[str, FloatArray] = {}
    seen: dict[str, tuple[str, str]] = {}
    for where, row in rows:
        name = _text(row[named])
        if not name:
            raise ModelError(f"{where}: {named} is empty", hint="fill it in, or drop the row")
        cases = names.cases(name)
        if len(cases) > 1:
            raise ModelError(
                f"{where}: '{name:.200}' can be the image {cases[0]} or {cases[1]}",
                hint="name the image with its sub-folder",
            )
        if not cases:
            if extra is not None:
                extra.append(name)
            continue
        if cases[0] in seen:
            line, said = seen[cases[0]]
            as_other = "" if said == name else f" as '{said:.200}', and here as '{name:.200}'"
            raise ModelError(
                f"{where}: the image {cases[0]} was told of already ({line}){as_other}",
                hint="keep one row for each image"
                + (", named by its path below the images' folder" if as_other else ""),
            )
        seen[cases[0]] = (where.rpartition(": ")[2], name)
        found[cases[0]] = _logits(where, row, columns, class_names, values)
    if not found:
        raise ModelError(
            f"{table}: no row names an image of the data, '{first[named]!s:.80}' for one",
            hint=f"the column '{named}' holds paths or case ids, such as {next(iter(images.paths), 'test/a.png')}",
        )
    return found


def _text(cell: object) -> str:
    return "" if cell is None else cell_text(str(cell))


def _image_column(table: str, columns: Sequence[str]) -> str:
    for name in ("case_id", "image"):
        if name in columns:
            return name
    has = ", ".join(f"'{column:.60}'" for column in columns[:10])
    raise ModelError(
        f"{table}: no column is called 'image' or 'case_id'; the columns are {has}",
        hint="name the image of each row by its path, or by its case id",
    )


def _class_columns(table: str, columns: Sequence[str], class_names: tuple[str, ...]) -> Mapping[str, str]:
    """Column by class; empty where the table has label and score instead."""
    there = {name: name for name in class_names if name in columns}
    missing = next((name for name in class_names if name not in there), "")
    alike = next((column for column in columns if column.casefold() == missing.casefold()), None)
    if len(there) == len(class_names) or (len(there) == 1 and len(class_names) == 2 and alike is None):
        return there
    if not there and {"label", "score"} <= set(columns):
        if len(class_names) != 2:
            raise ModelError(
                f"{table}: label and score tell all of an answer only between two classes, and the data has "
                f"{len(class_names)}",
                hint=f"give a column for each of {', '.join(class_names)}",
            )
        return {}
    others = [column for column in columns if column not in ("image", "case_id", *there)]
    otherwise = f"a column for each of {', '.join(class_names)}, or the columns label and score"
    raise ModelError(
        f"{table}: no column is called like the class '{missing}'",
        hint=did_you_mean(missing, others, otherwise=otherwise),
    )


def _logits(
    where: str,
    row: Mapping[str, object],
    columns: Mapping[str, str],
    class_names: tuple[str, ...],
    values: Literal["probability", "logit"],
) -> FloatArray:
    if not columns:
        return np.log(np.clip(_from_label(where, row, class_names), _LEAST, None))
    told = {name: _number(where, column, row[column]) for name, column in columns.items()}
    if values == "logit":
        return np.array([told.get(name, 0.0) for name in class_names])
    for name, value in told.items():
        if not 0 <= value <= 1:
            raise ModelError(
                f"{where}: {name} is {value:g}, and a probability lies between 0 and 1",
                hint=_not_shares(list(told.values())),
            )
    if len(told) < len(class_names):
        (only,) = told.values()
        told = {name: told.get(name, 1 - only) for name in class_names}
    total = sum(told.values())
    if abs(total - 1) > SUM_WITHIN:
        raise ModelError(
            f"{where}: the probabilities of the classes sum to {total:.3g}, not to 1",
            hint="give one answer among all classes (a softmax); a sigmoid for each finding is one model for each finding",
        )
    shares = np.array([told[name] for name in class_names]) / total
    return np.log(np.clip(shares, _LEAST, None))


def _not_shares(values: Sequence[float]) -> str:
    """Return a guess at what numbers that are no probabilities are instead."""
    percents = all(0 <= value <= 100 for value in values)
    if percents and len(values) > 1 and abs(sum(values) - 100) <= 100 * SUM_WITHIN:
        return "these are percentages: divide them by 100"
    otherwise = "; if they are percentages, divide them by 100" if percents else ""
    return f"if these are logits, write `predictions: {{path: …, values: logit}}`{otherwise}"


def _from_label(where: str, row: Mapping[str, object], class_names: tuple[str, ...]) -> FloatArray:
    label, score = str(row["label"]), _number(where, "score", row["score"])
    if label not in class_names:
        raise ModelError(
            f"{where}: label is '{label:.80}', which is no class of the data",
            hint=did_you_mean(label, class_names, otherwise=f"the classes are {', '.join(class_names)}"),
        )
    if not 0.5 <= score <= 1:
        raise ModelError(
            f"{where}: score is {score:g}, and of two classes the one that a model names has at least 0.5",
            hint="score is the probability of the class in label; if label is the truth, call the column score after the "
            "class whose probability it holds",
        )
    return np.array([score if name == label else 1 - score for name in class_names])


def _number(where: str, column: str, cell: object) -> float:
    try:
        value = float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        comma = re.fullmatch(r"\s*-?[0-9]+,[0-9]+\s*", str(cell)) is not None
        raise ModelError(
            f"{where}: {column} is '{cell!s:.40}', not a number",
            hint="write numbers with a point, such as 0.9" if comma else "give a number for every class",
        )
    return value
