"""What is asked of maps beside their scores, on small networks and explainers of which the answer is known.

Images are 32 × 32, noise with a bright spot. ``known`` is a small convolutional network with weights drawn once.
"""

import numpy as np
import pytest
import torch
from torch import nn

from xaudit.chunks import Chunk, explain
from xaudit.config import ExplainerSpec, RobustnessSection, SanitySection
from xaudit.models.classifier import Classifier
from xaudit.records import Case, Prediction, Score, Surroundings
from xaudit.seeds import seed_for
from xaudit.stages.scores.robustness import score_robustness
from xaudit.stages.scores.sanity import score_collapse, score_sanity

SIDE = 32
CLASSES = ("cancer", "normal", "other")
GRADIENTS = ExplainerSpec(name="integrated-gradients", steps=4, baseline="black")
EDGES = ExplainerSpec(name="edges")
CENTRE = ExplainerSpec(name="centre")
RANDOM = ExplainerSpec(name="random")
LIME = ExplainerSpec(name="lime", samples=20, segments=12)
NAMES = ("a", "b", "c")


class Small(nn.Module):
    """Sees a vertical edge with its first feature and a bright spot with its second."""

    def __init__(self, n_classes):
        super().__init__()
        torch.manual_seed(11)
        self.conv1 = nn.Conv2d(3, 8, 5, stride=2, padding=2)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1)
        self.head = nn.Linear(8, n_classes)

    def forward(self, images):
        return self.head(torch.relu(self.conv2(torch.relu(self.conv1(images)))).mean((2, 3)))


class Source:
    def pixels(self, case):
        rng = np.random.default_rng(seed_for(0, case.case_id))
        pixels = rng.uniform(0, 0.5, size=(SIDE, SIDE))
        row, column = rng.integers(4, SIDE - 8, size=2)
        pixels[row : row + 4, column : column + 4] = 1.0
        return pixels.astype(np.float32)

    def surroundings(self, case):
        return Surroundings()

    def regions(self, case):
        return {}


@pytest.fixture(scope="module")
def classifier():
    torch.set_num_threads(1)
    return Classifier("known", Small(3), CLASSES, (SIDE, SIDE), mean=(0, 0, 0), std=(1, 1, 1), batch_size=5)


def pairs_of(classifier, names=NAMES):
    pairs = []
    for name in names:
        case = Case(name, f"of {name}", "data", f"{name}.png", "0" * 64, "cancer", "test", SIDE, SIDE)
        image, _ = classifier.to_input(Source().pixels(case))
        logits = classifier.logits(image[None])[0].double()
        said = (
            tuple(logits.tolist()), tuple(torch.softmax(logits, 0).tolist()), CLASSES,
        )  # fmt: skip
        predicted = CLASSES[int(logits.argmax())]
        pairs.append(
            (case, Prediction(name, f"of {name}", "known", "test", "cancer", predicted, "cancer", *said))
        )
    return pairs


def chunk_of(classifier, names=NAMES):
    return Chunk(classifier, Source(), pairs_of(classifier, names))


def maps_of(chunk, spec):
    """The stored maps by case."""
    return {one.case_id: one for one in explain(chunk, spec, seed=0)}


def sanity(classifier, spec, names=NAMES, **settings):
    chunk = chunk_of(classifier, names)
    section = SanitySection(**{"tests": ("mprt", "mprt-independent"), "steps": 3, **settings})
    return score_sanity(chunk, spec, maps_of(chunk, spec), section, 0)


def robustness(classifier, spec, names=NAMES, **settings):
    chunk = chunk_of(classifier, names)
    return score_robustness(chunk, spec, maps_of(chunk, spec), RobustnessSection(**settings), 0)


def values(results):
    return {(r.key.case_id, r.key.metric_id): r.value if isinstance(r, Score) else r.reason for r in results}


def test_an_explainer_that_ignores_the_model_fails_every_step_and_gradients_do_not(classifier):
    edges, gradients = (values(sanity(classifier, spec)) for spec in (EDGES, GRADIENTS))
    steps = [f"mprt-step-{p}" for p in (33, 67, 100)] + [f"mprt-step-ssim-{p}" for p in (33, 67, 100)]
    alike = ["mprt", "mprt-ssim", "mprt-mean", "mprt-independent", "mprt-independent-ssim", *steps]
    for name in NAMES:
        assert [edges[name, metric] for metric in alike] == pytest.approx([1] * len(alike))
        assert edges[name, "efficient-mprt"] == pytest.approx(0, abs=1e-9)
        assert gradients[name, "mprt"] < 0.5
        assert gradients[name, "mprt"] == gradients[name, "mprt-step-100"]
        thirds = [gradients[name, f"mprt-step-{p}"] for p in (33, 67, 100)]
        assert gradients[name, "mprt-mean"] == pytest.approx(np.mean(thirds))


