"""A lent model is frozen and in eval mode, and comes back as it was, also when the borrower fails."""

import pytest
import torch
from torch import nn

from xaudit.explainers.custody import custody


def mixed_module():
    module = nn.Sequential(nn.Linear(2, 2), nn.Dropout(), nn.Linear(2, 2))
    module.train()
    module[1].eval()
    module[0].weight.requires_grad_(False)
    module[2].bias.grad = torch.ones(2)
    return module


def state_of(module):
    return (
        [part.training for part in module.modules()],
        [weight.requires_grad for weight in module.parameters()],
        [None if weight.grad is None else weight.grad.tolist() for weight in module.parameters()],
    )


def test_inside_everything_is_frozen_and_in_eval_mode():
    module = mixed_module()
    with custody(module):
        assert not any(part.training for part in module.modules())
        assert not any(weight.requires_grad for weight in module.parameters())


def test_afterwards_flags_and_gradients_are_back():
    module = mixed_module()
    before = state_of(module)
    with custody(module):
        module.zero_grad()
        module[0].weight.grad = torch.ones(2, 2)
    assert state_of(module) == before
    assert before == (
        [True, True, False, True],
        [False, True, True, True],
        [None, None, None, [1.0, 1.0]],
    )


def test_a_failure_inside_passes_through_and_everything_is_back():
    module = mixed_module()
    before = state_of(module)
    with pytest.raises(RuntimeError, match=r"^out of memory$"), custody(module):
        raise RuntimeError("out of memory")
    assert state_of(module) == before
