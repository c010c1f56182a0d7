"""The module that CAM methods explain: the last one whose activation is still a picture.

The table names whole blocks. A convolution that an in-place ReLU follows would have its stored activation
overwritten, so VGG and AlexNet are explained after that ReLU, and DenseNet before its last norm.
"""

from collections.abc import Mapping

import torch

from xaudit.errors import ModelError, did_you_mean
from xaudit.models.network.layer_grid import grids

_TORCHVISION = "torchvision.models."
_N_CANDIDATES = 8
_LEARN_FEATURES = (torch.nn.Conv2d, torch.nn.LayerNorm, torch.nn.Linear)

TARGET_LAYERS: Mapping[str, str] = {
    "alexnet.AlexNet": "features.11",
    "convnext.ConvNeXt": "features.-1",
    "densenet.DenseNet": "features.denseblock4",
    "efficientnet.EfficientNet": "features.-1",
    "googlenet.GoogLeNet": "inception5b",
    "inception.Inception3": "Mixed_7c",
    "maxvit.MaxVit": "blocks.-1",
    "mnasnet.MNASNet": "layers.-1",
    "mobilenetv2.MobileNetV2": "features.-1",
    "mobilenetv3.MobileNetV3": "features.-1",
    "regnet.RegNet": "trunk_output.-1",
    "resnet.ResNet": "layer4.-1",
    "shufflenetv2.ShuffleNetV2": "conv5",
    "squeezenet.SqueezeNet": "features.-1",
    "swin_transformer.SwinTransformer": "features.-1",
    "vgg.VGG": "features.-2",
    "timm.models.convnext.ConvNeXt": "stages.-1",
    "timm.models.densenet.DenseNet": "features.denseblock4",
    "timm.models.efficientnet.EfficientNet": "blocks.-1",
    "timm.models.mobilenetv3.MobileNetV3": "blocks.-1",
    "timm.models.regnet.RegNet": "s4",
    "timm.models.resnet.ResNet": "layer4.-1",
    "timm.models.swin_transformer.SwinTransformer": "layers.-1",
    "timm.models.swin_transformer_v2.SwinTransformerV2": "layers.-1",
    "timm.models.vgg.VGG": "features.-2",
    "transformers.models.convnext.modeling_convnext.ConvNextForImageClassification": "convnext.encoder.stages.-1",
    "transformers.models.resnet.modeling_resnet.ResNetForImageClassification": "resnet.encoder.stages.-1",
    "xaudit.models.sources.small_resnet.SmallResNet": "layer4",
}
"""The network's class, torchvision's without its package: path of the layer; a number counts children, from the end where it is negative."""

OF_TOKENS: frozenset[str] = frozenset(
    {
        "timm.models.vision_transformer.VisionTransformer",
        "transformers.models.swin.modeling_swin.SwinForImageClassification",
        "transformers.models.vit.modeling_vit.ViTForImageClassification",
        "vision_transformer.VisionTransformer",
    }
)
"""Classes whose blocks return lists of tokens, (N, tokens, C), which no CAM method of this version can place."""


def target_layer(
    module: torch.nn.Module, name: str | None, *, model_id: str, model_hw: tuple[int, int]
) -> torch.nn.Module:
    """Return the module of that name, or the architecture's own without a name.

    Raises:
        ModelError: if there is no such module or the architecture is in no table; names the candidates.
    """
    if name is not None:
        return _named(module, name, model_id=model_id, model_hw=model_hw)
    for kind in type(module).__mro__:
        key = f"{kind.__module__}.{kind.__name__}".removeprefix(_TORCHVISION)
        if key in TARGET_LAYERS:
            return _follow(module, TARGET_LAYERS[key])
        if key in OF_TOKENS:
            raise ModelError(
                f"model '{model_id}': the blocks of {kind.__name__} give lists of tokens, shape (N, tokens, C), which no CAM method "
                "of this version can place in the image",
                hint="explain it with lime, occlusion or integrated-gradients",
            )
    raise ModelError(
        f"model '{model_id}': no target layer is known for {type(module).__name__}",
        hint=f"set `layer` to one of: {_described(candidate_layers(module, model_hw))}",
    )


def candidate_layers(module: torch.nn.Module, model_hw: tuple[int, int]) -> dict[str, tuple[int, int]]:
    """Return the modules with weights of convolutions or channels whose output is a picture, in order of use.

    Of consecutive modules on the same grid only the last is listed, which is the one to explain.

    Args:
        module: in evaluation mode.
        model_hw: the frame to try it on.
    """
    parts = dict(module.named_modules())
    seen = {
        name: grid.hw
        for name, grid in grids(module, model_hw).items()
        if min(grid.hw) > 1 and any(isinstance(inner, _LEARN_FEATURES) for inner in parts[name].modules())
    }
    last_of_grid = {grid: name for name, grid in seen.items()}
    return {name: grid for grid, name in last_of_grid.items()}


def _named(
    module: torch.nn.Module, name: str, *, model_id: str, model_hw: tuple[int, int]
) -> torch.nn.Module:
    by_name = dict(module.named_modules())
    if name in by_name and name:
        layer: torch.nn.Module = by_name[name]
        return layer
    candidates = candidate_layers(module, model_hw)
    raise ModelError(
        f"model '{model_id}': {type(module).__name__} has no layer called '{name}'",
        hint=did_you_mean(
            name, [key for key in by_name if key], otherwise=f"one of: {_described(candidates)}"
        ),
    )


def _follow(module: torch.nn.Module, path: str) -> torch.nn.Module:
    for step in path.split("."):
        children = dict(module.named_children())
        module = list(children.values())[int(step)] if step.lstrip("-").isdigit() else children[step]
    return module


def _described(candidates: Mapping[str, tuple[int, int]]) -> str:
    named = [f"{name} ({height} × {width})" for name, (height, width) in candidates.items()]
    return ", ".join(reversed(named[-_N_CANDIDATES:])) or "none; no module's output is a picture"
