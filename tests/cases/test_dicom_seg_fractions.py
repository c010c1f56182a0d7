"""A pixel of a fractional DICOM segmentation lies inside the mark from half of the maximum on.

PS3.3, C.8.20.2.3 leaves it to the reader where a fraction counts. The files are that of `files/dicom-seg`, highdicom's
two frames of 60 × 40, with other values: the first lies on slice `b`, the second on `a`.
"""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from xaudit.cases.marks.annotation_files import read_annotations
from xaudit.cases.names.image_index import ImageIndex
from xaudit.config import AnnotationSection
from xaudit.geometry import rasterise

FILE = Path(__file__).parent / "files/dicom-seg/fractional.dcm"
UID = "1.3.6.1.4.1.99999.1.2.3"
FRAME = (40, 60)


def images(frame=FRAME):
    return ImageIndex(
        {"a.png": "a", "b.png": "b"}, dict.fromkeys("ab", frame), {UID: "a", UID[:-1] + "4": "b"}
    )


def marked(tmp_path, values, *, most):
    """The mask of slice `a` whose first row begins with these fractions of ``most``, and who voted for nothing."""
    dataset = pydicom.dcmread(FILE)
    stored = np.zeros((2, *FRAME), dtype=np.uint8)
    stored[1, 0, : len(values)] = values
    dataset.MaximumFractionalValue, dataset.PixelData = most, stored.tobytes()
    dataset.save_as(tmp_path / "seg.dcm")
    found, *_ = read_annotations(AnnotationSection(path=tmp_path / "seg.dcm"), images(), merge={})
    nothing = [one.case_id for one in found if one.region is None]
    masks = [rasterise(one.region, FRAME) for one in found if one.region is not None]
    return (masks[0] if masks else np.zeros(FRAME, dtype=bool)), nothing


@pytest.mark.parametrize(
    ("most", "values", "inside"),
    [
        # Half of 200 is 100, which is inside; 51 is a quarter, 150 three quarters.
        (200, [99, 100, 101, 51, 150, 200, 0], [False, True, True, False, True, True, False]),
        # Half of 255 is 127.5.
        (255, [127, 128, 64, 255], [False, True, False, True]),
        (2, [0, 1, 2], [False, True, True]),
        (1, [0, 1], [False, True]),
    ],
)
def test_a_pixel_is_inside_from_half_of_the_maximum_on(tmp_path, most, values, inside):
    mask, nothing = marked(tmp_path, values, most=most)
    assert mask[0, : len(values)].tolist() == inside
    assert mask.sum() == sum(inside)
    assert nothing == ["b"]


def test_a_frame_below_half_everywhere_says_that_nothing_was_found(tmp_path):
    mask, nothing = marked(tmp_path, [99, 1], most=200)
    assert not mask.any()
    assert nothing == ["a", "b"]


def test_two_frames_of_a_segment_on_one_slice_are_one_mark(tmp_path):
    dataset = pydicom.dcmread(FILE)
    first, second = dataset.PerFrameFunctionalGroupsSequence
    second.DerivationImageSequence = first.DerivationImageSequence
    stored = np.zeros((2, *FRAME), dtype=np.uint8)
    stored[0, 3, 4:7] = stored[1, 3, 6:9] = dataset.MaximumFractionalValue
    dataset.PixelData = stored.tobytes()
    dataset.save_as(tmp_path / "seg.dcm")
    [mark], *_ = read_annotations(AnnotationSection(path=tmp_path / "seg.dcm"), images(), merge={})
    # Columns 4 to 6 of the one and 6 to 8 of the other.
    assert np.argwhere(rasterise(mark.region, FRAME)).tolist() == [[3, column] for column in range(4, 9)]
