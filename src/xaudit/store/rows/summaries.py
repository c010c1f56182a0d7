"""Summaries as rows."""

from collections.abc import Mapping
from typing import Any

from xaudit.records import Interval, Summary
from xaudit.store.rows import schemas
from xaudit.store.rows.table import Table


def _summary_row(summary: Summary) -> dict[str, object]:
    interval, difference = summary.interval, summary.control_difference
    row: dict[str, object] = {
        "model": summary.model_id,
        "explainer": summary.explainer_id,
        "metric": summary.metric_id,
        "family": summary.family,
        "reader": summary.reader,
        "stratum": summary.stratum,
        "estimate": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "method": interval.method,
        "n_replicates_dropped": interval.n_replicates_dropped,
        "n_cases": summary.n_cases,
        "n_patients": summary.n_patients,
        "n_unscored": summary.n_unscored,
        "cluster": summary.cluster,
        "control": summary.control_id,
    }
    if difference is not None:
        row |= {
            "difference": difference.estimate,
            "difference_low": difference.low,
            "difference_high": difference.high,
            "difference_method": difference.method,
            "difference_n_replicates_dropped": difference.n_replicates_dropped,
        }
    return row


def _summary(row: Mapping[str, Any]) -> Summary:
    method = row["difference_method"]
    difference = None
    if method is not None:
        low, high = row["difference_low"], row["difference_high"]
        dropped = row["difference_n_replicates_dropped"]
        difference = Interval(row["difference"], low, high, method, dropped)
    return Summary(
        model_id=row["model"],
        explainer_id=row["explainer"],
        metric_id=row["metric"],
        family=row["family"],
        reader=row["reader"],
        interval=Interval(
            row["estimate"], row["low"], row["high"], row["method"], row["n_replicates_dropped"]
        ),
        n_cases=row["n_cases"],
        n_patients=row["n_patients"],
        n_unscored=row["n_unscored"],
        cluster=row["cluster"],
        control_id=row["control"],
        control_difference=difference,
        stratum=row["stratum"],
    )


SUMMARY = Table[Summary](
    "summary",
    "one metric over all cases of one model, explainer and reader",
    schemas.SUMMARY,
    _summary_row,
    _summary,
)
