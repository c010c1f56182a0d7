"""What holds for every metric that asks the model about a map, and for every metric of how simple a map is."""

import re

import numpy as np
import pytest
import torch
from reading_models import box, reads, reads_nothing

from xaudit.catalog import CURVES, METRICS, metric_row
from xaudit.config import MetricSpec
from xaudit.metrics import Absent, ask_faithfulness, score_complexity, score_faithfulness
from xaudit.perturb.asking import answer

SIDE = 32
AREA = box((SIDE, SIDE), (8, 16), (16, 24))  # one whole patch of 8 × 8
IMAGE = 0.1 * torch.rand((3, SIDE, SIDE), generator=torch.Generator().manual_seed(3))
IMAGE[:, torch.from_numpy(AREA)] += 1.0
NOISE = np.random.default_rng(3).random((SIDE, SIDE))

ASKING = [row.id for row in METRICS if row.family == "faithfulness" and not row.unavailable]
SIMPLE = [row.id for row in METRICS if row.family == "complexity"]

SMALL = {
    "regions": 8, "segments": 16, "samples": 40, "steps": 16, "sizes": 3, "share": 0.2, "draws": 2, "patch": 0.25,
}  # fmt: skip
DRAWS = (
    "faithfulness-correlation",
    "sensitivity-n",
    "infidelity",
    "monotonicity-correlation",
    "road",
    "road-lerf",
)
BLANK = {"completeness": "black"}


def spec_of(metric_id, **settings):
    small = {o.name: SMALL[o.name] for o in metric_row(metric_id).options if o.name in SMALL}
    return MetricSpec(name=metric_id, **(small | settings))


def classifier_of(**settings):
    return reads(AREA, threshold=0.8, **settings)


def score(metric_id, saliency, *, classifier=None, seed=0, **settings):
    return score_faithfulness(
        spec_of(metric_id, **settings),
        classifier or classifier_of(),
        IMAGE,
        1,
        np.asarray(saliency, dtype=float),
        seed=seed,
        blank=BLANK.get(metric_id),
    )


def test_no_metric_of_the_catalog_is_left_out():
    for metric_id in ASKING:
        assert isinstance(score(metric_id, AREA + NOISE), float), metric_id
    for metric_id in SIMPLE:
        assert isinstance(score_complexity(MetricSpec(name=metric_id), AREA + NOISE), float), metric_id


@pytest.mark.parametrize("metric_id", ASKING)
def test_a_metric_that_is_read_from_a_curve_has_the_words_for_its_axes_in_the_catalog(metric_id):
    classifier = classifier_of()
    asking = ask_faithfulness(
        spec_of(metric_id), classifier, IMAGE, 1, AREA + NOISE, blank=BLANK.get(metric_id)
    )
    [found] = answer([asking], classifier.logits, batch_size=16)
    assert (found.value.curve is not None) == (metric_id in CURVES)


@pytest.mark.parametrize("metric_id", ASKING + SIMPLE)
@pytest.mark.parametrize(
    ("saliency", "reason"),
    [
        (np.zeros((SIDE, SIDE)), "the map is zero everywhere: it points nowhere"),
        (np.full((SIDE, SIDE), 2.0), "the map is constant at 2: it points everywhere alike"),
        (np.where(AREA, np.nan, 1.0), "the map is not finite: 6% of its values are NaN or infinite"),
    ],
    ids=["zero", "constant", "NaN"],
)
def test_a_map_that_says_nothing_has_no_score_and_the_model_is_not_asked(metric_id, saliency, reason):
    classifier = classifier_of()
    asked_before = classifier.meter.n_evals
    if metric_id in SIMPLE:
        assert score_complexity(MetricSpec(name=metric_id), saliency) == Absent(reason)
    else:
        assert score(metric_id, saliency, classifier=classifier) == Absent(reason)
    assert classifier.meter.n_evals == asked_before


@pytest.mark.parametrize("metric_id", ASKING)
def test_a_model_that_answers_nan_or_always_the_same_gives_a_number_or_a_reason(metric_id):
    broken = classifier_of()
    broken.module.weights.fill_(float("nan"))
    assert score(metric_id, AREA + NOISE, classifier=broken) == Absent(
        "the model's answer to the image with pixels replaced is not a number"
    )
    blind = score(metric_id, AREA + NOISE, classifier=reads_nothing((SIDE, SIDE)))
    correlations = ("correlation", "estimate", "sensitivity-n", "infidelity", "non-sensitivity")
    if metric_id.endswith(correlations):
        assert blind == Absent(
            "the model's answer is the same whatever is replaced, so there is no effect for a map to match"
        )
    else:
        assert np.isfinite(blind)


@pytest.fixture(scope="module")
def together():
    """The first case's scores by metric, asked together with another map and another case."""
    classifier = classifier_of()
    askings = [
        ask_faithfulness(
            spec_of(one),
            classifier,
            IMAGE + case,
            1,
            sign * AREA + NOISE,
            about=case,
            seed=4 + case,
            blank="black",
        )
        for case in (0, 1)
        for sign in (1, -1)
        for one in ASKING
    ]
    found = answer(askings, classifier.logits, batch_size=11)
    return dict(zip(ASKING, (one.value.value for one in found), strict=False))


