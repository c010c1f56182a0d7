"""Classifiers: built by name or by a user's function, loaded without running code, trained, queried.

Importing this room costs nothing; torch arrives with the first call.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from xaudit.config import ModelSection, TrainSection
from xaudit.records import Progress

if TYPE_CHECKING:
    from xaudit.models.classifier import Classifier, Precision
    from xaudit.models.training.data import TrainingData

_ASSETS = Path(__file__).parent.parent / "assets"


def load_classifier(
    section: ModelSection,
    *,
    class_names: tuple[str, ...],
    weights: Path,
    device: str,
    batch_size: int,
    compile: bool = False,  # noqa: A002
    positive: str | None = None,
    precision: "Precision" = "float32",
) -> "Classifier":
    """Load the model that an audit file describes, with its weights, ready to be queried and explained.

    Args:
        section: architecture and preprocessing.
        class_names: classes of the data set, in the order of the model's logits.
        weights: a safetensors file or a state dict; code in it is refused, never run.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        batch_size: images per forward pass; changes no result.
        compile: True to send full batches to a compiled network; changes the last digits.
        positive: the class that stands for the finding of a multilabel network.
        precision: precision of the logits; less than float32 on a GPU only.

    Raises:
        ModelError: if the model cannot be built, the weights do not fit it, or the device is absent.
    """
    from xaudit.models.sources.load import load

    return load(
        section,
        class_names=class_names,
        weights=weights,
        device=device,
        batch_size=batch_size,
        compile=compile,
        positive=positive,
        precision=precision,
    )


def untrained_classifier(
    section: ModelSection,
    *,
    class_names: tuple[str, ...],
    device: str,
    batch_size: int,
    positive: str | None = None,
) -> "Classifier":
    """Build the model with random weights, enough to see what it can do; raise ModelError as :func:`load_classifier`."""
    import torch

    from xaudit.models.sources.load import load

    with torch.random.fork_rng(devices=[]):
        return load(
            section,
            class_names=class_names,
            weights=None,
            device=device,
            batch_size=batch_size,
            positive=positive,
        )


def train_classifier(
    section: ModelSection,
    settings: TrainSection,
    data: "TrainingData",
    *,
    folder: Path,
    seed: int,
    device: str,
    on_progress: Callable[[Progress], None],
) -> Path:
    """Train a model from scratch and return the safetensors file, ``<folder>/<model id>.safetensors``.

    An interrupted training resumes after its last finished epoch and ends with the same weights as one that was never
    interrupted. If the file exists, made from the same data, settings and seed, it is returned at once.

    Raises:
        ModelError: if the model cannot be built or the data cannot teach it (one class only).
        OutputError: if the folder cannot be written to.
    """
    from xaudit.models.training.train import train

    return train(section, settings, data, folder=folder, seed=seed, device=device, on_progress=on_progress)


def phantom_weights(variant: str) -> Path | None:
    """Return the checkpoint of a phantom network that ships with the package; None if it does not."""
    path = _ASSETS / f"phantom-{variant}.safetensors"
    return path if path.is_file() else None
