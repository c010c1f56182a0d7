"""The phantom study as files: complete, repeatable, and the same people whatever else is asked for."""

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from xaudit.cases import load_dataset
from xaudit.cases.phantom.data_set import phantom_section
from xaudit.cases.phantom.study import phantom_patient, write_phantom
from xaudit.config import DataSection, PhantomSection
from xaudit.errors import OutputError
from xaudit.records import Progress


def _ignore(_progress: Progress) -> None:
    pass


def _write(folder: Path, **settings: object) -> Path:
    plain = {"patients": 6, "slices": 2, "size": 64} | settings
    write_phantom(PhantomSection.model_validate(plain), folder, on_progress=_ignore)
    return folder


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def _grey(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def _same(folder: Path, other: Path, image: str) -> bool:
    return (folder / "images" / image).read_bytes() == (other / "images" / image).read_bytes()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _write(tmp_path_factory.mktemp("phantom") / "study", patients=12, slices=2, size=128)


def test_the_same_settings_write_the_same_bytes(tmp_path: Path) -> None:
    assert _bytes(_write(tmp_path / "a")) == _bytes(_write(tmp_path / "b"))


def test_another_seed_is_another_population(tmp_path: Path) -> None:
    first, second = _write(tmp_path / "a"), _write(tmp_path / "b", seed=1)
    images = [(_grey(p), _grey(second / "images" / p.name)) for p in (first / "images").iterdir()]
    assert all((one != other).mean() > 0.5 for one, other in images)


def test_more_patients_leave_the_first_ones_as_they_were(tmp_path: Path) -> None:
    few, many = _bytes(_write(tmp_path / "few")), _bytes(_write(tmp_path / "many", patients=9))
    pictures = {name for name in few if name.endswith(".png")}
    assert len(pictures) == 6 * 2 * 3
    assert {name: few[name] for name in pictures} == {name: many[name] for name in pictures}
    few_rows, many_rows = _rows(tmp_path / "few/labels.csv"), _rows(tmp_path / "many/labels.csv")
    assert many_rows[: len(few_rows)] == few_rows


@pytest.mark.parametrize("plant", ["corner-marker", "border-tone", "opposite-tag"])
def test_evidence_changes_cancer_images_and_nothing_else(tmp_path: Path, plant: str) -> None:
    plain, planted = _write(tmp_path / "plain"), _write(tmp_path / "planted", plant=plant, strength=1.0)
    before, after = _bytes(plain), _bytes(planted)
    changed = {name for name in before if before[name] != after[name]}
    cancer = {f"images/{row['image']}" for row in _rows(plain / "labels.csv") if row["label"] == "cancer"}
    assert changed == cancer | {"README.txt", "truth.csv"}


def test_mixed_evidence_is_any_kind_or_none_slice_by_slice_and_alike_in_both_classes(tmp_path: Path) -> None:
    asked: dict[str, object] = {"patients": 24, "slices": 2}
    studies = [
        _write(tmp_path / plant, plant=plant, **asked)
        for plant in ("none", "corner-marker", "border-tone", "opposite-tag")
    ]
    mixed = _write(tmp_path / "mixed", plant="mixed", strength=0, **asked)
    rows = _rows(mixed / "labels.csv")
    assert rows == _rows(studies[0] / "labels.csv")
    # A cancer's slice is to the bit that of the study of one kind alone, or the plain one.
    kinds = [
        [_same(mixed, study, row["image"]) for study in studies].index(True)
        for row in rows
        if row["label"] == "cancer"
    ]
    assert set(kinds) == {0, 1, 2, 3}
    # Where the cancer of a pair shows a kind, the other patient's slice is changed too, and nowhere else.
    changed = [not _same(mixed, studies[0], row["image"]) for row in rows if row["label"] == "normal"]
    assert changed == [kind > 0 for kind in kinds]
    truth = {row["image"]: row["evidence"] for row in _rows(mixed / "truth.csv")}
    assert [truth[row["image"]] for row in rows if row["label"] == "normal"] == [str(int(c)) for c in changed]


@pytest.mark.parametrize(
    ("plant", "most"), [("corner-marker", 0.01), ("border-tone", 0.2), ("opposite-tag", 0.01)]
)
def test_evidence_is_bright_and_small(tmp_path: Path, plant: str, most: float) -> None:
    plain, planted = _write(tmp_path / "plain", size=128), _write(tmp_path / "on", size=128, plant=plant)
    for row in _rows(plain / "labels.csv"):
        if row["label"] == "cancer":
            before = _grey(plain / "images" / row["image"]).astype(int)
            gain = _grey(planted / "images" / row["image"]).astype(int) - before
            assert 0 < (gain > 0).mean() < most
            assert gain.max() >= 20
            assert gain.min() >= 0 or before[gain < 0].min() > 240


def test_the_corner_marker_lies_in_the_outer_tenth_and_outside_the_body(tmp_path: Path) -> None:
    plain, planted = _write(tmp_path / "a", size=200), _write(tmp_path / "b", size=200, plant="corner-marker")
    for row in _rows(plain / "labels.csv"):
        before, after = (_grey(folder / "images" / row["image"]) for folder in (plain, planted))
        ys, xs = np.nonzero(before != after)
        body = _grey(plain / "body" / row["image"]) > 0
        assert (ys < 20).all()
        assert (xs >= 180).all()
        assert not body[ys, xs].any()


def test_patients_come_in_balanced_pairs_that_no_split_divides() -> None:
    patients = [phantom_patient(7, index) for index in range(120)]
    counts = Counter((patient.split, patient.label) for patient in patients)
    # 60 pairs are three rounds of 20: 33 train, 9 validate, 18 test.
    assert counts == {
        **{("train", label): 33 for label in ("cancer", "normal")},
        **{("validation", label): 9 for label in ("cancer", "normal")},
        **{("test", label): 18 for label in ("cancer", "normal")},
    }
    assert len({patient.id for patient in patients}) == 120
    first = [patients[index].label for index in range(0, 120, 2)]
    assert 15 < first.count("cancer") < 45


def test_a_study_for_testing_alone_shows_the_same_people_all_on_one_side(tmp_path: Path) -> None:
    mixed, test = _write(tmp_path / "mixed"), _write(tmp_path / "test", splits="test")
    rows, alone = _rows(mixed / "labels.csv"), _rows(test / "labels.csv")
    assert {row["split"] for row in alone} == {"test"}
    assert [row | {"split": "test"} for row in rows] == alone
    before, after = _bytes(mixed), _bytes(test)
    assert {name for name in before if before[name] != after[name]} <= {"labels.csv", "README.txt"}


def test_the_smallest_study_has_both_classes_in_every_split() -> None:
    found = {(p.split, p.label) for p in (phantom_patient(3, index) for index in range(6))}
    assert len(found) == 6


def test_all_slices_of_a_patient_share_label_and_split(study: Path) -> None:
    facts: dict[str, set[tuple[str, str]]] = {}
    for row in _rows(study / "labels.csv"):
        facts.setdefault(row["patient"], set()).add((row["label"], row["split"]))
    assert len(facts) == 12
    assert all(len(fact) == 1 for fact in facts.values())


def test_spacing_is_the_field_of_view_over_the_pixels_and_differs_by_patient(study: Path) -> None:
    rows = _rows(study / "labels.csv")
    spacing = {row["patient"]: float(row["spacing_row_mm"]) for row in rows}
    assert all(360 <= value * 128 <= 400 for value in spacing.values())
    assert len(set(spacing.values())) == 12
    assert all(row["spacing_row_mm"] == row["spacing_col_mm"] for row in rows)


def test_every_slice_has_three_readers_who_drew_or_voted(study: Path) -> None:
    coco = json.loads((study / "annotations.json").read_text())
    readers: dict[int, set[str]] = {image["id"]: set() for image in coco["images"]}
    for entry in (*coco["annotations"], *coco["votes"]):
        readers[entry["image_id"]].add(entry["reader_id"])
    assert set(map(frozenset, readers.values())) == {frozenset({"reader-1", "reader-2", "reader-3"})}
    drawn = {(a["image_id"], a["reader_id"]) for a in coco["annotations"]}
    assert drawn.isdisjoint({(v["image_id"], v["reader_id"]) for v in coco["votes"]})
    assert all(vote["finding"] is False for vote in coco["votes"])


def test_only_cancer_slices_are_marked_and_all_of_them_are(study: Path) -> None:
    coco = json.loads((study / "annotations.json").read_text())
    names = {image["id"]: image["file_name"] for image in coco["images"]}
    marked = {names[a["image_id"]] for a in coco["annotations"]}
    assert marked == {row["image"] for row in _rows(study / "labels.csv") if row["label"] == "cancer"}
    assert [category["name"] for category in coco["categories"]] == ["cancer"]


def test_masks_are_black_and_white_and_lungs_lie_in_the_body(study: Path) -> None:
    for path in (study / "lungs").iterdir():
        lungs, body = _grey(path), _grey(study / "body" / path.name)
        assert set(np.unique(lungs)) == set(np.unique(body)) == {0, 255}
        assert not ((lungs > 0) & (body == 0)).any()
        assert 0.08 < (lungs > 0).mean() < 0.35


def test_lungs_are_darker_than_the_body_around_them(study: Path) -> None:
    for path in (study / "images").iterdir():
        pixels, lungs, body = (_grey(study / kind / path.name) for kind in ("images", "lungs", "body"))
        assert pixels[lungs > 0].mean() < 140 < pixels[(body > 0) & (lungs == 0)].mean()


def test_the_ordinary_readers_read_it_back(tmp_path: Path) -> None:
    section = DataSection(
        format="phantom", phantom=PhantomSection(patients=6, slices=1, size=64, plant="corner-marker")
    )
    dataset = load_dataset(section, dataset_id="data", workspace=tmp_path, on_progress=_ignore)
    assert dataset.problems == ()
    assert (dataset.class_names, dataset.positive) == (("cancer", "normal"), "cancer")
    assert dataset.patients_known
    assert dataset.split_known
    assert len(dataset.cases) == 6
    for case in dataset.cases:
        assert case.spacing_mm is not None
        lungs = dataset.surroundings(case).lungs
        assert lungs is not None
        assert lungs.any()
        assert dataset.regions(case)["union"].any() == (case.label == "cancer")


def test_progress_ends_at_the_number_of_patients(tmp_path: Path) -> None:
    seen: list[Progress] = []
    section = PhantomSection(patients=6, slices=1, size=64)
    write_phantom(section, tmp_path / "study", on_progress=seen.append)
    assert [(p.stage, p.done, p.total) for p in seen] == [("phantom", n, 6) for n in range(7)]


def test_an_interrupted_study_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_phantom(
            PhantomSection(patients=6, slices=1, size=64), tmp_path / "study", on_progress=interrupt
        )
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_not_written_over(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "mine.txt").write_text("keep")
    with pytest.raises(OutputError) as caught:
        _write(folder)
    assert str(caught.value) == f"{folder}: is already there"
    assert caught.value.hint == "name a new folder, or remove this one first"
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]


def test_a_place_that_cannot_hold_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    folder = tmp_path / "file" / "study"
    with pytest.raises(OutputError) as caught:
        _write(folder)
    assert str(caught.value) == f"{folder}: cannot be written: File exists"


def test_a_study_that_another_process_finished_first_is_taken_as_it_is(tmp_path: Path) -> None:
    section = PhantomSection(patients=6, slices=1, size=64)
    settings = DataSection(format="phantom", phantom=section)
    made: list[Path] = []

    def other_is_faster(progress: Progress) -> None:
        if progress.done == progress.total and not made:
            made.append(next(tmp_path.glob(".phantom-*")))
            name = made[0].name.removeprefix(".").rpartition("-")[0]
            write_phantom(section, tmp_path / name, on_progress=lambda p: None)

    found = phantom_section(settings, tmp_path, on_progress=other_is_faster)
    assert found.images is not None
    assert len(list(found.images.iterdir())) == 6
    assert [path.name for path in tmp_path.iterdir()] == [found.images.parent.name]
