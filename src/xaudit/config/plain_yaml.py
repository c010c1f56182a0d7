"""YAML as plain values, read so that no text can do harm or grow without end.

Tags other than YAML's own are refused, so nothing is built but dictionaries, lists, texts, numbers and dates. An anchor may
be used again, as long as everything written out stays below :data:`MOST_VALUES`. A key that is given twice is an error, for
the first one would be lost without a word.
"""

from collections.abc import Hashable
from itertools import accumulate
from typing import Any

import yaml

LONGEST = 200_000
"""Characters; a long audit file has some ten thousand."""

MOST_VALUES = 100_000
"""Keys and values, those counted that an anchor repeats."""


DEEPEST = 200
"""Brackets within brackets; PyYAML's time grows with the square of them."""


class PlainYamlError(ValueError):
    """Text that is not YAML, or not plain; ``line`` counts from 1 and is None where nobody knows."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if (key.tag, key.value) in seen:
                    raise PlainYamlError(f"the key '{key.value:.60}' is given twice", key.start_mark.line + 1)
                seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)


def plain_yaml(text: str) -> Any:  # noqa: ANN401  (whatever the text holds)
    """Parse a YAML text.

    Raises:
        PlainYamlError: not YAML, with tags of a program, too long, nested too deeply, or a key given twice.

    Example:
        >>> plain_yaml("a: [1, x]")
        {'a': [1, 'x']}
    """
    if len(text) > LONGEST:
        raise PlainYamlError(f"{len(text)} characters, and more than {LONGEST} are not read")
    if _depth(text) > DEEPEST:
        raise PlainYamlError("nested too deeply")
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _written_out(node, {})
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except PlainYamlError:
        raise
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or (str(error).splitlines() or ["damaged"])[0]
        raise PlainYamlError(f"{problem:.200}", None if mark is None else mark.line + 1) from None
    except RecursionError:
        raise PlainYamlError("nested too deeply") from None
    except (ValueError, AttributeError, LookupError, TypeError, OverflowError):
        # What YAML's own constructors raise on `!!timestamp x`, `!!int x`, `!!bool x` or a date that no calendar has.
        raise PlainYamlError("a value is not of the kind that it is marked as, or no such date") from None


def _depth(text: str) -> int:
    """Return the largest number of brackets that are open at once."""
    steps = (1 if letter in "[{" else -1 for letter in text if letter in "[]{}")
    return max(accumulate(steps), default=0)


def _written_out(node: yaml.Node, sizes: dict[int, int | None]) -> int:
    """Count the values of a node with every anchor written out."""
    if id(node) in sizes:
        known = sizes[id(node)]
        if known is None:
            raise PlainYamlError("an anchor holds itself", node.start_mark.line + 1)
        return known
    sizes[id(node)] = None
    size = 1
    if isinstance(node, yaml.SequenceNode):
        size += sum(_written_out(item, sizes) for item in node.value)
    elif isinstance(node, yaml.MappingNode):
        size += sum(_written_out(part, sizes) for pair in node.value for part in pair)
    if size > MOST_VALUES:
        raise PlainYamlError(
            f"more than {MOST_VALUES} values with every anchor written out", node.start_mark.line + 1
        )
    sizes[id(node)] = size
    return size
