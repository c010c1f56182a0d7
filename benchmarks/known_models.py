"""Networks whose evidence is known: the honest phantom network beside a detector of the corner marker.

The answer is p = (1 - w) p_honest + w p_marker. The marker's evidence goes around the convolutional layers, so a CAM of the
last one cannot see it.
"""

import torch
from safetensors.torch import load_file
from torch import nn

from xaudit.models import phantom_weights
from xaudit.models.sources.small_resnet import SmallResNet

CORNER = 0.13
"""Side of the upper right corner that the detector reads, as a share of the image's."""

DARK, BRIGHT = 0.002, 0.014
"""Mean of what is brighter than .6 in the corner, without and with the marker; half of the way in between is p = .5."""

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class BesideMarker(nn.Module):
    """The mixture, as logits: log p of each class, `cancer` first."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.network = SmallResNet(2)
        self.weight = weight

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(N, 3, H, W) normalised images to (N, 2) logits."""
        honest = torch.softmax(self.network(images), dim=1)[:, 0]
        grey = images[:, 0] * STD[0] + MEAN[0]
        side = round(CORNER * grey.shape[-1])
        bright = torch.relu(grey[:, :side, -side:] - 0.6).mean(dim=(1, 2))
        marker = torch.sigmoid(8 * (bright - (DARK + BRIGHT) / 2) / (BRIGHT - DARK))
        cancer = (1 - self.weight) * honest + self.weight * marker
        cancer = cancer.clamp(1e-6, 1 - 1e-6)
        return torch.stack([torch.log(cancer), torch.log1p(-cancer)], dim=1)


def half(n_classes: int) -> nn.Module:
    """Build the network with half of its answer from the marker."""
    assert n_classes == 2
    return BesideMarker(0.5)


def nine_tenths(n_classes: int) -> nn.Module:
    """Build the network with nine tenths of its answer from the marker."""
    assert n_classes == 2
    return BesideMarker(0.9)


def state() -> dict[str, torch.Tensor]:
    """Return the shipped weights under the names that they have in :class:`BesideMarker`."""
    shipped = phantom_weights("honest")
    assert shipped is not None
    return {f"network.{name}": values.contiguous() for name, values in load_file(shipped).items()}
