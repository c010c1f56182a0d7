"""Check of the data ``calibration``: compare the probabilities of each model's answers with how often they are right."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xaudit.cases.dataset import Dataset
from xaudit.config import StatisticsSection
from xaudit.counts import counted
from xaudit.records import (
    CalibrationBin,
    CalibrationValue,
    DataCheck,
    FloatArray,
    IntArray,
    Interval,
    ModelAnswers,
    Prediction,
    Status,
    Verdict,
)
from xaudit.seeds import generator_for, seed_for
from xaudit.statistics.bootstrap import MIN_CLUSTERS, ClusterBootstrap
from xaudit.statistics.calibration import (
    brier_terms,
    chance_errors,
    ece_interval,
    equal_mass_bins,
    widened,
)
from xaudit.statistics.digits import shown, shown_interval

CODE = "XA431"
RULE = "calibration"
ALL = "all"
LEVEL = 0.05
"""Largest Holm-adjusted p of the two tests, of ECE and of the confidence gap, at which chance is excluded."""

MOST_REPLICATES = 2000
"""Bootstrap replicates at most: no limit here lies further out than 2.5 %, and every run pays for them."""

SMALL_ERROR = 0.02
"""ECE at or below which a model is not called miscalibrated, however many patients show it."""

LARGE_ERROR = 0.1
"""ECE that must be excluded before a model passes."""


@dataclass(frozen=True, slots=True)
class _Answers:
    """The answers of one model to one question: the probability of a target, and whether it is true.

    Attributes:
        wrong: share of the images on which the model named a wrong class.
    """

    model_id: str
    target: str
    subgroup: str
    probability: FloatArray
    outcome: FloatArray
    patients: tuple[str, ...]
    wrong: float

    @property
    def codes(self) -> IntArray:
        """Number of each case's patient, in the order of the patients' names."""
        return np.unique(np.asarray(self.patients, dtype=np.str_), return_inverse=True)[1]

    @property
    def n_patients(self) -> int:
        return len(set(self.patients))


def check_calibration(
    data: Dataset, answers: Sequence[ModelAnswers], *, settings: StatisticsSection, seed: int
) -> DataCheck:
    """Compare the probabilities of each model's answers on the test images with how often they are right."""
    bootstrap = ClusterBootstrap(
        replicates=min(settings.replicates, MOST_REPLICATES),
        confidence=settings.confidence,
        seed=seed_for(seed, "calibration"),
    )
    verdicts: list[Verdict] = []
    skipped = [] if answers else ["calibration: no model was asked"]
    bins: list[CalibrationBin] = []
    values: list[CalibrationValue] = []
    by_model: dict[str, Mapping[str, float | Interval]] = {}
    for one in answers:
        reason = _unfit(one)
        if reason:
            skipped.append(f"calibration of {one.model_id}: {reason}")
            continue
        own: list[CalibrationValue] = []
        for group in _questions(data, one):
            bins += _curve(group, bootstrap)
            own += _values(group, bootstrap, seed)
        values += own
        by_model[one.model_id] = _gated(own)
        verdicts.append(_verdict(one.model_id, own, data))
    return DataCheck(
        id="calibration",
        title="Calibration of the answers",
        dataset_id=data.id,
        verdicts=tuple(verdicts),
        tables={"calibration": values, "calibration_curve": bins},
        skipped=tuple(skipped),
        model_values=by_model,
        cluster="patient" if data.patients_known else "case",
        n_patients=len({name for one in answers for name in _patients(one.predictions)}),
    )


def _unfit(answers: ModelAnswers) -> str:
    """Return why the answers of a model say nothing about calibration; empty if they do."""
    labels = {one.label for one in answers.predictions}
    if not labels:
        return "it answered no test image"
    if len(labels) == 1:
        return f"all test images are of one class ('{labels.pop()}'), so nothing shows how often it would be wrong"
    return ""


def _questions(data: Dataset, answers: ModelAnswers) -> Iterator[_Answers]:
    """Yield the positive class and the class named, on all images, then by site and by each column that is an attribute."""
    columns = {"site": {case.case_id: case.site for case in data.cases if case.site is not None}}
    columns |= {name: dict(one.by_case) for name, one in data.attributes.items() if one.source == "table"}
    predictions = tuple(sorted(answers.predictions, key=lambda one: one.case_id))
    groups = [(ALL, predictions)]
    for name, level_of in columns.items():
        levels = {level_of[one.case_id] for one in predictions if one.case_id in level_of}
        if len(levels) > 1:
            groups += [
                (f"{name}={level}", tuple(one for one in predictions if level_of.get(one.case_id) == level))
                for level in sorted(levels)
            ]
    for subgroup, own in groups:
        yield _question(answers.model_id, subgroup, own, data.positive)
        yield _question(answers.model_id, subgroup, own, None)


def _question(
    model_id: str, subgroup: str, predictions: Sequence[Prediction], positive: str | None
) -> _Answers:
    asked = [positive or one.predicted for one in predictions]
    probability = [
        one.probabilities[one.class_names.index(name)] for one, name in zip(predictions, asked, strict=True)
    ]
    outcome = [float(one.label == name) for one, name in zip(predictions, asked, strict=True)]
    patients = _patients(predictions)
    target = "top-label" if positive is None else "positive"
    wrong = sum(not one.correct for one in predictions) / len(predictions)
    return _Answers(model_id, target, subgroup, np.array(probability), np.array(outcome), patients, wrong)


def _patients(predictions: Sequence[Prediction]) -> tuple[str, ...]:
    return tuple(one.patient_id or one.case_id for one in predictions)


