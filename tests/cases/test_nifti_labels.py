"""Labels in NIfTI masks: numbers keep their own, names get one, and what was lost is said."""

import nibabel
import numpy as np
import pytest
from test_conversion import IMAGES

from xaudit.cases.marks.writing import write_annotations
from xaudit.records import Annotation, Box


def written(tmp_path, *labels):
    """The numbers in the file of the first image, and the losses; each label has a square of its own."""
    marks = tuple(
        Annotation("one/a", "reader-1", Box(4 * number, 2, 4 * number + 2, 5), label)
        for number, label in enumerate(labels)
    )
    done = write_annotations("nifti", IMAGES, marks, tmp_path / "out")
    volume = np.asarray(nibabel.load(tmp_path / "out" / "one" / "a.nii.gz").dataobj)
    assert volume.shape == (37, 24, 1)
    # Columns are the first axis, rows the second.
    return [int(volume[4 * number, 2, 0]) for number in range(len(labels))], done.losses


@pytest.mark.parametrize("labels", [("3", "7"), ("1",), ("65535", "1"), ("255", "256")])
def test_labels_that_are_numbers_keep_them(tmp_path, labels):
    assert written(tmp_path, *labels) == ([int(label) for label in labels], ())


@pytest.mark.parametrize("labels", [("0", "1"), ("65536", "7"), ("mass", "nodule"), ("2", "nodule")])
def test_labels_that_are_no_such_numbers_are_counted_through_in_their_order(tmp_path, labels):
    numbers, losses = written(tmp_path, *labels)
    in_order = sorted(labels)
    assert numbers == [1 + in_order.index(label) for label in labels]
    assert list(losses) == [
        f"the label '{label}' is the number {number}; rename gives it back"
        for number, label in enumerate(in_order, start=1)
    ]


def test_a_mark_without_a_label_takes_the_next_number(tmp_path):
    assert written(tmp_path, "3", None)[0] == [3, 4]
    # A mask of one label alone, which has none, is 1.
    assert written(tmp_path / "alone", None)[0] == [1]


def test_pixels_that_a_mark_took_from_another_label_are_counted_by_mark(tmp_path):
    marks = (
        Annotation("one/a", "reader-1", Box(0, 0, 4, 4), "1"),
        Annotation("one/a", "reader-1", Box(2, 2, 6, 6), "2"),
        Annotation("one/a", "reader-1", Box(4, 4, 8, 8), "2"),
    )
    done = write_annotations("nifti", IMAGES, marks, tmp_path / "out")
    assert done.losses == ("1 mark took pixels from another label under it",)
