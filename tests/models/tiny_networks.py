"""Networks of a few hundred weights that the tests of models build through `factory`."""

import torch
from torch import nn


class Tiny(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(4)
        )
        self.last = nn.Conv2d(4, 6, 3, padding=1)
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(6, n_classes)

    def forward(self, images):
        return self.head(self.drop(torch.relu(self.last(self.features(images))).mean(dim=(2, 3))))


def tiny(n_classes):
    return Tiny(n_classes)


class Wrapped(nn.Module):
    """Gives what another network gives, in some wrapping."""

    def __init__(self, n_classes, wrap):
        super().__init__()
        self.inner = Tiny(n_classes)
        self.wrap = wrap

    def forward(self, images):
        return self.wrap(self.inner(images))


def in_dict(n_classes):
    return Wrapped(n_classes, lambda logits: {"logits": logits, "features": logits * 2})


def in_tuple(n_classes):
    return Wrapped(n_classes, lambda logits: (logits, torch.zeros(3)))


def ambiguous(n_classes):
    return Wrapped(n_classes, lambda logits: (logits, logits))


def speechless(n_classes):
    return Wrapped(n_classes, lambda logits: None)


def one_class_too_many(n_classes):
    return Tiny(n_classes + 1)


def not_finite(n_classes):
    return Wrapped(n_classes, lambda logits: logits / 0)


def merges_images(n_classes):
    return Wrapped(n_classes, lambda logits: logits[:1])


def returns_a_number(n_classes):
    return n_classes


def returns_a_class(n_classes):
    return Tiny


def takes_nothing():
    return Tiny(2)


NOT_A_FUNCTION = 3


def single(_n_classes):
    """One output, whatever number is asked for."""
    return Tiny(1)
