"""A DICOM file whose header names, as its transfer syntax, something that is none."""

import pytest
from dicom_files import dicom_bytes, slice_of

from xaudit.cases.images.dicom import dicom_header
from xaudit.cases.images.header import UnreadableImageError

KNOWN = b"1.2.840.10008.1.2.1\0"


@pytest.mark.parametrize(
    "other",
    [b"1.2.840.10008.5.1.4\0", b"1.2.3.4.5.6.7.8.9.0\0", b"1.2.840.10008.1.1\0\0\0"],
    ids=["unknown", "private", "a service"],
)
def test_an_unknown_transfer_syntax_is_refused_by_name(other):
    data = dicom_bytes(slice_of(1, 2))
    assert data.count(KNOWN) == 1
    with pytest.raises(UnreadableImageError, match=r"(?m)^is a DICOM image in an unknown transfer syntax$"):
        dicom_header(data.replace(KNOWN, other), "lung")
