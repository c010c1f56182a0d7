"""Settings that several explainers or metrics declare alike."""

from typing import Literal

from xaudit.catalog.rows import Option

LAYER = Option("layer", None, "module name to explain; by default the architecture's own")

BLANK = Option("baseline", "mean", "the blank image", choices=("mean", "black"))

HIDDEN = Option("baseline", "mean", "what a hidden superpixel shows", choices=("mean", "black"))

SEGMENTS = Option("segments", 60, "superpixels asked of SLIC", minimum=2)

COMPACTNESS = Option(
    "compactness", 0.5, "how square SLIC's superpixels are, against how alike their pixels", minimum=0.001
)

SEGMENTATION = Option(
    "segmentation",
    "slic",
    "how superpixels are made; quickshift and felzenszwalb follow the image and keep to `segments` roughly or not",
    choices=("slic", "quickshift", "felzenszwalb", "grid"),
)

CUT = (
    Option(
        "binarisation",
        "otsu",
        "how the map is cut: by Otsu, at `threshold`, to as many pixels as are marked, or at a threshold that is "
        "`tuned` for each explainer and class on another split; see `localization.tune_on`",
        choices=("otsu", "fixed", "area", "tuned"),
    ),
    Option(
        "threshold",
        0.5,
        "for `fixed`: of the map scaled to 0 to 1",
        minimum=0,
        maximum=0.99,
        share_of="whole",
    ),
)

BASELINES = ("mean", "black", "zero", "blur", "noise", "linear", "continue")

PICTURES = BASELINES[:5]
"""Baselines that are one picture behind the image, whichever pixels are gone."""

REPLACED = "what stands where pixels were"

STEPS = Option("steps", 32, "removals from the whole image to none of it", minimum=2)

PORTIONS = Option("steps", 32, "equal portions of the map's order, replaced one at a time", minimum=3)

PATCH = Option("patch_px", 8, "side of a patch, in pixels of the model's frame", minimum=1)

STOP = Option(
    "stop_at",
    0.0,
    "standard error at which no more samples are drawn; 0 draws them all",
    minimum=0,
    maximum=1,
)


def noise(default: float) -> Option:
    """Declare how strong the noise on the image is."""
    meaning = "standard deviation, as a share of the image's range"
    return Option("noise", default, meaning, minimum=0, maximum=1, share_of="range")


def share_of_side(name: str, default: float, meaning: str) -> Option:
    """Declare a length as a share of the image's side."""
    return Option(name, default, meaning, minimum=0.01, maximum=1, share_of="side")


def baseline(default: str, choices: tuple[str, ...] = BASELINES) -> Option:
    """Declare what replaces pixels."""
    return Option("baseline", default, REPLACED, choices=choices)


def answer(default: Literal["probability", "logit"]) -> Option:
    """Declare on which scale the model's answer is read."""
    return Option(
        "answer", default, "what is asked of the model's target class", choices=("probability", "logit")
    )


PATCHES = (
    PATCH,
    Option("regions", 100, "patches replaced, at most", minimum=1),
    baseline("blur"),
    answer("probability"),
)
