"""Each row of the layer table, on the real network, and the errors that name candidates."""

import pytest
import torch
import torchvision
from tiny_networks import Tiny

from xaudit.config import ModelSection
from xaudit.errors import ModelError
from xaudit.models.network.layers import TARGET_LAYERS, candidate_layers, target_layer
from xaudit.models.sources.build import build_module, input_hw
from xaudit.models.sources.small_resnet import SmallResNet
from xaudit.models.sources.torchvision_networks import torchvision_classifiers

TOKENS = "vit_"
CHANNELS_LAST = "swin_"
GRIDS = {"alexnet": 13, "vgg": 14, "squeezenet": 13, "inception_v3": 8}
SMALLEST = {
    "alexnet": "alexnet",
    "convnext": "convnext_tiny",
    "densenet": "densenet121",
    "efficientnet": "efficientnet_b0",
    "googlenet": "googlenet",
    "inception": "inception_v3",
    "maxvit": "maxvit_t",
    "mnasnet": "mnasnet0_5",
    "mobilenetv2": "mobilenet_v2",
    "mobilenetv3": "mobilenet_v3_small",
    "regnet": "regnet_x_400mf",
    "resnet": "resnet18",
    "shufflenetv2": "shufflenet_v2_x0_5",
    "squeezenet": "squeezenet1_1",
    "swin_transformer": "swin_t",
    "vgg": "vgg11",
}

SMALLEST_OF_TIMM = {
    "convnext": "convnext_atto",
    "densenet": "densenet121",
    "efficientnet": "test_efficientnet",
    "mobilenetv3": "mobilenetv3_small_050",
    "regnet": "regnetx_002",
    "resnet": "test_resnet",
    "swin_transformer": "swin_tiny_patch4_window7_224",
    "swin_transformer_v2": "swinv2_tiny_window8_256",
    "vgg": "vgg11",
}
OF_TRANSFORMERS = ("ConvNextForImageClassification", "ResNetForImageClassification")
WITH_ATTENTION = ("maxxvit", "pvt_v2")
WITH_TOKENS = ("SwinForImageClassification", "Swinv2ForImageClassification")
"""Held, as those with attention are, in tests/explainers/test_architectures.py."""


def layer_of(module, name=None, model_hw=(32, 32)):
    return target_layer(module, name, model_id="net", model_hw=model_hw)


def keep_activation(layer, kept):
    layer.register_forward_hook(lambda _part, _args, output: kept.append((output, output.detach().clone())))


@pytest.mark.parametrize(
    "name", [n for n in torchvision_classifiers() if not n.startswith((TOKENS, CHANNELS_LAST, "regnet"))]
)
def test_target_layer_of_every_convolutional_classifier_is_a_picture(name):
    section = ModelSection(id="net", architecture=name)
    grid = next((side for prefix, side in GRIDS.items() if name.startswith(prefix)), 7)  # 224 / 32 = 7
    with torch.device("meta"):
        module = build_module(section, 2).eval()
        shapes = []
        layer_of(module).register_forward_hook(lambda _part, _args, output: shapes.append(output.shape))
        module(torch.zeros((2, 3, *input_hw(section))))
    assert [(shape[0], *shape[2:]) for shape in shapes] == [(2, grid, grid)]


@pytest.mark.parametrize("family", SMALLEST)
def test_target_layers_activation_is_not_overwritten_in_place(family):
    section = ModelSection(id="net", architecture=SMALLEST[family])
    module = build_module(section, 2).eval()
    kept = []
    keep_activation(layer_of(module), kept)
    side = {"inception": 128, "maxvit": 224}.get(family, 96)
    with torch.inference_mode():
        module(torch.randn((1, 3, side, side), generator=torch.Generator().manual_seed(0)))
    [(activation, at_the_time)] = kept
    assert activation.ndim == 4
    torch.testing.assert_close(activation, at_the_time, rtol=0, atol=0)


def test_the_table_has_a_tested_row_for_every_family():
    rows = [key.split(".") for key in TARGET_LAYERS if not key.startswith("xaudit")]
    torchvisions = {
        key[0] for key in rows if key[0] not in ("monai", "timm", "torchxrayvision", "transformers")
    }
    assert torchvisions == set(SMALLEST)
    assert {key[3] for key in rows if key[0] == "monai"} == set(SMALLEST_OF_MONAI)
    assert {key[-1] for key in rows if key[0] == "torchxrayvision"} == {"DenseNet", "ResNet"}
    assert {key[2] for key in rows if key[0] == "timm"} == {*SMALLEST_OF_TIMM, *WITH_ATTENTION}
    assert {key[-1] for key in rows if key[0] == "transformers"} == {*OF_TRANSFORMERS, *WITH_TOKENS}


def check_layer(module, side, grid, axes=(2, 3)):
    """The target layer's activation is a picture of the last grid, and nobody writes over it."""
    kept = []
    keep_activation(layer_of(module), kept)
    with torch.inference_mode():
        module(torch.randn((1, 3, side, side), generator=torch.Generator().manual_seed(0)))
    [(activation, at_the_time)] = kept
    assert tuple(activation.shape[axis] for axis in axes) == (grid, grid)
    torch.testing.assert_close(activation, at_the_time, rtol=0, atol=0)


