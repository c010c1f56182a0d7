"""Maps from files lie where their file says: worked by hand on an image that is not square, through every frame."""

import numpy as np
import pytest
import torch

from xaudit.cases.names.image_index import ImageIndex
from xaudit.chunks import Chunk, explain, have_maps, map_facts, score, tuning_curves
from xaudit.chunks.results import NO_FILE
from xaudit.config import ExplainerSpec, MetricSpec, ModelSection
from xaudit.errors import ModelError
from xaudit.explainers.external.maps import load_maps
from xaudit.models.sources.external import ExternalModel
from xaudit.records import Case, Prediction, Score, Surroundings, Unscored

HEIGHT, WIDTH = 40, 60
LESION = np.zeros((HEIGHT, WIDTH), dtype=bool)
LESION[10:20, 30:46] = True
HALF = MetricSpec(name="iou", binarisation="fixed", threshold=0.5)
METRICS = (MetricSpec(name="pointing-game"), HALF, MetricSpec(name="relevance-mass-accuracy"))
CASE = Case("a", None, "data", "a.png", "", "cancer", "test", HEIGHT, WIDTH)
OTHER = Case("b", None, "data", "b.png", "", "cancer", "test", HEIGHT, WIDTH)
SAID = {
    case.case_id: Prediction(
        case.case_id,
        None,
        "mine",
        "test",
        "cancer",
        "cancer",
        "cancer",
        (1.0, 0.0),
        (0.7, 0.3),
        ("cancer", "normal"),
    )
    for case in (CASE, OTHER)
}


class Source:
    """Black images, all with the same lesion."""

    def pixels(self, case):
        return np.zeros((case.height, case.width), dtype=np.float32)

    def surroundings(self, case):
        return Surroundings()

    def regions(self, case):
        return {"union": LESION}


def chunk(folder, values, **settings):
    """The case ``a`` with a map in a file, and ``b`` without one."""
    folder.mkdir(exist_ok=True)
    np.save(folder / "a.npy", values.astype(np.float32))
    section = ModelSection(
        id="mine", source="external", predictions="p.csv", maps={"gradcam": str(folder)}, **settings
    )
    cases = (CASE, OTHER)
    images = ImageIndex({one.path: one.case_id for one in cases}, {})
    spec = ExplainerSpec(name="external", id="external-gradcam")
    maps = load_maps(section, "gradcam", spec, cases, images)
    side = section.input_size or 224
    model = ExternalModel(
        id="mine",
        class_names=("cancer", "normal"),
        model_hw=(side, side),
        fit=section.fit,
        maps={spec.id: maps},
    )
    return Chunk(model, Source(), [(case, SAID[case.case_id]) for case in cases]), maps.spec


def scored(made, spec):
    maps = explain(made, spec, seed=0)
    results = score(made, spec, maps, metrics=METRICS, reliances=())
    return {(one.key.case_id, one.key.metric_id): one for one in results}


def value(found, metric):
    one = found["a", metric]
    assert isinstance(one, Score), one
    return one.value


def bright(shape, rows, cols):
    values = np.zeros(shape)
    values[slice(*rows), slice(*cols)] = 1
    return values


# The bright part always covers columns 36 to 51 of the image's rows 10 to 19: 160 pixels, as the lesion, and 100 of them in
# it. IoU = 100 / (160 + 160 - 100) = 0.4545. On coarser grids values fall off linearly across the edge and are cut at a half.
PLACED = {
    "the image's own pixels": (bright((40, 60), (10, 20), (36, 52)), {}),
    "half the image": (bright((20, 30), (5, 10), (18, 26)), {}),
    "a letterboxed input": (
        bright((60, 60), (20, 30), (36, 52)),  # 10 rows of padding above
        {"frame": "input", "input_size": 60, "fit": "pad"},
    ),
    "a coarse map of a letterboxed input": (
        bright((30, 30), (10, 15), (18, 26)),
        {"frame": "input", "input_size": 60, "fit": "pad"},
    ),
    "a smaller letterboxed input": (
        bright((30, 30), (10, 15), (18, 26)),
        {"frame": "input", "input_size": 30, "fit": "pad"},
    ),
}


@pytest.mark.parametrize("name", PLACED)
def test_a_bright_part_lies_where_its_file_says(tmp_path, name):
    values, settings = PLACED[name]
    found = scored(*chunk(tmp_path / "maps", values, **settings))
    assert value(found, "iou") == pytest.approx(100 / 220)


