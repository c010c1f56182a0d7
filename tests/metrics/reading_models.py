"""Classifiers whose evidence is known because they are built to read one area and nothing else."""

import numpy as np
import torch

from xaudit.models.classifier import Classifier


class AreaReader(torch.nn.Module):
    """Logits (0, gain × (mean of an area − threshold)), of the normalised image's channel mean."""

    def __init__(self, area, *, gain=8.0, threshold=0.0):
        super().__init__()
        self.register_buffer("weights", torch.from_numpy(area / area.sum()).float())
        self.gain, self.threshold = gain, threshold

    def forward(self, images):
        mean = (images.mean(1) * self.weights).sum((1, 2))
        return torch.stack([torch.zeros_like(mean), self.gain * (mean - self.threshold)], dim=1)


class ConstantReader(torch.nn.Module):
    """The same logits whatever it is shown."""

    def forward(self, images):
        return torch.zeros(len(images), 2) + images.mean() * 0


def reads(area, *, gain=8.0, threshold=0.0, batch_size=7):
    """A classifier of frames of the area's size that reads the area; normalised by mean 0 and deviation 1."""
    return Classifier(
        "reader",
        AreaReader(np.asarray(area, dtype=float), gain=gain, threshold=threshold),
        ("no", "yes"),
        tuple(area.shape),
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        batch_size=batch_size,
    )


def reads_nothing(shape):
    """A classifier that says one half to everything."""
    return Classifier("blind", ConstantReader(), ("no", "yes"), shape, mean=(0.0,) * 3, std=(1.0,) * 3)


def box(shape, rows, cols):
    """A mask that is true in rows × cols, both (first, one past the last)."""
    mask = np.zeros(shape, dtype=bool)
    mask[slice(*rows), slice(*cols)] = True
    return mask
