"""The nouns of an audit, each frozen, in the order in which data flows through them.

Conventions of this file: coordinates are floats in pixels of the original frame, 0-based and half-open, x to
the right and y down. An image of height ``H`` and width ``W`` covers ``[0, W) × [0, H)``. Arrays are ``(H, W)``.
Rows of different tables meet by their string ids, never by position.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.integer]

PatientSide = Literal["R", "L", "A", "P", "H", "F"]
"""The patient's right, left, front, back, head or feet."""

MODEL_LEVEL = "-"
"""Stands in the explainer column of a score that asks the model itself and no explainer."""

NO_READER = "-"
"""Stands in the reader column of a score that needs no annotation."""


ALL_CASES = "all"
"""Stands in the stratum column of a summary over all cases."""


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned rectangle ``[x0, x1) × [y0, y1)``."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed outline; the last point joins the first."""

    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class MaskRegion:
    """A set of pixels as run lengths, column by column, the first run outside (COCO's uncompressed form)."""

    height: int
    width: int
    counts: tuple[int, ...]


Region = Box | Polygon | MaskRegion


@dataclass(frozen=True, slots=True)
class Case:
    """One image and what is known of it.

    Attributes:
        case_id: unique within the run.
        patient_id: None where the data names no patients.
        dataset_id: which of the audit's data sets it comes from.
        path: of the image, relative to the data set's root; ends with ``#`` and a number, from 1, where its file holds several.
        sha256: of the file's bytes; of one image of several in it, of that digest and how it is taken out.
        label: the truth.
        split: ``train``, ``validation`` or ``test``.
        height: of the original frame, in pixels.
        width: of the original frame, in pixels.
        spacing_mm: millimetres per pixel as (row, column), None where unknown.
        source_format: ``png``, ``jpeg``, ``tiff``, ``dicom`` or ``nifti``.
        site: where the image was taken, None where the data does not say.
        augmented: whether it was made from another image, None where the data does not say.
        left_edge: which side of the patient lies at the image's left edge, None where the file does not say.
    """

    case_id: str
    patient_id: str | None
    dataset_id: str
    path: str
    sha256: str
    label: str
    split: str
    height: int
    width: int
    spacing_mm: tuple[float, float] | None = None
    source_format: str = "png"
    site: str | None = None
    augmented: bool | None = None
    left_edge: PatientSide | None = None

    @property
    def cluster(self) -> str:
        """The unit of the statistics: the patient where known, else the case itself."""
        return self.case_id if self.patient_id is None else self.patient_id


@dataclass(frozen=True, slots=True)
class Preview:
    """A small grey picture of one case's image, for reports.

    Attributes:
        height: of the picture, in pixels; it shows the whole original frame.
        width: of the picture, in pixels.
        webp: the picture, losslessly coded.
    """

    case_id: str
    height: int
    width: int
    webp: bytes


@dataclass(frozen=True, slots=True)
class Annotation:
    """One thing that one reader drew on one case; without a region, the reader looked and found nothing."""

    case_id: str
    reader_id: str
    region: Region | None
    label: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What lies around the marks of one case: (H, W) masks of the original frame, None where it is not known.

    Attributes:
        lungs: both of them.
        thorax: all that the ribs enclose, lungs included.
        body: all of the patient.
        tolerance_px: by how far the region of a mark reaches beyond the mark, along a row.
        aspect: height of a pixel over its width, so that the tolerance is a circle on the patient.
        unknown: structure: why it is not known although it was asked for.
    """

    lungs: BoolArray | None = None
    thorax: BoolArray | None = None
    body: BoolArray | None = None
    tolerance_px: float = 0.0
    aspect: float = 1.0
    unknown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one model said of one case, and which class is explained.

    Attributes:
        logits: one per class, in the order of the data set's class names.
        probabilities: softmax of the logits.
        predicted: the class with the highest logit.
        target: the class whose evidence the maps show.
    """

    case_id: str
    patient_id: str | None
    model_id: str
    split: str
    label: str
    predicted: str
    target: str
    logits: tuple[float, ...]
    probabilities: tuple[float, ...]
    class_names: tuple[str, ...]

    @property
    def correct(self) -> bool:
        """Whether the model named the true class."""
        return self.predicted == self.label


