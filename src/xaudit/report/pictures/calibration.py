"""Reliability curves as SVG: how often the positive class is true, over the probability that a model gave it."""

from collections.abc import Sequence

from markupsafe import Markup

from xaudit.records import CalibrationBin, DataCheck
from xaudit.report.pictures.check_picture import CheckPicture
from xaudit.report.wording import count

_SIDE, _LEFT, _TOP, _COUNTS = 240.0, 40.0, 8.0, 44.0
"""Side of the square, room for labels at the left and above, and height of the bars that count images."""

_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def calibration_pictures(check: DataCheck) -> tuple[CheckPicture, ...]:
    """Return a reliability curve for each model, with the number of images of each bin below it."""
    bins = [one for one in check.tables.get("calibration_curve", ()) if isinstance(one, CalibrationBin)]
    wanted = [one for one in bins if (one.target, one.subgroup) == ("positive", "all")]
    return tuple(
        _picture(model, [one for one in wanted if one.model_id == model])
        for model in dict.fromkeys(one.model_id for one in wanted)
    )


def _picture(model: str, bins: Sequence[CalibrationBin]) -> CheckPicture:
    n_images = sum(one.n_images for one in bins)
    caption = (
        f"Across: probability of the positive class. Up: share of the bin's images that are positive, with its interval by "
        f"patient. On the dashed line the probabilities are exact; below it they are too high. The bars count the {count(n_images, 'image')} "
        "of each bin, lowest probabilities first."
    )
    return CheckPicture(model, caption, _svg(model, bins))


def _svg(model: str, bins: Sequence[CalibrationBin]) -> Markup:
    said = "; ".join(
        f"{one.mean_probability:.2f} given, {one.observed:.2f} true, {one.n_images} images" for one in bins
    )
    height = _TOP + _SIDE + _COUNTS + 26
    parts = [
        Markup('<svg class="reliability" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
            _LEFT + _SIDE + 10, height, f"Reliability curve of {model}: {said}"
        ),
        *(_tick(tick) for tick in _TICKS),
        Markup('<line class="exact" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(_x(0), _y(0), _x(1), _y(1)),
        *_counts(bins),
        Markup('<polyline class="curve" points="{}"/>').format(
            " ".join(f"{_x(one.mean_probability)},{_y(one.observed)}" for one in bins)
        ),
        *(_point(one) for one in bins),
        Markup("</svg>"),
    ]
    return Markup("").join(parts)


def _tick(value: float) -> Markup:
    return Markup(
        '<line class="tick" x1="{x0}" x2="{x1}" y1="{y}" y2="{y}"/><line class="tick" x1="{x}" x2="{x}" y1="{y1}" y2="{y0}"/>'
        '<text x="{left}" y="{below}" text-anchor="end">{text}</text><text x="{x}" y="{foot}" text-anchor="middle">{text}</text>'
    ).format(
        x=_x(value), y=_y(value), x0=_x(0), x1=_x(1), y0=_y(0), y1=_y(1), left=_LEFT - 6, below=_y(value) + 4,
        foot=_y(0) + 14, text=f"{value:g}",
    )  # fmt: skip


def _counts(bins: Sequence[CalibrationBin]) -> list[Markup]:
    """Return a bar for each bin, side by side: bins of equal size would lie on each other where probabilities crowd."""
    most = max(one.n_images for one in bins)
    foot = _TOP + _SIDE + 20 + _COUNTS
    room = _SIDE / len(bins)
    bars = []
    for place, one in enumerate(bins):
        height = round(_COUNTS * 0.65 * one.n_images / most, 2)
        left = round(_LEFT + place * room + room * 0.1, 2)
        bars.append(
            Markup(
                '<rect class="count" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>'
                '<text x="{}" y="{}" text-anchor="middle">{}</text>'
            ).format(
                left, round(foot - height, 2), round(room * 0.8, 2), height,
                f"{one.lowest:.3f} to {one.highest:.3f}: {one.n_images} images of {one.n_patients} patients",
                round(left + room * 0.4, 2), round(foot - height - 3, 2), f"{one.n_images:,}",
            )
        )  # fmt: skip
    return bars


def _point(one: CalibrationBin) -> Markup:
    x = _x(one.mean_probability)
    whisker = Markup("")
    if one.low is not None and one.high is not None:
        whisker = Markup('<line class="whisker" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>').format(
            x, _y(one.low), _y(one.high)
        )
    return whisker + Markup('<circle class="point" cx="{}" cy="{}" r="4"/>').format(x, _y(one.observed))


def _x(value: float) -> float:
    return round(_LEFT + _SIDE * value, 2)


def _y(value: float) -> float:
    return round(_TOP + _SIDE * (1 - value), 2)
