"""The memory that reading an image may take, reckoned from what its header claims."""

import numpy as np
import pytest
from dicom_files import dicom_bytes

from xaudit.cases.images.dicom import dicom_header
from xaudit.cases.images.header import UnreadableImageError, check_memory


def test_a_gigabyte_is_used_and_no_byte_more():
    check_memory(2**30)
    with pytest.raises(UnreadableImageError, match=r"(?m)^would take 1\.0 GB of memory, and 1 GB is used"):
        check_memory(2**30 + 1)
    with pytest.raises(UnreadableImageError, match=r"(?m)^would take 2\.5 GB of memory"):
        check_memory(5 * 2**29)


@pytest.mark.parametrize(
    ("bits", "elements", "bytes_a_pixel"),
    [
        # Stored in 1 or 2 bytes; as float64, as float32 and in two masks: 8 + 4 + 2.
        (np.uint8, {}, 1 + 14),
        (np.uint16, {}, 2 + 14),
        # Three colours of a byte, and a float32 of each: 3 + 4 · 3.
        (np.uint8, {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}, 3 + 12),
        # A byte, and three colours of 2 bytes and of a float32: 1 + 3 · (2 + 4).
        (np.uint8, {"PhotometricInterpretation": "PALETTE COLOR"}, 1 + 18),
    ],
)
def test_a_dicom_image_is_refused_by_what_its_pixels_would_take(bits, elements, bytes_a_pixel):
    # 10,000 columns of so many rows that they take a gigabyte and a little more.
    rows = 2**30 // (10_000 * bytes_a_pixel) + 1
    data = dicom_bytes(np.zeros((1, 1), dtype=bits), **{"Rows": rows, "Columns": 10_000, **elements})
    with pytest.raises(UnreadableImageError, match=r"(?m)^would take 1\.0 GB of memory"):
        dicom_header(data, "full")
    # With a row less they fit, and it is then seen that the pixels are not there.
    fits = dicom_bytes(np.zeros((1, 1), dtype=bits), **{"Rows": rows - 1, "Columns": 10_000, **elements})
    with pytest.raises(UnreadableImageError) as caught:
        dicom_header(fits, "full")
    assert "memory" not in str(caught.value)