@pytest.mark.parametrize("metric_id", ASKING)
def test_a_score_depends_on_seed_and_inputs_and_on_no_batch_and_no_company(metric_id, together):
    alone = score(metric_id, AREA + NOISE, seed=4)
    np.random.seed(1)  # noqa: NPY002 - what a library would draw from
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    for size in (1, 5, 64):
        again = score(metric_id, AREA + NOISE, classifier=classifier_of(batch_size=size), seed=4)
        assert again == pytest.approx(alone, abs=1e-6)
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002
    assert together[metric_id] == pytest.approx(alone, abs=1e-6)
    if metric_id not in DRAWS:
        assert score(metric_id, AREA + NOISE, seed=5) == alone
    elif not metric_id.startswith("road"):  # whose noise is too faint to change a decision
        assert score(metric_id, NOISE, seed=5) != score(metric_id, NOISE, seed=4)


RIGHT = {"completeness": 8 * AREA / AREA.sum() * IMAGE.mean(0).numpy(), "non-sensitivity": AREA}
"""Where the map must hold more than the right order: each pixel's contribution to the logit; nothing outside."""

BLIND_TO_NOISE = ("monotonicity",)
"""All evidence speaks for the target here, so the probability rises in whatever order pixels are shown."""


@pytest.mark.parametrize("metric_id", ASKING)
def test_the_map_of_what_the_model_reads_beats_noise_and_noise_its_opposite(metric_id):
    sign = 1 if metric_row(metric_id).higher_is_better else -1
    right = sign * score(metric_id, RIGHT.get(metric_id, AREA + NOISE))
    noise = sign * score(metric_id, NOISE)
    wrong = sign * score(metric_id, NOISE - AREA)
    if metric_id in BLIND_TO_NOISE:
        assert right == noise == 1
    elif metric_id in ("monotonicity-correlation", "non-sensitivity"):
        assert right > noise + 0.15  # the magnitude decides: the opposite is as telling, or as noisy
    elif metric_id == "completeness":
        assert right > -1e-3
        assert right > noise + 0.5 > wrong
    else:
        assert right > noise + 0.05, (right, noise)
        assert noise >= wrong, (noise, wrong)


@pytest.mark.parametrize("baseline", metric_row("pixel-flipping").options[1].choices)
@pytest.mark.parametrize("metric_id", ["pixel-flipping", "insertion", "irof", "region-perturbation"])
def test_every_in_fill_tells_the_right_map_from_its_opposite(metric_id, baseline):
    sign = 1 if metric_row(metric_id).higher_is_better else -1
    right, wrong = (sign * score(metric_id, m, baseline=baseline) for m in (AREA + NOISE, NOISE - AREA))
    assert right > wrong + 0.2


def test_the_in_fill_is_part_of_what_a_metric_is():
    hashes = {
        MetricSpec(name=metric_id, baseline=baseline).fingerprint
        for metric_id in ("deletion", "insertion", "infidelity")
        for baseline in ("mean", "black", "zero", "blur", "noise")
    }
    assert len(hashes) == 15


def cost(row, options):
    """The first number of forwards that a row's cost names, its options put in."""
    formula = re.match(r"(.*?) forwards", row.cost).group(1).replace("about ", "")
    formula = re.sub(r"`(\w+)`", lambda name: str(options[name.group(1)]), formula)
    for mark, sign in (("×", "*"), ("²", "**2"), ("side", str(SIDE))):
        formula = formula.replace(mark, sign)
    return eval(formula)


@pytest.mark.parametrize("metric_id", ASKING)
def test_a_metric_costs_what_its_row_says(metric_id):
    row, spec, classifier = metric_row(metric_id), spec_of(metric_id), classifier_of()
    asking = ask_faithfulness(spec, classifier, IMAGE, 1, AREA + NOISE, blank="black")
    spent = answer([asking], classifier.logits, batch_size=8)[0].n_evals
    if row.cost.startswith("about"):
        assert spent == pytest.approx(cost(row, spec.options), rel=0.5)
    else:
        assert spent == cost(row, spec.options)


def test_metrics_that_ask_the_same_pay_once():
    classifier = classifier_of()
    specs = [
        MetricSpec(name="pixel-flipping", steps=10),
        MetricSpec(name="deletion", steps=10, baseline="blur"),
        MetricSpec(name="monotonicity", steps=10),
        MetricSpec(name="insertion", steps=10),
        MetricSpec(name="pixel-flipping-lerf", steps=10),
        MetricSpec(name="region-perturbation", regions=6),
        MetricSpec(name="selectivity", regions=6),
    ]
    askings = [ask_faithfulness(spec, classifier, IMAGE, 1, AREA + NOISE, about="case") for spec in specs]
    found = answer(askings, classifier.logits, batch_size=4)
    # 10 images without the highest, 10 without the lowest, 6 without patches, and the untouched one.
    assert sum(one.n_evals for one in found) == 27
    flipping, deletion, _, insertion, lerf, regions, selectivity = (one.value.value for one in found)
    assert flipping == deletion
    assert insertion == lerf
    untouched = float(torch.softmax(classifier.logits(IMAGE[None]), 1)[0, 1])
    assert selectivity == pytest.approx(untouched - regions, abs=1e-6)
