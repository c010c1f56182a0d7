"""The picture in a layer's tokens: known, stated, tried out and refused."""

import pytest
import torch
from test_tokens import of_timm, of_torchvision, of_transformers
from torch import nn

from xaudit.errors import ModelError
from xaudit.models.network.layer_grid import layer_grid
from xaudit.models.network.layers import target_layer
from xaudit.models.network.token_layer import TokenPicture, square_grids
from xaudit.models.network.transformer_layer import tokens_read
from xaudit.records import TokenGrid

FRAME = (32, 32)


class OwnTransformer(nn.Module):
    """Patches of 8 px with a prefix, tokens in an order, one attention; the head reads the first token or the mean."""

    def __init__(self, prefix=1, order=None, *, classes=2, mean=False):
        super().__init__()
        torch.manual_seed(0)
        self.patches = nn.Conv2d(3, 16, 8, stride=8)
        self.prefix = nn.Parameter(torch.randn(1, prefix, 16))
        self.norm = nn.LayerNorm(16)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.last = nn.LayerNorm(16)
        self.head = nn.Linear(16, classes)
        self.order, self.mean = order, mean

    def forward(self, images):
        picture = self.patches(images).flatten(2).transpose(1, 2)
        if self.order is not None:
            picture = picture[:, self.order]
        tokens = torch.cat([self.prefix.expand(len(images), -1, -1), picture], dim=1)
        normed = self.norm(tokens)
        tokens = self.last(tokens + self.attention(normed, normed, normed, need_weights=False)[0])
        return self.head(tokens.mean(dim=1) if self.mean else tokens[:, 0])


def grid_of(network, layer, stated=None):
    part = network.eval().get_submodule(layer)
    return layer_grid(network, part, subject=f"layer '{layer}'", model_hw=FRAME, tokens=stated)


def refusal(network, layer, stated=None):
    with pytest.raises(ModelError) as caught:
        grid_of(network, layer, stated)
    return str(caught.value), caught.value.hint


def test_tokens_become_a_picture_row_by_row_and_go_back_behind_their_prefix():
    grid = TokenPicture(TokenGrid(2, 2, 3))
    tokens = torch.arange(8.0).reshape(1, 8, 1)
    picture = grid.channels_first(tokens)
    assert picture.tolist() == [[[[2.0, 3.0, 4.0], [5.0, 6.0, 7.0]]]]
    assert grid.as_given(-picture, tokens).flatten().tolist() == [0, 1, -2, -3, -4, -5, -6, -7]
    two = torch.cat([picture, 10 * picture])
    assert grid.as_given(two, tokens)[1].flatten().tolist() == [0, 1, 20, 30, 40, 50, 60, 70]


def test_square_grids_of_a_number_of_tokens():
    assert square_grids(197) == [TokenGrid(1, 14, 14)]
    assert square_grids(18) == [TokenGrid(2, 4, 4), TokenGrid(9, 3, 3), TokenGrid(14, 2, 2)]
    assert square_grids(3) == []


def test_a_known_transformer_needs_no_words():
    assert grid_of(of_torchvision(), "encoder.layers.encoder_layer_0") == TokenPicture(TokenGrid(1, 4, 4))


def test_an_unknown_transformer_is_refused_with_the_lines_that_describe_it():
    assert refusal(OwnTransformer(), "norm") == (
        "layer 'norm' gives 17 tokens, and OwnTransformer is no network whose tokens xaudit knows",
        "set beside `layer` in the model's entry `tokens: {prefix: 1, grid: [4, 4]}`, if these are the tokens before the picture "
        "and its rows and columns",
    )
    assert grid_of(OwnTransformer(), "norm", TokenGrid(1, 4, 4)).tokens == TokenGrid(1, 4, 4)


def test_without_a_layer_the_candidates_are_those_whose_picture_gets_a_gradient():
    """Behind the attention only the class token is read, so `last` is none."""
    with pytest.raises(ModelError) as caught:
        target_layer(OwnTransformer().eval(), None, model_id="net", model_hw=FRAME)
    assert (
        caught.value.hint
        == "set `layer` to one of: norm with `tokens: {prefix: 1, grid: [4, 4]}`, patches (4 × 4)"
    )
    assert "last with `tokens" in target_hint(OwnTransformer(mean=True).eval())


def test_a_network_without_numbers_has_the_same_candidates():
    """A network is checked before the run full of zeros: no gradient would tell."""
    network = OwnTransformer().eval()
    expected = target_hint(network)
    with torch.no_grad():
        for weight in network.parameters():
            weight.zero_()
    assert target_hint(network) == expected
    assert not any(weight.any() for weight in network.parameters())


def target_hint(network):
    with pytest.raises(ModelError) as caught:
        target_layer(network, None, model_id="net", model_hw=FRAME)
    return caught.value.hint


def test_a_wrong_number_of_tokens_is_refused_with_one_that_fits():
    assert refusal(OwnTransformer(), "norm", TokenGrid(1, 4, 5)) == (
        "layer 'norm' gives 17 tokens, and `tokens` describes 1 + 4 × 5 = 21",
        "`tokens: {prefix: 1, grid: [4, 4]}` would fit",
    )