@dataclass(frozen=True, slots=True, eq=False)
class SaliencyMap:
    """One explainer's answer for one case: signed evidence for the target, in the model's frame.

    Attributes:
        values: (H, W) float32 of the model frame, positive where the pixel speaks for the target.
        seed: what the explainer's random choices were drawn from.
        n_evals: model evaluations spent on this map.
        seconds: wall time spent on it, shared evenly within a batch.
    """

    case_id: str
    model_id: str
    explainer_id: str
    explainer_hash: str
    target: str
    values: FloatArray
    seed: int
    n_evals: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ScoreKey:
    """What a score is about. ``explainer_id`` is ``-`` for a question put to the model itself."""

    case_id: str
    patient_id: str | None
    reader: str
    model_id: str
    explainer_id: str
    explainer_hash: str
    target: str
    correct: bool
    metric_id: str
    metric_hash: str
    family: str


@dataclass(frozen=True, slots=True)
class ScoreCurve:
    """The model's answer, or a correlation with it, over the share of the image that is replaced or shown.

    Attributes:
        share: rising, 0 to 1.
        value: as many; float32 in the tables.
    """

    case_id: str
    model_id: str
    explainer_id: str
    explainer_hash: str
    metric_id: str
    metric_hash: str
    share: tuple[float, ...]
    value: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """One metric's value on one map.

    Attributes:
        curve: what the value was read from, where it was just measured; a stored score comes without.
    """

    key: ScoreKey
    value: float
    n_evals: int = 0
    seconds: float = 0.0
    curve: ScoreCurve | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unscored:
    """A metric that has no value here, and the reason in words a person can act on."""

    key: ScoreKey
    reason: str


ScoreResult = Score | Unscored


@dataclass(frozen=True, slots=True)
class Reliance:
    """How much one model's answer on one case depends on one region, whatever any explainer says.

    Attributes:
        region: as in :data:`xaudit.catalog.REGIONS`.
        infill: what replaced the region's pixels.
        fraction: the region's share of the image.
        probability: of the target on the untouched image.
        probability_drop: by how much it falls when the region is replaced.
        logit_drop: the same for the target's logit.
        control_probability_drop: mean fall when a random area of the same size is replaced instead.
        control_logit_drop: the same for the logit.
        beyond_random: how far the probability falls beyond its fall for random areas, a rise counting as no fall.
        logit_beyond_random: the same for the logit.
    """

    case_id: str
    patient_id: str | None
    model_id: str
    target: str
    correct: bool
    region: str
    infill: str
    fraction: float
    probability: float
    probability_drop: float
    logit_drop: float
    control_probability_drop: float
    control_logit_drop: float
    beyond_random: float
    logit_beyond_random: float


@dataclass(frozen=True, slots=True)
class MapFacts:
    """What the failure category of one map is decided from; thresholds are applied later.

    Attributes:
        no_map: why the map is none; None where it is one.
        no_mark: why there is no mark that it could meet or miss; None where there is one.
        spread: exponential of the map's entropy, as a share of the pixels that the model saw.
        map_share: share of those pixels that the binary map holds.
        coverage: share of the mark that the binary map covers.
        precision: share of the binary map that lies in the mark.
        mass_lift: share of the saliency in the mark, over the mark's share of the pixels.
        place: where most of the saliency outside the mark lies.
        border_mass: share of the saliency in the outer tenth of the frame, whatever lies there.
    """

    case_id: str
    patient_id: str | None
    model_id: str
    explainer_id: str
    explainer_hash: str
    target: str
    label: str
    predicted: str
    no_map: str | None = None
    no_mark: str | None = None
    spread: float | None = None
    map_share: float | None = None
    coverage: float | None = None
    precision: float | None = None
    mass_lift: float | None = None
    place: str | None = None
    border_mass: float | None = None

    @property
    def correct(self) -> bool:
        """Whether the model named the true class."""
        return self.predicted == self.label


@dataclass(frozen=True, slots=True)
class TuningCurve:
    """How well one map of the tuning split meets its marks at every threshold that could be chosen.

    Attributes:
        target: the class that is explained.
        thresholds: of the map scaled to 0 to 1, rising.
        ious: one per threshold; with several readers to score against, the mean over those who marked something.
    """

    case_id: str
    patient_id: str | None
    model_id: str
    explainer_id: str
    explainer_hash: str
    target: str
    thresholds: tuple[float, ...]
    ious: tuple[float, ...]

    @property
    def cluster(self) -> str:
        """The patient where known, else the case itself."""
        return self.case_id if self.patient_id is None else self.patient_id


@dataclass(frozen=True, slots=True)
class TunedThreshold:
    """Where the maps of one explainer are cut that explain one class, chosen on cases that are never scored.

    Attributes:
        split: that it was chosen on.
        threshold: of the map scaled to 0 to 1.
        iou: the mean over the patients of that split at this threshold, which no other threshold exceeds.
    """

    model_id: str
    explainer_id: str
    explainer_hash: str
    target: str
    split: str
    threshold: float
    iou: float
    n_cases: int
    n_patients: int


