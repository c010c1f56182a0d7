import numpy as np
import pytest
import torch
from evidence_models import classifier_of, small_vit

from xaudit.catalog import EXPLAINERS
from xaudit.config import ExplainerSpec
from xaudit.errors import ModelError
from xaudit.explainers import make_explainer
from xaudit.explainers.native_grids import native_grids
from xaudit.models.classifier import Classifier
from xaudit.native_grid import SegmentGrid


class Reader(torch.nn.Module):
    """Features of 4 × 4 on a frame of 16 × 16."""

    def __init__(self):
        super().__init__()
        self.features = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1), torch.nn.AvgPool2d(4))
        self.head = torch.nn.Linear(2, 2)

    def forward(self, images):
        return self.head(self.features(images).mean(dim=(2, 3)))


@pytest.fixture
def classifier():
    torch.manual_seed(0)
    return Classifier(
        id="reader", module=Reader(), class_names=("a", "b"), model_hw=(16, 16), layer="features", mean=(0, 0, 0),
        std=(1, 1, 1),
    )  # fmt: skip


@pytest.mark.parametrize("row", EXPLAINERS, ids=lambda row: row.id)
def test_every_explainer_has_a_grid_and_no_control_has(row, classifier):
    model = classifier_of(small_vit()) if row.family == "attention" else classifier
    grid_of = native_grids(ExplainerSpec(name=row.id), model)
    assert (grid_of is None) == row.control
    if grid_of is not None:
        shown = grid_of(torch.rand(3, *model.model_hw)).best_map(np.ones(model.model_hw))
        assert shown == pytest.approx(np.ones(model.model_hw))


@pytest.mark.parametrize("name", ["attention-rollout", "attention-gradient"])
def test_the_grid_of_attention_is_the_patches_and_the_meter_does_not_count_the_look(name):
    model = classifier_of(small_vit())
    before = model.meter.n_evals
    grid = native_grids(ExplainerSpec(name=name), model)(torch.zeros(3, 32, 32))
    assert grid.cell_px == (8.0, 8.0)
    assert model.meter.n_evals == before


def test_gradcams_grid_is_its_layers_and_the_meter_does_not_count_the_look(classifier):
    before = classifier.meter.n_evals
    grid = native_grids(ExplainerSpec(name="gradcam"), classifier)(torch.zeros(3, 16, 16))
    assert grid.cell_px == (4.0, 4.0)
    assert classifier.meter.n_evals == before
    assert not classifier.module.features._forward_hooks


def test_a_map_of_gradcam_is_drawn_from_cells_of_its_grid(classifier):
    # The explainer's own map, averaged over the grid's cells and drawn again, has its peak in the same cell.
    image = torch.rand(1, 3, 16, 16)
    [drawn] = make_explainer(ExplainerSpec(name="gradcam"), classifier).explain(image, [0], [0])
    if np.ptp(drawn) > 0:
        grid = native_grids(ExplainerSpec(name="gradcam"), classifier)(image[0])
        one, other = (np.unravel_index(np.argmax(m), (16, 16)) for m in (drawn, grid.best_map(drawn)))
        assert [place // 4 for place in one] == [place // 4 for place in other]


def test_limes_grid_is_the_superpixels_that_its_map_is_painted_with(classifier):
    spec = ExplainerSpec.model_validate({"name": "lime", "samples": 20, "segments": 6})
    image = torch.rand(1, 3, 16, 16)
    [drawn] = make_explainer(spec, classifier).explain(image, [0], [7])
    grid = native_grids(spec, classifier)(image[0])
    assert isinstance(grid, SegmentGrid)
    for label in range(int(grid.segments.max()) + 1):
        assert np.ptp(drawn[grid.segments == label]) == 0


def test_occlusions_cells_are_its_steps(classifier):
    spec = ExplainerSpec.model_validate({"name": "occlusion", "window": 0.25, "stride": 0.125})
    grid = native_grids(spec, classifier)(torch.zeros(3, 16, 16))
    assert grid.cell_px == (2.0, 2.0)
    assert grid.pool_rows.shape == (7, 16)  # (16 - 4) / 2 + 1


def test_a_layer_without_a_picture_is_refused_by_name(classifier):
    spec = ExplainerSpec.model_validate({"name": "gradcam", "layer": "head"})
    with pytest.raises(ModelError, match=r"layer 'head' gives \(N, 2\), not features on a grid"):
        native_grids(spec, classifier)
