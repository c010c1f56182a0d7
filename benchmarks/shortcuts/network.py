"""A small network, trained from scratch on slices of which some show a plant."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch.nn import functional
from torchvision.transforms.functional import gaussian_blur

from shortcuts.population import Bytes, Flags, Pool
from xaudit.models.sources.small_resnet import SmallResNet
from xaudit.models.training.augment import BRIGHTNESS, CONTRAST
from xaudit.records import FloatArray

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CANCER = 0
"""Column of cancer among the logits: class names are sorted."""

IN_THE_FRAME = ("corner-marker", "border-tone")
"""Plants that lie in the frame and not in the body: they stay where they are when the patient is moved."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of a training.

    Attributes:
        sharpness: at most so many times the finest detail is added or taken away (1: an unsharp mask of 100 %, or blur by 1 px).
    """

    patients: int = 2000
    epochs: int = 10
    batch: int = 32
    learning_rate: float = 3e-3
    weight_decay: float = 5e-2
    shift_px: int = 2
    brightness: float = BRIGHTNESS
    contrast: float = CONTRAST
    sharpness: float = 0.5

    def plain(self) -> dict[str, float]:
        """Return the settings as plain values."""
        return asdict(self)


def train(pool: Pool, kind: str, shown: Flags, *, recipe: Recipe, seed: int) -> SmallResNet:
    """Train a network on a part of the pool, each batch mirrored, shifted and recoloured at random.

    Brightness and contrast change within the limits of xaudit's own training, sharpness as between two reconstructions.

    Args:
        shown: (n,) true where the slice shows the plant.
        seed: decides the part of the pool, the first weights and the order of the batches.
    """
    generator = np.random.default_rng([seed, 1])
    chosen = np.sort(generator.permutation(len(pool.cancer))[: recipe.patients])
    plain = torch.from_numpy(pool.plain[chosen]).float()[:, None] / 255
    planted = torch.from_numpy(pool.images(kind, shown)[chosen]).float()[:, None] / 255
    targets = torch.from_numpy(np.where(pool.cancer[chosen], CANCER, 1 - CANCER))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = SmallResNet(2).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    n_batches = len(chosen) // recipe.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.learning_rate, total_steps=recipe.epochs * n_batches, pct_start=0.2
    )
    network.train()
    for batch in _batches(len(chosen), recipe, generator):
        images = _moved(plain[batch], planted[batch], kind in IN_THE_FRAME, recipe.shift_px, generator)
        images = _recoloured(images, recipe, generator)
        loss = functional.cross_entropy(network(normalised(images)), targets[batch])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    network.eval()
    return network


def _batches(n: int, recipe: Recipe, generator: np.random.Generator) -> Iterator[torch.Tensor]:
    for _ in range(recipe.epochs):
        order = generator.permutation(n)
        for start in range(0, n - recipe.batch + 1, recipe.batch):
            yield torch.from_numpy(order[start : start + recipe.batch])


def _moved(
    plain: torch.Tensor, planted: torch.Tensor, in_the_frame: bool, most: int, generator: np.random.Generator
) -> torch.Tensor:
    """Mirror each patient with probability one half and shift the batch; a plant in the frame stays where it is."""
    mirrored = torch.from_numpy(generator.random(len(plain)) < 0.5)[:, None, None, None]
    shift = [int(step) for step in generator.integers(-most, most + 1, 2)]

    def move(images: torch.Tensor) -> torch.Tensor:
        return torch.roll(torch.where(mirrored, images.flip(3), images), shift, (2, 3))

    if in_the_frame:
        return (move(plain) + (planted - plain)).clamp(0, 1)
    return move(planted)


def _recoloured(images: torch.Tensor, recipe: Recipe, generator: np.random.Generator) -> torch.Tensor:
    light, spread, sharper = torch.from_numpy(generator.uniform(-1, 1, (3, len(images), 1, 1, 1))).float()
    images = images + recipe.sharpness * sharper * (images - gaussian_blur(images, [5, 5], [1.0, 1.0]))
    recoloured = (images - 0.5) * (1 + recipe.contrast * spread) + 0.5 + recipe.brightness * light
    return recoloured.clamp(0, 1)


def normalised(images: torch.Tensor) -> torch.Tensor:
    """(N, 1, s, s) in 0 to 1 → (N, 3, s, s) as an audit presents it to the network."""
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    return ((images - mean) / std).contiguous(memory_format=torch.channels_last)


def inputs(slices: Bytes) -> torch.Tensor:
    """(N, s, s) of 0 to 255 → (N, 3, s, s) normalised."""
    return normalised(torch.from_numpy(slices).float()[:, None] / 255)


def answers(network: torch.nn.Module, slices: Bytes) -> FloatArray:
    """Return P(cancer) of each slice."""
    network.eval()
    with torch.inference_mode():
        parts = [
            network(inputs(slices[start : start + 256])).double().softmax(1)[:, CANCER]
            for start in range(0, len(slices), 256)
        ]
    return torch.cat(parts).numpy()
