"""What the reliance map says of models that take a known share of their answer from planted evidence.

    python benchmarks/reliance_map_known.py [--patients 40] [--populations 1] [--plants corner-marker ...] [--shares 0 .1 .5]

The built-in study's honest network, mixed with a detector that sees only the plant: p = (1 - w) p_honest + w p_plant. Half
of the patients have cancer; every slice of theirs shows the plant. Every window of one slice of each patient is hidden by
the code of `reliance.map`, windows are transplanted from cancers into normal slices, and the results are tested and judged
as in an audit, once with the readers' marks and once as if there were none. The effect of the area at the plant should be w,
and where w is 0 no area outside the mark should be shown.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from image_properties import Asked, shipped
from scipy import ndimage

from xaudit.cases import load_dataset
from xaudit.cases.dataset import Dataset
from xaudit.chunks import Chunk, DonorPool, ask_reliance_map
from xaudit.chunks.planted import log_odds_of, mixed_logits
from xaudit.config import AuditFile, RelianceMapSection, StatisticsSection
from xaudit.models.classifier import Classifier
from xaudit.records import Area, Case, FloatArray, MapTest, Prediction, WindowEffects
from xaudit.stages.outcome.dependence.map_tests import map_tests
from xaudit.verdict import area_findings

SHARES = (0.0, 0.05, 0.1, 0.2, 0.5, 0.9)
PLANTS = ("corner-marker", "border-tone", "opposite-tag", "same-tag")
SETTINGS = RelianceMapSection(stride=1.0, transplant=True)
SEED = 0
TAG_PX = (5, 3)
"""Largest rectangle within the tag at 128 pixels, width and height."""


def evidence(plant: str, pixels: FloatArray) -> FloatArray:
    """Return how much of the plant an image shows, as the quantity that its detector looks at.

    Args:
        pixels: (n, h, w), 0 to 1.
    """
    height, width = pixels.shape[1:]
    match plant:
        case "corner-marker":
            corner = pixels[:, : height // 8, -width // 8 :].reshape(len(pixels), -1)
            return np.sort(corner, axis=1)[:, -corner.shape[1] // 16 :].mean(1)
        case "border-tone":
            ring = np.ones((height, width), dtype=bool)
            ring[height // 32 : -height // 32, width // 32 : -width // 32] = False
            return pixels[:, ring].mean(1)
        case _:
            inside = pixels[:, height // 5 : -height // 5, width // 5 : -width // 5]
            return ndimage.uniform_filter(inside, (0, TAG_PX[1], TAG_PX[0])).max((1, 2))


@dataclass
class Mixture:
    """The honest network and a detector, asked together; the network is asked once, whatever the share.

    Attributes:
        limits: evidence on images without and with the plant, the means of both.
        answers: the honest network's log odds of each batch, in the order in which batches come.
    """

    honest: Classifier
    plant: str
    limits: tuple[float, float]
    share: float = 0.0
    answers: list[FloatArray] = field(default_factory=list)
    place: int = 0

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Return log-probabilities of the two classes, in the order of the honest network's."""
        positive = self.honest.class_names.index("cancer")
        if self.place == len(self.answers):
            self.answers.append(log_odds_of(self.honest, images, positive))
        honest = self.answers[self.place]
        self.place += 1
        pixels = self.honest.denormalise(images).numpy().mean(1)
        without, shown = self.limits
        detector = 20 * ((evidence(self.plant, pixels) - without) / (shown - without) - 0.5)
        mixed = mixed_logits(honest, np.clip(detector, -30, 30), self.share, n_classes=2, target=positive)
        return torch.from_numpy(mixed)


def population(patients: int, seed: int, plant: str, folder: Path) -> Dataset:
    """Draw simulated patients, one slice of each; the plant stands on every cancer."""
    phantom = {
        "patients": patients,
        "slices": 1,
        "splits": "test",
        "plant": plant,
        "strength": 1.0,
        "seed": seed,
    }
    audit = AuditFile.model_validate(
        {
            "name": "benchmark",
            "data": {"format": "phantom", "phantom": phantom},
            "models": [{"id": "honest", "source": "phantom", "variant": "honest"}],
        }
    )
    return load_dataset(audit.data, dataset_id="data", workspace=folder, on_progress=lambda _: None)


