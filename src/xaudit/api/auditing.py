"""Carry out an audit from Python, with the results of ``xaudit run`` to the bit."""

import json
import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xaudit.api.progress import progress_bars
from xaudit.api.run import Run
from xaudit.counts import counted
from xaudit.errors import ExitCode, UnansweredError, UsageError
from xaudit.records import Progress, Verdict

if TYPE_CHECKING:
    from xaudit.config import AuditFile

Source = str | os.PathLike[str] | Mapping[str, object] | None


@dataclass(frozen=True)
class Outcome:
    """A finished audit: its run and what its gates and findings conclude.

    Attributes:
        run: its tables, maps and page.
        verdicts: every gate and finding, as ``gates.json`` has them.
        exit_code: that of ``xaudit run``: ``GATE_FAILED`` (1) where a gate failed or had no value, else ``OK`` (0).
    """

    run: Run
    verdicts: tuple[Verdict, ...]
    exit_code: ExitCode

    @property
    def gates(self) -> tuple[Verdict, ...]:
        """The verdicts that are about a limit of the audit."""
        return tuple(one for one in self.verdicts if one.kind == "gate")

    def __repr__(self) -> str:
        gating = [one.status for one in self.verdicts if one.gating]
        n_missed = len(gating) - gating.count("pass")
        return f"<xaudit.Outcome {self.run.run_id}: {n_missed} of {counted(len(gating), 'gate')} missed>"

    def _repr_html_(self) -> str:
        return self.run._repr_html_()


def audit(
    source: Source = None,
    *,
    out: str | os.PathLike[str] = "runs",
    progress: bool | Callable[[Progress], None] = True,
    overrides: Mapping[str, object] | None = None,
    device: str = "auto",
    workers: int = 1,
) -> Outcome:
    """Carry out an audit and return what it concludes; what an earlier call or command finished is not done again.

    A gate that fails is no exception: see :attr:`Outcome.exit_code`. What is finished stays in the run folder whatever
    happens, and the same call goes on from there.

    Args:
        source: an audit file (YAML, or TOML by its suffix), or the same keys as a mapping, whose relative paths start
            from the working directory. None audits the built-in phantom study.
        out: the folder in which run folders stand.
        progress: True shows bars in a terminal or a notebook, False nothing; a function is called with each
            :class:`xaudit.records.Progress`.
        overrides: settings that replace those of the audit, such as ``{"run.limit": 20}``.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        workers: processes that explain and score side by side. With more than one, a script calls this under
            ``if __name__ == "__main__":``, since each process imports the script.

    Raises:
        AuditFileError: where the audit cannot be read or means nothing.
        DataError, ModelError, PluginError: where data, a model or a plug-in cannot be used.
        OutputError: where the run folder cannot be written.
        IncompleteRunError: where more cases failed than the audit allows.
        NothingScoredError: where no metric has a value on any map.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise UsageError(
            "xaudit.audit was called while a worker process imported the script",
            hint='call it under `if __name__ == "__main__":`',
        )
    if workers < 1:
        raise UsageError(f"workers: expected at least 1, got {workers}", hint="1 works in this process")
    with _process_restored():
        from xaudit.report.publish import Publication, publish_run, publish_unanswered
        from xaudit.stages import RunRequest, run_audit
        from xaudit.stages.work.audit_check import check_audit

        chosen = _read(source, overrides or {})
        for fault in check_audit(chosen, out=Path(out), device=device).faults:
            raise fault
        command = _command(source, overrides or {}, out)
        request = RunRequest(chosen, Path(out), device=device, workers=workers, command=command)
        try:
            with nullcontext(progress) if callable(progress) else progress_bars(wanted=progress) as report:
                finished = run_audit(request, on_progress=report)
        except UnansweredError as error:
            publish_unanswered(error, None)
            raise
        exit_code = publish_run(finished, Publication(quiet=True), show=lambda _: None, tell=lambda _: None)
    assert finished.outcome is not None
    return Outcome(Run(finished.folder), finished.outcome.verdicts, exit_code)


@contextmanager
def _process_restored() -> Iterator[None]:
    """Undo at the end what the work inside does to warning filters and to torch's global generator.

    Some libraries add filters when they are imported, and building a network draws from the generator.
    """
    with warnings.catch_warnings():
        # A library's own bars are not shown, so that a notebook has no widgets for them does not matter.
        warnings.filterwarnings("ignore", message="IProgress not found")
        import torch

        with torch.random.fork_rng(devices=[]):
            yield


def _read(source: Source, overrides: Mapping[str, object]) -> "AuditFile":
    from xaudit.config import build_audit_file, read_audit_file
    from xaudit.stages import default_audit

    settings = tuple(_as_option(*one) for one in overrides.items())
    if source is None:
        return default_audit(settings)
    if isinstance(source, Mapping):
        plain = {str(key): _plain(value) for key, value in source.items()}
        return build_audit_file(plain, shown="audit", root=Path.cwd(), overrides=settings)
    return read_audit_file(Path(source), overrides=settings)


def _as_option(key: str, value: object) -> str:
    """Return a setting as the option ``--set`` takes it.

    Example:
        >>> _as_option("explainers", ("lime", "gradcam"))
        'explainers=["lime", "gradcam"]'
    """
    return f"{key}={json.dumps(_plain(value))}"


def _plain(value: object) -> object:
    """Return a value as YAML gives it: paths as texts, sequences as lists, arrays and their numbers as Python's."""
    match value:
        case Mapping():
            return {key: _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case os.PathLike():
            return os.fspath(value)
        case _:
            to_list = getattr(value, "tolist", None)
            return value if to_list is None else to_list()


def _command(source: Source, overrides: Mapping[str, object], out: str | os.PathLike[str]) -> tuple[str, ...]:
    """Return the command line that does the same, for the manifest; empty for a mapping, which no command takes."""
    if isinstance(source, Mapping):
        return ()
    file = () if source is None else (os.fspath(source),)
    settings = [word for one in overrides.items() for word in ("--set", _as_option(*one))]
    return ("xaudit", "run", *file, "--out", os.fspath(out), *settings)
