"""Networks with one fault each, built through `factory` or directly."""

import torch
from tiny_networks import Tiny, Wrapped
from torch import nn
from torch.nn import functional


class DropsAsFunction(Tiny):
    """torch.nn.functional.dropout is on by default, also in evaluation mode."""

    def forward(self, images):
        features = functional.dropout(torch.relu(self.last(self.features(images))), 0.5)
        return self.head(features.mean(dim=(2, 3)))


class Noise(nn.Module):
    def forward(self, features):
        return features + torch.randn_like(features)


class DropsInside(Tiny):
    def __init__(self, n_classes):
        super().__init__(n_classes)
        self.drop = Noise()


class BatchStatistics(Tiny):
    def __init__(self, n_classes):
        super().__init__(n_classes)
        self.features[1] = nn.BatchNorm2d(4, track_running_stats=False)


class Squeezes(Tiny):
    """Of one image alone, squeeze takes the batch away too."""

    def forward(self, images):
        pooled = torch.relu(self.last(self.features(images))).mean(dim=(2, 3), keepdim=True)
        return self.head(pooled.squeeze())


class Frozen(Tiny):
    def forward(self, images):
        with torch.no_grad():
            return super().forward(images)


class HeadOnly(Tiny):
    """The features are made without gradients, the head with."""

    def forward(self, images):
        with torch.no_grad():
            features = self.features(images)
        return self.head(torch.relu(self.last(features)).mean(dim=(2, 3)))


class Channels(Tiny):
    def __init__(self, n_classes, n_channels):
        super().__init__(n_classes)
        self.features[0] = nn.Conv2d(n_channels, 4, 3, padding=1)


def one_channel(n_classes):
    return Channels(n_classes, 1)


def four_channels(n_classes):
    return Channels(n_classes, 4)


def probabilities(n_classes):
    return Wrapped(n_classes, lambda logits: torch.softmax(logits, dim=1))


def one_logit(_n_classes):
    return Tiny(1)
