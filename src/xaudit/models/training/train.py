"""Training from scratch: the same weights from the same seed, interrupted or not.

Nothing random is carried from one epoch to the next. Order, augmentation and dropout of an epoch are drawn from
seeds made of the run's seed, the model's id, the epoch and the case, so an epoch that is repeated is the same one.
"""

import hashlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from xaudit.config import ModelSection, TrainSection, fingerprint
from xaudit.counts import counted
from xaudit.errors import ModelError
from xaudit.models.device import choose_device
from xaudit.models.network.finding_choice import asked_finding, single_finding
from xaudit.models.network.findings import on_one_finding
from xaudit.models.network.outputs import auxiliary_heads, logits_of
from xaudit.models.network.probe import check_answers
from xaudit.models.preparation.steps import asked_preparation, filter_notes
from xaudit.models.sources.build import architecture_of, build_module, input_hw
from xaudit.models.sources.factory import code_of
from xaudit.models.training.augment import augment, draw_change, keeps_mark
from xaudit.models.training.data import Frames, TrainingData
from xaudit.models.training.state import EpochLosses, TrainingState
from xaudit.models.weights.checkpoint import read_state
from xaudit.models.weights.saving import save_safetensors
from xaudit.records import Case, Progress
from xaudit.seeds import generator_for, seed_for

WARM_UP = 0.1
"""Share of the steps in which the learning rate climbs; over the rest it falls along a cosine."""


def train(
    section: ModelSection,
    settings: TrainSection,
    data: TrainingData,
    *,
    folder: Path,
    seed: int,
    device: str,
    on_progress: Callable[[Progress], None],
) -> Path:
    """Implement :func:`xaudit.models.train_classifier`, which has a light import."""
    training = _Training(section, settings, data, seed=seed, device=choose_device(device))
    path, unfinished = folder / f"{section.id}.safetensors", folder / f"{section.id}.unfinished.pt"
    key = training.key()
    if _is_finished(path, key):
        return path
    with _seeded(seed_for(seed, section.id, "weights"), training.device):
        state = training.start()
    if state.restore(unfinished, key):
        note = f"{section.id}: goes on after epoch {len(state.history)}"
    else:
        note = section.id
        state.save(unfinished, key)  # a folder that cannot be written to shows now, not after the first epoch
    bar = _Bar(section.id, training.n_steps, settings.epochs, done=training.n_steps * len(state.history))
    on_progress(Progress("train", bar.done, bar.total, note + training.caution))
    while not state.is_over(epochs=settings.epochs, patience=settings.patience):
        epoch = len(state.history)
        with _seeded(seed_for(seed, section.id, str(epoch), "dropout"), training.device):
            loss = 0.0
            for n_images, batch_loss in training.epoch(state, epoch):
                loss += n_images * batch_loss
                on_progress(bar.step(epoch, batch_loss, training.caution))
        state.finish_epoch(EpochLosses(loss / len(training.cases), *training.validate(state.module)))
        state.save(unfinished, key)
        on_progress(bar.finish_epoch(state.history[-1], training.caution))
    if not state.best_epoch:
        raise ModelError(
            f"model '{section.id}': no epoch of the training had a finite loss",
            hint=f"lower `learning_rate`, which is {settings.learning_rate:g}",
        )
    save_safetensors(state.best, path, notes={"key": key, **training.notes(state)})
    unfinished.unlink(missing_ok=True)
    on_progress(bar.finish(state))
    return path


def learning_rate_at(step: int, n_steps: int, peak: float) -> float:
    """Return the learning rate of one step: linear up to the peak, then down a half cosine to zero.

    Example:
        >>> [round(learning_rate_at(step, 20, 1.0), 3) for step in (0, 1, 2, 11, 19)]
        [0.5, 1.0, 1.0, 0.5, 0.008]
    """
    climb = max(1, round(WARM_UP * n_steps))
    if step < climb:
        return peak * (step + 1) / climb
    return peak * 0.5 * (1 + math.cos(math.pi * (step - climb) / max(1, n_steps - climb)))


