"""Libraries that only some models need: there or not, and how to get them."""

import importlib.util

from xaudit.catalog import MODEL_RECORDS
from xaudit.config import ModelSection
from xaudit.errors import ModelError


def check_extra(section: ModelSection) -> None:
    """Raise ModelError, with the command that installs it, where a model's library is missing; imports nothing."""
    record = MODEL_RECORDS.get(section.source)
    if record is not None and record.library and importlib.util.find_spec(record.library) is None:
        raise ModelError(
            f"model '{section.id}': a model from {section.source} needs {record.library}, which is not installed",
            hint=f"pip install 'xaudit[{record.row.extra}]'",
        )
