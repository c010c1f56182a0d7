"""A NIfTI file: its slices, their orientation and their position in the patient.

The claims of a header are compared with the file's length before memory is allocated.
"""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from types import ModuleType
from typing import Any, Literal

import numpy as np

from xaudit.cases.images.header import UnreadableImageError, check_memory, check_pixels
from xaudit.cases.images.plane import Plane, plane_of
from xaudit.cases.text.silence import silent
from xaudit.errors import DataError
from xaudit.records import FloatArray

AGAIN = "save it again as NIfTI, one volume of numbers"
_ONE_EACH = "save one volume, or one slice, per file"

Axis = Literal["third", "axial", "coronal", "sagittal"]
Orientation = Literal["patient", "stored"]

_BROKEN = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    MemoryError,
    zlib.error,
)
_TO_IMAGE = {"R": "L", "L": "L", "A": "P", "P": "P", "S": "I", "I": "I"}
"""The side of the patient that an axis runs towards once it is turned: left, back or feet."""
_ACROSS = {"axial": "SI", "coronal": "AP", "sagittal": "LR"}
"""The sides that the axis across slices of each kind runs towards."""

_GZIP = b"\x1f\x8b"
_MOST_VOXELS = 2**30
_PACKED_BY_AT_MOST = 1040  # a byte of deflate is at most 1032 of what it packs
_MOST_AFTER = 2**27
_AT_ONCE = 2**24
_HEAD = 544


@dataclass(frozen=True, slots=True)
class Cut:
    """The rule that turns the slices of a volume into images.

    Attributes:
        axis: the axis along which slices are counted, from 0 for the first.
        across: the axis along the columns of the image, and True if it is reversed.
        down: the axis along its rows, and True if it is reversed.
    """

    axis: int
    across: tuple[int, bool]
    down: tuple[int, bool]


