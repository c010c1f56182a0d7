"""The window that a NIfTI image names for itself, and what is no number in it."""

import nibabel
import numpy as np
import pytest

from xaudit.cases.images.header import UnreadableImageError
from xaudit.cases.images.nifti_image import nifti_frames, nifti_pixels
from xaudit.config import NiftiSection

STORED = NiftiSection(orientation="stored")
VALUES = np.array([[0.0, 10.0, 15.0], [20.0, 30.0, 99.0]], dtype=np.float32)


def of_file(tmp_path, values, *, low, high, n_slices=1):
    image = nibabel.Nifti1Image(np.repeat(values.T[:, :, None], n_slices, axis=2), np.eye(4))
    image.header["cal_min"], image.header["cal_max"] = low, high
    nibabel.save(image, tmp_path / "a.nii")
    return (tmp_path / "a.nii").read_bytes()


def test_the_files_own_window_runs_from_its_lowest_to_its_highest(tmp_path):
    data = of_file(tmp_path, VALUES, low=10, high=30)
    # (v - 10) / 20, cut at 0 and 1.
    np.testing.assert_allclose(nifti_pixels(data, "file", STORED), [[0, 0, 0.25], [0.5, 1, 1]], atol=1e-6)


@pytest.mark.parametrize(("low", "high"), [(0, 0), (30, 30), (30, 10)])
def test_a_window_without_width_is_none(tmp_path, low, high):
    with pytest.raises(UnreadableImageError, match="names no window of its own"):
        nifti_pixels(of_file(tmp_path, VALUES, low=low, high=high), "file", STORED)


def test_what_is_no_number_is_black_and_moves_no_window(tmp_path):
    values = VALUES.copy()
    values[0, 0] = np.nan
    shown = nifti_pixels(of_file(tmp_path, values, low=10, high=30), "file", STORED)
    np.testing.assert_allclose(shown, [[0, 0, 0.25], [0.5, 1, 1]], atol=1e-6)
    full = nifti_pixels(of_file(tmp_path, values, low=0, high=0), "full", STORED)
    # From 10 to 99; the corner that is no number is black as the lowest is.
    np.testing.assert_allclose(full, [[0, 0, 5 / 89], [10 / 89, 20 / 89, 1]], atol=1e-6)
    with pytest.raises(UnreadableImageError, match="holds no number on this slice"):
        nifti_pixels(of_file(tmp_path, np.full_like(VALUES, np.nan), low=0, high=1), "file", STORED)


@pytest.mark.parametrize(("n_slices", "n_frames"), [(1, None), (2, 2), (3, 3)])
def test_a_volume_of_one_slice_is_a_single_image(tmp_path, n_slices, n_frames):
    assert nifti_frames(of_file(tmp_path, VALUES, low=0, high=1, n_slices=n_slices), STORED) == n_frames
