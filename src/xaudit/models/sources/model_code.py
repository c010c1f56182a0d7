"""The code that builds a network, where the user or another package brings it: its digest, and whether it is current."""

import importlib

import torch

from xaudit.catalog import MODELS
from xaudit.catalog.plugins import brought
from xaudit.catalog.source_code import code_digest, code_files, stale_cache
from xaudit.config import ModelSection
from xaudit.errors import ModelError
from xaudit.models.sources.build import FACTORY_ERRORS, architecture_of, working_folder_importable


def code_of(section: ModelSection, module: torch.nn.Module | None = None) -> str:
    """Hash the code that builds a network, where the user or another package brings it; empty otherwise.

    Args:
        section: of any source; only ``python`` and plug-ins bring code.
        module: the network, whose layers may come from further modules.

    Raises:
        ModelError: where Python runs a compiled copy that its source no longer agrees with.
    """
    name = _code_module(section)
    if name is None:
        return ""
    further = {type(part).__module__ for part in module.modules()} if module is not None else set()
    with working_folder_importable():
        try:
            importlib.import_module(name)
        except FACTORY_ERRORS:
            return ""  # building the network says why
        files = code_files(name, further)
        cached = stale_cache(files.values())
        if cached is not None:
            raise ModelError(
                f"model '{section.id}': Python runs {cached.parent.name}/{cached.name}, which is older than its source",
                hint=f"remove the folder {cached.parent.name} beside the source and run again",
            )
        return code_digest(name, further)


def _code_module(section: ModelSection) -> str | None:
    """The module that a section's network is built by, where it is not xaudit's."""
    if section.source == "python":
        return architecture_of(section).partition(":")[0]
    found = None if MODELS.owns(section.source) else brought("model", section.source)
    return None if found is None else found.offer.value.partition(":")[0].strip()
