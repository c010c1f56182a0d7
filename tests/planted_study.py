"""Eight simulated patients in memory and a network that reads one quadrant, for tests of planted evidence."""

import numpy as np
import torch
from torch import nn

from xaudit.models.classifier import Classifier
from xaudit.records import Case, Prediction, Surroundings
from xaudit.seeds import seed_for

SIDE = 64
CLASSES = ("cancer", "normal")
MARK = np.zeros((SIDE, SIDE), dtype=bool)
MARK[40:52, 8:20] = True
LUNGS = np.zeros((SIDE, SIDE), dtype=bool)
LUNGS[12:56, 4:28] = LUNGS[12:56, 36:60] = True


class QuadrantReader(nn.Module):
    """P(cancer) rises with the mean of the marked place."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(8.0))

    def forward(self, images):
        logit = self.factor * (images[:, 0, 40:52, 8:20].mean(dim=(1, 2)) - 0.5)
        return torch.stack([logit, torch.zeros_like(logit)], dim=1)


class Source:
    """Noise with a bright marked place on images of cancer."""

    def pixels(self, case):
        noise = np.random.default_rng(seed_for(0, case.case_id)).uniform(0.1, 0.3, size=(SIDE, SIDE))
        pixels = noise.astype(np.float32)
        if case.label == "cancer":
            pixels[MARK] = 0.9
        return pixels

    def surroundings(self, _case):
        return Surroundings(lungs=LUNGS)

    def regions(self, case):
        return {"union": MARK} if case.label == "cancer" else {}


def classifier():
    torch.set_num_threads(1)
    return Classifier(
        id="quadrant",
        module=QuadrantReader(),
        class_names=CLASSES,
        model_hw=(SIDE, SIDE),
        mean=(0.5, 0.5, 0.5),
        std=(0.25, 0.25, 0.25),
        batch_size=16,
    )


def pair(number):
    """A case and what the model said of it; the first four patients have cancer."""
    label = "cancer" if number < 4 else "normal"
    name = f"c{number}"
    case = Case(name, f"p{number}", "data", f"{name}.png", "0" * 64, label, "test", SIDE, SIDE)
    answer = Prediction(
        name, case.patient_id, "quadrant", "test", label, label, "cancer", (2.0, 0.0), (0.9, 0.1), CLASSES
    )
    return case, answer


PAIRS = [pair(number) for number in range(8)]
