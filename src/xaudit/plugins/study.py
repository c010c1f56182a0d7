"""A small network, images and marks for testing plug-ins."""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from xaudit.catalog import Option, OptionValue
from xaudit.errors import PluginError
from xaudit.models.classifier import Classifier
from xaudit.records import BoolArray, FloatArray

SIDE = 32
N_IMAGES = 3


def tried_classifier(*, batch_size: int = 32) -> Classifier:
    """Return a network of two classes on 32 × 32 pixels with a target layer; the same at every call."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        module = nn.Sequential(
            nn.Conv2d(3, 6, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(6, 8, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(8 * (SIDE // 4) ** 2, 2),
        )
    return Classifier(
        id="tried",
        module=module,
        class_names=("other", "target"),
        model_hw=(SIDE, SIDE),
        layer="2",
        batch_size=batch_size,
    )


def tried_images(count: int, frame_hw: tuple[int, int]) -> torch.Tensor:
    """Return different textured images, (count, 3, h, w), normalised; the same at every call."""
    generator = torch.Generator().manual_seed(11)
    coarse = torch.randn((count, 3, 8, 8), generator=generator)
    fine = torch.randn((count, 3, *frame_hw), generator=generator)
    return nn.functional.interpolate(coarse, frame_hw, mode="bilinear") + 0.5 * fine


def tried_map() -> FloatArray:
    """Return a signed map with its peak inside :func:`tried_mark`, (32, 32) float64."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    noise = np.random.default_rng(5).normal(size=(SIDE, SIDE))
    bump: FloatArray = np.exp(-((rows - 11.5) ** 2 + (columns - 19.5) ** 2) / 40) + 0.05 * noise
    return bump


def tried_mark() -> BoolArray:
    """Return a mark of 8 × 8 pixels, (32, 32)."""
    mark = np.zeros((SIDE, SIDE), dtype=bool)
    mark[8:16, 16:24] = True
    return mark


def all_options(known: tuple[Option, ...], given: dict[str, OptionValue]) -> dict[str, OptionValue]:
    """Return every option with its default or the given value; raise ValueError for an unknown option."""
    names = [option.name for option in known]
    for name in given:
        if name not in names:
            raise ValueError(f"no option is called '{name}'; it takes: {', '.join(names) or 'none'}")
    return {option.name: given.get(option.name, option.default) for option in known}


def demand(holds: bool, what: str) -> None:
    """Raise PluginError with ``what`` unless ``holds``."""
    if not holds:
        raise PluginError(what, hint="see docs/how-to/plug-ins.md, what xaudit relies on")


@contextmanager
def leaves_random_states(what: str) -> Iterator[None]:
    """Check that Python's, numpy's and torch's global random states do not change in this context."""
    python_before, numpy_before, torch_before = random.getstate(), _numpy_state(), torch.get_rng_state()
    yield
    demand(
        random.getstate() == python_before,
        f"{what} draws from Python's global random state; make a generator of the seed",
    )
    demand(
        _numpy_state() == numpy_before,
        f"{what} draws from numpy's global random state; make a generator of the seed",
    )
    demand(
        torch.equal(torch_before, torch.get_rng_state()),
        f"{what} draws from torch's global random state; make a generator of the seed",
    )


def _numpy_state() -> str:
    with np.printoptions(threshold=sys.maxsize):
        return str(np.random.get_state())  # noqa: NPY002
