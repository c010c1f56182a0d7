"""``xaudit run``, and its stages ``train``, ``predict``, ``explain`` and ``score``."""

import re
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import xaudit
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
    Github,
    Junit,
    Limit,
    MaxErrorRate,
    MetricNames,
    Out,
    Overrides,
    Quiet,
    ReportAs,
    Retrain,
    Sarif,
    Seed,
    Shard,
    Verbose,
    Workers,
)
from xaudit.cli.output import ReportFormat, emit, foreign_prints, say
from xaudit.cli.share_done import share_done
from xaudit.cli.variadic import names_in
from xaudit.errors import UnansweredError, UsageError, did_you_mean

if TYPE_CHECKING:
    from xaudit.config import AuditFile
    from xaudit.records import Outcome
    from xaudit.stages import Share

Stage = Literal["train", "predict", "explain", "score", "report"]

DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of one command line that decide how a run is carried out and shown; none changes a result."""

    out: Path
    device: str
    fresh: bool
    retrain: bool
    workers: int
    form: ReportFormat
    full: bool
    verbose: bool
    quiet: bool
    junit: Path | None
    github: bool
    exit_zero: bool
    share: "Share | None" = None
    sarif: Path | None = None
    merges: tuple[Path, ...] = ()


def stage_command(until: Stage, meaning: str) -> Callable[..., int]:
    """Return the function behind the command that goes up to a stage; ``meaning`` is its help."""

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
        sarif: Sarif = None,
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
        share = share_of(shard)
        _refuse_options(
            until, {"--junit": junit, "--sarif": sarif, "--fail-under": fail_under or None}, share
        )
        options = RunOptions(
            out, device, fresh, retrain, workers, form, full, verbose > 0, quiet, junit, github, exit_zero
        )
        options = replace(options, share=share, sarif=sarif)
        return carry_out(audit, choices, options, until=until)

    command.__name__ = "run" if until == "report" else until
    command.__doc__ = meaning
    return command


def _refuse_options(until: Stage, of_gates: Mapping[str, object], share: "Share | None") -> None:
    """Raise UsageError for an option that means nothing to the stage."""
    for option, given in of_gates.items():
        if given is not None and until != "report":
            raise UsageError(f"{option}: `xaudit {until}` judges no gate", hint="`xaudit run` does")
    if share is not None and until in ("train", "predict"):
        raise UsageError(
            f"--shard: `xaudit {until}` is not divided",
            hint=f"give `xaudit {until}` once without it; every shard then goes on from there",
        )


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


def carry_out(path: Path | None, choices: Choices, options: RunOptions, *, until: Stage) -> int:
    """Read the audit, carry it out up to a stage, publish the result, and return the exit code."""
    from xaudit.cli.audit_choice import audit_source, chosen_audit

    source, shown = audit_source(path)
    if options.device not in DEVICES and not options.device.startswith("cuda:"):
        hint = did_you_mean(options.device, DEVICES, otherwise=f"there are {', '.join(DEVICES)}")
        raise UsageError(f"--device: no device is called '{options.device}'", hint=hint)
    say(f"xaudit {xaudit.__version__}: {shown}, runs in {options.out}", quiet=options.quiet)
    audit, notes = chosen_audit(source, choices)
    for note in notes:
        say(note)
    _refuse_faults(audit, options, until)
    settings = audit.reliance
    if until in ("score", "report") and settings.enabled and settings.map.enabled:
        say(
            f"reliance map: {settings.map.n_evals} evaluations of each model for an image, and "
            f"{settings.map.n_evals_of_transplant} more for one of another class than the target (`reliance.map`)",
            quiet=options.quiet,
        )
    if until in ("score", "report") and settings.image_changes:
        fewest, most = settings.image.n_evals
        say(
            f"whole image: {fewest} evaluations of each model for an image, {most} where a finding is marked "
            "(`reliance.image`)",
            quiet=options.quiet,
        )
    return _run(audit, options, path, choices, until=until)


def _refuse_faults(audit: "AuditFile", options: RunOptions, until: Stage) -> None:
    """Raise the first of the faults that show before the work begins; `xaudit config validate` lists all."""
    from xaudit.stages.work.audit_check import check_audit

    with foreign_prints():
        faults = check_audit(audit, out=options.out, device=options.device, until=until).faults
    if faults:
        raise faults[0]


def _run(
    audit: "AuditFile", options: RunOptions, path: Path | None, choices: Choices, *, until: Stage
) -> int:
    from xaudit.cli.progress import progress_report
    from xaudit.cli.show_outcome import show_outcome
    from xaudit.report.publish import Publication, publish_run, publish_unanswered
    from xaudit.stages import RunRequest, merge_shares, run_audit

    request = RunRequest(
        audit=audit,
        out=options.out,
        device=options.device,
        fresh=options.fresh,
        retrain=options.retrain,
        command=("xaudit", *sys.argv[1:]),
        workers=options.workers,
        share=options.share,
        merges=options.merges,
    )
    try:
        with foreign_prints(), progress_report(quiet=options.quiet, verbose=options.verbose) as report:
            if options.merges:
                finished = merge_shares(request, on_progress=report)
            else:
                finished = run_audit(request, until=until, on_progress=report)
    except UnansweredError as error:
        publish_unanswered(error, options.junit, options.sarif)
        raise
    if options.share is not None:
        emit(share_done(finished.folder, request, path, choices))
        return 0
    if finished.outcome is None:
        emit(str(finished.folder))
        return 0

    def show(outcome: "Outcome") -> None:
        folder, command = str(finished.folder), shlex.join(request.command)
        show_outcome(outcome, options.form, folder=folder, command=command, full=options.full)

    publication = Publication(options.junit, options.github, options.exit_zero, options.quiet, options.sarif)
    return publish_run(finished, publication, show=show, tell=say)
