"""Networks of timm by their name, built without weights; timm's sole user. Nothing is downloaded."""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from xaudit.config import ModelSection
from xaudit.errors import ModelError, did_you_mean
from xaudit.models.preparation.steps import resize_of
from xaudit.models.sources.extras import check_extra


def timm_side(section: ModelSection) -> int:
    """Return the side of the model's frame: as the audit file says, else that of timm's own weights of this name."""
    return section.input_size or _own_side(section)


def build_timm(section: ModelSection, n_classes: int, _auxiliary: bool) -> torch.nn.Module:
    """Build a network with random weights and a head for so many classes.

    Raises:
        ModelError: where timm is missing, has no such network, or cannot build it for this frame.
    """
    name, side = _known(section), timm_side(section)
    import timm

    options: dict[str, Any] = {}
    if timm.get_pretrained_cfg(name).fixed_input_size:
        options = {"img_size": side}
    try:
        module = timm.create_model(
            name, pretrained=False, num_classes=n_classes, in_chans=section.channels, **options
        )
    except (AssertionError, RuntimeError, TypeError, ValueError) as error:
        raise ModelError(
            f"model '{section.id}': {name} cannot be built for {section.channels} channels of {side} px: {error}",
            hint=f"set `input_size` to {_own_side(section)}, or to another size that its patches divide",
        ) from None
    assert isinstance(module, torch.nn.Module)
    return module


def _own_side(section: ModelSection) -> int:
    """Return the side of the images that timm's own weights of this name are made for."""
    name = _known(section)
    import timm

    return int(timm.get_pretrained_cfg(name).input_size[-1])


def timm_remarks(section: ModelSection, weights: Path) -> tuple[str, ...]:
    """Return notes if timm's own weights of this name need images prepared differently.

    Raises:
        ModelError: where a config.json of timm lies beside the weights and says that they want it.
    """
    name = _known(section)
    import timm

    beside = _config_beside(weights)
    usual = timm.get_pretrained_cfg(name).to_dict() if beside is None else beside
    wanted = _wanted(usual)
    other = {key: value for key, value in wanted.items() if not _agrees(_set(section, key), value)}
    if not other:
        return ()
    listed = " and ".join(f"{key} {value}" for key, value in other.items())
    own = " and ".join(f"{key} {_set(section, key)}" for key in other)
    if beside is not None:
        settings = ", ".join(
            f"`preprocess: {{resize: {value}}}`" if key == "resize" else f"`{key}: {value}`"
            for key, value in other.items()
        )
        raise ModelError(
            f"model '{section.id}': {weights.parent / 'config.json'}: timm's pretrained_cfg prepares images with {listed} "
            f"({_told(usual)}), the audit file with {own}",
            hint=f"set {settings}"
            if not any(str(value).startswith("crop_mode") for value in other.values())
            else "this crop_mode is not carried out here; prepare images in a factory's forward",
        )
    return (
        f"model '{section.id}': timm's weights of {name} take {listed}, the audit file has {own}; right only if yours were "
        "trained so",
    )


def _config_beside(weights: Path) -> dict[str, Any] | None:
    """Read the preparation in a config.json that timm wrote beside the weights."""
    try:
        plain = json.loads((weights.parent / "config.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(plain, dict):
        return None
    inner = plain.get("pretrained_cfg", plain if "crop_pct" in plain else None)
    return inner if isinstance(inner, dict) else None


def _wanted(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the audit file's settings under which images are prepared as timm's transform for evaluation does it."""
    wanted: dict[str, Any] = {}
    for name in ("mean", "std"):
        if config.get(name) is not None:
            wanted[name] = [float(value) for value in config[name]]
    size = config.get("input_size")
    if size:
        wanted["input_size"] = int(size[-1])
    share, mode = float(config.get("crop_pct") or 0.875), config.get("crop_mode") or "center"
    if mode == "center":
        wanted["fit"] = "crop" if share == 1 else f"crop-{share:g}"
    elif mode == "squash" and share == 1:
        wanted["fit"] = "stretch"
    else:
        wanted["fit"] = f"crop_mode {mode} with crop_pct {share:g}"
    wanted["resize"] = config.get("interpolation") or "bilinear"
    return wanted


def _told(config: Mapping[str, Any]) -> str:
    named = {key: config.get(key) for key in ("crop_pct", "crop_mode", "interpolation")}
    return ", ".join(f"{key} {value}" for key, value in named.items() if value is not None)


def _set(section: ModelSection, key: str) -> Any:  # noqa: ANN401
    """Return a setting of the audit file, with the default that counts for timm."""
    if key == "resize":
        return f"{resize_of(section)}{'' if section.preprocess.antialias else ' without antialias'}"
    value = getattr(section, key)
    if key == "input_size" and value is None:
        return _own_side(section)
    return list(value) if isinstance(value, tuple) else value


def _agrees(own: object, wanted: object) -> bool:
    if isinstance(own, list) and isinstance(wanted, list):
        return len(own) == len(wanted) and all(
            math.isclose(a, b, abs_tol=1e-4) for a, b in zip(own, wanted, strict=True)
        )
    return own == wanted


def _known(section: ModelSection) -> str:
    """Return the network's name if timm has it; names of places to download from are none."""
    check_extra(section)
    # timm brings a library that talks to a model server; told so before its import, it never does.
    os.environ["HF_HUB_OFFLINE"] = "1"
    import timm

    name = str(section.architecture)
    known = timm.list_models()
    if name.partition(".")[0] not in known:
        raise ModelError(
            f"model '{section.id}': timm has no classifier called '{name}'",
            hint=did_you_mean(name, known, otherwise=f"timm.list_models() names all {len(known)}"),
        )
    return name
