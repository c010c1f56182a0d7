"""Which file is the map of which image, which grids fit, and what decides the hash under which maps are scored."""

import numpy as np
import pytest

from xaudit.cases.names.image_index import ImageIndex
from xaudit.cases.names.name_match import ImageFacts
from xaudit.config import ExplainerSpec, ModelSection
from xaudit.errors import DataError, ModelError
from xaudit.explainers.external.map_folder import EVERY_CLASS, find_maps, spelled
from xaudit.explainers.external.maps import Laid, load_maps
from xaudit.records import Case

PATHS = ("test/cancer/a.png", "test/normal/a.png", "test/cancer/b.png", "test/cancer/1.2.840.dcm")


def case(path, height=40, width=60):
    case_id = path.rpartition(".")[0] if path.endswith(".png") else path
    return Case(case_id, None, "data", path, "", "cancer", "test", height, width)


CASES = tuple(case(path) for path in PATHS)
IMAGES = ImageIndex({one.path: one.case_id for one in CASES}, {one.case_id: (40, 60) for one in CASES})


def write(folder, *names, values=None):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        np.save(folder / name, np.ones((4, 6)) if values is None else values)
        if not name.endswith(".npy"):
            (folder / f"{name}.npy").rename(folder / name)
    return folder


def found(folder):
    maps = find_maps(folder, IMAGES, subject="model 'mine': maps.gradcam")
    return {case_id: {task: path.name for task, path in own.items()} for case_id, own in maps.items()}


@pytest.mark.parametrize(
    "name", ["test/cancer/a.npy", "test/cancer/a.png.npy", "cancer/a.npy", "more/test/cancer/a.npy"]
)
def test_a_map_is_found_by_its_images_path_with_or_without_what_ends_it(tmp_path, name):
    write(tmp_path, name)
    assert found(tmp_path) == {"test/cancer/a": {EVERY_CLASS: name.rpartition("/")[2]}}


def test_a_flat_folder_will_do_where_a_name_is_there_once(tmp_path):
    write(tmp_path, "b.npy", "1.2.840.npy", "unknown.npy")
    assert found(tmp_path) == {
        "test/cancer/b": {EVERY_CLASS: "b.npy"},
        "test/cancer/1.2.840.dcm": {EVERY_CLASS: "1.2.840.npy"},
    }


def test_a_name_that_two_images_have_is_refused(tmp_path):
    write(tmp_path, "a.npy")
    with pytest.raises(
        DataError, match=r"a\.npy: can be the map of test/cancer/a or test/normal/a"
    ) as caught:
        found(tmp_path)
    assert caught.value.hint == "put the maps into the same sub-folders as the images"


def test_two_files_of_one_image_are_refused(tmp_path):
    write(tmp_path, "b.npy", "test/cancer/b.npy")
    with pytest.raises(
        DataError, match=r"b\.npy and test/cancer/b\.npy can both be the map of test/cancer/b"
    ):
        found(tmp_path)


@pytest.mark.parametrize(
    ("names", "error", "hint"),
    [
        (
            ("maps/zzz.npy",),
            "none of the 1 files in maps is called like an image, 'zzz.npy' for one",
            "a.npy is the map",
        ),
        (("maps/readme.txt",), "holds no file of a map", "maps are read from .nii.gz, .nii, .npy"),
        (("map/a.npy",), "no such folder of maps", "did you mean 'map'?"),
    ],
)
def test_a_folder_without_maps_of_the_images_is_refused(tmp_path, names, error, hint):
    write(tmp_path, *names)
    with pytest.raises(ModelError) as caught:
        found(tmp_path / "maps")
    assert str(caught.value).startswith("model 'mine': maps.gradcam: ")
    assert error in str(caught.value)
    assert hint in caught.value.hint


def test_chexlocalizes_names_say_image_and_class(tmp_path):
    images = ImageIndex({"CheXpert/test/patient7/study1/view1_frontal.jpg": "p7"}, {"p7": (40, 60)})
    write(
        tmp_path,
        "patient7_study1_view1_frontal_Airspace Opacity_map.pkl",
        "patient7_study1_view1_frontal_Edema_map.pkl",
        "patient8_study1_view1_frontal_Edema_map.pkl",
    )
    maps = find_maps(tmp_path, images, subject="maps")
    assert {case_id: sorted(own) for case_id, own in maps.items()} == {"p7": ["airspace opacity", "edema"]}
    assert spelled("Airspace_Opacity") == "airspace opacity"


@pytest.mark.parametrize(
    ("shape", "fits"),
    [
        ((40, 60), True),  # the image's own size
        ((20, 30), True),
        ((4, 6), True),
        ((7, 10), True),  # 40 / 6 = 6.7 and 60 / 6 = 10: a feature grid, rounded
        ((13, 20), True),  # thirds: 13.3 and 20
        ((20, 20), False),  # the grid of a square input
        ((60, 40), False),  # turned
        ((80, 120), False),  # larger
        ((40, 58), False),
        ((20, 28), False),
    ],
)
def test_a_map_of_the_whole_image_has_its_proportions(shape, fits):
    laid = Laid("image", None, "stretch")
    if fits:
        laid.check(shape, CASES[0], "maps/a.npy")
        return
    with pytest.raises(DataError) as caught:
        laid.check(shape, CASES[0], "maps/a.npy")
    height, width = shape
    assert f"maps/a.npy: a map of {width} × {height} for the image test/cancer/a of 60 × 40" in str(
        caught.value
    )
    assert "set `frame: input`" in caught.value.hint


