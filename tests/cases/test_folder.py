"""Image folders: one sub-folder per class."""

import shutil

import pytest
from case_files import refused, write_image

from xaudit.cases.images.folder import list_folder, spelled_others


def test_the_sub_folder_is_the_class_and_the_path_is_relative(two_classes):
    entries = list_folder(two_classes)
    assert [(e.path, e.label, e.split) for e in entries][:4] == [
        ("cancer/cancer-0.png", "cancer", None),
        ("cancer/cancer-1.png", "cancer", None),
        ("cancer/cancer-2.png", "cancer", None),
        ("normal/normal-0.png", "normal", None),
    ]


def test_deeper_folders_belong_to_the_path_alone(two_classes):
    write_image(two_classes / "cancer" / "P7" / "series" / "a.png")
    assert ("cancer/P7/series/a.png", "cancer") in [(e.path, e.label) for e in list_folder(two_classes)]


def test_folders_named_after_splits_give_the_splits(tmp_path):
    for split in ("train", "val", "test"):
        for label in ("a", "b"):
            write_image(tmp_path / "data" / split / label / f"{split}-{label}.png")
    entries = list_folder(tmp_path / "data")
    assert [(e.path, e.label, e.split) for e in entries] == [
        ("test/a/test-a.png", "a", "test"),
        ("test/b/test-b.png", "b", "test"),
        ("train/a/train-a.png", "a", "train"),
        ("train/b/train-b.png", "b", "train"),
        ("val/a/val-a.png", "a", "validation"),
        ("val/b/val-b.png", "b", "validation"),
    ]


def test_classes_called_train_and_test_stay_classes_when_they_hold_images(tmp_path):
    for label in ("test", "train"):
        write_image(tmp_path / "vehicles" / label / "a.png")
    assert [(e.label, e.split) for e in list_folder(tmp_path / "vehicles")] == [
        ("test", None),
        ("train", None),
    ]


def test_files_that_are_no_images_and_hidden_folders_are_passed_over(two_classes):
    before = list_folder(two_classes)
    (two_classes / "readme.txt").write_text("about")
    (two_classes / "cancer" / "notes.xml").write_text("<a/>")
    write_image(two_classes / ".thumbnails" / "a.png")
    assert list_folder(two_classes) == before


def test_an_image_is_known_by_its_content_where_its_name_says_nothing(two_classes):
    shutil.copy(two_classes / "cancer" / "cancer-0.png", two_classes / "cancer" / "scan")
    assert "cancer/scan" in [e.path for e in list_folder(two_classes)]


def test_a_missing_folder_is_named_with_the_nearest_one(two_classes):
    wrong = two_classes.parent / "imagse"
    otherwise = "paths in the audit file start from that file's folder"
    with refused(f"{wrong}: no such folder of images", f"did you mean 'images'? {otherwise}"):
        list_folder(wrong)


def test_a_file_in_place_of_the_folder_is_refused(two_classes):
    file = two_classes / "cancer" / "cancer-0.png"
    with refused(f"{file}: is a file, and the images need a folder", "give the folder it is in"):
        list_folder(file)


def test_an_empty_folder_is_refused(tmp_path):
    (tmp_path / "images").mkdir()
    with refused("images: the folder is empty", "give the folder that holds the class folders"):
        list_folder(tmp_path / "images")


def test_a_folder_without_sub_folders_is_refused(tmp_path):
    write_image(tmp_path / "images" / "a.png")
    write_image(tmp_path / "images" / "b.png")
    message = "images: the folder has 2 images but no sub-folders, and the sub-folder is an image's class"
    hint = "sort the images into one sub-folder per class, or list them in a table with format: csv"
    with refused(message, hint):
        list_folder(tmp_path / "images")


def test_a_class_without_images_is_refused(two_classes):
    (two_classes / "benign").mkdir()
    message = "images/benign: the class folder holds no image"
    with refused(message, "add its images, or take the folder away"):
        list_folder(two_classes)


def test_an_image_beside_the_class_folders_is_refused(two_classes):
    write_image(two_classes / "stray.png")
    message = "images: the image 'stray.png' lies beside the class folders, so it has no class"
    with refused(message, "move it into one of cancer, normal"):
        list_folder(two_classes)


