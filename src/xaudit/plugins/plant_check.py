"""Requirements for every plant; xaudit's own are tested with them too."""

import numpy as np

from xaudit.catalog.plugin_records import PlantPlugin
from xaudit.plugins.study import demand, leaves_random_states
from xaudit.records import BoolArray, FloatArray
from xaudit.seeds import generator_for

N_IMAGES = 4

LEAST_GAP = 0.25
"""Smallest distance of the evidence with and without a plant, as a share of that of its means."""


def check_plant(plugin: PlantPlugin, *, side: int = 128) -> FloatArray:
    """Put a plant into made-up images as `xaudit calibrate` does, and look for it; call this in the tests of a plug-in.

    The copy must be float32 of the image's shape, finite and from 0 to 1; it must change its stated place and nothing else; the
    same call must give the same; and the evidence must tell images with the plant from images without.

    Args:
        side: of the images, in pixels.

    Returns:
        (2, n): the evidence without the plant and with it.

    Raises:
        PluginError: for the first requirement that is not met.
    """
    by = f"the plant '{plugin.row.id}'"
    demand(side >= plugin.row.smallest_side, f"{by} needs frames of {plugin.row.smallest_side} pixels")
    images = np.random.default_rng(3).uniform(0.2, 0.4, (N_IMAGES, 1, side, side)).astype(np.float32)
    images = np.repeat(images, 3, axis=1)
    region = _region(side) if plugin.row.place == "region" else None
    with leaves_random_states(by):
        planted = np.stack([_planted(plugin, image, region, by) for image in images])
        again = np.stack([_planted(plugin, image, region, by) for image in images])
    demand(np.array_equal(planted, again), f"{by} gives another image for the same one")
    changed = (planted != images).any(axis=(0, 1))
    demand(bool(changed.any()), f"{by} changes nothing")
    outside = changed & ~_stated_place(plugin, side, region)
    demand(not outside.any(), f"{by} changes {int(outside.sum())} pixels outside its place")
    without, shown = (_evidence(plugin, grey.mean(axis=1), by) for grey in (images, planted))
    gap, means = shown.min() - without.max(), shown.mean() - without.mean()
    demand(
        gap > 0 and gap >= LEAST_GAP * means,
        f"{by} is not told: its evidence is up to {without.max():.3g} without it and as little as {shown.min():.3g} with it",
    )
    return np.stack([without, shown])


def _planted(plugin: PlantPlugin, image: FloatArray, region: BoolArray | None, by: str) -> FloatArray:
    given = image.copy()
    planted = plugin.insert(given, region, generator_for(0, plugin.row.id))
    demand(np.array_equal(given, image), f"{by} changes the image that it was given")
    demand(planted is not None, f"{by} does not fit into a region of half the image")
    planted = np.asarray(planted)
    demand(planted.shape == image.shape, f"{by} gives an image of {planted.shape}, expected {image.shape}")
    demand(planted.dtype == np.float32, f"{by} gives {planted.dtype}, expected float32")
    demand(bool(np.isfinite(planted).all()), f"{by} gives values that are not numbers")
    demand(bool(planted.min() >= 0 and planted.max() <= 1), f"{by} gives values outside 0 to 1")
    return planted


def _evidence(plugin: PlantPlugin, grey: FloatArray, by: str) -> FloatArray:
    evidence = np.asarray(plugin.evidence(grey), dtype=np.float64)
    demand(
        evidence.shape == (len(grey),),
        f"its evidence has the shape {evidence.shape}, expected ({len(grey)},)",
    )
    demand(bool(np.isfinite(evidence).all()), f"the evidence of {by} is not a number")
    alone = np.concatenate([np.atleast_1d(plugin.evidence(one[None])) for one in grey])
    demand(bool(np.allclose(alone, evidence, atol=1e-6)), f"the evidence of {by} depends on the other images")
    return evidence


def _region(side: int) -> BoolArray:
    region = np.zeros((side, side), dtype=bool)
    region[side // 4 : -side // 4, side // 4 : -side // 4] = True
    return region


def _stated_place(plugin: PlantPlugin, side: int, region: BoolArray | None) -> BoolArray:
    place = np.ones((side, side), dtype=bool)
    if region is not None:
        return region
    if plugin.row.box is not None:
        x0, y0, x1, y1 = (round(end * side) for end in plugin.row.box)
        place[:] = False
        place[y0:y1, x0:x1] = True
    elif plugin.row.place == "ring":
        place[side // 10 : -(side // 10), side // 10 : -(side // 10)] = False
    return place
