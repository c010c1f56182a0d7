"""One chunk of cases explained and scored, on a network that reads the top-left quadrant and nothing else.

Images are 8 × 8; the target's logit is 0.25 times the sum of the quadrant's 16 values, less 2. A bright quadrant
(1.0) gives 4 - 2 = 2, a dark one (0.25) gives 1 - 2 = -1.
"""

import numpy as np
import pytest
import torch
from torch import nn

from xaudit.catalog import EXPLAINERS, METRICS
from xaudit.chunks import (
    Chunk,
    ask_reliance,
    ask_reliance_map,
    captured_scores,
    curves_of,
    explain,
    map_facts,
    score,
    score_reliance,
)
from xaudit.config import (
    CategoriesSection,
    ExplainerSpec,
    ExplainersSection,
    MetricSpec,
    RelianceMapSection,
    RelianceSection,
)
from xaudit.errors import DataError
from xaudit.metrics.categories import category_of
from xaudit.metrics.reliance_map.captured import OWN_WINDOWS
from xaudit.models.classifier import Classifier
from xaudit.records import (
    MODEL_LEVEL,
    NO_READER,
    Case,
    Prediction,
    SaliencyMap,
    Score,
    Surroundings,
    Unscored,
)
from xaudit.report.sections.category import category_words
from xaudit.seeds import seed_for

SIDE = 8
CLASSES = ("cancer", "normal")
QUADRANT = np.zeros((SIDE, SIDE), dtype=bool)
QUADRANT[:4, :4] = True
UNDIVIDED = ("mark", "border", "outside")  # without masks of any structure
NOWHERE = np.zeros((SIDE, SIDE), dtype=bool)
LUNGS = np.zeros((SIDE, SIDE), dtype=bool)
LUNGS[1:7, 1:4] = LUNGS[1:7, 5:7] = True


class QuadrantReader(nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(0.25))

    def forward(self, images):
        logit = self.factor * images[:, 0, :4, :4].sum(dim=(1, 2)) - 2
        return torch.stack([logit, torch.zeros_like(logit)], dim=1)


class Source:
    """Images, marks and lungs by case id; ``gone`` cannot be read."""

    def __init__(self, regions=None, lungs=None, gone=(), **around):
        self._regions, self._lungs, self._gone = regions or {}, lungs, gone
        self._around = around
        self.n_read = 0

    def pixels(self, case):
        self.n_read += 1
        if case.case_id in self._gone:
            raise DataError(f"{case.case_id}: has gone")
        noise = np.random.default_rng(seed_for(0, case.case_id)).uniform(0.1, 0.3, size=(SIDE, SIDE))
        pixels = noise.astype(np.float32)
        pixels[QUADRANT] = 1.0
        return pixels

    def surroundings(self, case):
        return Surroundings(lungs=self._lungs, **self._around)

    def regions(self, case):
        return self._regions.get(case.case_id, {})


@pytest.fixture
def classifier():
    torch.set_num_threads(1)
    return Classifier(
        id="quadrant",
        module=QuadrantReader(),
        class_names=CLASSES,
        model_hw=(SIDE, SIDE),
        mean=(0, 0, 0),
        std=(1, 1, 1),
        batch_size=5,
    )


def pair(case_id, predicted="cancer"):
    case = Case(
        case_id, f"patient of {case_id}", "data", f"{case_id}.png", "0" * 64, "cancer", "test", SIDE, SIDE
    )
    answer = Prediction(
        case_id,
        case.patient_id,
        "quadrant",
        "test",
        "cancer",
        predicted,
        "cancer",
        (2.0, 0.0),
        (0.9, 0.1),
        CLASSES,
    )
    return case, answer


IDS = ("a", "b", "c", "d", "e")
MARKS = {name: {"union": QUADRANT} for name in IDS}
LOCALIZATION = (MetricSpec(name="relevance-mass-accuracy"), MetricSpec(name="pointing-game"))
FLIPPING = MetricSpec(name="pixel-flipping", steps=4, baseline="black")
OCCLUSION = ExplainerSpec(name="occlusion", window=0.25, stride=0.25, baseline="black")
RANDOM = ExplainerSpec(name="random")


def chunk_of(classifier, ids=IDS, **source):
    source.setdefault("regions", MARKS)
    return Chunk(classifier, Source(**source), [pair(name) for name in ids])


def by_key(results):
    return {(r.key.case_id, r.key.metric_id, r.key.reader): r for r in results}


