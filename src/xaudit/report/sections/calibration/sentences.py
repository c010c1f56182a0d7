"""A sentence for each model: how often plants are found, and how often the model is failed without them."""

from collections.abc import Sequence

from xaudit.counts import counted
from xaudit.records import Calibration, CalibrationEffect, Interval

HEADLINE_SHARE = 0.2
"""Share of the answer that the sentence on top is about, where it was asked."""

MOST_FALSE = 0.05
"""Share of audits that may fail for something else than the plant."""


def headlines(calibration: Calibration) -> list[str]:
    """Return one sentence for each model: how often plants are found, and how often it is failed without them."""
    by_model: dict[str, list[CalibrationEffect]] = {}
    for effect in calibration.effects:
        by_model.setdefault(effect.model_id, []).append(effect)
    return [_headline(model, own, calibration) for model, own in by_model.items()]


def _headline(model_id: str, effects: Sequence[CalibrationEffect], calibration: Calibration) -> str:
    first, shares = effects[0], sorted({one.share for one in effects} - {0.0})
    who = f"With these {counted(first.n_patients, 'patient')} ({first.n_positive} with '{calibration.positive}')"
    without = [one for one in effects if one.share == 0]
    own = [one for one in without if one.caught.estimate > MOST_FALSE or one.codes]
    worst = max(without, key=lambda one: one.failed.estimate)
    sentence = f"without one, {model_id} is failed in {of_audits(worst.failed, worst.n_resamples)}"
    if own:
        places = _listed([f"{one.plant} in {of_audits(one.caught, one.n_resamples)}" for one in own])
        sentence += f" for another place, and for a place that a plant was put into: {places}. "
        sentence += _why(model_id, own)
    if not shares:
        return f"{who}: {sentence}"
    share = HEADLINE_SHARE if HEADLINE_SHARE in shares else shares[len(shares) // 2]
    caught = _listed([_caught(one) for one in effects if one.share == share])
    return f"{who}, a plant that carries {100 * share:g} % of the answer of {model_id} is found: {caught} audits; {sentence}"


def _why(model_id: str, failed: Sequence[CalibrationEffect]) -> str:
    """Say where a failure without a plant is the model's, since all patients together show it, and where it may be chance."""
    surely = [one.plant for one in failed if one.codes]
    doubtful = [one.plant for one in failed if not one.codes]
    parts = []
    if surely:
        where = f" at {_listed(surely)}" if doubtful else ""
        parts.append(f"There, {model_id} depends on the place by itself" + where)
    if doubtful:
        parts.append(
            f"The audit of all patients fails for no such place at {_listed(doubtful)}: these may be false alarms"
        )
    return ". ".join(parts)


def _caught(effect: CalibrationEffect) -> str:
    """Say in how many audits a plant is found, and in how many its area is shown without being judged."""
    n = effect.n_resamples
    text = f"{effect.plant} in {of_audits(effect.caught, n)}"
    if effect.shown is not None and effect.shown.estimate >= 0.5 > effect.caught.estimate:
        text += f" (shown on the map, and not judged, in {of_audits(effect.shown, n)})"
    return text


def of_audits(share: Interval, n: int) -> str:
    """Return a share as a count, such as ``39 of 40``."""
    return f"{round(share.estimate * n)} of {n}"


def _listed(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
