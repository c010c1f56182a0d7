"""What ``preprocessor_config.json`` says of how images reach a model, beside what the audit file says."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xaudit.config import ModelSection
from xaudit.errors import ModelError
from xaudit.models.sealed import agreed_side

Triple = tuple[float, float, float]

_USUAL = {name: ModelSection.model_fields[name].default for name in ("mean", "std")}


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """The side of the frame, and what is taken from and divided into each channel of an image in 0 to 1."""

    side: int
    mean: Triple
    std: Triple
    notes: tuple[str, ...]


def folder_preprocessing(
    section: ModelSection, folder: Path, config: dict[str, Any], subject: str
) -> Preprocessing:
    """The folder's own preprocessing where the audit file leaves it at the defaults.

    Args:
        config: the content of config.json.

    Raises:
        ModelError: where the audit file and the folder contradict each other, or its intensities are scaled otherwise.
    """
    path = folder / "preprocessor_config.json"
    if not path.is_file():
        side = agreed_side(*_sides(config.get("image_size")), section.input_size, subject=subject)
        note = f"{subject}: has no preprocessor_config.json, so mean {list(section.mean)} and std {list(section.std)} are the audit file's"
        return Preprocessing(side, section.mean, section.std, (note,))
    told = _read(path, subject)
    size = told.get("crop_size") if told.get("do_center_crop") and told.get("crop_size") else told.get("size")
    side = agreed_side(
        *_sides(size or config.get("image_size")), section.input_size, subject=f"{subject}/{path.name}"
    )
    factor = told.get("rescale_factor", 1 / 255) if told.get("do_rescale", True) else 1.0
    if not isinstance(factor, int | float) or not math.isclose(factor, 1 / 255, rel_tol=1e-3):
        raise ModelError(
            f"{subject}/{path.name}: scales intensities by {factor}, and xaudit's are in 0 to 1",
            hint="set rescale_factor to 1/255 there, and image_mean and image_std to fit",
        )
    normalises = told.get("do_normalize", True)
    found = {
        "mean": _triple(told.get("image_mean", _USUAL["mean"]) if normalises else 0.0, path, subject),
        "std": _triple(told.get("image_std", _USUAL["std"]) if normalises else 1.0, path, subject),
    }
    if min(found["std"]) <= 0:
        raise ModelError(
            f"{subject}/{path.name}: image_std must be more than 0, got {list(found['std'])}",
            hint="copy the folder again from its source",
        )
    notes: list[str] = []
    for name, value in found.items():
        asked = getattr(section, name)
        if _same(asked, value):
            continue
        if asked != _USUAL[name]:
            raise ModelError(
                f"{subject}/{path.name}: prepares images with {name} {list(value)}, the audit file asks for {list(asked)}",
                hint=f"set `{name}` to {list(value)}, or leave it out",
            )
        notes.append(f"{subject}: {name} {list(value)} is taken from {path.name}")
    return Preprocessing(side, found["mean"], found["std"], tuple(notes))


def _read(path: Path, subject: str) -> dict[str, Any]:
    try:
        plain = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        plain = None
    if not isinstance(plain, dict):
        raise ModelError(
            f"{subject}/{path.name}: no JSON object", hint="copy the folder again from its source"
        )
    return plain


def _sides(size: object) -> tuple[object, object]:
    match size:
        case {"height": height, "width": width}:
            return height, width
        case {"shortest_edge": side}:
            return side, side
        case [height, width]:
            return height, width
        case _:
            return size, size


def _triple(value: Any, path: Path, subject: str) -> Triple:  # noqa: ANN401
    values = value if isinstance(value, list | tuple) else [value]
    values = [*values] * 3 if len(values) == 1 else values
    if len(values) != 3 or not all(isinstance(one, int | float) and math.isfinite(one) for one in values):
        raise ModelError(
            f"{subject}/{path.name}: image_mean and image_std must be one or three numbers, got {value!r}",
            hint="copy the folder again from its source",
        )
    first, second, third = (float(one) for one in values)
    return first, second, third


def _same(one: Triple, other: Triple) -> bool:
    return all(math.isclose(a, b, abs_tol=1e-4) for a, b in zip(one, other, strict=True))
