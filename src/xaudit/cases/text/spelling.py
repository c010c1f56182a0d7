"""Unicode normalisation of names, so that the same name from two systems is the same text."""

import unicodedata
from pathlib import Path


def nfc(text: str) -> str:
    r"""Return the composed form of a text: macOS writes an accent after its letter, others write one sign.

    Example:
        >>> nfc("u\u0308") == "\u00fc"
        True
    """
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def path_on_disk(root: Path, path: str) -> str | None:
    """Return a file's path below a folder as the disk spells it, in any Unicode form; None if there is none.

    Raises:
        OSError: if a folder cannot be listed.
    """
    if (root / path).is_file():
        return path
    if path.isascii():
        return None
    spelled: list[str] = []
    for part in path.split("/"):
        here = root.joinpath(*spelled)
        wanted = nfc(part)
        if not here.is_dir():
            return None
        own = part if (here / part).exists() else None
        own = own or next((near.name for near in here.iterdir() if nfc(near.name) == wanted), None)
        if own is None:
            return None
        spelled.append(own)
    return "/".join(spelled) if root.joinpath(*spelled).is_file() else None
