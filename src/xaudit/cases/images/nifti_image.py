"""The slices of NIfTI files as images between 0 and 1.

A file of several slices holds an image for each, counted from 1 in the order in which they are stored along the axis. Unless
the audit file says otherwise, an image is oriented as radiologists look at it: the patient's right side lies at the left edge
of an axial or frontal slice, the front at the top of an axial one and the head at the top of the others. Values are the file's,
after its slope and intercept, under the window of the audit file; values that are not numbers are black.
"""

import numpy as np

from xaudit.cases.images.dicom import left_edge
from xaudit.cases.images.dicom_values import PRESETS, apply_window, full_range, grey_levels
from xaudit.cases.images.header import Header, UnreadableImageError, Window, check_frame, check_pixels
from xaudit.cases.images.nifti_file import Cut, Volume, open_nifti
from xaudit.config import SlicesSection
from xaudit.records import FloatArray

_MOST_SLICES = 10_000


def nifti_frames(data: bytes, slices: SlicesSection) -> int | None:
    """Return the number of slices of a NIfTI file; None for a single one, and for a file that cannot be read.

    Raises:
        UnreadableImageError: if the number is implausibly large.
        DataError: if nibabel is not installed.
    """
    try:
        volume = open_nifti(data)
        n_slices = volume.shape[_cut(volume, slices).axis]
    except UnreadableImageError:
        return None
    if n_slices > _MOST_SLICES:
        raise UnreadableImageError(
            f"claims to hold {n_slices} slices; is data.nifti.axis set as it should be?"
        )
    return n_slices if n_slices > 1 else None


def nifti_header(data: bytes, window: Window, slices: SlicesSection, frame: int | None = None) -> Header:
    """Return the frame, spacing and position of a slice, read once to be sure that it can be.

    Raises:
        UnreadableImageError: with what is wrong.
        DataError: if nibabel is not installed.
    """
    volume, cut, index = _chosen(data, slices, frame)
    values = _shown(volume, cut, index, window)
    plane = volume.plane(cut, index)
    return Header(
        values.shape[0],
        values.shape[1],
        "nifti",
        spacing_mm=volume.spacing_mm(cut),
        left_edge=None if plane is None else left_edge(plane.orientation, ""),
        plane=plane,
    )


def nifti_pixels(data: bytes, window: Window, slices: SlicesSection, frame: int | None = None) -> FloatArray:
    """Return the windowed values of a slice: float32, (H, W), in [0, 1]."""
    volume, cut, index = _chosen(data, slices, frame)
    return _shown(volume, cut, index, window)


def _cut(volume: Volume, slices: SlicesSection) -> Cut:
    try:
        return volume.cut(slices.axis, slices.orientation)
    except UnreadableImageError as error:
        raise UnreadableImageError(f"{error}; {error.hint.replace('set ', 'set data.nifti.', 1)}") from None


def _chosen(data: bytes, slices: SlicesSection, frame: int | None) -> tuple[Volume, Cut, int]:
    volume = open_nifti(data)
    cut = _cut(volume, slices)
    n_slices = volume.shape[cut.axis]
    check_pixels(volume.shape[cut.down[0]], volume.shape[cut.across[0]])
    return volume, cut, check_frame(n_slices if n_slices > 1 else None, frame, what="slices")


def _shown(volume: Volume, cut: Cut, index: int, window: Window) -> FloatArray:
    values = np.array(volume.slice(cut, index), dtype=np.float64)
    finite = np.isfinite(values)
    if not finite.any():
        raise UnreadableImageError("holds no number on this slice")
    outside = ~finite
    values[outside] = np.min(values, where=finite, initial=np.inf)
    if window == "full":
        levels = full_range(values, outside)
    elif window == "file":
        low, high = (float(volume.image.header[name]) for name in ("cal_min", "cal_max"))
        if not high > low:
            raise UnreadableImageError(
                "names no window of its own (cal_min and cal_max); set data.window to full or [centre, width]"
            )
        levels = grey_levels(values, lambda some: (some - low) / (high - low))
    else:
        levels = apply_window(values, *(PRESETS[window] if isinstance(window, str) else window))
    levels[outside] = 0
    return levels
