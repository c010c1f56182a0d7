"""The cost of queries: images sent through a model, and the time spent inside it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch


@dataclass
class Meter:
    """Counts forward evaluations, one per image, and wall time inside the model, whoever calls it.

    Forward passes are counted and timed automatically. So are backward passes that start at the model's logits;
    :meth:`backward` is for an adapter that starts one elsewhere, and counts no time twice.
    """

    n_evals: int = 0
    n_saved: int = 0
    seconds: float = 0.0
    _depth: int = field(default=0, repr=False)

    @property
    def n_evaluated(self) -> int:
        """The evaluations that took place: ``n_evals`` less the answers that another finding's evaluation gave."""
        return self.n_evals - self.n_saved

    @contextmanager
    def backward(self) -> Iterator[None]:
        """Time this context as work of the model; count no evaluation."""
        started = time.perf_counter()
        before = self.seconds
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                self.seconds = before + time.perf_counter() - started

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave queries in this context out of the counts: a trial before the work is no part of its cost."""
        before = self.n_evals, self.n_saved, self.seconds
        try:
            yield
        finally:
            self.n_evals, self.n_saved, self.seconds = before

    @contextmanager
    def forward(self, n_images: int) -> Iterator[None]:
        """Count and time a forward pass that no hook sees."""
        started = time.perf_counter()
        yield
        self._add(started)
        self.n_evals += n_images

    def attach(self, module: torch.nn.Module, device: torch.device) -> None:
        """Hook onto a module, so that a direct ``module(images)`` is metered too."""
        starts: list[float] = []

        # Closures, not bound methods: a deep copy of the module then shares this meter instead of copying it.
        def begin(_module: torch.nn.Module, _args: tuple[Any, ...]) -> None:
            _wait_for(device)
            starts.append(time.perf_counter())

        def end(_module: torch.nn.Module, _args: tuple[Any, ...], output: object) -> None:
            _wait_for(device)
            self._add(starts.pop())
            if isinstance(output, torch.Tensor):
                self.n_evals += len(output)
                if output.requires_grad:
                    output.register_hook(begin_backward)  # type: ignore[no-untyped-call]

        def begin_backward(_gradient: torch.Tensor) -> None:
            _wait_for(device)
            started = time.perf_counter()

            def end_backward() -> None:
                _wait_for(device)
                self._add(started)

            # The engine calls it when the whole backward pass is over; DistributedDataParallel relies on it too.
            torch.autograd.Variable._execution_engine.queue_callback(end_backward)

        module.register_forward_pre_hook(begin)
        module.register_forward_hook(end, always_call=True)

    def _add(self, started: float) -> None:
        if self._depth == 0:
            self.seconds += time.perf_counter() - started


def _wait_for(device: torch.device) -> None:
    match device.type:
        case "cuda":
            torch.cuda.synchronize(device)
        case "mps":
            torch.mps.synchronize()
