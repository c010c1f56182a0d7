"""Quantus, as xaudit calls it; the only file that imports it, by the first call, since it brings torch and more along.

Metrics of xaudit's own that Quantus 0.6 computes as they are defined are asked through their class's ``evaluate_batch``:
the call operator gives the same number but spends a hundred times longer on checks of its own (50 ms on 512 × 512). Maps
arrive guarded and clipped, as float64; of any shape, the mark alike. What Quantus gets wrong is computed in
:mod:`xaudit.metrics.localization` instead:

- the pointing game counts a hit when *any* of several maxima lies inside;
- relevance rank accuracy leaves the order of equal values to an unstable sort;
- relevance mass accuracy does not set negative values to zero, so it is handed the positive part.

Metrics that ask the model are computed in :mod:`xaudit.metrics.faithfulness`, where they share batches and answers.

Metrics named ``quantus:NAME`` are another matter: there the class itself is called, unchanged, with one image.
"""

import importlib
import inspect
import math
import pkgutil
import random
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from functools import partial
from io import StringIO
from numbers import Real
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import numpy as np

from xaudit.catalog import MetricRow, OptionValue
from xaudit.catalog.plugin_records import MetricPlugin
from xaudit.catalog.quantus import quantus_rows, version
from xaudit.catalog.rows import QUANTUS
from xaudit.errors import AuditFileError
from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.curve import Found
from xaudit.records import BoolArray, FloatArray
from xaudit.seeds import seed_for

if TYPE_CHECKING:
    from xaudit.metrics.faithfulness.asked import Asked
    from xaudit.metrics.localization.marked_map import MarkedMap
    from xaudit.perturb.asking import Asking

Options = Mapping[str, OptionValue]

_LONGEST_MESSAGE = 160
_FUNCTIONS = ("_func", "norm_numerator", "norm_denominator")
_PATH = re.compile(r"(?:[A-Za-z]:)?[\\/][^\s'\"]*[\\/][^\s'\"]*")


def pointing_game(saliency: FloatArray, region: BoolArray) -> float:
    """1 where the map's only maximum lies inside the mark, else 0."""
    from quantus.metrics.localisation.pointing_game import PointingGame

    return _score(PointingGame, saliency, region)


def relevance_mass_accuracy(saliency: FloatArray, region: BoolArray) -> float:
    """The mark's share of the sum of a map without negative values."""
    from quantus.metrics.localisation.relevance_mass_accuracy import RelevanceMassAccuracy

    return _score(RelevanceMassAccuracy, saliency, region)


def relevance_rank_accuracy(saliency: FloatArray, region: BoolArray) -> float:
    """The mark's share of as many highest pixels as it holds, for a map whose values settle which those are."""
    from quantus.metrics.localisation.relevance_rank_accuracy import RelevanceRankAccuracy

    return _score(RelevanceRankAccuracy, saliency, region)


def sparseness(magnitude: FloatArray) -> float:
    """Gini index of a map without negative values: 0 where all are alike, near 1 where one pixel has everything.

    Source: Chalasani et al. 2020; Hurley and Rickard 2009.
    """
    from quantus.metrics.complexity.sparseness import Sparseness

    return _of_map(Sparseness, magnitude)


def complexity(magnitude: FloatArray) -> float:
    """Entropy, in nats, of the shares of a map without negative values: 0 for one pixel, ln(pixels) for a flat map.

    Source: Bhatt et al. 2020.
    """
    from quantus.metrics.complexity.complexity import Complexity

    return _of_map(Complexity, magnitude)


def _of_map(metric: type, magnitude: FloatArray) -> float:
    asked = metric(abs=True, normalise=False, return_aggregate=False, disable_warnings=True)
    # A copy: both change the array that they are given.
    values = np.array(magnitude, dtype=np.float64).reshape(1, -1)
    return float(asked.evaluate_batch(x_batch=values, a_batch=values)[0])


def _score(metric: type, saliency: FloatArray, region: BoolArray) -> float:
    asked = metric(abs=False, normalise=False, return_aggregate=False, disable_warnings=True)
    scores = asked.evaluate_batch(
        a_batch=np.ascontiguousarray(saliency, dtype=np.float64).reshape(1, -1),
        s_batch=np.ascontiguousarray(region).reshape(1, -1),
    )
    return float(scores[0])


def plugin_of(row: MetricRow) -> MetricPlugin:
    """Return a metric class of Quantus as the plug-in that its row describes."""
    by_family: Mapping[str, Callable[..., Any]] = {"localization": _on_mark, "complexity": _on_map}
    measure = by_family.get(row.family, _on_model)
    return MetricPlugin(row, partial(measure, row.id.removeprefix(QUANTUS)), without_map=None)


def check_options(metric_id: str, name: str, options: Options) -> None:
    """Raise AuditFileError if Quantus does not take the settings of a metric ``quantus:NAME``."""
    try:
        _made(name.removeprefix(QUANTUS), options)
    except Exception as error:  # foreign code, which raises any kind of error
        raise AuditFileError(
            f"metrics: '{metric_id}': Quantus {version()} does not take its settings: {_message(error)}",
            hint=f"`xaudit list quantus` shows what {name} takes",
        ) from error


