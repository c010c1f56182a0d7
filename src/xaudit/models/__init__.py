"""Classifiers: built by name or by a function of the user's, loaded without running code, trained, asked.

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
    """The model that an audit file describes, with its weights, ready to be asked and explained.

    Args:
        section: architecture and preprocessing.
        class_names: of the data set, in the order of the model's logits.
        weights: a safetensors file or a state dict; code in it is refused, never run.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        batch_size: images per forward pass; changes no result.
        compile: whether full batches go to a compiled network; changes the last digits.
        positive: the class that stands for the finding of a multilabel network.
        precision: of the logits; less than float32 on a GPU only.

    Raises:
        ModelError: where the model cannot be built, the weights do not fit it, or the device is absent.
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
    """The same with random weights: enough to see what can be asked of it before it is trained.

    Raises:
        ModelError: as :func:`load_classifier`.
    """
    from xaudit.models.sources.load import build_untrained

    return build_untrained(
        section, class_names=class_names, device=device, batch_size=batch_size, positive=positive
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
    """Trains a model from scratch and returns the safetensors file, ``<folder>/<model id>.safetensors``.

    An interrupted training goes on after its last finished epoch and ends with the same weights as one that was
    never interrupted. Where the file is already there, made from the same data, settings and seed, it is
    returned at once.

    Raises:
        ModelError: where the model cannot be built or the data cannot teach it (one class only).
        OutputError: where the folder cannot be written to.
    """
    from xaudit.models.training.train import train

    return train(section, settings, data, folder=folder, seed=seed, device=device, on_progress=on_progress)


def phantom_weights(variant: str) -> Path | None:
    """The checkpoint of a phantom network that ships with the package; None where it does not."""
    path = _ASSETS / f"phantom-{variant}.safetensors"
    return path if path.is_file() else None
