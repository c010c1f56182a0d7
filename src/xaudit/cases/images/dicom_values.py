"""Conversion of a DICOM frame's stored values to grey levels between 0 and 1.

In the standard's order: the modality's units (a table, or slope and intercept), the window or the table for viewing, and
the polarity, which says if large values are bright or dark.

Source: DICOM PS3.3 C.11.1, C.11.2, C.7.6.3 and C.8.11.3.
"""

from collections.abc import Callable

import numpy as np

from xaudit.cases.images.dicom_file import Elements, guarded
from xaudit.cases.images.dicom_pixels import some_rows, stored_values
from xaudit.cases.images.header import UnreadableImageError, Window
from xaudit.records import BoolArray, FloatArray

PRESETS: dict[str, tuple[float, float]] = {
    "lung": (-600.0, 1500.0),
    "mediastinum": (40.0, 400.0),
    "bone": (400.0, 1800.0),
}
"""(centre, width) in Hounsfield units."""

_OTHER_MODALITIES = frozenset({"CR", "DX", "MG", "MR", "NM", "OT", "PT", "RF", "SC", "US", "XA", "XC"})


def shown_values(elements: Elements, window: Window) -> FloatArray:
    """Return the windowed values of a frame: float32, (H, W) or (H, W, 3), in [0, 1].

    Colour is left as it is. Grey is zero where the file marks padding, and bright where the file means bright.

    Raises:
        UnreadableImageError: with what is wrong, in words that hold nothing of the file's text.
    """
    stored = stored_values(elements)
    if stored.ndim == 3:
        return stored
    padding = _padding(elements, stored)
    levels = _windowed(elements, _in_units(elements, stored), padding, window)
    # A radiograph says INVERSE beside MONOCHROME1, and means one inversion, not two.
    dark = elements.text("PhotometricInterpretation") == "MONOCHROME1"
    if dark or elements.text("PresentationLUTShape") == "INVERSE":
        np.subtract(1, levels, out=levels)
    levels[padding] = 0
    return levels


def apply_window(values: FloatArray, centre: float, width: float, *, function: str = "LINEAR") -> FloatArray:
    """Convert values in the modality's units to grey levels between 0 and 1.

    Args:
        values: any shape.
        centre: centre of the window.
        width: width of the window, at least 1 for ``LINEAR`` and above 0 otherwise.
        function: ``LINEAR``, ``LINEAR_EXACT`` or ``SIGMOID``.

    Source: DICOM PS3.3 C.11.2.1.2 and C.11.2.1.3; ``LINEAR`` runs over ``width - 1`` steps about ``centre - 0.5``.

    Example:
        >>> apply_window(np.array([-1350.0, -600.5, 149.0]), -600, 1500).round(3).tolist()
        [0.0, 0.5, 1.0]
    """
    match function:
        case "LINEAR_EXACT":
            return grey_levels(values, lambda some: (some - centre) / width + 0.5)
        case "SIGMOID":
            return grey_levels(
                values, lambda some: 1 / (1 + np.exp(np.clip(-4 * (some - centre) / width, -60, 60)))
            )
        case _:
            if width <= 1:
                return grey_levels(values, lambda some: (some > centre - 0.5).astype(np.float64))
            return grey_levels(values, lambda some: (some - (centre - 0.5)) / (width - 1) + 0.5)


def full_range(values: FloatArray, padding: BoolArray) -> FloatArray:
    """Scale grey levels from the smallest to the largest value that is no padding; a constant image is black."""
    kept = ~padding
    low, high = (
        float(np.min(values, where=kept, initial=np.inf)),
        float(np.max(values, where=kept, initial=-np.inf)),
    )
    if high <= low:
        return np.zeros(values.shape, dtype=np.float32)
    return grey_levels(values, lambda some: (some - low) / (high - low))


