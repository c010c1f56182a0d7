"""Pictures: a map over an image, with the readers' marks drawn where they are, to the pixel.

Arrays are (H, W) of the original frame. A pixel of the input is one square of ``scale × scale`` pixels in the
picture, so that nothing moves.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from xaudit.records import BoolArray, FloatArray

Pixels = npt.NDArray[np.uint8]

OUTLINES: tuple[tuple[int, int, int], ...] = (
    (0, 230, 255),
    (255, 140, 0),
    (60, 255, 100),
    (255, 255, 255),
    (240, 60, 240),
)
"""Colours of the readers' outlines, apart for colour-blind eyes and on grey."""

SMALLEST_SIDE = 256
"""Images with a shorter side are enlarged by a whole number."""

CAPTION_PX = 16
_GAP_PX = 4
_MARGIN_PX = 4
_STRONGEST = 0.65

# Anchors of a map that grows steadily lighter from dark violet to yellow (after the magma family, van der Walt and
# Smith 2015), and of one that grows darker blue below zero.
POSITIVE_ANCHORS = (
    (0.0, (20, 11, 53)),
    (0.25, (101, 21, 110)),
    (0.5, (188, 55, 84)),
    (0.75, (249, 142, 9)),
    (1.0, (252, 255, 164)),
)
NEGATIVE_ANCHORS = ((0.0, (10, 20, 50)), (0.5, (40, 90, 170)), (1.0, (150, 205, 255)))


