"""The tables of what xaudit can do, in report order; importable in milliseconds, without torch.

`xaudit list`, the reference pages, the audit file's checks and the contract tests are all derived from these rows.
"""

from dataclasses import dataclass
from typing import Literal

OptionValue = int | float | str | bool | None


@dataclass(frozen=True, slots=True)
class Option:
    """One setting of an explainer or a metric.

    Attributes:
        default: also fixes the type; a default of None takes a text.
        minimum: smallest number allowed, inclusive.
        choices: the only texts allowed, where there are only some.
    """

    name: str
    default: OptionValue
    meaning: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExplainerRow:
    """One way to ask a model where it looked.

    Attributes:
        signed: whether negative values mean evidence against the target; an unsigned map's magnitude counts.
        gradients: whether the model must be differentiable.
        control: whether it is deliberately uninformed, and stands beside the others as the level to beat.
        cost: model evaluations per map, in words.
        made_of: what a row's scores come from: a map made of the ``image``, the ``maps`` of each explainer after all
            of them are there, or the readers' ``marks``. Only the first can be asked for a map.
    """

    id: str
    meaning: str
    family: Literal["cam", "surrogate", "occlusion", "gradient", "control"]
    signed: bool
    gradients: bool
    control: bool
    cost: str
    citation: str
    options: tuple[Option, ...] = ()
    made_of: Literal["image", "maps", "marks"] = "image"


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One number about one map (or, in the family ``reliance``, about the model itself).

    Attributes:
        range: in words, with the unit.
        needs_annotation: whether only cases that a reader marked can be scored.
        needs_lungs: whether lung masks are needed.
        headline: whether the terminal report shows it.
        by_default: whether it is measured where the audit file names no metrics, if its family is one to choose from.
        has_ceiling: whether the best map on the explainer's native grid is scored too, as ``<id>-ceiling``.
    """

    id: str
    meaning: str
    family: Literal[
        "localization",
        "regions",
        "faithfulness",
        "agreement",
        "reliance",
        "limits",
        "equivariance",
        "resolution",
    ]
    higher_is_better: bool | None
    range: str
    cost: str
    needs_annotation: bool
    needs_lungs: bool
    citation: str
    headline: bool = True
    options: tuple[Option, ...] = ()
    by_default: bool = True
    has_ceiling: bool = False

    @property
    def is_share(self) -> bool:
        """Whether every value lies between 0 and 1."""
        return self.range.startswith("0 to 1")


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One place from which a model can come."""

    id: str
    meaning: str
    needs: str


