"""Finding a summary by what it is about."""

from collections.abc import Mapping, Sequence

from xaudit.catalog import METRICS, metric_row, with_own_regions
from xaudit.records import ALL_CASES, MODEL_LEVEL, NO_READER, Outcome, Summary


class SummaryLookup:
    """The summaries of one run over all cases, or over one stratum, by model, explainer, metric and reader."""

    def __init__(self, outcome: Outcome, *, stratum: str = ALL_CASES) -> None:
        self._by_key = {
            (s.model_id, s.explainer_id, s.metric_id, s.reader): s
            for s in outcome.summaries
            if s.stratum == stratum
        }
        self._own_regions = outcome.own_regions
        self._metrics = tuple(dict.fromkeys(s.metric_id for s in outcome.summaries))
        self._readers: Mapping[str, tuple[str, ...]] = {
            model: tuple(
                dict.fromkeys(
                    s.reader for s in outcome.summaries if s.model_id == model and s.reader != NO_READER
                )
            )
            or (NO_READER,)
            for model in outcome.model_ids
        }

    def find(self, model_id: str, explainer_id: str, metric_id: str, reader: str) -> Summary | None:
        """The summary for a reader's marks, or the one that needs no marks, or None."""
        found = self._by_key.get((model_id, explainer_id, metric_id, reader))
        return found or self._by_key.get((model_id, explainer_id, metric_id, NO_READER))

    def model_level(self, model_id: str, metric_id: str, reader: str) -> Summary | None:
        """The summary of a question put to the model itself, or None."""
        return self.find(model_id, MODEL_LEVEL, metric_id, reader)

    def regions(self, model_id: str) -> tuple[str, ...]:
        """Return the regions that a model may be asked about, in order of precedence, those of the audit file included."""
        return with_own_regions(self._own_regions.get(model_id, {}))

    def lungs_known(self, model_id: str, reader: str, explainers: Sequence[str]) -> bool:
        """Return True if the lungs are known on every image of which something is said of the region ``outside``."""
        sources = [(MODEL_LEVEL, "reliance"), *((name, "mass") for name in explainers)]
        known = []
        for name, measure in sources:
            n_cases = {
                region: 0 if found is None else found.n_cases
                for region in ("same-lung", "lungs", "outside")
                for found in (self.find(model_id, name, f"{measure}-{region}", reader),)
            }
            known += (
                [n_cases["same-lung"] + n_cases["lungs"] >= n_cases["outside"]] if n_cases["outside"] else []
            )
        return bool(known) and all(known)

    def readers(self, model_id: str) -> tuple[str, ...]:
        """Whose marks the maps were held against; ``-`` alone where there are no marks."""
        return self._readers.get(model_id, (NO_READER,))

    def headline_metrics(self, families: Sequence[str]) -> list[str]:
        """Ids of the metrics that have summaries and belong on the screen, in the catalog's order, then others'."""
        order = [row.id for row in METRICS]
        mine = [
            metric
            for metric in self._metrics
            if any(s.family in families for s in self._by_key.values() if s.metric_id == metric)
            and (metric not in order or metric_row(metric).headline)
        ]
        return sorted(mine, key=lambda metric: order.index(metric) if metric in order else len(order))