@pytest.mark.parametrize("family", SMALLEST_OF_TIMM)
def test_target_layer_of_a_network_of_timm_is_a_picture_that_is_not_overwritten(family):
    timm = pytest.importorskip("timm")
    # Swin's windows of 7 or 8 cells: 3 cells are filled up with empty ones, which change no shape.
    options = {"img_size": 96} if family.startswith("swin") else {}
    module = timm.create_model(SMALLEST_OF_TIMM[family], pretrained=False, num_classes=2, **options).eval()
    check_layer(module, 96, 6 if family == "vgg" else 3, axes=(1, 2) if options else (2, 3))


@pytest.mark.parametrize("name", OF_TRANSFORMERS)
def test_target_layer_of_a_network_of_transformers_is_a_picture_that_is_not_overwritten(name):
    transformers = pytest.importorskip("transformers")
    kind = getattr(transformers, name)
    settings = {"embedding_size": 8} if name.startswith("ResNet") else {"num_stages": 2}
    config = kind.config_class(hidden_sizes=[8, 16], depths=[1, 1], num_labels=2, **settings)
    check_layer(kind(config).eval(), 64, 8)


SMALLEST_OF_MONAI = {
    "densenet": ("DenseNet", {"out_channels": 2, "block_config": (1, 1, 1, 1)}),
    "efficientnet": ("EfficientNetBN", {"model_name": "efficientnet-b0", "pretrained": False}),
    "resnet": ("ResNetFeatures", {}),
    "senet": ("SEResNet50", {"num_classes": 2}),
}


@pytest.mark.filterwarnings("ignore")  # of the package itself
@pytest.mark.parametrize("family", SMALLEST_OF_MONAI)
def test_target_layer_of_a_network_of_monai_is_a_picture_that_is_not_overwritten(family):
    nets = pytest.importorskip("monai").networks.nets
    name, settings = SMALLEST_OF_MONAI[family]
    if family == "resnet":
        module = nets.resnet18(spatial_dims=2, n_input_channels=3, num_classes=2)
    else:
        module = getattr(nets, name)(spatial_dims=2, in_channels=3, **settings)
    check_layer(module.eval(), 96, 6 if family == "resnet" else 3)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["DenseNet", "ResNet"])
def test_target_layer_of_a_network_of_torchxrayvision_is_a_picture_that_is_not_overwritten(name, tmp_path):
    models = pytest.importorskip("torchxrayvision").models
    if name == "DenseNet":
        module, side = models.DenseNet(num_classes=2, block_config=(1, 1, 1, 1), in_channels=3), 224
    else:
        state = torchvision.models.resnet50(num_classes=18).state_dict()
        state["conv1.weight"] = state["conv1.weight"][:, :1]
        weights = "resnet50-res512-all"
        torch.save(state, tmp_path / models.model_urls[weights]["weights_url"].rpartition("/")[2])
        module, side = models.ResNet(weights=weights, cache_dir=f"{tmp_path}/"), 512
        module.model.conv1 = torch.nn.Conv2d(3, 64, 7, 2, 3, bias=False)
    check_layer(module.eval(), side, side // 32)


def test_densenets_last_norm_would_be_overwritten():
    # Why the table stops one module earlier: DenseNet's forward applies an in-place ReLU to what norm5 gives.
    module = torchvision.models.densenet121(num_classes=2).eval()
    kept = []
    keep_activation(module.features.norm5, kept)
    with torch.inference_mode():
        module(torch.randn((1, 3, 64, 64), generator=torch.Generator().manual_seed(0)))
    [(activation, at_the_time)] = kept
    assert at_the_time.min() < 0
    assert activation.min() == 0


def test_the_phantoms_network_is_explained_at_its_last_block():
    module = SmallResNet(2)
    assert layer_of(module) is module.layer4


def test_a_subclass_of_a_known_architecture_is_known():
    class Own(torchvision.models.ResNet):
        pass

    module = Own(torchvision.models.resnet.BasicBlock, [1, 1, 1, 1], num_classes=2)
    assert layer_of(module) is module.layer4[-1]


def test_named_layer_comes_before_the_table():
    module = SmallResNet(2)
    assert layer_of(module, "layer3") is module.layer3


def test_candidates_are_the_last_convolution_bearing_modules_of_each_grid():
    # Tiny: a convolution at 32 × 32, pooled by 4 inside `features`, then `last` on the grid of 8 × 8.
    candidates = candidate_layers(Tiny(2).eval(), (32, 32))
    assert {name: grid.hw for name, grid in candidates.items()} == {"features.0": (32, 32), "last": (8, 8)}


def test_unknown_architecture_names_its_candidates_deepest_first():
    with pytest.raises(ModelError) as caught:
        layer_of(Tiny(2).eval())
    assert str(caught.value) == "model 'net': no target layer is known for Tiny"
    assert caught.value.hint == "set `layer` to one of: last (8 × 8), features.0 (32 × 32)"


def test_layer_that_does_not_exist_names_the_nearest():
    with pytest.raises(ModelError) as caught:
        layer_of(Tiny(2).eval(), "lost")
    assert str(caught.value) == "model 'net': Tiny has no layer called 'lost'"
    assert caught.value.hint == "did you mean 'last'? one of: last (8 × 8), features.0 (32 × 32)"


def test_network_without_a_picture_says_so():
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 32 * 32, 2))
    with pytest.raises(ModelError) as caught:
        layer_of(module)
    assert caught.value.hint == "set `layer` to one of: none; no module's output is a picture"
