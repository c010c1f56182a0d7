"""``xaudit report``: the report of a run that is finished."""

from xaudit.cli.options import DEFAULT_OUT, Full, Out, ReportAs, RunPath
from xaudit.cli.output import ReportFormat


def report(
    run: RunPath = None, out: Out = DEFAULT_OUT, form: ReportAs = ReportFormat.RICH, full: Full = False
) -> int:
    """Shows a finished run again.

    Exits with 0 whatever its verdict; `xaudit gate` judges.
    """
    from xaudit.cli.audit_choice import existing_run
    from xaudit.cli.show_outcome import show_outcome
    from xaudit.stages import load_outcome

    folder = existing_run(run, out)
    show_outcome(load_outcome(folder), form, folder=str(folder), full=full)
    return 0
