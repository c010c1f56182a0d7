"""Networks of timm by their name, built without weights; timm's sole user. Nothing is downloaded."""

import os
from typing import Any

import torch

from xaudit.config import ModelSection
from xaudit.errors import ModelError, did_you_mean
from xaudit.models.extras import check_extra


def build_timm(section: ModelSection, n_classes: int, side: int) -> torch.nn.Module:
    """A network with random weights and a head for so many classes.

    Raises:
        ModelError: where timm is missing, has no such network, or cannot build it for this frame.
    """
    name = _known(section)
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
            hint=f"set `input_size` to {timm_side(section)}, or to another size that its patches divide",
        ) from None
    assert isinstance(module, torch.nn.Module)
    return module


def timm_side(section: ModelSection) -> int:
    """The side of the images that timm's own weights of this name are made for."""
    name = _known(section)
    import timm

    return int(timm.get_pretrained_cfg(name).input_size[-1])


def timm_remarks(section: ModelSection) -> tuple[str, ...]:
    """What must be read where timm's own weights of this name want images prepared otherwise."""
    name = _known(section)
    import timm

    usual = timm.get_pretrained_cfg(name)
    if (tuple(usual.mean), tuple(usual.std)) == (section.mean, section.std):
        return ()
    return (
        f"model '{section.id}': timm's weights of {name} take mean {list(usual.mean)} and std {list(usual.std)}, the audit file "
        f"has {list(section.mean)} and {list(section.std)}; right only if yours were trained so",
    )


def _known(section: ModelSection) -> str:
    """The name, after a look whether timm has it; names of places to download from are none."""
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
