"""The page's list of contents: its sections that hold anything, in three groups."""

from dataclasses import dataclass

from xaudit.report.html.parts import Page


@dataclass(frozen=True, slots=True)
class ContentsGroup:
    """Sections below one heading, each with its anchor and title."""

    title: str
    entries: tuple[tuple[str, str], ...]


def contents(page: Page) -> tuple[ContentsGroup, ...]:
    """List the sections in the order of the page, without those that only say why they are empty."""
    result = [
        ("verdict", "Verdict", True),
        ("deciding", "The cases that decide", not page.gallery.reason),
    ]
    evidence = [
        ("answers", "Right and wrong answers", bool(page.answers.matrices)),
        ("areas", "Where the answer comes from", bool(page.areas.blocks or page.areas.maps)),
        ("looks", "Where the model looks", bool(page.regions.bars)),
        ("reasons", "Right for the right reason", bool(page.reasons.models)),
        ("gallery", "All cases", not page.gallery.reason),
        ("scores", "Explainers beside controls", bool(page.scores.forests)),
        ("failures", "How the maps fail", page.failures.categories is not None),
        ("map-groups", page.groups.section.title, not page.groups.is_empty),
        ("pairs", "Explainers compared", page.pairs is not None),
        ("strata", "Strata", bool(page.strata.sections)),
        ("curves", "Faithfulness curves", bool(page.curves.charts)),
        ("sanity", "Sanity", bool(page.sanity.sections)),
        ("data-checks", page.data.section.title, not page.data.is_empty),
    ]
    if page.calibration is not None:
        evidence.append(("calibration", page.calibration.section.title, True))
    method = [
        ("definitions", "What the findings mean", bool(page.closing.definitions)),
        ("left-out", "Left out, and notes", True),
        ("again", "How to run it again", True),
    ]
    groups = (("Result", result), ("Evidence", evidence), ("Method", method))
    return tuple(
        ContentsGroup(title, kept)
        for title, entries in groups
        if (kept := tuple((anchor, name) for anchor, name, holds in entries if holds))
    )