def whole_audit(classifier, ids, *, seed=0):
    """Everything that is stored of a chunk, but for what a clock says."""
    chunk = chunk_of(classifier, ids, lungs=LUNGS)
    reliances = ask_reliance(chunk, RelianceSection(controls=2), seed=seed)
    results = score_reliance(chunk, reliances)
    maps = {}
    for spec in (OCCLUSION, RANDOM, ExplainerSpec(name="lime", samples=20, segments=4)):
        found = explain(chunk, spec, seed=seed)
        maps |= {(m.case_id, spec.id): (m.values.tobytes(), m.seed, m.n_evals) for m in found}
        results += score(chunk, spec, found, metrics=[*LOCALIZATION, FLIPPING], reliances=reliances)
    values = {
        (r.key.case_id, r.key.explainer_id, r.key.metric_id): r.value if isinstance(r, Score) else r.reason
        for r in results
    }
    return maps, values, set(reliances)


@pytest.mark.parametrize("cut", [[1, 1, 1, 1, 1], [2, 3], [4, 1]])
def test_neither_the_size_of_a_chunk_nor_its_order_nor_its_company_changes_a_bit(classifier, cut):
    at_once = whole_audit(classifier, IDS)
    maps, values, reliances = {}, {}, set()
    ids = list(IDS[::-1])
    for size in cut:
        piece, ids = ids[:size], ids[size:]
        part = whole_audit(classifier, piece)
        maps, values, reliances = maps | part[0], values | part[1], reliances | part[2]
    assert maps == at_once[0]
    assert values == at_once[1]
    assert reliances == at_once[2]


def test_another_seed_draws_another_random_map_and_the_same_occlusion(classifier):
    one, other = (whole_audit(classifier, ("a",), seed=seed)[0] for seed in (0, 1))
    assert one["a", "random"][0] != other["a", "random"][0]
    assert one["a", "occlusion"][0] == other["a", "occlusion"][0]


def test_images_are_read_once_for_all_explainers_and_not_before_they_are_needed(classifier):
    source = Source(regions=MARKS)
    chunk = Chunk(classifier, source, [pair(name) for name in IDS])
    assert source.n_read == 0
    for spec in (OCCLUSION, RANDOM):
        explain(chunk, spec, seed=0)
    assert source.n_read == len(IDS)


def test_a_map_of_occlusion_lies_in_the_quadrant_and_counts_its_evaluations(classifier):
    [found] = explain(chunk_of(classifier, ("a",)), OCCLUSION, seed=0)
    assert (found.case_id, found.model_id, found.explainer_id) == ("a", "quadrant", "occlusion")
    assert found.explainer_hash == OCCLUSION.fingerprint
    assert found.target == "cancer"
    assert found.values.dtype == np.float32
    # each window of 2 × 2 covers 4 values of 1.0: the logit falls by 0.25 * 4 = 1 inside, by 0 outside
    assert np.allclose(found.values[QUADRANT] / found.values[0, 0], 1)
    assert found.values[0, 0] > 0
    assert np.allclose(found.values[~QUADRANT], 0)
    # 4 × 4 windows and the untouched image
    assert found.n_evals == 17


def test_a_case_that_cannot_be_read_is_a_problem_and_the_others_go_on(classifier):
    chunk = chunk_of(classifier, ("a", "b", "c"), gone=("b",))
    assert [m.case_id for m in explain(chunk, RANDOM, seed=0)] == ["a", "c"]
    [problem] = chunk.problems
    assert (problem.case_id, problem.stage, problem.reason) == ("b", "explain", "b: has gone")


def test_a_chunk_of_which_nothing_can_be_read_gives_nothing(classifier):
    chunk = chunk_of(classifier, ("a", "b"), gone=("a", "b"))
    assert explain(chunk, RANDOM, seed=0) == []
    assert score(chunk, RANDOM, [], metrics=LOCALIZATION, reliances=[]) == []
    assert ask_reliance(chunk, RelianceSection(), seed=0) == []
    assert len(chunk.problems) == 2


def painted(case_id, values, spec=OCCLUSION):
    values = np.asarray(values, dtype=np.float32)
    return SaliencyMap(case_id, "quadrant", spec.id, spec.fingerprint, "cancer", values, 0, 0, 0.0)