@dataclass(frozen=True, eq=False)
class Volume:
    """An opened file.

    Attributes:
        image: nibabel's; its numbers are read slice by slice.
        shape: (X, Y, Z) as stored.
        axes: the side of the patient that each stored axis runs towards, such as ``("L", "P", "S")``; None if the file
            does not say.
        n_held: bytes of the file, and of what was unpacked from it.
    """

    image: Any
    shape: tuple[int, int, int]
    axes: tuple[str, ...] | None
    n_held: int = 0

    def cut(self, axis: Axis, orientation: Orientation) -> Cut:
        """Return the rule for taking and turning slices.

        With the orientation ``patient`` columns run to the patient's left and rows to the back, or to the feet if the
        slice is not axial: the nearest of the file's axes are taken, so an oblique slice is not resampled. With ``stored``
        the first of the two other axes runs along the columns and the second along the rows.

        Raises:
            UnreadableImageError: if the file does not give its orientation, and that is needed.
        """
        if self.axes is None and (orientation == "patient" or axis != "third"):
            raise UnreadableImageError(
                "does not say how it lies in the patient",
                hint="set orientation: stored and axis: third if its first axis runs along the image's columns",
            )
        along = 2
        if axis != "third" and self.axes is not None:
            along = next(stored for stored in range(3) if self.axes[stored] in _ACROSS[axis])
        first, second = (stored for stored in range(3) if stored != along)
        if orientation == "stored" or self.axes is None:
            return Cut(along, (first, False), (second, False))
        turned = {stored: _TO_IMAGE[self.axes[stored]] for stored in (first, second)}
        across, down = sorted((first, second), key=lambda stored: "LPI".index(turned[stored]))
        return Cut(
            along, (across, turned[across] != self.axes[across]), (down, turned[down] != self.axes[down])
        )

    def slice(self, cut: Cut, index: int) -> FloatArray:
        """Read a slice as it is shown, (H, W), in the file's own numbers.

        Raises:
            UnreadableImageError: if it cannot be read, holds no plain numbers, or would take too much memory.
        """
        others = [side for axis, side in enumerate(self.shape) if axis != cut.axis]
        # Two copies as stored or scaled, then float64, grey levels and the mask of values that are not numbers.
        n_number = max(int(self.image.header.get_data_dtype().itemsize), 8 if self._scaled else 1)
        check_memory(self.n_held + math.prod(others) * (2 * n_number + 13))
        selection: list[int | slice] = [slice(None)] * 3
        selection[cut.axis] = index
        n_axes = len(self.image.shape)
        try:
            values = np.asarray(self.image.dataobj[(*selection[:n_axes], *(0,) * (n_axes - 3))])
        except _BROKEN:
            raise _truncated() from None
        if values.dtype.kind not in "buif":
            raise UnreadableImageError("holds no plain numbers", hint=AGAIN)
        plane = values.reshape(others)
        if cut.across[0] < cut.down[0]:
            plane = plane.T
        return np.ascontiguousarray(plane[:: _step(cut.down[1]), :: _step(cut.across[1])])

    @property
    def step(self) -> float:
        """Difference of neighbouring numbers of the file; 0 if they are not scaled."""
        return abs(float(self.image.dataobj.slope)) if self._scaled else 0.0

    @property
    def _scaled(self) -> bool:
        return (self.image.dataobj.slope, self.image.dataobj.inter) != (1, 0)

    def plane(self, cut: Cut, index: int) -> Plane | None:
        """Return the position in the patient of a slice as it is shown; None if the file does not say."""
        if self.axes is None:
            return None
        affine = _in_lps(self.image)
        corner = np.zeros(3)
        corner[cut.axis] = index
        steps = []
        for axis, turned in (cut.across, cut.down):
            corner[axis] = self.shape[axis] - 1 if turned else 0
            steps.append(affine[:3, axis] * _step(turned))
        lengths = [float(np.linalg.norm(step)) for step in steps]
        if min(lengths) <= 0:
            return None
        orientation = [*(steps[0] / lengths[0]), *(steps[1] / lengths[1])]
        origin = affine[:3, :3] @ corner + affine[:3, 3]
        return plane_of(origin.tolist(), orientation, (lengths[1], lengths[0]))

    def placed(self, plane: Plane) -> tuple[Cut, int] | None:
        """Return the slice with the same position as an image, whatever the storage order; None if there is none."""
        if self.axes is None:
            return None
        affine = _in_lps(self.image)
        steps = affine[:3, :3]
        lengths = np.linalg.norm(steps, axis=0)
        if min(lengths) <= 0:
            return None
        along = np.array([plane.along_row, plane.along_column]) @ (steps / lengths)
        across, down = (int(axis) for axis in np.abs(along).argmax(axis=1))
        if across == down:
            return None
        axis = 3 - across - down
        cut = Cut(axis, (across, bool(along[0, across] < 0)), (down, bool(along[1, down] < 0)))
        index = round(float((np.linalg.inv(affine) @ [*plane.origin, 1.0])[axis]))
        if not 0 <= index < self.shape[axis]:
            return None
        own = self.plane(cut, index)
        return (cut, index) if own is not None and own.lies_on(plane) else None

    def spacing_mm(self, cut: Cut) -> tuple[float, float] | None:
        """Return the spacing between pixels as (row, column), None if the file does not say."""
        zooms = [float(zoom) for zoom in self.image.header.get_zooms()[:3]] + [1.0, 1.0, 1.0]
        spacing = zooms[cut.down[0]], zooms[cut.across[0]]
        return spacing if all(np.isfinite(zoom) and zoom > 0 for zoom in spacing) else None


def is_nifti_head(head: bytes) -> bool:
    """Return True if a file begins like NIfTI, packed or not."""
    start = head
    if head.startswith(_GZIP):
        try:
            start = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, _HEAD)
        except zlib.error:
            return False
    return start[344:348] == b"n+1\0" or start[4:8] == b"n+2\0"


_last: list[tuple[bytes, Volume]] = []
"""The last file opened, kept so that it is unpacked once for all its slices."""


def open_nifti(data: bytes) -> Volume:
    """Open a NIfTI file, packed or not, without reading a slice.

    Raises:
        UnreadableImageError: truncated, damaged, huge, or of more than three dimensions.
        DataError: if nibabel is not installed.
    """
    if _last and _last[0][0] is data:
        return _last[0][1]
    nibabel = nibabel_package()
    broken = (
        *_BROKEN,
        nibabel.filebasedimages.ImageFileError,
        nibabel.spatialimages.HeaderDataError,
        nibabel.wrapstruct.WrapStructError,
    )
    try:
        with silent("nibabel"):
            volume = _opened(nibabel, data)
    except UnreadableImageError:
        raise
    except broken:
        raise _truncated() from None
    _last[:] = [(data, volume)]
    return volume


