"""Every metric class of the installed Quantus, unchanged, as ``quantus:NAME``: what it gives, and what it cannot be asked."""

import inspect
import random
from types import SimpleNamespace

import numpy as np
import pytest
import quantus
import torch
from quantus.functions.similarity_func import correlation_spearman
from quantus.metrics.base import Metric
from torch import nn

from xaudit.catalog.quantus import DEFECTS, FAMILY_OF_CATEGORY, NEEDS_MORE, quantus_rows
from xaudit.chunks.explaining import explain_again
from xaudit.config import ExplainerSpec, MetricSpec
from xaudit.errors import AuditFileError
from xaudit.metrics import Absent, ask_faithfulness, score_complexity, score_localization
from xaudit.metrics.quantus_adapter import _message, check_options, plugin_of
from xaudit.models.classifier import Classifier
from xaudit.perturb.asking import answer
from xaudit.seeds import seed_for

pytestmark = pytest.mark.usefixtures("forgotten_afterwards")

SIDE, TARGET, SEED = 8, 1, 5
QUICK = {
    "nr_samples": 3, "nr_runs": 6, "features_in_step": 16, "n_perturb_samples": 2, "subset_size": 30, "nr_steps": 4,
    "regions_evaluation": 3, "perturb_patch_sizes": [4], "patch_size": 4, "k": 20,
}  # fmt: skip
UNLIKE = {"quantus:NonSensitivity": {}}
"""Where a quick setting does not work: each value of the image on its own."""

FAILS = {"quantus:ROAD": "IndexError", "quantus:IROF": "AssertionError"}
"""What the installed version cannot compute of an image with three channels."""


def subclasses(of):
    return {one for sub in of.__subclasses__() for one in (sub, *subclasses(sub))}


CLASSES = {f"quantus:{one.__name__}": one for one in subclasses(Metric)}


@pytest.fixture(scope="module")
def classifier():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 3)
        )
    return Classifier(id="m", module=network, class_names=("a", "b", "c"), model_hw=(SIDE, SIDE), layer="0")


@pytest.fixture(scope="module")
def image():
    return torch.randn(3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def again(classifier):
    return explain_again(SimpleNamespace(classifier=classifier), ExplainerSpec(name="input-x-gradient"), 3)


@pytest.fixture(scope="module")
def saliency(classifier, again, image):
    return again(classifier.module, image[None].numpy(), [TARGET])[0]


@pytest.fixture(scope="module")
def mark():
    found = np.zeros((SIDE, SIDE), dtype=bool)
    found[2:6, 3:8] = True
    return found


@pytest.fixture
def scored(classifier, image, again, saliency, mark):
    """Scores the map by a metric; with what it cost."""

    def score(name, seed=SEED, **options):
        spec, family = MetricSpec(name=name, **options), quantus_rows()[name].family
        if family == "localization":
            return score_localization(spec, saliency, mark, np.ones_like(mark)), 0
        if family == "complexity":
            return score_complexity(spec, saliency), 0
        asking = ask_faithfulness(spec, classifier, image, TARGET, saliency, seed=seed, explain_again=again)
        [one] = answer([asking], classifier.logits, batch_size=8)
        return one.value.value, one.value.n_evals

    return score


def quick(name):
    return UNLIKE.get(
        name,
        {option.name: QUICK[option.name] for option in quantus_rows()[name].options if option.name in QUICK},
    )


# What there is


def test_the_rows_are_the_classes_of_the_installed_version_with_its_own_direction_and_category():
    rows = quantus_rows()
    assert rows.keys() == CLASSES.keys()
    for name, row in rows.items():
        assert row.higher_is_better is {"higher": True, "lower": False}[CLASSES[name].score_direction.value]
        assert row.family == FAMILY_OF_CATEGORY[CLASSES[name].evaluation_category.name]
        assert row.is_listed
        assert not row.by_default


def test_the_settings_are_the_constructor_s_and_the_call_s_with_their_defaults():
    """Whatever is written out there; MPRT's old name takes what MPRT takes."""
    for name, row in quantus_rows().items():
        made = CLASSES["quantus:MPRT"] if name == "quantus:ModelParameterRandomisation" else CLASSES[name]
        wanted = {
            key: one.default if isinstance(one.default, bool | int | float | str) else None
            for key, one in inspect.signature(made).parameters.items()
            if one.kind is not one.VAR_KEYWORD
            and key not in ("return_aggregate", "aggregate_func", "default_plot_func", "num_classes")
            and key not in ("disable_warnings", "display_progressbar")
        }
        if row.asks_model:
            wanted["softmax"] = inspect.signature(made.__call__).parameters["softmax"].default or False
        assert {option.name: option.default for option in row.options} == wanted


def test_what_is_known_to_be_wrong_is_said_of_classes_that_there_are():
    names = {name.removeprefix("quantus:") for name in CLASSES}
    assert DEFECTS.keys() | NEEDS_MORE.keys() <= names
    for name, defect in DEFECTS.items():
        assert quantus_rows()[f"quantus:{name}"].meaning == f"{name} as Quantus computes it; {defect}"


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("PointingGame", {"weighted": True}, "TypeError"),
        ("AttributionLocalisation", {"weighted": True}, "gives inf"),
        ("PixelFlipping", {"features_in_step": 16, "return_auc_per_sample": True}, "no attribute 'trapz'"),
        ("NonSensitivity", {"features_in_step": 16}, "could not be broadcast"),
        ("TopKIntersection", {}, "'k' must be smaller than input size"),
    ],
)
def test_settings_that_fail_in_the_installed_version_do_so(name, options, said, scored):
    value, _ = scored(f"quantus:{name}", **options)
    assert said in value.reason


