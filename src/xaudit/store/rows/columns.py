"""Columns that several tables have, and the making of a schema from columns."""

import pyarrow as pa

TEXT, NUMBER, WHOLE, TRUTH = pa.string(), pa.float64(), pa.int64(), pa.bool_()

Column = tuple[str, pa.DataType, str]

CASE_ID: Column = ("case_id", TEXT, "the case, unique within the run")
PATIENT: Column = (
    "patient_id",
    TEXT,
    "the patient; where the data names none, the group of `data.split.groups`, or empty",
)
MODEL: Column = ("model", TEXT, "the model's id in the audit file")
FINDING: Column = (
    "finding",
    TEXT,
    "the finding that the model answers for; empty where its entry in the audit file lists none with a `target`",
)
TARGET: Column = ("target", TEXT, "the class whose evidence is explained")
CORRECT: Column = ("correct", TRUTH, "whether the model named the true class")
EXPLAINER: Column = ("explainer", TEXT, "the explainer's id; `-` for a question put to the model itself")
EXPLAINER_HASH: Column = ("explainer_hash", TEXT, "digest of the explainer's name and settings")
READER: Column = ("reader", TEXT, "whose marks were used; `-` where none are needed")
N_EVALS: Column = (
    "n_evals",
    WHOLE,
    "model evaluations spent, counted per image; what cases share is split evenly",
)
SECONDS: Column = ("seconds", NUMBER, "wall time spent, shared evenly within a batch")


def schema(*columns: Column, empty: tuple[str, ...] = ()) -> pa.Schema:
    """Return a schema whose columns must hold a value, except those named in ``empty``; a model has its finding beside it."""
    if MODEL in columns:
        after = columns.index(MODEL) + 1
        columns, empty = (*columns[:after], FINDING, *columns[after:]), (*empty, FINDING[0])
    return pa.schema(
        [
            pa.field(name, kind, nullable=name in empty, metadata={"meaning": meaning})
            for name, kind, meaning in columns
        ]
    )
