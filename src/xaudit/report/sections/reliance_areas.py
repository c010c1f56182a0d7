"""Places of the image that each model's answer depends on: a small picture, and a table of areas."""

import math
from collections.abc import Sequence

import numpy as np

from xaudit.catalog import MARGIN
from xaudit.geometry import fit_geometry, image_to_model
from xaudit.records import Area, FrameBox, Interval, MapTest, MeanReliance, Outcome
from xaudit.report.grid import Block, Column, Drawing, Paragraph, Row, Section, Sketch, grid, heading, row
from xaudit.report.wording import count, interval, percent, region_words
from xaudit.statistics.digits import shown

TITLE = "Where the answer comes from"

SHADES, PLAIN_SHADES = " ░▒▓█", " .-+#"
"""From no change of the answer to the largest; the second in ASCII."""

SKETCH_COLUMNS, SKETCH_ROWS = 16, 8

_ROUND_TOPS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_BRIEF_AREAS = 3
_LONGEST_HEADING = 80
_FRAMES = {"image": "", "lungs": ", relative to the lungs", "mark": ", relative to the mark"}
_SCOPES = {"all": "", "outside-mark": ", outside the mark", "elsewhere": ", outside the mark and its lung"}
_SCOPE_ORDER = tuple(_SCOPES)


def areas_section(outcome: Outcome, *, plain: bool = False, brief: bool = False) -> Section | None:
    """Draw each model's mean reliance map and list its areas; None if no window was replaced.

    Args:
        plain: shades in ASCII.
        brief: a few areas of each test, and nothing of tests that show none beside the main one.
    """
    drawn = drawn_means(outcome)
    blocks: list[Block] = []
    if drawn:
        top = scale_top(drawn)
        sketches = tuple(
            Sketch(f"{one.model_id}, {one.images}{_change_mark(one)}", sketch(one, outcome, top, plain=plain))
            for one in drawn
        )
        blocks += [Drawing(sketches), Paragraph(_sketch_legend(top, drawn, plain=plain), "dim")]
    blocks += _test_blocks(outcome, brief=brief)
    return Section(TITLE, tuple(blocks)) if blocks else None


