"""The colour reader with one fault each; its weights fit all of them."""

import torch
from known_network import ColourReader


class WithoutGradients(ColourReader):
    def forward(self, images):
        with torch.no_grad():
            return super().forward(images)


class Stochastic(ColourReader):
    def forward(self, images):
        # Of 64 copies, so that two passes never happen to drop the same ones.
        copies = super().forward(images)[:, None].expand(-1, 64, -1)
        return torch.nn.functional.dropout(copies, 0.5).mean(dim=1)


class Probabilities(ColourReader):
    def forward(self, images):
        return torch.softmax(super().forward(images), dim=1)


class Functional(ColourReader):
    def forward(self, images):
        return super().forward(torch.relu(images))
