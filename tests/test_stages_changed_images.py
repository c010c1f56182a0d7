"""What is said of changed images, on networks of which it is known what a change does to them.

Images are 8 × 8. Every network is linear, so integrated gradients from black give weight times intensity, exactly.
"""

import numpy as np
import pytest
import torch
from torch import nn

from xaudit.chunks import Chunk, explain
from xaudit.config import AuditFile, ExplainerSpec, MetricSpec
from xaudit.models.classifier import Classifier
from xaudit.perturb.image_change import Coarsening, Flip, Rotation, Shift
from xaudit.records import MODEL_LEVEL, NO_READER, Case, Prediction, Score, Surroundings
from xaudit.seeds import seed_for
from xaudit.stages.scores.changed_images import ChangeFamily, change_families, score_answers, score_maps

SIDE = 8
CLASSES = ("cancer", "normal")
GRADIENTS = ExplainerSpec(name="integrated-gradients", steps=2, baseline="black")
PLACED = (MetricSpec(name="relevance-mass-accuracy"), MetricSpec(name="iou"))
BOARD = (-1.0) ** np.indices((SIDE, SIDE)).sum(0)
QUADRANT = np.zeros((SIDE, SIDE), dtype=bool)
QUADRANT[:4, :4] = True
MARK = np.zeros((SIDE, SIDE), dtype=bool)
MARK[1:4, 1:4] = True


class Weighted(nn.Module):
    """The logit of the first class is the weighted sum of the first channel, plus a bias; of the second 0."""

    def __init__(self, weights, bias):
        super().__init__()
        self.weights = nn.Parameter(torch.from_numpy(np.asarray(weights, dtype=np.float32)))
        self.bias = bias

    def forward(self, images):
        logit = (self.weights * images[:, 0]).sum(dim=(1, 2)) + self.bias
        return torch.stack([logit, torch.zeros_like(logit)], dim=1)


class Source:
    def __init__(self, images, marks):
        self._images, self._marks = images, marks

    def pixels(self, case):
        return self._images[case.case_id].astype(np.float32)

    def surroundings(self, case):
        return Surroundings()

    def regions(self, case):
        return self._marks.get(case.case_id, {})


def chunk_of(weights, images, *, bias=0.0, marks=None, batch_size=5):
    """A chunk whose predictions are the network's own."""
    torch.set_num_threads(1)
    classifier = Classifier(
        "known", Weighted(weights, bias), CLASSES, (SIDE, SIDE),
        mean=(0, 0, 0), std=(1, 1, 1), batch_size=batch_size,
    )  # fmt: skip
    pairs = []
    for name, pixels in images.items():
        logit = float((np.asarray(weights) * pixels).sum() + bias)
        p = 1 / (1 + np.exp(-logit))
        case = Case(name, f"of {name}", "data", f"{name}.png", "0" * 64, "cancer", "test", SIDE, SIDE)
        predicted = "cancer" if logit >= 0 else "normal"
        said = (logit, 0.0), (p, 1 - p)
        pairs.append(
            (
                case,
                Prediction(
                    name, f"of {name}", "known", "test", "cancer", predicted, "cancer", *said, CLASSES
                ),
            )
        )
    given = {name: {"union": MARK} for name in images} if marks is None else marks
    return Chunk(classifier, Source(images, given), pairs)


def noise(name):
    """The intensities 1/64 to 1 in an order of chance: no two alike, and none rounded when a map is stored."""
    order = np.random.default_rng(seed_for(0, name)).permutation(SIDE * SIDE)
    return (order.reshape(SIDE, SIDE) + 1) / (SIDE * SIDE)


def equivariance(*changes):
    return ChangeFamily("equivariance", changes, (GRADIENTS,))


def resolution(*steps):
    return ChangeFamily("resolution", tuple(Coarsening(step) for step in steps), (GRADIENTS,))


def values(results):
    return {(r.key.case_id, r.key.metric_id): r.value if isinstance(r, Score) else r.reason for r in results}


def maps_of(chunk, family, spec=GRADIENTS, metrics=PLACED):
    return score_maps(chunk, spec, explain(chunk, spec, seed=0), family, metrics=metrics)


