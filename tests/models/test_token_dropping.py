"""Transformers without some of their tokens: equal to the blocks run on the others, refusals, and the network as before."""

from copy import deepcopy

import numpy as np
import pytest
import timm
import torch
import transformers
from torch import nn
from torchvision.models import SwinTransformer, VisionTransformer, resnet18

from xaudit.config import AuditFile
from xaudit.errors import ModelError
from xaudit.metrics.reliance import ask_region_reliance
from xaudit.models.classifier import Classifier
from xaudit.models.features import feature_reader
from xaudit.perturb.asking import answer_one
from xaudit.stages.work.preflight import prepare_infills

SIDE, PATCH = 32, 8


def plain_vit():
    torch.manual_seed(0)
    network = VisionTransformer(
        image_size=SIDE, patch_size=PATCH, num_layers=2, num_heads=2, hidden_dim=16, mlp_dim=32, num_classes=2
    )
    nn.init.normal_(network.heads.head.weight)
    return network


def timm_vit(name="vit_tiny_patch16_224"):
    torch.manual_seed(0)
    sizes = {"img_size": SIDE, "patch_size": PATCH, "embed_dim": 16, "depth": 2, "num_heads": 2}
    return timm.create_model(name, num_classes=2, **sizes)


def folder_vit(name):
    torch.manual_seed(0)
    config = getattr(transformers, f"{name}Config")(
        image_size=SIDE, patch_size=PATCH, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        num_labels=2,
    )  # fmt: skip
    return getattr(transformers, f"{name}ForImageClassification")(config)


NETWORKS = {
    "torchvision": plain_vit,
    "timm vit": timm_vit,
    "timm deit": lambda: timm_vit("deit_tiny_distilled_patch16_224"),
    "timm dinov2": lambda: timm_vit("vit_small_patch14_reg4_dinov2"),
    **{
        name: (lambda name=name: folder_vit(name))
        for name in ("ViT", "DeiT", "Dinov2", "Dinov2WithRegisters")
    },
}


def classifier_of(network, **options):
    return Classifier(id="m", module=network, class_names=("a", "b"), model_hw=(SIDE, SIDE), **options)


def dropping(network, **options):
    model = classifier_of(network, **options)
    model.let_drop_tokens()
    return model


