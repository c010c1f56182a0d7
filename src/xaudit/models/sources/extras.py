"""Libraries that only some models need: there or not, and how to get them."""

import importlib.util

from xaudit.catalog import model_row
from xaudit.config import ModelSection
from xaudit.errors import ModelError

_LIBRARIES = {"timm": "timm", "onnx": "onnxruntime", "huggingface": "transformers"}
"""The module to look for, by the extra that brings it."""


def check_extra(section: ModelSection) -> None:
    """Raises ModelError, with the command that installs it, where a model's library is missing; imports nothing."""
    extra = model_row(section.source).extra
    if extra and importlib.util.find_spec(_LIBRARIES[extra]) is None:
        raise ModelError(
            f"model '{section.id}': a model from {section.source} needs {_LIBRARIES[extra]}, which is not installed",
            hint=f"pip install 'xaudit[{extra}]'",
        )
