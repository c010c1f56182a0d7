"""Metrics that ask whether the model's answer depends on what the map shows, and how simple the map is.

None is measured unless the audit file names it. In a row's cost, names in backticks are its options, ``side`` is that of
the model's frame in pixels, and forwards that another metric of the audit has paid for are not paid again.
"""

from typing import Literal

from xaudit.catalog.rows import MetricRow, Option

BASELINES = ("mean", "black", "zero", "blur", "noise", "linear", "continue")

_ONE_PICTURE = BASELINES[:5]

_REPLACED = "what stands where pixels were"

_STEPS = Option("steps", 32, "removals from the whole image to none of it", minimum=2)

_PORTIONS = Option("steps", 32, "equal portions of the map's order, replaced one at a time", minimum=3)

_PATCH = Option("patch_px", 8, "side of a patch, in pixels of the model's frame", minimum=1)

_SEGMENTS = (
    Option("segments", 100, "superpixels asked of SLIC", minimum=2),
    Option(
        "compactness", 0.5, "how square SLIC's superpixels are, against how alike their pixels", minimum=0.001
    ),
    Option("baseline", "mean", _REPLACED, choices=BASELINES),
)

_STOP = Option(
    "stop_at",
    0.0,
    "standard error at which no more samples are drawn; 0 draws them all",
    minimum=0,
    maximum=1,
)


def _baseline(default: str, choices: tuple[str, ...] = BASELINES) -> Option:
    return Option("baseline", default, _REPLACED, choices=choices)


def _answer(default: Literal["probability", "logit"]) -> Option:
    return Option(
        "answer", default, "what is asked of the model's target class", choices=("probability", "logit")
    )


_REGIONS = (
    _PATCH,
    Option("regions", 100, "patches replaced, at most", minimum=1),
    _baseline("blur"),
    _answer("probability"),
)


def _asked(
    metric_id: str,
    meaning: str,
    value_range: str,
    cost: str,
    citation: str,
    *,
    options: tuple[Option, ...] = (),
    higher_is_better: bool = True,
    unavailable: str = "",
) -> MetricRow:
    """A metric of faithfulness that is measured only where the audit file names it."""
    return MetricRow(
        metric_id, meaning, "faithfulness", higher_is_better, value_range, cost, needs_annotation=False,
        needs_lungs=False, citation=citation, options=options, by_default=False, unavailable=unavailable,
    )  # fmt: skip


def _simple(
    metric_id: str,
    meaning: str,
    value_range: str,
    citation: str,
    *,
    higher_is_better: bool,
    options: tuple[Option, ...] = (),
) -> MetricRow:
    """A metric of how simple a map is."""
    return MetricRow(
        metric_id, meaning, "complexity", higher_is_better, value_range, "none", needs_annotation=False,
        needs_lungs=False, citation=citation, options=options, by_default=False,
    )  # fmt: skip


