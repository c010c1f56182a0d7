"""The data, in the report of a run: the checks of the data that the run carried out."""

from xaudit.records import DataCheck, Outcome, Verdict
from xaudit.report.grid import Block, Paragraph, Section
from xaudit.report.sections.data_audit.whole import SECTIONS

TITLE = "The data"

_MORE = (
    "A run carries out the checks that cost next to nothing, and those that a gate is about. `xaudit data audit` carries out "
    "all of them."
)


def data_section(outcome: Outcome, *, brief: bool = False) -> Section | None:
    """Show the findings of the checks of the data; None if there is nothing to show.

    Args:
        brief: the findings alone, without tables.
    """
    checks = outcome.data_checks
    if not checks:
        return None
    blocks: list[Block] = []
    for check in checks:
        blocks += [_finding(one) for one in check.verdicts]
        if brief:
            continue
        blocks.append(Paragraph(_title(check, checks), "strong"))
        blocks += SECTIONS[check.id](check).blocks
    skipped = [text for check in checks for text in check.skipped]
    blocks += [Paragraph(text, lead="-") for text in skipped]
    if brief and not blocks:
        return None
    return Section(TITLE, tuple(blocks) if brief else (*blocks, Paragraph(_MORE, "dim")))


def _finding(finding: Verdict) -> Paragraph:
    """Show a finding under its code, as reports of runs do: PASS and FAIL stand there for verdicts on models."""
    return Paragraph(finding.sentence.rstrip(".") + ".", lead=finding.code)


def _title(check: DataCheck, checks: tuple[DataCheck, ...]) -> str:
    several = len({one.dataset_id for one in checks}) > 1
    return f"{check.title}: {check.dataset_id}" if several else check.title