def test_a_stretched_input_is_stretched_back(tmp_path):
    """Columns 24 to 31 of 40 are columns 36 to 47 of 60: 10 × 12 pixels, 100 of them in the lesion, of 120 + 160 - 100."""
    values = bright((40, 40), (10, 20), (24, 32))
    found = scored(*chunk(tmp_path / "maps", values, frame="input", input_size=40))
    assert value(found, "iou") == pytest.approx(100 / 180)


def test_what_a_crop_cuts_off_does_not_count(tmp_path):
    """Columns 10 to 49 are seen, so the bright part ends at 49: 10 × 14 pixels, and 100 / (140 + 160 - 100)."""
    values = bright((40, 40), (10, 20), (26, 42))
    found = scored(*chunk(tmp_path / "maps", values, frame="input", input_size=40, fit="crop"))
    assert value(found, "iou") == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("values", "settings"),
    [
        (LESION.astype(float), {}),
        (bright((60, 60), (20, 30), (30, 46)), {"frame": "input", "input_size": 60, "fit": "pad"}),
        (bright((40, 40), (10, 20), (20, 36)), {"frame": "input", "input_size": 40, "fit": "crop"}),
    ],
)
def test_a_bright_square_on_the_lesion_hits_it_and_covers_it(tmp_path, values, settings):
    found = scored(*chunk(tmp_path / "maps", values, **settings))
    assert value(found, "pointing-game") == 1
    assert value(found, "iou") == 1
    assert value(found, "relevance-mass-accuracy") == pytest.approx(1)


def test_the_same_square_in_the_wrong_frame_misses(tmp_path):
    values = bright((60, 60), (20, 30), (30, 46))
    found = scored(*chunk(tmp_path / "maps", values, frame="input", input_size=60))
    # Stretched back, rows 20 to 29 of 60 are rows 13 to 19 of 40: 7 of the lesion's 10.
    assert value(found, "iou") == pytest.approx(0.7)


def test_a_case_without_a_file_is_unscored_with_the_reason_and_the_other_is_as_it_was(tmp_path):
    made, spec = chunk(tmp_path / "maps", LESION.astype(float))
    assert have_maps(made, spec) == {"a"}
    maps = explain(made, spec, seed=0)
    assert [one.case_id for one in maps] == ["a"]
    found = scored(made, spec)
    mine = [one for (case_id, _), one in found.items() if case_id == "b"]
    assert len(mine) == len(found) / 2
    assert all(isinstance(one, Unscored) and one.reason == NO_FILE for one in mine)
    assert {one.key.explainer_hash for one in found.values()} == {spec.fingerprint}
    assert value(found, "pointing-game") == 1
    assert [one.case_id for one in map_facts(made, spec, maps)] == ["a"]
    assert [one.case_id for one in tuning_curves(made, spec, maps, thresholds=(0.2, 0.5))] == ["a"]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_map_that_is_not_finite_goes_to_the_guards(tmp_path, bad):
    values = LESION.astype(float)
    values[0, 0] = bad
    made, spec = chunk(tmp_path / "maps", values)
    found = scored(made, spec)
    assert value(found, "pointing-game") == 0
    assert value(found, "map-missing") == 1
    assert "the map is not finite" in map_facts(made, spec, explain(made, spec, seed=0))[0].no_map


def test_signs_are_kept_or_dropped_as_the_audit_says(tmp_path):
    values = -LESION.astype(float)
    values[0, 0] = 0.5
    assert value(scored(*chunk(tmp_path / "maps", values)), "pointing-game") == 0
    dropped = {"gradcam": {"path": str(tmp_path / "maps"), "values": "magnitude"}}
    section = ModelSection(id="mine", source="external", predictions="p.csv", maps=dropped)
    spec = ExplainerSpec(name="external", id="external-gradcam")
    images = ImageIndex({"a.png": "a"}, {})
    maps = load_maps(section, "gradcam", spec, [CASE], images)
    assert maps.read(CASE, "cancer").max() == 1


def test_the_model_itself_cannot_be_asked(tmp_path):
    made, _ = chunk(tmp_path / "maps", LESION.astype(float))
    with pytest.raises(ModelError, match="model 'mine': is external and cannot be asked"):
        made.classifier.logits(torch.zeros(1, 3, 224, 224))
    with pytest.raises(ModelError, match="is external"):
        made.classifier.target_layer()