def scored(classifier, values, *, spec=OCCLUSION, metrics=LOCALIZATION, **source):
    chunk = chunk_of(classifier, ("a",), **source)
    return by_key(score(chunk, spec, [painted("a", values, spec)], metrics=metrics, reliances=[]))


def half_in_the_quadrant():
    """1.0 on 4 pixels of the quadrant, 2.0 on 2 pixels elsewhere: half of the mass is inside."""
    values = np.zeros((SIDE, SIDE))
    values[0, :4] = 1.0
    values[7, 6:] = 2.0
    return values


def test_scores_carry_who_what_and_how_they_were_made(classifier):
    found = scored(classifier, half_in_the_quadrant())
    result = found["a", "relevance-mass-accuracy", "union"]
    assert result.value == pytest.approx(0.5)
    key = result.key
    assert (key.patient_id, key.model_id, key.explainer_id) == ("patient of a", "quadrant", "occlusion")
    assert (key.explainer_hash, key.metric_hash) == (OCCLUSION.fingerprint, LOCALIZATION[0].fingerprint)
    assert (key.target, key.correct, key.family) == ("cancer", True, "localization")
    assert found["a", "pointing-game", "union"].value == 0.0, "both of the highest pixels lie outside"


def test_a_wrongly_classified_case_is_scored_and_marked_as_such(classifier):
    chunk = Chunk(classifier, Source(regions=MARKS), [pair("a", predicted="normal")])
    results = score(
        chunk, OCCLUSION, [painted("a", half_in_the_quadrant())], metrics=LOCALIZATION, reliances=[]
    )
    assert {r.key.correct for r in results} == {False}


def test_where_each_reader_counts_there_is_a_score_for_each(classifier):
    corner = np.zeros((SIDE, SIDE), dtype=bool)
    corner[7, 6:] = True
    regions = {"a": {"ann": QUADRANT, "ben": corner, "cas": NOWHERE}}
    found = scored(classifier, half_in_the_quadrant(), regions=regions)
    assert found["a", "relevance-mass-accuracy", "ann"].value == pytest.approx(0.5)
    assert found["a", "relevance-mass-accuracy", "ben"].value == pytest.approx(0.5)
    assert found["a", "pointing-game", "ben"].value == 1.0
    nothing = found["a", "pointing-game", "cas"]
    assert isinstance(nothing, Unscored)
    assert nothing.reason == "the mark is empty: the readers left no pixel to be found"


def test_a_case_that_nobody_annotated_is_unscored_for_every_metric_that_needs_a_mark(classifier):
    found = scored(classifier, half_in_the_quadrant(), regions={}, metrics=[*LOCALIZATION, FLIPPING])
    for metric in LOCALIZATION:
        assert found["a", metric.id, NO_READER].reason == "no reader has annotated this case"
    for region in UNDIVIDED:
        assert found["a", f"mass-{region}", NO_READER].reason == "no reader marked anything on this case"
    assert isinstance(found["a", "pixel-flipping", NO_READER], Score)


def test_a_map_of_zeros_found_nothing_and_is_counted_as_missing(classifier):
    found = scored(classifier, np.zeros((SIDE, SIDE)), metrics=[*LOCALIZATION, FLIPPING])
    for name in ("relevance-mass-accuracy", "pointing-game"):
        assert found["a", name, "union"].value == 0.0
    assert found["a", "map-missing", "union"].value == 1.0
    assert scored(classifier, half_in_the_quadrant())["a", "map-missing", "union"].value == 0.0
    for name in ("pixel-flipping", "mass-mark"):
        [result] = [r for (_, metric, _), r in found.items() if metric == name]
        assert result.reason == "the map is zero everywhere: it points nowhere", name


def test_the_mark_drawn_on_the_explainers_grid_is_scored_beside_the_map(classifier):
    found = scored(classifier, half_in_the_quadrant())
    # Windows of 2 × 2 side by side: the quadrant is made of whole windows, so the grid can show it.
    for metric in LOCALIZATION:
        ceiling = found["a", f"{metric.id}-ceiling", "union"]
        assert ceiling.value == pytest.approx(1.0)
        assert (ceiling.key.family, ceiling.key.metric_hash) == ("limits", metric.fingerprint)
    # Windows of 8 × 8 show one value everywhere: the mean of the mark, a map that points nowhere.
    coarse = ExplainerSpec(name="occlusion", window=1, stride=1)
    found = scored(classifier, half_in_the_quadrant(), spec=coarse)
    assert found["a", "pointing-game-ceiling", "union"].value == 0.0


