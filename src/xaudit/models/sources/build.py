"""Build the network of any source without its weights. Nothing here downloads anything."""

import json
from typing import Any

import torch

from xaudit.catalog import MODEL_RECORDS, OptionValue
from xaudit.catalog.plugins import blamed, brought
from xaudit.config import ModelSection
from xaudit.config.sections.plugged import package_of, plugin_of
from xaudit.errors import ModelError, PluginError
from xaudit.models.network.front import put_in_front
from xaudit.models.network.sealed import DEFAULT_SIDE


def architecture_of(section: ModelSection) -> str:
    """Return the architecture's name: torchvision's, timm's with its library, the factory's, or the source's.

    A plug-in's network is called by package, version, source and every setting.
    """
    record = MODEL_RECORDS.get(section.source)
    if record is None:
        package = package_of("model", section.source)
        return f"{package}: {section.source} {json.dumps(_options(section), sort_keys=True)}"
    return (record.architecture or section.source).format(section)


def input_hw(section: ModelSection) -> tuple[int, int]:
    """Return the height and width of the model's frame: as the audit file says, else the architecture's own, else 224.

    Raises:
        ModelError: where the architecture cannot take images so small.
    """
    record = MODEL_RECORDS.get(section.source)
    own = None if record is None else record.side
    side = (section.input_size or DEFAULT_SIDE) if own is None else own(section)
    return side, side


def build_module(section: ModelSection, n_classes: int, *, auxiliary: bool = False) -> torch.nn.Module:
    """Build a network with random weights, drawn from torch's generator, and a head for so many classes.

    Args:
        section: of the audit file.
        n_classes: logits it gives.
        auxiliary: True for the auxiliary heads that only training uses, if the architecture has some.

    Raises:
        ModelError: where there is no such network or it cannot be made.
    """
    record = MODEL_RECORDS.get(section.source)
    if record is None:
        module = _build_plugged(section, n_classes)
    else:
        module = record.build(section, n_classes, auxiliary)
    return on_one_channel(module) if section.channels == 1 else module


def refuse_without_file(section: ModelSection, _n_classes: int, _auxiliary: bool) -> torch.nn.Module:
    """Raise ModelError: the network is in its file."""
    raise ModelError(
        f"model '{section.id}': a model from {section.source} cannot be built without its file",
        hint="give the file as `weights`",
    )


def refuse_external(section: ModelSection, _n_classes: int, _auxiliary: bool) -> torch.nn.Module:
    """Raise ValueError: there is no network."""
    raise ValueError(f"model '{section.id}' is external and has no network")


def _build_plugged(section: ModelSection, n_classes: int) -> torch.nn.Module:
    """Build a plug-in's network, with random weights.

    Raises:
        PluginError: where it fails, or builds something else.
    """
    source = brought("model", section.source)
    if source is None:
        raise ValueError(f"the catalog lists '{section.source}', but nothing here builds it")
    with blamed(source.offer, "build"):
        module = source.plugin.build(_options(section), n_classes)
    if not isinstance(module, torch.nn.Module):
        raise PluginError(
            f"{source.offer.spelled}: `build` gave a {type(module).__name__}, expected a torch.nn.Module",
            hint=f"tell the authors of {source.offer.package}",
        )
    return module


def _options(section: ModelSection) -> dict[str, OptionValue]:
    """Return the settings of a plug-in's source, defaults included."""
    plugin = plugin_of("model", section.source)
    return {option.name: section.options.get(option.name, option.default) for option in plugin.options}


class _OneChannel:
    """In front of a network's own class: the mean of the three channels goes in."""

    def forward(self, images: torch.Tensor) -> Any:  # noqa: ANN401
        """(N, 3, H, W), of three equal channels where the image is grey, to whatever the network gives."""
        return super().forward(images.mean(dim=1, keepdim=True))  # type: ignore[misc]


def on_one_channel(module: torch.nn.Module) -> torch.nn.Module:
    """Let a network take (N, 3, H, W) from now on, and look at the mean of the channels.

    Its class is changed in place, not wrapped: names of layers and weights stay as they are, and a deep copy works too.
    """
    put_in_front(module, _OneChannel)
    return module
