"""Attention rollout and attention times gradient: slow re-derivations, refusals, and the network as it was."""

import numpy as np
import pytest
import timm
import torch
import transformers
from evidence_models import Smooth, classifier_of, one_patch_vit, small_swin, small_vit
from torch import nn
from torch.nn import functional
from torchvision.models import maxvit_t

from xaudit.config import ExplainerSpec
from xaudit.errors import ModelError
from xaudit.explainers import make_explainer
from xaudit.models.network.attention import attention_blocks

BOTH = ("attention-rollout", "attention-gradient")


def timm_vit(name="vit_tiny_patch16_224", **options):
    return timm.create_model(
        name, num_classes=2, img_size=32, patch_size=8, embed_dim=16, depth=2, num_heads=2, **options
    )


def folder_vit(name="ViT", **options):
    sizes = {"image_size": 32, "patch_size": 8, "hidden_size": 16, "intermediate_size": 32}
    config = getattr(transformers, f"{name}Config")(
        **sizes, num_hidden_layers=2, num_attention_heads=2, num_labels=2, **options
    )
    return getattr(transformers, f"{name}ForImageClassification")(config)


NETWORKS = {
    "torchvision": small_vit,
    "timm vit": timm_vit,
    "timm deit": lambda: timm_vit("deit_tiny_distilled_patch16_224"),
    "timm dinov2": lambda: timm_vit("vit_small_patch14_reg4_dinov2"),
    "timm beit": lambda: timm_vit("beit_base_patch16_224"),
    "ViT": folder_vit,
    "DeiT": lambda: folder_vit("DeiT"),
    "Beit": lambda: folder_vit("Beit"),
    "Dinov2": lambda: folder_vit("Dinov2"),
    "Dinov2WithRegisters": lambda: folder_vit("Dinov2WithRegisters"),
}
READING = {  # tokens before the picture, and those of them that the head reads; None: the patches' mean
    "torchvision": (1, [0]),
    "timm vit": (1, [0]),
    "timm deit": (2, [0, 1]),
    "timm dinov2": (5, [0]),
    "timm beit": (1, [None]),
    "ViT": (1, [0]),
    "DeiT": (2, [0]),
    "Beit": (1, [None]),
    "Dinov2": (1, [0, None]),
    "Dinov2WithRegisters": (5, [0, None]),
}


def explainer_of(name, network):
    return make_explainer(ExplainerSpec(name=name), classifier_of(network))


def drawn(patches):
    as_image = torch.as_tensor(patches, dtype=torch.float32).reshape(1, 1, 4, 4)
    return functional.interpolate(as_image, size=(32, 32), mode="bilinear", align_corners=False)[0, 0].numpy()


def read_rows(relevance, network_name):
    """The mean of the rows that the head reads, columns of the patches only."""
    prefix, reads = READING[network_name]
    rows = [relevance[prefix:].mean(0) if row is None else relevance[row] for row in reads]
    return (sum(rows) / len(rows))[prefix:]


