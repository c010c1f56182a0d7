"""The exit code that a verdict asks for, and the line that explains it."""

from xaudit.cli.output import say
from xaudit.errors import ExitCode
from xaudit.records import Outcome
from xaudit.report.wording import count
from xaudit.verdict import missed_gates


def verdict_exit(outcome: Outcome, *, exit_zero: bool) -> int:
    """1 where a gating verdict failed or had no value, explained on stderr; else 0."""
    missed = missed_gates(outcome.verdicts)
    if not missed:
        return int(ExitCode.OK)
    n_gating = sum(v.gating for v in outcome.verdicts)
    models = ", ".join(dict.fromkeys(v.model_id for v in missed))
    what = f"{len(missed)} of {count(n_gating, 'gate')} not passed ({models})"
    if exit_zero:
        say(f"exit code 0 because of --exit-zero, although {what}")
        return int(ExitCode.OK)
    say(f"exit code 1: {what}; with --exit-zero it would be 0")
    return int(ExitCode.GATE_FAILED)
