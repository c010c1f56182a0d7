"""Power curves as SVG: the share of audits that catch a plant, by the share of the answer and by the number of patients."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

from xaudit.records import CalibrationEffect, Interval, PowerPoint

WIDTH, HEIGHT = 560, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 110, 14, 40
_DASHES = ("", "6 3", "2 3", "8 3 2 3", "1 2", "10 4")
_COLOURS = ("#1f6f8b", "#b5541c", "#4b7f2a", "#7a4fa0", "#9a7b16", "#5a5a5a")


_Scale: TypeAlias = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class _Line:
    label: str
    points: Sequence[tuple[float, Interval]]


def strength_curve(effects: Sequence[CalibrationEffect]) -> str:
    """Draw the share of audits that catch a plant against the share of the answer that it carries, a line for each plant."""
    lines: dict[str, list[tuple[float, Interval]]] = {}
    for one in effects:
        lines.setdefault(one.plant, []).append((one.share, one.caught))
    drawn = [_Line(plant, sorted(points, key=lambda point: point[0])) for plant, points in lines.items()]
    return _chart(drawn, (0.0, 1.0), (0.0, 0.25, 0.5, 0.75, 1.0), "share of the answer, w")


def patients_curve(points: Sequence[PowerPoint]) -> str:
    """Draw the share of audits that catch a plant against the number of patients, a line for each share of the answer."""
    lines: dict[float, list[tuple[float, Interval]]] = {}
    for one in points:
        lines.setdefault(one.share, []).append((float(one.n_patients), one.caught))
    most = max(one.n_patients for one in points)
    ticks = tuple(sorted({float(one.n_patients) for one in points}))
    drawn = [_Line(f"w = {share:g}", sorted(own, key=lambda point: point[0])) for share, own in lines.items()]
    return _chart(drawn, (0.0, float(most)), ticks, "patients")


def _chart(lines: Sequence[_Line], span: tuple[float, float], ticks: Sequence[float], x_title: str) -> str:
    def x(value: float) -> float:
        return _LEFT + (value - span[0]) / (span[1] - span[0]) * (WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return HEIGHT - _BOTTOM - value * (HEIGHT - _TOP - _BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="Share of audits that catch the plant, by {escape(x_title)}" '
        'font-family="sans-serif" font-size="11" fill="currentColor">'
    ]
    for share in (0.0, 0.5, 0.95, 1.0):
        parts.append(_stroke(x(span[0]), y(share), x(span[1]), y(share), "0.25"))
        parts.append(
            f'<text x="{_LEFT - 6}" y="{y(share) + (10 if share == 0.95 else 3):.1f}" text-anchor="end">{share:g}</text>'
        )
    parts += [
        f'<text x="{x(tick):.1f}" y="{HEIGHT - 22}" text-anchor="middle">{tick:g}</text>'
        for tick in _apart(ticks, x)
    ]
    parts.append(
        f'<text x="{x(sum(span) / 2):.1f}" y="{HEIGHT - 5}" text-anchor="middle">{escape(x_title)}</text>'
    )
    for number, line in enumerate(lines):
        parts += _line(line, number, [(x(at), share) for at, share in line.points], y)
    return "".join([*parts, "</svg>"])


def _line(line: _Line, number: int, points: Sequence[tuple[float, Interval]], y: _Scale) -> list[str]:
    colour, dash = _COLOURS[number % len(_COLOURS)], _DASHES[number % len(_DASHES)]
    path = " ".join(f"{at:.1f},{y(share.estimate):.1f}" for at, share in points)
    drawn = [
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
    ]
    for at, share in points:
        low, high = share.low or 0.0, 1.0 if share.high is None else share.high
        drawn.append(_stroke(at, y(low), at, y(high), "0.6", colour))
        drawn.append(f'<circle cx="{at:.1f}" cy="{y(share.estimate):.1f}" r="3" fill="{colour}"/>')
    row = _TOP + 14 * number + 6
    left = WIDTH - _RIGHT + 8
    drawn.append(
        f'<line x1="{left}" y1="{row}" x2="{left + 18}" y2="{row}" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
    )
    drawn.append(f'<text x="{left + 22}" y="{row + 4}">{escape(line.label)}</text>')
    return drawn


def _stroke(x1: float, y1: float, x2: float, y2: float, opacity: str, colour: str = "currentColor") -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-opacity="{opacity}"/>'
    )


def _apart(ticks: Sequence[float], x: _Scale) -> list[float]:
    """Leave out ticks whose labels would touch the one before."""
    kept: list[float] = []
    for tick in ticks:
        if not kept or x(tick) - x(kept[-1]) >= 26:
            kept.append(tick)
    return kept
