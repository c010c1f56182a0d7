"""Ids of metrics that are made out of others, and the families whose ids are made so."""

CEILING = "-ceiling"
"""Ends the id of a metric's resolution ceiling."""

CAPTURED = "reliance-captured"
"""Id of the metric by which explainers are judged."""

PRIOR = "prior"
"""Stands among the explainers' ids for the mean reliance map of the other patients."""

CHEXLOCALIZE = "chexlocalize-"
"""Begins the ids of metrics that follow CheXlocalize to the letter, its interval over images included."""

CHANGED_FAMILIES = ("equivariance", "resolution")
"""Families of metrics that are taken on changed images; the tables' ids name the change after the family."""

CHECK_FAMILIES = ("sanity", "robustness", "repeatability")
"""Families of metrics that a section of the audit file asks for, and the name of that section."""

STEP = "mprt-step"
"""Begins the ids of the cascade's steps: ``mprt-step-25`` is the map with the upper quarter of the layers random."""


def made_of_maps_id(explainer_id: str, control_id: str) -> str:
    """Name a control that is made of one explainer's maps, as the tables do.

    Example:
        >>> made_of_maps_id("gradcam", "mean-map")
        'gradcam.mean-map'
    """
    return f"{explainer_id}.{control_id}"


def asks_model_of_change(metric_id: str) -> bool:
    """Return True if a metric on a changed image asks the model itself and no explainer.

    Example:
        >>> asks_model_of_change("equivariance-rotate-5-class"), asks_model_of_change("equivariance-rotate-5")
        (True, False)
    """
    family, _, rest = metric_id.partition("-")
    return family in CHANGED_FAMILIES and rest.endswith(("-class", "-probability"))


def changed_metric_id(family: str, change: str, measure: str = "") -> str:
    """Name a measure taken on a changed image, as the tables do; without a measure, the family's own.

    Example:
        >>> changed_metric_id("equivariance", "rotate-5"), changed_metric_id("resolution", "2", "iou")
        ('equivariance-rotate-5', 'resolution-2-iou')
    """
    return "-".join([family, change, *([measure] if measure else [])])


def step_id(percent: int, *, ssim: bool = False) -> str:
    """Name one step of the cascade, as the tables do, by the share of layers that are random.

    Example:
        >>> step_id(25), step_id(100, ssim=True)
        ('mprt-step-25', 'mprt-step-ssim-100')
    """
    return f"{STEP}-ssim-{percent}" if ssim else f"{STEP}-{percent}"


def with_model_id(metric_id: str, other: str) -> str:
    """Name a measure between two models of an audit, as the tables do, beside the mean over all others.

    Example:
        >>> with_model_id("repeatability", "seed-2")
        'repeatability-with-seed-2'
    """
    return f"{metric_id}-with-{other}"
