"""Mean reliance maps as small pictures of characters, and the tests whose areas are outlined on them."""

from collections.abc import Sequence

import numpy as np

from xaudit.geometry import fit_geometry, image_to_model
from xaudit.records import MapTest, MeanReliance, Outcome
from xaudit.report.grid import Block, Drawing, Paragraph, Sketch
from xaudit.report.wording import count
from xaudit.statistics.digits import shown

SHADES, PLAIN_SHADES = " ░▒▓█", " .-+#"
"""From no change of the answer to the largest; the second in ASCII."""

SKETCH_COLUMNS, SKETCH_ROWS = 16, 8

SCOPES = ("all", "outside-mark", "elsewhere")
"""Windows of a test, from all of them to the fewest."""

_MOST_SKETCHES = 8
_ROUND_TOPS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


def mean_map_blocks(outcome: Outcome, *, plain: bool, brief: bool) -> list[Block]:
    """Draw the mean maps of all models beside each other, with what a shade means; empty without any map.

    Args:
        plain: shades in ASCII.
        brief: only the first maps, and how many others there are.
    """
    drawn = drawn_means(outcome)
    if not drawn:
        return []
    top = scale_top(drawn)
    several = len({(one.model_id, one.target) for one in drawn}) > len({one.model_id for one in drawn})
    here = drawn[:_MOST_SKETCHES] if brief else drawn
    sketches = tuple(
        Sketch(
            f"{one.model_id}, {one.images}{f', P({one.target})' if several else ''}{_change_mark(one)}",
            sketch(one, outcome, top, plain=plain),
        )
        for one in here
    )
    legend = _sketch_legend(top, drawn, plain=plain)
    if len(here) < len(drawn):
        legend = f"{count(len(drawn) - len(here), 'more map')} in the whole report. {legend}"
    return [Drawing(sketches), Paragraph(legend, "dim")]


def drawn_means(outcome: Outcome) -> tuple[MeanReliance, ...]:
    """Choose the mean maps to draw: the change that is evidence, and the other one where it has an area of its own."""
    order = {model: place for place, model in enumerate(outcome.model_ids)}
    chosen = [
        one
        for one in outcome.mean_reliance
        if one.model_id in order
        and (one.direction == usual_direction(one.question) or _has_areas(outcome, one))
    ]
    return tuple(
        sorted(
            chosen,
            key=lambda one: (
                order[one.model_id],
                one.question,
                one.images != one.target,
                one.images,
                one.target,
                one.direction != "for",
            ),
        )
    )


def outlined_test(outcome: Outcome, mean: MeanReliance) -> MapTest | None:
    """Return the test whose areas are outlined on a mean map: the widest one that shows any; None if there is no test."""
    own = [one for one in outcome.map_tests if one.frame == "image" and _is_same(one, mean)]
    own.sort(key=lambda one: (not one.areas, SCOPES.index(one.scope), one.answer != "probability"))
    return own[0] if own else None


def scale_top(means: Sequence[MeanReliance]) -> float:
    """Return the round number at which the colours of all these maps end.

    Example:
        >>> scale_top([])
        0.02
    """
    highest = max((one.highest for one in means), default=0.0)
    return next((top for top in _ROUND_TOPS if highest <= top), 1.0)


def sketch(mean: MeanReliance, outcome: Outcome, top: float, *, plain: bool) -> tuple[str, ...]:
    """Draw a mean map as characters, with the number of each area at its strongest window.

    Args:
        top: value of the darkest shade.
        plain: shades in ASCII.
    """
    values = np.array(mean.rows, dtype=np.float32)
    fit = fit_geometry((values.shape[0], values.shape[1]), (SKETCH_ROWS, SKETCH_COLUMNS), "stretch")
    shades = PLAIN_SHADES if plain else SHADES
    steps = np.ceil(np.round(image_to_model(values, fit) / top * (len(shades) - 1), 6) - 0.5)
    letters = [[shades[int(step)] for step in line] for line in np.clip(steps, 0, len(shades) - 1)]
    test = outlined_test(outcome, mean)
    for area in reversed(test.areas if test else ()):
        x, y = (area.peak[0] + area.peak[2]) / 2, (area.peak[1] + area.peak[3]) / 2
        line, column = (
            min(SKETCH_ROWS - 1, int(y * SKETCH_ROWS)),
            min(SKETCH_COLUMNS - 1, int(x * SKETCH_COLUMNS)),
        )
        letters[line][column] = str(area.number)[-1]
    edge, side = ("-", "|") if plain else ("─", "│")
    corners = "++++" if plain else "┌┐└┘"
    return (
        f"{corners[0]}{edge * SKETCH_COLUMNS}{corners[1]}",
        *(f"{side}{''.join(line)}{side}" for line in letters),
        f"{corners[2]}{edge * SKETCH_COLUMNS}{corners[3]}",
    )


def _has_areas(outcome: Outcome, mean: MeanReliance) -> bool:
    return any(one.areas and one.frame == "image" and _is_same(one, mean) for one in outcome.map_tests)


def _is_same(test: MapTest, mean: MeanReliance) -> bool:
    names = ("model_id", "images", "target", "question", "direction")
    return all(getattr(test, name) == getattr(mean, name) for name in names)


def _change_mark(mean: MeanReliance) -> str:
    """Tell maps of one model and class apart: what was done to windows, if not the usual thing."""
    if mean.question == "transplant":
        return ", copied in" if mean.direction == "against" else ", copied in, falls"
    return "" if mean.direction == "for" else ", rises"


def _sketch_legend(top: float, drawn: Sequence[MeanReliance], *, plain: bool) -> str:
    shades = PLAIN_SHADES if plain else SHADES
    targets = list(dict.fromkeys(f"P({one.target})" for one in drawn))
    units = "patients" if all(one.cluster == "patient" for one in drawn) else "images"
    text = (
        f"Shade: fall of {' or '.join(targets)} when a window there is hidden, mean over {units}; "
        f"'{shades[1]}' from {shown(top / (2 * (len(shades) - 1)))}, '{shades[-1]}' from "
        f"{shown(top * (1 - 1 / (2 * (len(shades) - 1))))}. A number marks an area."
    )
    if any(one.direction == "against" and one.question == "hide" for one in drawn):
        text += " 'rises': by how much it rises instead."
    if any(one.question == "transplant" for one in drawn):
        text += " 'copied in': by how much it rises when the window is copied from an image of that class."
    return text


def usual_direction(question: str) -> str:
    """Return the direction in which a change is evidence for the target: a fall, and a rise where it is copied in."""
    return "against" if question == "transplant" else "for"