def test_a_network_that_reads_brightness_anywhere_is_equivariant():
    """Its map is the image, so it moves as the image does, and the sum that it reads stays under flips."""
    chunk = chunk_of(np.full((SIDE, SIDE), 0.1), {"a": noise("a")}, bias=-3)
    family = equivariance(Flip(), Flip(upside_down=True), Shift(20), Rotation(90))
    found = values(maps_of(chunk, family)) | values(score_answers(chunk, family))
    for change in ("flip-horizontal", "flip-vertical", "shift-20", "rotate-90"):
        assert found["a", f"equivariance-{change}"] == pytest.approx(1)
        assert found["a", f"equivariance-{change}-overlap"] == 1
        assert found["a", f"equivariance-{change}-class"] == 1
    for change in ("flip-horizontal", "flip-vertical", "rotate-90"):
        assert found["a", f"equivariance-{change}-probability"] == pytest.approx(0, abs=1e-5)
    unchanged = noise("a")[MARK].sum() / noise("a").sum()
    assert found["a", "equivariance-flip-horizontal-relevance-mass-accuracy"] == pytest.approx(
        unchanged, rel=2e-3
    )


def test_a_network_that_reads_one_quadrant_is_not():
    """Flipped, it reads what was on the right: no pixel of the one map is in the other, and the mark gets nothing."""
    pixels = noise("a")
    pixels[QUADRANT] = 1
    chunk = chunk_of(0.25 * QUADRANT, {"a": pixels}, bias=-3)
    family = equivariance(Flip())
    found = values(maps_of(chunk, family)) | values(score_answers(chunk, family))
    assert found["a", "equivariance-flip-horizontal"] < 0
    assert found["a", "equivariance-flip-horizontal-overlap"] == 0
    assert found["a", "equivariance-flip-horizontal-relevance-mass-accuracy"] == 0
    right = 0.25 * pixels[:4, 4:].sum() - 3
    before, after = 1 / (1 + np.exp(-(4 - 3))), 1 / (1 + np.exp(-right))
    assert right < 0
    assert found["a", "equivariance-flip-horizontal-probability"] == pytest.approx(before - after, rel=1e-4)
    assert found["a", "equivariance-flip-horizontal-class"] == 0


def test_a_network_that_reads_coarse_brightness_keeps_its_answer_down_the_ladder():
    """Squares of 4 pixels lie wholly inside the quadrant; only what is interpolated at its edge is lost."""
    pixels = np.where(QUADRANT, 1.0, 0.0)
    chunk = chunk_of(0.5 * QUADRANT, {"a": pixels}, bias=-4)
    family = resolution(1, 2, 4)
    found = values(score_answers(chunk, family)) | values(maps_of(chunk, family))
    assert [found["a", f"resolution-{step}-class"] for step in (1, 2, 4)] == [1, 1, 1]
    assert found["a", "resolution-4-probability"] < 0.2
    assert found["a", "resolution-1-probability"] == pytest.approx(0, abs=1e-6)
    assert found["a", "resolution-1"] == pytest.approx(1)
    assert found["a", "resolution-2"] > 0.9


def test_a_network_that_reads_a_fine_checkerboard_has_nothing_left_at_half_resolution():
    """Of the board .5 ± .5 it reads 64 · .5 · .1 = 3.2; every 2 × 2 square has the mean .5, of which it reads 0."""
    chunk = chunk_of(0.1 * BOARD, {"a": 0.5 + 0.5 * BOARD}, bias=-1)
    found = values(score_answers(chunk, resolution(1, 2, 8)))
    before, after = 1 / (1 + np.exp(-(3.2 - 1))), 1 / (1 + np.exp(1))
    assert found["a", "resolution-1-class"] == 1
    for step in (2, 8):
        assert found["a", f"resolution-{step}-class"] == 0
        assert found["a", f"resolution-{step}-probability"] == pytest.approx(before - after, rel=1e-4)


def test_a_map_of_the_whole_image_is_not_made_again_and_others_are_paid_for():
    chunk = chunk_of(0.1 * QUADRANT, {"a": noise("a"), "b": noise("b")})
    meter, stored = chunk.classifier.meter, explain(chunk, GRADIENTS, seed=0)
    before = meter.n_evals
    score_maps(chunk, GRADIENTS, stored, resolution(1), metrics=PLACED)
    assert meter.n_evals == before
    results = score_maps(chunk, GRADIENTS, stored, resolution(1, 2), metrics=PLACED)
    spent = meter.n_evals - before
    assert spent > 0
    assert sum(r.n_evals for r in results if isinstance(r, Score)) == spent
    before = meter.n_evals
    answers = score_answers(chunk, resolution(1, 2))
    assert meter.n_evals - before == 4 == sum(r.n_evals for r in answers)


