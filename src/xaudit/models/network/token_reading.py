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
    among their kind; if the head reads both kinds, each has one half. Where no token changes the logits, because the head's
    weights are zero before training, what its linear layers are given counts instead.

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
    """Return the change of the answer by each token before the picture, by the patches, and by another image's earlier layers."""
    device = next((weight.device for weight in network.parameters()), torch.device("cpu"))
    generator = torch.Generator().manual_seed(0)
    image, other = torch.randn((2, 3, *frame_hw), generator=generator).to(device)
    images = torch.stack([*[image] * (grid.prefix + 2), other])
    change = _Change(grid, len(images), generator, subject)
    handles = [last_block.register_forward_hook(change.make)]
    linear = [part for part in network.modules() if type(part) is torch.nn.Linear]
    handles += [part.register_forward_pre_hook(change.keep) for part in linear]
    try:
        with torch.no_grad():
            logits: torch.Tensor = network(images)
    finally:
        for handle in handles:
            handle.remove()
    if change.n_runs != 1:
        raise _unfit(subject, f"its last block runs {change.n_runs} times per image")
    moves = (logits[1:] - logits[0]).abs().amax(dim=1)
    if change.behind and not bool(moves.any()):
        given = torch.cat(change.behind, dim=1)
        moves = (given[1:] - given[0]).abs().amax(dim=1)
    return moves


class _Change:
    """The hooks that change tokens behind the last block, and keep what linear layers behind it are given."""

    def __init__(self, grid: TokenGrid, n_images: int, generator: torch.Generator, subject: str) -> None:
        self.n_runs = 0
        self.behind: list[torch.Tensor] = []
        self._grid = grid
        self._n_images = n_images
        self._generator = generator
        self._subject = subject

    def make(self, _block: object, _inputs: object, output: object) -> object:
        """Change one token in each image after the first, then all patches; the last image gets the first one's tokens."""
        self.n_runs += 1
        tokens = output[0] if isinstance(output, tuple) else output
        prefix, n_tokens = self._grid.prefix, self._grid.n_tokens
        if not isinstance(tokens, torch.Tensor) or tokens.shape[:2] != (self._n_images, n_tokens):
            shape = tuple(tokens.shape) if isinstance(tokens, torch.Tensor) else type(tokens).__name__
            raise _unfit(
                self._subject,
                f"its last block gives {shape} for {self._n_images} images, not {n_tokens} tokens each",
            )
        noise = torch.randn(tokens.shape[1:], generator=self._generator).to(tokens) * tokens.std()
        changed = tokens.clone()
        for index in range(prefix):
            changed[1 + index, index] += noise[index]
        changed[-2, prefix:] += noise[prefix:]
        changed[-1] = tokens[0]
        return (changed, *output[1:]) if isinstance(output, tuple) else changed

    def keep(self, _layer: object, inputs: tuple[torch.Tensor, ...]) -> None:
        """Keep the input of a linear layer that runs behind the block."""
        if self.n_runs:
            self.behind.append(inputs[0].reshape(self._n_images, -1))


def _unfit(subject: str, reason: str) -> ModelError:
    return ModelError(
        f"{subject} cannot tell which tokens the answer is read from: {reason}",
        hint="explain it with lime, occlusion, kernel-shap or integrated-gradients",
    )
