"""What the curve behind a metric's value shows, for those that are read from one."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CurveRow:
    """The axes of one metric's curve, in words.

    Attributes:
        across: what grows from 0 to 1 along it.
        up: what is measured; ``{answer}`` stands for what the metric's option of this name says.
        better: how the curve of a better map runs.
    """

    across: str
    up: str
    better: str

    def up_words(self, answer: str) -> str:
        """What is measured, once the option ``answer`` is known.

        Example:
            >>> CURVES["road"].up_words("decision"), CURVES["selectivity"].up_words("logit")
            ('share of images still given the target', 'target logit')
        """
        words = {"decision": "share of images still given the target"}.get(answer, f"target {answer}")
        return self.up.format(answer=words)


_LOWER = "a lower curve is better"
_HIGHER = "a higher curve is better"
_P = "target probability"

CURVES: Mapping[str, CurveRow] = {
    "pixel-flipping": CurveRow("share of pixels removed, the map’s highest first", _P, _LOWER),
    "pixel-flipping-lerf": CurveRow("share of pixels removed, the map’s lowest first", _P, _HIGHER),
    "deletion": CurveRow("share of pixels deleted, the map’s highest first", _P, _LOWER),
    "insertion": CurveRow("share of pixels shown, the map’s highest first", _P, _HIGHER),
    "region-perturbation": CurveRow("share of patches removed, the map’s highest first", "{answer}", _LOWER),
    "region-perturbation-lerf": CurveRow(
        "share of patches removed, the map’s lowest first", "{answer}", _HIGHER
    ),
    "selectivity": CurveRow("share of patches removed, the map’s highest first", "{answer}", _LOWER),
    "irof": CurveRow(
        "share of superpixels removed, the map’s highest first",
        f"{_P}, relative to the untouched image’s",
        _LOWER,
    ),
    "road": CurveRow("share of pixels imputed, the map’s highest first", "{answer}", _LOWER),
    "road-lerf": CurveRow("share of pixels imputed, the map’s lowest first", "{answer}", _HIGHER),
    "monotonicity": CurveRow(
        "share of pixels shown, the map’s lowest first", _P, "a curve that never falls is better"
    ),
    "sensitivity-n": CurveRow(
        "share of pixels in the random subset", "correlation with the fall of the {answer}", _HIGHER
    ),
}
"""By the metric's catalog id."""
