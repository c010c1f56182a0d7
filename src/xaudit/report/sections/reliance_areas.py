"""Places of the image that each model's answer depends on: a small picture, and a table of areas."""

from collections.abc import Sequence

from xaudit.metrics.reliance_map.frames import position_in_words
from xaudit.records import Area, FrameBox, MapTest, MeanReliance, Outcome
from xaudit.report.grid import Block, Column, Paragraph, Row, Section, grid, heading, row
from xaudit.report.sections.maps.mean_maps import SCOPES, mean_map_blocks, usual_direction
from xaudit.report.wording import count, interval, percent, region_words
from xaudit.statistics.digits import shown

TITLE = "Where the answer comes from"

_BRIEF_AREAS = 3
_LONGEST_HEADING = 80
_LEAST = 0.01
_FRAMES = {"image": "", "lungs": ", relative to the lungs", "mark": ", relative to the mark"}
_SCOPES = {"all": "", "outside-mark": ", outside the mark", "elsewhere": ", outside the mark and its lung"}


def areas_section(
    outcome: Outcome, *, plain: bool = False, brief: bool = False, wide: bool = False
) -> Section | None:
    """Draw each model's mean reliance map and list its areas; None if no window was replaced.

    Args:
        plain: shades in ASCII.
        brief: a few areas of each test, and nothing of tests that show none beside the main one.
        wide: long headings stay on one line.
    """
    blocks = mean_map_blocks(outcome, plain=plain, brief=brief)
    blocks += _test_blocks(outcome, brief=brief, wide=wide)
    return Section(TITLE, tuple(blocks)) if blocks else None


def images_words(about: MapTest | MeanReliance) -> str:
    """Count the images of a test or a map, and their patients.

    Without patients the images are the unit.
    """
    patients = count(about.n_patients, "patient") if about.cluster == "patient" else "patients unknown"
    return f"{count(about.n_cases, f'{about.images} image')}, {patients}"


def units_of(several: Sequence[MapTest | MeanReliance]) -> str:
    """Name what counts once in these tests or maps: images where the data names no patients."""
    return "patients" if all(one.cluster == "patient" for one in several) else "images"


def change_words(about: MapTest | MeanReliance) -> str:
    """Name the change of the answer that is measured.

    A test on log odds says so: they are no probability.
    """
    change = "fall" if about.direction == "for" else "rise"
    on_odds = isinstance(about, MapTest) and about.answer == "log-odds"
    answer = f"the log odds of {about.target}" if on_odds else f"P({about.target})"
    when = f"copied from a {about.target} image" if about.question == "transplant" else "hidden"
    return f"{change} of {answer} when a place is {when}"


def area_place(area: Area) -> str:
    """Say where an area lies: its position in the frame, and the region that fills it."""
    region = "" if area.place == "outside" else region_words(area.place)
    position = area.position or position_in_words(area.peak)
    return f"{position} ({region})" if region and region != position else position


def no_area_sentence(test: MapTest, *, brief: bool = False) -> str:
    """Say that no place stands out, and how much the answer may still depend on the place that matters most.

    Args:
        brief: without the interval of that place and without the sum over the image.
    """
    change = change_words(test)
    change = change[:1].upper() + change[1:]
    largest = test.largest
    if test.p is None:
        known = "" if largest is None else f" {change}: up to {shown(largest.estimate)}."
        return f"{images_words(test)}: fewer than 5 {units_of([test])} are too few to test where.{known}"
    sentence = f"{images_words(test)}: no place stands out."
    if largest is None or largest.high is None:
        return sentence
    sentence += f" {change}: {_bound(largest.high)} at any place"
    if brief:
        return f"{sentence}."
    sentence += f" (upper end for the window with the largest, {interval(largest)})"
    if test.net is not None and test.net.low is not None and test.net.low > test.margin:
        sentence += f". All places together: {interval(test.net)}, spread over the image"
    return f"{sentence}."


def _bound(high: float) -> str:
    return f"under {_LEAST}" if high < _LEAST else f"at most {shown(high)}"


def _test_blocks(outcome: Outcome, *, brief: bool, wide: bool) -> list[Block]:
    rows: list[Row] = []
    sentences: list[Block] = []
    for tests in _populations(outcome):
        chosen = _brief_tests(tests) if brief else _full_tests(tests)
        for test in chosen:
            headings = _headings(test)
            rows += [heading(text) for text in ([" ".join(headings)] if wide else headings)]
            shown_areas = test.areas[:_BRIEF_AREAS] if brief else test.areas
            rows += [_area_row(area, test) for area in shown_areas]
            if len(shown_areas) < len(test.areas):
                rows.append(row("", f"and {len(test.areas) - len(shown_areas)} more", "", "", "", ""))
        main = next((one for one in tests if _is_main(one) and not one.areas), None)
        if main is not None and not (brief and chosen):
            sentences.append(Paragraph(no_area_sentence(main, brief=brief), lead=f"{main.model_id}:"))
        if not brief and (others := _others(tests, chosen)):
            sentences.append(Paragraph(others, "dim"))
    blocks: list[Block] = []
    if rows:
        n_columns = 4 if brief else 6
        columns = [
            Column("area", numeric=True),
            Column("where", wraps=True),
            Column("change", numeric=True),
            Column(units_of(outcome.map_tests), numeric=True),
            Column("odd", numeric=True),
            Column("best seen in", wraps=True),
        ]
        table = [line if line.heading else Row(line.cells[:n_columns]) for line in rows]
        blocks += [grid(columns[:n_columns], table), Paragraph(_legend(outcome, brief=brief), "dim")]
    return blocks + sentences