@pytest.mark.parametrize("name", NETWORKS)
def test_rollout_is_the_product_of_all_matrices_each_half_identity(name, images):
    network = NETWORKS[name]()
    explainer = explainer_of("attention-rollout", network)
    [saliency] = explainer.explain(images[:1], [1], [0])
    blocks = attention_blocks(network, subject="", method="")
    with torch.no_grad(), blocks.read() as matrices:
        network(images[:1])
    rollout = np.eye(matrices[0].shape[-1])
    for matrix in matrices:
        heads = matrix[0].double().numpy()
        np.testing.assert_allclose(heads.sum(axis=-1), 1, atol=1e-5)
        rollout = (0.5 * sum(heads) / len(heads) + 0.5 * np.eye(len(rollout))) @ rollout
    np.testing.assert_allclose(saliency, drawn(read_rows(rollout, name)), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("name", NETWORKS)
def test_attention_gradient_is_the_sum_over_all_ways_through_the_blocks(name, images):
    network = NETWORKS[name]()
    [saliency] = explainer_of("attention-gradient", network).explain(images[:1], [1], [0])
    with attention_blocks(network, subject="", method="").read() as matrices:
        logits = network(images[:1])
        logits = logits if isinstance(logits, torch.Tensor) else logits[0]
        slopes = torch.autograd.grad(logits[0, 1], matrices)
    relevance = np.eye(matrices[0].shape[-1])
    for matrix, slope in zip(matrices, slopes, strict=True):
        products = (matrix * slope)[0].detach().double().numpy()
        relevance = relevance + np.maximum(products, 0).mean(axis=0) @ relevance
    expected = drawn(read_rows(relevance - np.eye(len(relevance)), name))
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(saliency, expected, rtol=1e-3, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("name", NETWORKS)
def test_the_explicit_matrices_leave_the_logits_as_they_are(name, images):
    network = NETWORKS[name]()
    model = classifier_of(network)
    fused = model.logits(images)
    with attention_blocks(network, subject="", method="").read() as matrices:
        explicit = model.logits(images)
    assert len(matrices) == 2
    np.testing.assert_allclose(explicit, fused, rtol=1e-4, atol=1e-6)


def state_of(network):
    flags = [part.fused_attn for part in network.modules() if hasattr(part, "fused_attn")]
    configs = [part.config._attn_implementation for part in network.modules() if hasattr(part, "config")]
    hooks = [(len(part._forward_hooks), len(part._forward_pre_hooks)) for part in network.modules()]
    return flags, configs, hooks, [sorted(vars(part)) for part in network.modules()]


@pytest.mark.parametrize("name", ["torchvision", "timm vit", "timm beit", "ViT", "Beit"])
@pytest.mark.parametrize("explainer", BOTH)
def test_fused_kernels_are_back_afterwards_also_after_a_failure(name, explainer, images):
    network = NETWORKS[name]()
    model = classifier_of(network)
    before = state_of(network)
    assert all(before[0])
    assert set(before[1]) <= {"sdpa"}
    made = make_explainer(ExplainerSpec(name=explainer), model)
    made.explain(images, [0, 1, 0], [0, 0, 0])
    assert state_of(network) == before

    def fail(_module, _inputs, _output):
        raise RuntimeError("the hook failed")

    handle = next(
        part for part in network.modules() if isinstance(part, nn.GELU | nn.LayerNorm)
    ).register_forward_hook(fail)
    with pytest.raises(RuntimeError, match=r"^the hook failed$"):
        made.explain(images, [0, 1, 0], [0, 0, 0])
    handle.remove()
    assert state_of(network) == before
    assert torch.is_grad_enabled()


def test_a_network_that_was_eager_before_stays_eager(images):
    network = folder_vit(attn_implementation="eager")
    explainer_of("attention-rollout", network).explain(images, [0, 1, 0], [0, 0, 0])
    assert network.config._attn_implementation == "eager"


def test_rollout_does_not_know_the_head_and_attention_gradient_does(images):
    network = small_vit()
    before = {name: explainer_of(name, network).explain(images, [1] * 3, [0] * 3) for name in BOTH}
    with torch.no_grad():
        network.heads.head.weight.neg_()
    after = {name: explainer_of(name, network).explain(images, [1] * 3, [0] * 3) for name in BOTH}
    np.testing.assert_array_equal(after["attention-rollout"], before["attention-rollout"])
    assert np.abs(after["attention-gradient"] - before["attention-gradient"]).max() > 1e-4


@pytest.mark.parametrize("name", BOTH)
def test_the_worth_of_the_patch_that_holds_the_answer_worked_by_hand(name, images):
    """The class token gives that patch all of its attention: rollout halves it, and the gradient is its brightness."""
    explainer = explainer_of(name, one_patch_vit(2, 1))
    worth = explainer.tokens(images[:1], [1])[0]
    brightness = float(images[0, :, 16:24, 8:16].mean())
    expected = torch.zeros(17)
    if name == "attention-rollout":
        expected[[0, 1 + 4 * 2 + 1]] = 0.5
    else:
        expected[1 + 4 * 2 + 1] = max(brightness, 0)
    torch.testing.assert_close(worth, expected)


def test_tokens_that_the_head_reads_are_told_by_changing_them():
    for name, (prefix, reads) in READING.items():
        share = explainer_of("attention-rollout", NETWORKS[name]()).reading.tolist()
        expected = [0.0] * prefix + [1 / 16 / len(reads) if None in reads else 0.0] * 16
        for row in reads:
            if row is not None:
                expected[row] = 1 / len(reads)
        assert share == pytest.approx(expected), name


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (
            Smooth,
            "needs the attention between the tokens of a known vision transformer, and Smooth has none that it knows",
        ),
        (
            small_swin,
            "needs matrices of attention between all tokens, and 'features.1.0.attn' (ShiftedWindowAttention) attends within windows "
            "only, which are shifted or merged on the way",
        ),
        (
            lambda: timm_vit("vit_relpos_small_patch16_224"),
            "cannot read the attention of 'blocks.0.attn' (RelPosAttention); it knows the plain blocks of the ViT, DeiT, BEiT "
            "and DINOv2 of torchvision, timm and transformers",
        ),
        (
            lambda: timm_vit("vit_base_patch16_siglip_224"),
            "cannot read the attention of 'attn_pool' (AttentionPoolLatent); it knows the plain blocks of the ViT, DeiT, BEiT "
            "and DINOv2 of torchvision, timm and transformers",
        ),
    ],
    ids=["convolutions", "windows", "relative positions", "pooling by attention"],
)
def test_what_cannot_be_read_is_refused_by_name_with_the_reason(network, reason):
    for method in BOTH:
        with pytest.raises(ModelError) as raised:
            attention_blocks(network(), subject="model 'm'", method=method)
        assert str(raised.value).splitlines()[0] == f"model 'm': {method} {reason}"


