"""What the audit says of models that take a known share of their answer from a property of the whole image.

    python benchmarks/image_properties.py [--patients 40] [--populations 5]

The built-in study's honest network, mixed with a model that knows only the brightness of the image, or only its sharpness:
p = (1 - w) p_honest + w p_property, for w = 0, .2, .5 and .8. The property's model is a logistic function of the property
in standard deviations of its natural values. Every mixture is asked by the code of `reliance.image`, on slices with and
without cancer, and judged by the code of findings XA210 and XA214. Then the honest network alone on further populations.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from xaudit.cases import load_dataset
from xaudit.cases.dataset import Dataset
from xaudit.catalog.image_changes import DEFAULT_IMAGE_CHANGES, IMAGE_CHANGES, IMAGE_MARGIN
from xaudit.chunks import Chunk, Subject, measure_image_changes
from xaudit.chunks.planted import log_odds_of, mixed_logits
from xaudit.config import AuditFile, ModelSection, StatisticsSection
from xaudit.models import load_classifier
from xaudit.models.classifier import Classifier
from xaudit.perturb.asking import Answered, Asking, answer
from xaudit.perturb.whole_image import property_value
from xaudit.records import Case, ImageChange, Prediction, PropertyEffect
from xaudit.stages.outcome.dependence.image_properties import property_effects
from xaudit.verdict import image_findings

T = TypeVar("T")

SHARES = (0.0, 0.2, 0.5, 0.8)
PLANTS = ("brightness", "sharpness")
SEED = 0


@dataclass
class Mixture:
    """The honest network and a model of one property, asked together as one classifier.

    Attributes:
        share: of the answer that comes from the property.
        natural: mean and standard deviation of the property's natural values.
        known: the honest network's log odds of the images asked so far, by their bytes.
    """

    honest: Classifier
    plant: str
    share: float
    natural: tuple[float, float]
    known: dict[bytes, float]

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Return log-probabilities of the two classes, in the order of the honest network's."""
        positive = self.honest.class_names.index("cancer")
        keys = [image.numpy().tobytes() for image in images]
        new = [place for place, key in enumerate(keys) if key not in self.known]
        if new:
            fresh = log_odds_of(self.honest, images[new], positive)
            self.known |= {keys[place]: float(odds) for place, odds in zip(new, fresh, strict=True)}
        honest = np.array([self.known[key] for key in keys])
        pixels = self.honest.denormalise(images).numpy()
        mean, deviation = self.natural
        z = np.array([(property_value(one, self.plant) - mean) / deviation for one in pixels])
        mixed = mixed_logits(honest, np.clip(z, -30, 30), self.share, n_classes=2, target=positive)
        return torch.from_numpy(mixed)


@dataclass
class Asked:
    """The part of a classifier that a chunk's questions use, with other logits."""

    honest: Classifier
    logits: Callable[[torch.Tensor], torch.Tensor]
    id: str

    def __getattr__(self, name: str) -> object:
        """Return all else from the honest network."""
        return getattr(self.honest, name)


@dataclass
class Prepared:
    """The part of a chunk that the questions use: cases that are read once and asked of every mixture."""

    classifier: Asked
    subjects: Sequence[Subject]

    def answer(self, askings: Sequence[Asking[T]]) -> list[Answered[T]]:
        """Ask the mixture."""
        return answer(askings, self.classifier.logits, batch_size=self.classifier.batch_size)


def population(patients: int, seed: int, folder: Path) -> tuple[Dataset, list[tuple[Case, Prediction]]]:
    """Draw simulated patients, two slices of each; P(cancer) is asked on all of them."""
    phantom = {"patients": patients, "slices": 2, "splits": "test", "plant": "none", "seed": seed}
    audit = AuditFile.model_validate(
        {
            "name": "benchmark",
            "data": {"format": "phantom", "phantom": phantom},
            "models": [{"id": "honest", "source": "phantom", "variant": "honest"}],
        }
    )
    data = load_dataset(audit.data, dataset_id="data", workspace=folder, on_progress=lambda _: None)
    names = tuple(data.class_names)
    return data, [
        (
            case,
            Prediction(
                case.case_id, case.patient_id, "honest", "test", case.label, case.label, "cancer", (0.0, 0.0), (0.5, 0.5), names
            ),
        )
        for case in data.cases
    ]  # fmt: skip


def shipped(data: Dataset) -> Classifier:
    """Load the built-in study's honest network."""
    section = ModelSection.model_validate({"id": "honest", "source": "phantom", "variant": "honest"})
    weights = Path(str(files("xaudit") / "assets" / "phantom-honest.safetensors"))
    return load_classifier(
        section, class_names=data.class_names, weights=weights, device="cpu", batch_size=32
    )


def natural_values(chunk: Chunk, name: str) -> tuple[float, float]:
    """Return mean and standard deviation of a property between the untouched images."""
    pixels = [chunk.classifier.denormalise(one.image).numpy() for one in chunk.subjects]
    values = [property_value(one, name) for one in pixels]
    return float(np.mean(values)), float(np.std(values))


def effects_of(rows: Sequence[ImageChange]) -> tuple[PropertyEffect, ...]:
    """Return the effects by class, with the intervals that an audit gives."""
    return property_effects(rows, patients_known=True, settings=StatisticsSection(), seed=SEED)


def show(title: str, effects: Sequence[PropertyEffect], wanted: Sequence[str]) -> None:
    """Print each class's effect of the properties, and the codes of the findings."""
    shown = []
    for name in wanted:
        for one in (one for one in effects if one.property == name):
            by = one.probability
            shown.append(f"{name}/{one.images} {by.estimate:+.2f} [{by.low:+.2f}, {by.high:+.2f}]")
    print(f"{title}: {'; '.join(shown)}")
    for finding in image_findings(effects):
        print(f"    {finding.code} {finding.sentence}")
    if not image_findings(effects):
        print("    no finding")


def main() -> None:
    """Ask every mixture, then the honest network on further populations."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--patients", type=int, default=40)
    arguments.add_argument("--populations", type=int, default=5)
    chosen = arguments.parse_args()
    started = time.perf_counter()
    names = list(dict.fromkeys(IMAGE_CHANGES[step].property for step in DEFAULT_IMAGE_CHANGES))
    print(f"margin {IMAGE_MARGIN:g}; steps {', '.join(DEFAULT_IMAGE_CHANGES)}")
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, 1 + chosen.populations):
            patients = chosen.patients if seed == 1 else max(10, chosen.patients // 2)
            data, pairs = population(patients, seed, Path(folder))
            honest = shipped(data)
            plain = Chunk(honest, data, pairs)
            known: dict[bytes, float] = {}
            for plant in PLANTS if seed == 1 else PLANTS[:1]:
                natural = natural_values(plain, plant)
                for share in SHARES if seed == 1 else (0.0,):
                    mixture = Mixture(honest, plant, share, natural, known)
                    asked = Asked(honest, mixture.logits, "mixed")
                    rows = measure_image_changes(
                        Prepared(asked, plain.subjects), DEFAULT_IMAGE_CHANGES, seed=SEED
                    )  # type: ignore[arg-type]
                    title = f"population {seed}, {plant} w = {share:g}"
                    show(title, effects_of(rows), names if share == 0 else (plant,))
    print(f"{time.perf_counter() - started:.0f} s, {time.process_time():.0f} s of processor time")


if __name__ == "__main__":
    main()
