"""What an evaluation costs in pieces of several sizes, and through xaudit: a CPU is fastest where a piece's activations fit its cache.

    python benchmarks/pieces.py [--networks resnet50:224 resnet18:128 vit_tiny_patch16_224:224] [--rounds 3] [--threads 1]

Batches of 32 images through the folded network, with random weights, in pieces of 2 to 32, as one plain batch in either memory
layout, and through `Classifier.logits`. All take turns within a round, and the least CPU time of all rounds counts: with one
thread it is hardly moved by what else the machine does. The floor is the least of all but xaudit's.
"""

import argparse
import time
import warnings
from collections.abc import Callable

import torch
import torchvision

from xaudit.models.classifier import PIXELS_AT_ONCE, Classifier
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
    "vit_tiny_patch16_224:224",
)


def network(name: str) -> torch.nn.Module:
    torch.manual_seed(0)
    if not hasattr(torchvision.models, name):
        import timm

        return timm.create_model(name, pretrained=False, num_classes=2).eval()
    further = {"init_weights": False} if name == "inception_v3" else {}
    module: torch.nn.Module = getattr(torchvision.models, name)(num_classes=2, **further).eval()
    return module


def ways(name: str, side: int, images: torch.Tensor) -> dict[str, Callable[[], object]]:
    """All ways of asking for the answers to a batch, xaudit's last."""
    placed = images.contiguous(memory_format=torch.channels_last)
    plain = network(name)
    other = network(name).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    folded = Folding(other, n_classes=2, model_hw=(side, side)).module()
    classifier = Classifier(name, network(name), ("other", "target"), (side, side), batch_size=BATCH)

    def in_pieces(size: int) -> Callable[[], object]:
        return lambda: [folded(piece) for piece in torch.split(placed, size)]

    return {
        "plain": lambda: plain(images),
        "channels last": lambda: other(placed),
        **{str(size): in_pieces(size) for size in SIZES},
        "xaudit": lambda: classifier.logits(images),
    }


def least_seconds(asked: dict[str, Callable[[], object]], n_rounds: int) -> dict[str, float]:
    """CPU seconds of one image, by the way."""
    least = dict.fromkeys(asked, float("inf"))
    with torch.inference_mode():
        for number in range(n_rounds):
            # Every other round backwards, so that nothing is always behind the same.
            for way in list(asked)[:: 1 if number % 2 == 0 else -1]:
                started = time.process_time()
                asked[way]()
                least[way] = min(least[way], (time.process_time() - started) / BATCH)
    return least


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), metavar="NAME:SIDE")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    warnings.simplefilter("ignore")
    for named in chosen.networks:
        name, _, text = named.partition(":")
        side = int(text)
        images = torch.randn((BATCH, 3, side, side), generator=torch.Generator().manual_seed(0))
        least = least_seconds(ways(name, side, images), chosen.rounds)
        best = min(seconds for way, seconds in least.items() if way != "xaudit")
        print(
            f"{name}, {side} px: "
            + ", ".join(f"{way}: {seconds * 1e3:.1f}" for way, seconds in least.items())
            + f" ms an image; xaudit takes {max(1, PIXELS_AT_ONCE // side**2)} at most and {least['xaudit'] / best:.2f} × the floor",
            flush=True,
        )


if __name__ == "__main__":
    main()
