"""Records that a run is concluded from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xaudit.records import (
    Ceiling,
    DataCheck,
    Evaluation,
    ImageChange,
    MapClusters,
    MapFacts,
    MeanReliance,
    MisclassifiedCases,
    Problem,
    ReaderAgreement,
    Regression,
    Reliance,
    ScoreResult,
    TunedThreshold,
    Verdict,
    WindowEffects,
    Work,
)
from xaudit.statistics.strata import CaseFacts


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Counts, classes and notes of a run, which its results do not hold.

    Attributes:
        n_cases: images that the data lists.
        n_chosen: cases that were to be explained by any model.
        n_explained: cases that were to be explained, by model.
        positive: class whose evidence readers mark, by model.
        external: ids of the models that are known by their files only.
        explained_by: ids of the explainers of each model.
        misclassified: of each model.
        misclassified_problems: of cases that were to be explained for their error alone.
        notes: sentences that a reader of the report must see.
    """

    n_cases: int
    n_chosen: int
    n_explained: Mapping[str, int]
    positive: Mapping[str, str]
    external: Sequence[str]
    explained_by: Mapping[str, Sequence[str]]
    patients_known: bool
    notes: Sequence[str]
    data_findings: Sequence[Verdict]
    misclassified: Sequence[MisclassifiedCases] = ()
    misclassified_problems: Sequence[Problem] = ()


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that the shards of a run stored, and what they cost.

    Attributes:
        maps: facts of every map, from which its failure category follows.
        thresholds: thresholds that were tuned on another split.
        mean_reliance: reliance maps, averaged over patients.
        reliances: effects of regions, on explained and on other cases.
        windows: effects of windows, on explained and on other cases.
        map_clusters: groups of maps that lie at the same place.
        misclassified: facts of the maps of cases that are explained for their error alone; they enter nothing else.
    """

    scores: Sequence[ScoreResult]
    problems: Sequence[Problem]
    work: Work
    maps: Sequence[MapFacts] = ()
    thresholds: Sequence[TunedThreshold] = ()
    mean_reliance: Sequence[MeanReliance] = ()
    reliances: Sequence[Reliance] = ()
    windows: Sequence[WindowEffects] = ()
    image_changes: Sequence[ImageChange] = ()
    map_clusters: Sequence[MapClusters] = ()
    misclassified: Sequence[MapFacts] = ()


@dataclass(frozen=True, slots=True)
class CaseFigures:
    """Figures of the cases and their readers, which stand beside the scores.

    Attributes:
        facts: by model and case; empty where neither strata nor regressions are asked for.
        published: regressions of a published protocol, where the audit follows one.
        evaluations: accuracy and other measures of each model.
        data_checks: checks of the data that the run carried out.
    """

    facts: Mapping[str, Mapping[str, CaseFacts]] = field(default_factory=dict)
    agreements: tuple[ReaderAgreement, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()
    published: tuple[Regression, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    data_checks: tuple[DataCheck, ...] = ()
