"""Whether a map depends on the model, and whether it stays the same where it should.

Each family here is asked with the section of the audit file that bears its name, of some cases only.
"""

from typing import Literal

from xaudit.catalog.localization import HERE
from xaudit.catalog.rows import MetricRow

CHECK_FAMILIES = ("sanity", "robustness", "repeatability")
"""Families of metrics that a section of the audit file asks for, and the name of that section."""

STEP = "mprt-step"
"""Begins the ids of the cascade's steps: ``mprt-step-25`` is the map with the upper quarter of the layers random."""

ADEBAYO = "Adebayo et al. 2018, Sanity checks for saliency maps"
AGARWAL = "Agarwal et al. 2022, Rethinking stability for attribution-based explanations"
SIXT = "Sixt et al. 2020, When explanations lie"
YEH = "Yeh et al. 2019, On the (in)fidelity and sensitivity of explanations"

_ALIKE = "-1 to 1, chance 0"


def _row(
    metric_id: str,
    meaning: str,
    family: Literal["sanity", "robustness", "repeatability"],
    value_range: str,
    cost: str,
    citation: str,
    *,
    higher_is_better: bool | None = False,
    headline: bool = True,
    unavailable: str = "",
) -> MetricRow:
    return MetricRow(
        metric_id, meaning, family, higher_is_better, value_range, cost, needs_annotation=False, needs_lungs=False,
        citation=citation, headline=headline, by_default=False, unavailable=unavailable,
    )  # fmt: skip


SANITY: tuple[MetricRow, ...] = (
    _row(
        "mprt", "rank correlation of the map with that of the network with every layer random", "sanity",
        _ALIKE, "`steps` maps", ADEBAYO,
    ),
    _row(
        "mprt-ssim", "structural similarity of the map with that of the network with every layer random", "sanity",
        "-1 to 1", "none beyond mprt's", ADEBAYO,
    ),
    _row(
        "mprt-mean", "rank correlation of the map with those of the cascade, mean over its steps", "sanity",
        _ALIKE, "none beyond mprt's", ADEBAYO, headline=False,
    ),
    _row(
        STEP, "rank correlation of the map with that of the network whose upper layers are random", "sanity",
        _ALIKE, "none beyond mprt's", ADEBAYO, headline=False,
    ),
    _row(
        f"{STEP}-ssim", "structural similarity of the map with that of the network whose upper layers are random",
        "sanity", "-1 to 1", "none beyond mprt's", ADEBAYO, headline=False,
    ),
    _row(
        "mprt-independent", "rank correlation of the map with those of networks of which one part each is random",
        "sanity", _ALIKE, "`steps` maps, less one that the cascade has", ADEBAYO,
    ),
    _row(
        "mprt-independent-ssim", "structural similarity of the map with those of networks of which one part each is random",
        "sanity", "-1 to 1", "none beyond mprt-independent's", ADEBAYO, headline=False,
    ),
    _row(
        "efficient-mprt", "by what share the entropy of the map's values rises when every layer is random", "sanity",
        "at least -1, 0 where nothing changes", "none beyond mprt's", "Hedström et al. 2024, eMPRT", higher_is_better=True,
    ),
    _row(
        "smooth-mprt", "mprt of maps that are averaged over noise on the image", "sanity", _ALIKE, "none",
        "Hedström et al. 2024, sMPRT", headline=False,
        unavailable="it costs 50 to 300 maps for one of mprt's; mprt of an explainer that averages over noise, such as smoothgrad, says the same",
    ),
    _row(
        "random-logit", "structural similarity of the map with that of another class, drawn at random", "sanity",
        "-1 to 1", "1 map", SIXT,
    ),
    _row(
        "class-contrast", "rank correlation of the map with that of the most probable other class", "sanity",
        _ALIKE, "1 map; none with two classes", HERE,
    ),
    _row(
        "location-collapse", "rank correlation of where the map lies with where those of other patients lie", "sanity",
        _ALIKE, "none", HERE,
    ),
    _row(
        "average-sensitivity", "mean relative change of the map under small noise on the image", "robustness",
        "0 or more", "`samples` maps and forwards", YEH,
    ),
    _row(
        "max-sensitivity", "largest relative change of the map under small noise on the image", "robustness",
        "0 or more", "none beyond average-sensitivity's", YEH,
    ),
    _row(
        "local-lipschitz", "largest change of the map, scaled to 1, over the change of the image", "robustness",
        "0 or more", "none beyond average-sensitivity's", "Alvarez-Melis and Jaakkola 2018",
    ),
    _row(
        "relative-input-stability", "largest relative change of the map over that of the image, where the class stays",
        "robustness", "0 or more", "none beyond average-sensitivity's", AGARWAL, headline=False,
    ),
    _row(
        "relative-output-stability", "largest relative change of the map over the change of the logits, where the class stays",
        "robustness", "0 or more", "none beyond average-sensitivity's", AGARWAL, headline=False,
    ),
    _row(
        "relative-representation-stability",
        "largest relative change of the map over that of a layer's features, where the class stays",
        "robustness", "0 or more", "none", AGARWAL, headline=False,
        unavailable="its number depends on a layer that its definition leaves open, so two audits could not be compared",
    ),
    _row(
        "seed-stability", "rank correlation between maps of the same image from different seeds", "robustness",
        _ALIKE, "`seeds` - 1 maps; 1 where the seed plays no part", HERE, higher_is_better=True,
    ),
    _row(
        "seed-stability-ssim", "structural similarity between maps of the same image from different seeds", "robustness",
        "-1 to 1", "none beyond seed-stability's", HERE, higher_is_better=True, headline=False,
    ),
    *(
        row
        for name, others in (
            ("repeatability", "the same network trained anew"),
            ("reproducibility", "networks of another family"),
        )
        for row in (
            _row(
                name, f"rank correlation of the map with those of {others}", "repeatability", _ALIKE, "none", HERE,
                higher_is_better=True,
            ),
            _row(
                f"{name}-class", f"share of {others} that name the same class", "repeatability", "0 to 1", "none", HERE,
                higher_is_better=True, headline=False,
            ),
            _row(
                f"{name}-probability", f"by how much the target's probability differs from {others}", "repeatability",
                "0 to 1", "none", HERE, headline=False,
            ),
        )
    ),
)  # fmt: skip


def step_id(percent: int, *, ssim: bool = False) -> str:
    """How the tables call one step of the cascade, by the share of layers that are random.

    Example:
        >>> step_id(25), step_id(100, ssim=True)
        ('mprt-step-25', 'mprt-step-ssim-100')
    """
    return f"{STEP}-ssim-{percent}" if ssim else f"{STEP}-{percent}"


def with_model_id(metric_id: str, other: str) -> str:
    """How the tables call a measure between two models of an audit, beside the mean over all others.

    Example:
        >>> with_model_id("repeatability", "seed-2")
        'repeatability-with-seed-2'
    """
    return f"{metric_id}-with-{other}"