@pytest.mark.slow
def test_maxvit_attends_within_windows():
    with pytest.raises(ModelError, match=r"\(PartitionAttentionLayer\) attends within windows only"):
        attention_blocks(
            maxvit_t(num_classes=2, input_size=(224, 224)), subject="model 'm'", method="attention-rollout"
        )


def test_a_derived_attention_that_may_compute_something_else_is_refused():
    class Sharper(nn.MultiheadAttention):
        pass

    network = small_vit()
    network.encoder.layers[1].self_attention = Sharper(16, 2, batch_first=True)
    with pytest.raises(
        ModelError, match=r"cannot read the attention of 'encoder.layers.encoder_layer_1' \(Sharper\)"
    ):
        attention_blocks(network, subject="model 'm'", method="attention-rollout")


class Deaf(nn.Module):
    """A head that reads nothing."""

    def forward(self, tokens):
        return torch.zeros(len(tokens), 2)


def test_a_network_whose_answer_does_not_depend_on_its_tokens_is_refused():
    network = small_vit()
    network.heads = Deaf()
    with pytest.raises(ModelError, match=r"its logits do not depend on the tokens behind the last block\n"):
        explainer_of("attention-rollout", network)


def test_a_head_of_zeros_before_training_is_told_by_what_it_is_given(images):
    """torchvision's and timm's heads may start at zero; trained for an hour, they must not have been refused before."""
    for name in ("torchvision", "timm deit", "Dinov2"):
        network = NETWORKS[name]()
        trained = explainer_of("attention-rollout", network).reading
        for part in network.modules():
            if isinstance(part, nn.Linear) and part.out_features == 2:
                nn.init.zeros_(part.weight)
        assert torch.equal(explainer_of("attention-gradient", network).reading, trained), name


class Mirrored(nn.Module):
    """A ViT that sees its images mirrored: its patches lie elsewhere."""

    def __init__(self):
        super().__init__()
        self.vit = small_vit()

    def forward(self, images):
        return self.vit(images.flip(3))


def test_a_network_whose_tokens_show_other_places_is_refused():
    with pytest.raises(
        ModelError, match=r"a change of some of the 4 × 4 patches changes the tokens of others as much"
    ):
        explainer_of("attention-gradient", Mirrored())


class BesideBlocks(nn.Module):
    """A ViT whose logits also hold the image's mean."""

    def __init__(self):
        super().__init__()
        self.vit = small_vit()

    def forward(self, images):
        return self.vit(images) + images.mean(dim=(1, 2, 3))[:, None]


def test_a_network_that_also_reads_past_its_blocks_is_refused():
    with pytest.raises(ModelError, match=r"something that does not pass through the last block\n"):
        explainer_of("attention-rollout", BesideBlocks())


def test_tokens_joined_between_blocks_are_refused():
    network = small_vit()
    network.encoder.layers[0].register_forward_hook(lambda _block, _inputs, tokens: tokens[:, :9])
    with pytest.raises(
        ModelError, match=r"its last block gives \(4, 9, 16\) for 4 images, not 17 tokens each\n"
    ):
        make_explainer(ExplainerSpec(name="attention-rollout"), classifier_of(network))
