"""From YAML or TOML to a checked audit file, with errors that name the place."""

import os
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from xaudit.config.audit_file import AuditFile
from xaudit.config.checks import check_audit, normalise
from xaudit.config.plain_yaml import LONGEST, PlainYamlError, plain_yaml
from xaudit.config.sections.named_schema import close_choice, named_schema
from xaudit.config.sections.section import Section, SettingError
from xaudit.config.validation_errors import fault_of, faults_of
from xaudit.errors import AuditFileError

_LONGEST_NAME = 255
"""Bytes, of one part of a path; no file system in use takes more."""


_LONGEST_PATH = 3500


class _NoPathError(Exception):
    """A text that no file can have as its path."""


def read_audit_file(
    path: Path, *, overrides: Iterable[str] = (), faults: list[AuditFileError] | None = None
) -> AuditFile:
    """The audit that a file describes, with ``key.path=value`` overrides on top; the paths in it are resolved.

    Args:
        path: YAML, or TOML by its suffix.
        overrides: ``key.path=value``.
        faults: gathers every fault of a file with several; the first is raised as ever.

    Raises:
        AuditFileError: with the file, the key, the value received and the nearest known name.
    """
    shown = path.name
    try:
        named = not path.is_relative_to("/dev")  # /dev/stdin is meant, and so is a shell's /dev/fd/63
        if named and path.exists() and not path.is_file() and not path.is_dir():
            raise AuditFileError(
                f"{path}: no file, but a device or a pipe", hint="give the audit file, or /dev/stdin"
            )
        with path.open(encoding="utf-8") as file:
            text = file.read(LONGEST + 1)
    except FileNotFoundError:
        raise AuditFileError(
            f"{path}: no such file", hint="`xaudit config init` writes one to start from"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise AuditFileError(
            f"{path}: cannot be read: {reason}", hint="check the path and its permissions"
        ) from None
    plain = _plain_toml(text, shown) if path.suffix == ".toml" else _plain_yaml(text, shown)
    if not isinstance(plain, dict):
        raise AuditFileError(
            f"{shown}: expected keys such as data and models", hint="`xaudit config init` shows one"
        )
    root = path.resolve().parent
    return build_audit_file(plain, shown=shown, root=root, overrides=overrides, faults=faults)


def build_audit_file(
    plain: dict[str, Any],
    *,
    shown: str,
    root: Path,
    overrides: Iterable[str] = (),
    faults: list[AuditFileError] | None = None,
) -> AuditFile:
    """The audit that plain keys and values describe.

    Args:
        plain: as read from a file.
        shown: what to call the source in errors.
        root: what relative paths start from.
        overrides: ``key.path=value``; the value is read as YAML.
        faults: gathers every fault of a file with several; the first is raised as ever.
    """
    for override in overrides:
        _override(plain, override)
    try:
        audit = AuditFile.model_validate(plain)
    except ValidationError as error:
        several = faults_of(error, shown)
        if faults is not None:
            faults += several
        raise several[0] from None
    try:
        audit = normalise(audit)
        check_audit(audit)
    except SettingError as error:
        fault = fault_of(str(error), error.hint, shown)
        if faults is not None:
            faults.append(fault)
        raise fault from None
    try:
        checked: AuditFile = _with_paths(audit, root)
        return checked
    except _NoPathError as error:
        raise AuditFileError(
            f"{shown}: {str(error)!r:.80} is no path", hint="give a path relative to the audit file"
        ) from None


def audit_schema() -> dict[str, Any]:
    """The JSON Schema of the audit file, for editors, with the names and settings of what other packages bring."""
    schema = AuditFile.model_json_schema()
    schema["$defs"] |= {
        "ExplainerSpec": named_schema("explainer", schema["$defs"]["ExplainerSpec"]),
        "MetricSpec": named_schema("metric", schema["$defs"]["MetricSpec"]),
    }
    close_choice(schema["$defs"]["ModelSection"]["properties"]["source"], "model")
    close_choice(schema["$defs"]["AnnotationSection"]["properties"]["format"], "format")
    schema["title"] = "xaudit audit file"
    return schema


def _plain_yaml(text: str, shown: str) -> object:
    try:
        return plain_yaml(text)
    except PlainYamlError as error:
        line = "" if error.line is None else f" line {error.line}:"
        raise AuditFileError(
            f"{shown}:{line} not YAML: {error}", hint="check the indentation and quotes"
        ) from None


def _plain_toml(text: str, shown: str) -> object:
    if len(text) > LONGEST:
        raise AuditFileError(
            f"{shown}: {len(text)} characters, and more than {LONGEST} are not read",
            hint="`xaudit config init` shows an audit file",
        )
    try:
        return tomllib.loads(text)
    except (
        ValueError,
        RecursionError,
    ) as error:  # TOMLDecodeError is a ValueError, as is a number without end
        problem = "nested too deeply" if isinstance(error, RecursionError) else f"{error}".splitlines()[0]
        raise AuditFileError(
            f"{shown}: not TOML: {problem:.200}", hint="check the indentation and quotes"
        ) from None


def _override(plain: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise AuditFileError(
            f"--set {override}: expected key.path=value", hint="for example --set train.epochs=3"
        )
    try:
        value = plain_yaml(text)
    except PlainYamlError:
        raise AuditFileError(f"--set {override}: the value is not YAML", hint="quote it") from None
    here: Any = plain
    parts = key.strip().split(".")
    for part in parts[:-1]:
        if isinstance(here, list) and part.isdigit() and int(part) < len(here):
            here = here[int(part)]
        elif isinstance(here, dict):
            here = here.setdefault(part, {})
        else:
            raise AuditFileError(
                f"--set {override}: '{part}' leads nowhere", hint="see `xaudit config schema`"
            )
    last = parts[-1]
    if isinstance(here, list) and last.isdigit() and int(last) < len(here):
        here[int(last)] = value
    elif isinstance(here, dict):
        here[last] = value
    else:
        raise AuditFileError(f"--set {override}: '{last}' leads nowhere", hint="see `xaudit config schema`")


def _with_paths(value: Any, root: Path) -> Any:  # noqa: ANN401  (any value of an audit file)
    """Return the value with each path in it absolute; a relative one starts from ``root``."""
    match value:
        case Path():
            return _absolute(value, root)
        case Section():
            parts = {name: getattr(value, name) for name in type(value).model_fields}
            paths = {name: _with_paths(part, root) for name, part in parts.items()}
            return value.model_copy(
                update={name: path for name, path in paths.items() if path is not parts[name]}
            )
        case dict():
            return {key: _with_paths(part, root) for key, part in value.items()}
        case tuple():
            return tuple(_with_paths(part, root) for part in value)
        case _:
            return value


def _absolute(path: Path, root: Path) -> Path:
    parts = [part.encode("utf-8", "surrogatepass") for part in path.parts]
    longest = max(map(len, parts), default=0)
    if "\0" in str(path) or longest > _LONGEST_NAME or len(b"/".join(parts)) > _LONGEST_PATH:
        raise _NoPathError(path)
    try:
        return Path(os.path.normpath(root / path.expanduser()))
    except RuntimeError:  # `~somebody` whom the system does not know
        raise _NoPathError(path) from None
