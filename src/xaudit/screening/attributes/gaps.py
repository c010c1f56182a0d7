"""Gaps of a model's answers between the levels of an attribute at equal label."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xaudit.config import AttributesSection
from xaudit.counts import counted
from xaudit.records import Attribute, BoolArray, FloatArray, GapRow
from xaudit.screening.attributes.tested_images import SENSITIVITY, TestedImages
from xaudit.seeds import generator_for
from xaudit.statistics.level_gaps import group_mean, mean_gap, share_gap
from xaudit.statistics.permuted_groups import Answers, group_test, permuted_statistics

OTHERS = "other levels"


@dataclass(frozen=True, slots=True, eq=False)
class _Split:
    """A level of an attribute and the images that it is compared with, among the images of one class.

    Attributes:
        reason: why the two cannot be compared; else empty.
    """

    attribute: Attribute
    level: str
    other: str
    inside: BoolArray
    outside: BoolArray
    reason: str


def gaps(
    model_id: str,
    classes: Sequence[TestedImages],
    attributes: Sequence[Attribute],
    settings: AttributesSection,
    *,
    seed: int,
) -> list[GapRow]:
    """Return the gaps of sensitivity, specificity and mean log-odds of each level, with p over all of them together."""
    rows: list[GapRow] = []
    tested: list[int] = []
    statistics: list[FloatArray] = []
    for images in classes:
        splits = [split for one in attributes for split in _splits(images, one, settings.least_patients)]
        comparable = [split for split in splits if not split.reason]
        for measure in range(2):
            for split in splits:
                if not split.reason:
                    tested.append(len(rows))
                rows.append(_gap_row(model_id, images, split, is_logit=measure == 1))
        if comparable:
            generator = generator_for(seed, "attributes", "gaps", model_id, images.measure)
            answers = Answers(
                np.stack([images.right, images.logits], axis=1),
                images.patients,
                np.stack([split.inside for split in comparable], axis=1),
                np.stack([split.outside for split in comparable], axis=1),
            )
            statistics.append(np.abs(permuted_statistics(answers, draws=settings.draws, generator=generator)))
    if statistics:
        test = group_test(statistics)
        for index, p, adjusted in zip(tested, test.p, test.adjusted, strict=True):
            rows[index] = replace(rows[index], p=float(p), adjusted_p=float(adjusted))
    return rows


def _splits(images: TestedImages, attribute: Attribute, least: int) -> Iterator[_Split]:
    """Yield each level beside all others that are known; of two levels only the first, whose gap is that of both."""
    known = images.is_known(attribute)
    levels = attribute.levels[:1] if len(attribute.levels) == 2 else attribute.levels
    for level in levels:
        inside = images.is_level(attribute, level)
        outside = known & ~inside
        other = attribute.levels[1] if len(attribute.levels) == 2 else OTHERS
        few = [
            f"{counted(images.n_patients(mask), 'patient')} with {name}"
            for mask, name in ((inside, level), (outside, other))
            if images.n_patients(mask) < least
        ]
        reason = f"{' and '.join(few)} among images of {images.label}; {least} are needed" if few else ""
        yield _Split(attribute, level, other, inside, outside, reason)


def _gap_row(model_id: str, images: TestedImages, split: _Split, *, is_logit: bool) -> GapRow:
    is_positive = images.measure == SENSITIVITY
    measure = f"logit-{'positive' if is_positive else 'negative'}" if is_logit else images.measure
    row = GapRow(
        model_id, split.attribute.name, split.level, split.other, measure, images.n_patients(split.inside),
        images.n_patients(split.outside), None, None, None, None, None, None, None, split.reason,
    )  # fmt: skip
    if split.reason:
        return row
    values = images.logits if is_logit else images.right
    own, other = (group_mean(values, images.patients, mask) for mask in (split.inside, split.outside))
    gap = (mean_gap if is_logit else share_gap)(own, other)
    return replace(
        row, value=own.value, other_value=other.value, gap=gap.estimate, low=gap.low, high=gap.high
    )
