"""The axes of a layer's features, on networks whose right answer is known, and what nothing tells apart."""

import pytest
import torch
import torchvision
from torch import nn

from xaudit.errors import ModelError
from xaudit.models.network.layer_grid import LayerGrid, layer_grid
from xaudit.models.network.layers import candidate_layers

SIDE = 64


def grid_of(network, name, side=SIDE):
    layer = dict(network.eval().named_modules())[name]
    return layer_grid(network, layer, subject=f"layer '{name}'", model_hw=(side, side))


def refusal(network, name):
    with pytest.raises(ModelError) as caught:
        grid_of(network, name)
    return str(caught.value)


class Turned(nn.Module):
    """A convolution of 8 channels on a grid of 16 × 16, whose axes are put in another order; `seen` has that order."""

    def __init__(self, order, *, fixed=False, spoilt=False):
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Conv2d(3, 8, 4, stride=4)
        self.seen = nn.Identity()
        self.head = nn.Linear(8 * 16 * 16 if fixed else 8, 2)
        self.order, self.fixed, self.spoilt = order, fixed, spoilt

    def forward(self, images):
        if self.fixed:
            assert images.shape[2:] == (SIDE, SIDE)
        features = self.stem(images)
        if self.spoilt:  # every place holds the same mean, so no half of the image is left in any place
            features = features.mean(dim=(2, 3), keepdim=True).expand_as(features)
        features = self.seen(features.permute(self.order))
        back = features.permute([self.order.index(axis) for axis in range(4)])
        return self.head(back.flatten(1) if self.fixed else back.mean(dim=(2, 3)))


@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize(
    ("order", "rows", "columns", "channels"),
    [
        ((0, 1, 2, 3), 2, 3, 1),
        ((0, 2, 3, 1), 1, 2, 3),
        ((0, 3, 2, 1), 2, 1, 3),
        ((0, 1, 3, 2), 3, 2, 1),
        ((0, 2, 1, 3), 1, 3, 2),
    ],
)
def test_rows_and_columns_are_the_axes_that_follow_the_image(order, rows, columns, channels, fixed):
    """(N, C, h, w) in five orders; a network of one frame only is told by halves of the image."""
    assert grid_of(Turned(order, fixed=fixed), "seen") == LayerGrid(rows, columns, channels, (16, 16))


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 3, 1), (0, 3, 2, 1)])
def test_features_go_to_channels_first_and_back(order):
    grid = grid_of(Turned(order), "seen")
    features = torch.arange(2 * 8 * 16 * 16.0).reshape(2, 8, 16, 16)
    given = features.permute(order)
    torch.testing.assert_close(grid.channels_first(given), features, rtol=0, atol=0)
    torch.testing.assert_close(grid.as_given(features, given), given, rtol=0, atol=0)


def test_a_layer_that_nothing_tells_is_refused_by_name():
    network = Turned((0, 2, 3, 1), fixed=True, spoilt=True)
    assert refusal(network, "seen") == (
        "layer 'seen' gives features of shape (N, 16, 16, 8), and neither its class (Identity) nor images of another height, "
        "width or half tell which axes are rows, columns and channels"
    )


class Windows(nn.Module):
    """A LayerNorm on windows: (N, windows, places of a window, C), or all windows in the first axis."""

    def __init__(self, *, joined):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 4, stride=4)
        self.norm = nn.LayerNorm(8)
        self.head = nn.Linear(8, 2)
        self.joined = joined

    def forward(self, images):
        n_images, (height, width) = len(images), (images.shape[2] // 16, images.shape[3] // 16)
        cut = self.stem(images).reshape(n_images, 8, height, 4, width, 4).permute(0, 2, 4, 3, 5, 1)
        if self.joined:
            features = self.norm(cut.reshape(n_images * height * width, 4, 4, 8))
            return self.head(features.reshape(n_images, -1, 8).mean(1))
        return self.head(self.norm(cut.reshape(n_images, height * width, 16, 8)).mean(dim=(1, 2)))


def test_windows_are_no_rows_although_their_shape_is_square():
    """64 px: 4 × 4 windows of 4 × 4 cells, so (N, 16, 16, 8), the shape of a picture."""
    assert "gives features of shape (N, 16, 16, 8), and neither its class (LayerNorm)" in refusal(
        Windows(joined=False), "norm"
    )


def test_windows_in_the_first_axis_are_no_images():
    assert "gives shape (32, 4, 4, 8) for 2 images" in refusal(Windows(joined=True), "norm")


def small_swin(version=1):
    kinds = torchvision.models.swin_transformer
    options = {"block": kinds.SwinTransformerBlockV2, "downsample_layer": kinds.PatchMergingV2}
    return kinds.SwinTransformer(
        [4, 4], 8, [1, 2], [1, 2], [4, 4], num_classes=2, **(options if version == 2 else {})
    )


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(("name", "side"), [("features.3", 8), ("features.1", 16), ("norm", 8)])
def test_stages_of_torchvisions_swin_are_channels_last(version, name, side):
    assert grid_of(small_swin(version), name) == LayerGrid(1, 2, 3, (side, side))


def test_inside_a_block_of_convnext_the_axes_are_turned_twice():
    convnext = torchvision.models.convnext
    network = convnext.ConvNeXt([convnext.CNBlockConfig(8, None, 2)], num_classes=2)
    found = {name: grid_of(network, f"features.1.0.block.{name}").channels for name in range(7)}
    assert found == {0: 1, 1: 3, 2: 3, 3: 3, 4: 3, 5: 3, 6: 1}
    assert grid_of(network, "features.0.1") == LayerGrid(
        2, 3, 1, (16, 16)
    )  # LayerNorm2d, which is a LayerNorm


def test_timms_swin_takes_one_frame_only_and_is_told_all_the_same():
    swin = pytest.importorskip("timm.models.swin_transformer")
    network = swin.SwinTransformer(
        SIDE, embed_dim=8, depths=(1, 1), num_heads=(1, 2), window_size=4, num_classes=2
    )
    for name, side in (("layers.1", 8), ("layers.1.blocks.0.norm1", 8), ("norm", 8), ("patch_embed", 16)):
        assert grid_of(network, name) == LayerGrid(1, 2, 3, (side, side))
    assert grid_of(network, "patch_embed.proj") == LayerGrid(2, 3, 1, (16, 16))


def test_a_maxvit_takes_one_frame_only_and_is_told_by_its_blocks():
    torch.manual_seed(0)
    network = torchvision.models.MaxVit((SIDE, SIDE), 8, 2, [8, 16], [1, 1], 4, 0.0, num_classes=2)
    assert grid_of(network, "blocks.1") == LayerGrid(2, 3, 1, (8, 8))


def test_a_copy_with_other_weights_keeps_the_axes():
    """A network that no half tells any more, as one is whose weights were drawn anew for a check of maps."""
    from copy import deepcopy

    network = Turned((0, 2, 3, 1), fixed=True)
    grid = grid_of(network, "seen")
    copy = deepcopy(network)
    copy.spoilt = True
    assert grid_of(copy, "seen") == grid


def test_candidates_of_a_network_that_is_channels_last_have_its_grids():
    candidates = candidate_layers(small_swin().eval(), (SIDE, SIDE))
    assert {name: grid.hw for name, grid in candidates.items()} == {"features.1": (16, 16), "norm": (8, 8)}


def test_a_layer_behind_the_pooling_is_refused():
    network = nn.Sequential(
        nn.Conv2d(3, 8, 4, stride=4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2)
    )
    assert refusal(network, "1") == (
        "layer '1' gives one place for the whole image, as a layer behind the pooling does"
    )