def _on_mark(name: str, marked: "MarkedMap", options: Options) -> Measured:
    """Score a map over a mark, in the frame of the original image; pixels that the model did not see are 0."""
    blank = np.zeros((1, 1, *marked.mark.shape), dtype=np.float32)
    return _scored(
        name, options, 0, model=None, x_batch=blank, y_batch=np.zeros(1, dtype=int), channel_first=True,
        a_batch=marked.saliency[None, None].astype(np.float64), s_batch=marked.mark[None, None].astype(int),
    )  # fmt: skip


def _on_map(name: str, values: FloatArray, options: Options) -> Measured:
    blank = np.zeros((1, 1, *values.shape), dtype=np.float32)
    return _scored(
        name, options, 0, model=None, x_batch=blank, y_batch=np.zeros(1, dtype=int), channel_first=True,
        a_batch=values[None, None].astype(np.float64),
    )  # fmt: skip


def _on_model(name: str, asked: "Asked", options: Options) -> "Asking[Found]":
    """Ask the model, and the explainer again where the class does; the model's meter counts."""
    yield from ()
    classifier, again = asked.classifier, asked.explain_again
    if again is None:
        return Found(Absent("nobody can be asked for another map of this kind"))

    def explain(model: Any, inputs: FloatArray, targets: FloatArray, **_: object) -> FloatArray:  # noqa: ANN401
        return again(model, inputs, [int(target) for target in np.asarray(targets).reshape(-1)])[:, None]

    before = classifier.meter.n_evals
    value = _scored(
        name, options, seed_for(asked.seed, QUANTUS, name), model=classifier.module,
        x_batch=asked.image[None].numpy(), y_batch=np.array([asked.target]), channel_first=True,
        a_batch=asked.saliency[None, None], explain_func=explain, device=str(classifier.device), softmax=options["softmax"],
        n_classes=len(classifier.class_names),
    )  # fmt: skip
    return Found(value, n_evals=classifier.meter.n_evals - before)


def _scored(name: str, options: Options, seed: int, *, n_classes: int = 0, **inputs: Any) -> Measured:  # noqa: ANN401
    """Return the score that a class of Quantus gives one image, or why there is none in Quantus's own words."""
    try:
        with _isolated(seed):
            returned = _made(name, options, n_classes)(**inputs)
    except MemoryError:
        raise
    except Exception as error:  # foreign code; the reason stands in the table
        if type(error).__name__ == "OutOfMemoryError":
            raise
        return Absent(f"Quantus {version()} fails: {_message(error)}")
    numbers = list(_numbers(returned))
    if not numbers:
        return Absent(f"Quantus {version()} gives no number")
    value = float(np.mean(numbers))
    return value if math.isfinite(value) else Absent(f"Quantus {version()} gives {value}")


def _made(name: str, options: Options, n_classes: int = 0) -> Any:  # noqa: ANN401
    """Make a metric of Quantus with its settings; what is null takes the class's own default."""
    import quantus.metrics

    made = getattr(quantus.metrics, name)
    named = {option.name for option in quantus_rows()[f"{QUANTUS}{name}"].options if option.takes_any}
    given = {
        key: _function(value) if key in named and key.endswith(_FUNCTIONS) else value
        for key, value in options.items()
        if value is not None and key != "softmax"
    }
    if "num_classes" in inspect.signature(made).parameters:
        given["num_classes"] = n_classes
    return made(**given, return_aggregate=False, disable_warnings=True, display_progressbar=False)


def _function(name: Any) -> Any:  # noqa: ANN401
    """Return the function of Quantus that a text names."""
    import quantus.functions

    for module in pkgutil.iter_modules(quantus.functions.__path__):
        function = vars(importlib.import_module(f"quantus.functions.{module.name}")).get(name)
        # Defined there, and not imported from elsewhere.
        if inspect.isfunction(function) and function.__module__.startswith("quantus.functions"):
            return function
    raise ValueError(f"no function of quantus.functions is called '{name}'")


@contextmanager
def _isolated(seed: int) -> Iterator[None]:
    """Inside, random numbers come from a seed, and nothing is printed; afterwards all is as it was."""
    import torch
    from quantus.helpers.model.pytorch_model import PyTorchModel

    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002
    try:
        with (
            torch.random.fork_rng(),
            warnings.catch_warnings(),
            redirect_stdout(StringIO()),
            np.errstate(all="ignore"),
        ):
            warnings.simplefilter("ignore")
            np.random.seed(seed)  # noqa: NPY002
            random.seed(seed)
            torch.manual_seed(seed)
            yield
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)
        # It would keep every network that it was ever given.
        PyTorchModel._get_last_softmax_layer_index.cache_clear()
        PyTorchModel._get_model_with_linear_top.cache_clear()


def _numbers(returned: object) -> Iterator[float]:
    """Every number in what Quantus returns: one, a curve, or one for each layer."""
    match returned:
        case Mapping():
            yield from (number for part in returned.values() for number in _numbers(part))
        case list() | tuple() | np.ndarray():
            yield from (number for part in returned for number in _numbers(part))
        case bool() | np.bool_() | Real():
            yield float(returned)


def _message(error: BaseException) -> str:
    """Return the first line of an error's text without paths."""
    lines = str(error).strip().splitlines()
    text = shorten(_PATH.sub("...", lines[0]), _LONGEST_MESSAGE, placeholder=" ...") if lines else ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