def test_folders_of_annotations_and_masks_are_no_classes(two_classes):
    (two_classes / "marks").mkdir()
    (two_classes / "marks" / "a.xml").write_text("<annotation/>")
    write_image(two_classes / "lungs" / "cancer-0.png")
    ignored = [two_classes / "marks", two_classes / "lungs"]
    assert {e.label for e in list_folder(two_classes, ignored=ignored)} == {"cancer", "normal"}


def test_two_images_that_would_be_one_case_are_refused(two_classes):
    write_image(two_classes / "cancer" / "cancer-0.jpg")
    message = "'cancer/cancer-0.jpg' and 'cancer/cancer-0.png' would both be the case 'cancer/cancer-0'"
    with refused(message, "keep one of the two, or rename it"):
        list_folder(two_classes)


def test_a_name_that_is_not_utf_8_is_refused(two_classes):
    name = b"caf\xe9.png".decode("utf-8", "surrogateescape")
    try:
        write_image(two_classes / "cancer" / name)
    except OSError:
        pytest.skip("this file system takes no such name")
    with refused("'cancer/caf\\udce9.png': the file's name is not UTF-8", "rename the file"):
        list_folder(two_classes)


@pytest.fixture
def store(two_classes):
    """A folder beside the images, which links lead to."""
    for name in ("p8/a.png", "p8/deep/b.png", "p9/c.png"):
        write_image(two_classes.parent / "store" / name)
    return two_classes.parent / "store"


def link(place, target):
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target, target_is_directory=True)


def paths(root):
    return [entry.path for entry in list_folder(root)]


def test_linked_folders_are_entered_at_every_depth(two_classes, store):
    before = paths(two_classes)
    link(two_classes / "cancer" / "p8", store / "p8")
    link(two_classes / "cancer" / "more" / "p9", store / "p9")
    link(two_classes / "benign", two_classes.parent / "other")
    write_image(two_classes.parent / "other" / "d.png")
    assert sorted(set(paths(two_classes)) - set(before)) == [
        "benign/d.png",
        "cancer/more/p9/c.png",
        "cancer/p8/a.png",
        "cancer/p8/deep/b.png",
    ]


@pytest.mark.parametrize("place", ["cancer/loop", "cancer/x/loop", "loop"])
def test_a_circle_of_links_is_refused(two_classes, place):
    link(two_classes / place, two_classes)
    with refused(f"images/{place}: a link back to a folder that it lies in", "remove the link"):
        list_folder(two_classes)


def test_two_links_round_in_a_circle_are_refused(two_classes, store):
    link(two_classes / "cancer" / "p8", store / "p8")
    link(store / "p8" / "back", two_classes / "cancer")
    with refused(
        "images/cancer/p8/back: is the same folder as images/cancer, reached by a link",
        "remove one of the two, so that its files count once",
    ):
        list_folder(two_classes)


def test_a_patient_under_two_names_is_refused_and_not_counted_twice(two_classes, store):
    link(two_classes / "cancer" / "p8", store / "p8")
    link(two_classes / "normal" / "p8-again", store / "p8")
    with refused(
        "images/normal/p8-again: is the same folder as images/cancer/p8, reached by a link",
        "remove one of the two, so that its files count once",
    ):
        list_folder(two_classes)


@pytest.mark.parametrize("name", ["p7", "a.png", "notes.txt"])
def test_a_link_that_leads_nowhere_is_named(two_classes, name):
    link(two_classes / "cancer" / name, two_classes.parent / "gone")
    with refused(
        f"images/cancer/{name}: a link that leads nowhere", "restore what it leads to, or remove the link"
    ):
        list_folder(two_classes)


def test_an_ignored_folder_is_not_entered_under_another_name(two_classes, store):
    before = paths(two_classes)
    link(two_classes / "cancer" / "masks", store)
    assert [entry.path for entry in list_folder(two_classes, ignored=[store])] == before


def test_files_that_are_no_images_are_counted_by_suffix(two_classes):
    for name in ("readme.txt", "cancer/notes.TXT", "cancer/list"):
        (two_classes / name).write_text("about")
    others = []
    list_folder(two_classes, others=others)
    assert spelled_others(others) == (
        "3 files of the images' folder are no images and were passed over: 2 .txt, 1 without suffix",
    )
