"""What an evaluation costs in pieces of several sizes: a CPU is fastest where the activations of a piece fit its cache.

    python benchmarks/pieces.py [--networks resnet50:224 resnet18:128] [--rounds 3]

Batches of 32 images through the folded network, with random weights, in pieces of 2 to 32. The least wall time of all
rounds counts; the sizes take turns within a round.
"""

import argparse
import time
import warnings

import torch
import torchvision

from xaudit.models.classifier import PIXELS_AT_ONCE
from xaudit.models.network.folding import Folding

BATCH = 32
SIZES = (2, 4, 8, 16, 32)
NETWORKS = (
    "resnet50:224",
    "resnet18:224",
    "densenet121:224",
    "mobilenet_v2:224",
    "resnet50:128",
    "inception_v3:299",
)


def folded(name: str, side: int) -> torch.nn.Module:
    torch.manual_seed(0)
    further = {"init_weights": False} if name == "inception_v3" else {}
    module = getattr(torchvision.models, name)(num_classes=2, **further).eval()
    return Folding(module.to(memory_format=torch.channels_last), n_classes=2, model_hw=(side, side)).module()


def least_seconds(module: torch.nn.Module, images: torch.Tensor, n_rounds: int) -> dict[int, float]:
    """Of one image, by the size of the piece."""
    least = dict.fromkeys(SIZES, float("inf"))
    with torch.inference_mode():
        for _ in range(n_rounds):
            for size in SIZES:
                started = time.perf_counter()
                for piece in torch.split(images, size):
                    module(piece)
                least[size] = min(least[size], (time.perf_counter() - started) / BATCH)
    return least


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), metavar="NAME:SIDE")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    for network in chosen.networks:
        name, _, text = network.partition(":")
        side = int(text)
        images = torch.randn((BATCH, 3, side, side), generator=torch.Generator().manual_seed(0))
        images = images.contiguous(memory_format=torch.channels_last)
        found = least_seconds(folded(name, side), images, chosen.rounds)
        print(
            f"{name}, {side} px: "
            + ", ".join(f"{size}: {seconds * 1e3:.1f}" for size, seconds in found.items())
            + f" ms an image; xaudit takes {max(1, PIXELS_AT_ONCE // side**2)} at most",
            flush=True,
        )


if __name__ == "__main__":
    main()