def images(n=3):
    return torch.randn((n, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(1))


def without(shown, *areas):
    """The images without these areas: (image, rows, columns), in pixels."""
    shown = shown.clone()
    for index, rows, columns in areas:
        shown[index, :, rows, columns] = torch.nan
    return shown


def torchvision_by_hand(network, image, kept):
    tokens = network._process_input(image[None])
    tokens = torch.cat([network.class_token, tokens], dim=1) + network.encoder.pos_embedding
    tokens = tokens[:, [0, *(1 + place for place in kept)]]
    return network.heads(network.encoder.ln(network.encoder.layers(tokens))[:, 0])


def timm_by_hand(network, image, kept):
    tokens = network._pos_embed(network.patch_embed(image[None]))
    tokens = network.blocks(tokens[:, [0, *(1 + place for place in kept)]])
    return network.forward_head(network.norm(tokens))


@pytest.mark.parametrize(("make", "by_hand"), [(plain_vit, torchvision_by_hand), (timm_vit, timm_by_hand)])
def test_logits_are_those_of_the_blocks_run_on_the_patches_that_are_left(make, by_hand):
    network, shown = make(), images()
    model = dropping(network)
    # The second row of patches of image 0; a patch of image 1; nothing of image 2.
    areas = [(0, slice(8, 16), slice(0, 32)), (1, slice(24, 32), slice(24, 32))]
    logits = model.logits(without(shown, *areas))
    with torch.no_grad():
        expected = [
            by_hand(network, shown[0], [*range(4), *range(8, 16)]),
            by_hand(network, shown[1], range(15)),
            by_hand(network, shown[2], range(16)),
        ]
    torch.testing.assert_close(logits, torch.cat(expected), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", NETWORKS)
def test_blocks_see_the_tokens_that_are_left_and_whole_images_give_the_same_logits_as_before(name):
    network, shown = NETWORKS[name](), images()
    before = classifier_of(network).logits(shown)
    model = dropping(network)
    assert torch.equal(model.logits(shown), before)
    seen = []
    blocks = [
        part
        for part in network.modules()
        if type(part).__name__ in ("EncoderBlock", "Block") or type(part).__name__.endswith("Layer")
    ]
    blocks[-1].register_forward_pre_hook(
        lambda _block, inputs, named: seen.append((inputs[0] if inputs else named["hidden_states"]).shape),
        with_kwargs=True,
    )
    gone = without(shown, (0, slice(0, 8), slice(0, 16)), (2, slice(0, 16), slice(0, 16)))
    logits = model.logits(gone)
    prefix = seen[1][1] - 16
    assert [(shape[0], shape[1] - prefix) for shape in seen] == [(1, 14), (1, 16), (1, 12)]
    assert torch.isfinite(logits).all()
    torch.testing.assert_close(logits[1], before[1], atol=1e-5, rtol=1e-4)
    assert (logits[[0, 2]] - before[[0, 2]]).abs().max() > 0


def test_each_image_has_the_logits_that_it_has_alone():
    model = dropping(plain_vit())
    gone = without(
        images(),
        (0, slice(0, 8), slice(0, 8)),
        (1, slice(0, 16), slice(0, 8)),
        (2, slice(8, 16), slice(0, 8)),
    )
    alone = torch.cat([model.logits(image[None]) for image in gone])
    torch.testing.assert_close(model.logits(gone), alone, atol=1e-5, rtol=1e-4)


def test_a_patch_of_which_less_than_half_is_gone_shows_the_mean_of_the_other_pixels_there():
    network = plain_vit()
    model, shown = dropping(network), images(1)
    gone = without(shown, (0, slice(0, 8), slice(0, 3)))  # 24 of the 64 pixels of the first patch
    painted = shown.clone()
    is_left = ~torch.isnan(gone[0, 0])
    painted[0, :, 0:8, 0:3] = shown[0][:, is_left].mean(dim=1)[:, None, None]
    torch.testing.assert_close(model.logits(gone), model.logits(painted), atol=1e-5, rtol=1e-4)
    half = without(shown, (0, slice(0, 8), slice(0, 4)))
    with torch.no_grad():
        expected = torchvision_by_hand(network, shown[0], range(1, 16))
    torch.testing.assert_close(model.logits(half), expected, atol=1e-5, rtol=1e-4)


def test_an_image_of_which_no_patch_is_left_shows_the_mean_of_what_is_left():
    model, shown = dropping(plain_vit()), images(1)
    gone = without(shown, (0, slice(0, 32), slice(0, 32)))
    gone[0, :, 0, 0] = shown[0, :, 0, 0]
    painted = shown[:, :, :1, :1].expand(-1, -1, SIDE, SIDE)
    torch.testing.assert_close(model.logits(gone), model.logits(painted), atol=1e-5, rtol=1e-4)


def test_features_and_copies_of_the_network_drop_tokens_too():
    model = dropping(plain_vit())
    gone = without(images(), (1, slice(0, 8), slice(0, 8)))
    read = feature_reader(model)
    features = torch.from_numpy(read(gone)).float()
    head = model.module.heads.head
    with torch.no_grad():
        torch.testing.assert_close(
            features @ head.weight.T + head.bias, model.logits(gone), atol=1e-5, rtol=1e-4
        )
        torch.testing.assert_close(deepcopy(model.module)(gone), model.logits(gone), atol=1e-5, rtol=1e-4)


def test_reliance_on_a_region_is_the_fall_without_its_tokens():
    network, [image] = plain_vit(), images(1)
    model = dropping(network)
    mark = np.zeros((SIDE, SIDE), dtype=bool)
    mark[8:16, 16:24] = True  # the seventh patch
    asking = ask_region_reliance(
        image, 1, {"mark": mark}, infills=["drop-tokens"], controls=2, generator=np.random.default_rng(0)
    )
    [effect] = answer_one(asking, model.logits, batch_size=2)
    with torch.no_grad():
        fall = (network(image[None]) - torchvision_by_hand(network, image, [*range(6), *range(7, 16)]))[0, 1]
    assert effect.logit_drop == pytest.approx(float(fall), abs=1e-5)


class Mirrored(nn.Module):
    """A transformer that sees its images mirrored."""

    def __init__(self):
        super().__init__()
        self.vit = plain_vit()

    def forward(self, images):
        return self.vit(images.flip(3))


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (
            lambda: resnet18(num_classes=2),
            "a vision transformer whose blocks all work on the same tokens, and ResNet is not known as such",
        ),
        (
            lambda: SwinTransformer([4, 4], 8, [1, 1], [1, 1], [4, 4], num_classes=2),
            "a vision transformer whose blocks all work on the same tokens, and SwinTransformer is not known as such",
        ),
        (
            lambda: timm_vit("beit_base_patch16_224"),
            "positions that are embedded before the first block; those of 'blocks.0' (Block) may depend on the places of its "
            "tokens",
        ),
        (
            Mirrored,
            "tokens that show one patch each; those of 'vit.encoder.layers.encoder_layer_0' are not the 4 × 4 patches of a frame "
            "of 32 × 32 px",
        ),
    ],
    ids=["convolutions", "windows", "relative positions", "mirrored"],
)
def test_a_network_without_tokens_that_can_be_dropped_is_refused_by_name(network, reason):
    with pytest.raises(ModelError) as raised:
        dropping(network())
    assert str(raised.value) == f"model 'm': the in-fill 'drop-tokens' needs {reason}"
    assert raised.value.hint == "take 'drop-tokens' out of reliance.infills and reliance.map.infills"


def test_a_compiled_network_is_refused():
    model = classifier_of(plain_vit())
    model.compile = True
    with pytest.raises(
        ModelError, match=r"^model 'm': the in-fill 'drop-tokens' changes the number of tokens"
    ):
        model.let_drop_tokens()


@pytest.mark.parametrize(
    ("reliance", "drops"),
    [
        ({"infills": ["blur", "drop-tokens"]}, True),
        ({"map": {"infills": ["drop-tokens"]}}, True),
        ({"map": {"infills": ["drop-tokens"], "enabled": False}}, False),
        ({"infills": ["drop-tokens"], "enabled": False}, False),
        ({}, False),
    ],
)
def test_the_network_drops_tokens_where_the_audit_asks_for_it_only(reliance, drops):
    model = classifier_of(plain_vit())
    settings = {
        "name": "dropping",
        "data": {"format": "phantom"},
        "models": [{"id": "m", "source": "phantom", "variant": "honest"}],
    }
    prepare_infills(AuditFile.model_validate({**settings, "reliance": reliance}), model)
    gone = without(images(1), (0, slice(0, 8), slice(0, 8)))
    assert bool(torch.isfinite(model.logits(gone)).all()) == drops