class _Training:
    """The settings and data that stay the same through a training."""

    def __init__(
        self,
        section: ModelSection,
        settings: TrainSection,
        data: TrainingData,
        *,
        seed: int,
        device: torch.device,
    ) -> None:
        self.section, self.settings, self.data, self.seed, self.device = section, settings, data, seed, device
        self.cases, self.validation = data.split("train"), data.split("validation")
        self.counts = data.class_counts(self.cases)
        self.targets = {
            case.case_id: int(target)
            for cases in (self.cases, self.validation)
            for case, target in zip(cases, data.targets(cases), strict=True)
        }
        self.model_hw = input_hw(section)
        self.frames = Frames(
            data, model_hw=self.model_hw, fit=section.fit, preparation=asked_preparation(section)
        )
        n_cases = len(self.cases)
        # At least two images in each batch: a batch norm over a single value cannot be trained.
        self.n_steps = max(1, min(math.ceil(n_cases / settings.batch_size), n_cases // 2))
        weights = (
            n_cases / (len(self.counts) * self.counts)
            if settings.class_weights
            else np.ones(len(self.counts))
        )
        self.class_weights = torch.tensor(weights, dtype=torch.float32, device=device)
        self.caution = "" if self.validation else "; no validation cases, so it stops on the training loss"

    def start(self) -> TrainingState:
        """Return a network with fresh weights and its optimiser."""
        if self.section.outputs == "sigmoid":
            # Cross entropy of half the logit for the class and half of it against is binary cross entropy of the logit.
            finding = asked_finding(self.section, self.data.class_names, self.data.positive)
            module = on_one_finding(build_module(self.section, 1), finding)
        else:
            module = build_module(self.section, len(self.counts), auxiliary=True)
        module = module.float().to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        check_answers(
            module,
            subject=f"model '{self.section.id}'",
            n_classes=len(self.counts),
            model_hw=self.model_hw,
            device=self.device,
        )
        learnt = [weight for weight in module.parameters() if weight.requires_grad]
        groups = [
            {"params": [w for w in learnt if w.ndim > 1], "weight_decay": self.settings.weight_decay},
            {"params": [w for w in learnt if w.ndim <= 1], "weight_decay": 0.0},
        ]
        return TrainingState(module, torch.optim.AdamW(groups, lr=self.settings.learning_rate))

    def epoch(self, state: TrainingState, epoch: int) -> Iterator[tuple[int, float]]:
        """Go once through the training cases; yield each batch's size and loss as it is done."""
        order = generator_for(self.seed, self.section.id, str(epoch), "order").permutation(len(self.cases))
        state.module.train()
        for number, chosen in enumerate(np.array_split(order, self.n_steps)):
            cases = [self.cases[index] for index in chosen]
            images = self._augmented(cases, epoch) if self.settings.augment else self.frames.images(cases)
            step = epoch * self.n_steps + number
            for group in state.optimiser.param_groups:
                group["lr"] = learning_rate_at(
                    step, self.n_steps * self.settings.epochs, self.settings.learning_rate
                )
            state.optimiser.zero_grad(set_to_none=True)
            with self._precision():
                output = state.module(self._placed(images))
                logits = logits_of(output, len(self.counts))
                loss = self._loss(logits, cases)
                for head in auxiliary_heads(output):
                    loss = loss + head.weight * self._loss(head.logits, cases)
            loss.backward()  # type: ignore[no-untyped-call]
            state.optimiser.step()
            yield len(cases), float(loss.detach())

    def validate(self, module: torch.nn.Module) -> tuple[float | None, float | None]:
        """Return loss and accuracy on the unaugmented validation cases; None if there are none."""
        if not self.validation:
            return None, None
        module.eval()
        logits = []
        with torch.inference_mode(), self._precision():
            for start in range(0, len(self.validation), self.settings.batch_size):
                cases = self.validation[start : start + self.settings.batch_size]
                output = module(self._placed(self.frames.images(cases)))
                logits.append(logits_of(output, len(self.counts)).float())
        together = torch.cat(logits)
        right = together.argmax(1) == self._targets(self.validation)
        return float(self._loss(together, self.validation)), float(right.float().mean())

    def key(self) -> str:
        """Hash everything that determines the weights, so that the same training need not run twice."""
        shown = [self.cases[index] for index in (0, len(self.cases) // 2, -1)]
        left_out = {
            *("weights", "classes", "dataset", "layer", "target", "trusted"),
            *("outputs", "findings", "n_outputs", "finding", "threshold", "preprocess", "weights_prefix"),
        }
        if self.section.channels == 3:  # so that weights trained before this option stay valid
            left_out.add("channels")
        section = self.section.model_dump(mode="json", exclude=left_out)
        code = code_of(self.section)
        if self.section.outputs == "sigmoid":
            section |= {"outputs": "sigmoid", "finding": self._answers_for()[0]}
        return fingerprint(
            {
                **({"code": code} if code else {}),
                **filter_notes(self.section),
                "section": section,
                "settings": self.settings.model_dump(mode="json"),
                "seed": self.seed,
                "class_names": list(self.data.class_names),
                "cases": [
                    [case.case_id, case.sha256, case.label, case.split]
                    for case in (*self.cases, *self.validation)
                ],
                # How files become pixels (the window of a DICOM, for one) shows in the pixels alone.
                "frames": hashlib.sha256(self.frames.images(shown).numpy().tobytes()).hexdigest(),
            }
        )

    def notes(self, state: TrainingState) -> dict[str, object]:
        """Return the notes that are stored in the weights' file."""
        return {
            "architecture": architecture_of(self.section),
            "class_names": self._answers_for(),
            "input_size": self.model_hw[0],
            "fit": self.section.fit,
            **filter_notes(self.section),
            "mean": list(self.section.mean),
            "std": list(self.section.std),
            "seed": self.seed,
            "n_training_cases": len(self.cases),
            "n_validation_cases": len(self.validation),
            "best_epoch": state.best_epoch,
            "history": [asdict(losses) for losses in state.history],
        }

    def _answers_for(self) -> list[str]:
        if self.section.outputs == "sigmoid":
            return [single_finding(self.section, self.data.class_names, self.data.positive)]
        return list(self.data.class_names)

    def _augmented(self, cases: Sequence[Case], epoch: int) -> torch.Tensor:
        plain, marks = self.frames.images(cases), self.frames.marks(cases)
        changes = [
            draw_change(generator_for(self.seed, self.section.id, str(epoch), case.case_id)) for case in cases
        ]
        changed, carried = augment(plain, marks, changes)
        kept = keeps_mark(marks, carried).view(-1, 1, 1, 1)
        return torch.where(kept, changed, plain)

    def _placed(self, images: torch.Tensor) -> torch.Tensor:
        mean, std = (torch.tensor(values).view(3, 1, 1) for values in (self.section.mean, self.section.std))
        return ((images - mean) / std).to(self.device).contiguous(memory_format=torch.channels_last)

    def _targets(self, cases: Sequence[Case]) -> torch.Tensor:
        return torch.tensor([self.targets[case.case_id] for case in cases], device=self.device)

    def _loss(self, logits: torch.Tensor, cases: Sequence[Case]) -> torch.Tensor:
        return F.cross_entropy(logits.float(), self._targets(cases), weight=self.class_weights)

    def _precision(self) -> torch.autocast:
        # bfloat16 needs no loss scaling, and so no scaler whose state an interruption could lose.
        wanted = self.settings.mixed_precision and self.device.type == "cuda"
        return torch.autocast(
            self.device.type, dtype=torch.bfloat16, enabled=wanted and torch.cuda.is_bf16_supported()
        )


@dataclass
class _Bar:
    """Converts steps to readable progress, with the time left."""

    model_id: str
    n_steps: int
    epochs: int
    done: int
    losses: EpochLosses | None = None

    def __post_init__(self) -> None:
        self.started, self.done_before = time.perf_counter(), self.done

    @property
    def total(self) -> int:
        """Number of steps in all epochs; early stopping may need fewer."""
        return self.n_steps * self.epochs

    def step(self, epoch: int, loss: float, caution: str) -> Progress:
        """Report one more finished step."""
        self.done += 1
        return self._progress(epoch, {"loss": loss}, caution)

    def finish_epoch(self, losses: EpochLosses, caution: str) -> Progress:
        """Report one more finished epoch, its validation included."""
        self.losses = losses
        return self._progress(self.done // self.n_steps - 1, {"loss": losses.training}, caution)

    def finish(self, state: TrainingState) -> Progress:
        """Report the end of the training, perhaps by early stopping."""
        n_epochs, best = len(state.history), state.history[state.best_epoch - 1]
        note = f"{self.model_id}: {counted(n_epochs, 'epoch')}, the weights of epoch {state.best_epoch} kept"
        figures = {"seconds_left": 0.0, "loss": best.training, **_validation_figures(best)}
        return Progress("train", self.total, self.total, note, figures)

    def _progress(self, epoch: int, figures: dict[str, float], caution: str) -> Progress:
        per_step = (time.perf_counter() - self.started) / max(1, self.done - self.done_before)
        note = f"{self.model_id}: epoch {epoch + 1} of {self.epochs}{caution}"
        left = {"seconds_left": per_step * (self.total - self.done)}
        return Progress(
            "train", self.done, self.total, note, left | figures | _validation_figures(self.losses)
        )


def _validation_figures(losses: EpochLosses | None) -> dict[str, float]:
    if losses is None or losses.validation is None or losses.validation_accuracy is None:
        return {}
    return {"validation_loss": losses.validation, "validation_accuracy": losses.validation_accuracy}


def _is_finished(path: Path, key: str) -> bool:
    if not path.is_file():
        return False
    try:
        _, notes = read_state(path)
    except ModelError:
        return False
    return notes.get("key") == key


@contextmanager
def _seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch in this context; restore its random state afterwards."""
    devices = [device.index or 0] if device.type == "cuda" else []
    flags = torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True)
    with torch.random.fork_rng(devices=devices), flags:
        torch.manual_seed(seed)
        yield