@dataclass(frozen=True, slots=True)
class FormatRow:
    """One kind of file that images, labels or annotations are read from."""

    id: str
    meaning: str
    holds: str


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One thing a verdict can say, with a code that never changes its meaning."""

    code: str
    title: str
    cause: str
    remedy: str


EXPLAINERS: tuple[ExplainerRow, ...] = (
    ExplainerRow(
        "gradcam",
        "where the last convolution's features push the target's logit up",
        "cam",
        signed=False,
        gradients=True,
        control=False,
        cost="1 forward, 1 backward",
        citation="Selvaraju et al. 2017, Grad-CAM",
        options=(Option("layer", None, "module name to explain; by default the architecture's own"),),
    ),
    ExplainerRow(
        "lime",
        "a linear model of the prediction over superpixels that are switched on and off",
        "surrogate",
        signed=True,
        gradients=False,
        control=False,
        cost="`samples` forwards",
        citation="Ribeiro et al. 2016, LIME",
        options=(
            Option("samples", 300, "perturbed copies of the image", minimum=10),
            Option("segments", 60, "superpixels asked of SLIC", minimum=2),
            Option(
                "compactness",
                0.5,
                "how square SLIC's superpixels are, against how alike their pixels",
                minimum=0.001,
            ),
            Option("hide", "mean", "what a hidden superpixel shows", choices=("mean", "black")),
        ),
    ),
    ExplainerRow(
        "occlusion",
        "how far the target's logit falls when a square patch is covered",
        "occlusion",
        signed=True,
        gradients=False,
        control=False,
        cost="about (side / stride)² forwards",
        citation="Zeiler and Fergus 2014",
        options=(
            Option(
                "window", 0.125, "side of the patch, as a share of the image's side", minimum=0.01, maximum=1
            ),
            Option(
                "stride",
                0.0625,
                "step between patches, as a share of the image's side",
                minimum=0.01,
                maximum=1,
            ),
            Option("baseline", "mean", "what the patch shows", choices=("mean", "black")),
        ),
    ),
    ExplainerRow(
        "integrated-gradients",
        "gradients summed along the way from a blank image to this one",
        "gradient",
        signed=True,
        gradients=True,
        control=False,
        cost="`steps` forwards and backwards",
        citation="Sundararajan et al. 2017",
        options=(
            Option("steps", 24, "points along the way", minimum=2),
            Option("baseline", "mean", "the blank image", choices=("mean", "black")),
        ),
    ),
    ExplainerRow(
        "random",
        "uniform noise: what no knowledge at all scores",
        "control",
        signed=False,
        gradients=False,
        control=True,
        cost="none",
        citation="",
    ),
    ExplainerRow(
        "centre",
        "a Gaussian blob in the middle: what a guess at the usual place scores",
        "control",
        signed=False,
        gradients=False,
        control=True,
        cost="none",
        citation="",
        options=(Option("width", 0.25, "standard deviation, as a share of the side", minimum=0.01),),
    ),
    ExplainerRow(
        "edges",
        "the image's own edges (Sobel): what any outline of the anatomy scores",
        "control",
        signed=False,
        gradients=False,
        control=True,
        cost="none",
        citation="Adebayo et al. 2018, Sanity checks for saliency maps",
    ),
    ExplainerRow(
        "intensity",
        "the image's own brightness: what pointing at whatever is bright scores",
        "control",
        signed=False,
        gradients=False,
        control=True,
        cost="none",
        citation="",
    ),
    ExplainerRow(
        "mean-map",
        "the mean of an explainer's maps of all other patients: what one and the same map scores on every image",
        "control",
        signed=False,
        gradients=False,
        control=True,
        cost="none",
        citation="",
        made_of="maps",
    ),
    ExplainerRow(
        "shuffled-marks",
        "an explainer's map held against another patient's mark of the same class: what its usual place scores",
        "control",
        signed=False,
        gradients=False,
        control=True,
        cost="none",
        citation="",
        options=(Option("draws", 5, "other patients whose marks are drawn for each case", minimum=1),),
        made_of="maps",
    ),
    ExplainerRow(
        "human",
        "each reader's mark held against the other readers': no level to beat, but what people reach",
        "control",
        signed=False,
        gradients=False,
        control=True,
        cost="none",
        citation="",
        made_of="marks",
    ),
)

REGIONS: tuple[str, ...] = (
    "mark",
    "same-lung",
    "opposite-lung",
    "border",
    "thorax",
    "body",
    "empty",
    "outside",
)
"""Disjoint parts of an image, in order of precedence.

