"""An audit from its file to its outcome, stage by stage; each stage goes on from what an earlier start left.

Importing this room costs nothing; torch and pyarrow arrive with the first call.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xaudit.config import AuditFile
from xaudit.errors import RunFolderError
from xaudit.records import Comparison, Outcome, Progress, RunDiff
from xaudit.stages.outcome.limits import Limits
from xaudit.stages.request import FinishedRun, RunRequest, Share, Stage
from xaudit.stages.work.phantom_study import default_audit, default_audit_text

if TYPE_CHECKING:
    from xaudit.stages.views.case_view import CaseView
    from xaudit.stages.views.report_material import ReportMaterial
    from xaudit.stages.views.run_pair import RunPair

__all__ = [
    "AuditFile",
    "FinishedRun",
    "Limits",
    "RunRequest",
    "Share",
    "Stage",
    "default_audit",
    "default_audit_text",
    "load_case",
    "load_comparisons",
    "load_diff",
    "load_ids",
    "load_material",
    "load_outcome",
    "load_run_pair",
    "merge_shares",
    "names_in_runs",
    "newest_run",
    "regate",
    "run_audit",
    "states_of_shares",
    "unfinished_since",
]


def run_audit(
    request: RunRequest, *, until: Stage = "report", on_progress: Callable[[Progress], None]
) -> FinishedRun:
    """Carries an audit out, up to and with the stage ``until``; what an earlier start finished is not done again.

    Raises:
        XauditError: whatever a user can mend; what was finished stays.
    """
    from xaudit.stages.run import Run

    return Run(request, on_progress).to(until)


def merge_shares(request: RunRequest, *, on_progress: Callable[[Progress], None]) -> FinishedRun:
    """Merge the shares of a divided run: take over their results, compute what needs all of them, and conclude.

    Raises:
        UsageError: where a folder is no share of this audit.
        IncompleteRunError: where a share is missing or not finished.
        XauditError: whatever else a user can mend.
    """
    from xaudit.stages.work.shares import check_shares, shard_size_of

    check_shares(request)
    audit = request.audit
    settings = audit.run.model_copy(update={"shard_size": shard_size_of(request.merges)})
    request = replace(request, audit=audit.model_copy(update={"run": settings}))
    return run_audit(request, on_progress=on_progress)


def states_of_shares(request: RunRequest, folder: Path) -> dict[int, str]:
    """Return how far each share of a divided run is, by its number; ``absent`` where its folder is not beside this one's.

    Args:
        folder: of one share.
    """
    from xaudit.stages.work.shares import states_of_shares as states

    return states(request, folder)


def load_outcome(run: Path) -> Outcome:
    """The outcome of a finished run folder; raises RunFolderError where there is none."""
    from xaudit.stages.outcome.read_outcome import load
    from xaudit.store.run_folder import RunFolder

    return load(RunFolder.open_run(run))


def load_material(run: Path, *, images: bool = True, calibration: Path | None = None) -> "ReportMaterial":
    """All that the page of a finished run shows; raises RunFolderError where there is none.

    Args:
        images: whether pictures are wanted.
        calibration: the folder of a calibration of the same audit; raises RunFolderError if it is of another.
    """
    from xaudit.stages.views.report_material import report_material

    material = report_material(run, images=images)
    if calibration is None:
        return material
    from xaudit.stages.views.calibration_of_run import calibration_of_run

    return replace(material, calibration=calibration_of_run(calibration, material))


def load_case(
    run: Path, name: str, *, models: Sequence[str] = (), explainers: Sequence[str] = ()
) -> "CaseView":
    """Everything that a finished run keeps of one case.

    Args:
        name: the case's id, or enough of its end.
        models: which; all where empty.
        explainers: which; all that are no controls where empty.

    Raises:
        RunFolderError: where there is no finished run.
        UsageError: for a name that the run does not have.
    """
    from xaudit.stages.views.case_view import case_view

    return case_view(run, name, models=models, explainers=explainers)


def load_ids(run: Path) -> frozenset[str]:
    """The ids of all cases and patients of a finished run; raises RunFolderError where there is none."""
    from xaudit.stages.views.report_material import every_id

    return every_id(run)


def regate(run: Path, limits: Limits) -> Outcome:
    """The outcome of a finished run judged by other limits; by its own where none are given.

    Raises:
        UsageError: for a limit that means nothing, or a baseline that is not comparable.
        RunFolderError: where a run was not finished, or cannot be read.
    """
    from xaudit.stages.outcome.gating import regate as regate_run

    return regate_run(run, limits)


def load_diff(
    base: Path, head: Path, *, explainers: Sequence[str] = (), metrics: Sequence[str] = ()
) -> RunDiff:
    """Compare two finished runs on the cases that both hold.

    Args:
        explainers: ids of either run; none means all.
        metrics: ids of either run; none means all headline metrics.
    """
    from xaudit.stages.outcome.run_diff import diff_runs

    return diff_runs(base, head, explainers=explainers, metrics=metrics)


def load_run_pair(base: Path, head: Path, *, images: bool = True) -> "RunPair":
    """Load what the page of a difference shows: both runs' maps, and the cases whose answers moved.

    Args:
        images: False to leave out the pictures and maps of single cases.

    Raises:
        RunFolderError: if a run was not finished, or is damaged or newer than this program.
    """
    from xaudit.stages.views.run_pair import run_pair

    return run_pair(base, head, images=images)


def load_comparisons(
    runs: Sequence[Path],
    *,
    explainers: Sequence[str] = (),
    models: Sequence[str] = (),
    metrics: Sequence[str] = (),
    by: str | None = None,
    seed: int = 0,
) -> tuple[Comparison, ...]:
    """Pairs compared on the same cases: of runs where several are given, else of models, else of explainers.

    Args:
        runs: with two or more, each explainer and model of one is held against its namesake in the others.
        explainers: ids of the runs; none means all that are no controls.
        models: two or more are compared for each explainer; one alone restricts the comparison to it.
        metrics: none means all of the headline metrics that score maps.
        by: a property of a case, such as ``lesion-size``; each of its strata is compared on its own.
    """
    from xaudit.stages.outcome.comparisons import compare_runs

    return compare_runs(runs, explainers=explainers, models=models, metrics=metrics, by=by, seed=seed)


def names_in_runs(runs: Sequence[Path]) -> tuple[str, ...]:
    """Return the ids of the metrics that finished runs chose; raises RunFolderError if one cannot be read."""
    from xaudit.stages.outcome.read_outcome import read_head
    from xaudit.store.run_folder import RunFolder

    heads = [read_head(RunFolder.open_run(run)) for run in runs]
    return tuple(dict.fromkeys(name for head in heads for name in head.get("metric_names", {})))


def newest_run(out: Path) -> Path:
    """Return the run folder under ``out`` that was finished last; the newest of any state where none is finished.

    Raises:
        RunFolderError: where there is no run folder.
    """
    from xaudit.store.run_list import FINISHED, list_runs

    runs = list_runs(out)
    if not runs:
        raise RunFolderError(f"{out}: no run folder there", hint="`xaudit run` makes one")
    finished = [entry for entry in runs if entry.state in FINISHED]
    if finished:
        return out / max(finished, key=lambda entry: entry.last_used).run_id
    return out / next((entry for entry in runs if entry.state != "shard"), runs[0]).run_id


def unfinished_since(run: Path) -> tuple[tuple[str, str], ...]:
    """List the runs beside a finished one that were begun later and not finished, newest first: id and state."""
    from xaudit.store.run_list import FINISHED, list_runs

    runs = list_runs(run.parent)
    last = next((one.last_used for one in runs if one.run_id == run.name and one.state in FINISHED), None)
    return tuple(
        (one.run_id, one.state)
        for one in runs
        if last is not None and one.state not in (*FINISHED, "shard") and one.last_used > last
    )
