"""COCO's compressed run lengths: a mask as a short text.

The lengths run column by column and begin outside. From the fourth on, each is written as its difference to the
one two before. A number is cut into groups of five bits, the lowest first; a sixth bit says that more follow,
and the highest of the five bits of the last group is the sign; 48 is added to make each group a character.
"""

from collections.abc import Sequence

_MOST_GROUPS = 13  # 5 bits each: enough for 64-bit numbers


def decode_runs(text: str) -> tuple[int, ...]:
    """Return the run lengths that a compressed text holds.

    Raises:
        ValueError: where the text is cut short or holds a character that cannot stand in it.

    Source: the mask interface of the COCO data set (``rleToString``).

    Example:
        >>> decode_runs("22")
        (2, 2)
    """
    counts: list[int] = []
    value, groups = 0, 0
    for character in text:
        code = ord(character) - 48
        if not 0 <= code < 64:
            raise ValueError(f"the character {character!r} cannot stand in run lengths")
        value |= (code & 31) << (5 * groups)
        groups += 1
        if code & 32:
            if groups >= _MOST_GROUPS:
                raise ValueError("a run length does not end")
            continue
        if code & 16:
            value -= 1 << (5 * groups)
        if len(counts) > 2:
            value += counts[-2]
        counts.append(value)
        value, groups = 0, 0
    if groups:
        raise ValueError("the run lengths are cut short")
    return tuple(counts)


def encode_runs(counts: Sequence[int]) -> str:
    """Return the compressed text of run lengths, which :func:`decode_runs` gives back.

    Example:
        >>> encode_runs((2, 2)), decode_runs(encode_runs((0, 1000, 3, 40)))
        ('22', (0, 1000, 3, 40))
    """
    text: list[str] = []
    for place, count in enumerate(counts):
        value = count - (counts[place - 2] if place > 2 else 0)
        while True:
            group, value = value & 31, value >> 5
            done = value == (-1 if group & 16 else 0)
            text.append(chr(48 + group + (0 if done else 32)))
            if done:
                break
    return "".join(text)
