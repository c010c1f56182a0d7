"""Let mkdocstrings show the doctests below ``Example:`` as code, as it shows those below ``Examples:``."""

import re
from typing import Any

import griffe


class DocstringExamples(griffe.Extension):
    """Renames the heading in every docstring that is read."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:  # noqa: ANN401, ARG002
        """Rename the heading in one docstring."""
        if obj.docstring:
            obj.docstring.value = re.sub(r"^Example:$", "Examples:", obj.docstring.value, flags=re.MULTILINE)
