"""Questions to a model about changed images, batched so that batches are full whoever asks.

A measure is written as a generator: it yields a :class:`Question`, is sent the logits, and returns its result.
:func:`answer` runs many of them side by side and packs their rows into the same batches, across steps, cases and
measures. What a measure returns does not depend on who else asked.
"""

import time
from collections.abc import Callable, Generator, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

import numpy as np
import torch

from xaudit.records import FloatArray

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question:
    """Changed images of which a measure wants the logits, all of them before it goes on.

    Attributes:
        count: how many images, at least one.
        make: (start, stop) → (stop - start, 3, h, w), normalised, on the CPU; called once for each row, in order, and
            only when there is room in a batch.
        key: questions with equal keys are about the same images and are answered once; None shares with nobody.
    """

    count: int
    make: Callable[[int, int], torch.Tensor]
    key: Hashable | None = None


Asking: TypeAlias = Generator[Question, FloatArray, T]
"""A measure in progress: yields questions, is sent (count, n_classes) float64 logits, returns its result."""


@dataclass(frozen=True, slots=True)
class Answered(Generic[T]):
    """A measure's result, and what it cost.

    Attributes:
        n_evals: images evaluated for it; those that an earlier one had asked about already are not counted again.
        seconds: its own time and its share of the batches that it was in.
    """

    value: T
    n_evals: int
    seconds: float


def answer(
    askings: Sequence[Asking[T]], logits: Callable[[torch.Tensor], torch.Tensor], *, batch_size: int
) -> list[Answered[T]]:
    """Runs measures to their end, their questions packed into full batches.

    A batch is sent off part-filled only when no measure has anything left to ask before it hears an answer. Only as
    many are open at a time as fill a batch, so memory does not grow with their number.

    Args:
        logits: (N, 3, h, w) → (N, n_classes), each row's answer its own; given ``batch_size`` rows at most.

    Returns:
        In the order of ``askings``.
    """
    desk = _Desk(list(askings), logits, batch_size)
    while desk.fill():
        desk.evaluate()
    return [slot.answered() for slot in desk.slots]


def answer_one(asking: Asking[T], logits: Callable[[torch.Tensor], torch.Tensor], *, batch_size: int) -> T:
    """Carry out one measure on its own."""
    return answer([asking], logits, batch_size=batch_size)[0].value


def beside(asking: Asking[T], n_columns: int) -> Asking[tuple[T, FloatArray]]:
    """Carry out a measure on the first columns of the answers, and return the others beside its result.

    Args:
        n_columns: of the answers, that the measure is sent.

    Returns:
        The measure's result, and (rows, further columns) of all its questions, one after the other.
    """
    others: list[FloatArray] = []
    sent: FloatArray | None = None
    while True:
        try:
            question = next(asking) if sent is None else asking.send(sent)
        except StopIteration as end:
            return end.value, np.concatenate(others)
        answers = yield question
        sent = answers[:, :n_columns]
        others.append(answers[:, n_columns:])


def curve(images: Sequence[torch.Tensor] | Iterator[torch.Tensor], count: int) -> Question:
    """A question about images made one after the other."""
    waiting = iter(images)

    def make(start: int, stop: int) -> torch.Tensor:
        return torch.stack([next(waiting) for _ in range(stop - start)])

    return Question(count, make)


@dataclass(eq=False)
class _Slot(Generic[T]):
    """A measure in progress: its open question, and what it has cost so far."""

    asking: Asking[T]
    value: list[T] = field(default_factory=list)
    n_evals: int = 0
    seconds: float = 0.0

    def answered(self) -> Answered[T]:
        return Answered(self.value[0], self.n_evals, self.seconds)

    def go_on(self, logits: FloatArray | None) -> Question | None:
        """The next question; None when the measure has come to its end."""
        started = time.perf_counter()
        try:
            return next(self.asking) if logits is None else self.asking.send(logits)
        except StopIteration as end:
            self.value.append(end.value)
            return None
        finally:
            self.seconds += time.perf_counter() - started


@dataclass(eq=False)
class _Open(Generic[T]):
    """A question on the desk: who waits for it, how many rows are made, and the answers so far."""

    question: Question
    payer: _Slot[T]
    waiting: list[_Slot[T]]
    made: int = 0
    answers: list[FloatArray] = field(default_factory=list)

    @property
    def left(self) -> int:
        return self.question.count - self.made

    @property
    def is_answered(self) -> bool:
        return sum(map(len, self.answers)) == self.question.count


class _Desk(Generic[T]):
    """The queue in which questions wait for room in a batch."""

    def __init__(
        self,
        askings: list[Asking[T]],
        logits: Callable[[torch.Tensor], torch.Tensor],
        batch_size: int,
    ) -> None:
        self.slots = [_Slot(asking) for asking in askings]
        self._unopened = iter(self.slots)
        self._logits = logits
        self._batch_size = batch_size
        self._open: list[_Open[T]] = []
        self._known: dict[Hashable, FloatArray] = {}
        self._batch: list[tuple[_Open[T], torch.Tensor]] = []

    def fill(self) -> bool:
        """Puts rows into the next batch; False when nobody asks anything any more."""
        room = self._batch_size
        while room:
            pending = next((one for one in self._open if one.left), None)
            if pending is None:
                slot = next(self._unopened, None)
                if slot is None:
                    break
                self._put(slot, slot.go_on(None))
                continue
            started = time.perf_counter()
            stop = min(pending.made + room, pending.question.count)
            rows = pending.question.make(pending.made, stop)
            if len(rows) != stop - pending.made:
                raise ValueError(f"asked for {stop - pending.made} images, {len(rows)} were made")
            room -= len(rows)
            pending.made = stop
            self._batch.append((pending, rows))
            pending.payer.seconds += time.perf_counter() - started
        return bool(self._batch)

    def evaluate(self) -> None:
        """Asks the model, and hands the answers of finished questions to those who wait for them."""
        started = time.perf_counter()
        batch = self._batch[0][1] if len(self._batch) == 1 else torch.cat([rows for _, rows in self._batch])
        answers = self._logits(batch).double().numpy()
        each = (time.perf_counter() - started) / len(answers)
        start = 0
        for one, rows in self._batch:
            one.answers.append(answers[start : start + len(rows)])
            one.payer.n_evals += len(rows)
            one.payer.seconds += each * len(rows)
            start += len(rows)
        self._batch = []
        finished = [one for one in self._open if one.is_answered]
        self._open = [one for one in self._open if not one.is_answered]
        for one in finished:
            logits = np.concatenate(one.answers)
            if one.question.key is not None:
                self._known[one.question.key] = logits
            for slot in one.waiting:
                self._put(slot, slot.go_on(logits.copy()))

    def _put(self, slot: _Slot[T], question: Question | None) -> None:
        """Lays a question on the desk, or answers it at once if it is known."""
        while question is not None:
            if question.count < 1:
                raise ValueError("a question is about one image at least")
            if question.key is None:
                break
            known = self._known.get(question.key)
            if known is None:
                break
            question = slot.go_on(known.copy())
        if question is None:
            return
        same = None
        if question.key is not None:
            same = next((one for one in self._open if one.question.key == question.key), None)
        if same is not None:
            same.waiting.append(slot)
        else:
            self._open.append(_Open(question, slot, [slot]))
