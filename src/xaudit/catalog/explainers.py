"""The explainers and the controls beside them."""

from dataclasses import replace

from xaudit.catalog.rows import ExplainerRow, Option
from xaudit.catalog.table import Table

_LAYER = Option("layer", None, "module name to explain; by default the architecture's own")
_SEGMENTS = Option("segments", 60, "superpixels asked of SLIC", minimum=2)
_COMPACTNESS = Option(
    "compactness", 0.5, "how square SLIC's superpixels are, against how alike their pixels", minimum=0.001
)
_SEGMENTATION = Option(
    "segmentation",
    "slic",
    "how superpixels are made; quickshift and felzenszwalb follow the image and keep to `segments` roughly or not",
    choices=("slic", "quickshift", "felzenszwalb", "grid"),
)
_BLANK = Option("baseline", "mean", "the blank image", choices=("mean", "black"))
_HIDDEN = Option("baseline", "mean", "what a hidden superpixel shows", choices=("mean", "black"))


def _cam(
    explainer_id: str, meaning: str, cost: str, citation: str, *, gradients: bool = True
) -> ExplainerRow:
    return ExplainerRow(
        explainer_id,
        meaning,
        "cam",
        signed=False,
        gradients=gradients,
        control=False,
        cost=cost,
        citation=citation,
        options=(_LAYER,),
        inside=True,
    )


def _gradient(
    explainer_id: str,
    meaning: str,
    cost: str,
    citation: str,
    options: tuple[Option, ...] = (),
    *,
    signed: bool,
    sums_to_answer: bool = False,
    inside: bool = False,
) -> ExplainerRow:
    return ExplainerRow(
        explainer_id,
        meaning,
        "gradient",
        signed=signed,
        gradients=True,
        control=False,
        cost=cost,
        citation=citation,
        options=options,
        sums_to_answer=sums_to_answer,
        inside=inside,
    )


_ONCE = "1 forward, 1 backward"
_PER_FEATURE = "as many forwards as the layer has features"

