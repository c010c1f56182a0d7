"""A frontal chest X-ray drawn from a dozen shapes, whose lung fields are known; it looks like one from afar."""

import numpy as np


def _ellipse(rows, cols, y, x, half_height, half_width):
    return ((rows - y) / half_height) ** 2 + ((cols - x) / half_width) ** 2 <= 1


def simulated_xray(size=256, *, seed=0, nodule=False, air=True):
    """The image, (size, size) in [0, 1], and its lung fields as far as the heart leaves them free.

    Density adds up along the beam as in a real one: trunk, less lung, plus ribs, spine, heart, collar bones,
    diaphragm; then noise and a gradient from tube to far end.
    """
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[0:size, 0:size] / size + 0.5 / size
    narrow = 0.40 + 0.06 * np.clip((rows - 0.15) / 0.3, 0, 1) + rng.uniform(-0.01, 0.01)
    trunk = (np.abs(cols - 0.5) < narrow) & (rows > 0.06)
    lean = rng.uniform(-0.02, 0.02)
    lungs = np.zeros_like(trunk)
    for side in (-1, 1):
        x = 0.5 + lean + side * rng.uniform(0.185, 0.2)
        lungs |= _ellipse(rows, cols, 0.48, x, rng.uniform(0.30, 0.34), rng.uniform(0.125, 0.145))
    floor = 0.74 - 0.35 * (np.abs(cols - 0.5) - 0.2) ** 2 / 0.04 * 0.3
    lungs &= rows < floor
    heart = _ellipse(rows, cols, 0.62, 0.54 + lean, 0.17, 0.15)
    spine = np.abs(cols - 0.5 - lean) < 0.035
    image = np.where(trunk, 0.62, 0.02) - 0.38 * lungs + 0.2 * (heart & trunk) + 0.14 * (spine & trunk)
    for number in range(9):
        for side in (-1, 1):
            bow = 0.2 + 0.075 * number + 0.5 * (np.abs(cols - 0.5) - 0.18) ** 2 * (1 if number < 5 else 1.6)
            rib = (np.abs(rows - bow) < 0.011) & (side * (cols - 0.5) > 0.05) & (np.abs(cols - 0.5) < 0.36)
            image = image + 0.07 * rib
    for side in (-1, 1):
        collar = np.abs(rows - 0.2 - 0.15 * (np.abs(cols - 0.5) - 0.1)) < 0.016
        image = image + 0.1 * (collar & (side * (cols - 0.5) > 0.04) & (np.abs(cols - 0.5) < 0.3))
    if nodule:
        image = image + 0.18 * _ellipse(rows, cols, 0.4, 0.3 + lean, 0.035, 0.035)
    image = image * (0.92 + 0.16 * rows) + rng.normal(0, 0.02, image.shape)
    if not air:
        middle = slice(round(0.12 * size), round(0.88 * size))
        image, lungs, heart = image[:, middle], lungs[:, middle], heart[:, middle]
    return np.clip(image, 0, 1).astype(np.float32), lungs & ~heart
