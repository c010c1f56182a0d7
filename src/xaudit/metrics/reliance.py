"""Reliance: what the model depends on, asked without any explainer by taking a region away.

Every region is replaced by more than one kind of in-fill, so that one in-fill's artefact does not decide, and is
held against random areas of its own size and shape under the same in-fill. A positive drop means that the answer
needed what was replaced.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import softmax
from scipy.stats import rankdata

from xaudit.counts import counted
from xaudit.errors import ModelError
from xaudit.metrics.absent import Absent, Measured
from xaudit.perturb.asking import Asking, curve
from xaudit.perturb.control_area import control_areas
from xaudit.perturb.infill import infill
from xaudit.records import BoolArray, FloatArray
from xaudit.seeds import generator_for

FEWEST_REGIONS = 3
"""Two regions can only agree or disagree outright, so a rank correlation starts here."""

_DECIMALS = 2


@dataclass(frozen=True, slots=True)
class RegionEffect:
    """The fall of one model's answer when one region of one image is replaced by one kind of in-fill.

    Attributes:
        fraction: the region's share of the frame.
        probability: of the target on the untouched image.
        probability_drop: that minus the probability with the region replaced; -1 to 1.
        logit_drop: the same for the target's logit.
        control_probability_drop: mean drop over random areas of the same size.
        control_logit_drop: the same for the logit.
        beyond_random: how far the probability falls beyond its fall for random areas, a rise counting as no fall;
            -1 to 1, 0 where the region matters no more than any place of its size.
        logit_beyond_random: the same for the logit, in logits.
        rise_beyond_random: how far the probability rises beyond its rise for random areas, a fall counting as no rise.
        logit_rise_beyond_random: the same for the logit.
    """

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
    rise_beyond_random: float
    logit_rise_beyond_random: float


def ask_region_reliance(
    image: torch.Tensor,
    target: int,
    parts: Mapping[str, BoolArray],
    *,
    infills: Sequence[str],
    controls: int,
    generator: np.random.Generator,
    donor: torch.Tensor | None = None,
) -> Asking[list[RegionEffect]]:
    """Ask for the effect of replacing each region by each in-fill, beside that of ``controls`` random areas.

    A measure in progress, for :func:`xaudit.perturb.asking.answer`: the cases of a chunk share full batches. Costs
    ``1 + regions × in-fills × (1 + controls)`` forwards. A region's random areas are the same for every in-fill; its
    numbers do not depend on which other regions or in-fills are asked about. A large region's areas may cover the very
    finding, so its effect less its control's can be far below zero: then it matters less than just any area of that
    size.

    Args:
        image: (3, h, w), normalised, in the model's frame.
        target: index of the class explained.
        parts: name → (h, w) mask in the model's frame; empty ones are left out.
        controls: random areas per region, at least 1.
        donor: (3, h, w), another patient's image, for in-fills that take their pixels from one.

    Returns:
        One per region and in-fill, in the order of ``parts``, then ``infills``.

    Raises:
        ModelError: if the model's answer is not a number.
        ValueError: if a mask does not fit the image.
    """
    image = image.detach().cpu()
    parts = {name: part for name, part in parts.items() if part.any()}
    seed = int(generator.integers(2**32))
    areas = {
        name: [part, *control_areas(part, controls, generator_for(seed, name, "areas"))]
        for name, part in parts.items()
    }

    def replaced() -> Iterator[torch.Tensor]:
        yield image
        for name in parts:
            for kind in infills:
                noise = generator_for(seed, name, kind)
                for area in areas[name]:
                    yield infill(image, area, kind, noise, donor)

    logits = yield curve(replaced(), 1 + len(parts) * len(infills) * (1 + controls))
    if not np.isfinite(logits).all():
        raise ModelError(
            "the model's answer to an image with a region replaced is not a number",
            hint="check its weights and its preprocessing: NaN or infinite logits",
        )
    return _effects(parts, infills, controls, logits, target)


def _effects(
    parts: Mapping[str, BoolArray], infills: Sequence[str], controls: int, logits: FloatArray, target: int
) -> list[RegionEffect]:
    """Work out each region's effects from the logits of the untouched image, then region by in-fill by area."""
    probability: FloatArray = softmax(logits, axis=1)[:, target]
    shape = (len(parts), len(infills), 1 + controls)
    probability_drop = (probability[0] - probability[1:]).reshape(shape)
    logit_drop = (logits[0, target] - logits[1:, target]).reshape(shape)
    # An in-fill that raises the answer shows evidence that is not there. It does not show that the answer needed what
    # was replaced, and where random areas do it, it must not make the region look needed.
    fall, logit_fall = np.maximum(probability_drop, 0), np.maximum(logit_drop, 0)
    rise, logit_rise = np.maximum(-probability_drop, 0), np.maximum(-logit_drop, 0)

    def beyond(change: FloatArray, i: int, j: int) -> float:
        return float(change[i, j, 0] - change[i, j, 1:].mean())

    return [
        RegionEffect(
            region=name,
            infill=kind,
            fraction=float(part.mean()),
            probability=float(probability[0]),
            probability_drop=float(probability_drop[i, j, 0]),
            logit_drop=float(logit_drop[i, j, 0]),
            control_probability_drop=float(probability_drop[i, j, 1:].mean()),
            control_logit_drop=float(logit_drop[i, j, 1:].mean()),
            beyond_random=beyond(fall, i, j),
            logit_beyond_random=beyond(logit_fall, i, j),
            rise_beyond_random=beyond(rise, i, j),
            logit_rise_beyond_random=beyond(logit_rise, i, j),
        )
        for i, (name, part) in enumerate(parts.items())
        for j, kind in enumerate(infills)
    ]