def test_what_is_said_to_be_always_true_or_the_same_is(scored, classifier, image):
    assert scored("quantus:Monotonicity", features_in_step=16)[0] == 1
    untouched = torch.softmax(classifier.logits(image[None]), dim=1)[0, TARGET].item()
    lost, _ = scored("quantus:RegionPerturbation", patch_size=4, regions_evaluation=4)
    assert scored("quantus:Selectivity", patch_size=4)[0] == pytest.approx(untouched - lost, abs=1e-6)
    # With the likeness of the map to itself among them, the mean of all is what is returned as the average.
    assert scored("quantus:MPRT", return_average_correlation=True) == scored("quantus:MPRT")


# Every one of them


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_class_gives_a_number_or_says_why_it_cannot(name, scored):
    if name.removeprefix("quantus:") in NEEDS_MORE:
        with pytest.raises(ValueError, match="is not available"):
            MetricSpec(name=name)
        return
    value, n_evals = scored(name, **quick(name))
    if name in FAILS:
        assert isinstance(value, Absent)
        assert value.reason.startswith(f"Quantus {quantus.__version__} fails: {FAILS[name]}")
        return
    assert isinstance(value, float)
    assert np.isfinite(value)
    assert (n_evals > 0) == quantus_rows()[name].asks_model
    if name not in UNLIKE:
        assert scored(name, **quick(name)) == (value, n_evals)


@pytest.mark.parametrize("name", sorted(NEEDS_MORE))
def test_what_is_refused_gives_one_image_nothing_or_always_0(name, classifier, image, saliency, again, mark):
    row = quantus_rows()[f"quantus:{name}"]
    options = {option.name: QUICK.get(option.name, option.default) for option in row.options}
    if row.family == "localization":
        marked = SimpleNamespace(saliency=saliency, mark=mark)
        value = plugin_of(row).measure(marked, options)
    else:
        asked = SimpleNamespace(
            classifier=classifier,
            image=image,
            target=TARGET,
            saliency=saliency,
            seed=SEED,
            explain_again=again,
        )
        [one] = answer([plugin_of(row).measure(asked, options)], classifier.logits, batch_size=8)
        value = one.value.value
    assert value == 0 or isinstance(value, Absent)


# The numbers are Quantus's own


def by_hand(made, seed, name, **inputs):
    random_state = seed_for(seed, "quantus:", name)
    np.random.seed(random_state)  # noqa: NPY002
    torch.manual_seed(random_state)
    return made(channel_first=True, **inputs)


def test_a_score_is_what_the_class_says_when_called_plainly(scored, classifier, image, saliency, again):
    def explain(model, inputs, targets, **_):
        return again(model, inputs, targets.tolist())[:, None]

    given = {
        "model": classifier.module, "x_batch": image[None].numpy(), "y_batch": np.array([TARGET]),
        "a_batch": saliency[None, None].astype(float), "explain_func": explain, "device": "cpu",
    }  # fmt: skip
    quiet = {"return_aggregate": False, "disable_warnings": True}
    metric = quantus.FaithfulnessCorrelation(nr_runs=6, subset_size=30, **quiet)
    [expected] = by_hand(metric, SEED, "FaithfulnessCorrelation", softmax=False, **given)
    assert scored("quantus:FaithfulnessCorrelation", nr_runs=6, subset_size=30) == (expected, 7)
    metric = quantus.FaithfulnessCorrelation(
        nr_runs=6, subset_size=30, similarity_func=correlation_spearman, **quiet
    )
    [expected] = by_hand(metric, SEED, "FaithfulnessCorrelation", softmax=True, **given)
    value, _ = scored(
        "quantus:FaithfulnessCorrelation",
        nr_runs=6,
        subset_size=30,
        softmax=True,
        similarity_func="correlation_spearman",
    )
    assert value == expected
    metric = quantus.PixelFlipping(features_in_step=16, **quiet)
    [curve] = by_hand(metric, SEED, "PixelFlipping", softmax=True, **given)
    assert len(curve) == 12  # 192 values, 16 at a time
    assert scored("quantus:PixelFlipping", features_in_step=16) == (float(np.mean(curve)), 12)
    metric = quantus.MaxSensitivity(nr_samples=3, **quiet)
    [expected] = by_hand(metric, SEED, "MaxSensitivity", softmax=False, **given)
    assert scored("quantus:MaxSensitivity", nr_samples=3) == (expected, 3)
    layers = by_hand(quantus.MPRT(**quiet), SEED, "MPRT", softmax=False, **given)
    assert set(layers) == {"original", "4", "0"}
    assert scored("quantus:MPRT")[0] == pytest.approx(np.mean(list(layers.values())), abs=1e-12)
    assert scored("quantus:MPRT", return_last_correlation=True)[0] == layers["0"][0] < 1


