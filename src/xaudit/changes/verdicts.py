"""The verdicts that differ between two runs."""

from collections.abc import Sequence

from xaudit.records import Verdict, VerdictChange


def verdict_changes(base: Sequence[Verdict], head: Sequence[Verdict]) -> tuple[VerdictChange, ...]:
    """Return every verdict whose status or code differs, or that only one run has; those of the head run first.

    Two verdicts answer the same question if model, subject and rule agree.
    """
    before = {_question(verdict): verdict for verdict in base}
    after = {_question(verdict): verdict for verdict in head}
    changed = [
        VerdictChange(before.get(question), verdict)
        for question, verdict in after.items()
        if _answer(before.get(question)) != _answer(verdict)
    ]
    gone = [VerdictChange(verdict, None) for question, verdict in before.items() if question not in after]
    return (*changed, *gone)


def _question(verdict: Verdict) -> tuple[str, str, str, str]:
    # A control that keeps a gate stands beside that gate's own verdict and answers another question.
    return verdict.model_id, verdict.subject, verdict.rule, verdict.code if verdict.code == "XA103" else ""


def _answer(verdict: Verdict | None) -> tuple[str, str] | None:
    return None if verdict is None else (verdict.code, verdict.status)
