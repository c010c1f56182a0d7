"""A model of an audit on images with a plant: its questions, its answers, and all that an audit measures of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.special import expit

from xaudit.catalog.plugin_records import PlantPlugin
from xaudit.chunks import ask_reliance, ask_reliance_map, measure_image_changes, score_reliance
from xaudit.chunks.chunk import Chunk, Subject
from xaudit.chunks.planted import (
    SURE,
    AnsweredChunk,
    Detector,
    PlantedChunk,
    PlantedDonors,
    Planting,
    RecordedChunk,
    grey_images,
    log_odds_of,
)
from xaudit.config import AuditFile
from xaudit.records import (
    BoolArray,
    Case,
    FloatArray,
    PlantedAnswers,
    Problem,
)
from xaudit.seeds import seed_for
from xaudit.stages.calibration.case_effects import CaseEffects
from xaudit.stages.scores.audited_model import AuditedModel, Pairs
from xaudit.store.checksums import annotations_checksum
from xaudit.store.parts import PLANTED_ANSWERS, read_parts, shard_key, write_part

ANSWERS_VERSION = 2
"""Raised by one whenever the same inputs would give other answers: older parts are then not reused."""

LEAST_GAP = 0.25
"""Smallest distance between images with and without a plant, as a share of that of their means, at which it can be told."""


@dataclass(eq=False)
class PlantedModel:
    """A model of an audit on images of which some show a plant.

    Attributes:
        model: the model and the cases that an audit asks it about.
        plant: the plant, and the region that it is put into.
        planted: share of the positive patients whose images show it.
    """

    model: AuditedModel
    plant: PlantPlugin
    region: str
    planted: float

    @property
    def id(self) -> str:
        """The plant's id, with its region."""
        return self.planting.id

    @property
    def model_id(self) -> str:
        """The model's id."""
        return self.model.classifier.id

    @property
    def audit(self) -> AuditFile:
        """The audit as it concerns the model."""
        return self.model.audit

    @property
    def positive(self) -> str:
        """The class whose images show the plant."""
        return self.model.dataset.positive

    @cached_property
    def planting(self) -> Planting:
        """The plant and the cases that show it: those of the first patients in an order that the seed decides."""
        known = {case.case_id: case for case, _ in (*self._asked, *self.model.may_donate)}
        positives = [case for case in known.values() if case.label == self.positive]
        patients = sorted(
            {case.cluster for case in positives}, key=lambda name: seed_for(self.audit.seed, "planted", name)
        )
        chosen = set(patients[: round(self.planted * len(patients))])
        cases = frozenset(case.case_id for case in positives if case.cluster in chosen)
        return Planting(self.plant, self.region, cases, self.audit.seed)

    @property
    def cases(self) -> tuple[Case, ...]:
        """The cases that could be read."""
        return tuple(one.case for one in self.chunk.plain)

    @property
    def patients_known(self) -> bool:
        """True if the data names patients."""
        return self.model.dataset.patients_known

    @cached_property
    def patients(self) -> tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]:
        """The case ids of each patient with positive images, and of each other patient."""
        by_patient: dict[str, list[Case]] = {}
        for case in sorted(self.cases, key=lambda one: one.case_id):
            by_patient.setdefault(case.cluster, []).append(case)
        groups: tuple[list[tuple[str, ...]], list[tuple[str, ...]]] = ([], [])
        for name in sorted(by_patient):
            own = by_patient[name]
            is_positive = any(case.label == self.positive for case in own)
            groups[not is_positive].append(tuple(case.case_id for case in own))
        return tuple(groups[0]), tuple(groups[1])

    @property
    def n_questions(self) -> int:
        """Evaluations of the model that the cases take, about: those of regions depend on the regions of each image."""
        settings = self.audit.reliance
        per_region = len(settings.infills) * (1 + settings.controls)
        n_evals = 0
        for one in self.chunk.subjects:
            n_regions = sum(bool(part.any()) for part in one.asked_parts.values()) + bool(one.mark.any())
            n_evals += 2 + n_regions * per_region
            if settings.map.enabled:
                n_evals += settings.map.n_evals
                n_evals += settings.map.n_evals_of_transplant * (one.case.label != self.positive)
            if settings.image_changes:
                n_evals += settings.image.n_evals[bool(one.mark.any())]
        return n_evals

    @property
    def _asked(self) -> Pairs:
        return (*self.model.pairs, *self.model.others)

    @cached_property
    def chunk(self) -> PlantedChunk:
        """The cases that the model is asked about; the positive class is the target of all of them."""
        return PlantedChunk(
            self.model.classifier, self.model.dataset, self._towards_positive(self._asked), self.planting
        )

    def _towards_positive(self, pairs: Pairs) -> Pairs:
        return [(case, replace(prediction, target=self.positive)) for case, prediction in pairs]

    @cached_property
    def _donors(self) -> PlantedDonors:
        pairs = self._towards_positive(self.model.may_donate)
        return PlantedDonors(PlantedChunk(self.model.classifier, self.model.dataset, pairs, self.planting))

    @cached_property
    def shows(self) -> frozenset[str]:
        """Ids of the cases that show the plant: those that were to, less those on which it does not fit."""
        pairs = zip(self.chunk.plain, self.chunk.subjects, strict=True)
        return frozenset(plain.case.case_id for plain, shown in pairs if plain is not shown)

    @property
    def without_room(self) -> int:
        """Number of asked cases that were to show the plant, and have no room for it."""
        return sum(
            one.case.case_id in self.planting.cases and one.case.case_id not in self.shows
            for one in self.chunk.plain
        )

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The cases that could not be read."""
        return self.chunk.problems

    @cached_property
    def detector(self) -> Detector | str:
        """The detector with its limits on these images, or the reason why the plant cannot be told on them."""
        smallest = self.plant.row.smallest_side
        if min(self.model.classifier.model_hw) < smallest:
            height, width = self.model.classifier.model_hw
            return f"the model's frame of {width} × {height} pixels is too small; it needs {smallest}"
        shown = [one for one in self.chunk.subjects if one.case.case_id in self.shows]
        if not shown:
            where = f" with room for it in the region '{self.region}'" if self.region else ""
            return f"no positive image{where} shows it"
        without = self._evidence(self.chunk.plain)
        with_plant = self._evidence(shown)
        highest, lowest = float(without.max()), float(with_plant.min())
        if lowest - highest < LEAST_GAP * max(1e-9, float(with_plant.mean() - without.mean())):
            return (
                f"its detector reads up to {highest:.3g} on images without it and as little as {lowest:.3g} on images with it: "
                "on these images it cannot be told"
            )
        return Detector(self.plant, highest, lowest)

    def _evidence(self, subjects: Sequence[Subject]) -> FloatArray:
        return np.asarray(self.plant.evidence(grey_images(self.model.classifier, subjects)), dtype=np.float64)

    def changed(self) -> Iterator[tuple[Subject, BoolArray]]:
        """Yield each case with the pixels of the model's frame that the plant changes, (h, w)."""
        for plain, shown in zip(self.chunk.plain, self.chunk.subjects, strict=True):
            yield shown, (plain.image != shown.image).any(dim=0).numpy()

    @cached_property
    def place(self) -> BoolArray:
        """The pixels of the model's frame that the plant changes on any image, (h, w)."""
        everywhere = np.zeros(self.model.classifier.model_hw, dtype=bool)
        for _, changed in self.changed():
            everywhere |= changed
        return everywhere

    @cached_property
    def regions(self) -> frozenset[str]:
        """The regions that hold a quarter of the changed pixels, or more."""
        counts: dict[str, int] = {}
        for shown, changed in self.changed():
            for name, part in shown.asked_parts.items():
                counts[name] = counts.get(name, 0) + int((changed & part).sum())
        total = sum(counts.values())
        return frozenset(name for name, count in counts.items() if total and 4 * count >= total)

    def ask(self, on_case: Callable[[int, int], None]) -> dict[str, PlantedAnswers]:
        """Return the answers to all questions about each case, stored ones where there are any.

        Args:
            on_case: called after each case with the number done, and the evaluations that it took.

        Raises:
            ValueError: if the plant cannot be told.
        """
        detector = self.detector
        if isinstance(detector, str):
            raise ValueError(detector)
        answers: dict[str, PlantedAnswers] = {}
        for number, (plain, shown) in enumerate(zip(self.chunk.plain, self.chunk.subjects, strict=True), 1):
            key = self._key(shown, detector)
            stored = read_parts(self.model.run, PLANTED_ANSWERS, [key])
            if stored.missing:
                write_part(self.model.run, PLANTED_ANSWERS, key, [self._answers(plain, shown, detector)])
                stored = read_parts(self.model.run, PLANTED_ANSWERS, [key])
                on_case(number, len(stored.rows[0].model) + 1)
            else:
                on_case(number, 0)
            answers[shown.case.case_id] = stored.rows[0]
        return answers

    def _key(self, subject: Subject, detector: Detector) -> str:
        settings = self.audit.reliance
        return self._keyed(
            subject,
            detector,
            {
                **self.model.donor_inputs,
                "planted": sorted(self.planting.cases),
                "reliance": settings.by_region,
                "windows": settings.map.model_dump(mode="json"),
                "image": settings.image_changes,
            },
        )

    def key_of(self, subject: Subject, about: Mapping[str, object]) -> str:
        """Return the key of a part about one image with the plant.

        Raises:
            TypeError: if the plant cannot be told.
        """
        if isinstance(self.detector, str):
            raise TypeError(f"{self.id}: {self.detector}")
        return self._keyed(subject, self.detector, about)

    def _keyed(self, subject: Subject, detector: Detector, about: Mapping[str, object]) -> str:
        return shard_key(
            {
                **self.model.inputs([(subject.case, subject.prediction)]),
                "all marks": annotations_checksum(list(self.model.dataset.annotations)),
                "plant": [ANSWERS_VERSION, self.id, detector.without, detector.shown],
                "seed": self.audit.seed,
                **about,
            }
        )

    def _answers(self, plain: Subject, shown: Subject, detector: Detector) -> PlantedAnswers:
        chunk = RecordedChunk(self.chunk, shown, self._donors, detector)
        self._measure(chunk)
        odds = np.concatenate(chunk.answers)
        untouched = log_odds_of(self.model.classifier, plain.image[None], plain.target_index)
        return PlantedAnswers(
            case_id=shown.case.case_id,
            patient_id=shown.case.patient_id,
            model_id=self.model_id,
            plant=self.id,
            is_planted=shown.case.case_id in self.shows,
            plain=float(untouched[0]),
            model=odds[:, 0],
            detector=odds[:, 1],
        )

    def effects(self, answers: Mapping[str, PlantedAnswers], share: float) -> dict[str, CaseEffects]:
        """Return all that an audit measures of the wrapped model on each case, from its kept answers."""
        effects: dict[str, CaseEffects] = {}
        for subject in self.chunk.subjects:
            kept = answers[subject.case.case_id]
            odds = np.stack([kept.model, kept.detector], axis=1)
            chunk = AnsweredChunk(self.chunk, subject, self._donors, odds, share=share)
            effects[subject.case.case_id] = self._measure(chunk)
            if not chunk.is_used_up:
                raise ValueError("some of the kept answers belong to no question")
        return effects

    def _measure(self, chunk: Chunk) -> CaseEffects:
        """Ask what an audit asks, in a fixed order."""
        settings, seed = self.audit.reliance, self.audit.seed
        reliances = ask_reliance(chunk, settings, seed=seed)
        explained = {case.case_id for case, _ in self.model.pairs}
        scored = chunk.subjects[0].case.case_id in explained
        return CaseEffects(
            reliances=reliances,
            scores=score_reliance(chunk, reliances) if scored else (),
            windows=ask_reliance_map(chunk, settings.map, seed=seed) if settings.map.enabled else (),
            changes=measure_image_changes(chunk, settings.image_changes, seed=seed)
            if settings.image_changes
            else (),
        )

    def at_source(self, answers: Mapping[str, PlantedAnswers], share: float) -> tuple[float, float]:
        """Return the fall of the wrapped model's answer, and the change of the model's own, when the plant is taken out.

        Each is the mean over patients with positive images; images that do not show the plant do not change. As for every
        effect of an audit, a rise counts as no fall; the model's own change keeps its sign.
        """
        own: dict[str, list[tuple[float, float]]] = {}
        for subject in self.chunk.subjects:
            if subject.case.label != self.positive:
                continue
            kept, changes = answers[subject.case.case_id], (0.0, 0.0)
            if kept.is_planted:
                reaction = float(expit(kept.model[0]) - expit(kept.plain))
                detected = float(expit(kept.detector[0]) - expit(-SURE))
                changes = (max(0.0, (1 - share) * reaction + share * detected), reaction)
            own.setdefault(subject.case.cluster, []).append(changes)
        truth, reaction = np.mean([np.mean(changes, axis=0) for changes in own.values()], axis=0).tolist()
        return truth, reaction