def test_a_ceiling_has_the_id_that_the_audit_gives_its_metric_and_can_be_left_out(classifier):
    renamed = MetricSpec(name="iou", id="overlap", binarisation="area")
    found = scored(classifier, half_in_the_quadrant(), metrics=[renamed])
    assert found["a", "overlap-ceiling", "union"].value == pytest.approx(1.0)
    chunk = chunk_of(classifier, ("a",))
    maps = [painted("a", half_in_the_quadrant())]
    without = score(chunk, OCCLUSION, maps, metrics=[renamed], reliances=[], ceilings=False)
    assert not [r for r in without if r.key.metric_id.endswith("-ceiling")]


def test_controls_and_metrics_without_a_ceiling_have_none(classifier):
    found = scored(classifier, half_in_the_quadrant(), spec=RANDOM)
    assert not [metric for _, metric, _ in found if metric.endswith("-ceiling")]
    found = scored(classifier, half_in_the_quadrant(), metrics=[MetricSpec(name="pixel-auroc")])
    assert not [metric for _, metric, _ in found if metric.endswith("-ceiling")]


def test_a_tolerance_in_cells_knows_the_explainers_cell(classifier):
    # The maxima are (7, 6) and (7, 7): to the quadrant's last row and column 4 down, and 3 or 4 across. In cells of
    # 2 × 2 that is √(2² + 1.5²) = 2.5 and √(2² + 2²) = 2.83.
    scores = {}
    for cells in (2.4, 2.6, 2.9):
        spec = MetricSpec(name="pointing-game", tolerance_cells=cells)
        found = scored(classifier, half_in_the_quadrant(), metrics=[spec])
        scores[cells] = found["a", "pointing-game", "union"].value
    assert scores == {2.4: 0.0, 2.6: 0.5, 2.9: 1.0}


def test_false_focus_is_asked_of_a_case_on_which_the_readers_found_nothing(classifier):
    spec = MetricSpec(name="false-focus")
    found = scored(classifier, half_in_the_quadrant(), regions={"a": {"union": NOWHERE}}, metrics=[spec])
    # Otsu keeps the 6 pixels that are not 0, or the 2 that are 2.0; the variance is larger between 0 and the rest.
    assert found["a", "false-focus", "union"].value in (6 / 64, 2 / 64)
    assert isinstance(found["a", "map-missing", "union"], Unscored)


def test_negative_values_count_against_the_target_where_an_explainer_is_signed(classifier):
    values = half_in_the_quadrant()
    values[7, 6:] = -2.0
    signed = scored(classifier, values)
    assert signed["a", "relevance-mass-accuracy", "union"].value == pytest.approx(1.0)
    unsigned = scored(classifier, values, spec=ExplainerSpec(name="edges"))
    assert unsigned["a", "relevance-mass-accuracy", "union"].value == pytest.approx(0.5)


def test_shares_by_region_add_up_to_one_and_missing_regions_say_why(classifier):
    found = scored(classifier, half_in_the_quadrant())
    shares = {region: found["a", f"mass-{region}", NO_READER] for region in UNDIVIDED}
    values = {region: r.value for region, r in shares.items() if isinstance(r, Score)}
    # 4 of 8 in the marked quadrant; the 2 pixels of 2.0 lie in the last row, which is border
    assert values == pytest.approx({"mark": 0.5, "border": 0.5, "outside": 0.0})
    assert not {metric for _, metric, _ in found if "lung" in metric}
    unknown = scored(classifier, half_in_the_quadrant(), unknown={"lungs": "no lung mask for this case"})
    for region in ("same-lung", "opposite-lung"):
        assert unknown["a", f"mass-{region}", NO_READER].reason == "no lung mask for this case"


def test_marks_in_both_lungs_leave_no_opposite_one(classifier):
    both = np.zeros((SIDE, SIDE), dtype=bool)
    both[3, 2] = both[3, 5] = True
    found = scored(classifier, half_in_the_quadrant(), regions={"a": {"union": both}}, lungs=LUNGS)
    assert found["a", "mass-opposite-lung", NO_READER].reason == "no lung lies opposite the marks"
    assert isinstance(found["a", "mass-same-lung", NO_READER], Score)


