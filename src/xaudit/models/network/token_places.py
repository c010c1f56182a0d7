"""The check that the tokens of a transformer show the patches of its frame, in their order."""

from typing import Any

import torch

from xaudit.records.token_grid import TokenGrid


def spill(
    network: torch.nn.Module, first_block: torch.nn.Module, grid: TokenGrid, frame_hw: tuple[int, int]
) -> float | None:
    """Change the pixels of some patches, and compare the change of all other tokens with that of theirs.

    Args:
        first_block: the block that gets the tokens first.

    Returns:
        0 if each token depends on the pixels of its own patch only; about 1 if the tokens have another order. None if there
        are not as many tokens, or the frame is not made of whole patches.
    """
    if frame_hw[0] % grid.height or frame_hw[1] % grid.width:
        return None
    device = next((weight.device for weight in network.parameters()), torch.device("cpu"))
    generator = torch.Generator().manual_seed(0)
    image, other = torch.randn((2, 3, *frame_hw), generator=generator)
    is_changed = torch.rand((grid.height, grid.width), generator=generator) < 0.5
    is_changed[0, 0], is_changed[-1, -1] = True, False
    pixels = is_changed.repeat_interleave(frame_hw[0] // grid.height, 0)
    pixels = pixels.repeat_interleave(frame_hw[1] // grid.width, 1)
    kept: list[torch.Tensor] = []

    def keep(_block: object, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
        kept.append(inputs[0] if inputs else named["hidden_states"])

    handle = first_block.register_forward_pre_hook(keep, with_kwargs=True)
    try:
        with torch.no_grad():
            network(torch.stack([image, torch.where(pixels, other, image)]).to(device))
    finally:
        handle.remove()
    if len(kept) != 1 or kept[0].ndim != 3 or kept[0].shape[:2] != (2, grid.n_tokens):
        return None
    change = (kept[0][1] - kept[0][0]).norm(dim=1)[grid.prefix :].cpu()
    inside, outside = change[is_changed.flatten()].mean(), change[~is_changed.flatten()].mean()
    return float(outside / inside) if inside > 0 else None
