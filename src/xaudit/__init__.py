"""Audit whether an image classifier looks where the radiologist looks, and whether its explanations hold.

    >>> import xaudit
    >>> scores = xaudit.score_map([[0, 1], [0, 0]], [[False, True], [False, False]], metrics=["pointing-game"])
    >>> scores["pointing-game"]
    1.0

See docs/how-to/python.md. Nothing heavy is imported before the first of these names is used.
"""

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xaudit import errors
    from xaudit.api import Absent, Outcome, Run, audit, open_run, score_map

try:
    __version__ = version("xaudit")
except PackageNotFoundError:  # run from its source folder, never installed
    __version__ = "0+unknown"

__all__ = ["Absent", "Outcome", "Run", "audit", "errors", "open_run", "score_map"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'xaudit' has no attribute {name!r}")
    from xaudit import api

    value = globals()[name] = getattr(api, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
