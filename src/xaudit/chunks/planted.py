"""Chunks of images that show planted evidence: asked once, then answered again for any share of the answer.

A wrapped model's probability is p = (1 - w) p_model + w p_plant. All that an audit asks is asked once, of the model and of the
plant's detector together, and kept; what the audit measures of the wrapped model then follows for every w by the audit's own
code, which is sent the mixed answers instead of the model's.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from scipy.special import log_expit, logsumexp

from xaudit.chunks.chunk import CaseSource, Chunk, Subject
from xaudit.chunks.donors import DonorPool
from xaudit.errors import ModelError
from xaudit.records import BoolArray, Case, FloatArray, Prediction, Problem
from xaudit.seeds import generator_for

if TYPE_CHECKING:
    import torch

    from xaudit.catalog.plugin_records import PlantPlugin
    from xaudit.models.classifier import Classifier
    from xaudit.perturb.asking import Answered, Asking

T = TypeVar("T")

SURE = 6.0
"""Log odds that the detector gives at most, for an image with the plant and for one without."""


@dataclass(frozen=True, slots=True)
class Detector:
    """A plant's detector with its limits on the user's own images.

    Attributes:
        without: the largest evidence on an image without the plant.
        shown: the smallest evidence on an image with it.
    """

    plant: "PlantPlugin"
    without: float
    shown: float

    def log_odds(self, grey: FloatArray) -> FloatArray:
        """Return the log odds that each image, (n, h, w), shows the plant: sure at and beyond the limits.

        Example:
            >>> detector = Detector(type("Plant", (), {"evidence": lambda self, images: images[:, 0, 0]})(), 0.2, 0.6)
            >>> detector.log_odds(np.array([[[0.1]], [[0.4]], [[0.9]]])).tolist()
            [-6.0, 0.0, 6.0]
        """
        evidence = np.asarray(self.plant.evidence(grey), dtype=np.float64)
        middle, half = (self.without + self.shown) / 2, (self.shown - self.without) / 2
        odds: FloatArray = SURE * np.clip(np.round((evidence - middle) / half, 9), -1, 1)
        return odds


def mixed_logits(
    model: FloatArray, detector: FloatArray, share: float, *, n_classes: int, target: int
) -> FloatArray:
    """Return log-probabilities of a wrapped model, (n, n_classes), from the log odds of its two parts.

    Classes other than the target share what is left evenly; only the target is asked about.

    Example:
        >>> logits = mixed_logits(np.array([0.0]), np.array([np.log(9.0)]), 0.5, n_classes=2, target=1)
        >>> np.exp(logits).round(6).tolist()
        [[0.3, 0.7]]
    """
    with np.errstate(divide="ignore"):
        weights = np.log([1 - share, share])
    yes = np.logaddexp(weights[0] + log_expit(model), weights[1] + log_expit(detector))
    no = np.logaddexp(weights[0] + log_expit(-model), weights[1] + log_expit(-detector))
    logits = np.repeat((no - np.log(n_classes - 1))[:, None], n_classes, axis=1)
    logits[:, target] = yes
    return logits


class PlantedChunk(Chunk):
    """A chunk of which some images show a plant; the questions and their order are those of any chunk.

    Attributes:
        source: where images and marks come from.
    """

    def __init__(
        self,
        classifier: "Classifier",
        source: CaseSource,
        pairs: Sequence[tuple[Case, Prediction]],
        planting: "Planting",
    ) -> None:
        super().__init__(classifier, source, pairs)
        self.source, self.planting = source, planting

    @cached_property
    def plain(self) -> tuple[Subject, ...]:
        """The cases that could be read, without the plant."""
        return Chunk.subjects.fget(self)  # type: ignore[attr-defined,no-any-return]

    @cached_property
    def _shown(self) -> tuple[Subject, ...]:
        return tuple(self.planting.put_into(subject, self.classifier) or subject for subject in self.plain)

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The cases that could be read, with the plant where it is to be."""
        return self._shown


@dataclass(frozen=True, slots=True)
class Planting:
    """A plant, and the cases that show it.

    Attributes:
        region: the region that it is put into, for plants that lie over one; empty otherwise.
        cases: ids of the cases.
    """

    plant: "PlantPlugin"
    region: str
    cases: Collection[str]
    seed: int

    @property
    def id(self) -> str:
        """The plant's id with its region, such as ``tag@opposite-lung``."""
        return f"{self.plant.row.id}@{self.region}" if self.region else self.plant.row.id

    def put_into(self, subject: Subject, classifier: "Classifier") -> Subject | None:
        """Return the subject with the plant in its image; None if it is not to show it or the plant does not fit."""
        if subject.case.case_id not in self.cases:
            return None
        import torch

        region: BoolArray | None = None
        if self.region:
            region = subject.parts_in_model.get(self.region)
            if region is None or not region.any():
                return None
        pixels = classifier.denormalise(subject.image).numpy()
        planted = self.plant.insert(pixels, region, generator_for(self.seed, subject.case.image_id, self.id))
        if planted is None:
            return None
        # Elsewhere the image stays what it is, to the bit: a pixel that only rounding moved is no part of the plant.
        planted = np.asarray(planted, dtype=np.float32)
        moved = torch.from_numpy(planted != pixels)
        return replace(subject, image=torch.where(moved, _input(planted, classifier), subject.image))


