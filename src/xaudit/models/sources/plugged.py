"""Networks of other packages."""

import json

import torch

from xaudit.catalog import OptionValue
from xaudit.catalog.plugins import blamed, brought
from xaudit.config import ModelSection
from xaudit.config.sections.plugged import package_of, plugin_of
from xaudit.errors import PluginError


def plugged_architecture(section: ModelSection) -> str:
    """What a plug-in's network is called: package, version, source and every setting."""
    package = package_of("model", section.source)
    return f"{package}: {section.source} {json.dumps(_options(section), sort_keys=True)}"


def build_plugged(section: ModelSection, n_classes: int) -> torch.nn.Module:
    """The network that a plug-in builds, with random weights.

    Raises:
        PluginError: where it fails, or builds something else.
    """
    found = brought("model", section.source)
    if found is None:
        raise ValueError(f"the catalog lists '{section.source}', but nothing here builds it")
    with blamed(found.offer, "build"):
        module = found.plugin.build(_options(section), n_classes)
    if not isinstance(module, torch.nn.Module):
        raise PluginError(
            f"{found.offer.spelled}: `build` gave a {type(module).__name__}, expected a torch.nn.Module",
            hint=f"tell the authors of {found.offer.package}",
        )
    return module


def _options(section: ModelSection) -> dict[str, OptionValue]:
    """The settings of a plug-in's source, defaults included."""
    plugin = plugin_of("model", section.source)
    return {option.name: section.options.get(option.name, option.default) for option in plugin.options}
