"""Cuts the explaining and scoring of an audit into shards, each stored when it is finished and never done twice."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from xaudit.catalog import EXTERNAL, explainer_row
from xaudit.chunks import (
    Chunk,
    Thresholds,
    ask_reliance,
    curves_of,
    explain,
    have_maps,
    map_facts,
    score,
    score_reliance,
)
from xaudit.config import AuditFile, ExplainerSpec
from xaudit.engine.local import Lane, Shard
from xaudit.explainers import make_explainer
from xaudit.records import Case, Prediction, SaliencyMap
from xaudit.stages.scores.further_scores import Cut, FurtherScores, Group, Piece, told_thresholds
from xaudit.stages.scores.map_checks import MapChecks
from xaudit.store.checksums import annotations_checksum
from xaudit.store.parts import (
    CURVES,
    MAP_FACTS,
    MAPS,
    PART_PROBLEMS,
    RELIANCE,
    SCORES,
    has_part,
    read_parts,
    shard_key,
    write_part,
)
from xaudit.store.rows.table import Table
from xaudit.store.run_folder import RunFolder

if TYPE_CHECKING:
    from xaudit.cases.dataset import Dataset
    from xaudit.models.classifier import Classifier

Pairs = Sequence[tuple[Case, Prediction]]
"""Cases with what the model said of them."""

SCORES_MEAN = 7
"""Raised by one whenever the same inputs would give other scores than before: older parts are then not reused."""


@dataclass
class PartKeys:
    """The keys of all parts that belong to some shards, each once, in the shards' order."""

    maps: dict[str, None] = field(default_factory=dict)
    scores: dict[str, None] = field(default_factory=dict)
    reliance: dict[str, None] = field(default_factory=dict)
    problems: dict[str, None] = field(default_factory=dict)
    facts: dict[str, None] = field(default_factory=dict)
    tuning_maps: dict[str, None] = field(default_factory=dict)
    tuning: dict[str, None] = field(default_factory=dict)

    def and_those_of(self, others: "Iterable[PartKeys]") -> "PartKeys":
        """These and the others' together."""
        together = PartKeys()
        for keys in (self, *others):
            for one in fields(PartKeys):
                getattr(together, one.name).update(getattr(keys, one.name))
        return together