def test_it_costs_what_it_says_and_the_model_is_as_it_was(classifier):
    before = {name: value.clone() for name, value in classifier.module.state_dict().items()}
    chunk = chunk_of(classifier)
    maps = maps_of(chunk, LIME)
    evals = classifier.meter.n_evals
    results = score_sanity(chunk, LIME, maps, SanitySection(steps=3), 0)
    spent = classifier.meter.n_evals - evals
    # Of each case three maps of the cascade, two of single parts, one of each other class at most; 20 copies each.
    # Every network with random layers is asked with seven images in all: whether it answers, and always the same, and what.
    assert 3 * (3 + 2 + 1) * 20 <= spent <= 3 * (3 + 2 + 2) * 20 + 5 * 7
    by_metric = {}
    for one in results:
        by_metric.setdefault(one.key.metric_id, []).append(one.n_evals)
    assert by_metric["mprt"][0] == 3 * 20 + 7
    assert by_metric["mprt-mean"] == [0, 0, 0]
    assert all(torch.equal(before[name], value) for name, value in classifier.module.state_dict().items())


def test_scores_do_not_depend_on_the_company(classifier):
    together = values(sanity(classifier, GRADIENTS)) | values(robustness(classifier, GRADIENTS, samples=3))
    for name in NAMES:
        alone = values(sanity(classifier, GRADIENTS, (name,)))
        alone |= values(robustness(classifier, GRADIENTS, (name,), samples=3))
        for key, value in alone.items():
            assert together[key] == pytest.approx(value, rel=2e-3, abs=2e-3), key


def test_another_class_has_another_map_where_the_explainer_looks_at_the_class(classifier):
    asked = {"tests": ("random-logit", "class-contrast")}
    edges, gradients = (values(sanity(classifier, spec, **asked)) for spec in (EDGES, GRADIENTS))
    for name in NAMES:
        assert (edges[name, "class-contrast"], edges[name, "random-logit"]) == pytest.approx((1, 1))
        assert gradients[name, "class-contrast"] < 0.9


def test_one_place_on_every_image_is_a_collapse_and_the_images_own_noise_is_none(classifier):
    pairs = pairs_of(classifier)
    chunk = chunk_of(classifier)
    centre, noise = (values(score_collapse(pairs, spec, maps_of(chunk, spec))) for spec in (CENTRE, RANDOM))
    for name in NAMES:
        assert centre[name, "location-collapse"] == pytest.approx(1)
        assert abs(noise[name, "location-collapse"]) < 0.1
    [alone] = score_collapse(pairs[:1], CENTRE, maps_of(chunk, CENTRE))
    assert alone.reason == "no other patient has a map to compare with"


def test_a_map_of_the_image_alone_bears_noise_and_any_seed(classifier):
    found = values(robustness(classifier, EDGES, samples=3, radius=0.01))
    for name in NAMES:
        assert 0 < found[name, "average-sensitivity"] <= found[name, "max-sensitivity"] < 0.1
        assert found[name, "local-lipschitz"] > 0
        assert found[name, "relative-input-stability"] > 0
        assert found[name, "seed-stability"] == pytest.approx(1)
        assert found[name, "seed-stability-ssim"] == pytest.approx(1)
    centre = values(robustness(classifier, CENTRE, samples=2, tests=("sensitivity",)))
    assert {value for (_, metric), value in centre.items() if metric.endswith("sensitivity")} == {0}


def test_a_sampler_shows_that_it_draws_and_more_so_the_fewer_it_draws(classifier):
    asked = {"tests": ("seed-stability",)}
    noise = values(robustness(classifier, RANDOM, **asked))
    few = values(robustness(classifier, LIME, **asked))
    more = values(
        robustness(classifier, ExplainerSpec(name="lime", samples=160, segments=12), ("a",), **asked)
    )
    for name in NAMES:
        assert abs(noise[name, "seed-stability"]) < 0.1
        assert few[name, "seed-stability"] < 0.9
    assert few["a", "seed-stability"] < more["a", "seed-stability"]


def test_an_explainer_that_ignores_its_seed_is_asked_once_more_and_no_oftener(classifier):
    chunk = chunk_of(classifier)
    maps = maps_of(chunk, GRADIENTS)
    evals = classifier.meter.n_evals
    found = score_robustness(chunk, GRADIENTS, maps, RobustnessSection(tests=("seed-stability",)), 0)
    per_map = maps["a"].n_evals
    assert classifier.meter.n_evals - evals == len(NAMES) * per_map
    assert {round(one.value, 6) for one in found} == {1.0}


def test_noise_fills_batches_across_cases(classifier):
    chunk = chunk_of(classifier)
    maps = maps_of(chunk, EDGES)
    sizes = []
    handle = classifier.module.register_forward_pre_hook(lambda _module, inputs: sizes.append(len(inputs[0])))
    score_robustness(chunk, EDGES, maps, RobustnessSection(tests=("sensitivity",), samples=5), 0)
    handle.remove()
    assert sizes == [5, 5, 5]
