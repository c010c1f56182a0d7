"""Error rate of the reliance map's test, and coverage of the interval of an area's effect, by simulation.

    python benchmarks/reliance_map_error.py [--repeats 1000] [--patients 20 40 100] [--draws 1000]

Maps of 225 + 49 windows (an eighth and a quarter of the side, half a window apart) are drawn for independent patients
on whom no window differs from another. Four kinds of maps: *noise*, correlated between windows that overlap, of either
sign; *drops*, the same noise with rises set to 0, as the reliance map does; *unequal*, noise whose spread differs from
patient to patient by a factor of up to 20; *rare*, drops that 95 of 100 windows do not have at all. The share of maps in
which any window gets a family-wise p of at most 0.05 is the error rate.

For the interval, the windows of a corner have an effect of .1 or .5 in the mean over the population: *steady*, with a
standard deviation of a third of it, or *skewed*, from a beta distribution on which most patients have little. Coverage is
the share of intervals that hold the true mean: of the planted window on all maps, and of the area's peak, which is
chosen for its large mean, on those maps on which the area is shown.
"""

import argparse
from collections.abc import Callable

import numpy as np
from scipy import ndimage

from xaudit.records import FloatArray, IntArray, Interval
from xaudit.statistics.bootstrap import ClusterBootstrap
from xaudit.statistics.max_test import max_sign_flip

SIDES = (15, 7)
"""Windows along one side: an eighth and a quarter of the frame, half a window apart."""

ALPHA = 0.05
REPLICATES = 1000


def groups() -> IntArray:
    """Return the scale of each window."""
    return np.repeat(np.arange(len(SIDES)), [side * side for side in SIDES])


def smooth(n_patients: int, generator: np.random.Generator) -> FloatArray:
    """Return noise of unit variance, (patients, windows), correlated alike between all neighbours within each scale."""
    maps = []
    for side in SIDES:
        drawn = ndimage.gaussian_filter(
            generator.normal(size=(n_patients, side, side)), (0, 1, 1), mode="wrap"
        )
        impulse = np.zeros((side, side))
        impulse[0, 0] = 1
        spread = np.sqrt((ndimage.gaussian_filter(impulse, 1, mode="wrap") ** 2).sum())
        maps.append((drawn / spread).reshape(n_patients, -1))
    return np.concatenate(maps, axis=1)


def drops(n_patients: int, generator: np.random.Generator) -> FloatArray:
    """Return noise with rises set to 0."""
    return np.maximum(smooth(n_patients, generator), 0)


def unequal(n_patients: int, generator: np.random.Generator) -> FloatArray:
    """Return noise whose spread differs between patients."""
    spread = np.exp(generator.uniform(0, np.log(20), size=(n_patients, 1)))
    return smooth(n_patients, generator) * spread


def rare(n_patients: int, generator: np.random.Generator) -> FloatArray:
    """Return drops that 95 of 100 windows do not have."""
    return np.maximum(smooth(n_patients, generator) - 1.645, 0)


def steady(effect: float, n_patients: int, generator: np.random.Generator) -> FloatArray:
    """Return one effect for each patient, alike for most."""
    return generator.normal(effect, effect / 3, size=n_patients)


def skewed(effect: float, n_patients: int, generator: np.random.Generator) -> FloatArray:
    """Return one effect for each patient, small for most."""
    return generator.beta(8 * effect, 8 * (1 - effect), size=n_patients)


MAPS: dict[str, Callable[[int, np.random.Generator], FloatArray]] = {
    "noise": smooth,
    "drops": drops,
    "unequal": unequal,
    "rare": rare,
}

EFFECTS: dict[str, Callable[[float, int, np.random.Generator], FloatArray]] = {
    "steady": steady,
    "skewed": skewed,
}

PLANTED = [0, 1, SIDES[0], SIDES[0] + 1]
"""Windows of a corner that overlap."""


def error_rate(kind: str, n_patients: int, *, repeats: int, draws: int, seed: int = 0) -> float:
    """Return the share of maps without any effect in which the test shows a window."""
    generator = np.random.default_rng([seed, n_patients, sorted(MAPS).index(kind)])
    n_errors = 0
    for repeat in range(repeats):
        tested = max_sign_flip(MAPS[kind](n_patients, generator), groups(), seed=repeat, draws=draws)
        n_errors += tested is not None and bool((tested.p <= ALPHA).any())
    return n_errors / repeats


def coverage(
    kind: str, n_patients: int, effect: float, *, repeats: int, draws: int
) -> tuple[float, float, float]:
    """Return the share of maps that show the area, and coverage at the planted window and at the area's peak."""
    generator = np.random.default_rng([n_patients, round(100 * effect), sorted(EFFECTS).index(kind)])
    bootstrap = ClusterBootstrap(replicates=REPLICATES, confidence=0.95, seed=0)
    names = [f"p{index:03}" for index in range(n_patients)]
    held, shown = [], []
    for repeat in range(repeats):
        values = 0.01 * drops(n_patients, generator)
        planted = EFFECTS[kind](effect, n_patients, generator)
        values[:, PLANTED] += planted[:, None]
        truth = effect + 0.01 / np.sqrt(2 * np.pi)
        held.append(_holds(bootstrap.mean(values[:, PLANTED[0]], names), truth))
        tested = max_sign_flip(values, groups(), seed=repeat, draws=draws)
        if tested is not None and (tested.p[PLANTED] <= ALPHA).any():
            significant = np.flatnonzero(tested.p <= ALPHA)
            peak = significant[np.argmax(values[:, significant].mean(axis=0))]
            shown.append(_holds(bootstrap.mean(values[:, peak], names), truth))
    return len(shown) / repeats, float(np.mean(held)), float(np.mean(shown)) if shown else float("nan")


def _holds(interval: Interval, truth: float) -> bool:
    return interval.low is not None and interval.high is not None and interval.low <= truth <= interval.high


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--patients", type=int, nargs="+", default=[20, 40, 100])
    options = parser.parse_args()
    print(
        f"share of {options.repeats} maps with a window of family-wise p <= {ALPHA} although no window differs"
    )
    print("patients " + " ".join(f"{kind:>9}" for kind in MAPS))
    for n_patients in options.patients:
        rates = (error_rate(kind, n_patients, repeats=options.repeats, draws=options.draws) for kind in MAPS)
        print(f"{n_patients:8} " + " ".join(f"{rate:9.3f}" for rate in rates), flush=True)
    print(f"coverage of 95 % intervals of an effect, {options.repeats} maps")
    print("patients   effect      kind  area shown  at the window  at the peak")
    for n_patients in options.patients:
        for kind in EFFECTS:
            for effect in (0.1, 0.5):
                shown, held, at_peak = coverage(
                    kind, n_patients, effect, repeats=options.repeats, draws=options.draws
                )
                print(
                    f"{n_patients:8} {effect:8.2f} {kind:>9} {shown:11.3f} {held:14.3f} {at_peak:12.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
