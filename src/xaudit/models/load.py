"""A model of the audit file with its weights."""

from collections.abc import Mapping
from pathlib import Path

import torch

from xaudit.config import ModelSection
from xaudit.errors import ModelError
from xaudit.models.build import architecture_of, build_module, input_hw
from xaudit.models.checkpoint import load_weights
from xaudit.models.classifier import Classifier, Precision
from xaudit.models.device import choose_device


def load(
    section: ModelSection,
    *,
    class_names: tuple[str, ...],
    weights: Path,
    device: str,
    batch_size: int,
    compile: bool = False,  # noqa: A002
    precision: Precision = "float32",
) -> Classifier:
    """As :func:`xaudit.models.load_classifier`, which is this function behind a light import."""
    return _classifier(
        section,
        class_names=class_names,
        weights=weights,
        device=device,
        batch_size=batch_size,
        compile=compile,
        precision=precision,
    )


def build_untrained(
    section: ModelSection, *, class_names: tuple[str, ...], device: str, batch_size: int
) -> Classifier:
    """As :func:`xaudit.models.untrained_classifier`, which is this function behind a light import."""
    with torch.random.fork_rng(devices=[]):
        return _classifier(
            section, class_names=class_names, weights=None, device=device, batch_size=batch_size
        )


def _classifier(
    section: ModelSection,
    *,
    class_names: tuple[str, ...],
    weights: Path | None,
    device: str,
    batch_size: int,
    compile: bool = False,  # noqa: A002
    precision: Precision = "float32",
) -> Classifier:
    if len(class_names) < 2:
        raise ModelError(
            f"model '{section.id}': a classifier needs at least two classes, the data has {len(class_names)}",
            hint="check the labels, or the names given under `merge`",
        )
    place = choose_device(device)
    if precision != "float32" and place.type == "cpu":
        raise ModelError(
            f"model '{section.id}': `run.precision: {precision}` is for a GPU, and this audit runs on the CPU",
            hint="leave it out: a CPU is slower in half precision unless it is made for it",
        )
    model_hw = input_hw(section)
    module = build_module(section, len(class_names))
    if weights is not None:
        notes = load_weights(module, weights, class_names=class_names, model_id=section.id)
        _check_preprocessing(section, model_hw, notes, weights)
    return Classifier(
        id=section.id,
        module=module,
        class_names=class_names,
        model_hw=model_hw,
        fit=section.fit,
        mean=section.mean,
        std=section.std,
        device=place,
        architecture=architecture_of(section),
        layer=section.layer,
        batch_size=batch_size,
        compile=compile,
        precision=precision,
    )


def _check_preprocessing(
    section: ModelSection, model_hw: tuple[int, int], notes: Mapping[str, object], weights: Path
) -> None:
    """Weights that xaudit trained know how images reached them; asked otherwise, they would quietly do worse."""
    asked = {
        "input_size": model_hw[0],
        "fit": section.fit,
        "mean": list(section.mean),
        "std": list(section.std),
    }
    for key, now in asked.items():
        then = notes.get(key, now)
        if now != then:
            raise ModelError(
                f"model '{section.id}': {weights}: trained with {key} {then}, the audit file asks for {now}",
                hint=f"set `{key}` to {then}, or train again",
            )
