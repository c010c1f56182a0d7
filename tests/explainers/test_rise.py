"""RISE against the paper's formula in loops, and what its masks are."""

import numpy as np
import pytest
import torch
from evidence_models import Smooth, classifier_of

from references.rise import rise
from xaudit.config import ExplainerSpec
from xaudit.explainers import make_explainer
from xaudit.explainers.baselines import blank_image
from xaudit.explainers.rise import draw_masks


def maker(model, **options):
    return make_explainer(ExplainerSpec(name="rise", **options), model)


@pytest.mark.parametrize(("grid", "baseline"), [(4, "black"), (5, "mean")])
def test_the_map_is_the_papers(grid, baseline, images):
    """32 pixels in 5 cells are 6.4, so a cell is 7 pixels and the mask is cut from 6 · 7 = 42."""
    model = classifier_of(Smooth(), batch_size=7)
    explainer = maker(model, samples=12, grid=grid, baseline=baseline, probability=0.3)
    [saliency] = explainer.explain(images[:1], [1], [5])
    cells, shifts = draw_masks(12, grid, 0.3, explainer.cell_px, 5)

    def probability_of(image):
        logits = model.logits(torch.from_numpy(image.astype(np.float32))[None])
        return torch.softmax(logits, dim=1)[0, 1].item()

    expected = rise(
        probability_of,
        images[0].double().numpy(),
        blank_image(model, images[0], baseline).double().numpy(),
        cells,
        shifts,
        0.3,
    )
    np.testing.assert_allclose(saliency, expected, rtol=0, atol=1e-6)


def test_masks_show_the_share_they_are_asked_for_everywhere():
    """The mean of 4000 masks of probability .3: .3 on every pixel, within four standard errors of .46 / √4000."""
    explainer = maker(classifier_of(Smooth()), samples=4000, probability=0.3)
    mean = torch.cat(list(explainer.masks(0))).mean(dim=0)
    assert float((mean - 0.3).abs().max()) < 4 * 0.46 / np.sqrt(4000)


def test_shifts_stay_below_a_cell_and_reach_every_pixel_of_it():
    _, shifts = draw_masks(2000, 4, 0.5, (8, 5), 0)
    assert set(shifts[:, 0]) == set(range(8))
    assert set(shifts[:, 1]) == set(range(5))


def test_a_probability_that_is_always_the_same_gives_a_flat_map_in_the_mean():
    """f = ½ for every mask: S = ½ · mean(M) / p, which is ½ but for the masks' own noise."""
    module = Smooth()
    with torch.no_grad():
        module.head.weight.zero_()
        module.head.bias.zero_()
    [saliency] = maker(classifier_of(module), samples=2000).explain(torch.zeros(1, 3, 32, 32), [1], [0])
    np.testing.assert_allclose(saliency, 0.5, rtol=0, atol=4 * 0.5 * 0.5 / 0.5 / np.sqrt(2000))
