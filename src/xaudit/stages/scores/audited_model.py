"""A model of an audit with the cases that it is asked about, and the inputs that its results depend on."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from xaudit.chunks import Chunk, DonorPool, Thresholds, explain, need_donor
from xaudit.config import AuditFile, ExplainerSpec
from xaudit.records import Case, Prediction, Problem, SaliencyMap
from xaudit.store.checksums import annotations_checksum
from xaudit.store.parts import MAPS, read_parts, shard_key, write_part
from xaudit.store.run_folder import RunFolder

if TYPE_CHECKING:
    from xaudit.cases.dataset import Dataset
    from xaudit.models.classifier import Classifier

Pairs = Sequence[tuple[Case, Prediction]]
"""Cases with the model's prediction for each."""

SCORE_VERSION = 11
"""Raised by one whenever the same inputs would give other scores than before: older parts are then not reused."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Cases of a chunk, a digest of all that its results depend on, and the keys of its maps by explainer id."""

    pairs: Pairs
    inputs: str
    map_keys: Mapping[str, str]


@dataclass(eq=False)
class AuditedModel:
    """A model of an audit, with the cases that it is asked about.

    Attributes:
        audit: the audit as it concerns this model.
        pairs: the cases that are explained.
        for_tuning: the cases of another split that choose its thresholds.
        thresholds: thresholds that were tuned for it, by explainer and class.
        others: further test cases that the model is asked about; they are not explained.
        may_donate: test cases whose pixels may be copied into other patients' images.
        errors: further misclassified test cases that are explained, and are in no number of the report.
    """

    run: RunFolder
    audit: AuditFile
    classifier: "Classifier"
    dataset: "Dataset"
    pairs: Pairs
    for_tuning: Pairs = ()
    thresholds: Mapping[str, Thresholds] = field(default_factory=dict)
    others: Pairs = ()
    may_donate: Pairs = ()
    errors: Pairs = ()
    _inputs: dict[tuple[str, ...], Mapping[str, object]] = field(default_factory=dict, init=False, repr=False)

    @property
    def chunks(self) -> list[Pairs]:
        """The explained cases, as many at a time as a shard holds."""
        return self._in_chunks(self.pairs)

    @property
    def chunks_of_others(self) -> list[Pairs]:
        """The other cases, as many at a time as a shard holds."""
        return self._in_chunks(self.others)

    @property
    def chunks_of_errors(self) -> list[Pairs]:
        """The further misclassified cases, as many at a time as a shard holds."""
        return self._in_chunks(self.errors)

    def _in_chunks(self, pairs: Pairs) -> list[Pairs]:
        size = self.audit.run.shard_size
        return [pairs[start : start + size] for start in range(0, len(pairs), size)]

    @cached_property
    def cuts(self) -> list[Cut]:
        """The chunks, with the keys of their maps."""
        return [self.cut(pairs) for pairs in self.chunks]

    def cut(self, pairs: Pairs) -> Cut:
        """Return these cases with the keys of their maps."""
        inputs = self.inputs(pairs)
        keys = {
            spec.id: shard_key({**inputs, "explainer": [spec.id, spec.fingerprint]})
            for spec in self.audit.explainers_and_controls
        }
        return Cut(pairs, shard_key(inputs), keys)

    @property
    def windows_need_donors(self) -> bool:
        """True if windows are filled with pixels of other patients' images."""
        settings = self.audit.reliance.map
        return settings.transplant or need_donor(settings.infills)

    def window_key(self, pairs: Pairs) -> str:
        """Return the key of these cases' reliance maps; empty if they are not measured."""
        settings = self.audit.reliance
        if not (settings.enabled and settings.map.enabled):
            return ""
        donors = dict(self.donor_inputs)
        if settings.map.transplant:
            # A window that comes from a donor's mark is told apart.
            ids = {case.case_id for case, _ in self.may_donate}
            marks = [mark for mark in self.dataset.annotations if mark.case_id in ids]
            donors["donors' marks"] = annotations_checksum(marks)
        return shard_key(
            {**self.inputs(pairs), **donors, "reliance map": settings.map.model_dump(mode="json")}
        )

    def chunk(self, pairs: Pairs) -> Chunk:
        """Return these cases ready to be explained; their images are read when they are first needed."""
        return Chunk(self.classifier, self.dataset, pairs, self._donors)

    @cached_property
    def _donors(self) -> DonorPool:
        return DonorPool(self.classifier, self.dataset, self.may_donate)

    def donor_problems(self) -> tuple[Problem, ...]:
        """List the donors that cannot be read."""
        return self._donors.problems

    def donor_problems_so_far(self) -> tuple[Problem, ...]:
        """List the donors that cannot be read, without reading any for it."""
        return self._donors.problems_so_far

    @cached_property
    def donor_inputs(self) -> Mapping[str, object]:
        """The inputs that determine which pixels donors give."""
        return {
            "donors": [
                [case.case_id, case.sha256, case.patient_id, case.label] for case, _ in self.may_donate
            ]
        }

    def inputs(self, pairs: Pairs) -> Mapping[str, object]:
        """Return the inputs that determine these cases' results, except the requested measures."""
        ids = tuple(case.case_id for case, _ in pairs)
        if ids not in self._inputs:
            self._inputs[ids] = self._read_inputs(pairs)
        return self._inputs[ids]

    def _read_inputs(self, pairs: Pairs) -> Mapping[str, object]:
        ids = {case.case_id for case, _ in pairs}
        marks = [mark for mark in self.dataset.annotations if mark.case_id in ids]
        readers, votes = self.dataset.readers, self.dataset.votes
        return {
            "scores_mean": SCORE_VERSION,
            "model": [
                self.classifier.id,
                self.classifier.fingerprint,
                self.classifier.layer,
                self.classifier.tokens and asdict(self.classifier.tokens),
            ],
            "device": _computed_on(self.classifier),
            "seed": self.audit.seed,
            "cases": [[case.case_id, case.sha256, p.target, p.correct, case.patient_id] for case, p in pairs],
            "marks": annotations_checksum(marks),
            "readers": [readers, votes] if votes else readers,
            "surroundings": [shard_key({"masks": self.dataset.masks.digest(case)}) for case, _ in pairs],
            "window": self.dataset.window,
        }

    def maps(self, chunk: Chunk, spec: ExplainerSpec, key: str) -> Sequence[SaliencyMap]:
        """Return a chunk's stored maps; they are made again if a run that keeps no maps has dropped them."""
        stored = read_parts(self.run, MAPS, [key])
        if stored.missing:
            write_part(self.run, MAPS, key, explain(chunk, spec, seed=self.audit.seed))
            stored = read_parts(self.run, MAPS, [key])
        return stored.rows

    def maps_by_case(self, cuts: Sequence[Cut], pairs: Pairs, spec: ExplainerSpec) -> dict[str, SaliencyMap]:
        """Return the stored maps of these cases by case id; only the parts that hold them are read."""
        wanted = {case.case_id for case, _ in pairs}
        return {
            one.case_id: one
            for cut in cuts
            if not {case.case_id for case, _ in cut.pairs}.isdisjoint(wanted)
            for one in self.maps(self.chunk(cut.pairs), spec, cut.map_keys[spec.id])
            if one.case_id in wanted
        }


def _computed_on(classifier: "Classifier") -> str:
    """Return the settings that change the last digits of a classifier's answers, or more of them."""
    half = "" if classifier.precision == "float32" else f", {classifier.precision}"
    return classifier.device.type + (", compiled" if classifier.compile else "") + half