def reliance_agreement(
    masses: Mapping[str, float], parts: Mapping[str, BoolArray], effects: Sequence[RegionEffect]
) -> Measured:
    """Correlate, by rank, how dense a map is in each region with how far the model depends on it.

    Higher is better, -1 to 1, chance 0. For each region, the map's density is its share of the saliency over its
    share of the area, and the model's reliance is the fall of the target probability beyond that of random areas
    of its size, averaged over in-fills. A region that matters no more than random areas do is not relied upon, and
    by how much less is no order either: it says how often those areas chanced on what the model does use. So
    reliance starts at 0. Values that are equal to two decimals share their mean rank: where one of five regions is
    relied upon and the map is densest there, the others' ties leave .71, or more where the map is tied too.

    Args:
        masses: region → share of the positive saliency.
        parts: region → mask, in the frame in which the masses were taken.
        effects: of one image; regions without a mass, and masses without an effect, are left out.
    """
    beyond: dict[str, list[float]] = {}
    for effect in effects:
        beyond.setdefault(effect.region, []).append(effect.beyond_random)
    names = [name for name, part in parts.items() if name in masses and name in beyond and part.any()]
    if len(names) < FEWEST_REGIONS:
        return Absent(
            f"only {counted(len(names), 'region')} could be compared, and a rank correlation needs {FEWEST_REGIONS}"
        )
    density = np.round([masses[name] / parts[name].mean() for name in names], _DECIMALS)
    reliance = np.round([max(0.0, float(np.mean(beyond[name]))) for name in names], _DECIMALS)
    if not reliance.any():
        return Absent(
            "hiding any region changes the answer no more than hiding random areas of its size, so there is no ranking to "
            "compare the map with"
        )
    if np.ptp(reliance) == 0:
        return Absent(
            "hiding any region changes the answer equally, so there is no ranking to compare the map with"
        )
    if np.ptp(density) == 0:
        return Absent("the map is equally dense in every region, so it ranks none above another")
    return float(np.corrcoef(rankdata(density), rankdata(reliance))[0, 1])
