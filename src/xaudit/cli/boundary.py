"""The one place where errors become two lines on stderr and an exit code."""

import errno
import re
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import typer

from xaudit.cli.application import application
from xaudit.cli.output import say
from xaudit.errors import ExitCode, OutputError, UsageError, XauditError, did_you_mean

RESUMABLE = frozenset({"run", "train", "predict", "explain", "score", "merge"})
"""Commands that continue where they stopped when they are given again."""

_ENVIRONMENT = {
    errno.ENOSPC: "free some space, or choose another place with -o",
    errno.EDQUOT: "free some space, or choose another place with -o",
    errno.EACCES: "check the permissions, or choose another place with -o",
    errno.EPERM: "check the permissions, or choose another place with -o",
    errno.EROFS: "choose another place with -o",
}

_NO_MEMORY = XauditError(
    "the memory of this machine is used up",
    hint="end other programs, or give smaller images, or a smaller `run.batch_size` or `run.shard_size`",
)


def run_command_line(args: Sequence[str]) -> int:
    """Carries out one command line, without the program's name, and returns the process's exit code.

    Results go to stdout, everything else to stderr. Nothing escapes but ``SystemExit`` raised by a library.
    """
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    try:
        with _usage_errors_as_ours():
            code = _invoke(list(args))
        sys.stdout.flush()
        return code
    except XauditError as error:
        say(_two_lines(error))
        return int(error.exit_code)
    except KeyboardInterrupt:
        _forget_interrupt()
        resumable = next((word for word in args if not word.startswith("-")), "") in RESUMABLE
        more = (
            ": what is finished is kept, and the same command continues where it stopped" if resumable else ""
        )
        say(f"\ninterrupted{more}")
        return int(ExitCode.INTERRUPTED)
    except MemoryError:
        say(_two_lines(_NO_MEMORY))
        return int(_NO_MEMORY.exit_code)
    except OSError as error:
        if error.errno not in _ENVIRONMENT:
            return _internal(error)
        say(_two_lines(_environment_error(error)))
        return int(ExitCode.USAGE)
    except Exception as error:  # what is left here is a mistake in xaudit, whatever its kind
        if _is_out_of_memory(error):
            say(_two_lines(_NO_MEMORY))
            return int(_NO_MEMORY.exit_code)
        return _internal(error)


def _is_out_of_memory(error: Exception) -> bool:
    """Return True if torch says that memory ran out; where torch was not imported, nothing else says so here."""
    if "torch" not in sys.modules:
        return False
    from xaudit.models.network.memory import is_out_of_memory

    return is_out_of_memory(error)


def _forget_interrupt() -> None:
    """Keep Python from ending by the signal instead of the exit code where an interrupt came within ``exec`` of a text.

    There CPython takes it for unhandled, whoever catches it later, until it executes the next text. Dataclasses are
    made of such texts, so imports are full of them.
    """
    exec("")  # noqa: S102


def _internal(error: Exception) -> int:
    say(
        "".join(traceback.format_exception(error))
        + f"error: internal error: {type(error).__name__}: {error}\n"
        + "hint:  this is a mistake in xaudit; please report it with the lines above and what `xaudit doctor` prints"
    )
    return int(ExitCode.INTERNAL)


def _invoke(args: list[str]) -> int:
    command = typer.main.get_command(application)
    try:
        with command.make_context("xaudit", args) as context:
            result = command.invoke(context)
    except typer.Exit as stop:
        return stop.exit_code
    return int(result) if isinstance(result, int) else int(ExitCode.OK)


@contextmanager
def _usage_errors_as_ours() -> Iterator[None]:
    try:
        yield
    except typer.TyperException as error:
        raise _usage_error(error) from None
    except typer.Abort:
        raise KeyboardInterrupt from None


_NUMBERS = {"int": "whole number", "float": "number"}


def _usage_error(error: typer.TyperException) -> UsageError:
    """Typer's own complaint in our words, with the nearest name where a name was wrong."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "xaudit"
    see = f"`{path} --help` shows how to write it"
    wrong_option = getattr(error, "option_name", None)
    if wrong_option is not None and hasattr(error, "possibilities"):
        known = (
            [name for param in context.command.params for name in param.opts] if context is not None else []
        )
        hint = did_you_mean(wrong_option, [name for name in known if name.startswith("--")], otherwise=see)
        return UsageError(f"{path}: no option is called '{wrong_option}'", hint=hint)
    text = error.format_message()
    wrong_command = re.match(r"No such command '([^']*)'", text)
    if wrong_command is not None:
        known = list(getattr(context.command, "commands", {})) if context is not None else []
        hint = did_you_mean(wrong_command[1], known, otherwise=f"`{path} --help` lists all {len(known)}")
        return UsageError(f"{path}: no command is called '{wrong_command[1]}'", hint=hint)
    text = re.sub(r" \(env var: '\w+'\)", "", " ".join(text.split()))
    text = re.sub(r"not a valid (int|float)\w*( range)?", lambda kind: f"not a {_NUMBERS[kind[1]]}", text)
    wrong_choice = re.search(r"'([^']*)' is not one of (.+)", text)
    if wrong_choice is not None:
        see = did_you_mean(wrong_choice[1], re.findall(r"'([^']*)'", wrong_choice[2]), otherwise=see)
    return UsageError(f"{path}: {_first_lower(text).rstrip('.')}", hint=see)


def _first_lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _environment_error(error: OSError) -> OutputError:
    place = f"{error.filename}: " if error.filename else ""
    reason = _first_lower(error.strerror or str(error))
    return OutputError(f"{place}{reason}", hint=_ENVIRONMENT[error.errno or 0])


def _two_lines(error: XauditError) -> str:
    message = " ".join(str(error).split())
    hint = " ".join(error.hint.split())
    return f"error: {message}" + (f"\nhint:  {hint}" if hint else "")
