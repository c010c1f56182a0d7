"""The check of the data for copies, on images with planted ones."""

import csv
import io
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from xaudit.cases import load_dataset
from xaudit.config import CopiesSection, DataSection, SplitSection
from xaudit.records import Problem
from xaudit.screening.copies.check import check_copies
from xaudit.screening.copies.originals import resized_detail
from xaudit.screening.copies.pairs import RESIZED_COPY

N = 8


@cache
def textured(seed, side=256):
    rng = np.random.default_rng(seed)
    total = np.zeros((side, side))
    for cells, weight in ((4, 1.0), (9, 0.6), (20, 0.4), (60, 0.25)):
        noise = Image.fromarray(rng.standard_normal((cells, cells)).astype(np.float32))
        total += weight * np.asarray(noise.resize((side, side), Image.Resampling.BICUBIC))
    total -= total.min()
    return np.rint(total * (200 / total.max())).astype(np.uint8)


def jpeg(values, quality=75):
    data = io.BytesIO()
    Image.fromarray(values).save(data, "JPEG", quality=quality)
    return np.asarray(Image.open(data))


PLANTS = {
    "flipped": (lambda a: a[:, ::-1], "augmented-copy", "mirrored left to right"),
    "turned": (np.rot90, "augmented-copy", "turned by 90°"),
    "cropped": (
        lambda a: a[:243, 6:249],
        "augmented-copy",
        "cropped to 95 % of the width and 95 % of the height",
    ),
    "saved-again": (jpeg, "near-copy", ""),
    "brighter": (lambda a: np.rint(a * 1.1).astype(np.uint8), "augmented-copy", "brightness +10 %"),
    "resized": (
        lambda a: np.asarray(Image.fromarray(a).resize((200, 200), Image.Resampling.BICUBIC)),
        "near-copy",
        "resized",
    ),
}


class Study:
    """A folder of images and its table."""

    def __init__(self, folder):
        self.folder = folder
        self.rows = []

    def add(self, name, values, split="train", label="a", patient="", augmented=""):
        Image.fromarray(np.ascontiguousarray(values)).save(self.folder / name)
        self.rows.append((name, label, split, patient, augmented))

    def section(self, split=None):
        names = ["image", "label", "split", "patient", "augmented"]
        kept = [place for place, name in enumerate(names) if any(row[place] for row in self.rows)]
        with (self.folder / "labels.csv").open("w", newline="") as file:
            csv.writer(file).writerows([[line[place] for place in kept] for line in [names, *self.rows]])
        return DataSection(
            format="csv",
            images=self.folder,
            labels=self.folder / "labels.csv",
            split=split or SplitSection(),
        )

    def load(self, split=None):
        return load_dataset(
            self.section(split), dataset_id="data", workspace=self.folder, on_progress=lambda _: None
        )


def checked(data, settings=None):
    return check_copies(data, settings or CopiesSection(), split=SplitSection(), on_progress=lambda _: None)


@pytest.fixture
def study(tmp_path):
    made = Study(tmp_path)
    for seed in range(N):
        made.add(f"{seed:02d}.png", textured(seed), label="ab"[seed % 2])
    return made


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_copy_is_found_and_named(study, plant):
    change, kind, words = PLANTS[plant]
    study.add("copy.png", change(textured(3)), split="test", label="b")
    check = checked(study.load())
    (row,) = check.tables["copies"]
    assert {row.image_a, row.image_b} == {"03.png", "copy.png"}
    assert (row.kind, row.across_splits) == (kind, True)
    assert words in row.change
    assert row.detail > 0.99
    assert check.values == {"leakage": 1, "leakage-slices": 0, "copies": 2, "copies-different-label": 0}
    assert [(one.code, one.status) for one in check.verdicts] == [("XA405", "fail")]
    assert [(one.image, one.group) for one in check.tables["groups"]] == [
        ("03.png", "group-0001"),
        ("copy.png", "group-0001"),
    ]
    assert set(check.images) == {"03", "copy"}


