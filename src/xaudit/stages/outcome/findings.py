"""Findings about the data that limit all other results."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from xaudit.counts import counted
from xaudit.records import Problem, Verdict

if TYPE_CHECKING:
    from xaudit.cases.dataset import Dataset


def data_findings(datasets: Mapping[str, "Dataset"], problems: Sequence[Problem]) -> list[Verdict]:
    """Return a finding for each thing that the data lacks; none of them fails a run."""
    found: list[Verdict] = []
    for name, dataset in datasets.items():
        subject = f"data set '{name}'" if len(datasets) > 1 else "the data"
        if not dataset.patients_known:
            found.append(
                _finding(
                    "XA401", subject, "patients known",
                    f"{subject} names no patients: images of one person may stand in training and test, and count as "
                    "independent; read every interval as too narrow, every accuracy as too high",
                )
            )  # fmt: skip
        if not any(mark.region is not None for mark in dataset.annotations):
            found.append(
                _finding(
                    "XA402", subject, "readers' marks given",
                    f"{subject} carries no reader's marks: whether the model or a map points at the lesion cannot be "
                    "measured here",
                )
            )  # fmt: skip
    if problems:
        n_cases = len({problem.case_id for problem in problems})
        found.append(
            _finding(
                "XA403", "the data", "every case used",
                f"{counted(n_cases, 'case was', 'cases were')} left out: {problems[0].case_id}: "
                f"{problems[0].reason}" + ("; and others" if n_cases > 1 else ""),
            )
        )  # fmt: skip
    return found


def _finding(code: str, subject: str, rule: str, sentence: str) -> Verdict:
    return Verdict(code, "fail", "", subject, rule, sentence, gating=False)
