"""The metric classes of the installed Quantus, read from its source: importing it takes seconds.

Each is a row of its own, ``quantus:NAME``, that a process puts into the table of metrics when it is asked for. So whatever
classes an installed version has can be named, with the settings and the direction that the version gives them.
"""

import ast
import importlib.metadata
import importlib.util
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from xaudit.catalog.rows import QUANTUS, MetricRow, Option

Family = Literal["localization", "faithfulness", "complexity", "robustness", "sanity"]

FAMILY_OF_CATEGORY: Mapping[str, Family] = {
    "AXIOMATIC": "faithfulness",
    "COMPLEXITY": "complexity",
    "FAITHFULNESS": "faithfulness",
    "LOCALISATION": "localization",
    "RANDOMISATION": "sanity",
    "ROBUSTNESS": "robustness",
}

DEFECTS: Mapping[str, str] = {
    "AttributionLocalisation": "its `weighted` score depends on the number of images and may be infinite",
    "Completeness": "asks whether two floating point numbers are equal, and nearly always finds that they are not",
    "FaithfulnessCorrelation": "draws 224 values of the image by default, so its scores are very noisy",
    "Infidelity": "its perturbed samples are all alike, and its scale has no bound",
    "IROF": "fails on images of three channels",
    "Monotonicity": "always true with the baseline `black`, from which it starts",
    "MonotonicityCorrelation": "fails where a prediction is below `eps`",
    "MPRT": "its average counts the likeness of the map to itself",
    "NonSensitivity": "fails where `features_in_step` is not 1, and counts values of the image instead of their share",
    "PixelFlipping": "removes the channels of one pixel at different steps; `return_auc_per_sample` fails with current NumPy",
    "PointingGame": "counts a hit where any of several maxima lies inside; `weighted` fails",
    "RelativeInputStability": "gives no number where the class changes under noise",
    "RelativeOutputStability": "gives no number where the class changes under noise",
    "RelativeRepresentationStability": "gives no number where the class changes under noise",
    "RelevanceMassAccuracy": "sums negative values too, so it may be negative",
    "RelevanceRankAccuracy": "leaves the order of equal values to an unstable sort",
    "ROAD": "fails on images of three channels",
    "Selectivity": "says what RegionPerturbation says, which is the answer to the whole image less this",
    "SmoothMPRT": "its average counts the likeness of the map to itself",
    "TopKIntersection": "`k` is 1000 by default, and a smaller mark cannot be met; leaves the order of equal values to an unstable sort",
}
"""Known faults of classes of Quantus 0.6, in words for a report."""

_OTHERS = "compares the images of a batch with each other, and xaudit scores one image at a time"

NEEDS_MORE: Mapping[str, str] = {
    "BatchSufficiency": _OTHERS,
    "Consistency": _OTHERS,
    "Focus": "scores mosaics that are made of images of several classes, and xaudit scores one image at a time",
    "SensitivityN": _OTHERS,
    "Sufficiency": _OTHERS,
}
"""Classes of Quantus 0.6 that cannot score an image on its own, and what they lack."""

_SET_HERE = frozenset(
    {
        "self",
        "return_aggregate",
        "aggregate_func",
        "default_plot_func",
        "disable_warnings",
        "display_progressbar",
        "num_classes",
    }
)
"""Arguments that xaudit sets and no audit file: no average, no output, the model's own number of classes."""


def version() -> str:
    """Return the version of Quantus that is installed."""
    return importlib.metadata.version("quantus")


@cache
def quantus_rows() -> Mapping[str, MetricRow]:
    """Return the rows of all metric classes of the installed Quantus, by id."""
    classes = _Classes.read()
    return {row.id: row for name in sorted(classes.nodes) if (row := classes.row(name)) is not None}


@dataclass(frozen=True)
class _Classes:
    """The classes that Quantus's metrics are written as, by name."""

    nodes: Mapping[str, ast.ClassDef]

    @classmethod
    def read(cls) -> "_Classes":
        package = importlib.util.find_spec("quantus")
        roots = (
            [Path(place) / "metrics" for place in (package.submodule_search_locations or ())]
            if package
            else []
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of backslashes in its texts
            trees = [ast.parse(path.read_bytes()) for root in roots for path in sorted(root.rglob("*.py"))]
        return cls(
            {node.name: node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)}
        )

    def row(self, name: str) -> MetricRow | None:
        """Return the row of a class; None for one that says of no category that it belongs to."""
        category, direction = (
            self._attribute(name, "evaluation_category"),
            self._attribute(name, "score_direction"),
        )
        family = FAMILY_OF_CATEGORY.get(category)
        if family is None:
            return None
        uses_model = family in ("faithfulness", "sanity", "robustness")
        defect = DEFECTS.get(name, "")
        return MetricRow(
            f"{QUANTUS}{name}",
            f"{name} as Quantus computes it" + (f"; {defect}" if defect else ""),
            family,
            {"HIGHER": True, "LOWER": False}.get(direction),
            "as Quantus defines it",
            "as many forwards as Quantus makes" if uses_model else "none",
            needs_annotation=family == "localization",
            needs_lungs=False,
            citation="Hedström et al. 2023, Quantus",
            options=(*self._settings(name), *(self._softmax(name) if uses_model else ())),
            by_default=False,
            unavailable=NEEDS_MORE.get(name, ""),
        )

    def _lineage(self, name: str) -> Iterator[ast.ClassDef]:
        node = self.nodes.get(name)
        if node is not None:
            yield node
            for base in node.bases:
                yield from self._lineage(ast.unparse(base).partition("[")[0])

    def _attribute(self, name: str, attribute: str) -> str:
        """Return the last part of what a class attribute is set to, such as ``HIGHER``; empty where it is not."""
        for node in self._lineage(name):
            for line in node.body:
                if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == attribute:
                    return ast.unparse(line.value).rpartition(".")[2]
        return ""

    def _settings(self, name: str) -> Iterator[Option]:
        for argument, default in self._arguments(name, "__init__"):
            if argument.arg not in _SET_HERE:
                yield _option(argument, default)

    def _softmax(self, name: str) -> Iterator[Option]:
        for argument, default in self._arguments(name, "__call__"):
            if argument.arg == "softmax":
                yield Option(
                    "softmax", _literal(default) is True, "ask for probabilities, and not for logits"
                )

    def _arguments(self, name: str, method: str) -> Iterator[tuple[ast.arg, ast.expr | None]]:
        """Yield what a method of a class takes by name, with its defaults; those of its base where it takes anything."""
        for node in self._lineage(name):
            for line in node.body:
                if isinstance(line, ast.FunctionDef) and line.name == method and line.args.vararg is None:
                    named = line.args
                    missing: list[ast.expr | None] = [None] * (len(named.args) - len(named.defaults))
                    yield from zip(named.args, [*missing, *named.defaults], strict=True)
                    return


def _option(argument: ast.arg, default: ast.expr | None) -> Option:
    value = _literal(default)
    if isinstance(value, int) and not isinstance(value, bool) and "float" in ast.unparse(argument):
        value = float(value)
    known = value if isinstance(value, bool | int | float | str) else None
    return Option(argument.arg, known, f"`{argument.arg}` of the class", takes_any=known is None)


def _literal(default: ast.expr | None) -> Any:  # noqa: ANN401
    """Return the value of a default that is written out; None for any other."""
    try:
        return None if default is None else ast.literal_eval(default)
    except ValueError:
        return None
