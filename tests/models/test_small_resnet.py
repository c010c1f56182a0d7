"""The phantom study's network: small, independent of the batch, and without a last step in place."""

import torch

from xaudit.models.sources.small_resnet import Block, SmallResNet


def test_it_has_fewer_than_400_000_weights() -> None:
    assert sum(weights.numel() for weights in SmallResNet(2).parameters()) == 222_546


def test_a_frame_of_128_pixels_ends_in_a_grid_of_8_by_8() -> None:
    shapes: list[torch.Size] = []
    network = SmallResNet(3).eval()
    network.layer4.register_forward_hook(lambda _module, _given, features: shapes.append(features.shape))
    with torch.inference_mode():
        logits = network(torch.zeros(1, 3, 128, 128))
    assert shapes == [torch.Size([1, 96, 8, 8])]
    assert logits.shape == (1, 3)


def test_its_layers_are_called_layer1_to_layer4() -> None:
    names = [name for name, module in SmallResNet(2).named_modules() if isinstance(module, Block)]
    assert names == ["layer1", "layer2", "layer3", "layer4"]


def test_the_same_seed_draws_the_same_weights() -> None:
    torch.manual_seed(3)
    first = SmallResNet(2).state_dict()
    torch.manual_seed(3)
    second = SmallResNet(2).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_what_a_block_gives_is_not_overwritten_by_the_next() -> None:
    torch.manual_seed(0)
    network = SmallResNet(2).eval()
    kept: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
    for name in ("layer1", "layer2", "layer3", "layer4"):
        network.get_submodule(name).register_forward_hook(
            lambda _module, _given, features, name=name: kept.update({name: (features, features.clone())})
        )
    with torch.inference_mode():
        network(torch.randn(2, 3, 128, 128))
    assert len(kept) == 4
    assert all(torch.equal(stored, copy) for stored, copy in kept.values())


def test_logits_do_not_depend_on_the_batch() -> None:
    torch.manual_seed(0)
    network = SmallResNet(2).eval()
    images = torch.randn(5, 3, 128, 128)
    with torch.inference_mode():
        together = network(images)
        alone = torch.cat([network(image[None]) for image in images])
    assert torch.allclose(together, alone, atol=1e-5)


def test_a_block_without_change_of_shape_keeps_its_input_as_shortcut() -> None:
    block = Block(4, 4, stride=1).eval()
    torch.nn.init.zeros_(block.bn2.weight)
    features = torch.rand(1, 4, 6, 6)
    # The residual step is nought, so the block gives back what it was given, which is not negative.
    assert torch.allclose(block(features), features)


def test_gradients_reach_the_image() -> None:
    image = torch.randn(1, 3, 128, 128, requires_grad=True)
    SmallResNet(2).eval()(image)[0, 0].backward()
    assert image.grad is not None
    assert image.grad.abs().sum() > 0