def pairs_of(data: Dataset) -> list[tuple[Case, Prediction]]:
    """Return every case with a prediction that asks about P(cancer)."""
    names = tuple(data.class_names)
    return [
        (case, Prediction(case.case_id, case.patient_id, "mixed", "test", case.label, case.label, "cancer", (0.0, 0.0), (0.5, 0.5), names))
        for case in data.cases
    ]  # fmt: skip


def without_marks(effects: Sequence[WindowEffects]) -> list[WindowEffects]:
    """Return the same effects as if no reader had marked anything."""
    return [replace(one, mark_share=np.zeros_like(one.mark_share)) for one in effects]


def strongest(tests: Sequence[MapTest]) -> tuple[Area, MapTest] | None:
    """Return the area with the largest effect on the probability, where hiding lowers or copying raises it."""
    wanted = {("hide", "for", "cancer"), ("transplant", "against", "normal")}
    areas = [
        (area, test)
        for test in tests
        if test.answer == "probability"
        and test.frame == "image"
        and (test.question, test.direction, test.images) in wanted
        for area in test.areas
    ]
    return max(areas, key=lambda item: item[0].effect.estimate, default=None)


def line(title: str, found: tuple[Area, MapTest] | None) -> str:
    """Describe the strongest area of one kind of test."""
    if found is None:
        return f"    {title}: no area"
    area, test = found
    by = area.effect
    return (
        f"    {title}: {by.estimate:.3f} [{by.low:.3f}, {by.high:.3f}] at the {area.position or area.place}, "
        f"{test.n_patients} patients, {len(test.areas)} areas"
    )


def main() -> None:
    """Audit every plant and share."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--patients", type=int, default=40)
    arguments.add_argument("--populations", type=int, default=1)
    arguments.add_argument("--plants", nargs="+", default=list(PLANTS), choices=PLANTS)
    arguments.add_argument("--shares", nargs="+", type=float, default=list(SHARES))
    chosen = arguments.parse_args()
    torch.set_num_threads(1)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(101, 101 + chosen.populations):
            for plant in chosen.plants:
                audit_plant(plant, seed, chosen.patients, chosen.shares, Path(folder))
                print(f"    ({time.perf_counter() - started:.0f} s so far)", flush=True)


def audit_plant(plant: str, seed: int, patients: int, shares: Sequence[float], folder: Path) -> None:
    """Audit one plant on one population with every share."""
    data = population(patients, seed, plant, folder)
    pairs = pairs_of(data)
    honest = shipped(data)
    plain = Chunk(honest, data, pairs)
    shown: dict[bool, list[float]] = {True: [], False: []}
    for subject in plain.subjects:
        pixels = honest.denormalise(subject.image[None]).numpy().mean(1)
        shown[subject.case.label == "cancer"].append(float(evidence(plant, pixels)[0]))
    print(
        f"population {seed}, {plant}: evidence {min(shown[False]):.3f} to {max(shown[False]):.3f} without, "
        f"{min(shown[True]):.3f} to {max(shown[True]):.3f} with"
    )
    if min(shown[True]) <= max(shown[False]):
        print(
            "    left out: the detector cannot tell images with the plant from those without; see `xaudit calibrate`"
        )
        return
    mixture = Mixture(honest, plant, (float(np.mean(shown[False])), float(np.mean(shown[True]))))
    asked = Asked(honest, mixture.logits, "mixed")
    for share in shares:
        mixture.share, mixture.place = share, 0
        chunk = Chunk(asked, data, pairs, donors=DonorPool(asked, data, pairs))  # type: ignore[arg-type]
        effects = ask_reliance_map(chunk, SETTINGS, seed=SEED)
        print(f"  w = {share:g}")
        for title, rows in (("with marks", effects), ("without", without_marks(effects))):
            tests = map_tests(rows, settings=StatisticsSection(), seed=SEED)
            scope = "outside-mark" if title == "with marks" else "all"
            for question, what in (
                ("hide", "hidden in cancers"),
                ("transplant", "copied into normal slices"),
            ):
                areas = strongest(
                    [test for test in tests if (test.question, test.scope) == (question, scope)]
                )
                print(line(f"{title}, {what}", areas))
            for finding in area_findings(tests):
                print(f"      {finding.code} {finding.status}: {finding.sentence}")


if __name__ == "__main__":
    main()
