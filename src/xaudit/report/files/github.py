"""A finished run as GitHub Actions shows it: annotations on the workflow, and the step's summary.

GitHub shows at most ten annotations of a kind for a step and drops the rest without a word, and it drops a summary
of more than 1 MiB as a whole. So what does not fit is counted here, and said.
"""

from collections.abc import Sequence

from xaudit.records import Outcome, Verdict
from xaudit.report.files.markdown import escaped, markdown_section
from xaudit.report.sections.verdict import is_about_answers, is_gate
from xaudit.report.sections.whole import report_sections, report_title
from xaudit.report.wording import count

MOST_ANNOTATIONS = 10
"""Of one kind for one step."""

LONGEST_SUMMARY = 1024 * 1024
"""Bytes for one step, with what other commands of the same step wrote."""

_KEPT_SECTIONS = 2
"""Verdict and gates: rather cut within these than leave them out."""

_CUT = "\n\n*The rest does not fit into a step summary; the whole report is in the run folder.*\n"


def annotations(outcome: Outcome) -> list[str]:
    """Workflow commands, one a line: an error for each missed gate, a warning for each that only informs.

    What is wrong with a model's answers, such as swapped classes, is a warning too; other findings are not annotated.
    """
    answers = [verdict for verdict in outcome.verdicts if is_about_answers(verdict)]
    gates = [verdict for verdict in outcome.verdicts if is_gate(verdict) and verdict.status != "pass"]
    return [
        *_commands("error", [verdict for verdict in gates if verdict.gating]),
        *_commands("warning", [*answers, *(verdict for verdict in gates if not verdict.gating)]),
    ]


def step_summary(outcome: Outcome, *, room: int = LONGEST_SUMMARY) -> str:
    """The report as Markdown; where it would not fit, cut before a section, but verdict and gates stay if they can.

    Args:
        room: bytes that are left.
    """
    text = f"# {escaped(report_title(outcome))}\n"
    for section in report_sections(outcome):
        longer = f"{text}\n{markdown_section(section)}\n"
        if len(longer.encode()) > room:
            return _cut(text if text.count("\n## ") >= _KEPT_SECTIONS else longer, room)
        text = longer
    return text


def _commands(kind: str, verdicts: Sequence[Verdict]) -> list[str]:
    shown = verdicts if len(verdicts) <= MOST_ANNOTATIONS else verdicts[: MOST_ANNOTATIONS - 1]
    lines = [
        f"::{kind} title={_property(f'{verdict.code} {verdict.subject}')}::"
        + _data(f"{verdict.rule}: {verdict.sentence}")
        for verdict in shown
    ]
    if len(shown) < len(verdicts):
        lines.append(
            f"::{kind} title=xaudit::{count(len(verdicts) - len(shown), 'more gate')}: see the step summary"
        )
    return lines


def _data(text: str) -> str:
    """A message in which nothing is taken for the end of the command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """A property's value in which nothing is taken for the next property."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _cut(text: str, room: int) -> str:
    """The text with a last line that says it was cut, in no more than so many bytes; empty where not even that fits."""
    space = room - len(_CUT.encode())
    if space < 0:
        return ""
    return text.encode()[:space].decode(errors="ignore").rstrip("\n") + _CUT