FAITHFULNESS: tuple[MetricRow, ...] = (
    _asked(
        "pixel-flipping-lerf", "mean target probability while the map's lowest pixels are removed first",
        "0 to 1", "`steps` + 1 forwards", "Bach et al. 2015; Samek et al. 2017", options=(_STEPS, _baseline("blur")),
    ),
    _asked(
        "deletion", "area under the target probability while the highest pixels are deleted: RISE's pixel flipping",
        "0 to 1", "`steps` + 1 forwards", "Petsiuk et al. 2018, RISE", options=(_STEPS, _baseline("zero")),
        higher_is_better=False,
    ),
    _asked(
        "insertion", "area under the target probability while the highest pixels are shown first on a replaced image",
        "0 to 1", "`steps` + 1 forwards", "Petsiuk et al. 2018, RISE", options=(_STEPS, _baseline("blur")),
    ),
    _asked(
        "region-perturbation", "mean fall of the answer while the map's highest patches are removed first (AOPC)",
        "for a probability -1 to 1", "`regions` + 1 forwards, at most (side / `patch_px`)² + 1",
        "Samek et al. 2017", options=_REGIONS,
    ),
    _asked(
        "region-perturbation-lerf", "mean fall of the answer while the map's lowest patches are removed first",
        "for a probability -1 to 1", "`regions` + 1 forwards, at most (side / `patch_px`)² + 1",
        "Samek et al. 2017", options=_REGIONS, higher_is_better=False,
    ),
    _asked(
        "selectivity", "mean answer while the highest patches are removed: that to the image minus region perturbation",
        "for a probability 0 to 1", "`regions` + 1 forwards, none beside region-perturbation",
        "Montavon et al. 2018", options=_REGIONS, higher_is_better=False,
    ),
    _asked(
        "irof", "area over the relative target probability while the map's highest superpixels are removed first",
        "at most 1", "about `segments` + 1 forwards", "Rieger and Hansen 2020, IROF", options=_SEGMENTS,
    ),
    *(
        _asked(
            metric_id, f"share of images still given the target while the map's {which} pixels are imputed",
            "0 to 1", "`steps` forwards", "Rong et al. 2022, ROAD",
            options=(
                Option("steps", 10, "equal parts of the image, all but the last of which are imputed", minimum=2),
                Option(
                    "answer", "decision", "whether the target is named, or its probability",
                    choices=("decision", "probability"),
                ),
            ),
            higher_is_better=higher,
        )
        for metric_id, which, higher in (("road", "highest", False), ("road-lerf", "lowest", True))
    ),
    _asked(
        "faithfulness-correlation", "correlation of the map's sum over random pixels with the effect of replacing them",
        "-1 to 1, chance 0", "`samples` + 1 forwards", "Bhatt et al. 2020",
        options=(
            Option("samples", 100, "random subsets", minimum=10),
            Option("share", 0.05, "of the pixels in a subset", minimum=0.0001, maximum=0.9, share_of="whole"),
            _baseline("mean"), _answer("logit"), _STOP,
        ),
    ),
    _asked(
        "faithfulness-estimate", "correlation of the map's portions with the effect of replacing each",
        "-1 to 1, chance 0", "`steps` + 1 forwards", "Alvarez-Melis and Jaakkola 2018",
        options=(_PORTIONS, _baseline("mean"), _answer("logit")),
    ),
    _asked(
        "monotonicity", "does the target probability never fall while the map's lowest pixels are shown first",
        "0 to 1", "`steps` + 1 forwards, none beside pixel-flipping", "Luss et al. 2019; Arya et al. 2019",
        options=(_STEPS, _baseline("blur")),
    ),
    _asked(
        "monotonicity-correlation", "rank correlation of the map's magnitude with the squared effect of replacing it",
        "-1 to 1, chance 0", "`steps` × `draws` + 1 forwards, one draw for a baseline without chance",
        "Nguyen and Rodríguez Martínez 2020",
        options=(
            _PORTIONS, _baseline("noise"), _answer("logit"),
            Option("draws", 4, "pictures that replace a portion, for `noise` and `linear`", minimum=1),
        ),
    ),
    _asked(
        "sensitivity-n", "faithfulness correlation averaged over subsets from 1 % to 80 % of the pixels",
        "-1 to 1, chance 0", "`sizes` × `samples` + 1 forwards", "Ancona et al. 2018",
        options=(
            Option("sizes", 5, "sizes of subsets, growing by equal factors", minimum=2),
            Option("samples", 30, "random subsets of each size", minimum=10),
            _baseline("mean"), _answer("logit"), _STOP,
        ),
    ),
    _asked(
        "infidelity", "squared error of the map's prediction of what replacing random squares does to the answer",
        "0 or more; at most 1 for `scale: best`", "`samples` + 1 forwards", "Yeh et al. 2019",
        options=(
            Option("samples", 100, "random squares", minimum=10),
            Option("patch", 0.125, "side of a square, as a share of the image's shorter side", minimum=0.01, maximum=1, share_of="side"),
            _baseline("mean", _ONE_PICTURE), _answer("logit"),
            Option(
                "reads", "attribution", "whether the map's values are contributions of pixels or slopes",
                choices=("attribution", "gradient"),
            ),
            Option(
                "scale", "best", "`best` lets the map choose its unit, `none` takes it as it is", choices=("best", "none")
            ),
            _STOP,
        ),
        higher_is_better=False,
    ),
    _asked(
        "sufficiency", "do cases with like maps get the same prediction",
        "0 to 1", "none", "Dasgupta et al. 2022",
        unavailable=(
            "it compares each map with those of all other cases, so a case's score would depend on which others are there; "
            "Quantus compares within one batch"
        ),
    ),
    _asked(
        "completeness", "by how much the map's sum misses what its explainer promises: the answer's fall to the baseline",
        "0 to 1", "2 forwards", "Sundararajan et al. 2017", higher_is_better=False,
    ),
    _asked(
        "non-sensitivity", "share of patches with a value but no effect on the answer, or an effect but no value",
        "0 to 1", "(side / `patch_px`)² + 1 forwards", "Nguyen and Rodríguez Martínez 2020",
        options=(
            _PATCH, Option("tolerance", 0.01, "share of the largest at which a value or effect counts as none", minimum=0, maximum=0.99, share_of="whole"),
            _baseline("mean"), _answer("logit"),
        ),
        higher_is_better=False,
    ),
)  # fmt: skip


COMPLEXITY: tuple[MetricRow, ...] = (
    _simple(
        "sparseness", "how unevenly the map's magnitude is spread over the pixels (Gini index)", "0 to 1",
        "Chalasani et al. 2020", higher_is_better=True,
    ),
    _simple(
        "complexity", "entropy of the shares that pixels have of the map's magnitude", "at least 0, at most ln(pixels), in nats",
        "Bhatt et al. 2020", higher_is_better=False,
    ),
    _simple(
        "effective-complexity", "number of pixels whose magnitude is more than a trace of the map's largest",
        "1 to all pixels", "Nguyen and Rodríguez Martínez 2020", higher_is_better=False,
        options=(Option("least", 1e-5, "share of the largest magnitude that is a trace", minimum=0, maximum=0.99, share_of="whole"),),
    ),
)  # fmt: skip
