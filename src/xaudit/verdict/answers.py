"""Findings about a model's answers, which come before any finding about its evidence."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from xaudit.records import Evaluation, Interval, Verdict
from xaudit.statistics.digits import counted, shown, shown_interval

CHANCE = 0.5
"""AUROC of a model that guesses."""

_THEN = "what it depends on is not judged. Check the order of the model's outputs"

REFUSING = ("XA204", "XA205")
"""Findings about the answers that rule out findings about the mark, since the answers are not what they seem."""


def answer_findings(evaluations: Iterable[Evaluation], model_id: str) -> list[Verdict]:
    """Return XA204, XA205 and XA206 for one model: swapped classes, one answer for all images, and chance.

    They use the test split, or every split if there is no test split. With one true class there is no AUROC, and one
    answer for all images may be right; with too few patients of a class AUROC has no interval. Neither is a finding.
    """
    own = [evaluation for evaluation in evaluations if evaluation.model_id == model_id]
    tested = [evaluation for evaluation in own if evaluation.split == "test"] or own
    same = _same_answer(tested)
    swapped = [verdict for evaluation in tested if (verdict := _swapped(evaluation)) is not None]
    if same or swapped:
        return [*same, *swapped]
    return [verdict for evaluation in tested if (verdict := _chance(evaluation)) is not None]


def is_refused(verdicts: Iterable[Verdict], model_id: str) -> bool:
    """Return True if a model's answers rule out findings about its evidence."""
    return any(verdict.code in REFUSING and verdict.model_id == model_id for verdict in verdicts)


def _same_answer(tested: Sequence[Evaluation]) -> list[Verdict]:
    predicted = {
        name
        for evaluation in tested
        for column, name in enumerate(evaluation.class_names)
        if any(row[column] for row in evaluation.matrix)
    }
    true = {
        name
        for evaluation in tested
        for name, row in zip(evaluation.class_names, evaluation.matrix, strict=True)
        if any(row)
    }
    if len(predicted) != 1 or len(true) < 2:
        return []
    (answer,) = predicted
    model_id, images = tested[0].model_id, sum(evaluation.n_cases for evaluation in tested)
    return [
        _finding(
            "XA205",
            tested[0],
            "more than one class among the answers",
            f"{model_id}: the model answers {answer} on every image ({counted(images, 'image')}, "
            f"of which {_n_of(tested, answer)} {'is' if _n_of(tested, answer) == 1 else 'are'} {answer}); "
            "what it depends on is not judged",
        )
    ]


def _n_of(tested: Sequence[Evaluation], name: str) -> int:
    return sum(
        sum(evaluation.matrix[evaluation.class_names.index(name)])
        for evaluation in tested
        if name in evaluation.class_names
    )


def _swapped(evaluation: Evaluation) -> Verdict | None:
    auroc = evaluation.measures.get("auroc")
    if auroc is None:
        return None
    if auroc.high is None:
        return _swapped_by_accuracy(evaluation, auroc)
    if auroc.high >= CHANCE:
        return None
    return _finding(
        "XA204",
        evaluation,
        f"upper end of AUROC >= {CHANCE:g}",
        f"{evaluation.model_id}: the classes look swapped: AUROC for '{evaluation.positive}' is "
        f"{shown_interval(auroc, beside=CHANCE)}, wholly below {CHANCE:g} ({_basis(evaluation)}); {_THEN}",
        value=auroc.high,
    )


def _swapped_by_accuracy(evaluation: Evaluation, auroc: Interval) -> Verdict | None:
    """Return XA204 if AUROC has no limits, for lack of patients, and accuracy lies wholly below a guess."""
    right, guess = evaluation.measures.get("accuracy"), 1 / len(evaluation.class_names)
    if right is None or right.high is None or right.high >= guess or auroc.estimate >= CHANCE:
        return None
    finding = _finding(
        "XA204",
        evaluation,
        f"upper end of accuracy >= {shown(guess)}",
        f"{evaluation.model_id}: the classes look swapped: accuracy is {shown_interval(right, beside=guess)}, wholly below a "
        f"guess at {shown(guess)}, and AUROC for '{evaluation.positive}' is {shown(auroc.estimate)} ({_basis(evaluation)}); {_THEN}",
        value=right.high,
    )
    return replace(finding, threshold=guess)


def _chance(evaluation: Evaluation) -> Verdict | None:
    auroc = evaluation.measures.get("auroc")
    if auroc is None or auroc.low is None or auroc.high is None or not auroc.low <= CHANCE <= auroc.high:
        return None
    return _finding(
        "XA206",
        evaluation,
        f"lower end of AUROC > {CHANCE:g}",
        f"{evaluation.model_id}: the answers are not shown to be better than chance: AUROC for '{evaluation.positive}' is "
        f"{shown_interval(auroc, beside=CHANCE, estimate_too=False)}, which includes {CHANCE:g} ({_basis(evaluation)})",
        value=auroc.low,
    )


def _basis(evaluation: Evaluation) -> str:
    images = counted(evaluation.n_cases, f"{evaluation.split} image" if evaluation.split else "image")
    return f"{images} of {counted(evaluation.n_patients, 'patient')}" if evaluation.patients_known else images


def _finding(
    code: str, evaluation: Evaluation, rule: str, sentence: str, *, value: float | None = None
) -> Verdict:
    return Verdict(
        code=code,
        status="fail",
        model_id=evaluation.model_id,
        subject=evaluation.model_id,
        rule=rule,
        sentence=sentence,
        value=value,
        threshold=None if value is None else CHANCE,
        n_patients=evaluation.n_patients,
        gating=False,
    )
