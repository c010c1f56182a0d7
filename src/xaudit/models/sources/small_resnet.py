"""The phantom study's network: a residual net of 0.2 million weights, small enough to ship and to train on two cores."""

from collections import OrderedDict

import torch
from torch import nn

from xaudit.config import ModelSection

WIDTHS = (16, 32, 64, 96)

STRONGEST = 4
"""Cells of the last grid that speak for a feature. A tumour fills one or two of the 64; a mean over all would drown it."""


class Block(nn.Module):
    """Two 3 × 3 convolutions beside a shortcut; the second half of a residual step is never in place."""

    def __init__(self, n_in: int, n_out: int, *, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.relu = nn.ReLU()
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or n_in != n_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(n_in, n_out, 1, stride=stride, bias=False), nn.BatchNorm2d(n_out)
            )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(N, n_in, H, W) to (N, n_out, H / stride, W / stride), never negative."""
        step: torch.Tensor = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(features)))))
        # Not in place: an explainer may hold on to what the block gives.
        return torch.relu(step + self.shortcut(features))


class SmallResNet(nn.Module):
    """Stem, four blocks, mean of each feature's strongest cells, linear head. A frame of 128 px ends in 8 × 8 cells."""

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            OrderedDict(
                conv=nn.Conv2d(3, WIDTHS[0], 3, stride=2, padding=1, bias=False),
                bn=nn.BatchNorm2d(WIDTHS[0]),
                relu=nn.ReLU(),
            )
        )
        self.layer1 = Block(WIDTHS[0], WIDTHS[0], stride=1)
        self.layer2 = Block(WIDTHS[0], WIDTHS[1], stride=2)
        self.layer3 = Block(WIDTHS[1], WIDTHS[2], stride=2)
        self.layer4 = Block(WIDTHS[2], WIDTHS[3], stride=2)
        self.fc = nn.Linear(WIDTHS[3], n_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(N, 3, H, W) normalised images to (N, n_classes) logits."""
        features = self.layer4(self.layer3(self.layer2(self.layer1(self.stem(images)))))
        strongest = features.flatten(2).topk(min(STRONGEST, features.shape[2] * features.shape[3]), dim=2)
        logits: torch.Tensor = self.fc(strongest.values.mean(dim=2))
        return logits


def phantom_side(section: ModelSection) -> int:
    """Return the side of the model's frame: as the audit file says, else 128."""
    return section.input_size or 128


def build_phantom(_section: ModelSection, n_classes: int, _auxiliary: bool) -> nn.Module:
    """Build the network with random weights, drawn from torch's generator."""
    return SmallResNet(n_classes)