@dataclass(frozen=True)
class ShardPlan:
    """The shards of one model of an audit.

    Attributes:
        with_scores: false where only maps are wanted.
        thresholds: that were tuned for the model, by explainer and class.
    """

    run: RunFolder
    audit: AuditFile
    classifier: "Classifier"
    dataset: "Dataset"
    pairs: Pairs
    keys: PartKeys
    with_scores: bool = True
    thresholds: Mapping[str, Thresholds] = field(default_factory=dict)
    _inputs: dict[tuple[str, ...], Mapping[str, object]] = field(default_factory=dict, repr=False)

    @property
    def _score_tables(self) -> tuple[Table[Any], ...]:
        """What a finished shard of scores has a part in."""
        return (SCORES, MAP_FACTS, CURVES) if self.audit.run.curves else (SCORES, MAP_FACTS)

    @cached_property
    def _further(self) -> FurtherScores:
        return FurtherScores(
            self.audit, self.classifier, self.dataset, self.pairs, self.stored_maps, self.thresholds
        )

    @cached_property
    def _checks(self) -> MapChecks:
        return MapChecks(self.audit, self.classifier, self.dataset, self.pairs, self.stored_maps, self.inputs)

    @property
    def _asks_reliance(self) -> bool:
        return self.audit.reliance.enabled

    def check(self) -> None:
        """Raises ModelError where an explainer cannot explain this model: before hours of work, not after."""
        for spec in self.audit.explainers_and_controls:
            if spec.name != EXTERNAL.id:
                make_explainer(spec, self.classifier)

    def lanes(self) -> list[Lane]:
        """What needs nothing of other cases: one lane for each chunk, whose images are read when they are asked for."""
        n_shards = len(self.audit.explainers_and_controls)
        if self.with_scores:
            n_shards += self._asks_reliance + self._further.n_of_chunk
        return [Lane(n_shards, partial(self._of_chunk, pairs)) for pairs in self._chunks]

    def lanes_of_checks(self) -> list[Lane]:
        """What sanity and robustness ask, once every chunk's maps are stored."""
        return [self.lane_of(group, self.keys) for group in self._checks.groups(lambda: self.cuts)]

    def lanes_of_all(self, failed: Collection[str]) -> list[Lane]:
        """What is made of all maps, once they are stored.

        Args:
            failed: ids of cases that could not be explained.
        """
        groups = self._further.groups_of_all(self.n_chunks, lambda: self.cuts, failed=failed)
        groups += self._checks.collapse(lambda: self.cuts)
        return [self.lane_of(group, self.keys) for group in groups]

    def failed(self) -> tuple[str, ...]:
        """Ids of the cases of the lanes so far that could not be explained."""
        there = [key for key in self.keys.problems if has_part(self.run, PART_PROBLEMS, key)]
        return tuple(sorted({problem.case_id for problem in read_parts(self.run, PART_PROBLEMS, there).rows}))

    def lane_of(self, group: Group, keys: PartKeys) -> Lane:
        """Pieces of scores as shards of this run.

        Args:
            keys: take up the keys of their parts.
        """
        return Lane(group.n_pieces, lambda: (self._shard_of(piece, keys) for piece in group.pieces()))

    def _of_chunk(self, pairs: Pairs) -> Iterator[Shard]:
        chunk = Chunk(self.classifier, self.dataset, pairs)
        inputs = self.inputs(pairs)
        reliance_key = shard_key({**inputs, "reliance": self.audit.reliance.model_dump(mode="json")})
        if self._asks_reliance and self.with_scores:
            self.keys.reliance[reliance_key] = None
            self.keys.scores[reliance_key] = None
            do = self._do_reliance(chunk, reliance_key)
            yield self._shard(f"{self.classifier.id}: reliance", chunk, reliance_key, do, keys=self.keys)
        map_keys = self._map_keys(inputs)
        for spec in self.audit.explainers_and_controls:
            key = self._explainer_key(inputs, spec, reliance_key)
            map_key = map_keys[spec.id]
            self.keys.maps[map_key] = None
            if self.with_scores:
                self.keys.scores[key] = None
                self.keys.facts[key] = None
                do = self._do_scores(chunk, spec, map_key, key, reliance_key)
            else:
                do = self._do_maps(chunk, spec, map_key)
                key = map_key
            tables = self._score_tables if self.with_scores else (MAPS,)
            name = f"{self.classifier.id}: {spec.id}"
            yield self._shard(name, chunk, key, do, keys=self.keys, tables=tables)
        if self.with_scores:
            cut = Cut(pairs, shard_key(inputs), map_keys)
            yield from (self._shard_of(piece, self.keys) for piece in self._further.of_chunk(chunk, cut))

    @property
    def n_chunks(self) -> int:
        """Into how many chunks the cases are cut."""
        return len(self._chunks)

    @property
    def _chunks(self) -> list[Pairs]:
        size = self.audit.run.shard_size
        return [self.pairs[start : start + size] for start in range(0, len(self.pairs), size)]

    @cached_property
    def cuts(self) -> list[Cut]:
        """The chunks, and where their maps are."""
        found: list[Cut] = []
        for pairs in self._chunks:
            inputs = self.inputs(pairs)
            found.append(Cut(pairs, shard_key(inputs), self._map_keys(inputs)))
        return found

    def _map_keys(self, inputs: Mapping[str, object]) -> dict[str, str]:
        return {
            spec.id: shard_key({**inputs, "explainer": [spec.id, spec.fingerprint]})
            for spec in self.audit.explainers_and_controls
        }

    def _shard_of(self, piece: Piece, keys: PartKeys) -> Shard:
        keys.scores[piece.key] = None
        tables: Sequence[Table[Any]] = (SCORES,) if piece.facts is None else (SCORES, MAP_FACTS)
        if piece.facts is not None:
            keys.facts[piece.key] = None

        def do() -> None:
            if piece.facts is not None:
                write_part(self.run, MAP_FACTS, piece.key, piece.facts())
            write_part(self.run, SCORES, piece.key, piece.scores())

        return self._shard(piece.name, piece.chunk, piece.key, do, keys=keys, tables=tables)

    def _shard(
        self,
        name: str,
        chunk: Chunk,
        key: str,
        do: Callable[[], None],
        *,
        keys: PartKeys,
        tables: Sequence[Table[Any]] = (SCORES,),
    ) -> Shard:
        """One piece of work; it is done when its part is there in every table."""

        def is_stored() -> bool:
            return all(has_part(self.run, table, key) for table in tables)

        def is_done() -> bool:
            # A case that could not be read may be there again, so its shard is tried again.
            return is_stored() and not read_parts(self.run, PART_PROBLEMS, [key]).rows

        def finish() -> None:
            # The problems first: whoever is killed in between must not leave a case out without a word.
            if chunk.problems or has_part(self.run, PART_PROBLEMS, key):
                write_part(self.run, PART_PROBLEMS, key, chunk.problems)
            do()

        keys.problems[key] = None
        return Shard(name, len(chunk.pairs), is_done, finish, is_stored)

    def _do_reliance(self, chunk: Chunk, key: str) -> Callable[[], None]:
        def do() -> None:
            found = ask_reliance(chunk, self.audit.reliance, seed=self.audit.seed)
            write_part(self.run, RELIANCE, key, found)
            write_part(self.run, SCORES, key, score_reliance(chunk, found))

        return do

    def _do_maps(self, chunk: Chunk, spec: ExplainerSpec, key: str) -> Callable[[], None]:
        def do() -> None:
            maps = explain(chunk, spec, seed=self.audit.seed)
            write_part(self.run, MAPS, key, maps)

        return do

    def _do_scores(
        self, chunk: Chunk, spec: ExplainerSpec, map_key: str, key: str, reliance_key: str
    ) -> Callable[[], None]:
        def do() -> None:
            maps = read_parts(self.run, MAPS, [map_key]).rows
            if {one.case_id for one in maps} != have_maps(chunk, spec):
                self._do_maps(chunk, spec, map_key)()
                maps = read_parts(self.run, MAPS, [map_key]).rows
            reliances = read_parts(self.run, RELIANCE, [reliance_key]).rows if self._asks_reliance else ()
            results = score(
                chunk,
                spec,
                maps,
                metrics=self.audit.metrics,
                reliances=reliances,
                ceilings=self.audit.localization.ceilings,
                thresholds=self.thresholds.get(spec.id, {}),
                seed=self.audit.seed,
            )
            write_part(self.run, MAP_FACTS, key, map_facts(chunk, spec, maps))
            if self.audit.run.curves:
                write_part(self.run, CURVES, key, curves_of(results))
            write_part(self.run, SCORES, key, results)

        return do

    def stored_maps(self, chunk: Chunk, spec: ExplainerSpec, key: str) -> Sequence[SaliencyMap]:
        """A chunk's maps as they are stored; made again where a run that keeps no maps has dropped them."""
        stored = read_parts(self.run, MAPS, [key])
        if stored.missing:
            self._do_maps(chunk, spec, key)()
            stored = read_parts(self.run, MAPS, [key])
        return stored.rows

    def inputs(self, pairs: Pairs) -> Mapping[str, object]:
        """All that the results of these cases depend on, but for what is asked of them."""
        ids = tuple(case.case_id for case, _ in pairs)
        if ids not in self._inputs:
            self._inputs[ids] = self._read_inputs(pairs)
        return self._inputs[ids]

    def _read_inputs(self, pairs: Pairs) -> Mapping[str, object]:
        ids = {case.case_id for case, _ in pairs}
        marks = [mark for mark in self.dataset.annotations if mark.case_id in ids]
        return {
            "scores_mean": SCORES_MEAN,
            "model": [self.classifier.id, self.classifier.fingerprint, self.classifier.layer],
            "device": _answered_by(self.classifier),
            "seed": self.audit.seed,
            "cases": [[case.case_id, case.sha256, p.target, p.correct, case.patient_id] for case, p in pairs],
            "marks": annotations_checksum(marks),
            "readers": [self.dataset.readers, self.dataset.votes]
            if self.dataset.votes
            else self.dataset.readers,
            "surroundings": [shard_key({"masks": self.dataset.masks.digest(case)}) for case, _ in pairs],
            "window": self.dataset.window,
        }

    def _explainer_key(self, inputs: Mapping[str, object], spec: ExplainerSpec, reliance_key: str) -> str:
        return shard_key(
            {
                **inputs,
                "explainer": [spec.id, spec.fingerprint, explainer_row(spec.name).signed],
                "metrics": [[metric.id, metric.fingerprint] for metric in self.audit.metrics],
                "reliance": reliance_key if self._asks_reliance else None,
                "localization": {"ceilings": self.audit.localization.ceilings},
                **told_thresholds(self.thresholds.get(spec.id, {})),
            }
        )


def _answered_by(classifier: "Classifier") -> str:
    """What changes the last digits of a classifier's answers, or more of them."""
    half = "" if classifier.precision == "float32" else f", {classifier.precision}"
    return classifier.device.type + (", compiled" if classifier.compile else "") + half