class PlantedDonors(DonorPool):
    """Donors of which some show a plant; how odd in-filled images are to the model is not measured."""

    are_real = False

    def __init__(self, chunk: PlantedChunk) -> None:
        self._chunk = chunk
        self._features = None


class OneSubject(Chunk):
    """A planted chunk with a single case, ready as it is.

    Args:
        classifier: the model that is asked instead of the chunk's own.
    """

    def __init__(
        self,
        chunk: PlantedChunk,
        subject: Subject,
        donors: DonorPool | None = None,
        classifier: "Classifier | None" = None,
    ) -> None:
        asked = classifier or chunk.classifier
        super().__init__(asked, chunk.source, [(subject.case, subject.prediction)], donors)
        self._subject = subject

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The case."""
        return (self._subject,)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Nothing: the case was read."""
        return ()

    def _mixed(self, odds: FloatArray, share: float) -> FloatArray:
        n_classes, target = len(self.classifier.class_names), self._subject.target_index
        return mixed_logits(odds[:, 0], odds[:, 1], share, n_classes=n_classes, target=target)


class RecordedChunk(OneSubject):
    """A case whose questions are put to the model and to the detector, and their answers kept.

    Attributes:
        answers: log odds of the model and of the detector, (n, 2), of each question in its turn.
    """

    def __init__(self, chunk: PlantedChunk, subject: Subject, donors: DonorPool, detector: Detector) -> None:
        super().__init__(chunk, subject, donors)
        self._detector = detector
        self.answers: list[FloatArray] = []

    def answer(
        self,
        askings: "Sequence[Asking[T]]",
        _logits: "Callable[[torch.Tensor], torch.Tensor] | None" = None,
    ) -> "list[Answered[T]]":
        """Put the questions to both, keep the answers, and go on with the model's."""
        from xaudit.perturb.asking import answer

        kept: list[list[FloatArray]] = [[] for _ in askings]
        wrapped = [self._keeping(one, log) for one, log in zip(askings, kept, strict=True)]
        answered = answer(wrapped, self._both, batch_size=self.classifier.batch_size)
        self.answers += [odds for log in kept for odds in log]
        return answered

    def _keeping(self, asking: "Asking[T]", log: list[FloatArray]) -> "Asking[T]":
        question = next(asking)
        while True:
            odds = yield question
            log.append(odds)
            try:
                question = asking.send(self._mixed(odds, 0.0))
            except StopIteration as end:
                value: T = end.value
                return value

    def _both(self, images: "torch.Tensor") -> "torch.Tensor":
        """Return the log odds of the model and of the detector for images of the model's frame, (n, 2)."""
        import torch

        model = log_odds_of(self.classifier, images, self._subject.target_index)
        grey = self.classifier.denormalise(images).numpy().mean(axis=1)
        return torch.from_numpy(np.stack([model, self._detector.log_odds(grey)], axis=1))


class AnsweredChunk(OneSubject):
    """The same case, answered from what was kept, for one share of the answer.

    Args:
        odds: log odds of the model and of the detector, (n, 2), in the order of the questions.
    """

    def __init__(
        self, chunk: PlantedChunk, subject: Subject, donors: DonorPool, odds: FloatArray, *, share: float
    ) -> None:
        super().__init__(chunk, subject, donors)
        self._left = self._mixed(odds, share)

    def answer(
        self,
        askings: "Sequence[Asking[T]]",
        _logits: "Callable[[torch.Tensor], torch.Tensor] | None" = None,
    ) -> "list[Answered[T]]":
        """Send each measure the answers that were kept for its questions.

        Raises:
            ValueError: if it asks for more than was kept.
        """
        return [self._driven(asking) for asking in askings]

    def _driven(self, asking: "Asking[T]") -> "Answered[T]":
        from xaudit.perturb.asking import Answered

        question = next(asking)
        while True:
            logits, self._left = self._left[: question.count], self._left[question.count :]
            if len(logits) < question.count:
                raise ValueError("the kept answers belong to other questions")
            if question.needs_images:
                question.make(0, question.count)
            try:
                question = asking.send(logits)
            except StopIteration as end:
                return Answered(end.value, 0, 0.0)

    @property
    def is_used_up(self) -> bool:
        """True if every kept answer was asked for."""
        return not len(self._left)


def log_odds_of(classifier: "Classifier", images: "torch.Tensor", target: int) -> FloatArray:
    """Return a model's log odds of one class for images of its frame, (n,).

    Raises:
        ModelError: if one is not a number.
    """
    logits = classifier.logits(images).double().numpy()
    if not np.isfinite(logits).all():
        raise ModelError(
            f"model '{classifier.id}': its answer to an image with a plant is not a number",
            hint="check its weights and its preprocessing: NaN or infinite logits",
        )
    odds: FloatArray = logits[:, target] - logsumexp(np.delete(logits, target, axis=1), axis=1)
    return odds


def grey_images(classifier: "Classifier", subjects: Sequence[Subject]) -> FloatArray:
    """Return the images of some subjects as detectors read them: grey, before normalisation, (n, h, w)."""
    return np.stack([classifier.denormalise(one.image).numpy().mean(axis=0) for one in subjects])


def _input(pixels: FloatArray, classifier: "Classifier") -> "torch.Tensor":
    import torch

    return classifier.normalise(torch.from_numpy(np.ascontiguousarray(pixels)))