def test_with_a_body_mask_the_outside_is_divided(classifier):
    body = np.zeros((SIDE, SIDE), dtype=bool)
    body[:, :6] = True
    found = scored(classifier, half_in_the_quadrant(), body=body)
    values = {
        metric.removeprefix("mass-"): result.value
        for (_, metric, _), result in found.items()
        if metric.startswith("mass-") and isinstance(result, Score)
    }
    # As without a body, but for what was outside: there lies nothing of this map. The last column is border, and
    # so all of the frame outside the body but its seventh.
    assert values == pytest.approx({"mark": 0.5, "border": 0.5, "body": 0.0, "empty": 0.0})
    assert ("a", "mass-outside", NO_READER) not in found
    assert ("a", "mass-thorax", NO_READER) not in found


def test_a_body_that_was_refused_leaves_its_regions_unscored_with_the_reason(classifier):
    why = "the built-in segmentation found no body: the image is all of one brightness"
    found = scored(classifier, half_in_the_quadrant(), unknown={"body": why, "lungs": "no lung mask here"})
    assert found["a", "mass-body", NO_READER].reason == found["a", "mass-empty", NO_READER].reason == why
    assert found["a", "mass-same-lung", NO_READER].reason == "no lung mask here"
    assert ("a", "mass-outside", NO_READER) not in found


def test_a_tolerance_widens_the_region_of_the_mark_and_not_the_mark_that_maps_are_held_against(classifier):
    dot = np.zeros((SIDE, SIDE), dtype=bool)
    dot[2, 2] = True
    values = np.zeros((SIDE, SIDE), dtype=np.float32)
    values[2, 2], values[2, 3], values[4, 4] = 2, 1, 1
    metric = ("a", "relevance-mass-accuracy", "union")
    narrow = scored(classifier, values, regions={"a": {"union": dot}})
    wide = scored(classifier, values, regions={"a": {"union": dot}}, tolerance_px=1.0)
    assert narrow["a", "mass-mark", NO_READER].value == pytest.approx(0.5)
    assert wide["a", "mass-mark", NO_READER].value == pytest.approx(0.75)
    assert narrow[metric].value == wide[metric].value == pytest.approx(0.5)


def test_every_map_has_the_facts_of_its_category(classifier):
    chunk = chunk_of(classifier, ("a", "b"), lungs=LUNGS)
    half = half_in_the_quadrant()
    found = map_facts(chunk, OCCLUSION, [painted("b", np.zeros((SIDE, SIDE))), painted("a", half)])
    first, second = found
    assert (first.case_id, first.label, first.predicted, first.correct) == ("a", "cancer", "cancer", True)
    # 4 of 8 in the quadrant's 16 of 64 pixels.
    assert first.mass_lift == pytest.approx(0.5 / 0.25)
    assert first.no_map is None
    assert (second.case_id, second.no_map) == ("b", "the map is zero everywhere: it points nowhere")
    assert second.spread is None


def test_an_unsigned_map_has_the_facts_of_its_magnitude(classifier):
    chunk = chunk_of(classifier, ("a",))
    signed, unsigned = OCCLUSION, ExplainerSpec(name="gradcam")
    values = -half_in_the_quadrant()
    assert map_facts(chunk, unsigned, [painted("a", values)])[0].no_map is None
    assert map_facts(chunk, signed, [painted("a", -np.abs(values))])[0].no_map is not None


def test_pixel_flipping_pays_for_its_evaluations(classifier):
    found = scored(classifier, half_in_the_quadrant(), metrics=[FLIPPING])
    assert found["a", "pixel-flipping", NO_READER].n_evals >= 4


def test_the_model_depends_on_the_quadrant_and_on_nothing_else(classifier):
    chunk = chunk_of(classifier, ("a",), lungs=LUNGS)
    reliances = ask_reliance(chunk, RelianceSection(infills=("mean",), controls=3), seed=0)
    drops = {r.region: r.logit_drop for r in reliances}
    assert drops["mark"] > 1
    assert {region for region, drop in drops.items() if abs(drop) > 1e-6} == {"mark"}
    found = by_key(score_reliance(chunk, reliances))
    *regions, all_but_mark = reliances
    for reliance in regions:
        result = found["a", f"reliance-{reliance.region}", NO_READER]
        assert result.value == pytest.approx(reliance.beyond_random)
        assert (result.key.explainer_id, result.key.family) == (MODEL_LEVEL, "reliance")
    assert sum(r.fraction for r in regions) == pytest.approx(1)
    assert all_but_mark.region == "all-but-mark"
    assert all_but_mark.fraction == pytest.approx(1 - QUADRANT.mean())


