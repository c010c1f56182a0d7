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


class Prints(ColourReader):
    def forward(self, images):
        print("Warning: an image that does not appear to be normalised")  # noqa: T201
        return super().forward(images)


class RaisesItsOwn(ColourReader):
    def forward(self, images):
        raise Exception("height and width must be the same")


def fails_by_an_own_error(_n_classes):
    raise Exception("weights must be one of the following")