def drawn_means(outcome: Outcome) -> tuple[MeanReliance, ...]:
    """Choose the mean maps to draw: the change that is evidence, and the other one where it has an area of its own."""
    order = {model: place for place, model in enumerate(outcome.model_ids)}
    chosen = [
        one
        for one in outcome.mean_reliance
        if one.model_id in order
        and (
            one.direction == ("against" if one.question == "transplant" else "for")
            or _has_areas(outcome, one)
        )
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
    own.sort(key=lambda one: (not one.areas, _SCOPE_ORDER.index(one.scope), one.answer != "probability"))
    return own[0] if own else None


def scale_top(means: Sequence[MeanReliance]) -> float:
    """Return the round number at which the colours of all these maps end.

    Example:
        >>> scale_top([])
        0.02
    """
    highest = max((one.highest for one in means), default=0.0)
    return next((top for top in _ROUND_TOPS if highest <= top), 1.0)


def images_words(about: MapTest | MeanReliance) -> str:
    """Count the images of a test or a map, and their patients.

    Without patients the images are the unit.
    """
    patients = count(about.n_patients, "patient") if about.cluster == "patient" else "patients unknown"
    return f"{count(about.n_cases, f'{about.images} image')}, {patients}"


def change_words(about: MapTest | MeanReliance) -> str:
    """Say which change of a window does what to the answer.

    A test on log odds says so: they are no probability.
    """
    does = "hiding lowers" if about.direction == "for" else "hiding raises"
    if about.question == "transplant":
        verb = "lowers" if about.direction == "for" else "raises"
        does = f"copying it from a {about.target} image {verb}"
    on_odds = isinstance(about, MapTest) and about.answer == "log-odds"
    return f"{does} {f'the log odds of {about.target}' if on_odds else f'P({about.target})'}"


def area_place(area: Area) -> str:
    """Say where an area lies: its position in the frame, and the region that fills it."""
    region = "" if area.place == "outside" else region_words(area.place)
    position = area.position or position_words(area.peak)
    return f"{position} ({region})" if region and region != position else position


def position_words(box: FrameBox) -> str:
    """Name the ninth of the frame in which the centre of a box lies.

    Example:
        >>> position_words((0.0, 0.0, 0.1, 0.1)), position_words((0.4, 0.4, 0.6, 0.6)), position_words((0.4, 0.8, 0.6, 1.0))
        ('upper left', 'centre', 'lower middle')
    """
    down, across = (
        min(2, math.floor(3 * (low + high) / 2)) for low, high in ((box[1], box[3]), (box[0], box[2]))
    )
    if (down, across) == (1, 1):
        return "centre"
    return f"{('upper', 'middle', 'lower')[down]} {('left', 'middle', 'right')[across]}".replace(
        "middle middle", ""
    )


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


def no_area_sentence(test: MapTest, *, brief: bool = False) -> str:
    """Say that no place stands out, and how much the answer may still depend on the place that matters most.

    Args:
        brief: without the interval of that place and without the sum over the image.
    """
    about = f"{images_words(test)}: {change_words(test)}"
    if test.p is None:
        known = "" if test.largest is None else f" by up to {shown(test.largest.estimate)}"
        return f"{about}{known}, and fewer than 5 patients are too few to test where."
    high = None if test.largest is None else test.largest.high
    bound = "" if high is None else f", at no place by more than {shown(high)}"
    sentence = f"{about} nowhere beyond chance{bound}"
    if brief:
        return f"{sentence}."
    if test.largest is not None and high is not None:
        sentence += f" (upper end of the largest window's change, {interval(test.largest)})"
    if test.summed is not None and test.answer == "probability" and test.summed.estimate > MARGIN:
        sentence += f". All places together: {interval(test.summed)}, spread over the image"
    return f"{sentence}."


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
    text = (
        f"Shade: fall of {' or '.join(targets)} when a window there is hidden, mean over patients; "
        f"'{shades[1]}' from {shown(top / (2 * (len(shades) - 1)))}, '{shades[-1]}' from "
        f"{shown(top * (1 - 1 / (2 * (len(shades) - 1))))}. A number marks an area."
    )
    if any(one.direction == "against" and one.question == "hide" for one in drawn):
        text += " 'rises': by how much it rises instead."
    if any(one.question == "transplant" for one in drawn):
        text += " 'copied in': by how much it rises when the window is copied from an image of that class."
    return text


def _test_blocks(outcome: Outcome, *, brief: bool) -> list[Block]:
    rows: list[Row] = []
    sentences: list[Block] = []
    without: list[str] = []
    tests = _in_order(outcome)
    if brief:
        tests = [one for one in tests if _is_main(one) or not _main_areas(outcome, one)]
    for test in tests:
        if test.areas:
            rows += [heading(text) for text in _headings(test)]
            shown_areas = test.areas[:_BRIEF_AREAS] if brief else test.areas
            rows += [_area_row(area, test) for area in shown_areas]
            if len(shown_areas) < len(test.areas):
                rows.append(row("", f"and {len(test.areas) - len(shown_areas)} more", "", "", ""))
        elif _is_main(test):
            sentences.append(Paragraph(no_area_sentence(test, brief=brief), lead=f"{test.model_id}:"))
        else:
            without.append(f"{' '.join(_headings(test))}: {_bound(test)}")
    blocks: list[Block] = []
    if rows:
        n_columns = 4 if brief else 5
        columns = [
            Column("area", numeric=True),
            Column("where", wraps=True),
            Column("change", numeric=True),
            Column("patients", numeric=True),
            Column("best seen in", wraps=True),
        ]
        table = [line if line.heading else Row(line.cells[:n_columns]) for line in rows]
        blocks += [grid(columns[:n_columns], table), Paragraph(_legend(outcome, brief=brief), "dim")]
    blocks += sentences
    if without and not brief:
        lead = "Also tested, with no area; the number is the upper end of the largest window's interval:"
        blocks += [Paragraph(lead, "dim"), *(Paragraph(text, "dim", "-") for text in without)]
    return blocks


def _in_order(outcome: Outcome) -> list[MapTest]:
    order = {model: place for place, model in enumerate(outcome.model_ids)}
    return sorted(outcome.map_tests, key=lambda one: order.get(one.model_id, len(order)))


def _is_main(test: MapTest) -> bool:
    """Return True for the test on the whole image that the picture is of."""
    usual = "against" if test.question == "transplant" else "for"
    return (test.frame, test.scope, test.answer, test.direction) == ("image", "all", "probability", usual)


def _main_areas(outcome: Outcome, test: MapTest) -> bool:
    """Return True if the test that the picture is of has areas for the same model, images and target."""
    about = (test.model_id, test.images, test.target)
    return any(
        one.areas and _is_main(one) and (one.model_id, one.images, one.target) == about
        for one in outcome.map_tests
    )


def _headings(test: MapTest) -> list[str]:
    """Name a test, on two lines where one is too long for a narrow screen."""
    extra = _FRAMES.get(test.frame, f", relative to {test.frame}") + _SCOPES.get(
        test.scope, f", {test.scope}"
    )
    about, change = f"{test.model_id}, {images_words(test)}:", f"{change_words(test)}{extra}"
    whole = f"{about} {change}"
    return [whole] if len(whole) <= _LONGEST_HEADING else [about, change]


def _area_row(area: Area, test: MapTest) -> Row:
    where = area_place(area)
    if area.infills and set(area.infills) < set(test.infills):
        where += f"; undecided, holds with {', '.join(area.infills)} only"
    return row(
        str(area.number),
        where,
        interval(area.effect),
        percent(area.share_of_patients),
        ", ".join(area.examples) or "-",
    )


def _bound(test: MapTest) -> str:
    if test.p is None:
        return "fewer than 5 patients"
    high: Interval | None = test.largest
    return "no bound" if high is None or high.high is None else f"at most {shown(high.high)}"


def _legend(outcome: Outcome, *, brief: bool) -> str:
    if brief:
        return (
            "area: family-wise p < 0.05 over the whole image. change: mean over patients at its strongest window. patients: "
            "share of them whose answer changes there."
        )
    margins = sorted(
        {shown(one.margin) for one in outcome.map_tests if one.areas and one.answer == "probability"}
    )
    beyond = f" by more than {margins[0]}" if len(margins) == 1 else ""
    return (
        "area: windows that touch, each of which changes the answer more than the mean window, family-wise p < 0.05 over the "
        "whole image. change: mean over patients at its strongest window, with its interval. patients: share of them whose "
        f"answer changes there{beyond}."
    )
