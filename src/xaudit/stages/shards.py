"""Cuts the explaining and scoring of an audit into shards, each stored when it is finished and never done twice."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from xaudit.audit import (
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
from xaudit.catalog import EXTERNAL, explainer_row
from xaudit.config import AuditFile, ExplainerSpec
from xaudit.engine.local import Shard
from xaudit.explainers import make_explainer
from xaudit.records import Case, Prediction, SaliencyMap
from xaudit.stages.further_scores import Cut, FurtherScores, Piece, told_thresholds
from xaudit.stages.map_checks import MapChecks
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
from xaudit.store.quantise import quantise
from xaudit.store.run_folder import RunFolder
from xaudit.store.table import Table

if TYPE_CHECKING:
    from xaudit.cases.dataset import Dataset
    from xaudit.models.classifier import Classifier

SCORES_MEAN = 6
"""Raised by one whenever the same inputs would give other scores than before: older parts are then not reused."""


@dataclass
class PartKeys:
    """The keys of all parts that belong to this run."""

    maps: list[str] = field(default_factory=list)
    scores: list[str] = field(default_factory=list)
    reliance: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    tuning_maps: list[str] = field(default_factory=list)
    tuning: list[str] = field(default_factory=list)


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
    pairs: Sequence[tuple[Case, Prediction]]
    keys: PartKeys
    with_scores: bool = True
    thresholds: Mapping[str, Thresholds] = field(default_factory=dict)

    @property
    def n_shards(self) -> int:
        """How many shards there are."""
        size = self.audit.run.shard_size
        per_chunk = len(self.audit.explainers_and_controls)
        if self.with_scores:
            per_chunk += self._asks_reliance + self._further.n_per_chunk
        own = self._checks.n_pieces if self.with_scores else 0
        return -(-len(self.pairs) // size) * per_chunk + own

    @property
    def _score_tables(self) -> tuple[Table[Any], ...]:
        """What a finished shard of scores has a part in."""
        return (SCORES, MAP_FACTS, CURVES) if self.audit.run.curves else (SCORES, MAP_FACTS)

    @property
    def _further(self) -> FurtherScores:
        return FurtherScores(
            self.audit, self.classifier, self.dataset, self.pairs, self.stored_maps, self.thresholds
        )

    @property
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

    def shards(self) -> Iterator[Shard]:
        """The shards in order; the cases of a chunk are read when its first unfinished shard asks for them."""
        size = self.audit.run.shard_size
        cuts: list[Cut] = []
        further = self._further
        for start in range(0, len(self.pairs), size):
            pairs = self.pairs[start : start + size]
            chunk = Chunk(self.classifier, self.dataset, pairs)
            inputs = self.inputs(pairs)
            reliance_key = shard_key({**inputs, "reliance": self.audit.reliance.model_dump(mode="json")})
            if self._asks_reliance and self.with_scores:
                self.keys.reliance.append(reliance_key)
                self.keys.scores.append(reliance_key)
                yield self._shard(
                    f"{self.classifier.id}: reliance",
                    chunk,
                    reliance_key,
                    self._do_reliance(chunk, reliance_key),
                )
            map_keys = self._map_keys(inputs)
            for spec in self.audit.explainers_and_controls:
                key = self._explainer_key(inputs, spec, reliance_key)
                map_key = map_keys[spec.id]
                self.keys.maps.append(map_key)
                if self.with_scores:
                    self.keys.scores.append(key)
                    self.keys.facts.append(key)
                    do = self._do_scores(chunk, spec, map_key, key, reliance_key)
                else:
                    do = self._do_maps(chunk, spec, map_key)
                    key = map_key
                tables = self._score_tables if self.with_scores else (MAPS,)
                yield self._shard(f"{self.classifier.id}: {spec.id}", chunk, key, do, tables=tables)
            cuts.append(Cut(pairs, shard_key(inputs), map_keys))
            if self.with_scores:
                yield from (self.shard_of(piece) for piece in further.of_chunk(chunk, cuts[-1]))
        if self.with_scores:
            there = [key for key in self.keys.problems if has_part(self.run, PART_PROBLEMS, key)]
            failed = {problem.case_id for problem in read_parts(self.run, PART_PROBLEMS, there).rows}
            yield from (self.shard_of(piece) for piece in further.of_all(cuts, failed=failed))
            yield from (self.shard_of(piece) for piece in self._checks.pieces(cuts))

    @property
    def cuts(self) -> list[Cut]:
        """The chunks, and where their maps are."""
        size = self.audit.run.shard_size
        found: list[Cut] = []
        for start in range(0, len(self.pairs), size):
            inputs = self.inputs(self.pairs[start : start + size])
            found.append(Cut(self.pairs[start : start + size], shard_key(inputs), self._map_keys(inputs)))
        return found

    def _map_keys(self, inputs: Mapping[str, object]) -> dict[str, str]:
        return {
            spec.id: shard_key({**inputs, "explainer": [spec.id, spec.fingerprint]})
            for spec in self.audit.explainers_and_controls
        }

    def shard_of(self, piece: Piece) -> Shard:
        """A piece of scores as a shard of this run."""
        self.keys.scores.append(piece.key)
        return self._shard(
            piece.name,
            piece.chunk,
            piece.key,
            lambda: write_part(self.run, SCORES, piece.key, piece.scores()),
        )

    def _shard(
        self,
        name: str,
        chunk: Chunk,
        key: str,
        do: Callable[[], None],
        *,
        tables: Sequence[Table[Any]] = (SCORES,),
    ) -> Shard:
        """One piece of work; it is done when its part is there in every table."""

        def is_done() -> bool:
            # A case that could not be read may be there again, so its shard is tried again.
            there = all(has_part(self.run, table, key) for table in tables)
            return there and not read_parts(self.run, PART_PROBLEMS, [key]).rows

        def finish() -> None:
            # The problems first: whoever is killed in between must not leave a case out without a word.
            if chunk.problems or has_part(self.run, PART_PROBLEMS, key):
                write_part(self.run, PART_PROBLEMS, key, chunk.problems)
            do()

        self.keys.problems.append(key)
        return Shard(name, len(chunk.pairs), is_done, finish)

    def _do_reliance(self, chunk: Chunk, key: str) -> Callable[[], None]:
        def do() -> None:
            found = ask_reliance(chunk, self.audit.reliance, seed=self.audit.seed)
            write_part(self.run, RELIANCE, key, found)
            write_part(self.run, SCORES, key, score_reliance(chunk, found))

        return do

    def _do_maps(self, chunk: Chunk, spec: ExplainerSpec, key: str) -> Callable[[], None]:
        def do() -> None:
            maps = explain(chunk, spec, seed=self.audit.seed)
            write_part(self.run, MAPS, key, [replace(one, values=quantise(one.values)) for one in maps])

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

    def inputs(self, pairs: Sequence[tuple[Case, Prediction]]) -> Mapping[str, object]:
        """All that the results of these cases depend on, but for what is asked of them."""
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