@dataclass(frozen=True, slots=True)
class CategorisedMap:
    """One map with its failure category.

    Attributes:
        category: such as ``good`` or ``covered_with_spill:same_lung``; ``unmarked`` where there is no mark.
        cell: ``TP``, ``FN``, ``FP`` or ``TN``, the positive class being the one whose evidence readers mark.
        wrong_reason: the model is right, and the map misses the mark or is no denser there than elsewhere.
    """

    facts: MapFacts
    category: str
    cell: str
    wrong_reason: bool


@dataclass(frozen=True, slots=True)
class CategoryCount:
    """How many maps of one model and explainer fell into one category on the cases of one confusion cell."""

    model_id: str
    explainer_id: str
    category: str
    cell: str
    n_maps: int
    n_wrong_reason: int


@dataclass(frozen=True, slots=True)
class ThresholdShift:
    """How the categories of one model and explainer move when one threshold is set otherwise.

    Attributes:
        threshold: its key in the audit file.
        value: what it is set to.
        n_moved: maps that then have another category.
        change_wrong_reason: by how much the maps that are right for the wrong reason then become more.
    """

    model_id: str
    explainer_id: str
    threshold: str
    value: float
    n_maps: int
    n_moved: int
    change_wrong_reason: int


@dataclass(frozen=True, slots=True)
class LocalizedAndCausal:
    """Cases of one model and explainer by whether the map lies on the mark and whether the model relies on the mark.

    Attributes:
        n_both: the map lies on the mark, and the model relies on it.
        n_map_only: the map lies on the mark, though the model does not rely on it: it looks right and is not.
        n_model_only: the model relies on the mark, and the map lies elsewhere.
        n_neither: the model does not rely on the mark, and the map lies elsewhere too.
        n_unknown: cases without a mark, or of which reliance on it is not known.
    """

    model_id: str
    explainer_id: str
    n_both: int
    n_map_only: int
    n_model_only: int
    n_neither: int
    n_unknown: int


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its confidence limits; the limits are None where too few patients allow none.

    Attributes:
        method: ``bca``, ``percentile``, ``wilson``, ``none``, or ``image-percentile`` where CheXlocalize is followed.
        n_replicates_dropped: bootstrap replicates that had no value.
    """

    estimate: float
    low: float | None
    high: float | None
    method: str
    n_replicates_dropped: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """One metric over all cases of one model, explainer and reader.

    Attributes:
        cluster: ``patient``, or ``case`` where the data names no patients.
        control_id: the best control of the same metric, None where there is none.
        control_difference: this explainer minus that control, paired by case.
        stratum: the part of the cases it covers, as ``property=value``; ``all`` for all of them.
    """

    model_id: str
    explainer_id: str
    metric_id: str
    family: str
    reader: str
    interval: Interval
    n_cases: int
    n_patients: int
    n_unscored: int
    cluster: str
    control_id: str | None = None
    control_difference: Interval | None = None
    stratum: str = ALL_CASES


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two explainers, models or runs held against each other on the same cases, for one metric and reader.

    Attributes:
        explainer_id: the one whose surplus is measured.
        other_id: the explainer it is measured against; the same one where models or runs are compared.
        means: of the first and the second over the common cases, None where there are none.
        difference: mean of the first minus the second, paired by case; None without common cases.
        p_value: Wilcoxon's on the patients' mean differences, None below 5 patients.
        p_adjusted: the same after Holm's correction over one model's comparisons within a metric family.
        n_wins: cases on which the first is better (higher, where a metric has no direction).
        n_losses: cases on which the second is better.
        n_unpaired: cases on which only one of the two has a value.
        cluster: ``patient``, or ``case`` where the data names no patients.
        conclusion: of the first against the second; ``undecided`` where chance may explain the difference or too few
            patients allow no limits, ``none`` without common cases.
        axis: what differs between the two.
        other_model_id: the second's model; the same one unless models are compared.
        stratum: the part of the cases that is compared.
        effect_size: matched-pairs rank-biserial correlation of the patients' mean differences, -1 to 1.
        p_sign_flip: permutation of signs by patient, None below 5 patients.
        p_mcnemar: mid-p, by patient; None where the values are no hits or below 5 patients.
        p_mcnemar_exact: the same test, exact and therefore cautious.
    """

    model_id: str
    metric_id: str
    family: str
    reader: str
    explainer_id: str
    other_id: str
    means: tuple[float, float] | None
    difference: Interval | None
    p_value: float | None
    p_adjusted: float | None
    n_wins: int
    n_ties: int
    n_losses: int
    n_cases: int
    n_patients: int
    n_unpaired: int
    cluster: str
    conclusion: Literal["higher", "lower", "undecided", "none"]
    sentence: str
    axis: Literal["explainer", "model", "run"] = "explainer"
    run_id: str = ""
    other_run_id: str = ""
    other_model_id: str = ""
    stratum: str = ALL_CASES
    effect_size: float | None = None
    p_sign_flip: float | None = None
    p_sign_flip_adjusted: float | None = None
    p_mcnemar: float | None = None
    p_mcnemar_adjusted: float | None = None
    p_mcnemar_exact: float | None = None
    p_mcnemar_exact_adjusted: float | None = None


