"""The state of a training, on disk after every epoch, so that an interruption costs less than one."""

import copy
import io
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from xaudit.errors import ModelError
from xaudit.models.weights.checkpoint import read_plain
from xaudit.models.weights.saving import write_whole
from xaudit.models.weights.wrapped_weights import State


@dataclass(frozen=True, slots=True)
class EpochLosses:
    """Cross-entropies of one epoch; the validation loss is None without validation cases."""

    training: float
    validation: float | None
    validation_accuracy: float | None

    @property
    def deciding(self) -> float:
        """The loss that early stopping uses."""
        return self.training if self.validation is None else self.validation


@dataclass
class TrainingState:
    """A network in training: everything that the next epoch needs and the seeds do not give.

    Attributes:
        history: the losses of the finished epochs.
        best: the weights after the epoch with the lowest deciding loss, on the CPU.
        best_epoch: number of epochs up to then; 0 if no epoch had a finite loss yet.
    """

    module: torch.nn.Module
    optimiser: torch.optim.Optimizer
    history: list[EpochLosses] = field(default_factory=list)
    best: State = field(default_factory=dict)
    best_epoch: int = 0

    def finish_epoch(self, losses: EpochLosses) -> None:
        """Add an epoch to the history, and keep its weights if it is the best so far."""
        lowest = self.history[self.best_epoch - 1].deciding if self.best_epoch else math.inf
        self.history.append(losses)
        if losses.deciding < lowest:
            self.best_epoch = len(self.history)
            self.best = {
                name: tensor.detach().cpu().clone() for name, tensor in self.module.state_dict().items()
            }

    def is_over(self, *, epochs: int, patience: int) -> bool:
        """Return True if every epoch is done, or the last ``patience`` epochs brought no improvement."""
        return len(self.history) >= epochs or len(self.history) - self.best_epoch >= patience

    def save(self, path: Path, key: str) -> None:
        """Write the whole state atomically; raise OutputError if that fails."""
        content = {
            "key": key,
            "module": self.module.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "history": [asdict(losses) for losses in self.history],
            "best": self.best,
            "best_epoch": self.best_epoch,
        }
        buffer = io.BytesIO()
        torch.save(content, buffer)
        write_whole(path, buffer.getvalue())

    def restore(self, path: Path, key: str) -> bool:
        """Load the state from a file; return False if there is none, or it is of another training or damaged."""
        if not path.is_file():
            return False
        try:
            content = read_plain(path)
        except ModelError:
            return False
        if not isinstance(content, Mapping) or content.get("key") != key:
            return False
        before = copy.deepcopy((self.module.state_dict(), self.optimiser.state_dict()))
        try:
            self.module.load_state_dict(content["module"])
            self.optimiser.load_state_dict(content["optimiser"])
            history = [EpochLosses(**losses) for losses in content["history"]]
            best, best_epoch = dict(content["best"]), int(content["best_epoch"])
        except (RuntimeError, LookupError, TypeError, ValueError, AttributeError):
            self.module.load_state_dict(before[0])
            self.optimiser.load_state_dict(before[1])
            return False
        self.history, self.best, self.best_epoch = history, best, best_epoch
        return True