def _curve(one: _Answers, bootstrap: ClusterBootstrap) -> Iterator[CalibrationBin]:
    bins = equal_mass_bins(one.probability)
    for number in range(int(bins.max()) + 1):
        inside = bins == number
        patients = [name for name, is_in in zip(one.patients, inside, strict=True) if is_in]
        share = bootstrap.share(one.outcome[inside], patients)
        given = one.probability[inside]
        yield CalibrationBin(
            model_id=one.model_id,
            target=one.target,
            subgroup=one.subgroup,
            bin=number + 1,
            n_images=len(given),
            n_patients=len(set(patients)),
            lowest=float(given.min()),
            highest=float(given.max()),
            mean_probability=float(given.mean()),
            observed=share.estimate,
            low=share.low,
            high=share.high,
        )


def _values(one: _Answers, bootstrap: ClusterBootstrap, seed: int) -> Iterator[CalibrationValue]:
    bins, codes = equal_mass_bins(one.probability), one.codes
    generator = generator_for(seed, "calibration", one.model_id, one.target, one.subgroup)
    errors, gaps = chance_errors(one.probability, bins, codes, generator)

    def mean(values: FloatArray) -> Interval:
        interval = bootstrap.mean(values, one.patients)
        return widened(interval, one.wrong, one.n_patients, confidence=bootstrap.confidence)

    def value(metric: str, interval: Interval, chance: FloatArray | None = None) -> CalibrationValue:
        figures: tuple[float | None, float | None, float | None] = (None, None, None)
        if chance is not None:
            sizes = np.abs(chance)
            larger = int((sizes >= abs(interval.estimate) - 1e-12).sum())
            figures = (
                float(chance.mean()), float(np.quantile(sizes, 1 - LEVEL)), (1 + larger) / (1 + len(chance))
            )  # fmt: skip
        return CalibrationValue(
            one.model_id, metric, one.target, one.subgroup, interval.estimate, interval.low, interval.high,
            len(codes), one.n_patients, *figures,
        )  # fmt: skip

    asked = (one.probability, one.outcome, bins, codes)
    yield value("ece", ece_interval(asked, errors, one.wrong, bootstrap), errors)
    if one.target == "top-label":
        yield value("confidence-gap", mean(one.probability - one.outcome), gaps)
        return
    yield value("brier", mean((one.probability - one.outcome) ** 2))
    terms = brier_terms(one.probability, one.outcome, bins)
    for name in ("reliability", "resolution", "uncertainty", "within_bins"):
        yield value(f"brier-{name.replace('_', '-')}", Interval(getattr(terms, name), None, None, "none"))


def _gated(values: Sequence[CalibrationValue]) -> dict[str, float | Interval]:
    """Return the figures over all images that gates are held against, by metric id."""
    wanted = {("ece", "positive"), ("brier", "positive")}
    return {
        one.metric: Interval(one.value, one.low, one.high, "none" if one.low is None else "bca")
        for one in values
        if one.subgroup == ALL and (one.metric, one.target) in wanted
    }


def _verdict(model_id: str, values: Sequence[CalibrationValue], data: Dataset) -> Verdict:
    """Return finding XA431: failed if the probabilities are off beyond chance, undecided if the data cannot tell."""
    overall = {(one.metric, one.target): one for one in values if one.subgroup == ALL}
    error, gap = overall["ece", "positive"], overall["confidence-gap", "top-label"]
    assert error.chance_high is not None
    adjusted = min(1.0, 2 * min(one.p for one in (error, gap) if one.p is not None))
    over = counted(error.n_patients, "patient" if data.patients_known else "image")
    off = f"its probabilities are off by {_shown(error)} on average (ECE, {over})"
    chance = f"exact probabilities would show up to {shown(error.chance_high)} by chance"
    status: Status
    if error.n_patients < MIN_CLUSTERS:
        status, text = "error", f"cannot be told from {over}: at least {MIN_CLUSTERS} are needed"
    elif adjusted <= LEVEL and max(error.value, abs(gap.value)) > SMALL_ERROR:
        status = "fail"
        text = _direction(gap, over) or f"too sure in places and not sure enough in others: {off}; {chance}"
    elif error.high is not None and error.high <= LARGE_ERROR:
        status, text = "pass", f"not shown to be over- or underconfident: {off}; {chance}"
    else:
        status, text = "error", f"over- or underconfident answers cannot be ruled out: {off}; {chance}"
    return Verdict(
        code=CODE,
        status=status,
        model_id=model_id,
        subject=model_id,
        rule=RULE,
        sentence=f"{model_id}: {text}",
        value=error.value,
        n_patients=error.n_patients,
        gating=False,
    )


def _direction(gap: CalibrationValue, over: str) -> str:
    """Say that the answers are too sure or not sure enough on the whole; empty if the gap may be chance."""
    if gap.p is None or gap.chance_high is None or gap.p > LEVEL or gap.value == 0:
        return ""
    word, more = ("overconfident", "higher") if gap.value > 0 else ("underconfident", "lower")
    size = Interval(abs(gap.value), gap.low, gap.high, "none")
    if gap.value < 0 and gap.low is not None and gap.high is not None:
        size = Interval(-gap.value, -gap.high, -gap.low, "none")
    return (
        f"{word}: the probability of the class that it names is {shown_interval(size)} {more} than the share that is right "
        f"({over}); exact probabilities would show at most {shown(gap.chance_high)} by chance"
    )


def _shown(value: CalibrationValue) -> str:
    return shown_interval(Interval(value.value, value.low, value.high, "none"))
