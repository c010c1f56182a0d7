"""Attention matrices of known transformers: explicit while they are read, fused kernels as before afterwards."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from xaudit.errors import ModelError
from xaudit.models.network.tokens import known_transformer

INSTEAD = (
    "explain it with lime, occlusion, kernel-shap or integrated-gradients, which need no attention matrices"
)

_ATTENDS = re.compile("attention|attn", re.IGNORECASE)
_WINDOWED = re.compile("window|swin|partition", re.IGNORECASE)

Matrices = list[torch.Tensor]


@contextmanager
def _of_torch(attention: Any, kept: Matrices) -> Iterator[None]:  # noqa: ANN401  (attributes of its class)
    """Replace the output of ``torch.nn.MultiheadAttention`` by the same, computed through an explicit matrix."""

    def explicit(
        module: Any,  # noqa: ANN401
        inputs: tuple[torch.Tensor, ...],
        _output: object,
    ) -> tuple[torch.Tensor, None]:
        tokens = inputs[0]
        shape = (*tokens.shape[:2], 3, module.num_heads, module.head_dim)
        joined = nn.functional.linear(tokens, module.in_proj_weight, module.in_proj_bias)
        query, key, value = joined.view(shape).permute(2, 0, 3, 1, 4)
        matrix = (query @ key.transpose(-2, -1) * module.head_dim**-0.5).softmax(dim=-1)
        kept.append(matrix)
        return module.out_proj((matrix @ value).transpose(1, 2).reshape(tokens.shape)), None

    handle = attention.register_forward_hook(explicit)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def _of_timm(attention: Any, kept: Matrices) -> Iterator[None]:  # noqa: ANN401
    """Switch the fused kernel off and keep what goes through the dropout of attention."""
    handle = attention.attn_drop.register_forward_hook(lambda _part, _inputs, matrix: kept.append(matrix))
    was_fused, attention.fused_attn = attention.fused_attn, False
    try:
        yield
    finally:
        attention.fused_attn = was_fused
        handle.remove()


@contextmanager
def _of_transformers(attention: Any, kept: Matrices) -> Iterator[None]:  # noqa: ANN401
    """Choose the eager implementation and keep the matrix that it returns."""

    def keep(_part: object, _inputs: object, output: object) -> None:
        match output:
            case (_, torch.Tensor() as matrix, *_):
                kept.append(matrix)

    inner = getattr(attention, "attention", attention)
    handle = inner.register_forward_hook(keep)
    config = inner.config
    implementation = config._attn_implementation
    config._attn_implementation = "eager"
    try:
        yield
    finally:
        config._attn_implementation = implementation
        handle.remove()


@dataclass(frozen=True, slots=True)
class _Block:
    """A class of blocks that add the output of one attention over all tokens to their input."""

    attention: str
    kinds: tuple[str, ...]
    read: Callable[[Any, Matrices], AbstractContextManager[None]]


_TIMM_VIT = _Block(
    "attn", ("timm.layers.attention.Attention", "timm.models.vision_transformer.Attention"), _of_timm
)

_BLOCKS: Mapping[str, _Block] = {
    "torchvision.models.vision_transformer.EncoderBlock": _Block(
        "self_attention", ("torch.nn.modules.activation.MultiheadAttention",), _of_torch
    ),
    "timm.models.vision_transformer.Block": _TIMM_VIT,
    "timm.models.vision_transformer.ResPostBlock": _TIMM_VIT,
    "timm.models.beit.Block": _Block("attn", ("timm.models.beit.Attention",), _of_timm),
    **{
        f"transformers.models.{package}.modeling_{package}.{name}Layer": _Block(
            "attention",
            tuple(
                f"transformers.models.{package}.modeling_{package}.{name}{kind}"
                for kind in ("Attention", "SdpaAttention")
            ),
            _of_transformers,
        )
        for package, name in (
            ("beit", "Beit"),
            ("deit", "DeiT"),
            ("dinov2", "Dinov2"),
            ("dinov2_with_registers", "Dinov2WithRegisters"),
            ("ijepa", "IJepa"),
            ("vit", "ViT"),
            ("vit_msn", "ViTMSN"),
        )
    },
}
"""The block's class, as its library names it; derived classes may compute something else and are not among them."""


