"""Findings about the answers themselves, which come before anything that is said of a model's evidence."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from xaudit.records import Evaluation, Interval, Verdict
from xaudit.statistics.digits import counted, shown, shown_interval

CHANCE = 0.5
"""AUROC of a model that tells nothing."""

_THEN = "what it depends on is not judged. Check the order of the model's outputs"

REFUSING = ("XA204", "XA205")
"""Findings about the answers beside which no finding about the mark is made: the answers are not what they seem."""


def answer_findings(evaluations: Iterable[Evaluation], model_id: str) -> list[Verdict]:
    """XA204, XA205 and XA206 for one model: swapped classes, one answer for all images, and chance.

    They rest on the test split, or on every split where none was tested. With one true class there is no AUROC, and one
    answer for all images may be right; with too few patients of a class AUROC has no interval. Neither says anything.
    """
    own = [one for one in evaluations if one.model_id == model_id]
    tested = [one for one in own if one.split == "test"] or own
    same = _same_answer(tested)
    swapped = [verdict for one in tested if (verdict := _swapped(one)) is not None]
    if same or swapped:
        return [*same, *swapped]
    return [verdict for one in tested if (verdict := _chance(one)) is not None]


def is_refused(verdicts: Iterable[Verdict], model_id: str) -> bool:
    """Return True where nothing is said about a model's evidence, because of its answers."""
    return any(one.code in REFUSING and one.model_id == model_id for one in verdicts)


def _same_answer(tested: Sequence[Evaluation]) -> list[Verdict]:
    said = {
        name
        for one in tested
        for place, name in enumerate(one.class_names)
        if any(line[place] for line in one.matrix)
    }
    true = {
        name for one in tested for name, line in zip(one.class_names, one.matrix, strict=True) if any(line)
    }
    if len(said) != 1 or len(true) < 2:
        return []
    (answer,) = said
    model_id, images = tested[0].model_id, sum(one.n_cases for one in tested)
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
    return sum(sum(one.matrix[one.class_names.index(name)]) for one in tested if name in one.class_names)


def _swapped(one: Evaluation) -> Verdict | None:
    auroc = one.measures.get("auroc")
    if auroc is None:
        return None
    if auroc.high is None:
        return _swapped_by_accuracy(one, auroc)
    if auroc.high >= CHANCE:
        return None
    return _finding(
        "XA204",
        one,
        f"upper end of AUROC >= {CHANCE:g}",
        f"{one.model_id}: the classes look swapped: AUROC for '{one.positive}' is "
        f"{shown_interval(auroc, beside=CHANCE)}, wholly below {CHANCE:g} ({_basis(one)}); {_THEN}",
        value=auroc.high,
    )


def _swapped_by_accuracy(one: Evaluation, auroc: Interval) -> Verdict | None:
    """XA204 where too few patients of a class give AUROC no limits, and even accuracy lies wholly below a guess."""
    right, guess = one.measures.get("accuracy"), 1 / len(one.class_names)
    if right is None or right.high is None or right.high >= guess or auroc.estimate >= CHANCE:
        return None
    found = _finding(
        "XA204",
        one,
        f"upper end of accuracy >= {shown(guess)}",
        f"{one.model_id}: the classes look swapped: accuracy is {shown_interval(right, beside=guess)}, wholly below a "
        f"guess at {shown(guess)}, and AUROC for '{one.positive}' is {shown(auroc.estimate)} ({_basis(one)}); {_THEN}",
        value=right.high,
    )
    return replace(found, threshold=guess)


def _chance(one: Evaluation) -> Verdict | None:
    auroc = one.measures.get("auroc")
    if auroc is None or auroc.low is None or auroc.high is None or not auroc.low <= CHANCE <= auroc.high:
        return None
    return _finding(
        "XA206",
        one,
        f"lower end of AUROC > {CHANCE:g}",
        f"{one.model_id}: the answers are not shown to be better than chance: AUROC for '{one.positive}' is "
        f"{shown_interval(auroc, beside=CHANCE, estimate_too=False)}, which includes {CHANCE:g} ({_basis(one)})",
        value=auroc.low,
    )


def _basis(one: Evaluation) -> str:
    images = counted(one.n_cases, f"{one.split} image" if one.split else "image")
    return f"{images} of {counted(one.n_patients, 'patient')}" if one.patients_known else images


def _finding(code: str, one: Evaluation, rule: str, sentence: str, *, value: float | None = None) -> Verdict:
    return Verdict(
        code=code,
        status="fail",
        model_id=one.model_id,
        subject=one.model_id,
        rule=rule,
        sentence=sentence,
        value=value,
        threshold=None if value is None else CHANCE,
        n_patients=one.n_patients,
        gating=False,
    )
