"""The families of metrics: what question each answers, and what in the audit file asks it."""

from collections.abc import Mapping
from types import MappingProxyType

FAMILIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "localization": (
            "Does the map meet what a reader marked? Computed in the image's own frame, on the positive part of the map.",
            "Listed under `metrics`.",
        ),
        "faithfulness": (
            "Does the model's answer depend on what the map shows? Computed in the model's frame.",
            "Listed under `metrics`.",
        ),
        "complexity": (
            "On how few pixels does the map dwell? Nothing is asked of the model, so a simple map may be wrong.",
            "Listed under `metrics`.",
        ),
        "regions": (
            "How is the map's positive saliency spread over the image?",
            "Always, where a reader marked something.",
        ),
        "agreement": (
            "Does the map say the same as reliance?",
            "Always, where both exist.",
        ),
        "reliance": (
            "What does the model itself depend on? No explainer is asked.",
            "Always, unless `reliance.enabled` is false.",
        ),
        "image": (
            "How far does the model's answer move with brightness, sharpness and other properties of the whole image? No "
            "explainer is asked.",
            "Always, unless `reliance.enabled` or `reliance.image.enabled` is false; a property of which `reliance.image.changes` "
            "names no step is left out.",
        ),
        "equivariance": (
            "What does a flip, a turn or a shift of the image change?",
            "By the section `equivariance`. In a score's id the change stands after the family, as in "
            "`equivariance-rotate-5-class`; the audit's localization metrics are taken too, as in `equivariance-rotate-5-iou`.",
        ),
        "resolution": (
            "What does a coarser image change?",
            "By the section `resolution`; ids as in `resolution-4-class` and `resolution-4-iou`.",
        ),
        "sanity": (
            "Does the map depend on the model's weights, on the class and on the image?",
            "By the section `sanity`.",
        ),
        "robustness": (
            "Does the map stay as it is under little noise on the image, and under another seed?",
            "By the section `robustness`.",
        ),
        "repeatability": (
            "Do networks that were trained anew, or built otherwise, get like maps of the same image?",
            "By the section `repeatability`.",
        ),
        "limits": (
            "What could the map have shown?",
            "Beside the localization metrics that are chosen; ceilings unless `localization.ceilings` is false.",
        ),
        "data": (
            "What is wrong with the data, or with the probabilities of the answers on it? No map is asked.",
            "By `xaudit data audit`; in `xaudit run` those that cost next to nothing, and any that a gate is about.",
        ),
    }
)
"""By family, in report order: its question, and when it is measured."""
