"""A model lent to a third-party library comes back as it was.

The libraries switch modules to eval, leave ``.grad`` on parameters, or need gradients where none are wanted.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def custody(module: torch.nn.Module) -> Iterator[None]:
    """Put the module into eval mode with frozen parameters, and back afterwards, errors or not.

    Restored are each sub-module's training flag, and each parameter's ``requires_grad`` and ``.grad``. With frozen
    parameters a backward pass computes what reaches the features or the image, and nothing for the weights.
    """
    training = [(part, part.training) for part in module.modules()]
    parameters = [(weight, weight.requires_grad, weight.grad) for weight in module.parameters()]
    module.eval()
    for weight, _, _ in parameters:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        for part, was_training in training:
            part.training = was_training
        for weight, required_grad, grad in parameters:
            weight.requires_grad_(required_grad)
            weight.grad = grad