def test_the_mark_alone_leaves_the_answer_of_a_model_that_reads_nothing_else(classifier):
    chunk = chunk_of(classifier, ("a",), lungs=LUNGS)
    reliances = ask_reliance(chunk, RelianceSection(infills=("mean",), controls=3), seed=0)
    found = by_key(score_reliance(chunk, reliances))
    (kept,) = [r for r in reliances if r.region == "all-but-mark"]
    # Nothing that it reads is replaced, so all of the answer is left; three random quarters of the frame leave less.
    assert found["a", "kept-mark", NO_READER].value == pytest.approx(kept.probability)
    assert kept.control_probability_drop > 0.1
    beyond = found["a", "kept-mark-beyond-random", NO_READER]
    assert beyond.value == pytest.approx(kept.control_probability_drop)
    assert (beyond.key.explainer_id, beyond.key.family) == (MODEL_LEVEL, "reliance")


def test_the_mark_alone_leaves_nothing_of_the_answer_of_a_model_that_reads_elsewhere(classifier):
    elsewhere = np.zeros((SIDE, SIDE), dtype=bool)
    elsewhere[6:, 6:] = True
    chunk = chunk_of(classifier, ("a",), regions={"a": {"union": elsewhere}})
    reliances = ask_reliance(chunk, RelianceSection(infills=("mean", "blur"), controls=3), seed=0)
    found = by_key(score_reliance(chunk, reliances))
    left = [r.probability - r.probability_drop for r in reliances if r.region == "all-but-mark"]
    assert len(left) == 2
    assert found["a", "kept-mark", NO_READER].value == pytest.approx(sum(left) / 2)
    assert max(left) < min(r.probability for r in reliances) - 0.1


def test_reliance_is_averaged_over_the_infills(classifier):
    chunk = chunk_of(classifier, ("a",))
    reliances = ask_reliance(chunk, RelianceSection(infills=("mean", "blur"), controls=2), seed=0)
    marks = [r.beyond_random for r in reliances if r.region == "mark"]
    assert len(marks) == 2
    found = by_key(score_reliance(chunk, reliances))
    assert found["a", "reliance-mark", NO_READER].value == pytest.approx(sum(marks) / 2)


def test_without_a_mark_reliance_is_asked_of_the_border_alone(classifier):
    chunk = chunk_of(classifier, ("a",), regions={"a": {"union": NOWHERE}})
    found = by_key(
        score_reliance(chunk, ask_reliance(chunk, RelianceSection(infills=("mean",), controls=1), seed=0))
    )
    reasons = {m: r.reason for (_, m, _), r in found.items() if isinstance(r, Unscored)}
    assert reasons == {
        f"reliance-{of}{region}": "no reader marked anything on this case"
        for region in UNDIVIDED
        for of in ("", "logit-")
        if region != "border"
    } | dict.fromkeys(("kept-mark", "kept-mark-beyond-random"), "no reader marked anything on this case")


def answered(classifier, **source):
    """Values and reasons of the measures of regions, by metric."""
    chunk = chunk_of(classifier, ("a",), **source)
    reliances = ask_reliance(chunk, RelianceSection(infills=("mean",), controls=1), seed=0)
    found = score_reliance(chunk, reliances) + score(
        chunk, OCCLUSION, [painted("a", half_in_the_quadrant())], metrics=LOCALIZATION, reliances=reliances
    )
    return {r.key.metric_id: r.value if isinstance(r, Score) else r.reason for r in found}


def test_a_named_region_is_asked_about_where_nobody_marked_anything(classifier):
    found = answered(classifier, regions={}, own={"ruler": QUADRANT})
    assert found["reliance-ruler"] > 0.1
    assert found["reliance-logit-ruler"] > 1
    assert found["mass-ruler"] == pytest.approx(0.5)
    assert found["mass-border"] == found["reliance-outside"] == "no reader marked anything on this case"


def test_a_named_region_keeps_its_pixels_from_the_lungs_also_where_nothing_is_marked(classifier):
    for regions in (MARKS, {}):
        [subject] = chunk_of(classifier, ("a",), regions=regions, lungs=LUNGS, own={"tube": LUNGS}).subjects
        expected = LUNGS & ~subject.mark
        assert (subject.parts["tube"] == expected).all()
        assert (subject.places_in_model["tube"] == expected).all()
        assert (subject.asked_parts["tube"] == expected).all()
        whole = np.sum([*subject.asked_parts.values()], axis=0)
        assert (whole == 1).all()


