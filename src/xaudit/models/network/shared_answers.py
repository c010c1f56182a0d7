"""Answers of one network for all of its findings, kept so that each image is evaluated once however many findings ask.

A network with an output for each finding answers all of them in one forward pass. The outputs of an image are kept under a
digest of its pixels, and the next finding that asks about the same pixels gets them from here.

Each evaluation is of a block of fixed size, filled up with copies, so that an image's outputs are the same bits whichever
images were asked with it. Whether that holds for a network is tried first; if not, nothing is shared.
"""

import hashlib
from collections.abc import Callable

import numpy as np
import torch

from xaudit.models.network.compiling import state_of
from xaudit.models.network.findings import finding_asked, own_answers, reduced
from xaudit.models.network.meter import Meter
from xaudit.records import FloatArray

Network = Callable[[torch.Tensor], torch.Tensor]
"""Function that maps images on the device to a row of numbers for each."""

Evaluate = Callable[[Network, torch.Tensor], list[torch.Tensor]]
"""Function that sends a block of images through a network on its device, and gives the rows in pieces on the CPU."""

MOST_BYTES = 2**30
"""Memory for the answers of one network; about images beyond that, each finding asks by itself."""

_BYTES_BESIDE = 300
"""Memory that a kept row takes beside its numbers."""


class SharedAnswers:
    """The outputs of one network, by image, and with its features where those were asked for as well.

    Args:
        n_findings: findings that ask; answers are kept for more than one only.
        block: images of one evaluation.
    """

    def __init__(self, n_findings: int, block: int) -> None:
        self.block = block
        self._free = MOST_BYTES if n_findings > 1 else 0
        self._known: dict[tuple[str, bytes], FloatArray] = {}
        self._exact: dict[str, bool] = {}

    def is_exact(self, kind: str, ask: Network, frame: tuple[int, ...]) -> bool:
        """Return True if an image has the same row, to the bit, at each place of a block and beside any images; tried once."""
        if kind not in self._exact:
            images = torch.randn((self.block, *frame), generator=torch.Generator().manual_seed(2))
            rows = ask(images)
            turned = torch.arange(self.block).roll(1)
            alone = ask(images[:1].repeat(self.block, 1, 1, 1))
            self._exact[kind] = torch.equal(ask(images[turned]), rows[turned]) and torch.equal(
                alone, rows[:1].expand_as(rows)
            )
        return self._exact[kind]

    def rows(self, kind: str, images: torch.Tensor, ask: Network) -> torch.Tensor:
        """Return the network's rows for images, (N, numbers); it is asked about those that are not known."""
        keys = [(kind, hashlib.blake2b(image.numpy().tobytes(), digest_size=16).digest()) for image in images]
        missing = {key: index for index, key in enumerate(keys) if key not in self._known}
        fresh: dict[tuple[str, bytes], FloatArray] = {}
        for start in range(0, len(missing), self.block):
            names = list(missing)[start : start + self.block]
            block = images[[missing[name] for name in names]]
            fill = block[-1:].expand(self.block - len(block), -1, -1, -1)
            fresh |= dict(zip(names, ask(torch.cat([block, fill])).numpy(), strict=False))
        found = np.stack([fresh[key] if key in fresh else self._known[key] for key in keys])
        for key, row in fresh.items():
            size = row.nbytes + _BYTES_BESIDE
            if size <= self._free:
                self._free -= size
                self._known[key] = row.copy()
        return torch.from_numpy(found)


class Share:
    """The answers about one finding, taken from those that the network gives for all.

    Args:
        module: the network, reduced to the finding.
        meter: counts each image that is asked about, and how many evaluations that saved.
    """

    def __init__(self, answers: SharedAnswers, module: torch.nn.Module, meter: Meter) -> None:
        finding = finding_asked(module)
        if finding is None:
            raise ValueError("a network that answers for no finding by itself shares no answers")
        self._answers, self._module, self._meter, self._finding = answers, module, meter, finding
        self._state = self._state_now()

    def logits(
        self,
        folded: torch.nn.Module,
        images: torch.Tensor,
        evaluate: Evaluate,
        last: torch.nn.Module | None,
        *,
        rounding: str,
    ) -> torch.Tensor | None:
        """Return the finding's two logits of each image; the network is asked where no finding has asked before.

        None if the network was changed or is watched, if a pixel stands for being gone, or if sharing would change an answer.

        Args:
            folded: the network as it is evaluated.
            last: the layer whose input, (N, d), is wanted beside the logits.
            rounding: precision of the evaluation; answers of another one are not taken.
        """
        if not (self._state_now() == self._state and bool(torch.isfinite(images).all())):
            return None
        network = _outputs(folded) if last is None else _outputs_and_inputs(folded, last)
        kind = f"{rounding} {'outputs' if last is None else 'features'}"

        def ask(block: torch.Tensor) -> torch.Tensor:
            with self._meter.forward(len(block)):
                return torch.cat(evaluate(network, block))

        with self._meter.paused():
            if not self._answers.is_exact(kind, ask, tuple(images.shape[1:])):
                return None
        before = self._meter.n_evals
        rows = self._answers.rows(kind, images.detach().cpu().contiguous(), ask)
        n_saved = before + len(images) - self._meter.n_evals
        self._meter.n_evals += n_saved
        self._meter.n_saved += n_saved
        n_outputs = self._finding.n_findings
        return torch.cat([reduced(rows[:, :n_outputs], self._finding), rows[:, n_outputs:]], dim=1)

    def _state_now(self) -> tuple[object, ...]:
        module = self._module
        return type(module), len(module._forward_hooks), len(module._forward_pre_hooks), state_of(module)


def _outputs(folded: torch.nn.Module) -> Network:
    return lambda images: own_answers(folded, images)


def _outputs_and_inputs(folded: torch.nn.Module, last: torch.nn.Module) -> Network:
    """Return a network that gives its outputs and, beside them, what its last layer reads."""

    def ask(images: torch.Tensor) -> torch.Tensor:
        kept: list[torch.Tensor] = []
        # The folded network calls the hooks of the network's own layers.
        handle = last.register_forward_pre_hook(lambda _layer, inputs: kept.append(inputs[0].detach()))
        try:
            outputs = own_answers(folded, images)
        finally:
            handle.remove()
        return torch.cat([outputs.float(), *(part.float() for part in kept)], dim=1)

    return ask
