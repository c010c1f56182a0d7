"""Redaction of texts: no absolute path, user name or host name.

An absolute path keeps its last part, which is what tells one file from another.
"""

import contextlib
import getpass
import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Self

_PATH = re.compile(
    r"""(?<![\w.~<>/\\-])(?:file:)?          # where a path may begin; fractions and relative paths do not
        (?:[A-Za-z]:[\\/]|\\\\|/)            # C:\\, \\\\server or /
        [^\s'",;=|<>()\[\]{}]*               # up to what a path in a sentence rarely holds
    """,
    re.VERBOSE,
)
_NAMING_VARIABLES = ("USER", "LOGNAME", "LNAME", "USERNAME", "HOSTNAME", "COMPUTERNAME")
_NOBODY = frozenset({"root", "localhost"})


@dataclass(frozen=True, slots=True)
class Redaction:
    """The texts to remove, longest first if one contains another.

    Attributes:
        places: folders whose whole name is removed.
        words: names of the user and of the machine.
    """

    places: tuple[str, ...]
    words: tuple[str, ...]

    @classmethod
    def of_this_machine(cls) -> Self:
        """Collect the home folder, the working directory, and the names of the user and the machine."""
        places = set()
        for find in (Path.home, Path.cwd):
            try:
                places.add(str(find()))
            except (OSError, RuntimeError):
                continue  # no home folder, or a working directory that was removed
        words = {os.environ.get(name, "") for name in _NAMING_VARIABLES}
        words |= {platform.node(), platform.node().partition(".")[0]}
        with contextlib.suppress(
            OSError, KeyError, ImportError
        ):  # a user id without a name, as in containers
            words.add(getpass.getuser())
        words -= {"", *_NOBODY}
        return cls(
            tuple(sorted((p for p in places if len(p) > 1), key=len, reverse=True)),
            tuple(sorted(words, key=len, reverse=True)),
        )

    def text(self, text: str) -> str:
        """Return a text in which absolute paths keep only their last part and names become ``…``.

        Example:
            >>> redact = Redaction(places=("/home/ada lovelace",), words=("ada",))
            >>> redact.text("--out=/home/ada lovelace/runs cannot read /data/x/scan.png, 3/4 done for ada")
            '--out=runs cannot read scan.png, 3/4 done for …'
        """
        for place in self.places:
            # Cut off first, because a home folder may have a blank in its name; the rest is judged as a path.
            text = re.sub(rf"{re.escape(place)}(?=[/\\])", "", text)
            text = re.sub(rf"{re.escape(place)}(?![\w-])", "…", text)
        text = _PATH.sub(lambda match: _last_part(match[0]), text)
        for word in self.words:
            text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "…", text, flags=re.IGNORECASE)
        return text

    def argument(self, argument: str) -> str:
        """Redact one word of a command line; a path may contain blanks here."""
        glued = re.match(r"(-[A-Za-z]|[^=/\\]*=)(.*)", argument, re.DOTALL)
        if glued is not None and _is_absolute(glued[2]):
            return self.text(glued[1] + self._lone_path(glued[2]))
        return self.text(self._lone_path(argument) if _is_absolute(argument) else argument)

    def plain(self, value: Any) -> Any:  # noqa: ANN401  (any JSON value)
        """Redact every text in a JSON value, keys and paths included."""
        if isinstance(value, str | PurePath):
            return self.text(str(value))
        if isinstance(value, dict):
            return {self.text(str(key)): self.plain(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.plain(inner) for inner in value]
        return value

    def _lone_path(self, path: str) -> str:
        return "…" if path.rstrip("/\\") in self.places else _last_part(path)


def _is_absolute(text: str) -> bool:
    return re.match(r"(?:file:)?(?:/|\\\\|[A-Za-z]:[\\/])", text) is not None


def _last_part(path: str) -> str:
    r"""Return the last part of a path, with the full stop or colon that ends a sentence.

    Example:
        >>> _last_part("/data/set/scan.png:"), _last_part("C:\\data\\scan.png"), _last_part("/")
        ('scan.png:', 'scan.png', '/')
    """
    parts = [part for part in re.split(r"[/\\]", path) if part]
    return parts[-1] if parts else "/"