def grey_levels(values: FloatArray, level: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Compute grey levels, clipped to 0 and 1, float32; a few rows at a time, since a copy of a large image is large."""
    levels = np.empty(values.shape, dtype=np.float32)
    for rows in some_rows(values.shape):
        levels[rows] = np.clip(level(values[rows]), 0, 1)
    return levels


def _in_units(elements: Elements, stored: FloatArray) -> FloatArray:
    """Convert stored values in place to the modality's units, such as Hounsfield's."""
    if "ModalityLUTSequence" in elements:
        table, _ = _through_table(elements, "ModalityLUTSequence", stored, "modality")
        return table
    slope, intercept = elements.number("RescaleSlope"), elements.number("RescaleIntercept")
    with np.errstate(all="ignore"):
        values = np.multiply(stored, 1.0 if slope is None else slope, out=stored)
        values += intercept or 0.0
    if not np.isfinite(values).all():
        raise UnreadableImageError("holds DICOM values that are not numbers")
    return values


def _through_table(
    elements: Elements, keyword: str, values: FloatArray, what: str
) -> tuple[FloatArray, float]:
    """Look values up in a table of the file, clamped at its ends; also return the largest value that it can hold."""
    table = guarded(lambda: elements.file[keyword].value[0])
    descriptor = guarded(lambda: [int(number) for number in table.LUTDescriptor])  # type: ignore[union-attr]
    entries = guarded(lambda: _entries(table.LUTData, descriptor or []))  # type: ignore[union-attr]
    if descriptor is None or entries is None or len(descriptor) != 3:
        raise UnreadableImageError(f"maps its values through a {what} table that is missing or damaged")
    n_entries, first = descriptor[0] or 2**16, descriptor[1]
    if len(entries) != n_entries:
        raise UnreadableImageError(
            f"maps its values through a {what} table of {len(entries)} entries that claims {n_entries}"
        )
    if first >= 2**15 and float(values.min()) < 0:
        first -= 2**16
    at = np.clip(np.rint(values) - first, 0, n_entries - 1).astype(np.int64)
    return entries[at], float(2 ** min(max(descriptor[2], 1), 16) - 1)


def _entries(stored: object, descriptor: list[int]) -> FloatArray:
    """Return a table's entries, stored as numbers or as bytes."""
    if isinstance(stored, bytes):
        # Some files pack entries of 8 bits, others store them in 16.
        wide = descriptor[2] > 8 or len(stored) >= 2 * (descriptor[0] or 2**16)
        entries = np.frombuffer(stored, dtype="<u2" if wide else "u1")[: descriptor[0] or 2**16]
        return np.asarray(entries, dtype=np.float64)
    numbers = np.asarray(stored, dtype=np.float64).reshape(-1)
    return np.where(numbers < 0, numbers + 2**16, numbers)


def _windowed(elements: Elements, values: FloatArray, padding: BoolArray, window: Window) -> FloatArray:
    if window == "full":
        return full_range(values, padding)
    if window == "file":
        return _as_the_file_says(elements, values)
    if isinstance(window, tuple):
        return apply_window(values, *window)
    modality = elements.text("Modality")
    if modality not in (None, "CT"):
        name = modality if modality in _OTHER_MODALITIES else "something else"
        raise UnreadableImageError(
            f"is {name} and not CT, so the window '{window}' means nothing for it; "
            "set data.window to file, full or [centre, width]"
        )
    return apply_window(values, *PRESETS[window])


def _as_the_file_says(elements: Elements, values: FloatArray) -> FloatArray:
    """Apply the file's first window, or else its first table for viewing."""
    centres, widths = elements.numbers("WindowCenter"), elements.numbers("WindowWidth")
    if centres and widths and widths[0] > 0:
        function = elements.text("VOILUTFunction") or "LINEAR"
        return apply_window(values, centres[0], widths[0], function=function)
    if "VOILUTSequence" in elements:
        levels, largest = _through_table(elements, "VOILUTSequence", values, "viewing")
        return np.asarray(np.clip(levels / largest, 0, 1), dtype=np.float32)
    raise UnreadableImageError("names no window of its own; set data.window to full or [centre, width]")


def _padding(elements: Elements, stored: FloatArray) -> BoolArray:
    """Mark the pixels that the file declares as padding, (H, W)."""
    first = elements.number("PixelPaddingValue")
    last = elements.number("PixelPaddingRangeLimit")
    if first is None:
        first, last = (
            elements.number("FloatPixelPaddingValue"),
            elements.number("FloatPixelPaddingRangeLimit"),
        )
    if first is None:
        return np.zeros(stored.shape, dtype=bool)
    if (elements.number("PixelRepresentation") or 0) == 1:
        # Some files store it as unsigned, whatever the pixels are.
        first, last = _signed(elements, first), None if last is None else _signed(elements, last)
    low, high = sorted((first, first if last is None else last))
    return np.asarray((stored >= low) & (stored <= high))


def _signed(elements: Elements, value: float) -> float:
    half = 2 ** (int(elements.number("BitsAllocated") or 16) - 1)
    return value - 2 * half if value >= half else value
