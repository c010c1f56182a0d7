"""Forest of subgroups as SVG: sensitivity and specificity of each, with their intervals by patient."""

from collections.abc import Sequence

from markupsafe import Markup

from xaudit.records import DataCheck, SubgroupRow
from xaudit.report.pictures.check_picture import CheckPicture
from xaudit.report.wording import count

_LEFT, _WIDTH, _RIGHT, _LINE, _TOP = 230.0, 320.0, 70.0, 18.0, 24.0
_MOST = 30
_LEVEL = 0.05
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def attribute_pictures(check: DataCheck) -> tuple[CheckPicture, ...]:
    """Return a forest for each model and measure: subgroups by one attribute, then the lowest pairs."""
    rows = [one for one in check.tables.get("subgroups", ()) if isinstance(one, SubgroupRow)]
    rows = [one for one in rows if one.judged and one.low is not None]
    pictures = []
    for model, measure in dict.fromkeys((one.model_id, one.measure) for one in rows):
        own = [one for one in rows if (one.model_id, one.measure) == (model, measure)]
        single = [one for one in own if one.n_attributes == 1]
        pairs = sorted((one for one in own if one.n_attributes > 1), key=_by_p)
        shown = (single + pairs)[:_MOST]
        left_out = len(own) - len(shown)
        more = f" {count(left_out, 'subgroup')} more in the table subgroups." if left_out else ""
        caption = (
            f"{measure.capitalize()} on each subgroup, with its interval by patient and its patients at the right. The tick "
            f"on a line is that on all other images of the class. Filled: worse beyond chance, over all subgroups.{more}"
        )
        pictures.append(
            CheckPicture(f"{model}: {measure} by subgroup", caption, _svg(model, measure, shown), wide=True)
        )
    return tuple(pictures)


def _by_p(one: SubgroupRow) -> tuple[float, str]:
    return (1.0 if one.p is None else one.p, one.subgroup)


def _svg(model: str, measure: str, rows: Sequence[SubgroupRow]) -> Markup:
    height = _TOP + _LINE * len(rows) + 24
    values = "; ".join(f"{one.subgroup} {one.value or 0.0:.2f}" for one in rows)
    parts = [
        Markup('<svg class="subgroups" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
            _LEFT + _WIDTH + _RIGHT, height, f"{measure} of {model} by subgroup: {values}"
        ),
        *(_tick(tick, height) for tick in _TICKS),
        *(_line(number, one) for number, one in enumerate(rows)),
        Markup("</svg>"),
    ]
    return Markup("").join(parts)


def _tick(value: float, height: float) -> Markup:
    return Markup(
        '<line class="tick" x1="{x}" x2="{x}" y1="{top}" y2="{foot}"/><text x="{x}" y="{below}" text-anchor="middle">{text}</text>'
    ).format(x=_x(value), top=_TOP - 8, foot=height - 20, below=height - 6, text=f"{value:g}")


def _line(number: int, one: SubgroupRow) -> Markup:
    y = _TOP + _LINE * number
    beyond = one.adjusted_p is not None and one.adjusted_p <= _LEVEL
    rest = Markup("")
    if one.rest is not None:
        rest = Markup('<line class="rest" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>').format(
            _x(one.rest), y - 6, y + 6
        )
    return Markup(
        '<text x="{left}" y="{base}" text-anchor="end">{name}<title>{name}</title></text>'
        '<line class="whisker" x1="{low}" x2="{high}" y1="{y}" y2="{y}"/>{rest}'
        '<circle class="{kind}" cx="{value}" cy="{y}" r="4"/><text x="{right}" y="{base}">{n}</text>'
    ).format(
        left=_LEFT - 10, base=y + 4, name=one.subgroup if len(one.subgroup) <= 40 else f"{one.subgroup[:39]}…",
        low=_x(one.low or 0.0), high=_x(one.high or 0.0), y=y, rest=rest, kind="worse" if beyond else "point",
        value=_x(one.value or 0.0), right=_LEFT + _WIDTH + 12, n=one.n_patients,
    )  # fmt: skip


def _x(value: float) -> float:
    return round(_LEFT + _WIDTH * value, 2)