@pytest.mark.parametrize("resampling", ["BOX", "BICUBIC", "LANCZOS"])
def test_a_small_noisy_image_that_was_resized_is_a_copy_and_its_neighbour_is_not(study, resampling):
    """The neighbour has the same anatomy and its own noise."""
    base = textured(50, side=128).astype(float)
    noise = np.random.default_rng(0)
    image, neighbour = (
        np.clip(np.rint(base + noise.normal(0, 4, base.shape)), 0, 255).astype(np.uint8) for _ in range(2)
    )
    half = Image.fromarray(image).resize((64, 64), getattr(Image.Resampling, resampling))
    study.add("image.png", image)
    study.add("half.png", np.asarray(half), split="test")
    study.add("neighbour.png", neighbour)
    rows = {frozenset((row.image_a, row.image_b)): row for row in checked(study.load()).tables["copies"]}
    copy = rows.pop(frozenset(("image.png", "half.png")))
    assert (copy.kind, copy.change) == ("near-copy", "resized")
    assert copy.detail >= RESIZED_COPY
    assert {row.kind for row in rows.values()} <= {"neighbouring-slice"}


def test_detail_at_the_size_of_the_smaller_image():
    """Four pixels become their mean: by the box filter that is the copy itself."""
    image = np.random.default_rng(0).random((64, 48)).astype(np.float32)
    half = image.reshape(32, 2, 24, 2).mean(axis=(1, 3))
    assert resized_detail(image, half) == pytest.approx(1)
    assert resized_detail(half, image) == pytest.approx(1)
    assert abs(resized_detail(image, np.random.default_rng(1).random((32, 24)).astype(np.float32))) < 0.3
    assert resized_detail(image, image[::-1]) is None
    assert resized_detail(image, np.ones((65, 24), dtype=np.float32)) is None


def test_different_images_are_not_called_copies(study):
    study.add("other.png", textured(99), split="test")
    check = checked(study.load())
    assert check.tables["copies"] == []
    assert [(one.code, one.status) for one in check.verdicts] == [("XA409", "pass")]
    assert check.values["leakage"] == 0


def test_equal_pixels_are_found_in_other_files_and_counted_by_split_and_label(study):
    # 04 (train, a) comes again as TIFF in test with label b, and once more in training; 05 is copied as a file.
    study.add("04-tiff.tiff", textured(4), split="test", label="b")
    study.add("04-again.bmp.png", np.repeat(textured(4)[..., None], 3, axis=2), label="a")
    study.add("05-again.png", textured(5), split="validation", label="b")
    check = checked(study.load())
    rows = {(row.image_a, row.image_b): row for row in check.tables["copies"]}
    assert rows["04.png", "04-tiff.tiff"].kind == "same-pixels"
    assert rows["05.png", "05-again.png"].kind == "same-file"
    assert len(rows) == 3
    assert check.values == {"leakage": 1, "leakage-slices": 0, "copies": 5, "copies-different-label": 1}
    assert [one.code for one in check.verdicts] == ["XA404", "XA407", "XA406"]
    assert check.verdicts[0].sentence.startswith(
        "1 of 1 test image has an exact copy in training or validation"
    )
    assert "1 image repeats another image of the same split (1 in train)" in check.verdicts[2].sentence


def test_a_neighbouring_slice_is_named_as_such_and_not_called_a_copy(study):
    # The coarse structure is the same, a third of the fine one is not.
    near = np.clip(textured(3) + 0.08 * (textured(70).astype(float) - 100), 0, 255)
    study.add("near.png", np.rint(near).astype(np.uint8), split="test", label="b")
    check = checked(study.load(), CopiesSection(least_likeness=0.9))
    (row,) = check.tables["copies"]
    assert row.kind == "neighbouring-slice"
    assert check.values["leakage"] == 0
    assert check.values["leakage-slices"] == 1
    assert check.verdicts[0].code == "XA408"
    assert "without patient ids" in check.verdicts[0].sentence


def test_slices_of_a_known_patient_are_no_finding(tmp_path):
    study = Study(tmp_path)
    for seed in range(4):
        study.add(f"{seed}.png", textured(seed), patient=f"p{seed}", label="ab"[seed % 2], split="train")
    near = np.clip(textured(3) + 0.08 * (textured(70).astype(float) - 100), 0, 255)
    study.add("near.png", np.rint(near).astype(np.uint8), patient="p3", label="b", split="train")
    assert checked(study.load(), CopiesSection(least_likeness=0.9)).tables["copies"] == []


