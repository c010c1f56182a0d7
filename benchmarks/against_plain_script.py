"""The plain script that a user would write with lime, pytorch-grad-cam and quantus, beside xaudit on the same work.

    python benchmarks/against_plain_script.py [--models resnet18 resnet50 vit_tiny_patch16_224] [--cases 2] [--samples 96] [--compile]

Both explain the same images by Grad-CAM and LIME and score the maps by pixel flipping and relevance mass accuracy, in
turn in one process, with random weights (nothing is downloaded; whether weights are any good makes no difference to the
time). Their numbers must agree, or the script stops: Grad-CAM to 1e-5 of the library's own on the same network in the
same memory layout, LIME's coefficients to the bit where both got the same answers of the model, and scores to 1e-5
where the model's answers are rounded differently. How far the script's Grad-CAM lies from ours and from one in double
precision is printed: in single precision a map of ResNet50 is known to some 1e-4 only. The floor is the number of
evaluations needed times the best time of one in a full batch.

`--repeats` is a second setting, in which LIME has few superpixels, so that samples repeat. With `--compile` xaudit's
full batches go to a compiled network, and what it takes to compile is printed by itself. Wall times are those of the
machine as it is: quote them from an idle one.
"""

import argparse
import contextlib
import io
import math
import sys
import time
import warnings
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import partial

import numpy as np
import quantus
import torch
import torchvision
from lime.lime_image import LimeImageExplainer
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from scipy import ndimage
from skimage.segmentation import slic

from xaudit.config import ExplainerSpec, MetricSpec
from xaudit.explainers import make_explainer
from xaudit.explainers.lime import drawn_samples, surrogate
from xaudit.metrics import ask_faithfulness, score_localization
from xaudit.models.classifier import PIXELS_AT_ONCE, Classifier
from xaudit.models.network.folding import Folding
from xaudit.perturb.asking import answer

SIDES = {"resnet18": 128, "resnet50": 224, "vit_tiny_patch16_224": 224}
BATCH = 32
COMPACTNESS = 0.5


@dataclass(frozen=True)
class Work:
    """What both sides do."""

    images: np.ndarray
    targets: list[int]
    mark: np.ndarray
    n_samples: int
    n_segments: int
    steps: int

    @property
    def seeds(self) -> list[int]:
        return list(range(len(self.images)))


@dataclass
class Found:
    """What a side came to."""

    maps: dict[str, np.ndarray]
    flipping: dict[str, list[float]]
    mass: dict[str, list[float]]
    answers: list[np.ndarray]
    coefficients: list[np.ndarray]


class Grey(torch.nn.Module):
    """Takes one channel. Given three, Quantus flips each pixel's channels one by one."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.module(images.expand(-1, 3, -1, -1))
        return logits


def network(name: str, side: int) -> torch.nn.Module:
    """Random weights, with batch statistics of noise, so that the signal reaches the end."""
    torch.manual_seed(0)
    if name.startswith("vit"):
        import timm

        return timm.create_model(name, pretrained=False, num_classes=2).eval()
    module = getattr(torchvision.models, name)(num_classes=2)
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.momentum = None
    module.train()
    with torch.no_grad():
        module(torch.from_numpy(pictures(8, side, seed=9)))
    return module.eval()


def pictures(n: int, side: int, seed: int) -> np.ndarray:
    """Grey blobs under noise in [0, 1], (n, 3, side, side); black occurs, so that everybody's black is 0."""
    noise = np.random.default_rng(seed).normal(size=(n, side, side))
    coarse = np.stack([ndimage.gaussian_filter(one, side / 12) for one in noise])
    grey = coarse / np.abs(coarse).max(axis=(1, 2), keepdims=True) + 0.1 * noise
    low, high = grey.min(axis=(1, 2), keepdims=True), grey.max(axis=(1, 2), keepdims=True)
    return ((grey - low) / (high - low)).astype(np.float32)[:, None].repeat(3, axis=1)


def untied(maps: np.ndarray) -> np.ndarray:
    """Maps without equal values: of equal ones Quantus leaves the order to its sort, xaudit scatters them."""
    scattered = np.random.default_rng(0).permutation(maps[0].size).reshape(maps[0].shape)
    ranks = np.stack([np.lexsort((scattered.ravel(), one.ravel())) for one in maps])
    distinct = np.empty_like(maps, dtype=np.float32)
    for one, order in zip(distinct, ranks, strict=True):
        one.reshape(-1)[order] = np.arange(1, order.size + 1) / order.size
    return distinct


