"""The failure of a network's own forward pass, in one line and with what to do about it."""

from xaudit.models.network.memory import ANOTHER_DEVICE, is_out_of_memory

_HALF = ("Half", "BFloat16", "bfloat16", "float16")
"""Names of the types in torch's messages; the word "half" says nothing."""


def failure_line(error: BaseException) -> str:
    """Return the first line of an error's message, or the name of its class.

    Example:
        >>> failure_line(ValueError("rows differ")), failure_line(KeyError())
        ('rows differ', 'KeyError')
    """
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def failure_hint(error: BaseException, otherwise: str) -> str:
    """Return what to do about a network that fails on images of its frame, else ``otherwise``.

    Example:
        >>> failure_hint(RuntimeError("shapes differ"), "set `input_size`")
        'set `input_size`'
    """
    text = str(error)
    if isinstance(error, Exception) and is_out_of_memory(error):
        return ANOTHER_DEVICE
    if any(word in text for word in _HALF):
        return (
            "images and weights come as float32: take `.half()` and `.bfloat16()` out of its forward; weights in half precision "
            "are fine"
        )
    if "view size is not compatible" in text:
        return "use `reshape` instead of `view`: images come in channels-last memory"
    return otherwise
