"""The ZIP archive that a TorchScript file and a program of torch.export both are, looked at before torch loads it."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from xaudit.errors import ModelError
from xaudit.models.network.sealed import SealedFile

CODE_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""Errors that building or loading somebody else's network raises, in many ways."""

_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError)
"""Errors of reading a damaged archive; one that is encrypted or packed in an unknown way is a RuntimeError."""


@contextmanager
def opened_archive(file: SealedFile, *, subject: str, what: str, again: str) -> Iterator[zipfile.ZipFile]:
    """Open an archive for reading.

    Args:
        subject: the model, for errors.
        what: the file must be, such as ``TorchScript archive``.
        again: how one is written, for the hint.

    Raises:
        ModelError: where the file is no archive, or is damaged.
    """
    stream = io.BytesIO(file.content)
    if not zipfile.is_zipfile(stream):
        raise ModelError(
            f"{subject}: {file.path} is no {what}, or was cut off",
            hint=f"copy it again from its source; {again}",
        )
    try:
        with zipfile.ZipFile(stream) as archive:
            yield archive
    except _BROKEN as error:
        raise ModelError(
            f"{subject}: {file.path} is damaged: {first_line(error)}", hint="copy it again from its source"
        ) from None


def not_loaded(file: SealedFile, error: BaseException, *, subject: str, again: str) -> ModelError:
    """Return the error of an archive that looked whole and that torch refuses."""
    return ModelError(
        f"{subject}: {file.path} cannot be loaded: {first_line(error)}",
        hint=f"copy it again from its source; {again}",
    )


def first_line(error: BaseException) -> str:
    r"""Return the first line of an error's text that says something; its kind if none does.

    Example:
        >>> first_line(ValueError("\n  a header is cut off\nstack: ...")), first_line(EOFError())
        ('a header is cut off', 'EOFError')
    """
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