def test_scores_say_what_they_are_about():
    chunk = chunk_of(0.1 * QUADRANT, {"a": noise("a")})
    family = equivariance(Rotation(10))
    keys = {r.key.metric_id: r.key for r in maps_of(chunk, family) + score_answers(chunk, family)}
    assert set(keys) == {
        "equivariance-rotate-10", "equivariance-rotate-10-overlap", "equivariance-rotate-10-probability",
        "equivariance-rotate-10-class", "equivariance-rotate-10-relevance-mass-accuracy", "equivariance-rotate-10-iou",
    }  # fmt: skip
    assert {key.family for key in keys.values()} == {"equivariance"}
    assert len({key.metric_hash for key in keys.values()}) == 6
    for metric_id, key in keys.items():
        asks_the_model = metric_id.endswith(("-class", "-probability"))
        assert key.explainer_id == (MODEL_LEVEL if asks_the_model else "integrated-gradients")
        assert key.reader == ("union" if metric_id.endswith(("-accuracy", "-iou")) else NO_READER)


@pytest.mark.parametrize("cut", [[1, 1, 1], [2, 1]])
def test_neither_chunks_nor_batches_change_a_score(cut):
    images = {name: noise(name) for name in "abc"}
    family = ChangeFamily("equivariance", (Rotation(10), Shift(10)), ())
    lime = ExplainerSpec(name="lime", samples=20, segments=4)
    weights = np.linspace(0, 0.1, SIDE * SIDE).reshape(SIDE, SIDE)
    whole = chunk_of(weights, images)
    together = values(maps_of(whole, family, lime)) | values(score_answers(whole, family))
    apart, names = {}, list(images)
    for size in cut:
        taken, names = names[:size], names[size:]
        chunk = chunk_of(weights, {name: images[name] for name in taken}, batch_size=2)
        apart |= values(maps_of(chunk, family, lime)) | values(score_answers(chunk, family))
    assert apart == together


def test_a_seeded_explainer_gets_the_seed_of_the_unchanged_image():
    """Noise does not know that the image was flipped: moved back, it is its own mirror image."""
    chunk = chunk_of(0.1 * QUADRANT, {"a": noise("a")})
    random = ExplainerSpec(name="random")
    [stored] = explain(chunk, random, seed=0)
    found = values(score_maps(chunk, random, [stored], equivariance(Flip()), metrics=()))
    ranks = np.corrcoef(*(v.ravel().argsort().argsort() for v in (stored.values, stored.values[:, ::-1])))[
        0, 1
    ]
    assert found["a", "equivariance-flip-horizontal"] == pytest.approx(ranks, abs=1e-3)


def test_without_a_mark_the_maps_are_compared_and_nothing_is_placed():
    chunk = chunk_of(np.full((SIDE, SIDE), 0.1), {"a": noise("a")}, marks={})
    found = values(maps_of(chunk, equivariance(Flip())))
    assert found["a", "equivariance-flip-horizontal"] == pytest.approx(1)
    assert found["a", "equivariance-flip-horizontal-overlap"] == "no reader marked anything on this case"
    assert found["a", "equivariance-flip-horizontal-iou"] == "no reader has annotated this case"


def test_maps_of_nothing_cannot_be_compared_and_meet_no_mark():
    chunk = chunk_of(np.zeros((SIDE, SIDE)), {"a": noise("a")})
    found = values(maps_of(chunk, equivariance(Flip())))
    nowhere = "the map is zero everywhere: it points nowhere"
    assert found["a", "equivariance-flip-horizontal"] == nowhere
    assert found["a", "equivariance-flip-horizontal-overlap"] == nowhere
    assert found["a", "equivariance-flip-horizontal-iou"] == 0.0
    assert found["a", "equivariance-flip-horizontal-relevance-mass-accuracy"] == 0.0


def test_no_cases_give_no_scores():
    chunk = chunk_of(0.1 * QUADRANT, {})
    assert maps_of(chunk, resolution(2)) == score_answers(chunk, resolution(2)) == []


def test_the_audit_file_says_which_changes_and_whose_maps():
    audit = AuditFile(
        data={"images": "images"},
        models=[{"id": "net", "architecture": "resnet18"}],
        explainers=["gradcam", "lime"],
        equivariance={"transforms": ["shift-4", "flip-vertical"], "explainers": ["lime", "edges"]},
        resolution={"steps": [2]},
    )
    turned, coarse = change_families(audit)
    assert [change.id for change in turned.changes] == ["shift-4", "flip-vertical"]
    assert [spec.id for spec in turned.explainers] == ["lime", "edges"]
    assert (coarse.id, coarse.changes) == ("resolution", (Coarsening(2),))
    assert [spec.id for spec in coarse.explainers] == ["gradcam", "lime"]
    assert change_families(audit.model_copy(update={"equivariance": None, "resolution": None})) == ()
