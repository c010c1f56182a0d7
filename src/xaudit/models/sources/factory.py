"""Networks that a function of the user's builds, and the digest of the code behind them."""

import importlib
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from xaudit.catalog import MODEL_RECORDS
from xaudit.catalog.plugins import brought
from xaudit.catalog.source_code import code_digest, code_files, stale_cache
from xaudit.config import ModelSection
from xaudit.errors import ModelError, did_you_mean

FACTORY_ERRORS = (Exception, SystemExit)
"""Errors of the user's own code, which can raise anything."""


def build_by_factory(section: ModelSection, n_classes: int, _auxiliary: bool) -> torch.nn.Module:
    """Call the user's function and return its network.

    Raises:
        ModelError: where it cannot be imported, fails, or returns something else.
    """
    reference = str(section.factory)
    module_name, _, function_name = reference.partition(":")
    with working_folder_importable():
        try:
            source = importlib.import_module(module_name)
        except FACTORY_ERRORS as error:
            raise ModelError(
                f"model '{section.id}': factory '{reference}': {module_name} cannot be imported: {_first_line(error)}",
                hint="install the package, or run xaudit in the folder that holds it",
            ) from error
        function = getattr(source, function_name, None)
        if not callable(function):
            public = [
                key for key, value in vars(source).items() if callable(value) and not key.startswith("_")
            ]
            raise ModelError(
                f"model '{section.id}': factory '{reference}': {module_name} has no function '{function_name}'",
                hint=did_you_mean(function_name, public, otherwise=f"it has: {', '.join(public) or 'none'}"),
            )
        try:
            module = function(n_classes)
        except FACTORY_ERRORS as error:
            raise ModelError(
                f"model '{section.id}': factory '{reference}' failed: {_first_line(error)}",
                hint=f"it is called with the number of classes, {function_name}({n_classes})",
            ) from error
    if not isinstance(module, torch.nn.Module):
        kind = module.__name__ if inspect.isclass(module) else type(module).__name__
        raise ModelError(
            f"model '{section.id}': factory '{reference}' returned {kind}, expected a torch.nn.Module",
            hint="return the network itself, built and without weights",
        )
    return module


@contextmanager
def working_folder_importable() -> Iterator[None]:
    """Make packages in the working folder importable, as ``python -m`` does; installed ones come first."""
    folder = str(Path.cwd())
    added = folder not in sys.path
    if added:
        sys.path.append(folder)
    try:
        yield
    finally:
        if added and folder in sys.path:
            sys.path.remove(folder)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


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
    record = MODEL_RECORDS.get(section.source)
    if record is not None:
        return str(section.factory).partition(":")[0] if record.key == "factory" else None
    plugin = brought("model", section.source)
    return None if plugin is None else plugin.offer.value.partition(":")[0].strip()
