"""Controls made of maps, on maps small enough to add up by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xaudit.chunks import Subject, localize
from xaudit.config import ExplainerSpec, MetricSpec
from xaudit.geometry import fit_geometry
from xaudit.metrics import Absent
from xaudit.records import Annotation, Box, Case, Prediction, SaliencyMap, Score, Unscored
from xaudit.stages.scores.made_of_maps import UNIT, MapPool, Partners, score_mean_map, score_shuffled

HW = (4, 4)
CLASSES = ("cancer", "normal")
MASS = MetricSpec(name="relevance-mass-accuracy")
POINTING = MetricSpec(name="pointing-game")
MEAN_MAP, SHUFFLED = ExplainerSpec(name="mean-map"), ExplainerSpec(name="shuffled-marks", draws=2)


def spot(row, col, value=1.0):
    saliency = np.zeros(HW, dtype=np.float32)
    saliency[row, col] = value
    return saliency


def mask(row, col, shape=HW):
    out = np.zeros(shape, dtype=bool)
    out[row, col] = True
    return out


def stored(case_id, values):
    return SaliencyMap(
        case_id, "net", "gradcam", "hash", "cancer", np.asarray(values, dtype=np.float32), 0, 1, 0.0
    )


def pool(maps, clusters, cuts, *, signed=True):
    """A pool of maps by case id, stored in parts of the given sizes."""
    names, parts = list(maps), []
    for size in cuts:
        parts.append([stored(name, maps[name]) for name in names[:size]])
        names = names[size:]
    return MapPool(
        [frozenset(clusters[one.case_id] for one in part) for part in parts],
        parts.__getitem__,
        clusters,
        signed,
    )


CLUSTERS = {"a1": "A", "b1": "B", "a2": "A", "c1": "C"}
MAPS = {
    "a1": spot(0, 0, 5.0),
    "b1": spot(1, 1, 0.1),
    "a2": spot(0, 1),
    "c1": spot(1, 1, 30.0) + spot(2, 2, 10.0),
}


@pytest.mark.parametrize("cuts", [[4], [1, 1, 1, 1], [2, 2], [3, 1]], ids=str)
def test_the_mean_leaves_out_the_patients_own_maps_and_weighs_the_others_alike(cuts):
    """Without A: b1 puts all of its mass at (1, 1), c1 three quarters of its own there and one at (2, 2)."""
    mean = pool(MAPS, CLUSTERS, cuts).mean_without("A")
    np.testing.assert_allclose(mean, spot(1, 1, (1 + 0.75) / 2) + spot(2, 2, 0.25 / 2), atol=1e-7)


def test_negative_values_do_not_count_where_the_explainer_is_signed_and_count_by_size_where_not():
    maps = {"a1": spot(0, 0), "b1": spot(1, 1) - spot(2, 2)}
    clusters = {"a1": "A", "b1": "B"}
    np.testing.assert_allclose(pool(maps, clusters, [2]).mean_without("A"), spot(1, 1))
    unsigned = pool(maps, clusters, [2], signed=False).mean_without("A")
    np.testing.assert_allclose(unsigned, spot(1, 1, 0.5) + spot(2, 2, 0.5))


def test_maps_without_a_place_do_not_count_and_without_any_other_there_is_no_mean():
    maps = {"a1": spot(0, 0), "b1": np.zeros(HW), "c1": -spot(1, 1)}
    clusters = {"a1": "A", "b1": "B", "c1": "C"}
    found = pool(maps, clusters, [3])
    assert found.mean_without("A") == Absent("no other patient has a map to take the mean of")
    np.testing.assert_allclose(found.mean_without("B"), spot(0, 0))


@given(
    st.lists(arrays(np.float32, HW, elements=st.floats(0, 9, width=16)), min_size=2, max_size=7),
    st.randoms(use_true_random=False),
)
def test_neither_order_nor_cut_changes_a_bit_and_it_is_the_plain_mean(values, random):
    """The whole numbers are exact; against a mean in floating point each map is off by at most half a unit a pixel."""
    maps = {f"case {i}": value for i, value in enumerate(values)}
    clusters = {name: f"patient {i // 2}" for i, name in enumerate(maps)}
    mean = pool(maps, clusters, [len(maps)]).mean_without("patient 0")
    names = list(maps)
    random.shuffle(names)
    again = pool({name: maps[name] for name in names}, clusters, [1] * len(names)).mean_without("patient 0")
    others = [
        maps[n] / np.float64(maps[n].sum(dtype=np.float64))
        for n in maps
        if clusters[n] != "patient 0" and np.ptp(maps[n]) > 1e-6 * maps[n].max()
    ]
    if not others:
        assert isinstance(mean, Absent)
        return
    np.testing.assert_array_equal(mean, again)
    np.testing.assert_allclose(mean, np.mean(others, axis=0), rtol=1e-6, atol=1 / UNIT)


def case(case_id, patient, label="cancer", shape=HW):
    return Case(case_id, patient, "data", f"{case_id}.png", "0" * 64, label, "test", *shape)


def subject(one, mark, reader="union"):
    said = Prediction(
        one.case_id,
        one.patient_id,
        "net",
        "test",
        one.label,
        "cancer",
        "cancer",
        (1.0, 0.0),
        (0.7, 0.3),
        CLASSES,
    )
    frame = (one.height, one.width)
    regions = {} if mark is None else {reader: mark}
    return Subject(one, said, torch.zeros(3, *HW), fit_geometry(frame, HW), regions, None)


def test_the_mean_map_is_scored_as_any_map_under_its_own_name():
    """.875 of its mass at (1, 1), where this case's mark is."""
    about = subject(case("a1", "A"), mask(1, 1))
    mean = pool(MAPS, CLUSTERS, [4]).mean_without("A")
    [result] = score_mean_map(about, stored("a1", MAPS["a1"]), mean, MEAN_MAP, metrics=[MASS])
    assert result.value == pytest.approx(0.875, abs=1e-6)
    assert (result.key.explainer_id, result.key.metric_id) == ("gradcam.mean-map", "relevance-mass-accuracy")
    assert result.key.explainer_hash not in ("hash", MEAN_MAP.fingerprint)