def by_plain_script(module: torch.nn.Module, work: Work) -> Found:
    """As the documents of the three libraries show it, one image after the other."""
    answers: list[np.ndarray] = []

    def predict(batch: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            logits = module(torch.from_numpy(np.asarray(batch)).permute(0, 3, 1, 2))
            return torch.softmax(logits, dim=1).numpy()

    def noted(batch: np.ndarray) -> np.ndarray:
        answers.append(predict(batch))
        return answers[-1]

    cams, limes, coefficients, answers_of = [], [], [], []
    for image, target, seed in zip(work.images, work.targets, work.seeds, strict=True):
        with gradcam(module) as cam:
            cams.append(cam(torch.from_numpy(image)[None], targets=[ClassifierOutputTarget(target)])[0])
        pixels = np.ascontiguousarray(image.transpose(1, 2, 0))
        explainer = LimeImageExplainer(random_state=seed, feature_selection="none")
        answers.clear()
        explanation = explainer.explain_instance(
            pixels,
            noted,
            labels=(target,),
            top_labels=None,
            num_samples=work.n_samples,
            segmentation_fn=lambda one: slic(
                one, work.n_segments, compactness=COMPACTNESS, start_label=0, convert2lab=False
            ),
        )
        weights = dict(explanation.local_exp[target])
        coefficients.append(np.array([weights[label] for label in range(len(weights))]))
        answers_of.append(np.concatenate(answers))
        limes.append(coefficients[-1].astype(np.float32)[explanation.segments])
    maps = {"gradcam": np.stack(cams), "lime": np.stack(limes)}
    flipping: dict[str, list[float]] = {}
    mass: dict[str, list[float]] = {}
    grey = Grey(module).eval()
    for name, some in maps.items():
        distinct = untied(some)[:, None]
        asked = {
            "x_batch": work.images[:, :1],
            "y_batch": np.array(work.targets),
            "a_batch": distinct,
            "channel_first": True,
        }
        curves = quantus.PixelFlipping(
            features_in_step=work.mark.size // work.steps,
            normalise=False,
            perturb_baseline="black",
            disable_warnings=True,
        )(model=grey, softmax=True, **asked)
        whole = [
            float(predict(image.transpose(1, 2, 0)[None])[0, target])
            for image, target in zip(work.images, work.targets, strict=True)
        ]
        flipping[name] = [
            float(np.trapezoid([first, *curve]) / work.steps)
            for first, curve in zip(whole, curves, strict=True)
        ]
        marks = np.broadcast_to(work.mark, (len(work.images), 1, *work.mark.shape)).astype(int)
        mass[name] = quantus.RelevanceMassAccuracy(normalise=False, disable_warnings=True)(
            model=grey, s_batch=marks, **asked
        )
    return Found(maps, flipping, mass, answers_of, coefficients)


def by_xaudit(classifier: Classifier, work: Work, scored: dict[str, np.ndarray]) -> Found:
    """The same through xaudit's explainers and metrics.

    Args:
        scored: the script's maps, which are scored in place of xaudit's: maps that are equal to 1e-5 can order nearly
            equal pixels otherwise.
    """
    images = torch.from_numpy(work.images)
    specs = {
        "gradcam": ExplainerSpec(name="gradcam"),
        "lime": ExplainerSpec.model_validate(
            {
                "name": "lime",
                "samples": work.n_samples,
                "segments": work.n_segments,
                "compactness": COMPACTNESS,
            }
        ),
    }
    maps = {
        name: make_explainer(spec, classifier).explain(images, work.targets, work.seeds)
        for name, spec in specs.items()
    }
    distinct = {name: untied(some) for name, some in scored.items()}
    flipping = MetricSpec.model_validate({"name": "pixel-flipping", "steps": work.steps, "baseline": "black"})
    asked = [
        (name, ask_faithfulness(flipping, classifier, images[case], target, distinct[name][case]))
        for name in maps
        for case, target in enumerate(work.targets)
    ]
    answered = answer([one for _, one in asked], classifier.logits, batch_size=BATCH)
    scores: dict[str, list[float]] = {name: [] for name in maps}
    for (name, _), one in zip(asked, answered, strict=True):
        scores[name].append(float(one.value.value))  # type: ignore[arg-type]
    everywhere = np.ones_like(work.mark)
    accuracy = MetricSpec(name="relevance-mass-accuracy")
    mass = {
        name: [float(score_localization(accuracy, one, work.mark, everywhere)) for one in some]  # type: ignore[arg-type]
        for name, some in distinct.items()
    }
    return Found(maps, scores, mass, [], [])


def cams_by_library(module: torch.nn.Module, images: torch.Tensor, targets: list[int]) -> np.ndarray:
    cams = []
    for image, target in zip(images, targets, strict=True):
        with gradcam(module) as cam:
            cams.append(cam(image[None], targets=[ClassifierOutputTarget(target)])[0])
    return np.stack(cams)


def gradcam(module: torch.nn.Module) -> GradCAM:
    """As the library's documents show it: a ResNet's last block, a ViT's last first norm and its tokens without the first."""
    if hasattr(module, "layer4"):
        return GradCAM(model=module, target_layers=[module.layer4[-1]])
    return GradCAM(
        model=module,
        target_layers=[module.blocks[-1].norm1],
        reshape_transform=lambda tokens: tokens[:, 1:].transpose(1, 2).unflatten(2, (14, 14)),
    )


def check(script: Found, ours: Found, work: Work, plain: torch.nn.Module, own: torch.nn.Module) -> None:
    """Stops where the two disagree."""
    images = torch.from_numpy(work.images)
    alike = cams_by_library(own, images.contiguous(memory_format=torch.channels_last), work.targets)
    exact = cams_by_library(deepcopy(plain).double(), images.double(), work.targets)
    print(
        f"  Grad-CAM: the script's {np.abs(script.maps['gradcam'] - ours.maps['gradcam']).max():.1e} from xaudit's; from "
        f"double precision {np.abs(script.maps['gradcam'] - exact).max():.1e} the script's, "
        f"{np.abs(ours.maps['gradcam'] - exact).max():.1e} xaudit's"
    )
    for index, (answers, wanted) in enumerate(zip(script.answers, script.coefficients, strict=True)):
        shown = drawn_samples(work.seeds[index], work.n_samples, len(wanted))
        if not np.array_equal(surrogate(shown, answers, work.targets[index]), wanted):
            sys.exit(f"image {index}: LIME's coefficients differ from the library's for the same answers")
    largest = {
        "Grad-CAM in one memory layout": np.abs(alike - ours.maps["gradcam"]).max(),
        "LIME": np.abs(script.maps["lime"] - ours.maps["lime"]).max(),
        "pixel flipping of Grad-CAM": _apart(script.flipping["gradcam"], ours.flipping["gradcam"]),
        "pixel flipping of LIME": _apart(script.flipping["lime"], ours.flipping["lime"]),
        "relevance mass accuracy": max(_apart(script.mass[name], ours.mass[name]) for name in ours.mass),
    }
    print("  largest differences: " + ", ".join(f"{name} {value:.1e}" for name, value in largest.items()))
    for name, value in largest.items():
        if not value <= 1e-5:
            sys.exit(f"{name}: differs by {value:.2e}")


def _apart(one: list[float], other: list[float]) -> float:
    return float(np.abs(np.array(one) - np.array(other)).max())


def timed(do: Callable[[], Found]) -> tuple[Found, float, float]:
    """What came of it, wall seconds and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    with contextlib.redirect_stderr(io.StringIO()):  # lime's progress bars
        found = do()
    return found, time.perf_counter() - wall, time.process_time() - cpu


def fastest(
    ask: Callable[[torch.Tensor], object], images: torch.Tensor, n_rounds: int
) -> tuple[float, float]:
    """Least wall and CPU seconds of one evaluation in a full batch."""
    walls, cpus = [], []
    with torch.inference_mode():
        ask(images)
        for _ in range(n_rounds):
            wall, cpu = time.perf_counter(), time.process_time()
            ask(images)
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
    return min(walls) / len(images), min(cpus) / len(images)


def floor(name: str, side: int, *, compiled: bool, n_rounds: int) -> tuple[float, float]:
    """The best of a network as it is, in channels-last memory, folded, and compiled; prints each."""
    images = torch.from_numpy(pictures(BATCH, side, seed=3))
    channels_last = images.contiguous(memory_format=torch.channels_last)
    module = network(name, side)
    best = {"plain": fastest(module, images, n_rounds)}
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    best["channels last"] = fastest(module, channels_last, n_rounds)
    folded = Folding(module, n_classes=2, model_hw=(side, side)).module()
    best["folded"] = fastest(folded, channels_last, n_rounds)
    n_pieces = math.ceil(BATCH * side * side / PIXELS_AT_ONCE)

    def piecewise(some: torch.Tensor) -> None:
        for piece in torch.tensor_split(some, n_pieces):
            folded(piece)

    best[f"folded in {n_pieces}"] = fastest(piecewise, channels_last, n_rounds)
    if compiled:
        from torch._inductor import config

        with config.patch(freezing=True), torch.no_grad():
            frozen = torch.compile(module, dynamic=False)
            frozen(channels_last)
            best["compiled"] = fastest(lambda some: _without_gradients(frozen, some), channels_last, n_rounds)
    print(
        "  ms an evaluation (wall, CPU): "
        + ", ".join(f"{kind} {wall * 1e3:.1f} {cpu * 1e3:.1f}" for kind, (wall, cpu) in best.items())
    )
    return min(wall for wall, _ in best.values()), min(cpu for _, cpu in best.values())


def _without_gradients(module: Callable[[torch.Tensor], object], images: torch.Tensor) -> object:
    # A frozen graph is made for no_grad, not for inference_mode.
    with torch.inference_mode(False), torch.no_grad():
        return module(images)


def compare(name: str, side: int, work: Work, *, compiled: bool, n_rounds: int) -> None:
    plain, own = network(name, side), network(name, side)
    started = time.perf_counter()
    classifier = Classifier(
        id=name,
        module=own,
        class_names=("other", "target"),
        model_hw=(side, side),
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        batch_size=BATCH,
        compile=compiled,
    )
    if compiled:
        print(f"  {time.perf_counter() - started:.0f} s to check and compile the network, not counted below")
    classifier.logits(torch.from_numpy(work.images[:1]))
    best = floor(name, side, compiled=compiled, n_rounds=n_rounds)
    ratios, shares = [], []
    for _ in range(n_rounds):
        script, script_wall, script_cpu = timed(partial(by_plain_script, plain, work))
        before = classifier.meter.n_evals
        ours, our_wall, our_cpu = timed(partial(by_xaudit, classifier, work, script.maps))
        n_evals = classifier.meter.n_evals - before
        print(
            f"  script {script_wall:.2f} s ({script_cpu:.2f} CPU), xaudit {our_wall:.2f} s ({our_cpu:.2f} CPU), "
            f"{n_evals} evaluations"
        )
        ratios.append((our_wall / script_wall, our_cpu / script_cpu))
        shares.append((our_wall / (n_evals * best[0]), our_cpu / (n_evals * best[1])))
    check(script, ours, work, plain, classifier.module)
    for what, pairs in (("of the script's", ratios), ("of the floor's", shares)):
        wall, cpu = np.median(np.array(pairs), axis=0)
        print(f"  {wall:.2f} × {what} wall time, {cpu:.2f} × its CPU time")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=SIDES, default=list(SIDES))
    parser.add_argument("--cases", type=int, default=2)
    parser.add_argument("--samples", type=int, default=96)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--repeats", action="store_true", help="LIME with 6 superpixels")
    parser.add_argument("--compile", action="store_true", help="the floor of a compiled network too")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in chosen.models:
        side = SIDES[name]
        images = pictures(chosen.cases, side, seed=1)
        mark = np.zeros((side, side), dtype=bool)
        mark[side // 4 : side // 2, side // 4 : side // 2] = True
        with torch.no_grad():
            targets = network(name, side)(torch.from_numpy(images)).argmax(dim=1).tolist()
        work = Work(images, targets, mark, chosen.samples, 6 if chosen.repeats else 60, chosen.steps)
        print(
            f"{name}, {side} px: {chosen.cases} cases, Grad-CAM and LIME of {chosen.samples} samples over about "
            f"{work.n_segments} superpixels, pixel flipping in {chosen.steps} steps, {torch.get_num_threads()} threads"
        )
        compare(name, side, work, compiled=chosen.compile, n_rounds=chosen.rounds)


if __name__ == "__main__":
    main()
