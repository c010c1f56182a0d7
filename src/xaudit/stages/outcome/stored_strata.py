"""The parts of a finished run's scored cases, cut as its audit file says."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from xaudit.config import StatisticsSection, StratumSpec
from xaudit.records import Annotation, Attribute, Case, Prediction, ScoreResult
from xaudit.statistics.strata import StratumCases, facts_of, strata_of


def stored_strata(
    names: Collection[str],
    *,
    cases: Iterable[Case],
    annotations: Iterable[Annotation],
    predictions: Iterable[Prediction],
    attributes: Mapping[str, Attribute],
    scores: Sequence[ScoreResult],
    settings: StatisticsSection,
) -> dict[str, StratumCases]:
    """By model, the parts by each of these properties; one that the audit file does not name takes its defaults."""
    known = {spec.name: spec for spec in settings.strata}
    specs = [known.get(name) or StratumSpec(name=name) for name in dict.fromkeys(names)]
    scored = {(result.key.model_id, result.key.case_id) for result in scores}
    answers = [p for p in predictions if (p.model_id, p.case_id) in scored]
    facts = facts_of(cases, annotations, answers, attributes)
    return {model: strata_of(of_model, specs) for model, of_model in facts.items()}