def test_the_mark_is_what_quantus_gets_as_segmentation(scored, saliency, mark):
    """Of the map's positive and negative sum, what lies in the mark: Quantus does not clip."""
    value, _ = scored("quantus:RelevanceMassAccuracy", normalise=False)
    assert value == pytest.approx(saliency[mark].sum() / saliency.sum(), rel=1e-6)


def test_another_seed_is_another_number_and_the_world_s_own_draws_go_on_as_they_were(scored):
    def world():
        return str(np.random.get_state()), random.getstate(), torch.get_rng_state().tolist()  # noqa: NPY002

    before = world()
    first, second = (
        scored("quantus:FaithfulnessCorrelation", nr_runs=6, subset_size=9, seed=seed)[0] for seed in (1, 2)
    )
    assert first != second
    assert world() == before


# What goes wrong


def test_a_map_that_says_nothing_is_not_handed_over(classifier, image, mark):
    empty = np.zeros((SIDE, SIDE), dtype=np.float32)
    spec = MetricSpec(name="quantus:MaxSensitivity")
    [one] = answer(
        [ask_faithfulness(spec, classifier, image, TARGET, empty)], classifier.logits, batch_size=8
    )
    assert one.value.value == Absent("the map is zero everywhere: it points nowhere")
    spec = MetricSpec(name="quantus:PointingGame")
    assert isinstance(score_localization(spec, empty, mark, np.ones_like(mark)), Absent)
    nowhere = score_localization(spec, empty + mark, np.zeros_like(mark), np.ones_like(mark))
    assert nowhere == Absent("the mark is empty: the readers left no pixel to be found")


def test_no_number_from_quantus_is_no_score(scored, monkeypatch):
    monkeypatch.setattr(quantus.metrics.MaxSensitivity, "__call__", lambda *_, **__: [float("nan")])
    assert scored("quantus:MaxSensitivity")[0] == Absent(f"Quantus {quantus.__version__} gives nan")
    monkeypatch.setattr(quantus.metrics.MaxSensitivity, "__call__", lambda *_, **__: [None])
    assert scored("quantus:MaxSensitivity")[0] == Absent(f"Quantus {quantus.__version__} gives no number")


def test_what_quantus_says_is_told_without_paths_and_in_one_line():
    assert (
        _message(OSError("cannot read /home/eva/patients/a.npy: gone\nmore"))
        == "OSError: cannot read ... gone"
    )
    assert _message(ValueError(r"in C:\Users\eva\a.npy")) == "ValueError: in ..."
    assert _message(KeyError()) == "KeyError"
    assert _message(ValueError("four " * 100)) == "ValueError: " + "four " * 31 + "..."  # 160 letters at most


def test_memory_that_runs_out_is_no_score_that_is_missing(scored, monkeypatch):
    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr(quantus.metrics.MaxSensitivity, "__call__", full)
    with pytest.raises(MemoryError):
        scored("quantus:MaxSensitivity")


def test_settings_that_the_class_refuses_are_seen_before_a_run():
    options = MetricSpec(name="quantus:MaxSensitivity", similarity_func="nonsense").options
    with pytest.raises(
        AuditFileError, match=r"no function of quantus.functions is called 'nonsense'"
    ) as caught:
        check_options("quantus:mine", "quantus:MaxSensitivity", options)
    assert "metrics: 'quantus:mine'" in str(caught.value)
    assert caught.value.hint == "`xaudit list quantus` shows what quantus:MaxSensitivity takes"
    check_options("x", "quantus:MaxSensitivity", MetricSpec(name="quantus:MaxSensitivity").options)