def _populations(outcome: Outcome) -> list[list[MapTest]]:
    """Return the tests of the same model, images, target and question together, in the order of the models."""
    groups: dict[tuple[str, ...], list[MapTest]] = {}
    for one in _in_order(outcome):
        groups.setdefault((one.model_id, one.images, one.target, one.question), []).append(one)
    return list(groups.values())


def _full_tests(tests: Sequence[MapTest]) -> list[MapTest]:
    """Return the tests that show areas, less those that repeat another.

    A test of log odds repeats that of probabilities, and one of fewer windows that of all windows if each of its areas has
    the same strongest window.
    """

    def about(test: MapTest) -> tuple[str, ...]:
        return test.direction, test.frame, test.scope

    certain = {about(one) for one in tests if one.areas and one.answer == "probability"}
    kept: list[MapTest] = []
    peaks: set[tuple[str, str, FrameBox]] = set()
    for one in sorted(tests, key=lambda one: SCOPES.index(one.scope)):
        own = {(one.direction, one.frame, area.peak) for area in one.areas}
        repeats = own <= peaks or (one.answer != "probability" and about(one) in certain)
        if own and not repeats:
            kept.append(one)
        peaks |= own
    return [one for one in tests if one in kept]


def _brief_tests(tests: Sequence[MapTest]) -> list[MapTest]:
    """Return the test with areas that covers most, and that of the other direction if it has any on the whole image."""
    shown_tests = sorted(
        _full_tests(tests),
        key=lambda one: (
            one.direction != usual_direction(one.question),
            one.frame != "image",
            SCOPES.index(one.scope),
            one.answer != "probability",
        ),
    )
    first = shown_tests[:1]
    others = [
        one
        for one in shown_tests[1:]
        if one.direction != first[0].direction and (one.frame, one.scope) == ("image", "all")
    ]
    return first + others[:1]


def _others(tests: Sequence[MapTest], chosen: Sequence[MapTest]) -> str:
    """Count the tests of the same images that are not in the table."""
    same = sum(bool(one.areas) for one in tests if one not in chosen)
    none = sum(not one.areas and not _is_main(one) for one in tests)
    about = f"{tests[0].model_id}, {images_words(tests[0])}:"
    if tests[0].question == "transplant":
        about += " windows copied in,"
    parts = []
    if same:
        parts.append(
            f"{count(same, 'test')} of log odds or fewer windows {'repeats' if same == 1 else 'repeat'} these areas"
        )
    if none:
        kinds = "rises and falls, log odds, other frames, places outside the mark"
        parts.append(f"{count(none, 'other test')} ({kinds}) {'shows' if none == 1 else 'show'} no area")
    return f"{about} {'; '.join(parts)}." if parts else ""


def _in_order(outcome: Outcome) -> list[MapTest]:
    order = {model: place for place, model in enumerate(outcome.model_ids)}
    return sorted(outcome.map_tests, key=lambda one: order.get(one.model_id, len(order)))


def _is_main(test: MapTest) -> bool:
    """Return True for the test on the whole image that the picture is of."""
    about = (test.frame, test.scope, test.answer, test.direction)
    return about == ("image", "all", "probability", usual_direction(test.question))


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
        "-" if area.odd is None else percent(area.odd),
        ", ".join(area.examples) or "-",
    )


def _legend(outcome: Outcome, *, brief: bool) -> str:
    units = units_of(outcome.map_tests)
    if brief:
        return (
            f"area: family-wise p < 0.05 over the whole image. change: mean over {units} at its strongest window. {units}: "
            "share of them whose answer changes there."
        )
    margins = sorted(
        {shown(one.margin) for one in outcome.map_tests if one.areas and one.answer == "probability"}
    )
    beyond = f" by more than {margins[0]}" if len(margins) == 1 else ""
    return (
        "area: windows that touch, each of which changes the answer more than the mean window, family-wise p < 0.05 over the "
        f"whole image. change: mean over {units} at its strongest window, with its interval. {units}: share of them whose "
        f"answer changes there{beyond}. odd: share of these changed images that lie farther from real images, in the model's "
        "own features, than 99 % of real images do; the answer to an odd image may be the in-fill's doing."
    )