Status = Literal["pass", "fail", "error"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one gate or one finding concludes.

    Attributes:
        code: permanent, ``XA…``; the reference documents cause and remedy of each.
        subject: the model, and the explainer where one is meant.
        rule: the gate as written, or the finding's rule.
        sentence: what a person reads.
        gating: false for findings that inform but do not fail a run.
        kind: ``gate`` for what a limit of the audit concludes, and for what is said against that limit.
    """

    code: str
    status: Status
    model_id: str
    subject: str
    rule: str
    sentence: str
    value: float | None = None
    threshold: float | None = None
    n_patients: int = 0
    gating: bool = True
    kind: Literal["gate", "finding"] = "finding"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How well one model classifies one split.

    Attributes:
        matrix: rows are true classes, columns predicted ones, in the order of ``class_names``.
        measures: accuracy, sensitivity, specificity, auroc; absent where the split cannot give them.
    """

    model_id: str
    dataset_id: str
    split: str
    class_names: tuple[str, ...]
    positive: str
    matrix: tuple[tuple[int, ...], ...]
    measures: Mapping[str, Interval]
    n_cases: int
    n_patients: int
    patients_known: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """One case that could not be used, and why; counted and shown, never dropped in silence."""

    case_id: str
    stage: str
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of long work is; ``note`` is what a person may read beside the bar."""

    stage: str
    done: int
    total: int
    note: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Work:
    """What a run cost.

    Attributes:
        seconds: wall time of the whole invocation.
        model_seconds: wall time spent inside models, forwards and backwards.
        n_evals: forward passes, counted per image.
        n_shards: pieces of work in the run.
        n_shards_reused: of these, how many were already there.
    """

    seconds: float
    model_seconds: float
    n_evals: int
    n_shards: int
    n_shards_reused: int


@dataclass(frozen=True, slots=True)
class UnscoredGroup:
    """Scores that do not exist for one and the same reason.

    Attributes:
        explainer_id: ``-`` where the model itself was asked.
        n_cases: cases concerned.
        n_scores: scores missing over all of its metrics.
    """

    model_id: str
    explainer_id: str
    reason: str
    n_cases: int
    n_scores: int


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One slope of a regression, with its interval and test over patients.

    Attributes:
        name: ``intercept``, ``log2-lesion-area`` or ``confidence``; of a published protocol the feature's, and
            ``spearman`` for the rank correlation with it.
        interval: change of the score per unit of ``name``.
        p_value: two-sided, against 0.
    """

    name: str
    interval: Interval
    p_value: float


@dataclass(frozen=True, slots=True)
class Regression:
    """How one localization score moves with the size of the lesion and the confidence of the model.

    Attributes:
        coefficients: empty where there is no fit.
        reason: why there is no fit; empty where there is one.
        protocol: the published study whose regression it repeats, such as ``chexlocalize``; empty for xaudit's own.
        feature: the one thing that such a regression is on; empty for xaudit's own, which takes all together.
    """

    model_id: str
    explainer_id: str
    metric_id: str
    reader: str
    coefficients: tuple[Coefficient, ...]
    n_cases: int
    n_patients: int
    reason: str = ""
    protocol: str = ""
    feature: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """How many annotated patients one gate needs for an interval as narrow as wanted.

    Attributes:
        rule: the gate as written.
        half_width: half the interval reached, None where there is none.
        wanted: half the interval wanted.
        n_needed: patients, None where nothing can be said.
    """

    rule: str
    model_id: str
    explainer_id: str
    reader: str
    half_width: float | None
    wanted: float
    n_patients: int
    n_needed: int | None


@dataclass(frozen=True, slots=True)
class ReaderAgreement:
    """How far two readers agree on the cases that both have read.

    Attributes:
        dice: mean over the cases on which at least one of the two marked something, None where there is none.
        best_match_iou: mean over the lesions of both of the best overlap with one of the other's.
        kappa: Cohen's, over lesions that any reader marked and cases in which none did; None where it is not defined.
        n_cases: read by both.
        n_marked: of these, marked by at least one of the two.
        n_lesions: separate lesions that any reader marked on these cases.
    """

    dataset_id: str
    first: str
    second: str
    dice: float | None
    best_match_iou: float | None
    kappa: float | None
    n_cases: int
    n_marked: int
    n_lesions: int


@dataclass(frozen=True, slots=True)
class Ceiling:
    """One explainer beside the readers, who are scored against the consensus of each other.

    Attributes:
        human: mean score of the readers over the common cases, with its interval.
        score: mean score of the explainer over the same cases.
        share: ``score`` over ``human``, with its interval; None where the readers score 0.
        difference: explainer minus readers, paired by case.
    """

    model_id: str
    explainer_id: str
    metric_id: str
    reader: str
    human: Interval
    score: float
    share: Interval | None
    difference: Interval
    n_cases: int
    n_patients: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished run as every report sees it.

    Attributes:
        run_id: the run folder's name.
        explainer_ids: explainers first, controls after, in the audit's order.
        control_ids: those of them that are controls.
        n_explained: cases explained, by model.
        notes: sentences a reader must see, such as what could not be measured and why.
        positive: the class whose evidence is explained, by model.
        external_ids: models that are not here: their predictions and maps were read from files.
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
    external_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """What one metric did between two runs, for one model, explainer and reader, on the cases that both hold.

    Attributes:
        explainer_id: ``-`` where the model itself was asked.
        higher_is_better: None where the metric has no direction.
        means: in the base run and in the head run, over the common cases; None without any.
        difference: head minus base, paired by case; None without common cases.
        p_value: Wilcoxon's on the patients' mean differences, None below 5 patients.
        p_adjusted: the same after Holm's correction over those moves of one model within a metric family that
            are not ``same``.
        n_unpaired: cases on which only one of the runs has a value.
        cluster: ``patient``, or ``case`` where a run names no patients.
        stratum: the part of the cases it covers; ``all`` for all of them.
        conclusion: of the head run; ``same`` where no case moved, ``undecided`` where chance may explain the
            difference or too few patients allow no limits, ``none`` where nothing can be paired.
    """

    model_id: str
    explainer_id: str
    metric_id: str
    family: str
    reader: str
    higher_is_better: bool | None
    means: tuple[float, float] | None
    difference: Interval | None
    p_value: float | None
    p_adjusted: float | None
    n_cases: int
    n_patients: int
    n_unpaired: int
    cluster: str
    conclusion: Literal["higher", "lower", "same", "undecided", "none"]
    sentence: str
    stratum: str = ALL_CASES


@dataclass(frozen=True, slots=True)
class Flips:
    """How one model's answers on one split differ between two runs, on the cases that both hold.

    Attributes:
        accuracies: in the base run and in the head run.
        difference: of the accuracies, head minus base, with its interval over patients.
        n_fixed: cases that were wrong and are right.
        n_broken: cases that were right and are wrong.
        n_changed: cases with another answer, right or wrong.
        p_value: McNemar's mid-p over patients, each counted for the side with more of its cases; None below 5 patients.
        p_exact: the exact p of the same test.
        conclusion: of the head run's accuracy; ``same`` where no case was fixed or broken, ``undecided`` where
            chance may explain the difference.
    """

    model_id: str
    split: str
    accuracies: tuple[float, float]
    difference: Interval
    n_fixed: int
    n_broken: int
    n_changed: int
    n_cases: int
    n_patients: int
    cluster: str
    p_value: float | None
    conclusion: Literal["higher", "lower", "same", "undecided"]
    sentence: str
    p_exact: float | None = None


@dataclass(frozen=True, slots=True)
class CaseChanges:
    """How the cases of two runs differ; all ids are sorted.

    Attributes:
        n_common: cases of both runs, with the same image.
        replaced: cases of both runs whose image is another one; they are compared in nothing.
        relabelled: cases whose true class differs.
        remarked: cases whose marks differ.
    """

    n_common: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    replaced: tuple[str, ...]
    relabelled: tuple[str, ...]
    remarked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """A verdict that one run has and the other has not, or has otherwise."""

    base: Verdict | None
    head: Verdict | None


@dataclass(frozen=True, slots=True)
class RunDiff:
    """What moved between two finished runs.

    Attributes:
        notes: what a reader must know before blaming the model, such as settings that differ.
    """

    base_id: str
    head_id: str
    cases: CaseChanges
    flips: tuple[Flips, ...]
    moves: tuple[Move, ...]
    verdicts: tuple[VerdictChange, ...]
    notes: tuple[str, ...]
