"""Limits of the localization scores: maps that point nowhere, and grids too coarse for the marks."""

from xaudit.catalog import CEILING
from xaudit.config import DEFAULT_METRICS
from xaudit.records import Outcome
from xaudit.report.grid import Block, Paragraph
from xaudit.report.lookup import SummaryLookup
from xaudit.report.wording import count, metric_words, percent
from xaudit.statistics.digits import shown


def limits_blocks(outcome: Outcome) -> list[Block]:
    """Below the table of scores: per model what each explainer could reach at best, and what it did not show."""
    lookup = SummaryLookup(outcome)
    blocks: list[Block] = []
    for model in outcome.model_ids:
        for reader in lookup.readers(model):
            ceilings = [
                text
                for name in outcome.explainer_ids
                if (text := _ceilings(outcome, lookup, model, name, reader))
            ]
            if ceilings:
                blocks.append(
                    Paragraph(
                        f"{model}: best possible score on the explainer's native grid (a map that is exactly the mark), and "
                        "the share of it that the explainer reached: " + "; ".join(ceilings) + ".",
                        "dim",
                    )
                )
            blocks += nowhere_blocks(outcome, lookup, model, reader)
    coarse = [verdict for verdict in outcome.verdicts if verdict.code == "XA303"]
    return [*blocks, *(Paragraph(verdict.sentence, lead=verdict.code) for verdict in coarse)]


def nowhere_blocks(outcome: Outcome, lookup: SummaryLookup, model: str, reader: str) -> list[Block]:
    """Count each explainer's maps that point nowhere; nothing for explainers without such maps."""
    blocks: list[Block] = []
    for name in outcome.explainer_ids:
        found = lookup.find(model, name, "map-missing", reader)
        n_missing = 0 if found is None else round(found.interval.estimate * found.n_cases)
        if found is not None and n_missing:
            nothing = "is empty and counts as a miss" if n_missing == 1 else "are empty and count as misses"
            text = f"{name} on {model}: {n_missing:,} of {count(found.n_cases, 'map')} {nothing}."
            blocks.append(Paragraph(text, lead="-"))
    return blocks


def _ceilings(outcome: Outcome, lookup: SummaryLookup, model: str, name: str, reader: str) -> str:
    """The ceilings of the default metrics; those of others stand in the run folder."""
    texts = []
    for metric in dict.fromkeys(s.metric_id for s in outcome.summaries if s.family == "limits"):
        scored = metric.removesuffix(CEILING)
        best, reached = (lookup.find(model, name, one, reader) for one in (metric, scored))
        if metric == scored or best is None or scored not in DEFAULT_METRICS:
            continue
        text = f"{metric_words(scored)} {shown(best.interval.estimate)}"
        if reached is not None and best.interval.estimate > 0:
            text += f" ({percent(reached.interval.estimate / best.interval.estimate)})"
        texts.append(text)
    return f"{name} {', '.join(texts)}" if texts else ""
