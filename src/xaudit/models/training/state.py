"""How far a training has come, on disk after every epoch, so that an interruption costs less than one."""

import copy
import io
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from xaudit.errors import ModelError
from xaudit.models.weights.checkpoint import read_plain, write_whole
from xaudit.models.weights.wrapped_weights import State


@dataclass(frozen=True, slots=True)
class EpochLosses:
    """Cross-entropies of one epoch; those of the validation are None where no case is set aside for it."""

    training: float
    validation: float | None
    validation_accuracy: float | None

    @property
    def deciding(self) -> float:
        """The loss that early stopping looks at."""
        return self.training if self.validation is None else self.validation


@dataclass
class TrainingState:
    """A network on its way: everything that the next epoch needs and the seeds do not give.

    Attributes:
        history: the losses of the finished epochs.
        best: the weights after the epoch with the lowest deciding loss, on the CPU.
        best_epoch: how many epochs they have behind them; 0 where no epoch had a finite loss yet.
    """

    module: torch.nn.Module
    optimiser: torch.optim.Optimizer
    history: list[EpochLosses] = field(default_factory=list)
    best: State = field(default_factory=dict)
    best_epoch: int = 0

    def finish_epoch(self, losses: EpochLosses) -> None:
        """Takes an epoch into the history, and its weights where it is the best so far."""
        lowest = self.history[self.best_epoch - 1].deciding if self.best_epoch else math.inf
        self.history.append(losses)
        if losses.deciding < lowest:
            self.best_epoch = len(self.history)
            self.best = {
                name: tensor.detach().cpu().clone() for name, tensor in self.module.state_dict().items()
            }

    def is_over(self, *, epochs: int, patience: int) -> bool:
        """Whether every epoch is done, or the last so many brought nothing better."""
        return len(self.history) >= epochs or len(self.history) - self.best_epoch >= patience

    def save(self, path: Path, key: str) -> None:
        """Writes all of it, whole or not at all; raises OutputError where that cannot be done."""
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
        """Takes up the state in a file; False where there is none, or it is of another training or damaged."""
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
