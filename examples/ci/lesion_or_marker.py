"""Makes the example's data set and the weights of its model: `python lesion_or_marker.py --reads lesion`.

Every sick image carries a red lesion and, in one corner, a green marker. A model can tell sick from well by either, and
is right about every image both ways. Nothing is downloaded and nothing is trained: the network has two features, and
its weights say which colour it looks for.
"""

import argparse
import csv
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

HEIGHT, WIDTH = 40, 32
N_PATIENTS, N_SLICES = 8, 3
CHANNELS = {"lesion": 0, "marker": 1}


class ColourReader(nn.Module):
    """A linear model of how much of one colour an image holds, wherever it lies."""

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU(), nn.AvgPool2d(2))
        self.head = nn.Linear(2, n_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(N, 3, H, W) images to (N, n_classes) logits."""
        return self.head(self.features(images).mean(dim=(2, 3)))


def build(n_classes: int) -> nn.Module:
    """What `factory:` in audit.yaml names."""
    return ColourReader(n_classes)


def write_weights(path: Path, *, reads: str) -> None:
    """The weights of a network that looks for the lesion's red, or the marker's green."""
    network = ColourReader(2)
    with torch.no_grad():
        network.features[0].weight.fill_(-1.0)
        network.features[0].weight[0, CHANNELS[reads]] = 1.0
        network.features[0].weight[1] = 0.0
        network.features[0].bias.zero_()
        network.head.weight.copy_(torch.tensor([[200.0, 0.0], [-200.0, 0.0]]))
        network.head.bias.copy_(torch.tensor([-4.0, 4.0]))
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, path)


def write_images(folder: Path) -> None:
    """24 images of 8 patients, their labels, and a reader's boxes in COCO format."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    rows, images, marks = [["image", "label", "patient", "split"]], [], []
    for number in range(N_PATIENTS * N_SLICES):
        patient, turn = divmod(number, N_SLICES)
        name, sick = f"p{patient}-{turn}.png", turn < N_SLICES - 1
        pixels = rng.uniform(0.3, 0.4, size=(HEIGHT, WIDTH, 1)).repeat(3, axis=2)
        if sick:
            y, x = int(rng.integers(12, 28)), int(rng.integers(12, 22))
            pixels[y : y + 10, x : x + 8] = (0.9, 0.1, 0.1)
            pixels[:10, :8] = (0.1, 0.9, 0.1)
            marks.append({"id": number, "image_id": number, "category_id": 1, "bbox": [x, y, 8, 10]})
        Image.fromarray(np.round(pixels * 255).astype(np.uint8)).save(folder / "images" / name)
        images.append({"id": number, "file_name": name, "height": HEIGHT, "width": WIDTH})
        rows.append([name, "sick" if sick else "well", f"patient {patient}", "test"])
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    coco = {"images": images, "annotations": marks, "categories": [{"id": 1, "name": "sick"}]}
    (folder / "marks.json").write_text(json.dumps(coco))


def main() -> None:
    """Writes everything into the folder of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reads", choices=CHANNELS, default="lesion", help="what the model looks for")
    arguments = parser.parse_args()
    here = Path(__file__).parent
    write_images(here)
    write_weights(here / "model.safetensors", reads=arguments.reads)


if __name__ == "__main__":
    main()
