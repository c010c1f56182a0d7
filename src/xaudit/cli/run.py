"""``xaudit run``, and its stages ``train``, ``predict``, ``explain`` and ``score``."""

import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import xaudit
from xaudit.cli.ci_output import CiOutput, Github, Junit, tell_ci
from xaudit.cli.options import (
    DEFAULT_OUT,
    AuditPath,
    Choices,
    Device,
    ExitZero,
    ExplainerNames,
    FailUnder,
    Fresh,
    Full,
    Limit,
    MaxErrorRate,
    MetricNames,
    Out,
    Overrides,
    Quiet,
    ReportAs,
    Retrain,
    Seed,
    Shard,
    Verbose,
    Workers,
)
from xaudit.cli.output import ReportFormat, emit, say
from xaudit.cli.share_done import share_done
from xaudit.cli.variadic import names_in
from xaudit.counts import counted
from xaudit.errors import UnansweredError, UsageError, did_you_mean

if TYPE_CHECKING:
    from xaudit.config import AuditFile
    from xaudit.stages import Share

Stage = Literal["train", "predict", "explain", "score", "report"]

DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True, slots=True)
class Manner:
    """How a run is carried out and shown; none of it changes a result."""

    out: Path
    device: str
    fresh: bool
    retrain: bool
    exit_zero: bool
    form: ReportFormat
    full: bool
    quiet: bool
    verbose: bool
    ci: CiOutput
    workers: int = 1
    share: "Share | None" = None
    merges: tuple[Path, ...] = ()


def stage_command(until: Stage, meaning: str) -> Callable[..., int]:
    """The function behind one command; all of them take the same options.

    Args:
        until: the last stage that is carried out.
        meaning: the command's help.
    """

    def command(
        audit: AuditPath = None,
        out: Out = DEFAULT_OUT,
        overrides: Overrides = None,
        explainer: ExplainerNames = None,
        metric: MetricNames = None,
        limit: Limit = None,
        seed: Seed = None,
        device: Device = "auto",
        fresh: Fresh = False,
        retrain: Retrain = False,
        workers: Workers = 1,
        shard: Shard = None,
        max_error_rate: MaxErrorRate = None,
        fail_under: FailUnder = None,
        exit_zero: ExitZero = False,
        form: ReportAs = ReportFormat.RICH,
        full: Full = False,
        quiet: Quiet = False,
        verbose: Verbose = 0,
        junit: Junit = None,
        github: Github = False,
    ) -> int:
        choices = Choices(
            explainers=names_in(explainer),
            metrics=names_in(metric),
            overrides=tuple(overrides or ()),
            limit=limit,
            seed=seed,
            max_error_rate=max_error_rate,
            gates=tuple(fail_under or ()),
        )
        for option, given in (("--junit", junit is not None), ("--fail-under", bool(fail_under))):
            if given and until != "report":
                raise UsageError(f"{option}: `xaudit {until}` judges no gate", hint="`xaudit run` does")
        share = share_of(shard)
        if share is not None and until in ("train", "predict"):
            raise UsageError(
                f"--shard: `xaudit {until}` is not divided",
                hint=f"give `xaudit {until}` once without it; every shard then goes on from there",
            )
        ci = CiOutput(junit, github)
        manner = Manner(
            out, device, fresh, retrain, exit_zero, form, full, quiet, verbose > 0, ci, workers, share
        )
        return carry_out(audit, choices, manner, until=until)

    command.__name__ = "run" if until == "report" else until
    command.__doc__ = meaning
    return command


def share_of(text: str | None) -> "Share | None":
    """The share that ``--shard`` names; raises UsageError where it names none.

    Example:
        >>> str(share_of("2/8"))
        '2/8'
    """
    from xaudit.stages import Share

    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise UsageError(
            f"--shard: '{text}' is no share of the work", hint="for example --shard 2/8: the second of eight"
        )
    return Share(int(found[1]), int(found[2]))


def carry_out(path: Path | None, choices: Choices, manner: Manner, *, until: Stage) -> int:
    """Reads the audit, carries it out up to a stage, prints what came of it, and returns the exit code."""
    from xaudit.cli.audit_choice import audit_source, chosen_audit

    source, shown = audit_source(path)
    if manner.device not in DEVICES and not manner.device.startswith("cuda:"):
        hint = did_you_mean(manner.device, DEVICES, otherwise=f"there are {', '.join(DEVICES)}")
        raise UsageError(f"--device: no device is called '{manner.device}'", hint=hint)
    say(f"xaudit {xaudit.__version__}: {shown}, runs in {manner.out}", quiet=manner.quiet)
    audit, notes = chosen_audit(source, choices)
    for note in notes:
        say(note)
    _refuse_faults(audit, manner, until)
    return _run(audit, manner, path, choices, until=until)


def _refuse_faults(audit: "AuditFile", manner: Manner, until: Stage) -> None:
    """Raises the first of the faults that show before the work begins; `xaudit config validate` lists all."""
    from xaudit.stages.work.audit_check import check_audit

    faults = check_audit(audit, out=manner.out, device=manner.device, until=until).faults
    if faults:
        raise faults[0]


def _run(audit: "AuditFile", manner: Manner, path: Path | None, choices: Choices, *, until: Stage) -> int:
    from xaudit.api.publishing import publish, publish_unanswered
    from xaudit.cli.progress import progress_report
    from xaudit.cli.show_outcome import show_outcome
    from xaudit.cli.verdict_exit import verdict_exit
    from xaudit.stages import RunRequest, merge_shares, run_audit

    request = RunRequest(
        audit=audit,
        out=manner.out,
        device=manner.device,
        fresh=manner.fresh,
        retrain=manner.retrain,
        command=("xaudit", *sys.argv[1:]),
        workers=manner.workers,
        share=manner.share,
        merges=manner.merges,
    )
    try:
        with progress_report(quiet=manner.quiet, verbose=manner.verbose) as report:
            if manner.merges:
                finished = merge_shares(request, on_progress=report)
            else:
                finished = run_audit(request, until=until, on_progress=report)
    except UnansweredError as error:
        publish_unanswered(error, *filter(None, [manner.ci.junit]))
        raise
    if manner.share is not None:
        emit(share_done(finished.folder, request, path, choices))
        return 0
    if finished.outcome is None:
        emit(str(finished.folder))
        return 0
    published = publish(finished)
    say(
        f"{counted(published.n_overlays, 'overlay')} in {finished.folder / 'figures'}",
        quiet=manner.quiet or not published.n_overlays,
    )
    show_outcome(
        finished.outcome,
        manner.form,
        folder=str(finished.folder),
        command=shlex.join(request.command),
        full=manner.full,
    )
    if published.page is not None:
        say(f"the whole report with its pictures: {published.page}", quiet=manner.quiet)
    tell_ci(finished.outcome, manner.ci)
    return verdict_exit(finished.outcome, exit_zero=manner.exit_zero)
