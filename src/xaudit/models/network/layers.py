"""The module that CAM methods explain: the last one whose activation is still a picture.

The table names whole blocks. A convolution that an in-place ReLU follows would have its stored activation
overwritten, so VGG and AlexNet are explained after that ReLU, and DenseNet before its last norm. Swin is explained behind its
last norm: in front of it, gradient times feature sums to zero in every place.
"""

import copy
from collections.abc import Iterable, Mapping

import torch

from xaudit.errors import ModelError, did_you_mean
from xaudit.models.network.layer_grid import PictureGrid, grids
from xaudit.models.network.token_layer import TokenPicture, described_tokens
from xaudit.models.network.tokens import known_transformer
from xaudit.models.network.transformer_layer import gradients_at, layer_of_transformer

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
    "swin_transformer.SwinTransformer": "norm",
    "vgg.VGG": "features.-2",
    "monai.networks.nets.densenet.DenseNet": "features.denseblock4",
    "monai.networks.nets.efficientnet.EfficientNet": "_blocks.-1",
    "monai.networks.nets.resnet.ResNet": "layer4.-1",
    "monai.networks.nets.senet.SENet": "layer4.-1",
    "timm.models.convnext.ConvNeXt": "stages.-1",
    "timm.models.densenet.DenseNet": "features.denseblock4",
    "timm.models.efficientnet.EfficientNet": "blocks.-1",
    "timm.models.mobilenetv3.MobileNetV3": "blocks.-1",
    "timm.models.maxxvit.MaxxVit": "norm",
    "timm.models.pvt_v2.PyramidVisionTransformerV2": "stages.-1",
    "timm.models.regnet.RegNet": "s4",
    "timm.models.resnet.ResNet": "layer4.-1",
    "timm.models.swin_transformer.SwinTransformer": "norm",
    "timm.models.swin_transformer_v2.SwinTransformerV2": "norm",
    "timm.models.vgg.VGG": "features.-2",
    "torchxrayvision.models.DenseNet": "features.denseblock4",
    "torchxrayvision.models.ResNet": "model.layer4.-1",
    "transformers.models.convnext.modeling_convnext.ConvNextForImageClassification": "convnext.encoder.stages.-1",
    "transformers.models.resnet.modeling_resnet.ResNetForImageClassification": "resnet.encoder.stages.-1",
    "transformers.models.swin.modeling_swin.SwinForImageClassification": "swin.layernorm",
    "transformers.models.swinv2.modeling_swinv2.Swinv2ForImageClassification": "swinv2.layernorm",
    "xaudit.models.sources.small_resnet.SmallResNet": "layer4",
}
"""The network's class, torchvision's without its package: path of the layer; a number counts children, from the end where it is negative."""


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
    transformer = known_transformer(module)
    if transformer is not None:
        layer = layer_of_transformer(module, *transformer, model_hw)
        if layer is not None:
            return layer
    raise ModelError(
        f"model '{model_id}': no target layer is known for {type(module).__name__}",
        hint=f"set `layer` to one of: {_described(candidate_layers(module, model_hw))}",
    )


def candidate_layers(module: torch.nn.Module, model_hw: tuple[int, int]) -> dict[str, PictureGrid]:
    """Return the modules with weights of convolutions or channels whose output is a picture, in order of use.

    Of consecutive modules on the same grid only the last is listed, which is the one to explain; of modules with tokens the
    last at which the gradient reaches the picture.

    Args:
        module: in evaluation mode.
        model_hw: the frame to try it on.
    """
    parts = dict(module.named_modules())
    seen = {
        name: grid
        for name, grid in grids(module, model_hw).items()
        if min(grid.hw) > 1 and any(isinstance(inner, _LEARN_FEATURES) for inner in parts[name].modules())
    }
    of_tokens = {name: grid.tokens for name, grid in seen.items() if isinstance(grid, TokenPicture)}
    gradients = _gradients(module, of_tokens, model_hw) if of_tokens else {}
    reached = {
        name for name, gradient in gradients.items() if bool(gradient[:, of_tokens[name].prefix :].any())
    }
    last_of_grid = {
        _key(grid): name
        for name, grid in seen.items()
        if not reached or name not in of_tokens or name in reached
    }
    return {name: seen[name] for name in last_of_grid.values()}


def _gradients(
    module: torch.nn.Module, names: Iterable[str], model_hw: tuple[int, int]
) -> dict[str, torch.Tensor]:
    """Return the gradients at some modules; a network without numbers, as one drawn before the run, gets some in a copy."""
    if not any(bool(weight.any()) for weight in module.parameters() if weight.device.type != "meta"):
        module = copy.deepcopy(module)
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for weight in module.parameters():
                if weight.is_floating_point() and weight.device.type == "cpu":
                    weight.normal_(std=0.1, generator=generator)
    parts = dict(module.named_modules())
    return gradients_at(module, {name: parts[name] for name in names}, model_hw)


def _key(grid: PictureGrid) -> tuple[object, ...]:
    return grid.hw, grid.tokens if isinstance(grid, TokenPicture) else None


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


def _described(candidates: Mapping[str, PictureGrid]) -> str:
    named = [
        f"{name} with `tokens: {described_tokens(grid.tokens)}`"
        if isinstance(grid, TokenPicture)
        else f"{name} ({grid.hw[0]} × {grid.hw[1]})"
        for name, grid in candidates.items()
    ]
    return ", ".join(reversed(named[-_N_CANDIDATES:])) or "none; no module's output is a picture"
