"""A run as a notebook shows it: the verdict and the first cases."""

import html
from typing import TYPE_CHECKING

from xaudit.report.grid import Paragraph
from xaudit.report.sections.verdict import verdict_section

if TYPE_CHECKING:
    from xaudit.records import Outcome
    from xaudit.store.frames import DataFrame

_N_CASES = 5
_COLUMNS = ["case_id", "model", "label", "predicted", "correct"]


def run_html(title: str, outcome: "Outcome | None", predictions: "DataFrame | None") -> str:
    """Return a fragment of HTML in which every text of the run is escaped.

    Args:
        title: names the run and its state.
        outcome: None where the run is not finished.
        predictions: as the run's table has them; None where there are none yet.
    """
    parts = [f"<b>{html.escape(title)}</b>"]
    if outcome is not None:
        blocks = verdict_section(outcome).blocks
        lines = (f"{one.lead} {one.text}" for one in blocks if isinstance(one, Paragraph))
        parts += [f"<p>{html.escape(line.strip())}</p>" for line in lines]
    if predictions is not None:
        first = predictions[_COLUMNS][predictions["case_id"].isin(predictions["case_id"].unique()[:_N_CASES])]
        n_cases = predictions["case_id"].nunique()
        table = first.sort_values(["case_id", "model"]).to_html(
            index=False, border=0, escape=True, max_rows=None
        )
        parts.append(f"{table}<p>{first['case_id'].nunique()} of {n_cases} cases</p>")
    return f"<div>{''.join(parts)}</div>"
