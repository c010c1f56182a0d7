"""Files are told to be images by their content, where their names do not say so."""

import pytest
from dicom_files import dicom_bytes, slice_of

from xaudit.cases.images.image_file import is_image


@pytest.mark.parametrize("name", ["CT0001", "00000001", "IM1", "Z9", "1.2.840.113", "DICOMDIR.1"])
def test_a_dicom_file_of_any_name_is_an_image(tmp_path, name):
    (tmp_path / name).write_bytes(dicom_bytes(slice_of(0, 1)))
    assert is_image(tmp_path / name)


def test_the_list_of_a_dicom_medium_is_none_and_what_is_nothing_known_neither(tmp_path):
    (tmp_path / "DICOMDIR").write_bytes(dicom_bytes(slice_of(0, 1)))
    (tmp_path / "CT0001").write_bytes(b"nothing of the kind")
    assert not is_image(tmp_path / "DICOMDIR")
    assert not is_image(tmp_path / "CT0001")
