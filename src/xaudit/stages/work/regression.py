"""Outputs that are the scores of a regression and not logits, seen in what a model says of the data."""

import math
from collections.abc import Sequence

from xaudit.config import ModelSection
from xaudit.errors import ModelError
from xaudit.records import Prediction

_CERTAIN = 16.0
"""Logit whose probability differs from 1 by 1e-7, less than a float32 can tell."""


def check_no_regression(section: ModelSection, predictions: Sequence[Prediction]) -> None:
    """Refuse a model whose answer for a finding, taken for a logit, would make each image of either class certain.

    Raises:
        ModelError: with the range of the outputs.
    """
    if section.outputs not in ("sigmoid", "multilabel") or len({one.label for one in predictions}) < 2:
        return
    shift = math.log(section.threshold / (1 - section.threshold))
    first = predictions[0]
    finding = section.finding if section.finding in first.class_names else first.target
    place = first.class_names.index(finding)
    outputs = [one.logits[place] - one.logits[1 - place] + shift for one in predictions]
    if min(outputs) > _CERTAIN or max(outputs) < -_CERTAIN:
        raise ModelError(
            f"model '{section.id}': its output for '{finding}' lies between {min(outputs):.3g} and {max(outputs):.3g} on all "
            f"{len(outputs)} images of both classes; a logit of these sizes would be certain of each, so it is the score of a regression",
            hint="scores of a regression are not audited; let the network subtract the score above which an image counts as "
            f"'{finding}', or give it a head that was trained as a classifier",
        )
