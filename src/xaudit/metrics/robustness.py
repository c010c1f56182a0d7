"""Robustness: how far a map moves when noise that a person would not see is laid on the image.

Conventions of this file: ``saliency`` (h, w) is the map of the image, ``noisy`` (n, h, w) those of its noisy copies,
all signed where the explainer is. Lower is better, 0 where nothing moves. A noisy copy whose map points nowhere counts
as a map of zeros; one with values that are not finite leaves the case without a value.
"""

from dataclasses import dataclass

import numpy as np

from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.guard import signal
from xaudit.records import BoolArray, FloatArray

FLOOR = 0.01
"""Magnitudes below this share of a map's largest count as that share when a change is divided by them.

The paper divides by the map itself, pixel by pixel. Where a map is zero, as most of a Grad-CAM map is, that has no
value, and Quantus's stand-in of 1e-6 leaves a number that tells of the stand-in alone.
"""

SMALLEST = 1e-6
"""Least change of image or logits that a change of the map is divided by, as in the paper's code."""


@dataclass(frozen=True, eq=False)
class Noise:
    """The noise on an image, and what it did to the answer.

    Attributes:
        image: (C, h, w), normalised.
        noisy_images: (n, C, h, w).
        logits: (n_classes,).
        noisy_logits: (n, n_classes).
    """

    image: FloatArray
    noisy_images: FloatArray
    logits: FloatArray
    noisy_logits: FloatArray

    @property
    def same_class(self) -> BoolArray:
        """(n,), whether the model names the class of the untouched image."""
        same: BoolArray = self.noisy_logits.argmax(axis=1) == self.logits.argmax()
        return same


def sensitivities(saliency: FloatArray, noisy: FloatArray) -> dict[str, Measured]:
    """Max- and average-sensitivity: change of the map over its size, both as Euclidean lengths.

    Every noisy copy counts, whatever class the model names on it, as in the paper and as in Quantus unless it is told to
    drop those with another class: then one such copy turns its answer into NaN.

    Source: Yeh et al. 2019, definition 4, with a sample in place of the whole ball.
    """
    reason = _why_not(saliency, noisy)
    if reason is not None:
        return dict.fromkeys(("average-sensitivity", "max-sensitivity"), reason)
    changes = _lengths(noisy - saliency) / float(np.linalg.norm(saliency))
    return {"average-sensitivity": float(changes.mean()), "max-sensitivity": float(changes.max())}


def local_lipschitz(saliency: FloatArray, noisy: FloatArray, noise: Noise) -> Measured:
    """Largest change of the map over the change of the normalised image, both as Euclidean lengths.

    Each map is scaled to a largest magnitude of 1 first, so that explainers can be compared.

    Source: Alvarez-Melis and Jaakkola 2018, On the robustness of interpretability methods, eq. 2.
    """
    reason = _why_not(saliency, noisy)
    if reason is not None:
        return reason
    scaled = np.stack([_to_one(one) for one in noisy])
    ways = _lengths(noise.noisy_images - noise.image)
    return float((_lengths(scaled - _to_one(saliency)) / np.maximum(ways, SMALLEST)).max())


def relative_stabilities(saliency: FloatArray, noisy: FloatArray, noise: Noise) -> dict[str, Measured]:
    """Relative input and output stability: largest relative change of the map over that of image, or of logits.

    Only noisy copies on which the model names the same class count. Where there is none, Quantus answers NaN; here it
    is the reason. Differs from the paper in :data:`FLOOR`.

    Source: Agarwal et al. 2022, eq. 2 and 5.
    """
    names = ("relative-input-stability", "relative-output-stability")
    reason = _why_not(saliency, noisy)
    same = noise.same_class
    if reason is None and not same.any():
        reason = Absent("on every noisy copy of the image the model names another class")
    if reason is not None:
        return dict.fromkeys(names, reason)
    changes = _lengths((noisy[same] - saliency) / _floored(saliency, FLOOR * float(np.abs(saliency).max())))
    of_image = _lengths(
        (noise.noisy_images[same] - noise.image)
        / _floored(noise.image, FLOOR * float(np.abs(noise.image).max()))
    )
    of_logits = _lengths(noise.noisy_logits[same] - noise.logits)
    return {
        name: float((changes / np.maximum(ways, SMALLEST)).max())
        for name, ways in zip(names, (of_image, of_logits), strict=True)
    }


def _why_not(saliency: FloatArray, noisy: FloatArray) -> Absent | None:
    own = signal(saliency)
    if isinstance(own, Absent):
        return own
    if not np.isfinite(noisy).all():
        return Absent("the map of a noisy copy of the image holds values that are not finite")
    return None


def _lengths(changes: FloatArray) -> FloatArray:
    lengths: FloatArray = np.linalg.norm(changes.reshape(len(changes), -1).astype(np.float64), axis=1)
    return lengths


def _to_one(saliency: FloatArray) -> FloatArray:
    largest = float(np.abs(saliency).max())
    return saliency / largest if largest > 0 else saliency


def _floored(values: FloatArray, least: float) -> FloatArray:
    """The values with magnitudes of at least ``least``, signs kept; 0 becomes ``least``."""
    return np.where(np.abs(values) < least, np.where(values < 0, -least, least), values)
