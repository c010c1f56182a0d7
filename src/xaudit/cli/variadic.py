"""Several values after one option: ``--explainer lime gradcam``.

Typer takes one value per option. The commands here rewrite the argument list before it is parsed, so that a
repeatable option takes every following word up to the next option or ``--``: ``--opt a b`` becomes
``--opt a --opt b``. Words that belong to no option therefore stand first or after ``--``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from typer import TyperException
from typer.core import TyperCommand, TyperOption

from xaudit.errors import UsageError


@dataclass(frozen=True, slots=True)
class OptionShapes:
    """Spellings of a command's options that take a value, and of those that take several.

    Attributes:
        single: spellings that take exactly one value, such as ``--seed`` and ``-o``.
        several: spellings that may be repeated, such as ``--explainer`` and ``-e``.
    """

    single: frozenset[str]
    several: frozenset[str]


def spread(args: Sequence[str], shapes: OptionShapes) -> list[str]:
    """The argument list in which each value of a repeatable option has the option's name before it.

    Raises:
        UsageError: where a repeatable option has no value at all.

    Example:
        >>> shapes = OptionShapes(single=frozenset({"-o"}), several=frozenset({"--explainer", "-e"}))
        >>> spread(["audit.yaml", "-e", "lime", "gradcam", "-o", "runs"], shapes)
        ['audit.yaml', '-e', 'lime', '-e', 'gradcam', '-o', 'runs']
        >>> spread(["--explainer=lime", "gradcam", "--", "audit.yaml"], shapes)
        ['--explainer', 'lime', '--explainer', 'gradcam', '--', 'audit.yaml']
    """
    words = list(args)
    written: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word == "--":
            return [*written, word, *words[at:]]
        if not _is_option(word):
            written.append(word)
            continue
        flags, name, attached = _taken_apart(word, shapes)
        if name in shapes.several:
            values = [] if attached is None else [attached]
            while at < len(words) and not _is_option(words[at]) and words[at] != "--":
                values.append(words[at])
                at += 1
            if not values:
                raise UsageError(f"{name} needs at least one value", hint=f"for example {name} VALUE1 VALUE2")
            written += [flags] * bool(flags) + [part for value in values for part in (name, value)]
        else:
            written.append(word)
            if name in shapes.single and attached is None and at < len(words):
                written.append(words[at])
                at += 1
    return written


def _is_option(word: str) -> bool:
    return len(word) > 1 and word.startswith("-") and word != "--"


def _taken_apart(word: str, shapes: OptionShapes) -> tuple[str, str, str | None]:
    """The flags before it in a cluster such as ``-qe``, the option's name, and the value that hangs on to it."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return "", name, value if equals else None
    for index, letter in enumerate(word[1:], start=1):
        name = f"-{letter}"
        if name in shapes.single or name in shapes.several:
            flags = word[:index] if index > 1 else ""
            rest = word[index + 1 :]
            return flags, name, rest.removeprefix("=") if rest else None
    return "", word, None


def names_in(values: Iterable[str] | None) -> tuple[str, ...]:
    """Names given one by one or with commas between them, each once, in the order given.

    Example:
        >>> names_in(["lime,gradcam", "lime", " occlusion"])
        ('lime', 'gradcam', 'occlusion')
    """
    parts = [part.strip() for value in values or () for part in value.split(",")]
    return tuple(dict.fromkeys(part for part in parts if part))


class VariadicCommand(TyperCommand):
    """A command whose repeatable options take several values after one name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401
        """Rewrites the arguments and lets Typer parse them."""
        options = [
            param
            for param in self.params
            if isinstance(param, TyperOption) and not param.is_flag and not param.count
        ]
        shapes = OptionShapes(
            single=frozenset(name for option in options if not option.multiple for name in option.opts),
            several=frozenset(name for option in options if option.multiple for name in option.opts),
        )
        try:
            return super().parse_args(ctx, spread(args, shapes))
        except TyperException as error:
            if getattr(error, "ctx", None) is None:
                # Typer leaves the context out of some of its complaints, and with it the command's name.
                setattr(error, "ctx", ctx)  # noqa: B010
            raise
