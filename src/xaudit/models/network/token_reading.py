"""The tokens behind a transformer's last block that its head reads."""

import torch

from xaudit.errors import ModelError
from xaudit.records.token_grid import TokenGrid

_LEAST_SHARE = 1e-3
"""Change of the logits, as a share of the largest, from which on a token counts as read."""


def read_tokens(
    network: torch.nn.Module,
    last_block: torch.nn.Module,
    grid: TokenGrid,
    *,
    frame_hw: tuple[int, int],
    subject: str,
) -> torch.Tensor:
    """Return the share of each token in what the head reads, (tokens,), found by changing tokens behind the last block.

    Tokens before the picture are changed each by itself, the patches all together. Those that change the logits share equally
    among their kind; if the head reads both kinds, each has one half.

    Raises:
        ModelError: if the block gives no list of that many tokens, the logits depend on none of them, or also on something
            that does not pass through the block.
    """
    *moves, past = _moves(network, last_block, grid, frame_hw, subject)
    moved = torch.stack(moves)
    if not float(moved.max()) > 0:
        raise _unfit(subject, "its logits do not depend on the tokens behind the last block")
    if float(past) > _LEAST_SHARE * float(moved.max()):
        raise _unfit(subject, "its logits also depend on something that does not pass through the last block")
    is_read = moved > _LEAST_SHARE * moved.max()
    share = torch.zeros(grid.n_tokens, device=moved.device)
    share[: grid.prefix] = is_read[:-1] / is_read[:-1].sum().clamp(min=1)
    share[grid.prefix :] = is_read[-1] / (grid.height * grid.width)
    return share / share.sum()


def _moves(
    network: torch.nn.Module,
    last_block: torch.nn.Module,
    grid: TokenGrid,
    frame_hw: tuple[int, int],
    subject: str,
) -> torch.Tensor:
    """Return the change of the logits by each token before the picture, by the patches, and by another image's earlier layers."""
    device = next((weight.device for weight in network.parameters()), torch.device("cpu"))
    generator = torch.Generator().manual_seed(0)
    image, other = torch.randn((2, 3, *frame_hw), generator=generator).to(device)
    images = torch.stack([*[image] * (grid.prefix + 2), other])
    n_runs = 0

    def change(_block: object, _inputs: object, output: object) -> object:
        nonlocal n_runs
        n_runs += 1
        tokens = output[0] if isinstance(output, tuple) else output
        if not isinstance(tokens, torch.Tensor) or tokens.shape[:2] != (len(images), grid.n_tokens):
            shape = tuple(tokens.shape) if isinstance(tokens, torch.Tensor) else type(tokens).__name__
            raise _unfit(
                subject,
                f"its last block gives {shape} for {len(images)} images, not {grid.n_tokens} tokens each",
            )
        noise = torch.randn(tokens.shape[1:], generator=generator).to(tokens) * tokens.std()
        changed = tokens.clone()
        for index in range(grid.prefix):
            changed[1 + index, index] += noise[index]
        changed[-2, grid.prefix :] += noise[grid.prefix :]
        changed[-1] = tokens[0]
        return (changed, *output[1:]) if isinstance(output, tuple) else changed

    handle = last_block.register_forward_hook(change)
    try:
        with torch.no_grad():
            logits: torch.Tensor = network(images)
    finally:
        handle.remove()
    if n_runs != 1:
        raise _unfit(subject, f"its last block runs {n_runs} times per image")
    return (logits[1:] - logits[0]).abs().amax(dim=1)


def _unfit(subject: str, reason: str) -> ModelError:
    return ModelError(
        f"{subject} cannot tell which tokens the answer is read from: {reason}",
        hint="explain it with lime, occlusion, kernel-shap or integrated-gradients",
    )
