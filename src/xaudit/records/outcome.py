"""The results of a finished run, as every report shows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from xaudit.records.category import CategoryCount, LocalizedAndCausal, ThresholdShift
from xaudit.records.data_check import DataCheck
from xaudit.records.evaluation import Evaluation
from xaudit.records.image_change import PropertyEffect
from xaudit.records.infill_effect import InfillEffect
from xaudit.records.map_cluster import MapClusters
from xaudit.records.mean_reliance import MeanReliance
from xaudit.records.misclassified import MisclassifiedCases
from xaudit.records.plan import Plan
from xaudit.records.progress import Problem, UnscoredGroup, Work
from xaudit.records.readers import Ceiling, ReaderAgreement
from xaudit.records.region_by_class import RegionByClass
from xaudit.records.regression import Regression
from xaudit.records.reliance_area import MapTest
from xaudit.records.summary import Summary
from xaudit.records.tuning import TunedThreshold
from xaudit.records.verdict import ExplainerJudgement, Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """The results of a finished run.

    Attributes:
        run_id: the run folder's name.
        explainer_ids: explainers first, controls after, in the audit's order.
        control_ids: those of them that are controls.
        n_explained: cases explained, by model.
        notes: sentences that every report must show, such as what could not be measured and why.
        positive: the class whose evidence is explained, by model.
        external_ids: models that are not here: their predictions and maps were read from files.
        reliance_asked: True if the audit measured what the models' answers depend on.
        image_properties: effects of the whole image's brightness, sharpness and so on, by model, property and true class.
        map_tests: tests of the reliance map over all windows, with the areas that they show.
        misclassified: of each model; empty in runs of versions before 1.5.
        misclassified_problems: of cases that were to be explained for their error alone; in no share of failed cases.
        explainers_judged: of each model's explainers, then its controls; empty if no reliance map was measured.
        mean_reliance: reliance maps, averaged over patients; empty for runs that stored none.
        map_clusters: groups of maps that lie at the same place, by model and kind of map; empty for runs that looked for none.
        by_class: reliance on regions on the images of each true class.
        by_infill: reliance on regions under each in-fill alone.
        own_regions: by model, regions that the audit file names, in its order; true where an answer may rest on them.
        data_checks: checks of the data that the run carried out; those that cost little, and those that a gate is about.
        gate_on: the number that gates are compared with: the unfavourable end of the interval, or the mean.
    """

    name: str
    run_id: str
    model_ids: tuple[str, ...]
    explainer_ids: tuple[str, ...]
    control_ids: tuple[str, ...]
    evaluations: tuple[Evaluation, ...]
    summaries: tuple[Summary, ...]
    verdicts: tuple[Verdict, ...]
    problems: tuple[Problem, ...]
    n_explained: Mapping[str, int]
    positive: Mapping[str, str]
    notes: tuple[str, ...]
    work: Work
    unscored: tuple[UnscoredGroup, ...] = ()
    agreements: tuple[ReaderAgreement, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()
    regressions: tuple[Regression, ...] = ()
    plans: tuple[Plan, ...] = ()
    categories: tuple[CategoryCount, ...] = ()
    category_shifts: tuple[ThresholdShift, ...] = ()
    thresholds: tuple[TunedThreshold, ...] = ()
    causal: tuple[LocalizedAndCausal, ...] = ()
    by_class: tuple[RegionByClass, ...] = ()
    by_infill: tuple[InfillEffect, ...] = ()
    external_ids: tuple[str, ...] = ()
    reliance_asked: bool = True
    explainers_judged: tuple[ExplainerJudgement, ...] = ()
    image_properties: tuple[PropertyEffect, ...] = ()
    own_regions: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    gate_on: Literal["lower", "mean"] = "lower"
    map_tests: tuple[MapTest, ...] = ()
    data_checks: tuple[DataCheck, ...] = ()
    mean_reliance: tuple[MeanReliance, ...] = ()
    map_clusters: tuple[MapClusters, ...] = ()
    misclassified: tuple[MisclassifiedCases, ...] = ()
    misclassified_problems: tuple[Problem, ...] = ()
