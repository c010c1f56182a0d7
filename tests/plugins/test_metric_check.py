"""What the check of a metric finds: one fault at a time in a metric that is otherwise right."""

import numpy as np
import pytest

from xaudit.errors import PluginError
from xaudit.plugins import Absent, MetricPlugin, MetricRow, Option, Question, check_metric


def plugin(measure, family="localization", values="0 to 1"):
    options = (Option("share", 0.5, "of it"),)
    return MetricPlugin(
        MetricRow("other-one", "in words", family, True, values, "none", False, False, "nobody", options=options),
        measure,
    )  # fmt: skip


def marked_share(marked, options):
    return options["share"] * float(marked.values[marked.inside].sum() / marked.values.sum())


def spread(values, options):
    return float((values > 0).mean())


def fall(asked, options):
    before = yield Question(1, lambda _start, _stop: asked.image[None], asked.key("untouched"))
    after = yield Question(1, lambda _start, _stop: 0 * asked.image[None])
    return float(before[0, asked.target] - after[0, asked.target])


def test_metrics_that_keep_to_the_rules_pass():
    check_metric(plugin(marked_share))
    check_metric(plugin(marked_share), share=0.25)
    check_metric(plugin(spread, "complexity"))
    check_metric(plugin(fall, "faithfulness", "logits"))
    check_metric(plugin(lambda marked, options: Absent("there is none")))


def darkens(marked, options):
    marked.saliency[:] = 0
    return 0.5


def unmarks(marked, options):
    marked.mark[:] = False
    return 0.5


def draws(marked, options):
    return float(np.random.rand())  # noqa: NPY002


def guesses(marked, options):
    return float(np.random.default_rng().random())


def peeks(asked, options):
    """Its changed image is made from its map, and its key is everybody's."""
    changed = asked.image * float(asked.saliency.sum())
    answer = yield Question(1, lambda _start, _stop: changed[None], asked.key("other", "changed"))
    return float(answer[0, asked.target])


@pytest.mark.parametrize(
    ("measure", "family", "told"),
    [
        (lambda marked, options: float("nan"), "localization", "`measure` gave nan, expected a finite number or Absent"),
        (lambda marked, options: 1.5, "localization", "`measure` gave 1.5, and the row says '0 to 1'"),
        (lambda marked, options: None, "localization", "`measure` gave a NoneType, expected a number or Absent"),
        (darkens, "localization", "the map was changed; work on a copy"),
        (unmarks, "localization", "the mark was changed; work on a copy"),
        (draws, "localization", "the metric draws from numpy's global random state; make a generator of the seed"),
        (guesses, "localization", "the same question gets another value when asked again"),
        (lambda asked, options: 0.5, "faithfulness", "`measure` is no generator of questions"),
        (lambda marked, options: 0.5, "reliance", "the family 'reliance' is not one that a plug-in can add to"),
    ],
)  # fmt: skip
def test_a_fault_is_told(measure, family, told):
    with pytest.raises(PluginError) as caught:
        check_metric(plugin(measure, family))
    assert str(caught.value) == told


def test_a_key_that_other_images_share_is_found():
    with pytest.raises(
        PluginError, match=r"^a value depends on who shares its batches: is a question's key that of other"
    ):
        check_metric(plugin(peeks, "faithfulness", "logits"))
