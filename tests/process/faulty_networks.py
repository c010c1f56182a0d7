"""The colour reader with one fault each; its weights fit all of them."""

import torch
from known_network import ColourReader


class WithoutGradients(ColourReader):
    def forward(self, images):
        with torch.no_grad():
            return super().forward(images)


class Stochastic(ColourReader):
    def forward(self, images):
        return torch.nn.functional.dropout(super().forward(images), 0.5)


class Probabilities(ColourReader):
    def forward(self, images):
        return torch.softmax(super().forward(images), dim=1)


class Functional(ColourReader):
    def forward(self, images):
        return super().forward(torch.relu(images))
