"""Taking pixels away so that their absence cannot be seen: noisy linear imputation."""

import numpy as np

from xaudit.metrics.curve import Curve, Found, absent
from xaudit.metrics.faithfulness.asked import NOT_A_NUMBER, Asked, answers, removed
from xaudit.metrics.faithfulness.removal import Order, portions
from xaudit.perturb.asking import Asking


def road(asked: Asked, *, steps: int, answer: str, order: Order = "highest first") -> Asking[Found]:
    """Mean answer when a share of the pixels is imputed: 1/``steps``, 2/``steps`` … of them.

    The highest first (MoRF), lower is better; the lowest first (LeRF), higher is better; 0 to 1. As a ``decision`` it is
    the share of those images on which the model still names the target, whose mean over cases is the paper's
    accuracy averaged over its percentages. Neither nothing nor everything is removed. Channels are imputed together; the
    noise is 5 % of the contrast of what is left, where the paper adds .01 whatever the contrast.

    Source: Rong et al. 2022, ROAD.
    """
    gone_at = portions(asked.saliency, steps, order)
    logits = (yield from removed(asked, gone_at, steps - 1, "linear"))[1:]
    curve = answers(asked, logits, answer)
    if not np.isfinite(curve).all():
        return absent(NOT_A_NUMBER)
    return Found(float(curve.mean()), Curve(np.arange(1, steps) / steps, curve))