def _opened(nibabel: ModuleType, data: bytes) -> Volume:
    packed = data.startswith(_GZIP)
    head = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data, _HEAD) if packed else data[:_HEAD]
    kind = nibabel.Nifti2Image if head[4:8] == b"n+2\0" else nibabel.Nifti1Image
    if len(head) < kind.header_class.sizeof_hdr:
        raise _truncated()
    header = kind.header_class(head[: kind.header_class.sizeof_hdr])
    shape = _three_dimensional(header.get_data_shape())
    n_bytes = _claimed_bytes(header, shape)
    if n_bytes > len(data) * (_PACKED_BY_AT_MOST if packed else 1):
        raise _truncated()
    n_held = len(data) + (n_bytes if packed else 0)
    check_memory(n_held)
    image = kind.from_stream(_unpacked(data, n_bytes) if packed else BytesIO(data))
    return Volume(image, shape, _axes(nibabel, image), n_held)


def _claimed_bytes(header: Any, shape: Sequence[int]) -> int:  # noqa: ANN401  (nibabel is imported late)
    """Return the length that a file must have by its own header."""
    n_voxels = int(np.prod(shape, dtype=object))
    if n_voxels > _MOST_VOXELS:
        raise UnreadableImageError(
            f"claims to have {' × '.join(map(str, shape))} voxels, which is more than are read",
            hint="cut it into smaller volumes",
        )
    check_pixels(shape[0], shape[1])
    return int(header.get_data_offset()) + n_voxels * int(header.get_data_dtype().itemsize)


def _unpacked(data: bytes, n_bytes: int) -> BytesIO:
    """Unpack as much of a packed file as its header asks for; piece by piece, which avoids a second copy."""
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    whole, left = BytesIO(), data
    while whole.tell() < n_bytes:
        piece = unpacking.decompress(left, min(_AT_ONCE, n_bytes - whole.tell()))
        left = unpacking.unconsumed_tail
        if not piece and (unpacking.eof or not left):
            raise _truncated()
        whole.write(piece)
    whole.seek(0)
    n_after = 0
    while unpacking.unconsumed_tail and not unpacking.eof:
        # The checksum is at the very end; the bytes before it are dropped.
        n_after += len(unpacking.decompress(unpacking.unconsumed_tail, 1 << 20))
        if n_after > _MOST_AFTER:
            raise UnreadableImageError("holds far more than its header says", hint=AGAIN)
    return whole


def _three_dimensional(shape: Sequence[int]) -> tuple[int, int, int]:
    """Return the shape with a third axis; further axes of length 1 are dropped."""
    kept = [int(side) for side in shape]
    while len(kept) > 3 and kept[-1] == 1:
        kept.pop()
    if len(kept) == 2:
        kept.append(1)
    if len(kept) != 3 or min(kept) < 1:
        raise UnreadableImageError(
            f"has {len(kept)} dimensions ({' × '.join(map(str, kept))}), and two or three are read",
            hint=_ONE_EACH,
        )
    return kept[0], kept[1], kept[2]


def _axes(nibabel: ModuleType, image: Any) -> tuple[str, ...] | None:  # noqa: ANN401
    """Return the side that each stored axis runs towards, None if neither of the file's two transforms is set."""
    if int(image.header["qform_code"]) == 0 and int(image.header["sform_code"]) == 0:
        return None
    if not np.isfinite(image.affine).all():
        return None
    codes = nibabel.orientations.aff2axcodes(image.affine)
    return None if None in codes else tuple(str(code) for code in codes)


def _in_lps(image: Any) -> FloatArray:  # noqa: ANN401
    """Return the (4, 4) transform from voxels to millimetres towards left, back and head; NIfTI's run to the right and front."""
    return np.asarray(np.diag([-1.0, -1.0, 1.0, 1.0]) @ np.asarray(image.affine, dtype=np.float64))


def _step(turned: bool) -> int:
    return -1 if turned else 1


def nibabel_package() -> ModuleType:
    """Import the package that reads and writes NIfTI files; raise DataError if it is not installed."""
    try:
        import nibabel
    except ImportError:
        raise DataError(
            "NIfTI files need the package nibabel, which is not installed", hint="pip install 'xaudit[nifti]'"
        ) from None
    return nibabel


def _truncated() -> UnreadableImageError:
    return UnreadableImageError("is truncated or damaged and cannot be read", hint=AGAIN)
