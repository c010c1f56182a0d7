"""Change of an explainer's maps under noise that leaves the answer as it is, and under another seed.

All cases of a chunk are explained together, so that batches are full.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from xaudit.chunks import Chunk
from xaudit.config import ExplainerSpec, RobustnessSection
from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.likeness import rank_likeness, structural_likeness
from xaudit.metrics.robustness import Noise, local_lipschitz, relative_stabilities, sensitivities
from xaudit.records import FloatArray, SaliencyMap, ScoreResult
from xaudit.seeds import generator_for, seed_for
from xaudit.stages.scores.checked_maps import CheckedMaps

AT_ONCE = 4
"""Full batches of changed images that are held in memory at a time."""

SAME_WITHIN = 2e-3
"""Maps that differ by less than this share of the largest value are the same, but for rounding."""


def score_robustness(
    chunk: Chunk,
    spec: ExplainerSpec,
    maps: Mapping[str, SaliencyMap],
    section: RobustnessSection,
    seed: int,
) -> list[ScoreResult]:
    """Score how far one explainer's maps move under noise on the image, and under other seeds.

    Costs, per case, ``samples`` maps and forwards for the noise, and ``seeds`` - 1 maps for the seeds; where the
    first other seed gives the very same map, the explainer has no use for it, and no further ones are made.

    Args:
        maps: as stored, by case id.
    """
    checked = CheckedMaps(chunk, spec, maps)
    if not checked.subjects:
        return []
    results: list[ScoreResult] = []
    if "sensitivity" in section.tests:
        results += _under_noise(checked, section, seed)
    if "seed-stability" in section.tests:
        results += _under_seeds(checked, section, seed)
    return results


def _under_noise(checked: CheckedMaps, section: RobustnessSection, seed: int) -> list[ScoreResult]:
    classifier = checked.chunk.classifier
    n = len(checked.subjects)
    costs = checked.costs()
    found: list[dict[str, Measured]] = []
    n_together = max(1, AT_ONCE * classifier.batch_size // section.samples)
    for start in range(0, n, n_together):
        group = range(start, min(start + n_together, n))
        images = torch.cat([_noisy_copies(checked, index, section, seed) for index in group])
        targets = [checked.targets[index] for index in group for _ in range(section.samples)]
        seeds = [checked.seeds[index] for index in group for _ in range(section.samples)]
        logits = classifier.logits(images).double().numpy()
        noisy = checked.explained(images, targets, seeds)
        for place, index in enumerate(group):
            own = slice(place * section.samples, (place + 1) * section.samples)
            noise = Noise(
                checked.images[index].double().numpy(),
                images[own].double().numpy(),
                np.asarray(checked.subjects[index].prediction.logits),
                logits[own],
            )
            found.append(_moved(checked.originals[index], np.stack(noisy[own]), noise))
    cost = costs.each()
    settings = [section.samples, section.radius]
    results: list[ScoreResult] = []
    for place, metric in enumerate(found[0]):
        results += checked.results(
            metric, [one[metric] for one in found], "robustness", settings, (0, 0.0) if place else cost
        )
    return results


def _moved(saliency: FloatArray, noisy: FloatArray, noise: Noise) -> dict[str, Measured]:
    return {
        **sensitivities(saliency, noisy),
        "local-lipschitz": local_lipschitz(saliency, noisy, noise),
        **relative_stabilities(saliency, noisy, noise),
    }


def _noisy_copies(checked: CheckedMaps, index: int, section: RobustnessSection, seed: int) -> torch.Tensor:
    """(samples, 3, h, w): the image with noise of at most the radius in every pixel, the same in all channels."""
    image, classifier = checked.images[index], checked.chunk.classifier
    generator = generator_for(seed, checked.subjects[index].case.image_id, "noise")
    noise = generator.uniform(-section.radius, section.radius, size=(section.samples, *image.shape[1:]))
    shown = classifier.denormalise(image) + torch.from_numpy(noise.astype(np.float32))[:, None]
    return classifier.normalise(shown)


def _under_seeds(checked: CheckedMaps, section: RobustnessSection, seed: int) -> list[ScoreResult]:
    n = len(checked.subjects)
    costs = checked.costs()
    drawn: list[list[FloatArray]] = [[own] for own in checked.originals]
    seeded = list(range(n))
    for turn in range(1, section.seeds):
        if not seeded:
            break
        seeds = [
            seed_for(seed, checked.subjects[index].case.image_id, checked.spec.fingerprint, f"turn {turn}")
            for index in seeded
        ]
        maps = checked.explained(checked.images[seeded], [checked.targets[index] for index in seeded], seeds)
        for index, one in zip(list(seeded), maps, strict=True):
            if turn == 1 and _is_same(one, checked.originals[index]):
                seeded.remove(index)
            drawn[index].append(one)
    cost = costs.each()
    ranks: list[Measured] = []
    ssims: list[Measured] = []
    for own, valid in zip(drawn, checked.valid, strict=True):
        pairs = [(a, b) for place, a in enumerate(own) for b in own[place + 1 :]]
        ranks.append(_mean_of([rank_likeness(a, b, valid) for a, b in pairs]))
        ssims.append(_mean_of([structural_likeness(a, b) for a, b in pairs]))
    return [
        *checked.results("seed-stability", ranks, "robustness", section.seeds, cost),
        *checked.results("seed-stability-ssim", ssims, "robustness", section.seeds),
    ]


def _is_same(one: FloatArray, other: FloatArray) -> bool:
    largest = float(np.abs(other).max())
    return bool(np.allclose(one, other, rtol=0, atol=SAME_WITHIN * largest, equal_nan=True))


def _mean_of(values: Sequence[Measured]) -> Measured:
    """The mean over pairs; a pair whose first map points nowhere counts 0, unless it is the stored one's."""
    if isinstance(values[0], Absent):
        return values[0]
    return float(np.mean([0.0 if isinstance(value, Absent) else value for value in values]))
