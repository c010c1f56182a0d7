"""The requirements for plants: xaudit's own meet them, and each that is broken is named."""

import numpy as np
import pytest

from xaudit.catalog import PLANT_RECORDS
from xaudit.plugins import PlantPlugin, PlantRow, PluginError, check_plant

ROW = PlantRow("dot", "a white dot", "box", box=(0.0, 0.0, 0.25, 0.25))


def insert(pixels, _region, _generator):
    planted = pixels.copy()
    planted[:, 4:8, 4:8] = 1.0
    return planted


def evidence(pixels):
    return pixels[:, 4:8, 4:8].mean(axis=(1, 2))


@pytest.mark.parametrize("name", PLANT_RECORDS)
def test_every_plant_of_xaudit_meets_the_requirements(name):
    without, shown = check_plant(PLANT_RECORDS[name])
    assert shown.min() > without.max()


def test_a_plant_of_another_package_meets_them():
    without, shown = check_plant(PlantPlugin(ROW, insert, evidence))
    np.testing.assert_allclose(shown, 1.0)
    assert without.max() < 0.4


def elsewhere(pixels, region, generator):
    planted = insert(pixels, region, generator)
    planted[:, -1, -1] = 1.0
    return planted


def in_place(pixels, _region, _generator):
    pixels[:, 4:8, 4:8] = 1.0
    return pixels


@pytest.mark.parametrize(
    ("put", "read", "told"),
    [
        (elsewhere, evidence, "the plant 'dot' changes 1 pixels outside its place"),
        (in_place, evidence, "the plant 'dot' changes the image that it was given"),
        (lambda pixels, *_: pixels.copy(), evidence, "the plant 'dot' changes nothing"),
        (lambda pixels, *_: insert(pixels, None, None).astype(np.float64), evidence, "the plant 'dot' gives float64"),
        (lambda pixels, *_: 2 * insert(pixels, None, None), evidence, "the plant 'dot' gives values outside 0 to 1"),
        (insert, lambda pixels: np.zeros(len(pixels)), "the plant 'dot' is not told"),
        (insert, lambda pixels: evidence(pixels) - evidence(pixels).mean(), "depends on the other images"),
    ],
)  # fmt: skip
def test_a_requirement_that_is_not_met_is_named(put, read, told):
    with pytest.raises(PluginError, match=told):
        check_plant(PlantPlugin(ROW, put, read))