def test_the_statement_counts_before_the_table():
    message, _ = refusal(of_torchvision(), "encoder.layers.encoder_layer_0", TokenGrid(0, 4, 4))
    assert message.endswith("gives 17 tokens, and `tokens` describes 0 + 4 × 4 = 16")


COLUMNS_FIRST = torch.arange(16).reshape(4, 4).T.flatten()
WINDOWS = torch.arange(16).reshape(2, 2, 2, 2).transpose(1, 2).flatten()
SHIFTED = torch.arange(16).reshape(4, 4).roll((1, 1), (0, 1)).flatten()


@pytest.mark.parametrize("order", [COLUMNS_FIRST, WINDOWS, SHIFTED])
def test_tokens_in_columns_in_windows_or_shifted_are_refused(order):
    message, hint = refusal(OwnTransformer(order=order), "norm", TokenGrid(1, 4, 4))
    assert message == (
        "layer 'norm': where one patch of the image changes, another token changes most than the one that `tokens: "
        "{prefix: 1, grid: [4, 4]}` puts there"
    )
    assert hint.startswith("its tokens are cut into windows, shifted or in another order")


def test_a_rectangle_of_the_right_number_and_the_wrong_sides_is_refused():
    """16 = 2 × 8, and a wrong prefix: 17 = 5 + 3 × 4."""
    for stated in (TokenGrid(1, 2, 8), TokenGrid(5, 3, 4)):
        assert "another token changes most" in refusal(OwnTransformer(), "norm", stated)[0]


def test_tokens_that_make_no_square_are_refused():
    class Cut(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = OwnTransformer(prefix=0)
            self.cut = nn.Identity()

        def forward(self, images):
            tokens = self.inner.patches(images).flatten(2).transpose(1, 2)
            return self.inner.head(self.cut(tokens[:, [0, 5]]).mean(dim=1))

    assert refusal(Cut(), "cut")[0] == (
        "layer 'cut' gives 2 tokens, which make no square picture behind a prefix of up to 15"
    )


@pytest.mark.parametrize(
    ("build", "last_norm", "reads", "layer"),
    [
        (of_torchvision, "encoder.ln", "prefix", "encoder.layers.encoder_layer_1.ln_1"),
        (lambda: of_timm("beit", "Beit"), "norm", "picture", "norm"),
        (lambda: of_timm("vision_transformer", "VisionTransformer"), "norm", "prefix", "blocks.1.norm1"),
        (
            lambda: of_timm("vision_transformer", "VisionTransformer", global_pool="avg"),
            "norm",
            "picture",
            "norm",
        ),
    ],
)
def test_the_layer_follows_from_the_tokens_that_the_head_reads(build, last_norm, reads, layer):
    torch.manual_seed(0)
    network = build().eval()
    for weight in network.parameters():
        if weight.ndim == 2 and not weight.any():  # torchvision's head starts at zero
            nn.init.normal_(weight)
    assert tokens_read(network, network.get_submodule(last_norm), TokenGrid(1, 4, 4), FRAME) == reads
    assert target_layer(network, None, model_id="net", model_hw=FRAME) is network.get_submodule(layer)


def test_where_both_are_read_the_layer_is_the_input_of_the_last_block():
    torch.manual_seed(0)
    network = of_transformers("Dinov2").eval()
    layer = target_layer(network, None, model_id="net", model_hw=FRAME)
    assert layer is network.dinov2.encoder.layer[0]


class OnTheClassToken(nn.Module):
    """An encoder of transformers, such as RAD-DINO's, under a linear head of one's own."""

    def __init__(self):
        super().__init__()
        self.encoder = of_transformers("Dinov2").dinov2
        self.head = nn.Linear(16, 2)

    def forward(self, images):
        return self.head(self.encoder(images).last_hidden_state[:, 0])


def test_a_known_encoder_under_an_own_head_is_explained_by_what_that_head_reads():
    """Below the head of transformers, which reads both, it is the input of the last block."""
    torch.manual_seed(0)
    network = OnTheClassToken().eval()
    layer = target_layer(network, None, model_id="net", model_hw=FRAME)
    assert layer is network.encoder.encoder.layer[1].norm1
    assert grid_of(network, "encoder.encoder.layer.1.norm1") == TokenPicture(TokenGrid(1, 4, 4))


class Behind(nn.Module):
    """A known encoder, and a layer of one's own behind it that puts its tokens in an order."""

    def __init__(self, order):
        super().__init__()
        self.encoder = of_transformers("Dinov2").dinov2
        self.own = nn.Identity()
        self.head = nn.Linear(16, 2)
        self.order = order

    def forward(self, images):
        tokens = self.encoder(images).last_hidden_state
        return self.head(self.own(torch.cat([tokens[:, :1], tokens[:, 1:][:, self.order]], 1)).mean(1))


def test_behind_a_known_encoder_the_number_of_tokens_is_not_believed():
    torch.manual_seed(0)
    assert grid_of(Behind(torch.arange(16)), "own") == TokenPicture(TokenGrid(1, 4, 4))
    assert "is no network whose tokens xaudit knows" in refusal(Behind(COLUMNS_FIRST), "own")[0]
