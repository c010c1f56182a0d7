"""Small studies written to disk, in which the evidence is known."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from xaudit.cases import load_dataset
from xaudit.cases.dataset import Dataset
from xaudit.config import DataSection, RegionSection

SIDE = 40

Paint = Callable[[np.ndarray, str, int], np.ndarray]
"""Changes the noise of an image, given its class and its number."""


def study(
    folder: Path,
    labels: Sequence[str],
    *,
    paint: Paint = lambda pixels, label, number: pixels,
    columns: Mapping[str, Sequence[str]] | None = None,
    regions: RegionSection | None = None,
    side: int = SIDE,
) -> Dataset:
    """A data set of noise, one image per label, read from a table; ``columns`` are further ones, such as ``patient``."""
    (folder / "images").mkdir(parents=True)
    columns = columns or {}
    lines = [",".join(["image", "label", *columns])]
    for number, label in enumerate(labels):
        generator = np.random.default_rng(number)
        pixels = paint(generator.uniform(60, 120, (side, side)), label, number)
        name = f"{number:03}.png"
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / "images" / name)
        lines.append(",".join([name, label, *(texts[number] for texts in columns.values())]))
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    section = DataSection(
        format="csv",
        images=folder / "images",
        labels=folder / "labels.csv",
        classes=tuple(sorted({*labels, "a", "b"})),
        regions=regions or RegionSection(),
    )
    return load_dataset(section, dataset_id="data", workspace=folder, on_progress=lambda _: None)


def ring_tone(pixels: np.ndarray, label: str, number: int) -> np.ndarray:
    """Class b has a brighter border."""
    if label == "b":
        inner = pixels[4:-4, 4:-4].copy()
        pixels = pixels + 40
        pixels[4:-4, 4:-4] = inner
    return pixels