Each is there as far as masks are: without lungs no lung region, without a thorax no `thorax`. With a body, what is
left is `body` and `empty`; without one it is `outside`, and never both.
"""

STRUCTURES: dict[str, str] = {
    "same-lung": "lungs",
    "opposite-lung": "lungs",
    "thorax": "thorax",
    "body": "body",
    "empty": "body",
}
"""Region: the structure without whose masks there is no such region."""

_ARRAS = "Arras et al. 2022, CLEVR-XAI"
_HERE = "xaudit, docs/concepts.md"
_SAPORTA = "Saporta et al. 2022, CheXlocalize"

CHEXLOCALIZE = "chexlocalize-"
"""Begins the ids of metrics that follow CheXlocalize to the letter, its interval over images included."""

_CUT = (
    Option(
        "binarisation",
        "otsu",
        "how the map is cut: by Otsu, at `threshold`, or to as many pixels as are marked",
        choices=("otsu", "fixed", "area"),
    ),
    Option("threshold", 0.5, "for `fixed`: of the map scaled to 0 to 1", minimum=0, maximum=0.99),
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


_PLACED: tuple[MetricRow, ...] = (
    _placed(
        "dice", "twice the overlap of cut map and mark, over the size of both", "0 to 1", "Dice 1945",
        options=_CUT, has_ceiling=True,
    ),
    _placed(
        "iou-mean", "IoU averaged over the thresholds .05 to .95 of the map's range", "0 to 1", "Jaccard 1912"
    ),
    _placed(
        "iou-best", "highest IoU at any threshold, chosen with the mark in view: optimistic", "0 to 1", "Jaccard 1912"
    ),
    _placed(
        "coverage", "share of the mark that the cut map covers", "0 to 1", _HERE, options=_CUT, has_ceiling=True
    ),
    _placed(
        "precision", "share of the cut map that is marked", "0 to 1, chance the mark's share", _HERE,
        options=_CUT, has_ceiling=True,
    ),
    _placed(
        "chance-corrected-coverage", "coverage beyond that of a random map which points at as much",
        "at most 1, chance 0", _HERE, options=_CUT, has_ceiling=True,
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
        "lesion-recall", "share of a case's separate lesions that the map reaches", "0 to 1", _HERE,
        options=(
            Option(
                "by", "area", "what must reach a lesion: the cut map, or one of as many peaks as there are lesions",
                choices=("area", "maxima"),
            ),
            Option(
                "least_coverage", 0.0, "for `area`: share of a lesion that must be exceeded", minimum=0, maximum=0.99
            ),
            *_CUT,
        ),
        has_ceiling=True,
    ),
    *(
        _placed(
            f"{what}-distance{suffix}", f"from {start}, {unit}", f"{length}, at least 0", _HERE, higher_is_better=False
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
        "0 to 1", _HERE, options=_CUT, higher_is_better=False,
    ),
    _placed(
        "chexlocalize-iou", "IoU by CheXlocalize's definitions: scaled from the minimum, Otsu, outlines filled",
        "0 to 1", _SAPORTA,
    ),
    _placed(
        "chexlocalize-hit-rate", "is the first of the map's highest pixels marked, by CheXlocalize's definitions",
        "0 to 1", _SAPORTA,
    ),
)  # fmt: skip

CHANGED_FAMILIES = ("equivariance", "resolution")
"""Families of metrics that are taken on changed images; the tables' ids name the change after the family."""


def _changed_rows(family: Literal["equivariance", "resolution"], change: str) -> tuple[MetricRow, ...]:
    """What is asked about a changed image; in a score's metric id the change stands after the family."""
    return (
        MetricRow(
            family,
            f"rank correlation, over pixels, of the map of {change} with that of the unchanged image",
            family,
            True,
            "-1 to 1, chance 0",
            "one map per change",
            needs_annotation=False,
            needs_lungs=False,
            citation=_HERE,
        ),
        MetricRow(
            f"{family}-overlap",
            "overlap of the highest pixels of the two maps, as many of each as the mark holds",
            family,
            True,
            "0 to 1",
            "none beyond the map's",
            needs_annotation=True,
            needs_lungs=False,
            citation=_HERE,
        ),
        MetricRow(
            f"{family}-probability",
            f"by how much the target's probability differs between the unchanged image and {change}",
            family,
            False,
            "0 to 1",
            "1 forward per change",
            needs_annotation=False,
            needs_lungs=False,
            citation=_HERE,
        ),
        MetricRow(
            f"{family}-class",
            f"whether the model names the same class on {change}",
            family,
            True,
            "0 to 1",
            "none beyond the probability's",
            needs_annotation=False,
            needs_lungs=False,
            citation=_HERE,
        ),
    )


