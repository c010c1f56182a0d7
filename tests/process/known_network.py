"""A network whose evidence is known by construction: one colour, read anywhere, and nothing else."""

import os
import time

import torch
from safetensors.torch import save_file
from torch import nn


class ColourReader(nn.Module):
    """Its first feature is how far one channel exceeds the two others; the second is always zero."""

    def __init__(self, n_classes):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU(), nn.AvgPool2d(2))
        self.head = nn.Linear(2, n_classes)

    def forward(self, images):
        time.sleep(float(os.environ.get("KNOWN_NETWORK_SLEEP", "0")))
        return self.head(self.features(images).mean(dim=(2, 3)))


class OtherNetwork(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.last = nn.Conv2d(3, 4, 3)
        self.head = nn.Linear(4, n_classes)

    def forward(self, images):
        return self.head(self.last(images).mean(dim=(2, 3)))


def build(n_classes):
    return ColourReader(n_classes)


def build_other(n_classes):
    return OtherNetwork(n_classes)


def save_colour_reader(path, channel):
    """Weights that see one channel: 0 reads the red marks, 1 the green corner.

    A patch of 0.9 over 0.1 and 0.1 that fills 1/16 of the image has a mean of (0.9 - 0.1 - 0.1) / 16 = 0.044,
    so its logits are 200 * 0.044 - 4 = 4.75 against -4.75; without a patch they are -4 against 4.
    """
    network = ColourReader(2)
    with torch.no_grad():
        network.features[0].weight.fill_(-1.0)
        network.features[0].weight[0, channel] = 1.0
        network.features[0].weight[1] = 0.0
        network.features[0].bias.zero_()
        network.head.weight.copy_(torch.tensor([[200.0, 0.0], [-200.0, 0.0]]))
        network.head.bias.copy_(torch.tensor([-4.0, 4.0]))
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, path)