EXPLAINERS: Table[ExplainerRow] = Table(
    ExplainerRow(
        "gradcam",
        "where the last convolution's features push the target's logit up",
        "cam",
        signed=False,
        gradients=True,
        control=False,
        cost="1 forward, 1 backward",
        citation="Selvaraju et al. 2017, Grad-CAM",
        options=(_LAYER,),
        inside=True,
    ),
    _cam(
        "gradcam-plus-plus",
        "as gradcam, with weights that count each place's gradient, for several lesions of one class",
        _ONCE,
        "Chattopadhay et al. 2018, Grad-CAM++",
    ),
    _cam(
        "hirescam",
        "gradient times feature, place by place: what each place adds to the logit, exact for a linear head",
        _ONCE,
        "Draelos and Carin 2020, HiResCAM",
    ),
    _cam(
        "layercam",
        "positive gradient times feature, place by place; also usable on early layers",
        _ONCE,
        "Jiang et al. 2021, LayerCAM",
    ),
    _cam(
        "xgradcam",
        "as gradcam, with gradients averaged by how strong the feature is there",
        _ONCE,
        "Fu et al. 2020, XGrad-CAM",
    ),
    _cam(
        "eigengradcam",
        "first principal component of gradient times feature",
        f"{_ONCE}, 1 singular value decomposition",
        "Gildenblat et al. 2021, pytorch-grad-cam, after Muhammad and Yeasin 2020",
    ),
    _cam(
        "eigencam",
        "first principal component of the features: what is strong there, whichever class is asked for",
        "1 forward, 1 singular value decomposition",
        "Muhammad and Yeasin 2020, Eigen-CAM",
        gradients=False,
    ),
    _cam(
        "scorecam",
        "features weighed by the target's logit of the image seen through each of them",
        _PER_FEATURE,
        "Wang et al. 2020, Score-CAM",
        gradients=False,
    ),
    _cam(
        "ablationcam",
        "features weighed by how far the target's logit falls without each of them",
        f"{_PER_FEATURE}, of the part behind it where that runs alone",
        "Desai and Ramaswamy 2020, Ablation-CAM",
        gradients=False,
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
            Option(
                "samples",
                300,
                "perturbed copies of the image; `auto` stops at 300 or when the leading superpixels are stable",
                minimum=10,
                choices=("auto",),
            ),
            _SEGMENTS,
            _COMPACTNESS,
            Option("hide", "mean", "what a hidden superpixel shows", choices=("mean", "black")),
            replace(_SEGMENTATION, came_later=True),
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
            _BLANK,
        ),
        sums_to_answer=True,
    ),
    _gradient(
        "saliency",
        "how strongly the target's logit reacts to each pixel",
        _ONCE,
        "Simonyan et al. 2013",
        signed=False,
    ),
    _gradient(
        "input-x-gradient",
        "each pixel's normalised value times its gradient",
        _ONCE,
        "Shrikumar et al. 2016",
        signed=True,
    ),
    _gradient(
        "smoothgrad",
        "the gradient, averaged over noisy copies of the image",
        "`samples` forwards and backwards",
        "Smilkov et al. 2017",
        (
            Option("samples", 24, "noisy copies", minimum=2),
            Option(
                "noise", 0.15, "standard deviation, as a share of the image's range", minimum=0, maximum=1
            ),
        ),
        signed=False,
    ),
    _gradient(
        "gradient-shap",
        "gradients at random points on the way from a blank image to noisy copies of this one",
        "`samples` forwards and backwards",
        "Lundberg and Lee 2017; Erion et al. 2021",
        (
            Option("samples", 24, "random points", minimum=2),
            Option(
                "noise", 0.05, "standard deviation, as a share of the image's range", minimum=0, maximum=1
            ),
            _BLANK,
        ),
        signed=True,
    ),
    _gradient(
        "deeplift",
        "each pixel's part in the difference from a blank image, by DeepLift's rescale rule; not on every network",
        "2 forwards, 1 backward",
        "Shrikumar et al. 2017",
        (_BLANK,),
        signed=True,
        sums_to_answer=True,
        inside=True,
    ),
    _gradient(
        "guided-backprop",
        "the gradient with ReLUs that let nothing negative back: edges that the network can see; not on every network",
        _ONCE,
        "Springenberg et al. 2015",
        signed=False,
        inside=True,
    ),
    ExplainerRow(
        "feature-ablation",
        "how far the target's logit falls when one superpixel is hidden",
        "occlusion",
        signed=True,
        gradients=False,
        control=False,
        cost="`segments` forwards",
        citation="Zeiler and Fergus 2014, with superpixels",
        options=(_SEGMENTATION, _SEGMENTS, _COMPACTNESS, _HIDDEN),
    ),
    ExplainerRow(
        "kernel-shap",
        "Shapley values of superpixels: the mean gain in the target's logit over all orders of showing them",
        "surrogate",
        signed=True,
        gradients=False,
        control=False,
        cost="`samples` forwards",
        citation="Lundberg and Lee 2017",
        options=(
            Option("samples", 300, "coalitions drawn; at least twice `segments`", minimum=10),
            _SEGMENTATION,
            _SEGMENTS,
            _COMPACTNESS,
            _HIDDEN,
        ),
    ),
    ExplainerRow(
        "rise",
        "the target's probability averaged over random masks that show a pixel; never zero anywhere",
        "occlusion",
        signed=False,
        gradients=False,
        control=False,
        cost="`samples` forwards",
        citation="Petsiuk et al. 2018, RISE",
        options=(
            Option("samples", 500, "random masks", minimum=10),
            Option("grid", 7, "cells of a mask along each side", minimum=2),
            Option("probability", 0.5, "with which a cell is shown", minimum=0.01, maximum=0.99),
            Option("baseline", "black", "what is hidden shows", choices=("black", "mean")),
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