@dataclass(frozen=True, slots=True)
class AttentionBlocks:
    """The blocks of a transformer, in order, each with one attention over all tokens."""

    blocks: tuple[nn.Module, ...]

    @property
    def last(self) -> nn.Module:
        """The block whose output the head reads."""
        return self.blocks[-1]

    @contextmanager
    def read(self) -> Iterator[Matrices]:
        """Keep the matrices of each forward pass in this context, (N, heads, tokens, tokens), in order of use.

        Fused kernels, which make no matrix, are replaced by explicit ones meanwhile. The matrices belong to the graph of
        the logits. Whatever happens, the network is afterwards as it was.
        """
        kept: Matrices = []
        with ExitStack() as stack:
            for block in self.blocks:
                row = _BLOCKS[_full_name(block)]
                stack.enter_context(row.read(getattr(block, row.attention), kept))
            yield kept


def attention_blocks(network: nn.Module, *, subject: str, method: str) -> AttentionBlocks:
    """Return the blocks of a known transformer.

    Raises:
        ModelError: if the network has no attention, attends within windows, or has an attention that is not in the
            table of known ones.
    """
    blocks = [part for part in network.modules() if _full_name(part) in _BLOCKS]
    within = {id(part) for block in blocks for part in _attention_of(block).modules()}
    strange = {
        name: part
        for name, part in network.named_modules()
        if part is not network
        and id(part) not in within
        and _full_name(part) not in _BLOCKS
        and _ATTENDS.search(type(part).__name__)
    }
    wrong = [block for block in blocks if not _is_known(block)]
    strange |= {name: part for name, part in network.named_modules() if any(part is block for block in wrong)}
    if not strange and blocks and known_transformer(network) is not None:
        return AttentionBlocks(tuple(blocks))
    raise ModelError(f"{subject}: {method} {_reason(network, strange)}", hint=INSTEAD)


def _reason(network: nn.Module, strange: Mapping[str, nn.Module]) -> str:
    kinds = {name: type(part).__name__ for name, part in network.named_modules() if name}
    windowed = [item for item in kinds.items() if _WINDOWED.search(item[1])]
    if windowed:
        name, kind = next((item for item in windowed if _ATTENDS.search(item[1])), windowed[0])
        return (
            f"needs matrices of attention between all tokens, and '{name}' ({kind}) attends within windows only, which are "
            "shifted or merged on the way"
        )
    if strange:
        name, part = next(iter(strange.items()))
        inner = _attention_of(part) if _full_name(part) in _BLOCKS else part
        return (
            f"cannot read the attention of '{name}' ({type(inner).__name__}); it knows the plain blocks of the ViT, DeiT, BEiT "
            "and DINOv2 of torchvision, timm and transformers"
        )
    return (
        f"needs the attention between the tokens of a known vision transformer, and {type(network).__name__} has none that it "
        "knows"
    )


def _is_known(block: nn.Module) -> bool:
    attention: Any = _attention_of(block)
    if _full_name(attention) not in _BLOCKS[_full_name(block)].kinds:
        return False
    if isinstance(attention, nn.MultiheadAttention):
        return (
            attention._qkv_same_embed_dim
            and attention.batch_first
            and attention.bias_k is None
            and not attention.add_zero_attn
        )
    return True


def _attention_of(block: nn.Module) -> nn.Module:
    attention = getattr(block, _BLOCKS[_full_name(block)].attention)
    assert isinstance(attention, nn.Module)
    return attention


def _full_name(part: nn.Module) -> str:
    return f"{type(part).__module__}.{type(part).__name__}"