@pytest.mark.parametrize(
    ("shape", "fits"), [((32, 32), True), ((7, 7), True), ((33, 33), False), ((20, 30), False)]
)
def test_a_map_of_the_models_input_is_square_and_no_larger(shape, fits):
    laid = Laid("input", 32, "pad")
    if fits:
        laid.check(shape, CASES[0], "maps/a.npy")
        return
    with pytest.raises(DataError) as caught:
        laid.check(shape, CASES[0], "maps/a.npy")
    height, width = shape
    assert str(caught.value) == (
        f"maps/a.npy: a map of {width} × {height} for a model's input of 32 × 32 (image test/cancer/a)"
    )


def loaded(folder, cases=CASES, **changes):
    settings = {"path": str(folder), **changes.pop("maps", {})}
    model = ModelSection(
        id="mine", source="external", predictions="p.csv", maps={"gradcam": settings}, **changes
    )
    spec = ExplainerSpec(name="external", id="external-gradcam")
    return load_maps(model, "gradcam", spec, cases, IMAGES)


def test_the_hash_follows_the_content_of_the_files_and_how_they_are_laid(tmp_path):
    write(tmp_path, "test/cancer/a.npy", "b.npy")
    first = loaded(tmp_path)
    assert first.spec.id == "external-gradcam"
    assert loaded(tmp_path).spec.fingerprint == first.spec.fingerprint
    hashes = {first.spec.fingerprint, ExplainerSpec(name="external", id="external-gradcam").fingerprint}
    hashes.add(loaded(tmp_path, maps={"values": "magnitude"}).spec.fingerprint)
    square = tmp_path / "square"
    write(square, "b.npy", values=np.ones((4, 4)))
    for fit in ("stretch", "pad"):
        for side in (32, 64):
            hashes.add(loaded(square, frame="input", input_size=side, fit=fit).spec.fingerprint)
    write(tmp_path, "b.npy", values=np.full((4, 6), 2.0))
    (tmp_path / "square" / "b.npy").unlink()
    hashes.add(loaded(tmp_path).spec.fingerprint)
    (tmp_path / "b.npy").unlink()
    hashes.add(loaded(tmp_path).spec.fingerprint)
    assert len(hashes) == 9


def test_a_map_is_read_for_its_case_and_class_and_a_missing_one_is_known(tmp_path):
    values = np.array([[-2.0, 1.0], [0.5, -0.25]])
    write(tmp_path, "b.npy", values=np.kron(values, np.ones((2, 3))))
    maps = loaded(tmp_path)
    assert [maps.has(one.case_id, "cancer") for one in CASES] == [False, False, True, False]
    assert maps.read(CASES[2], "cancer")[0].tolist() == [-2, -2, -2, 1, 1, 1]
    magnitude = loaded(tmp_path, maps={"values": "magnitude"})
    assert magnitude.read(CASES[2], "cancer")[0].tolist() == [2, 2, 2, 1, 1, 1]
    with pytest.raises(ValueError, match="not there"):
        maps.read(CASES[0], "cancer")


def test_a_map_that_does_not_fit_is_known_before_anything_is_scored(tmp_path):
    write(tmp_path, "b.npy", values=np.ones((4, 4)))
    with pytest.raises(DataError, match="4 × 4 for the image test/cancer/b of 60 × 40, of another shape"):
        loaded(tmp_path)
    assert loaded(tmp_path, cases=CASES[:2]).checksum  # its case is not among those that are scored


@pytest.mark.parametrize("names", [("p1/b.npy", "p1/d.npy"), ("p2/b.npy", "p1/b.npy", "p1/d.npy")])
def test_a_map_of_another_patients_image_is_left_out_and_counted(tmp_path, names):
    images = ImageIndex(
        {"b.png": "b", "d.png": "d"}, {}, facts=dict.fromkeys(("b", "d"), ImageFacts(patient="p1"))
    )
    maps = find_maps(write(tmp_path, *names), images, subject="maps")
    assert {case: path.parent.name for case, own in maps.items() for path in own.values()} == {
        "b": "p1",
        "d": "p1",
    }
    assert maps.n_extra == len(names) - 2


def test_maps_whose_folders_differ_belong_to_other_images(tmp_path):
    images = ImageIndex({"b.png": "b"}, {})
    maps = find_maps(write(tmp_path, "b.npy", "other/b.npy"), images, subject="maps")
    assert [path.parent for path in maps["b"].values()] == [tmp_path]
    assert maps.n_extra == 1