def test_without_a_mean_there_is_the_reason():
    about = subject(case("a1", "A"), mask(1, 1))
    results = score_mean_map(
        about, stored("a1", MAPS["a1"]), Absent("why"), MEAN_MAP, metrics=[MASS, POINTING]
    )
    assert [(type(r), r.reason) for r in results] == [(Unscored, "why")] * 2


def partners(cases, marks, *, seed=0):
    """Where each marked case is marked, as a data set would tell."""
    dataset = SimpleNamespace(
        annotations=[Annotation(name, "r", Box(0, 0, 1, 1)) for name in marks],
        regions=lambda one: {"union": marks[one.case_id]},
    )
    return Partners(dataset, [(one, None) for one in cases], seed=seed, fit="stretch")


COHORT = [
    case("a1", "A"), case("a2", "A"), case("b1", "B"), case("c1", "C"),
    case("d1", "D", "normal"), case("e1", "E"),
]  # fmt: skip
MARKS = {"a1": mask(0, 0), "a2": mask(0, 0), "b1": mask(1, 1), "c1": mask(3, 3), "d1": mask(2, 2)}


def test_partners_are_other_patients_of_the_class_that_have_a_mark():
    """Of a1: not a2 (same patient), not d1 (another class), not e1 (no mark)."""
    found = partners(COHORT, MARKS)
    assert {one.case_id for one in found.of(COHORT[0], draws=9)} == {"b1", "c1"}
    assert {one.case_id for one in found.of(COHORT[2], draws=9)} == {"a1", "a2", "c1"}
    assert found.of(COHORT[4], draws=9) == []
    assert len(found.of(COHORT[2], draws=2)) == 2


def test_which_partners_are_drawn_depends_on_the_seed_and_not_on_the_order_of_the_cases():
    many = [case(f"c{i}", f"P{i}") for i in range(40)]
    marks = {one.case_id: mask(0, 0) for one in many}

    def drawn(cases, seed):
        return [[o.case_id for o in partners(cases, marks, seed=seed).of(one, draws=3)] for one in many]

    assert drawn(many, 0) == drawn(many[::-1], 0)
    assert drawn(many, 0) != drawn(many, 1)
    assert all(len(set(names)) == 3 for names in drawn(many, 0))


