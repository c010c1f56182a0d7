"""Mass: metrics of how much of a map's positive saliency lies in the mark.

Conventions of this file: ``saliency`` holds no negative value and at least one positive one, ``region`` is true inside
the mark, which is neither empty nor everything; both have the same shape. Higher is better.
"""

import numpy as np

from xaudit.metrics import quantus_adapter
from xaudit.records import BoolArray, FloatArray


def relevance_mass_accuracy(saliency: FloatArray, region: BoolArray) -> float:
    """Share of the positive saliency that lies inside the mark; 0 to 1.

    Under a uniform map it is the mark's share of the image, so read it beside that chance level.

    Source: Arras et al. 2022, CLEVR-XAI, there "relevance mass accuracy"; elsewhere the energy-based pointing game.

    Example:
        >>> relevance_mass_accuracy(np.array([1.0, 0.0, 3.0]), np.array([False, False, True]))
        0.75
    """
    return quantus_adapter.relevance_mass_accuracy(saliency / saliency.max(), region)


def relevance_mass_lift(saliency: FloatArray, region: BoolArray) -> float:
    """Relevance mass accuracy over the mark's share of the image: how many times denser the map is there.

    1 under a uniform map, 0 where nothing lies in the mark, at most one over the mark's share. Kohlbrenner et al.'s
    weighted inside-total relevance ratio is the same number.

    Example:
        Three quarters of the saliency on one third of the image.

        >>> relevance_mass_lift(np.array([1.0, 0.0, 3.0]), np.array([False, False, True]))
        2.25
    """
    return relevance_mass_accuracy(saliency, region) / float(np.mean(region))


def attribution_localisation(saliency: FloatArray, region: BoolArray) -> float:
    """The inside-total relevance ratio: positive saliency inside the mark over all of it; 0 to 1.

    On the positive part it is :func:`relevance_mass_accuracy` under the name it has in Quantus, which adds 1e-9 to the
    total (so a faint map scores 0) and whose weighted form depends on the number of images; that one is
    :func:`relevance_mass_lift` here.

    Source: Kohlbrenner et al. 2020, section III.

    Example:
        >>> attribution_localisation(np.array([1.0, 0.0, 3.0]), np.array([False, False, True]))
        0.75
    """
    scaled = saliency / saliency.max()
    return float(scaled[region].sum() / scaled.sum())