def test_a_named_region_without_a_score_says_why(classifier):
    row = np.zeros((SIDE, SIDE), dtype=bool)
    row[0, :4] = True
    found = answered(
        classifier,
        own={"tube": None, "port": NOWHERE, "optic-disc": row, "text": row & False},
        unknown={"tube": "no tube mask for this case"},
    )
    expected = {
        "tube": "no tube mask for this case",
        "port": "this case shows no port",
        "text": "this case shows no text",
        # It lies in the quadrant, which is marked.
        "optic-disc": "the mark, or a region named before it, covers the whole optic disc of this case",
    }
    for region, reason in expected.items():
        assert {found[f"{measure}-{region}"] for measure in ("mass", "reliance", "reliance-logit")} == {
            reason
        }


def test_a_map_that_lies_in_a_named_region_misses_there(classifier):
    corner = np.zeros((SIDE, SIDE), dtype=bool)
    corner[6:, 6:] = True
    chunk = chunk_of(classifier, ("a",), own={"burnt-in-text": corner})
    [facts] = map_facts(chunk, OCCLUSION, [painted("a", np.where(corner, 1.0, 0.0))])
    assert facts.place == "burnt-in-text"
    assert category_of(facts, CategoriesSection()) == "miss_burnt-in-text"
    assert category_words("miss_burnt-in-text") == "misses: burnt in text"


def test_the_questions_of_all_cases_fill_batches_together(classifier):
    chunk = chunk_of(classifier, ("a", "b", "c"))
    settings = RelianceSection(infills=("mean",), controls=2)
    alone = [r for name in "abc" for r in ask_reliance(chunk_of(classifier, (name,)), settings, seed=0)]
    sizes = []
    classifier.module.register_forward_pre_hook(lambda _module, inputs: sizes.append(len(inputs[0])))
    together = ask_reliance(chunk, settings, seed=0)
    assert [r.case_id for r in together] == [r.case_id for r in alone]
    for one, other in zip(together, alone, strict=True):
        assert one.beyond_random == pytest.approx(other.beyond_random, abs=1e-6)
    # Three times 1 + regions × 3; only the last batch is not full.
    n_images = 3 * (1 + 3 * len({r.region for r in alone}))
    assert sum(sizes) == n_images
    assert set(sizes[:-1]) == {classifier.batch_size}


def test_a_map_of_what_the_model_uses_agrees_with_its_reliance_and_its_reverse_does_not(classifier):
    chunk = chunk_of(classifier, ("a",), lungs=LUNGS)
    reliances = ask_reliance(chunk, RelianceSection(infills=("mean",), controls=3), seed=0)
    true, false = np.where(QUADRANT, 1.0, 0.0), np.where(QUADRANT, 0.0, 1.0)
    agreement = {}
    for name, values in {"true": true, "false": false}.items():
        results = score(chunk, OCCLUSION, [painted("a", values)], metrics=LOCALIZATION, reliances=reliances)
        agreement[name] = by_key(results)["a", "reliance-agreement", NO_READER].value
    assert agreement["true"] == pytest.approx(1)
    assert agreement["false"] < 0


def test_without_reliance_nothing_is_said_of_agreement(classifier):
    found = scored(classifier, half_in_the_quadrant())
    assert not [metric for _, metric, _ in found if metric == "reliance-agreement"]


def windows(classifier, **kwargs):
    chunk = chunk_of(classifier, ("a",), **kwargs)
    settings = RelianceMapSection(scales=(0.25, 0.5), infills=("mean", "blur"), stride=0.5, transplant=False)
    return ask_reliance_map(chunk, settings, seed=0)


def captured(classifier, spec, values, effects):
    chunk, limits = chunk_of(classifier, ("a",)), ExplainersSection(area=0.25)
    results = captured_scores(chunk, spec, [painted("a", values)], windows=effects, limits=limits)
    return by_key(results).get(("a", "reliance-captured", NO_READER))