def test_an_image_that_the_data_calls_augmented_makes_an_augmented_copy(study):
    study.add("more.png", jpeg(textured(3)), split="test", label="b", augmented="yes")
    (row,) = checked(study.load()).tables["copies"]
    assert row.kind == "augmented-copy"


def test_blank_and_unreadable_images_are_counted_and_named(study):
    for name in ("black.png", "grey.png", "black-again.png"):
        study.add(name, np.full((256, 256), 0 if "black" in name else 90, np.uint8))
    data = study.load()
    data = replace(data, problems=(Problem("broken", "load", "is truncated"),))
    (study.folder / "07.png").unlink()
    check = checked(data)
    assert [(row.case_a, row.case_b) for row in check.tables["copies"]] == [("black", "black-again")]
    sentence = check.skipped[0]
    assert sentence.startswith(
        "copies: 2 images or pairs could not be read and compared: broken: is truncated; 07: "
    )


def test_proposed_groups_mend_the_split(tmp_path):
    study = Study(tmp_path)
    for seed in range(7):
        study.add(f"{seed}.png", textured(seed), split="", label="ab"[seed % 2])
        study.add(f"{seed}-flipped.png", textured(seed)[::-1], split="", label="ab"[seed % 2])
    before = checked(study.load())
    assert before.values["leakage"] > 0
    sizes = {one.split: (one.n_before, one.n_after) for one in before.tables["split_sizes"]}
    assert sizes["-"][0] > 0
    assert sizes["-"][1] == 0
    path = tmp_path / "groups.csv"
    lines = [f"{one.image},{one.group}" for one in before.tables["groups"]]
    path.write_text("\n".join(["image,group", *lines]))
    after = study.load(SplitSection(groups=path))
    assert {
        split: sum(case.split == split for case in after.cases) for split in ("train", "validation", "test")
    } == {split: n for split, (_, n) in sizes.items() if split != "-"}
    mended = checked(after)
    assert mended.values["leakage"] == 0
    assert [(one.code, one.status) for one in mended.verdicts] == [("XA409", "pass")]
    # Without patients, a group counts once.
    assert len({case.cluster for case in after.cases}) == 7
    assert not after.patients_known
    assert any("each group counts once in all statistics" in note for note in after.notes)


def test_without_training_images_leakage_is_not_measured(tmp_path):
    study = Study(tmp_path)
    for seed in range(4):
        study.add(f"{seed}.png", textured(seed), label="ab"[seed % 2], split="test")
    check = checked(study.load())
    assert check.values == {"copies": 0, "copies-different-label": 0}
    (verdict,) = check.verdicts
    assert verdict.sentence.startswith(
        "no copies were found among 4 images, all of the split 'test'; others cannot be"
    )
    assert check.skipped == (
        "leakage: the data has no training or validation images, so copies between them and the others cannot be searched for",
    )


@pytest.mark.slow
def test_on_real_slices_the_known_copies_are_found():
    folder = Path(__file__).parents[2].parent / "shared" / "data" / "iq-oth-nccd"
    if not folder.is_dir():
        pytest.skip("the data set iq-oth-nccd is not beside the checkout")
    data = load_dataset(
        DataSection(format="folder", images=folder),
        dataset_id="data",
        workspace=folder,
        on_progress=lambda _: None,
    )
    check = checked(data)
    kinds = [row.kind for row in check.tables["copies"]]
    assert kinds.count("same-file") == 42
    assert kinds.count("augmented-copy") == 1  # one slice, once more with other brightness
    assert all(row.label_a == row.label_b for row in check.tables["copies"] if row.is_copy)
    # Slices 34 of the benign and 87 of the normal cases show one person.
    across = {(row.label_a, row.label_b) for row in check.tables["copies"] if row.label_a != row.label_b}
    assert ("Bengin cases", "Normal cases") in across or ("Normal cases", "Bengin cases") in across
