"""What a failure category rests on, derived again pixel by pixel."""

import math

import numpy as np
import pytest

from xaudit.metrics.categories import measure_map
from xaudit.metrics.regions import partition


def slow(saliency, mark, valid, anatomy):
    pixels = [(y, x) for y in range(mark.shape[0]) for x in range(mark.shape[1]) if valid[y, x]]
    positive = {at: max(0.0, float(saliency[at])) for at in pixels}
    total = sum(positive.values())
    entropy = -sum(value / total * math.log(value / total) for value in positive.values() if value > 0)
    low, high = min(positive.values()), max(positive.values())
    level = {at: min(255, int((value - low) / (high - low) * 256)) for at, value in positive.items()}

    def between(cut):
        """Otsu's criterion: weight of both classes times the squared distance of their means."""
        below = [value for value in level.values() if value <= cut]
        above = [value for value in level.values() if value > cut]
        if not below or not above:
            return -1.0
        apart = sum(below) / len(below) - sum(above) / len(above)
        return len(below) * len(above) * apart**2

    best = max(range(255), key=between)
    shown = {at for at in pixels if level[at] > best}
    marked = {at for at in pixels if mark[at]}
    masses = {
        name: sum(positive[at] for at in pixels if part[at]) / total
        for name, part in anatomy.items()
        if name != "mark"
    }
    return {
        "spread": math.exp(entropy) / len(pixels),
        "map_share": len(shown) / len(pixels),
        "coverage": len(shown & marked) / len(marked),
        "precision": len(shown & marked) / len(shown),
        "mass_lift": sum(positive[at] for at in marked) / total / (len(marked) / len(pixels)),
        "most": max(masses, key=masses.get),
    }


PLACES = {
    "same-lung": "same_lung",
    "opposite-lung": "opposite_lung",
    "body": "outside_lung",
    "empty": "empty",
}


@pytest.mark.parametrize("seed", range(12))
def test_the_measures_are_those_of_the_definition(seed):
    rng = np.random.default_rng(seed)
    shape = (20, 26)
    saliency = rng.normal(size=shape) ** 3
    mark, lungs, body, valid = (np.zeros(shape, dtype=bool) for _ in range(4))
    y, x = rng.integers(5, 12), rng.integers(4, 8)
    mark[y : y + 4, x : x + 4] = True
    lungs[4:17, 3:11] = lungs[4:17, 15:23] = True
    body[2:19, 1:25] = True
    valid[:, 2:24] = True
    anatomy = partition(mark, lungs, body=body, with_border=False)
    found, expected = measure_map(saliency, mark, valid, anatomy), slow(saliency, mark, valid, anatomy)
    assert found.place == PLACES[expected.pop("most")]
    for name, value in expected.items():
        assert getattr(found, name) == pytest.approx(value, abs=1e-9), name
