"""Requirements for every metric of a plug-in."""

import math
from collections.abc import Generator

import numpy as np

from xaudit.catalog import OptionValue
from xaudit.catalog.plugin_records import MetricPlugin
from xaudit.errors import PluginError
from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.curve import Found
from xaudit.metrics.faithfulness import Asked
from xaudit.metrics.localization import MarkedMap
from xaudit.models.classifier import Classifier
from xaudit.perturb.asking import Asking, answer
from xaudit.plugins.study import (
    all_options,
    demand,
    leaves_random_states,
    tried_classifier,
    tried_images,
    tried_map,
    tried_mark,
)
from xaudit.records import FloatArray


def check_metric(plugin: MetricPlugin, **options: OptionValue) -> None:
    """Check a metric on a map with its peak inside the mark, and on noise; call this in the tests of a plug-in.

    Its values must be finite and within 0 to 1 if the row says so, or `Absent`; they must not change if repeated and,
    for the family ``faithfulness``, in shared batches; and maps, marks and global random states must be left unchanged.

    Args:
        options: settings other than the defaults.

    Raises:
        PluginError: for the first requirement that is not met.
    """
    settings = all_options(plugin.row.options, options)
    noise = np.random.default_rng(3).normal(size=tried_map().shape)
    for saliency in (tried_map(), noise):
        before = saliency.copy()
        with leaves_random_states("the metric"):
            first = _measured(plugin, saliency, settings)
        _is_value(plugin, first)
        demand(np.array_equal(saliency, before), "the map was changed; work on a copy")
        demand(
            _measured(plugin, saliency, settings) == first,
            "the same question gets another value when asked again",
        )
    if plugin.row.family == "faithfulness":
        _check_company(plugin, settings)


def _measured(plugin: MetricPlugin, saliency: FloatArray, settings: dict[str, OptionValue]) -> Measured:
    value: Measured
    match plugin.row.family:
        case "localization":
            mark = tried_mark()
            marked = MarkedMap(saliency, mark, np.ones_like(mark), (1.0, 1.0), (4.0, 4.0))
            value = plugin.measure(marked, settings)
            demand(np.array_equal(mark, tried_mark()), "the mark was changed; work on a copy")
        case "complexity":
            value = plugin.measure(saliency, settings)
        case "faithfulness":
            value = _answered(plugin, [saliency], settings, tried_classifier())[0]
        case other:
            raise PluginError(f"the family '{other}' is not one that a plug-in can add to")
    return value


def _answered(
    plugin: MetricPlugin, maps: list[FloatArray], settings: dict[str, OptionValue], classifier: Classifier
) -> list[Measured]:
    image = tried_images(1, classifier.model_hw)[0]
    askings: list[Asking[Found | Measured]] = []
    for saliency in maps:
        asking = plugin.measure(Asked(classifier, image, 1, saliency, "case", 3, None), settings)
        demand(isinstance(asking, Generator), "`measure` is no generator of questions")
        askings.append(asking)
    answers = answer(askings, classifier.logits, batch_size=classifier.batch_size)
    return [
        answered.value.value if isinstance(answered.value, Found) else answered.value for answered in answers
    ]


def _check_company(plugin: MetricPlugin, settings: dict[str, OptionValue]) -> None:
    classifier = tried_classifier(batch_size=3)
    noise = np.random.default_rng(3).normal(size=tried_map().shape)
    alone = [_answered(plugin, [saliency], settings, classifier)[0] for saliency in (noise, tried_map())]
    together = _answered(plugin, [noise, tried_map()], settings, classifier)
    demand(
        all(_near(saliency, other) for saliency, other in zip(alone, together, strict=True)),
        "a value depends on who shares its batches: is a question's key that of other images?",
    )


def _near(first: Measured, second: Measured) -> bool:
    if isinstance(first, Absent) or isinstance(second, Absent):
        return first == second
    return math.isclose(first, second, rel_tol=1e-5, abs_tol=1e-6)


def _is_value(plugin: MetricPlugin, value: object) -> None:
    if isinstance(value, Absent):
        return
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    demand(number, f"`measure` gave a {type(value).__name__}, expected a number or Absent")
    demand(math.isfinite(value), f"`measure` gave {value}, expected a finite number or Absent")  # type: ignore[arg-type]
    demand(
        not plugin.row.is_share or 0 <= value <= 1,  # type: ignore[operator]
        f"`measure` gave {value}, and the row says '{plugin.row.range}'",
    )
