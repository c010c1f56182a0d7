"""Findings on properties of the whole image that move a model's answer; they decide no exit code.

Two things are told apart. A model *follows* a property if more of it moves the answer one way on the images of every class, a
marked finding kept as it is: the property itself is evidence for it. A model is only *sensitive* to a property if the answer
moves on some images: blur may hide a small lesion, sharpening may make a vessel look like one. See
docs/decisions/0092-whole-image-properties.md.
"""

from collections.abc import Sequence

from xaudit.catalog.image_changes import IMAGE_CHANGES, IMAGE_MARGIN, IMAGE_PROPERTIES
from xaudit.counts import counted
from xaudit.records import Interval, PropertyEffect, Verdict
from xaudit.statistics.digits import shown_interval

FOLLOWS_RULE = (
    f"no property of the whole image moves the answer by more than {IMAGE_MARGIN:g} one way on every class"
)
SENSITIVE_RULE = f"no property of the whole image moves the answer by more than {IMAGE_MARGIN:g} on any class"

ONE_CLASS_RULE = f"{SENSITIVE_RULE}; asked on images of one class only"


def image_findings(effects: Sequence[PropertyEffect]) -> list[Verdict]:
    """Return XA210 for each model that follows a property, and XA214 for each that is sensitive to others."""
    verdicts: list[Verdict] = []
    for model_id in dict.fromkeys(effect.model_id for effect in effects):
        followed: list[list[PropertyEffect]] = []
        sensitive: list[PropertyEffect] = []
        of_model = [one for one in effects if one.model_id == model_id]
        for name in IMAGE_PROPERTIES:
            own = [one for one in of_model if one.property == name]
            found = [group for group in _by_target(own) if follows(group)]
            followed += found
            if not found and (moved := [one for one in own if _moves(one)]):
                sensitive.append(max(moved, key=_largest_low))
        if followed:
            verdicts.append(_follows(sorted(followed, key=lambda group: -_least(group))))
        if sensitive:
            classes = {one.images for one in of_model if one.probability.low is not None}
            verdicts.append(_sensitive(sorted(sensitive, key=lambda one: -_largest_low(one)), len(classes)))
    return verdicts


def follows(group: Sequence[PropertyEffect]) -> bool:
    """Return True if one property moves one target's probability the same way on every class that has an interval.

    It takes two classes: on one alone, the move may be no more than a finding that is lost, or something else that looks
    like one.
    """
    known = [one for one in group if one.probability.low is not None]
    signs = {_sign_beyond_margin(one.probability) for one in known}
    return len(known) > 1 and len(signs) == 1 and signs != {0}


def _sign_beyond_margin(effect: Interval) -> int:
    """Return 1 or -1 if the whole interval lies beyond the margin on one side of zero, else 0."""
    if effect.low is not None and effect.low > IMAGE_MARGIN:
        return 1
    return -1 if effect.high is not None and effect.high < -IMAGE_MARGIN else 0


def _by_target(effects: Sequence[PropertyEffect]) -> list[list[PropertyEffect]]:
    targets = dict.fromkeys(effect.target for effect in effects)
    return [[effect for effect in effects if effect.target == target] for target in targets]


def _moves(effect: PropertyEffect) -> bool:
    return _largest_low(effect) > IMAGE_MARGIN


def _largest_low(effect: PropertyEffect) -> float:
    """Return the larger lower end of the two movements, with the finding kept and with it changed."""
    return max(low for low in (effect.movement.low, effect.with_finding.low, 0.0) if low is not None)


def _least(group: Sequence[PropertyEffect]) -> float:
    """Return the distance from zero of the nearest limit of all classes' intervals."""
    return min(_near_limit(one.probability) for one in group if one.probability.low is not None)


def _near_limit(effect: Interval) -> float:
    if effect.low is None or effect.high is None:
        return 0.0
    return max(effect.low, -effect.high, 0.0)


def _follows(groups: Sequence[Sequence[PropertyEffect]]) -> Verdict:
    strongest, *others = groups
    first = strongest[0]
    also = ""
    if others:
        names = ", ".join(f"{group[0].property} (by at least {_least(group):.2f})" for group in others)
        also = f". It also moves with {names}"
    return _verdict(
        "XA210",
        (FOLLOWS_RULE, _least(strongest)),
        strongest,
        f"{first.model_id}: the answer follows the {first.property} of the whole image. From {step_words(first.less)} to "
        f"{step_words(first.more)}, P({first.target}) {_in_classes(strongest)}{also}",
    )


def _in_classes(group: Sequence[PropertyEffect]) -> str:
    """Describe the effect on each true class, with its interval, and what was not asked or not decided."""
    parts = []
    for one in group:
        kept = " with the marked finding left as it is" if one.n_marked else ""
        if one.probability.low is None:
            parts.append(
                f"{counted(one.n_patients, one.cluster)} with {one.images} are too few for an interval"
            )
            continue
        verb = "rises" if one.probability.estimate > 0 else "falls"
        figures = shown_interval(_unsigned(one.probability), beside=IMAGE_MARGIN, estimate_too=False)
        parts.append(
            f"{verb} by {figures} on images of {one.images}{kept} ({counted(one.n_patients, one.cluster)})"
        )
    return ", and ".join(parts)


def _unsigned(effect: Interval) -> Interval:
    if effect.estimate >= 0 or effect.low is None or effect.high is None:
        return effect
    return Interval(-effect.estimate, -effect.high, -effect.low, effect.method, effect.n_replicates_dropped)


def _sensitive(moved: Sequence[PropertyEffect], n_classes: int) -> Verdict:
    """Return XA214 for properties that move the answer, the strongest first.

    Args:
        n_classes: true classes with enough patients for an interval.
    """
    parts = []
    for one in moved:
        kept_low, whole_low = one.movement.low or 0.0, one.with_finding.low or 0.0
        movement = one.movement if kept_low >= whole_low else one.with_finding
        figures = shown_interval(movement, beside=IMAGE_MARGIN, estimate_too=False)
        parts.append(f"{one.property} by {figures} on images of {one.images}")
    first = moved[0]
    rule = SENSITIVE_RULE
    so_what = "This is fragility, and no proof that the model takes its answer from it"
    if n_classes < 2:
        rule = ONE_CLASS_RULE
        so_what = (
            f"Only images of {first.images} were asked of enough patients, so it is not decided whether the model takes its "
            "answer from it"
        )
    return _verdict(
        "XA214",
        (rule, _largest_low(first)),
        [first],
        f"{first.model_id}: the answer is sensitive to the quality of the image. P({first.target}) moves with "
        f"{', '.join(parts)} ({counted(first.n_patients, first.cluster)}). {so_what}",
    )


def step_words(step: str) -> str:
    """Name a step in words; an empty id is the untouched image.

    Example:
        >>> step_words("brighter-10"), step_words("")
        ('10 % of the range brighter', 'the image as it is')
    """
    return IMAGE_CHANGES[step].meaning if step else "the image as it is"


def _verdict(code: str, rule: tuple[str, float], group: Sequence[PropertyEffect], sentence: str) -> Verdict:
    return Verdict(
        code=code,
        status="fail",
        model_id=group[0].model_id,
        subject=group[0].model_id,
        rule=rule[0],
        sentence=sentence,
        value=rule[1],
        threshold=IMAGE_MARGIN,
        n_patients=min(one.n_patients for one in group),
        gating=False,
    )