_SCORED: tuple[MetricRow, ...] = (
    MetricRow(
        "pointing-game",
        "does the map's highest point lie inside the mark; ties count in part",
        "localization",
        True,
        "0 to 1",
        "none",
        needs_annotation=True,
        needs_lungs=False,
        citation="Zhang et al. 2018",
        options=(
            Option("tolerance_px", 0.0, "pixels of the image by which the mark is widened", minimum=0),
            Option(
                "tolerance_cells",
                0.0,
                "cells of the explainer's native grid by which it is widened",
                minimum=0,
            ),
        ),
        has_ceiling=True,
    ),
    MetricRow(
        "iou",
        "overlap of the cut map with the mark; cut at Otsu's threshold unless told otherwise",
        "localization",
        True,
        "0 to 1",
        "none",
        needs_annotation=True,
        needs_lungs=False,
        citation="Jaccard 1912; Otsu 1979",
        options=_CUT,
        has_ceiling=True,
    ),
    MetricRow(
        "relevance-mass-accuracy",
        "share of the positive saliency that lies inside the mark",
        "localization",
        True,
        "0 to 1",
        "none",
        needs_annotation=True,
        needs_lungs=False,
        citation=_ARRAS,
        has_ceiling=True,
    ),
    MetricRow(
        "relevance-rank-accuracy",
        "share of the mark's pixels among as many highest pixels of the map",
        "localization",
        True,
        "0 to 1",
        "none",
        needs_annotation=True,
        needs_lungs=False,
        citation=_ARRAS,
        has_ceiling=True,
    ),
    MetricRow(
        "pixel-auroc",
        "how well the map ranks marked pixels above the others",
        "localization",
        True,
        "0 to 1, chance .5",
        "none",
        needs_annotation=True,
        needs_lungs=False,
        citation="Fawcett 2006",
    ),
    *_PLACED,
    MetricRow(
        "pixel-flipping",
        "mean target probability while the map's highest pixels are removed first",
        "faithfulness",
        False,
        "0 to 1",
        "`steps` forwards",
        needs_annotation=False,
        needs_lungs=False,
        citation="Bach et al. 2015",
        options=(
            Option("steps", 32, "removals from the whole image to none of it", minimum=2),
            Option("baseline", "blur", "what stands where a pixel was", choices=("mean", "black", "blur")),
        ),
    ),
    *(
        MetricRow(
            f"mass-{region}",
            f"share of the positive saliency that lies in the region '{region}'",
            "regions",
            None,
            "0 to 1; over all regions 1",
            "none",
            needs_annotation=True,
            needs_lungs="lung" in region,
            citation=_HERE,
            headline=False,
        )
        for region in REGIONS
    ),
    MetricRow(
        "reliance-agreement",
        "do the regions in which the map is densest match those on which the model depends (rank correlation)",
        "agreement",
        True,
        "-1 to 1, chance 0",
        "none beyond reliance",
        needs_annotation=True,
        needs_lungs=False,
        citation=_HERE,
    ),
    *(
        MetricRow(
            f"reliance-{region}",
            f"fall of the target probability when '{region}' is in-filled, minus that of random areas of its size; a rise is no fall",
            "reliance",
            None,
            "-1 to 1, 0 where it matters no more than any other place",
            "2 in-fills × (1 + controls) forwards",
            needs_annotation=True,
            needs_lungs="lung" in region,
            citation=_HERE,
        )
        for region in REGIONS
    ),
    *_changed_rows("equivariance", "the flipped, turned or shifted image"),
    *_changed_rows("resolution", "the coarser image"),
)

CEILING = "-ceiling"
"""Ends the id of a metric's resolution ceiling."""

METRICS: tuple[MetricRow, ...] = (
    *_SCORED,
    MetricRow(
        "map-missing",
        "does the map of a marked case point nowhere: zero, constant, not finite or nothing positive",
        "limits",
        False,
        "0 to 1",
        "none",
        needs_annotation=True,
        needs_lungs=False,
        citation=_HERE,
        headline=False,
    ),
    *(
        MetricRow(
            f"{row.id}{CEILING}",
            f"what {row.id} gives the mark itself, drawn on the explainer's native grid",
            "limits",
            True,
            row.range,
            "none",
            needs_annotation=True,
            needs_lungs=False,
            citation=_HERE,
            headline=False,
        )
        for row in _SCORED
        if row.has_ceiling
    ),
)

MODELS: tuple[ModelRow, ...] = (
    ModelRow("torchvision", "any classifier of torchvision, by its name", "architecture"),
    ModelRow("python", "a function of yours that returns a torch module: package.module:function", "factory"),
    ModelRow(
        "phantom",
        "one of the two small networks that ship with the phantom study",
        "variant: honest or shortcut",
    ),
)

FORMATS: tuple[FormatRow, ...] = (
    FormatRow("folder", "one sub-folder per class", "images, labels"),
    FormatRow(
        "csv",
        "a table with the columns image, label and, where known, patient and split",
        "images, labels, patients, splits",
    ),
    FormatRow("png", "8- and 16-bit grey or colour", "images, masks"),
    FormatRow("jpeg", "8-bit grey or colour", "images"),
    FormatRow("dicom", "single-frame: rescale, window, orientation, spacing, MONOCHROME1", "images"),
    FormatRow(
        "coco",
        "boxes, polygons and run lengths; `reader_id` or `annotator` on an annotation names the reader",
        "annotations, masks",
    ),
    FormatRow("voc", "one XML per image; 1-based inclusive unless `origin: zero` is set", "annotations"),
    FormatRow("phantom", "the built-in synthetic chest CT, made where it is needed", "everything"),
)

