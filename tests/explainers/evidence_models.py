"""Models whose evidence is known by construction, in a frame of 32 × 32 with two classes.

Class 1 is the target; the logit of class 0 is always 0. The top-left quadrant is rows and columns 0 to 15.
"""

import numpy as np
import torch
from torch import nn
from torchvision.models import SwinTransformer, VisionTransformer

from xaudit.models.classifier import Classifier

SIDE = 32
TOP_LEFT = (slice(0, SIDE // 2), slice(0, SIDE // 2))
BOTTOM_RIGHT = (slice(SIDE // 2, SIDE), slice(SIDE // 2, SIDE))


def mass_share(saliency, region):
    """Share of the positive saliency that lies in a rectangle."""
    positive = saliency.clip(min=0)
    return positive[region].sum() / positive.sum()


def classifier_of(module, **options):
    return Classifier(
        id="known", module=module, class_names=("other", "target"), model_hw=(SIDE, SIDE), **options
    )


def beside_zero(logit):
    return torch.stack([torch.zeros_like(logit), logit], dim=1)


class Linear(nn.Module):
    """logit = Σ weight · x: what a pixel contributes is its weight times its value."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(weight)

    def forward(self, images):
        return beside_zero((images * self.weight).sum(dim=(1, 2, 3)))


class Gate(nn.Module):
    """Lets features of one place through and replaces all others by zero."""

    def __init__(self, gate):
        super().__init__()
        self.register_buffer("gate", gate)

    def forward(self, features):
        return features * self.gate


class GatedConv(nn.Module):
    """Counts texture, on a grid of 16 × 16 of which only the gate's cells are read.

    The convolution has two filters, a bright-to-dark edge and the opposite; the logit is the sum of what they
    find. ``behind`` is the layer after the gate, whose features are zero in places that are not read.
    """

    def __init__(self, gate, gain=0.05):
        super().__init__()
        self.conv = nn.Conv2d(3, 2, kernel_size=3, stride=2, padding=1, bias=False)
        edge = torch.tensor([[1.0, 0.0, -1.0]]).expand(3, 3)
        with torch.no_grad():
            self.conv.weight[0] = edge / 9
            self.conv.weight[1] = -edge / 9
        self.relu = nn.ReLU(inplace=True)
        self.gate = Gate(gate)
        self.behind = nn.Identity()
        self.gain = gain

    def forward(self, images):
        read = self.behind(self.gate(self.relu(self.conv(images))))
        return beside_zero(self.gain * read.sum(dim=(1, 2, 3)))


class Smooth(nn.Module):
    """A small network without kinks, so that quadrature over it converges fast."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv1 = nn.Conv2d(3, 6, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(6, 8, 3, stride=2, padding=1)
        self.head = nn.Linear(8, 2)
        with (
            torch.no_grad()
        ):  # steep enough for tanh to bend: a straight line would hide errors of quadrature
            self.conv1.weight *= 3
            self.conv2.weight *= 3

    def forward(self, images):
        features = torch.tanh(self.conv2(torch.tanh(self.conv1(images))))
        return self.head(features.mean(dim=(2, 3)) * 10)


class Kinked(Smooth):
    """The same with ReLUs, each a module of its own, in place."""

    def __init__(self):
        super().__init__()
        self.relu1, self.relu2 = nn.ReLU(inplace=True), nn.ReLU(inplace=True)

    def forward(self, images):
        features = self.relu2(self.conv2(self.relu1(self.conv1(images))))
        return self.head(features.mean(dim=(2, 3)) * 10)


class Plain(nn.Sequential):
    """The same, every step a module, none of them with a bias."""

    def __init__(self):
        torch.manual_seed(0)
        super().__init__()
        for name, part in {
            "conv1": nn.Conv2d(3, 6, 3, stride=2, padding=1, bias=False),
            "relu1": nn.ReLU(inplace=True),
            "conv2": nn.Conv2d(6, 8, 3, stride=2, padding=1, bias=False),
            "relu2": nn.ReLU(inplace=True),
            "pool": nn.AdaptiveAvgPool2d(1),
            "flat": nn.Flatten(),
            "head": nn.Linear(8, 2, bias=False),
        }.items():
            self.add_module(name, part)


def small_vit(n_blocks=2):
    """torchvision's ViT with random weights: 4 × 4 patches of 8 pixels, two heads."""
    torch.manual_seed(0)
    network = VisionTransformer(
        image_size=SIDE,
        patch_size=8,
        num_layers=n_blocks,
        num_heads=2,
        hidden_dim=16,
        mlp_dim=32,
        num_classes=2,
    )
    nn.init.normal_(
        network.heads.head.weight
    )  # zero in a new network, whose logits are the same for all images then
    for block in network.encoder.layers:  # steep enough for attention to differ between patches
        nn.init.normal_(block.self_attention.in_proj_weight)
    return network


def small_swin():
    """torchvision's Swin of two stages of one block."""
    return SwinTransformer([4, 4], 8, [1, 1], [1, 1], [4, 4], num_classes=2)


def one_patch_vit(row, column):
    """torchvision's ViT whose class token attends to one patch of 4 × 4 and reads its brightness.

    Channels of the tokens: 0 brightness of the patch, 1 mark of the one patch, 2 mark of the class token, 3 the answer. The
    query reads channel 2 and the key channel 1: their product is 40 at that patch and 0 elsewhere, so its attention is 1 to
    within 1e-16. The norms and the second half of the block are taken out.
    """
    network = VisionTransformer(
        image_size=SIDE, patch_size=8, num_layers=1, num_heads=1, hidden_dim=4, mlp_dim=4, num_classes=2
    )
    block, attention = network.encoder.layers[0], network.encoder.layers[0].self_attention
    block.ln_1, block.ln_2, network.encoder.ln = nn.Identity(), nn.Identity(), nn.Identity()
    with torch.no_grad():
        for weight in network.parameters():
            weight.zero_()
        network.conv_proj.weight[0] = 1 / (3 * 8 * 8)
        network.encoder.pos_embedding[0, 1 + 4 * row + column, 1] = 1
        network.class_token[0, 0, 2] = 1
        query, key, value = attention.in_proj_weight.chunk(3)
        query[0, 2], key[0, 1], value[3, 0] = 40, 2, 1  # the product is divided by 2, the root of 4 channels
        attention.out_proj.weight[3, 3] = 1
        network.heads.head.weight[1, 3] = 1
    return network


def top_left_gate():
    gate = torch.zeros(1, 1, SIDE // 2, SIDE // 2)
    gate[..., : SIDE // 4, : SIDE // 4] = 1
    return gate


def textured_images(n, seed=0):
    """Grey images of noise between 0.2 and 0.8 on a 4-pixel and a 1-pixel scale, normalised as ImageNet's."""
    generator = np.random.default_rng(seed)
    coarse = generator.random((n, SIDE // 4, SIDE // 4)).repeat(4, axis=1).repeat(4, axis=2)
    grey = 0.2 + 0.6 * (0.5 * coarse + 0.5 * generator.random((n, SIDE, SIDE)))
    pixels = torch.from_numpy(grey.astype(np.float32))[:, None].expand(-1, 3, -1, -1)
    mean = torch.tensor((0.485, 0.456, 0.406)).view(3, 1, 1)
    std = torch.tensor((0.229, 0.224, 0.225)).view(3, 1, 1)
    return ((pixels - mean) / std).contiguous()
