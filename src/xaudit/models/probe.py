"""Asking a network once, before any work rests on it, whether it takes its frame and gives one logit per class."""

import torch

from xaudit.errors import ModelError
from xaudit.models.outputs import logits_of

_FORWARD_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)


def check_answers(
    module: torch.nn.Module, *, subject: str, n_classes: int, model_hw: tuple[int, int], device: torch.device
) -> None:
    """Sends two images of noise through a network and looks at what comes back.

    Args:
        module: on the device; asked in evaluation mode, and left as it was.
        subject: what to call it in errors.
        n_classes: logits it must give per image.
        model_hw: the frame.
        device: where it stands.

    Raises:
        ModelError: where it fails on the frame, or does not give one finite logit per image and class.
    """
    images = torch.randn((2, 3, *model_hw), generator=torch.Generator().manual_seed(0)).to(device)
    was_training = module.training
    module.eval()
    try:
        with torch.inference_mode():
            answer = logits_of(module(images.contiguous(memory_format=torch.channels_last)), n_classes)
    except ModelError as error:
        raise ModelError(f"{subject}: {error}", hint=error.hint) from None
    except _FORWARD_ERRORS as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(
            f"{subject}: fails on images of {model_hw[0]} × {model_hw[1]}: {lines[0]}",
            hint="set `input_size` to what the architecture takes",
        ) from error
    finally:
        module.train(was_training)
    if len(answer) != 2:
        raise ModelError(
            f"{subject}: two images gave logits of shape {tuple(answer.shape)}",
            hint="one row of logits per image",
        )
    if not torch.isfinite(answer).all():
        raise ModelError(
            f"{subject}: its logits are not finite numbers",
            hint="the weights hold NaN or infinity; train again",
        )