FINDINGS: tuple[FindingRow, ...] = (
    FindingRow(
        "XA101",
        "gate not reached",
        "the lower end of the interval (or its upper end, for a largest allowed value) is on the wrong side of the gate",
        "look at the worst cases first; a wide interval asks for more patients, a low estimate for another model or explainer",
    ),
    FindingRow(
        "XA102",
        "gate without data",
        "no case had a value for the gate's metric, explainer or reader, or too few patients had one for an interval",
        "see which cases are unscored and why; annotate more patients",
    ),
    FindingRow(
        "XA103",
        "uninformative gate",
        "a control, which knows nothing of the model, passes the same gate; under `strict` that fails",
        "raise the gate above the best control, or gate on reliance, which asks no map",
    ),
    FindingRow(
        "XA104",
        "dropped below the baseline",
        "the unfavourable end of the drop's interval, on the cases of both runs, is more than the gate allows",
        "`xaudit diff BASE HEAD` shows what else moved; a wide interval asks for more patients or a wider limit",
    ),
    FindingRow(
        "XA201",
        "the model looks elsewhere",
        "replacing the mark changes the model's answer no more than replacing a random area of its size, or "
        "replacing the border, the outside or the opposite lung changes it more than that",
        "look for what the region holds: markers, tubes, text, scanner edges; blank it out and train again",
    ),
    FindingRow(
        "XA202",
        "the model uses the mark",
        "replacing the mark changes the answer more than a random area of its size does, and no other region does so",
        "none needed; it is no proof that no shortcut exists",
    ),
    FindingRow(
        "XA301",
        "the explainer misreports",
        "its map is not denser where the model depends on the image: rank correlation with reliance not above zero, or "
        "not above the best control's",
        "do not show or gate on this explainer for this model; try another, or another layer",
    ),
    FindingRow(
        "XA302",
        "the explainer agrees with the model",
        "its map is denser in the regions the model depends on, and more so than any control",
        "none needed",
    ),
    FindingRow(
        "XA303",
        "not resolvable",
        "the explainer's native grid is too coarse for these marks: even the marks themselves, drawn on it, meet them "
        "seldom (ceiling of the pointing game below .5, or of another overlap or share below .25)",
        "do not read low scores as a failure of the model; take a finer layer, more superpixels or smaller windows, or "
        "give the pointing game a tolerance of half a cell",
    ),
    FindingRow(
        "XA401",
        "no patient ids",
        "the data names no patients, so images of one person may stand on both sides of a split and count as independent",
        "add a patient column; until then read every interval as too narrow",
    ),
    FindingRow(
        "XA402",
        "no annotations",
        "no reader's marks were given, so localization, regions and reliance cannot be measured",
        "add COCO or Pascal VOC annotations under data.annotations",
    ),
    FindingRow(
        "XA403",
        "cases left out",
        "some images could not be read or scored",
        "`xaudit data check` lists each with its reason",
    ),
)


def changed_metric_id(family: str, change: str, measure: str = "") -> str:
    """How the tables call a measure taken on a changed image; without a measure, the family's own.

    Example:
        >>> changed_metric_id("equivariance", "rotate-5"), changed_metric_id("resolution", "2", "iou")
        ('equivariance-rotate-5', 'resolution-2-iou')
    """
    return "-".join([family, change, *([measure] if measure else [])])


def made_of_maps_id(explainer_id: str, control_id: str) -> str:
    """How the tables call a control that is made of one explainer's maps.

    Example:
        >>> made_of_maps_id("gradcam", "mean-map")
        'gradcam.mean-map'
    """
    return f"{explainer_id}.{control_id}"


def explainer_row(explainer_id: str) -> ExplainerRow:
    """The row of an explainer; raises KeyError where there is none."""
    return {row.id: row for row in EXPLAINERS}[explainer_id]


def metric_row(metric_id: str) -> MetricRow:
    """The row of a metric; raises KeyError where there is none."""
    return {row.id: row for row in METRICS}[metric_id]


def finding_row(code: str) -> FindingRow:
    """The row of a finding; raises KeyError where there is none."""
    return {row.code: row for row in FINDINGS}[code]
