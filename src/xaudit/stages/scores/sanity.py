"""Sanity checks: maps compared with maps of a changed model, another class or other images, which should differ.

All cases of a chunk are explained together, so that batches are full.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from xaudit.catalog import explainer_row, step_id
from xaudit.chunks import Chunk
from xaudit.config import ExplainerSpec, SanitySection
from xaudit.config.audit_file import percents
from xaudit.errors import ModelError
from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.likeness import entropy_rise, layout, rank_likeness, structural_likeness
from xaudit.models.randomise import cascade, layers_in_use, randomised
from xaudit.records import Case, FloatArray, Prediction, SaliencyMap, ScoreResult
from xaudit.seeds import generator_for
from xaudit.stages.scores.checked_maps import CheckedMaps, as_score, score_key


def score_sanity(
    chunk: Chunk,
    spec: ExplainerSpec,
    maps: Mapping[str, SaliencyMap],
    section: SanitySection,
    seed: int,
) -> list[ScoreResult]:
    """Likeness of one explainer's maps to those of networks that have unlearnt, and of other classes.

    Costs, per case, ``steps`` maps for ``mprt``, as many less one for ``mprt-independent``, one for
    ``class-contrast``, and one for ``random-logit`` where there are more than two classes.

    Args:
        maps: as stored, by case id.
    """
    checked = CheckedMaps(chunk, spec, maps)
    if not checked.subjects:
        return []
    results: list[ScoreResult] = []
    if {"mprt", "mprt-independent"} & set(section.tests):
        results += _forgetting(checked, section, seed)
    if {"random-logit", "class-contrast"} & set(section.tests):
        results += _other_classes(checked, section, seed)
    return results


def _forgetting(checked: CheckedMaps, section: SanitySection, seed: int) -> list[ScoreResult]:
    """Model parameter randomisation, cascading and part by part."""
    classifier = checked.chunk.classifier
    parts = cascade(layers_in_use(classifier), section.steps)
    made: dict[frozenset[str], list[FloatArray] | Absent] = {frozenset(): checked.originals}

    def explained(layers: Sequence[str]) -> list[FloatArray] | Absent:
        if frozenset(layers) not in made:
            try:
                twin = randomised(classifier, layers, seed=seed)
                maps = checked.explained(checked.images, checked.targets, checked.seeds, by=twin)
            except ModelError as error:
                made[frozenset(layers)] = Absent(f"the network with random layers: {error}")
            else:
                made[frozenset(layers)] = maps
        return made[frozenset(layers)]

    def likeness(how: str, layers: Sequence[str]) -> list[Measured]:
        maps = (
            explained(layers) if any(parts) else Absent("the network holds no weights that could be random")
        )
        if isinstance(maps, Absent):
            return [maps] * len(checked.subjects)
        trios = zip(checked.originals, maps, checked.valid, strict=True)
        match how:
            case "rank":
                return [rank_likeness(before, after, valid) for before, after, valid in trios]
            case "ssim":
                return [structural_likeness(before, after) for before, after, _ in trios]
            case _:
                return [entropy_rise(before, after) for before, after, _ in trios]

    results: list[ScoreResult] = []
    steps = [sum(parts[: index + 1], ()) for index in range(len(parts))]
    if "mprt" in section.tests:
        costs = checked.costs()
        ranks = [likeness("rank", layers) for layers in steps]
        cost = costs.each()
        ssims = [likeness("ssim", layers) for layers in steps]
        results += checked.results("mprt", ranks[-1], "sanity", section.steps, cost)
        for metric, values in (
            ("mprt-ssim", ssims[-1]),
            ("mprt-mean", _means(ranks)),
            ("efficient-mprt", likeness("entropy", steps[-1])),
            *((step_id(p), values) for p, values in zip(percents(section.steps), ranks, strict=True)),
            *(
                (step_id(p, ssim=True), values)
                for p, values in zip(percents(section.steps), ssims, strict=True)
            ),
        ):
            results += checked.results(metric, values, "sanity", section.steps)
    if "mprt-independent" in section.tests:
        there = [part for part in parts if part]
        costs = checked.costs()
        ranks = [likeness("rank", part) for part in there]
        cost = costs.each()
        results += checked.results("mprt-independent", _means(ranks), "sanity", section.steps, cost)
        ssims = [likeness("ssim", part) for part in there]
        results += checked.results("mprt-independent-ssim", _means(ssims), "sanity", section.steps)
    return results


def _means(columns: Sequence[Sequence[Measured]]) -> list[Measured]:
    """Over the steps of each case; where a step has no value, its reason."""
    means: list[Measured] = []
    for row in zip(*columns, strict=True):
        reasons = [value for value in row if isinstance(value, Absent)]
        means.append(reasons[0] if reasons else float(np.mean([v for v in row if not isinstance(v, Absent)])))
    return means


def _other_classes(checked: CheckedMaps, section: SanitySection, seed: int) -> list[ScoreResult]:
    """The same image explained for a class drawn at random, and for the most probable one."""
    drawn: list[int] = []
    nearest: list[int] = []
    for subject in checked.subjects:
        said, target = subject.prediction, subject.target_index
        others = [index for index in range(len(said.class_names)) if index != target]
        drawn.append(
            int(generator_for(seed, subject.case.image_id, "random-logit").choice(others))
            if others
            else target
        )
        nearest.append(max(others, key=lambda index: said.probabilities[index]) if others else target)
    results: list[ScoreResult] = []
    made: dict[tuple[int, ...], list[FloatArray]] = {}
    for test, classes in (("class-contrast", nearest), ("random-logit", drawn)):
        if test not in section.tests:
            continue
        if len(checked.subjects[0].prediction.class_names) < 2:
            absent = Absent("the model knows one class only")
            results += checked.results(test, [absent] * len(classes), "sanity", test)
            continue
        costs = checked.costs()
        if tuple(classes) not in made:
            made[tuple(classes)] = checked.explained(checked.images, classes, checked.seeds)
        cost = costs.each()
        trios = zip(checked.originals, made[tuple(classes)], checked.valid, strict=True)
        values = [
            rank_likeness(own, other, valid) if test == "class-contrast" else structural_likeness(own, other)
            for own, other, valid in trios
        ]
        results += checked.results(test, values, "sanity", test, cost)
    return results


def score_collapse(
    pairs: Sequence[tuple[Case, Prediction]], spec: ExplainerSpec, maps: Mapping[str, SaliencyMap]
) -> list[ScoreResult]:
    """Score how alike the place is at which one explainer points on different patients: mean over the others.

    Costs no evaluations. A case is held against the cases of all other patients that have a map.
    """
    signed = explainer_row(spec.name).signed
    there = [(case, said, maps[case.case_id]) for case, said in pairs if case.case_id in maps]
    layouts = [layout(one.values if signed else np.abs(one.values)) for _, _, one in there]
    results: list[ScoreResult] = []
    for (case, said, saliency), own in zip(there, layouts, strict=True):
        value: Measured
        if isinstance(own, Absent):
            value = own
        else:
            likenesses = [
                float(own @ other)
                for (partner, _, _), other in zip(there, layouts, strict=True)
                if partner.cluster != case.cluster
                and not isinstance(other, Absent)
                and other.shape == own.shape
            ]
            value = (
                float(np.mean(likenesses))
                if likenesses
                else Absent("no other patient has a map to compare with")
            )
        key = score_key(case, said, saliency, ("location-collapse", "sanity"), "location-collapse")
        results.append(as_score(key, value, 0, 0.0))
    return results
