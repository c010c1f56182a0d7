"""Subgroups of the tested images, by one attribute or by two: which are worse than the rest beyond chance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from xaudit.config import AttributesSection
from xaudit.records import Attribute, BoolArray, FloatArray, SubgroupRow
from xaudit.screening.attributes.tested_images import TestedImages
from xaudit.seeds import generator_for
from xaudit.statistics.level_gaps import group_mean, share_limits
from xaudit.statistics.permuted_groups import Answers, group_test, permuted_statistics


@dataclass(frozen=True, slots=True, eq=False)
class _Subgroup:
    """Images of one class that have a level, or two levels of two attributes."""

    name: str
    n_attributes: int
    inside: BoolArray


def subgroups(
    model_id: str,
    classes: Sequence[TestedImages],
    attributes: Sequence[Attribute],
    settings: AttributesSection,
    *,
    seed: int,
) -> list[SubgroupRow]:
    """Return sensitivity and specificity of every subgroup, with p that it is worse than the rest, over all together."""
    rows: list[SubgroupRow] = []
    tested: list[int] = []
    statistics: list[FloatArray] = []
    for images in classes:
        groups = list(_groups(images, attributes, pairs=settings.pairs))
        judged = _judged(images, groups, settings)
        for number, group in enumerate(groups):
            if number in judged:
                tested.append(len(rows))
            rows.append(_row(model_id, images, group, judged=number in judged))
        if judged:
            inside = np.stack([groups[number].inside for number in sorted(judged)], axis=1)
            generator = generator_for(seed, "attributes", "subgroups", model_id, images.measure)
            answers = Answers(images.right[:, None], images.patients, inside, ~inside)
            statistics.append(-permuted_statistics(answers, draws=settings.draws, generator=generator))
    if statistics:
        test = group_test(statistics)
        for index, p, adjusted in zip(tested, test.p, test.adjusted, strict=True):
            rows[index] = replace(rows[index], p=float(p), adjusted_p=float(adjusted))
    return rows


def _groups(images: TestedImages, attributes: Sequence[Attribute], *, pairs: bool) -> Iterator[_Subgroup]:
    """Yield the subgroups that have an image; a pair of levels is left out if it is the same images as one of the two."""
    single: list[tuple[str, _Subgroup]] = []
    for attribute in attributes:
        for level in attribute.levels:
            inside = images.is_level(attribute, level)
            if inside.any():
                single.append((attribute.name, _Subgroup(f"{attribute.name}={level}", 1, inside)))
    yield from (group for _, group in single)
    for (name, first), (other_name, second) in combinations(single, 2) if pairs else ():
        both = first.inside & second.inside
        same = (both == first.inside).all() or (both == second.inside).all()
        if name != other_name and both.any() and not same:
            yield _Subgroup(f"{first.name} & {second.name}", 2, both)


def _judged(images: TestedImages, groups: Sequence[_Subgroup], settings: AttributesSection) -> set[int]:
    """Return the numbers of the subgroups that are tested: of enough patients, beside enough others."""
    sizes = {
        number: images.n_patients(group.inside)
        for number, group in enumerate(groups)
        if images.n_patients(~group.inside) >= settings.least_patients
    }
    large = [number for number, n in sizes.items() if n >= settings.least_patients]
    # Subgroups of one attribute come first, then those of most patients.
    order = sorted(large, key=lambda number: (groups[number].n_attributes, -sizes[number], number))
    return set(order[: settings.most_subgroups])


def _row(model_id: str, images: TestedImages, group: _Subgroup, *, judged: bool) -> SubgroupRow:
    own = group_mean(images.right, images.patients, group.inside)
    limits = share_limits(own)
    rest = images.right[~group.inside]
    return SubgroupRow(
        model_id=model_id,
        subgroup=group.name,
        n_attributes=group.n_attributes,
        measure=images.measure,
        n_images=int(group.inside.sum()),
        n_patients=own.n_patients,
        value=limits.estimate,
        low=limits.low,
        high=limits.high,
        rest=float(rest.mean()) if rest.size else None,
        p=None,
        adjusted_p=None,
        judged=judged,
    )
