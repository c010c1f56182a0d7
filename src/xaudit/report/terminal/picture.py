"""An image, what readers marked and a map as characters: two pixels to a character in colour, shades without."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from rich.style import Style
from rich.text import Text

from xaudit.geometry import fit_geometry, image_to_model, mask_to_model, union
from xaudit.records import BoolArray, FloatArray
from xaudit.report.pictures.figures import OUTLINES, Pixels, blended, outline

SHADES = " .:-=+*#%@"
"""From black to white, where there are no colours."""

OUTLINE, PEAK = "o", "X"
"""What stands for a reader's outline and for a map's strongest point, where there are no colours."""

_GAP = 2


def picture_lines(
    pixels: FloatArray | None,
    saliency: FloatArray | None,
    marks: Mapping[str, BoolArray],
    *,
    columns: int,
    aspect: float,
    signed: bool,
    colour: bool,
) -> list[Text]:
    """Draw a picture ``columns`` characters wide.

    In colour each character holds two pixels, one above the other: the image in grey, the map over it, and a line just
    outside what any reader marked. Without, each holds one: a map is drawn alone, as darker and lighter shades, its
    strongest point as ``X`` and the line as ``o``.

    Args:
        pixels: (h, w) in [0, 1], the whole frame; None draws on black.
        saliency: (H, W); None for the image alone.
        marks: reader: (H, W).
        aspect: height of the picture over its width, as it is in the patient.
        signed: whether negative values of the map mean evidence against; otherwise the magnitude is drawn.
        colour: whether the screen shows 24-bit colours or an approximation of them.

    Raises:
        ValueError: without anything to draw.
    """
    if pixels is None and saliency is None and not marks:
        raise ValueError("a picture of nothing")
    rows = max(2, round(columns * aspect / (1 if colour else 2)))
    rows += rows % 2 if colour else 0
    frame = (rows, columns)
    grey = np.zeros(frame, np.float32) if pixels is None else _fitted(pixels, frame)
    shown = None if saliency is None else _fitted(saliency, frame)
    carried = [mask_to_model(mask, fit_geometry(_shape(mask), frame, "stretch")) for mask in marks.values()]
    marked = union(carried, frame)
    ring = around(marked)
    if marked.all():  # nothing lies outside it
        ring = outline(marked, 1)
    if not colour:
        return list(_shaded(grey, shown, ring, _peak(saliency, frame, signed=signed), signed=signed))
    rgb = np.repeat(np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)[:, :, None], 3, axis=2)
    if shown is not None:
        rgb = blended(rgb, shown, signed=signed)
    rgb[ring] = OUTLINES[0]
    return [_half_blocks(rgb[row], rgb[row + 1]) for row in range(0, rows, 2)]


def beside(pictures: Sequence[tuple[str, list[Text]]], *, columns: int, width: int) -> Iterator[Text]:
    """Pictures with their titles, as many next to each other as fit."""
    in_a_row = max(1, (width + _GAP) // (columns + _GAP))
    for start in range(0, len(pictures), in_a_row):
        line = pictures[start : start + in_a_row]
        titles = Text()
        for position, (title, _) in enumerate(line):
            titles.append(" " * _GAP if position else "")
            titles.append(title[:columns].ljust(columns), style="bold")
        yield titles
        for level in range(max(len(drawn) for _, drawn in line)):
            text = Text()
            for position, (_, drawn) in enumerate(line):
                text.append(" " * _GAP if position else "")
                text.append_text(drawn[level] if level < len(drawn) else Text(" " * columns))
            yield text


def _fitted(values: FloatArray, frame: tuple[int, int]) -> FloatArray:
    return image_to_model(
        np.asarray(values, dtype=np.float32), fit_geometry(_shape(values), frame, "stretch")
    )


def _shape(array: FloatArray | BoolArray) -> tuple[int, int]:
    height, width = array.shape
    return height, width


def around(mask: BoolArray) -> BoolArray:
    """The pixels just outside a mask, diagonals included; in a picture this coarse a rim inside would hide all of it.

    Example:
        >>> import numpy as np
        >>> around(np.array([[False, False, False, True]]))
        array([[False, False,  True, False]])
    """
    height, width = mask.shape
    wide = np.pad(mask, 1)
    grown = np.zeros_like(mask)
    for dy in range(3):
        for dx in range(3):
            grown |= wide[dy : dy + height, dx : dx + width]
    ring: BoolArray = grown & ~mask
    return ring


def _half_blocks(upper: Pixels, lower: Pixels) -> Text:
    text = Text()
    for top, bottom in zip(upper.tolist(), lower.tolist(), strict=True):
        style = Style(color="#{:02x}{:02x}{:02x}".format(*top), bgcolor="#{:02x}{:02x}{:02x}".format(*bottom))
        text.append("▀", style=style)
    return text


def _strength(saliency: FloatArray, *, signed: bool) -> FloatArray:
    return np.maximum(saliency, 0) if signed else np.abs(saliency)


def _peak(saliency: FloatArray | None, frame: tuple[int, int], *, signed: bool) -> tuple[int, int] | None:
    """In which character the map's strongest point lies; of the map as it is scored, before it is made small."""
    if saliency is None:
        return None
    strength = _strength(saliency, signed=signed)
    if not strength.max(initial=0) > 0:
        return None
    row, column = np.unravel_index(int(strength.argmax()), strength.shape)
    height, width = strength.shape
    return int(row) * frame[0] // height, int(column) * frame[1] // width


def _shaded(
    grey: FloatArray,
    saliency: FloatArray | None,
    ring: BoolArray,
    peak: tuple[int, int] | None,
    *,
    signed: bool,
) -> Iterator[Text]:
    levels = grey
    if saliency is not None:
        strength = _strength(saliency, signed=signed)
        highest = float(strength.max())
        levels = strength / highest if highest > 0 else np.zeros_like(strength)
    steps = np.clip(np.rint(levels * (len(SHADES) - 1)), 0, len(SHADES) - 1).astype(int)
    letters = np.array(list(SHADES))[steps]
    letters[ring] = OUTLINE
    if peak is not None:
        letters[peak] = PEAK
    for row in letters:
        yield Text("".join(row))
