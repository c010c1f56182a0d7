"""Metrics that hold a map against a mark."""

from xaudit.catalog.rows import MetricRow, Option

ARRAS = "Arras et al. 2022, CLEVR-XAI"


HERE = "xaudit, docs/concepts.md"


SAPORTA = "Saporta et al. 2022, CheXlocalize"


CHEXLOCALIZE = "chexlocalize-"
"""Begins the ids of metrics that follow CheXlocalize to the letter, its interval over images included."""


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


def _placed(
    metric_id: str,
    meaning: str,
    value_range: str,
    citation: str,
    *,
    options: tuple[Option, ...] = (),
    higher_is_better: bool = True,
    has_ceiling: bool = False,
) -> MetricRow:
    """A localization metric that is measured only where the audit file names it."""
    return MetricRow(
        metric_id, meaning, "localization", higher_is_better, value_range, "none", needs_annotation=True,
        needs_lungs=False, citation=citation, options=options, by_default=False, has_ceiling=has_ceiling,
    )  # fmt: skip


PLACED: tuple[MetricRow, ...] = (
    _placed(
        "dice", "twice the overlap of cut map and mark, over the size of both", "0 to 1", "Dice 1945",
        options=CUT, has_ceiling=True,
    ),
    _placed(
        "iou-mean", "IoU averaged over the thresholds .05 to .95 of the map's range", "0 to 1", "Jaccard 1912"
    ),
    _placed(
        "iou-best", "highest IoU at any threshold, chosen with the mark in view: optimistic", "0 to 1", "Jaccard 1912"
    ),
    _placed(
        "coverage", "share of the mark that the cut map covers", "0 to 1", HERE, options=CUT, has_ceiling=True
    ),
    _placed(
        "precision", "share of the cut map that is marked", "0 to 1, chance the mark's share", HERE,
        options=CUT, has_ceiling=True,
    ),
    _placed(
        "chance-corrected-coverage", "coverage beyond that of a random map which points at as much",
        "at most 1, chance 0", HERE, options=CUT, has_ceiling=True,
    ),
    _placed(
        "relevance-mass-lift", "how many times denser the positive saliency is in the mark than on average",
        "0 or more, chance 1", "Kohlbrenner et al. 2020, weighted", has_ceiling=True,
    ),
    _placed(
        "attribution-localisation",
        "positive saliency inside the mark over all of it: relevance mass accuracy under Quantus's name",
        "0 to 1", "Kohlbrenner et al. 2020",
    ),
    _placed(
        "top-k-intersection", "share of the map's k highest pixels that are marked", "0 to 1", "Theiner et al. 2021",
        options=(Option("k", 0, "how many pixels; 0 takes as many as are marked", minimum=0),),
    ),
    _placed(
        "pixel-auprc", "average precision of the map as a finder of marked pixels",
        "0 to 1, chance the mark's share", "Saito and Rehmsmeier 2015",
        options=(
            Option(
                "rule", "step", "`trapezoid` draws straight lines, as older tables do; it is too optimistic",
                choices=("step", "trapezoid"),
            ),
        ),
    ),
    _placed(
        "lesion-recall", "share of a case's separate lesions that the map reaches", "0 to 1", HERE,
        options=(
            Option(
                "by", "area", "what must reach a lesion: the cut map, or one of as many peaks as there are lesions",
                choices=("area", "maxima"),
            ),
            Option(
                "least_coverage", 0.0, "for `area`: share of a lesion that must be exceeded", minimum=0, maximum=0.99,
                share_of="whole",
            ),
            *CUT,
        ),
        has_ceiling=True,
    ),
    *(
        _placed(
            f"{what}-distance{suffix}", f"from {start}, {unit}", f"{length}, at least 0", HERE, higher_is_better=False
        )
        for what, start in (
            ("centroid", "the map's centre of mass to the mark's"),
            ("peak", "the map's highest point to the nearest marked pixel"),
        )
        for suffix, unit, length in (
            ("", "as a share of the image's diagonal", "diagonals"),
            ("-mm", "in millimetres; needs the pixel spacing", "mm"),
        )
    ),
    _placed(
        "false-focus", "share of the image that the cut map covers where readers looked and found nothing",
        "0 to 1", HERE, options=CUT, higher_is_better=False,
    ),
    _placed(
        "chexlocalize-iou", "IoU by CheXlocalize's definitions: scaled from the minimum, Otsu, outlines filled",
        "0 to 1", SAPORTA,
    ),
    _placed(
        "chexlocalize-hit-rate", "is the first of the map's highest pixels marked, by CheXlocalize's definitions",
        "0 to 1", SAPORTA,
    ),
)  # fmt: skip
