"""First queries of a network, which check that it takes its frame and answers as a classifier."""

from contextlib import ExitStack

import torch

from xaudit.errors import ModelError
from xaudit.models.network.failure import failure_hint, failure_line
from xaudit.models.network.findings import check_finding
from xaudit.models.network.outputs import logits_of
from xaudit.models.network.sealed import Sealed

_DRAWN = 1e-4
"""Allowed difference of two answers to one question, as a share of the largest logit; a GPU's sums vary in order."""

_BESIDE = 1e-2
"""The same for one image alone and in a batch, for which libraries may choose other convolution algorithms."""


_TRIES = 16

_AS_TRAINED = "write the file anew after `model.eval()`: it was written as for training"


def check_answers(
    module: torch.nn.Module, *, subject: str, n_classes: int, model_hw: tuple[int, int], device: torch.device
) -> tuple[str, ...]:
    """Send two images of noise through a network, again, and one alone, and check the answers.

    Args:
        module: on the device; queried in evaluation mode, and left as it was.
        subject: its name in errors.
        n_classes: logits it must give per image.
        model_hw: the frame.
        device: the device of the module.

    Returns:
        Warnings for the reader, such as probabilities in place of logits.

    Raises:
        ModelError: if it fails on the frame, does not give one finite logit per image and class, answers the same
            question differently, or lets an image's answer depend on the image beside it.
    """
    images = torch.randn((2, 3, *model_hw), generator=torch.Generator().manual_seed(0)).to(device)
    # Brighter and flatter, so that a layer that mixes the batch gives other logits.
    images[1] = 0.3 * images[1] + 1
    images = images.contiguous(memory_format=torch.channels_last)
    was_training = module.training
    module.eval()
    try:
        with torch.inference_mode(), torch.random.fork_rng([device] if device.type == "cuda" else []):
            before = images.clone()
            answer = _logits(module, images, subject, n_classes)
            if not torch.equal(images, before):
                raise ModelError(
                    f"{subject}: changes the images that it is given, in place",
                    hint="let its forward work on a copy: `images * 2` instead of `images.mul_(2)` or `images *= 2`",
                )
            if not torch.isfinite(answer).all():
                raise ModelError(
                    f"{subject}: its logits are not finite numbers",
                    hint="the weights hold NaN or infinity; train again",
                )
            largest = float(answer.abs().max())
            again = _logits(module, images, subject, n_classes)
            if float((again - answer).abs().max()) > _DRAWN * largest:
                raise ModelError(
                    f"{subject}: gives different logits for the same image: "
                    f"{_where(module, images, images, _DRAWN)} draws random numbers in evaluation mode",
                    hint=_AS_TRAINED
                    if isinstance(module, Sealed)
                    else "use torch.nn.Dropout, which evaluation switches off, or give "
                    "torch.nn.functional.dropout `training=self.training`",
                )
            alone = _logits(module, images[:1], subject, n_classes)
            if float((alone - answer[:1]).abs().max()) > _BESIDE * largest + 1e-5:
                raise ModelError(
                    f"{subject}: an image's logits depend on the image beside it: "
                    f"{_where(module, images, images[:1], _BESIDE)} mixes the images of a batch",
                    hint=_AS_TRAINED
                    if isinstance(module, Sealed)
                    else "a norm without running statistics (track_running_stats=False) does that; keep them, or "
                    "take GroupNorm",
                )
            remarks = check_finding(module, images, subject=subject)
    finally:
        module.train(was_training)
    return (*_remarks(answer, subject), *remarks)


def _logits(module: torch.nn.Module, images: torch.Tensor, subject: str, n_classes: int) -> torch.Tensor:
    try:
        answer = logits_of(module(images), n_classes)
    except ModelError as error:
        alone = ", asked for one image" if len(images) == 1 else ""
        raise ModelError(f"{subject}: {error}{alone}", hint=error.hint) from None
    # The network's own code can raise anything.
    except Exception as error:
        alone = "one image" if len(images) == 1 else "images"
        raise ModelError(
            f"{subject}: fails on {alone} of {images.shape[2]} × {images.shape[3]}: {failure_line(error)}",
            hint=failure_hint(error, _frame_hint(module, images.shape[1])),
        ) from error
    if len(answer) != len(images):
        raise ModelError(
            f"{subject}: {'two images' if len(images) == 2 else 'one image'} gave logits of shape {tuple(answer.shape)}",
            hint="return one row of logits per image",
        )
    return answer


def _frame_hint(module: torch.nn.Module, n_channels: int) -> str:
    first = next((part for part in module.modules() if isinstance(part, torch.nn.Conv2d)), None)
    match None if first is None else first.in_channels:
        case 1 if n_channels != 1:
            return "its first convolution takes one channel: set `channels: 1`"
        case int() as taken if taken != n_channels:
            return (
                f"its first convolution takes {taken} channels, and images come with three (or one, with "
                "`channels: 1`); let the factory put a layer in front that makes them"
            )
        case _:
            return "set `input_size` to what the architecture takes"


def _remarks(answer: torch.Tensor, subject: str) -> tuple[str, ...]:
    if torch.equal(answer[0], answer[1]):
        return (
            f"{subject}: gives two different images of noise the same answer; if it does so for real images too, it does not predict "
            "what it is asked for",
        )
    sums = answer.float().sum(dim=1)
    if float(answer.min()) >= 0 and torch.allclose(sums, torch.ones_like(sums), rtol=0, atol=1e-4):
        return (
            f"{subject}: its outputs are probabilities, not logits (they lie between 0 and 1 and sum to 1): a second "
            "softmax flattens them, and gradients of them vanish where it is sure; take the softmax out of the network, "
            "or let it return the logarithm of its probabilities",
        )
    return ()


def _where(module: torch.nn.Module, images: torch.Tensor, others: torch.Tensor, tolerance: float) -> str:
    """Return the first module whose output for the same first image differs between two passes, in words."""
    # A random layer may repeat itself: with two logits, one time in four.
    for _ in range(_TRIES):
        first, second = _passages(module, images), _passages(module, others)
        for (name, kind, before, after), (_, _, before_again, after_again) in zip(
            first, second, strict=False
        ):
            if _same(before, before_again, tolerance) and not _same(after, after_again, tolerance):
                return f"'{name}' ({kind})" if name else f"{kind}.forward"
    return type(module).__name__


def _passages(
    module: torch.nn.Module, images: torch.Tensor
) -> list[tuple[str, str, torch.Tensor, torch.Tensor]]:
    """Return name, kind, input and output of each module, for the first image, innermost first."""
    seen: list[tuple[str, str, torch.Tensor, torch.Tensor]] = []
    entered: list[torch.Tensor | None] = []

    def enter(_part: torch.nn.Module, args: tuple[object, ...]) -> None:
        given = args[0] if args else None
        # A copy: an in-place activation overwrites what it was given.
        entered.append(given[:1].clone() if isinstance(given, torch.Tensor) and given.ndim else None)

    with ExitStack() as stack:
        for name, part in module.named_modules():

            def leave(part: torch.nn.Module, _args: object, output: object, name: str = name) -> None:
                given = entered.pop()
                if given is not None and isinstance(output, torch.Tensor) and output.ndim:
                    seen.append((name, type(part).__name__, given, output[:1].clone()))

            stack.callback(part.register_forward_pre_hook(enter).remove)
            stack.callback(part.register_forward_hook(leave).remove)
        module(images)
    return seen


def _same(first: torch.Tensor, second: torch.Tensor, tolerance: float) -> bool:
    if first.shape != second.shape:
        return False
    return float((first - second).abs().max()) <= tolerance * float(first.abs().max())
