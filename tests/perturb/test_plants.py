"""Every plant changes only its stated place, and its detector tells images with it from images without."""

import numpy as np
import pytest
import torch

from xaudit.catalog import PLANT_RECORDS
from xaudit.perturb import plants
from xaudit.perturb.infill import infill
from xaudit.seeds import generator_for

REGION = (slice(12, 52), slice(10, 50))


ON_FRAMES = [
    (name, side) for name, one in PLANT_RECORDS.items() for side in (64, 128) if side >= one.row.smallest_side
]


def slices(side, n=6):
    """Images like a slice: a dark frame, a grey body with texture, two darker lungs."""
    y, x = np.mgrid[0:side, 0:side] / side
    images = []
    for number in range(n):
        generator = np.random.default_rng(number)
        grey = np.where(np.hypot((x - 0.5) / 0.42, (y - 0.5) / 0.34) < 1, 0.55, 0.02)
        for middle in (0.32, 0.68):
            grey = np.where(np.hypot((x - middle) / 0.13, (y - 0.5) / 0.22) < 1, 0.2, grey)
        grey = grey + generator.normal(0, 0.01, grey.shape) * (1 + number / n)
        images.append(np.repeat(np.clip(grey, 0, 1)[None], 3, axis=0).astype(np.float32))
    return np.stack(images)


def region(side):
    mask = np.zeros((64, 64), dtype=bool)
    mask[REGION] = True
    return np.kron(mask, np.ones((side // 64, side // 64), dtype=bool))


def planted(name, images):
    record = PLANT_RECORDS[name]
    where = region(images.shape[-1]) if record.row.place == "region" else None
    return np.stack([record.insert(one, where, generator_for(0, name)) for one in images])


@pytest.mark.parametrize(("name", "side"), ON_FRAMES)
def test_a_detector_tells_images_with_its_plant_from_images_without(name, side):
    images, evidence = slices(side), PLANT_RECORDS[name].evidence
    without, shown = evidence(images.mean(axis=1)), evidence(planted(name, images).mean(axis=1))
    assert shown.min() - without.max() > 0.25 * (shown.mean() - without.mean()), (without, shown)


@pytest.mark.parametrize(("name", "side"), ON_FRAMES)
def test_a_plant_changes_its_stated_place_only_and_never_the_given_image(name, side):
    images = slices(side)
    before = images.copy()
    changed = (planted(name, images) != images).any(axis=(0, 1))
    np.testing.assert_array_equal(images, before)
    assert changed.any()
    allowed = np.ones((side, side), dtype=bool)
    match PLANT_RECORDS[name].row.place:
        case "box":
            x0, y0, x1, y1 = PLANT_RECORDS[name].row.box
            allowed[:] = False
            allowed[round(y0 * side) : round(y1 * side), round(x0 * side) : round(x1 * side)] = True
        case "ring":
            allowed[side // 10 : -side // 10, side // 10 : -side // 10] = False
        case "region":
            allowed = region(side)
    assert not (changed & ~allowed).any()


@pytest.mark.parametrize("name", [name for name, one in PLANT_RECORDS.items() if one.row.place != "image"])
def test_a_local_plant_that_is_covered_is_told_no_more(name):
    images = slices(128)
    shown = planted(name, images)
    changed = (shown != images).any(axis=(0, 1))
    hidden = [infill(torch.from_numpy(one), changed, "blur", generator_for(0, name)) for one in shown]
    covered = torch.stack(hidden).numpy()
    evidence = PLANT_RECORDS[name].evidence
    without, with_plant = evidence(images.mean(axis=1)), evidence(shown.mean(axis=1))
    middle = (without.max() + with_plant.min()) / 2
    assert (evidence(covered.mean(axis=1)) < middle).all()


def test_the_plate_matches_itself_and_no_other_pattern():
    plate = plants._plate(128, 128)
    canvas = np.full((2, 40, 40), 0.5)
    canvas[0, 7 : 7 + plate.shape[0], 21 : 21 + plate.shape[1]] = plate
    canvas[1, 7 : 7 + plate.shape[0], 21 : 21 + plate.shape[1]] = 1 - plate
    found = plants._best_match(canvas, plate)
    assert found[0] == pytest.approx(1)
    assert found[1] < 0.5


def test_the_match_is_the_best_correlation_of_a_slow_search():
    generator = np.random.default_rng(5)
    image, plate = generator.uniform(0, 1, (24, 30)), plants._plate(64, 64)
    rows, columns = plate.shape
    template = plate - plate.mean()
    best = 0.0
    for top in range(24 - rows + 1):
        for left in range(30 - columns + 1):
            window = image[top : top + rows, left : left + columns]
            product = float(((window - window.mean()) * template).sum())
            correlation = product / np.sqrt(((window - window.mean()) ** 2).sum() * (template**2).sum())
            best = max(best, max(correlation, 0) * min(max(product / (template**2).sum(), 0), 1))
    assert plants._best_match(image[None], plate)[0] == pytest.approx(best, abs=1e-6)


def test_a_tag_that_does_not_fit_into_its_region_is_not_put_in():
    narrow = np.zeros((128, 128), dtype=bool)
    narrow[:, 60:64] = True
    record = PLANT_RECORDS["tag"]
    assert record.insert(slices(128)[0], narrow, generator_for(0, "tag")) is None
    with pytest.raises(ValueError, match="a tag needs a region"):
        record.insert(slices(128)[0], None, generator_for(0, "tag"))
