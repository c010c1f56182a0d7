"""How well the built-in CT masks meet the simulated chest's true ones.

python benchmarks/segmentation.py [--patients 40] [--seed 7] [--size 256]
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from xaudit.cases.anatomy.ct import segment_body, segment_lungs
from xaudit.cases.anatomy.refused import Refused
from xaudit.cases.images.image_file import read_bytes
from xaudit.cases.images.raster import raster_mask, raster_pixels
from xaudit.cases.phantom.study import write_phantom
from xaudit.config import PhantomSection
from xaudit.records import BoolArray


def dice(one: BoolArray, other: BoolArray) -> float:
    """2 |A∩B| / (|A| + |B|)."""
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


def main() -> None:
    """Prints one row per structure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=40)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--size", type=int, default=256)
    given = parser.parse_args()
    scores: dict[str, list[float]] = {"lungs": [], "body": []}
    n_refused = dict.fromkeys(scores, 0)
    with tempfile.TemporaryDirectory() as workspace:
        study = Path(workspace) / "study"
        section = PhantomSection(patients=given.patients, seed=given.seed, size=given.size)
        write_phantom(section, study, on_progress=lambda _: None)
        for path in sorted((study / "images").iterdir()):
            pixels = raster_pixels(read_bytes(path))
            for structure, segment in (("lungs", segment_lungs), ("body", segment_body)):
                found = segment(pixels)
                if isinstance(found, Refused):
                    n_refused[structure] += 1
                else:
                    truth = raster_mask(read_bytes(study / structure / path.name))
                    scores[structure].append(dice(found, truth))
    print("| structure | slices | refused | mean Dice | least |")
    print("|---|---:|---:|---:|---:|")
    for structure, values in scores.items():
        n_slices = len(values) + n_refused[structure]
        print(
            f"| {structure} | {n_slices} | {n_refused[structure]} | {np.mean(values):.3f} | {min(values):.3f} |"
        )


if __name__ == "__main__":
    main()
