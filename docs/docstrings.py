"""Turns two habits of our docstrings into what mkdocstrings shows as code: ``Example:``, and roles such as ``:class:``."""

import re
from typing import Any

import griffe


class Docstrings(griffe.Extension):
    """Rewrites every docstring that is read."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:  # noqa: ANN401, ARG002
        """Rewrite one docstring."""
        if obj.docstring:
            text = re.sub(r"^Example:$", "Examples:", obj.docstring.value, flags=re.MULTILINE)
            obj.docstring.value = re.sub(r":(?:class|func|meth|mod|attr|data|exc):`~?", "`", text)