def overlay(
    pixels: FloatArray, saliency: FloatArray, marks: Mapping[str, BoolArray], *, signed: bool, caption: str
) -> Image.Image:
    """The plain image with the readers' outlines, and beside it the same with the map over it.

    The image beneath is untouched where the map is zero. The map's opacity and lightness grow with its strength,
    relative to its own maximum; with ``signed``, evidence against the target is blue.

    Args:
        pixels: (H, W) or (H, W, 3) in [0, 1].
        saliency: (H, W).
        marks: reader: mask. Outlines run inside the mask, so that they hide no pixel outside it.
        signed: whether negative values mean evidence against; otherwise the magnitude is drawn.
        caption: one line below; cut to the picture's width.

    Raises:
        ValueError: if the shapes differ.
    """
    shape = pixels.shape[:2]
    for name, array in {"map": saliency, **marks}.items():
        if array.shape != shape:
            raise ValueError(f"{name} of {array.shape} on an image of {shape}")
    scale = max(1, -(-SMALLEST_SIDE // min(shape)))
    grey = _as_rgb(pixels)
    plain = _outlined(_enlarged(grey, scale), marks, scale)
    covered = _outlined(_enlarged(blended(grey, saliency, signed=signed), scale), marks, scale)
    gap = np.zeros((plain.shape[0], _GAP_PX, 3), dtype=np.uint8)
    picture = Image.fromarray(np.concatenate([plain, gap, covered], axis=1))
    return _captioned(picture, caption, list(marks))


def outlined_image(pixels: FloatArray, masks: Mapping[str, BoolArray], *, caption: str) -> Image.Image:
    """The image with the outline of each mask in its own colour, the names below in the same colours.

    Args:
        pixels: (H, W) or (H, W, 3) in [0, 1].
        masks: name: mask; later outlines are drawn over earlier ones.
        caption: one line below; cut to the picture's width.
    """
    for name, mask in masks.items():
        if mask.shape != pixels.shape[:2]:
            raise ValueError(f"{name} of {mask.shape} on an image of {pixels.shape[:2]}")
    scale = max(1, -(-SMALLEST_SIDE // min(pixels.shape[:2])))
    drawn = _outlined(_enlarged(_as_rgb(pixels), scale), masks, scale)
    return _captioned(Image.fromarray(drawn), caption, list(masks))


def contact_sheet(pictures: Sequence[Image.Image], *, columns: int = 6, width: int = 256) -> Image.Image:
    """Pictures in rows, each shrunk to one width.

    Raises:
        ValueError: without any picture.
    """
    if not pictures:
        raise ValueError("a contact sheet of no pictures")
    tiles = [one.resize((width, max(1, round(one.height * width / one.width)))) for one in pictures]
    columns = min(columns, len(tiles))
    rows = [tiles[start : start + columns] for start in range(0, len(tiles), columns)]
    heights = [max(tile.height for tile in line) for line in rows]
    sheet = Image.new("RGB", (columns * (width + _GAP_PX), sum(heights) + _GAP_PX * len(rows)))
    top = 0
    for line, height in zip(rows, heights, strict=True):
        for index, tile in enumerate(line):
            sheet.paste(tile, (index * (width + _GAP_PX), top))
        top += height + _GAP_PX
    return sheet


def colours(strength: FloatArray, *, negative: bool = False) -> Pixels:
    """Colours for strengths from 0 to 1; equal steps of strength look like equal steps.

    Args:
        strength: (H, W) in [0, 1].
        negative: the scale for evidence against the target.

    Returns:
        (H, W, 3).
    """
    anchors = NEGATIVE_ANCHORS if negative else POSITIVE_ANCHORS
    at = [position for position, _ in anchors]
    channels = [np.interp(strength, at, [colour[channel] for _, colour in anchors]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)


def outline(mask: BoolArray, thickness: int) -> BoolArray:
    """The pixels of a mask that lie within ``thickness`` pixels of its rim, diagonals included."""
    inner = np.pad(mask, 1)
    for _ in range(thickness):
        grown = np.ones_like(inner)
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                grown &= np.roll(inner, (dy, dx), axis=(0, 1))
        inner = grown
    return mask & ~inner[1:-1, 1:-1]


def _as_rgb(pixels: FloatArray) -> Pixels:
    eight_bit = np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
    return np.repeat(eight_bit[:, :, None], 3, axis=2) if eight_bit.ndim == 2 else eight_bit


def blended(grey: Pixels, saliency: FloatArray, *, signed: bool) -> Pixels:
    """A map over an image, both (H, W), in colours whose opacity grows with the map's strength.

    Args:
        grey: (H, W, 3); untouched where the map is zero.
        signed: whether negative values mean evidence against, drawn in blue.
    """
    colour, opacity = map_colours(saliency, signed=signed)
    share = opacity[:, :, None]
    return np.rint(grey * (1 - share) + colour * share).astype(np.uint8)


def map_colours(saliency: FloatArray, *, signed: bool) -> tuple[Pixels, FloatArray]:
    """The colour of each point of a map, (H, W, 3), and its opacity, (H, W); both grow with its strength.

    Args:
        signed: whether negative values mean evidence against, drawn in blue.
    """
    values = np.nan_to_num(np.asarray(saliency, dtype=np.float64), posinf=0.0, neginf=0.0)
    highest = float(np.abs(values).max(initial=0.0))
    strength = np.abs(values) / highest if highest > 0 else np.zeros_like(values)
    colour = colours(strength)
    if signed:
        colour = np.where((values < 0)[:, :, None], colours(strength, negative=True), colour)
    return colour, _STRONGEST * np.sqrt(strength)


def _enlarged(image: Pixels, scale: int) -> Pixels:
    return np.repeat(np.repeat(image, scale, axis=0), scale, axis=1)


def _outlined(image: Pixels, marks: Mapping[str, BoolArray], scale: int) -> Pixels:
    thickness = 1 if scale == 1 else 2
    drawn = image.copy()
    for index, mask in enumerate(marks.values()):
        large = np.repeat(np.repeat(mask, scale, axis=0), scale, axis=1)
        drawn[outline(large, thickness)] = OUTLINES[index % len(OUTLINES)]
    return drawn


def _captioned(picture: Image.Image, caption: str, readers: list[str]) -> Image.Image:
    whole = Image.new("RGB", (picture.width, picture.height + CAPTION_PX * (2 if readers else 1)))
    whole.paste(picture, (0, 0))
    draw = ImageDraw.Draw(whole)
    font = ImageFont.load_default(size=11)
    room = picture.width - 2 * _MARGIN_PX
    draw.text((_MARGIN_PX, picture.height + 1), _fitted(caption, font, room), fill=(255, 255, 255), font=font)
    x = float(_MARGIN_PX)
    for index, reader in enumerate(readers):
        if x > picture.width:
            break
        draw.text(
            (x, picture.height + CAPTION_PX + 1), reader, fill=OUTLINES[index % len(OUTLINES)], font=font
        )
        x += font.getlength(reader) + 3 * _MARGIN_PX
    return whole


def _fitted(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"