def test_shuffled_marks_are_the_mean_over_the_partners_marks():
    """a1's map is half at b1's mark, nothing at c1's: (.5 + 0) / 2; its own mark would give .5."""
    own = stored("a1", spot(0, 0) + spot(1, 1))
    about = subject(COHORT[0], MARKS["a1"])
    [result] = score_shuffled(about, own, partners(COHORT, MARKS), SHUFFLED, metrics=[MASS], signed=True)
    assert result.value == pytest.approx(0.25)
    assert result.key.explainer_id == "gradcam.shuffled-marks"
    [unshuffled] = localize(about, own, [MASS], signed=True)
    assert unshuffled.value == pytest.approx(0.5)


def test_a_map_that_always_points_to_the_usual_place_scores_no_less_under_others_marks():
    marks = dict.fromkeys(("a1", "b1", "c1"), mask(1, 1))
    cases = [COHORT[0], COHORT[2], COHORT[3]]
    [result] = score_shuffled(
        subject(cases[0], marks["a1"]), stored("a1", spot(1, 1)), partners(cases, marks), SHUFFLED,
        metrics=[POINTING], signed=True,
    )  # fmt: skip
    assert result.value == 1


def test_a_partner_of_another_size_has_its_mark_carried_over():
    """Its mark fills the lower right quarter of 8 × 8, as (2..3, 2..3) does of 4 × 4."""
    big = case("b1", "B", shape=(8, 8))
    mark = np.zeros((8, 8), dtype=bool)
    mark[4:, 4:] = True
    about = subject(COHORT[0], MARKS["a1"])
    carried = partners([COHORT[0], big], {"a1": MARKS["a1"], "b1": mark}).regions(big, about)
    assert np.argwhere(carried["union"]).tolist() == [[2, 2], [2, 3], [3, 2], [3, 3]]


def test_where_the_partner_has_not_met_the_reader_all_its_marks_stand_in():
    about = subject(COHORT[0], MARKS["a1"], reader="someone else")
    carried = partners(COHORT, MARKS).regions(COHORT[2], about)
    assert list(carried) == ["someone else"]
    assert np.argwhere(carried["someone else"]).tolist() == [[1, 1]]


@pytest.mark.parametrize(
    ("one", "mark", "values", "reason"),
    [
        (COHORT[4], MARKS["d1"], spot(0, 0), "no other patient of class 'normal' has a mark"),
        (COHORT[0], None, spot(0, 0), "no reader has annotated this case"),
        (
            COHORT[0],
            np.zeros(HW, dtype=bool),
            spot(0, 0),
            "the mark is empty: the readers left no pixel to be found",
        ),
    ],
)
def test_what_has_no_score_of_its_own_has_none_under_other_marks(one, mark, values, reason):
    about, own = subject(one, mark), stored(one.case_id, values)
    [result] = score_shuffled(about, own, partners(COHORT, MARKS), SHUFFLED, metrics=[MASS], signed=True)
    assert isinstance(result, Unscored)
    assert result.reason == reason


def test_a_map_that_points_nowhere_meets_no_other_patients_mark_either():
    about, own = subject(COHORT[0], MARKS["a1"]), stored("a1", np.zeros(HW))
    [result] = score_shuffled(about, own, partners(COHORT, MARKS), SHUFFLED, metrics=[MASS], signed=True)
    assert isinstance(result, Score)
    assert result.value == 0.0


def test_a_score_is_still_one_where_only_some_partners_marks_can_be_met():
    marks = {**MARKS, "c1": np.ones(HW, dtype=bool)}
    about, own = subject(COHORT[0], marks["a1"]), stored("a1", spot(0, 0) + spot(1, 1))
    [result] = score_shuffled(about, own, partners(COHORT, marks), SHUFFLED, metrics=[MASS], signed=True)
    assert isinstance(result, Score)
    assert result.value == pytest.approx(0.5)
