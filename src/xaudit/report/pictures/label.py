"""Pictures of what predicts the label: the mean image of each class, with its border ring, and a forest of AUROCs."""

from collections.abc import Sequence

from markupsafe import Markup

from xaudit.records import DataCheck, LabelProbe
from xaudit.report.pictures.axis import Axis
from xaudit.report.pictures.check_picture import CheckPicture, webp_image
from xaudit.report.sections.data_audit.label import SPLIT_WORDS, auroc_of, label_probes
from xaudit.report.wording import interval

_RING = 10
"""Width of the border ring, as a percentage of the side."""

_MEAN = "mean-"
_LABELS, _PLOT, _NUMBERS, _LINE = 190.0, 260.0, 130.0, 24.0


def label_pictures(check: DataCheck) -> tuple[CheckPicture, ...]:
    """Return the forest of AUROCs, then the mean image of each class side by side."""
    probes = label_probes(check)
    means = {name.removeprefix(_MEAN): data for name, data in check.images.items() if name.startswith(_MEAN)}
    pictures = [_forest(probes)] if probes else []
    if means:
        pictures.append(_means(means))
    return tuple(pictures)


def _means(means: dict[str, bytes]) -> CheckPicture:
    parts = [
        Markup('<div class="mean"><div class="framed">{}{}</div><p>{}</p></div>').format(
            webp_image(data, f"mean image of the class {name}"), _ring(), name
        )
        for name, data in means.items()
    ]
    caption = (
        "Mean of all images of each class, brought to one size. Outside the dashed line is the border ring. If the classes look "
        "different there, a model can name them without the organ; markers and tones that only some images show are faint here."
    )
    body = Markup('<div class="means">{}</div>').format(Markup("").join(parts))
    return CheckPicture("Mean image by class", caption, body, wide=True)


def _ring() -> Markup:
    return Markup(
        '<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true"><rect x="{0}" y="{0}" width="{1}" height="{1}"/></svg>'
    ).format(_RING, 100 - 2 * _RING)


def _forest(probes: Sequence[LabelProbe]) -> CheckPicture:
    axis = Axis(min(0.25, *(_low(one) for one in probes)), 1.0, (0.25, 0.5, 0.75, 1.0))
    lines: list[Markup] = []
    top = _LINE
    for view in dict.fromkeys(one.view for one in probes):
        own = [one for one in probes if one.view == view]
        lines.append(_label(own[-1].title, top, len(own)))
        for one in own:
            lines.append(_row(one, axis, top))
            top += _LINE
    height = top + _LINE
    said = "; ".join(f"{one.title}, {SPLIT_WORDS[one.unit]}: {interval(auroc_of(one))}" for one in probes)
    body = Markup(
        '<svg class="auroc-forest" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>'
    ).format(
        _LABELS + _PLOT + _NUMBERS, height, f"AUROC by view. {said}", _axis(axis, top), Markup("").join(lines)
    )
    ways = [SPLIT_WORDS[one] for one in dict.fromkeys(one.unit for one in probes)]
    caption = (
        "AUROC of a simple model that sees only the part or property named, with its interval; the dashed line is chance. "
        "Red: gives the label away. Grey: there to compare with."
    )
    if len(ways) > 1:
        caption += f" Open circles: {ways[0]}; filled ones: {ways[1]}, which decides."
    return CheckPicture("What predicts the label", caption, body, wide=True)


def _label(title: str, top: float, n_rows: int) -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="end">{}</text>').format(
        _LABELS - 10, top + (n_rows - 1) * _LINE / 2 + 4, title
    )


def _row(probe: LabelProbe, axis: Axis, top: float) -> Markup:
    kind = "away" if probe.gives_away else "judged" if probe.judged else "compared"
    whisker = Markup("")
    if probe.auroc_low is not None and probe.auroc_high is not None:
        whisker = Markup('<line x1="{}" x2="{}" y1="{y}" y2="{y}"/>').format(
            _x(axis, probe.auroc_low), _x(axis, probe.auroc_high), y=top
        )
    return Markup(
        '<g class="{}{}">{}<circle cx="{}" cy="{}" r="4.5"/><text x="{}" y="{}">{}</text></g>'
    ).format(
        kind,
        "" if probe.decides else " aside",
        whisker,
        _x(axis, probe.auroc),
        top,
        _LABELS + _PLOT + 14,
        top + 4,
        interval(auroc_of(probe)),
    )


def _axis(axis: Axis, foot: float) -> Markup:
    ticks = [
        Markup(
            '<line class="{}" x1="{x}" x2="{x}" y1="{}" y2="{}"/><text x="{x}" y="{}" text-anchor="middle">{}</text>'
        ).format("chance" if tick == 0.5 else "tick", 8, foot - 8, foot + 8, f"{tick:g}", x=_x(axis, tick))
        for tick in axis.ticks
        if tick >= axis.low
    ]
    return Markup("").join(ticks)


def _low(probe: LabelProbe) -> float:
    return probe.auroc if probe.auroc_low is None else probe.auroc_low


def _x(axis: Axis, value: float) -> float:
    return round(_LABELS + _PLOT * axis.at(value) / 100, 2)
