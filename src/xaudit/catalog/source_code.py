"""Digests of code that is not xaudit's: a user's own modules, and the packages of plug-ins.

A digest names modules as Python does and hashes their files, so it is the same wherever they lie. Of a module that was
installed (below ``site-packages``) every source file of its package counts. Of any other, its file counts and those of
the modules that it imports, as far as they are not installed and not Python's own.
"""

import ast
import hashlib
import importlib.machinery
import importlib.util
import marshal
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

_INSTALLED = frozenset({"site-packages", "dist-packages"})
_XAUDIT = Path(__file__).resolve().parent.parent
_FIND_ERRORS = (ImportError, AttributeError, ValueError)


def code_digest(module: str, further: Iterable[str] = ()) -> str:
    """Hash the source files that a module's code comes from: 16 hex digits.

    Args:
        module: its name; it is imported already.
        further: names of modules that are used without an import of this one, such as that of a layer's class.
    """
    digest = hashlib.sha256()
    for name, path in sorted(code_files(module, further).items()):
        digest.update(f"{name}\t{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:16]


def code_files(module: str, further: Iterable[str] = ()) -> dict[str, Path]:
    """List the files whose change makes :func:`code_digest` another, by the module's name or the place in its package."""
    found: dict[str, Path] = {}
    started = {module.partition(".")[0]}
    waiting = [module, *further]
    seen = set(waiting)
    while waiting:
        name = waiting.pop()
        path = _file_of(name)
        if path is None or _is_python_s_own(path) or path.is_relative_to(_XAUDIT):
            continue
        if _is_installed(path):
            if name.partition(".")[0] in started:
                found |= _files_of_package(name.partition(".")[0])
            continue
        found[name] = path
        for other in _named_in(name, path):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return found


def stale_cache(paths: Iterable[Path]) -> Path | None:
    """Return the first compiled copy that Python takes for current though its source says something else.

    Python compares time and size of the source alone. A file that was edited, copied or checked out with both unchanged
    is not compiled again.
    """
    for path in paths:
        if path.suffix != ".py":
            continue
        try:
            cached = Path(importlib.util.cache_from_source(str(path)))
            data = cached.read_bytes()
            if data[:4] == importlib.util.MAGIC_NUMBER and _is_taken(data, path):
                compiled = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
                if marshal.loads(data[16:]) != compiled:  # noqa: S302  (Python itself loads this file)
                    return cached
        except (OSError, EOFError, TypeError, ValueError, SyntaxError, NotImplementedError):
            continue
    return None


def _is_taken(data: bytes, path: Path) -> bool:
    """True if Python loads a compiled copy with this beginning in place of the source."""
    flags = int.from_bytes(data[4:8], "little")
    if flags & 1:
        return not flags & 2 or data[8:16] == importlib.util.source_hash(path.read_bytes())
    status = path.stat()
    stamp = int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF
    return (int.from_bytes(data[8:12], "little"), int.from_bytes(data[12:16], "little")) == stamp


def _file_of(name: str) -> Path | None:
    """The file of a module, also of one that is not imported yet; None for what has none."""
    module = sys.modules.get(name)
    if module is not None:
        file = getattr(module, "__file__", None)
    else:
        try:
            spec = importlib.util.find_spec(name)
        except _FIND_ERRORS:
            return None
        file = spec.origin if spec is not None and spec.has_location else None
    if not file:
        return None
    path = Path(file).resolve()
    return path if path.is_file() else None


def _is_installed(path: Path) -> bool:
    return not _INSTALLED.isdisjoint(path.parts)


def _is_python_s_own(path: Path) -> bool:
    places = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}
    return not _is_installed(path) and any(path.is_relative_to(Path(place).resolve()) for place in places)


def _files_of_package(name: str) -> dict[str, Path]:
    """Every source file of an installed package, or the one file of an installed module."""
    file = _file_of(name)
    if file is None:
        return {}
    if file.name.partition(".")[0] != "__init__":
        return {name: file}
    suffixes = (".py", *importlib.machinery.EXTENSION_SUFFIXES)
    return {
        path.relative_to(file.parent.parent).as_posix(): path
        for path in file.parent.rglob("*")
        if path.name.endswith(suffixes) and path.is_file()
    }


def _named_in(name: str, path: Path) -> Iterator[str]:
    """Every module that a module's text or its values name, and the packages around them."""
    for one in {*_imported_in(name, path), *_held_by(sys.modules.get(name)), name}:
        parts = one.split(".")
        yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _imported_in(name: str, path: Path) -> Iterator[str]:
    if path.suffix != ".py":
        return
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError):
        return
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                base = node.module or ""
                if node.level:
                    around = package.split(".")[: len(package.split(".")) - node.level + 1]
                    base = ".".join([*around, *([base] if base else [])])
                if base:
                    yield base
                    yield from (f"{base}.{alias.name}" for alias in node.names if alias.name != "*")


def _held_by(module: ModuleType | None) -> Iterator[str]:
    """Modules of the values that a module holds, such as a class that it fetched by a name in a text."""
    for value in list(vars(module).values()) if module is not None else ():
        held = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
        if isinstance(held, str) and held in sys.modules:
            yield held
