"""Plain words and short numbers, shared by all reports."""

import math
from collections.abc import Sequence

from xaudit.catalog import METRICS
from xaudit.catalog.rows import QUANTUS
from xaudit.records import Interval, Outcome
from xaudit.statistics.digits import counted, shown, shown_interval

REGION_WORDS = {
    "mark": "marked lesion",
    "same-lung": "rest of same lung",
    "opposite-lung": "opposite lung",
    "lungs": "lungs, side unknown",
    "border": "image border",
    "thorax": "rest of thorax",
    "body": "rest of body",
    "empty": "outside the body",
    "outside": "rest of the image",
}

MEASURE_WORDS = {
    "accuracy": "accuracy",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "auroc": "AUROC",
}

STAGE_WORDS = {
    "data": "not read",
    "load": "not read",
    "predict": "not classified",
    "tune": "not used to tune thresholds",
    "explain": "not explained",
    "score": "not scored",
}


_SMALLEST_P = 0.001

_SPELLED = {"iou": "IoU", "auroc": "AUROC", "auprc": "AUPRC", "chexlocalize": "CheXlocalize"}


def explained_images(outcome: Outcome) -> str:
    """Count the explained images of each model; models share images, so their counts are not added."""
    numbers = set(outcome.n_explained.values())
    explained = count(max(numbers, default=0), "image") + " explained"
    if len(outcome.n_explained) > 1:
        explained = f"at most {explained} for a model" if len(numbers) > 1 else f"{explained} for each"
    return explained


def region_words(region: str, *, lungs_known: bool = False) -> str:
    """Name a region as a reader of images would.

    Args:
        lungs_known: the lungs are known on every image that the number is of, and so do not lie in ``outside``.

    Example:
        >>> region_words("outside"), region_words("outside", lungs_known=True)
        ('rest of the image', 'outside lungs')
    """
    if region == "outside" and lungs_known:
        return "outside lungs"
    return REGION_WORDS.get(region, region.replace("-", " "))


def metric_words(metric_id: str) -> str:
    """A metric's published name, spelled with spaces.

    Example:
        >>> metric_words("relevance-mass-accuracy"), metric_words("iou"), metric_words("reliance-opposite-lung")
        ('relevance mass accuracy', 'IoU', 'reliance on opposite lung')
    """
    if metric_id.startswith(QUANTUS):
        return f"{metric_id.removeprefix(QUANTUS)} by Quantus"
    for prefix, words in (
        ("reliance-logit-", "logit reliance on "),
        ("reliance-", "reliance on "),
        ("mass-", "saliency in "),
    ):
        region = metric_id.removeprefix(prefix)
        if metric_id != region and (region in REGION_WORDS or metric_id not in METRICS.by_id):
            return words + region_words(region)
    words = metric_id.replace("-", " ")
    for plain, spelled in _SPELLED.items():
        words = words.replace(plain, spelled)
    return words


def quantus_legend(metrics: Sequence[str]) -> str:
    """Say which of the metrics are as Quantus computes them, and what is known to be wrong with them; else nothing."""
    rows = [METRICS.by_id[name] for name in metrics if name.startswith(QUANTUS) and name in METRICS.by_id]
    return "".join(f" {row.meaning}." for row in rows)


def interval(measured: Interval, *, mark: str = "") -> str:
    """An estimate with its limits, or alone where too few patients allow none.

    Example:
        >>> interval(Interval(0.43, 0.351, 0.509, "bca"), mark="*"), interval(Interval(0.43, None, None, "none"))
        ('0.43* [0.35, 0.51]', '0.43')
    """
    estimate, space, limits = shown_interval(measured).partition(" ")
    return f"{estimate}{mark}{space}{limits}"


def p_value(p: float | None) -> str:
    """A p-value; small ones with one digit more, and the smallest as a bound.

    Example:
        >>> p_value(0.41), p_value(0.04998), p_value(0.0041), p_value(0.00002), p_value(None)
        ('0.41', '0.04998', '0.004', '<0.001', '-')
    """
    if p is None:
        return "-"
    if p < _SMALLEST_P:
        return f"<{_SMALLEST_P}"
    return f"{p:.3f}" if p < 0.01 else shown(p, beside=0.05)


def count(n: int, noun: str, plural: str = "") -> str:
    """A number of things.

    Example:
        >>> count(1, "case"), count(1200, "case"), count(2, "study", "studies")
        ('1 case', '1,200 cases', '2 studies')
    """
    return counted(n, noun, plural)


def unit_of(outcome: Outcome) -> str:
    """The noun of what the statistics count: ``patient``, or ``image`` where the data names no patients."""
    known = all(one.cluster == "patient" for one in outcome.summaries)
    return "patient" if known and all(one.patients_known for one in outcome.evaluations) else "image"


def duration(seconds: float) -> str:
    """A span of time to two units.

    Example:
        >>> duration(0.4), duration(42), duration(192), duration(7500)
        ('0.4 s', '42 s', '3 min 12 s', '2 h 5 min')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def percent(share: float) -> str:
    """A share in whole percent; 0 and 100 only where they are exact.

    Example:
        >>> percent(0.842), percent(0.999), percent(1.0)
        ('84 %', '99 %', '100 %')
    """
    whole = round(100 * share)
    if whole == 100 and share < 1:
        whole = math.floor(100 * share)
    if whole == 0 and share > 0:
        return "under 1 %"
    return f"{whole} %"


def bar(share: float, width: int, *, plain: bool = False) -> str:
    """A small bar for a share from 0 to 1; empty for what is zero or less.

    Example:
        >>> bar(0.5, 8), bar(-0.2, 8), bar(1.0, 4, plain=True)
        ('████', '', '####')
    """
    filled = max(0.0, min(1.0, share)) * width
    if plain:
        return "#" * round(filled)
    eighths = round(filled * 8)
    return "█" * (eighths // 8) + ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")[eighths % 8]