def test_a_map_of_what_the_model_uses_captures_its_reliance_and_its_reverse_does_not(classifier):
    """The model reads one quadrant, a quarter of the frame, which holds nearly all of its reliance."""
    effects = windows(classifier)
    true, false = np.where(QUADRANT, 1.0, 0.0), np.where(QUADRANT, 0.0, 1.0)
    assert captured(classifier, OCCLUSION, true, effects).value == pytest.approx(1, abs=0.02)
    assert captured(classifier, OCCLUSION, false, effects).value < 0.3
    assert captured(classifier, OCCLUSION, np.zeros((SIDE, SIDE)), effects).value == 0
    key = captured(classifier, OCCLUSION, true, effects).key
    assert (key.explainer_id, key.family) == ("occlusion", "agreement")


def test_reliance_is_captured_without_marks_too(classifier):
    effects = windows(classifier, regions={"a": {"union": NOWHERE}})
    assert captured(classifier, OCCLUSION, np.where(QUADRANT, 1.0, 0.0), effects).value > 0.9


def test_without_a_reliance_map_nothing_is_said_of_what_is_captured(classifier):
    assert captured(classifier, OCCLUSION, np.where(QUADRANT, 1.0, 0.0), ()) is None


def test_occlusion_is_not_compared_with_windows_of_its_own_kind(classifier):
    """Its window and in-fill are those of one grid of the map: the score is that of the other three."""
    effects = windows(classifier)
    own = ExplainerSpec(name="occlusion", window=0.25, stride=0.125, baseline="mean")
    others = [one for one in effects if (one.infill, one.scale) != ("mean", 0.25)]
    assert len(others) == len(effects) - 1
    values = -np.arange(SIDE * SIDE, dtype=float).reshape(SIDE, SIDE) + 64
    found = captured(classifier, own, values, effects).value
    assert found == captured(classifier, OCCLUSION, values, others).value
    assert found != captured(classifier, OCCLUSION, values, effects).value
    only_own = [one for one in effects if one not in others]
    assert captured(classifier, own, values, only_own).reason == OWN_WINDOWS


ASKING = tuple(
    MetricSpec(name=row.id, **({"samples": 10} if any(o.name == "samples" for o in row.options) else {}))
    for row in METRICS
    if row.family in ("faithfulness", "complexity") and not row.unavailable
)


SUMMING = [ExplainerSpec(name=row.id) for row in EXPLAINERS if row.sums_to_answer]


def test_those_explainers_promise_a_sum_whose_maps_are_contributions_of_pixels():
    assert [spec.id for spec in SUMMING] == ["integrated-gradients", "deeplift"]


@pytest.mark.parametrize("spec", [OCCLUSION, *SUMMING], ids=lambda s: s.id)
def test_no_metric_that_asks_the_model_depends_on_the_cut(classifier, spec):
    def scores(ids):
        chunk = chunk_of(classifier, ids)
        maps = explain(chunk, spec, seed=3)
        results = score(chunk, spec, maps, metrics=ASKING, reliances=[], seed=3)
        return {
            (r.key.case_id, r.key.metric_id): (r.value, r.n_evals) if isinstance(r, Score) else r.reason
            for r in results
            if r.key.family in ("faithfulness", "complexity")
        }

    together = scores(IDS)
    assert {metric_id for _, metric_id in together} == {metric.id for metric in ASKING}
    for ids in (IDS[:1], IDS[1:3], IDS[3:]):
        for key, found in scores(ids).items():
            assert found == pytest.approx(together[key], abs=1e-6), key
    sums = together["a", "completeness"]
    if spec in SUMMING:
        assert sums[0] == pytest.approx(0, abs=1e-4)
    else:
        assert sums == "this explainer does not promise that its map sums to the answer"


def test_the_curve_of_a_score_is_what_it_was_read_from(classifier):
    chunk = chunk_of(classifier, ("a",))
    metrics = [FLIPPING, MetricSpec(name="sparseness"), LOCALIZATION[0]]
    results = score(
        chunk, OCCLUSION, [painted("a", QUADRANT * 1.0 + 0.01 * np.eye(SIDE))], metrics=metrics, reliances=[]
    )
    (curve,) = curves_of(results)
    flipping = by_key(results)["a", "pixel-flipping", NO_READER]
    assert (curve.case_id, curve.explainer_id, curve.metric_id) == ("a", "occlusion", "pixel-flipping")
    assert (curve.explainer_hash, curve.metric_hash) == (OCCLUSION.fingerprint, FLIPPING.fingerprint)
    assert curve.share == (0.0, 0.25, 0.5, 0.75, 1.0)
    area = sum(curve.value) / 4 - (curve.value[0] + curve.value[-1]) / 8
    assert flipping.value == pytest.approx(area, abs=1e-6)
