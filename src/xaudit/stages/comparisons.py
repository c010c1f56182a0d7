"""Explainers compared on the stored scores of finished runs."""

from collections.abc import Sequence
from pathlib import Path

from xaudit.catalog import METRICS
from xaudit.config import StatisticsSection
from xaudit.errors import UsageError, did_you_mean
from xaudit.records import Comparison
from xaudit.stages.conclude import load, read_head
from xaudit.store.parts import SCORES, part_keys, read_parts
from xaudit.store.run_folder import RunFolder
from xaudit.summarise import compare


def compare_runs(
    runs: Sequence[Path], *, explainers: Sequence[str], metrics: Sequence[str], seed: int
) -> tuple[Comparison, ...]:
    """See :func:`xaudit.stages.load_comparisons`.

    Raises:
        UsageError: for an explainer that a run does not have, or fewer than two of them.
    """
    found: list[Comparison] = []
    for path in runs:
        run = RunFolder.open_run(path)
        outcome = load(run)
        audit = read_head(run)
        shown = [one for one in outcome.explainer_ids if one not in outcome.control_ids]
        chosen = list(explainers) or shown
        for name in chosen:
            if name not in outcome.explainer_ids:
                raise UsageError(
                    f"{run.run_id} has no explainer '{name}'",
                    hint=did_you_mean(
                        name, outcome.explainer_ids, otherwise=f"it has {', '.join(outcome.explainer_ids)}"
                    ),
                )
        if len(chosen) < 2:
            raise UsageError(
                "a comparison takes at least two explainers", hint=f"{run.run_id} has {', '.join(shown)}"
            )
        scores = read_parts(run, SCORES, part_keys(run, SCORES)).rows
        has = {result.key.metric_id for result in scores}
        for name in metrics:
            if name not in has:
                raise UsageError(
                    f"{run.run_id} has no metric '{name}'",
                    hint=did_you_mean(
                        name, has, otherwise="`xaudit list metrics` shows what can be measured"
                    ),
                )
        headline = [row.id for row in METRICS if row.headline and row.family != "reliance" and row.id in has]
        found += compare(
            scores,
            explainers=chosen,
            metrics=list(metrics) or headline,
            settings=StatisticsSection.model_validate(audit["statistics"]),
            seed=seed,
            metric_names=audit["metric_names"],
        )
    return tuple(found)
