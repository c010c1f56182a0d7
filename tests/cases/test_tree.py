"""Folders behind symbolic links, in every tree that is walked."""

import numpy as np
import pytest
from case_files import refused, write_image

from xaudit.cases.annotation_file import files_below
from xaudit.cases.marks.annotation_files import read_annotations
from xaudit.cases.masks.nifti import holds_nifti, mask_files
from xaudit.cases.masks.raster import find_masks
from xaudit.cases.names.image_index import ImageIndex
from xaudit.config import AnnotationSection
from xaudit.errors import DataError
from xaudit.explainers.external.map_folder import find_maps

IMAGES = ImageIndex({"p1/a.png": "p1/a", "p2/a.png": "p2/a"}, {"p1/a": (8, 8), "p2/a": (8, 8)})
CONTENT = {
    "voc": (".xml", "<annotation><annotator>{}</annotator></annotation>"),
    "yolo": (".txt", ""),
    "labelme": (".json", '{{"shapes": []}}'),
    "masks": (".png", None),
}


def fill(folder, kind, reader):
    suffix, content = CONTENT[kind]
    for patient in ("p1", "p2"):
        path = folder / patient / f"a{suffix}"
        if content is None:
            write_image(path, 8, 8)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content.format(reader))


def looked(path, kind):
    found, *_ = read_annotations(AnnotationSection(path=path, format=kind), IMAGES, merge={})
    return sorted((mark.case_id, mark.reader_id) for mark in found)


@pytest.mark.parametrize("kind", CONTENT)
def test_readers_and_patients_behind_links_are_read(tmp_path, kind):
    for reader in ("dr-a", "dr-b"):
        fill(tmp_path / "plain" / reader, kind, reader)
        fill(tmp_path / "store" / reader, kind, reader)
    (tmp_path / "marks" / "dr-b").mkdir(parents=True)
    (tmp_path / "marks" / "dr-a").symlink_to(tmp_path / "store" / "dr-a")
    for patient in ("p1", "p2"):
        (tmp_path / "marks" / "dr-b" / patient).symlink_to(f"../../store/dr-b/{patient}")
    everything = [(case, reader) for case in ("p1/a", "p2/a") for reader in ("dr-a", "dr-b")]
    assert looked(tmp_path / "plain", kind) == looked(tmp_path / "marks", kind) == everything


@pytest.mark.parametrize("kind", CONTENT)
def test_a_reader_under_two_names_is_refused(tmp_path, kind):
    fill(tmp_path / "marks" / "dr-a", kind, "dr-a")
    (tmp_path / "marks" / "dr-b").symlink_to("dr-a")
    with refused(
        "marks/dr-b: is the same folder as marks/dr-a, reached by a link",
        "remove one of the two, so that its files count once",
    ):
        looked(tmp_path / "marks", kind)


@pytest.mark.parametrize("kind", CONTENT)
def test_a_circle_is_entered_once_or_refused_and_a_dead_end_is_named(tmp_path, kind):
    fill(tmp_path / "marks", kind, "dr-a")
    before = looked(tmp_path / "marks", kind)
    (tmp_path / "marks" / "p1" / "round").symlink_to(tmp_path / "marks")
    if kind == "masks":  # images, which are walked as those of the data are
        with refused("marks/p1/round: a link back to a folder that it lies in", "remove the link"):
            looked(tmp_path / "marks", kind)
    else:
        assert looked(tmp_path / "marks", kind) == before
    (tmp_path / "marks" / "p1" / "round").unlink()
    (tmp_path / "marks" / "p3").symlink_to("gone")
    with refused("marks/p3: a link that leads nowhere", "restore what it leads to, or remove the link"):
        looked(tmp_path / "marks", kind)


def test_masks_and_maps_behind_links_are_found(tmp_path):
    write_image(tmp_path / "store" / "a.png", 8, 8)
    (tmp_path / "lungs").mkdir()
    (tmp_path / "lungs" / "p1").symlink_to(tmp_path / "store")
    paths = {case: path for path, case in IMAGES.paths.items()}
    assert list(find_masks(tmp_path / "lungs", paths, IMAGES.frames)) == ["p1/a"]
    (tmp_path / "store" / "a.nii.gz").touch()
    assert holds_nifti(tmp_path / "lungs")
    assert list(mask_files(tmp_path / "lungs")) == ["p1/a"]
    np.save(tmp_path / "store" / "a.npy", np.ones((8, 8)))
    with pytest.raises(DataError, match="can both be the map of p1/a"):
        find_maps(tmp_path / "lungs", IMAGES, subject="maps")
    (tmp_path / "store" / "a.nii.gz").unlink()
    (tmp_path / "store" / "a.png").unlink()
    assert list(find_maps(tmp_path / "lungs", IMAGES, subject="maps")) == ["p1/a"]


def test_a_linked_file_is_read_under_each_of_its_names(tmp_path):
    # One mask for several slices is a common way to save room; copies of images are counted elsewhere.
    (tmp_path / "marks").mkdir()
    (tmp_path / "mask.txt").write_text("")
    for name in ("a.txt", "b.txt"):
        (tmp_path / "marks" / name).symlink_to(tmp_path / "mask.txt")
    assert [path.name for path in files_below(tmp_path / "marks", (".txt",))] == ["a.txt", "b.txt"]


def test_hidden_files_and_what_macos_adds_are_left_out(tmp_path):
    for name in ("a.xml", "._a.xml", "__MACOSX/a.xml", ".git/a.xml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("<annotation/>")
    assert [path.name for path in files_below(tmp_path, ())] == ["a.xml"]
