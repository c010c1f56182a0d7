"""What holds for every row of the catalog's table of explainers; a new row is tested without anyone remembering."""

import numpy as np
import pytest
import torch
from evidence_models import Kinked, Plain, Smooth, classifier_of, small_vit

from xaudit.catalog import EXPLAINERS, explainer_row
from xaudit.config import ExplainerSpec
from xaudit.explainers import make_explainer
from xaudit.plugins.explainer_check import check_maps

MAKERS = [row for row in EXPLAINERS if row.made_of == "image"]
IDS = [row.id for row in MAKERS]
INFORMED = [row.id for row in EXPLAINERS if not row.control]
CONTROLS = [row.id for row in MAKERS if row.control]
OPTIONS = [(row.id, option) for row in MAKERS for option in row.options]
DRAWS = {"lime", "random", "smoothgrad", "gradient-shap", "kernel-shap", "rise"}
"""Explainers whose map depends on the seed."""
SAME_FOR_ALL_CLASSES = {"eigencam", "attention-rollout"}
"""Informed explainers that look at features or attention only."""
NETWORKS = {
    "guided-backprop": Kinked,
    "deeplift": Kinked,
    "lrp": Plain,
    **{row.id: small_vit for row in EXPLAINERS if row.family == "attention"},
}
"""Who refuses a network whose steps are not modules, or that is no transformer."""
FEW = {"kernel-shap": {"samples": 40, "segments": 12}, "rise": {"samples": 60}}
"""Settings under which the slow ones are tried."""
TARGETS, SEEDS = [1, 0, 1], [11, 12, 13]

every_explainer = pytest.mark.parametrize("name", IDS)


def classifier(name="lime", **options):
    return classifier_of(NETWORKS.get(name, Smooth)(), layer="conv2", **options)


def explain(name, images, *, model=None, targets=TARGETS, seeds=SEEDS, **options):
    spec = ExplainerSpec(name=name, **{**FEW.get(name, {}), **options})
    return make_explainer(spec, model or classifier(name)).explain(images, targets, seeds)


@every_explainer
def test_a_map_is_finite_float32_of_the_model_frame_and_not_constant(name, images):
    maps = explain(name, images)
    assert maps.shape == (3, 32, 32)
    assert maps.dtype == np.float32
    assert np.isfinite(maps).all()
    assert (maps.reshape(3, -1).std(axis=1) > 0).all()


@every_explainer
def test_only_explainers_that_draw_depend_on_the_seed(name, images):
    changed = [
        not np.array_equal(a, b)
        for a, b in zip(explain(name, images), explain(name, images, seeds=[1, 2, 3]), strict=True)
    ]
    assert changed == [name in DRAWS] * 3


@every_explainer
def test_what_plug_ins_are_held_to_holds_for_our_own(name):
    spec, signed = ExplainerSpec(name=name, **FEW.get(name, {})), explainer_row(name).signed
    check_maps(lambda model: make_explainer(spec, model), classifier(name), signed=signed, within=1e-5)


@every_explainer
def test_no_images_give_no_maps(name, images):
    assert explain(name, images[:0], targets=[], seeds=[]).shape == (0, 32, 32)


@every_explainer
def test_images_made_in_inference_mode_can_be_explained(name, images):
    with torch.inference_mode():
        untracked = images.clone()
    np.testing.assert_array_equal(explain(name, untracked), explain(name, images))


@every_explainer
def test_the_model_comes_back_as_it_was(name, images):
    model = classifier(name)
    frozen, *_, lent = model.module.parameters()
    frozen.requires_grad_(False)
    lent.grad = torch.full_like(lent, 3.0)
    before = state_of(model.module)
    explain(name, images, model=model)
    assert state_of(model.module) == before
    assert torch.equal(lent.grad, torch.full_like(lent, 3.0))
    assert torch.is_grad_enabled()


def state_of(module):
    parts = [
        (
            key,
            part.training,
            len(part._forward_hooks),
            len(part._forward_pre_hooks),
            len(part._backward_hooks),
        )
        for key, part in module.named_modules()
    ]
    weights = [
        (
            key,
            weight.requires_grad,
            id(weight.grad),
            weight.detach().sum().item(),
            len(weight._backward_hooks or {}),
        )
        for key, weight in module.named_parameters()
    ]
    return parts, weights


@every_explainer
def test_nothing_is_printed_and_no_progress_bar_is_drawn(name, images, capfd):
    explain(name, images)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", INFORMED)
def test_an_informed_explainer_asks_the_model_and_follows_the_target(name, images):
    model = classifier(name)
    maps = explain(name, images, model=model)
    assert model.meter.n_evals >= 3
    others = explain(name, images, targets=[1 - target for target in TARGETS])
    same = [np.allclose(one, other) for one, other in zip(maps, others, strict=True)]
    assert same == [name in SAME_FOR_ALL_CLASSES] * 3


@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_never_asks_the_model(name, images):
    model = classifier(name)
    maps = explain(name, images, model=model)
    assert model.meter.n_evals == 0
    np.testing.assert_array_equal(explain(name, images, targets=[0, 1, 0]), maps)


@pytest.mark.parametrize(("name", "option"), OPTIONS, ids=lambda value: getattr(value, "name", value))
def test_every_option_of_the_catalog_changes_the_map(name, option, images):
    match option.default:
        case None:
            other = "conv1"
        case str():
            other = next(choice for choice in option.choices if choice != option.default)
        case int():
            # kernel-shap wants twice as many samples as superpixels; 2 superpixels of noise are one.
            other = {"segments": 20, "samples": 50}.get(option.name, int(option.minimum))
        case float():
            # Half a stride, but twice a window: a stride may not exceed the window, nor a probability 1.
            other = option.default * (0.5 if option.name in ("stride", "probability") else 2)
    changed = explain(name, images, **{option.name: other}) - explain(name, images)
    assert np.abs(changed).max() > 1e-4


@every_explainer
def test_a_question_that_does_not_fit_the_model_is_refused(name, images):
    with pytest.raises(
        ValueError, match=r"^expected images of shape \(N, 3, 32, 32\), got \(3, 3, 16, 16\)$"
    ):
        explain(name, images[..., ::2, ::2])
    with pytest.raises(ValueError, match=r"^3 images with 2 targets and 3 seeds$"):
        explain(name, images, targets=[0, 1])
    with pytest.raises(ValueError, match=r"^3 images with 3 targets and 1 seeds$"):
        explain(name, images, seeds=[0])
    for wrong in (2, -1):
        with pytest.raises(ValueError, match=rf"^target {wrong} is no class of a model with 2 classes$"):
            explain(name, images, targets=[0, 1, wrong])
