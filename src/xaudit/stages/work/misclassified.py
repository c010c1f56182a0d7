"""Shards that explain misclassified cases beside the chosen ones, into tables that no number of the report is made of."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from xaudit.catalog import explainer_row
from xaudit.chunks import Chunk, ask_reliance, ask_reliance_map, explain, map_facts
from xaudit.config import ExplainerSpec
from xaudit.counts import counted
from xaudit.engine.local import Lane, Shard
from xaudit.errors import XauditError
from xaudit.records import MapFacts, Problem, Reliance, SaliencyMap, WindowEffects
from xaudit.stages.scores.audited_model import AuditedModel, Pairs
from xaudit.stages.work.part_keys import PartKeys
from xaudit.store.parts import (
    MISCLASSIFIED_FACTS,
    MISCLASSIFIED_MAPS,
    MISCLASSIFIED_PROBLEMS,
    MISCLASSIFIED_RELIANCE,
    MISCLASSIFIED_RELIANCE_MAP,
    has_part,
    read_parts,
    shard_key,
    write_part,
)
from xaudit.store.rows.table import Table

Row = TypeVar("Row")


def lanes_of_errors(model: AuditedModel, keys: PartKeys, *, asks: bool) -> list[Lane]:
    """Return one lane for each chunk of misclassified cases, with their maps and what the model depends on there.

    Args:
        keys: takes the keys of the parts.
        asks: False where only maps are wanted.
    """
    lanes = []
    for pairs in model.chunks_of_errors:
        unasked = _unasked(model, pairs) if asks else ()
        n_shards = len(model.audit.explainers) + bool(unasked)
        lanes.append(Lane(n_shards, partial(_shards, model, pairs, unasked, keys)))
    return lanes


def _unasked(model: AuditedModel, pairs: Pairs) -> Pairs:
    """Return the false positives that the model is not asked about anyway; none if reliance is not measured.

    A false negative is explained and not asked: hiding parts can hardly lower a probability that is low already.
    """
    if not model.audit.reliance.enabled:
        return ()
    asked = {case.case_id for case, _ in model.others}
    return [
        (case, answer)
        for case, answer in pairs
        if case.label != model.dataset.positive and case.case_id not in asked
    ]


def _shards(model: AuditedModel, pairs: Pairs, unasked: Pairs, keys: PartKeys) -> Iterator[Shard]:
    chunk, inputs = model.chunk(pairs), model.inputs(pairs)
    images = f"of {counted(len(model.errors), 'misclassified image')}"
    if unasked:
        key = _question_key(model, unasked)
        keys.asked_errors[key] = None
        asked = chunk if len(unasked) == len(pairs) else model.chunk(unasked)
        work = _Errors(model, asked, key, (MISCLASSIFIED_RELIANCE, MISCLASSIFIED_RELIANCE_MAP))
        yield work.shard(f"{model.classifier.id}: reliance {images}", work.ask)
    keeps_maps = model.audit.run.maps == "all"
    tables = (MISCLASSIFIED_MAPS, MISCLASSIFIED_FACTS) if keeps_maps else (MISCLASSIFIED_FACTS,)
    for spec in model.audit.explainers:
        signed = explainer_row(spec.name).signed
        key = shard_key({**inputs, "explainer": [spec.id, spec.fingerprint, signed]})
        keys.errors[key] = None
        work = _Errors(model, chunk, key, tables)
        yield work.shard(f"{model.classifier.id}: {spec.id} {images}", partial(work.explain, spec))


def _question_key(model: AuditedModel, pairs: Pairs) -> str:
    settings = model.audit.reliance
    by_window = settings.map.model_dump(mode="json", exclude={"transplant"})
    return shard_key(
        {
            **model.inputs(pairs),
            **model.donor_inputs,
            "reliance": settings.by_region,
            "reliance map": by_window,
        }
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Errors:
    """A chunk of misclassified cases and one piece of work on it.

    Attributes:
        key: of its parts.
        tables: the work is done when each holds a part with that key.
    """

    model: AuditedModel
    chunk: Chunk
    key: str
    tables: Sequence[Table[Any]]

    def shard(self, name: str, do: Callable[[], None]) -> Shard:
        """Return the shard that does the work; cases that failed are tried again."""
        return Shard(name, len(self.chunk.pairs), self._is_done, do, self._is_stored)

    def _is_stored(self) -> bool:
        return all(has_part(self.model.run, table, self.key) for table in self.tables)

    def _is_done(self) -> bool:
        failed = read_parts(self.model.run, MISCLASSIFIED_PROBLEMS, [self.key]).rows
        return self._is_stored() and not failed

    def ask(self) -> None:
        """Store what the model depends on; pixels are not transplanted, which only the map of all cases needs."""
        settings, seed = self.model.audit.reliance, self.model.audit.seed
        by_window = settings.map.model_copy(update={"transplant": False})

        def regions(chunk: Chunk) -> list[Reliance]:
            return ask_reliance(chunk, settings, seed=seed)

        def windows(chunk: Chunk) -> list[WindowEffects]:
            return list(ask_reliance_map(chunk, by_window, seed=seed)) if by_window.enabled else []

        by_region, failed = self._rows(self.chunk, regions)
        effects, failed_too = self._rows(self.chunk, windows)
        self._write_problems([*failed, *failed_too, *self.model.donor_problems()])
        write_part(self.model.run, MISCLASSIFIED_RELIANCE, self.key, by_region)
        write_part(self.model.run, MISCLASSIFIED_RELIANCE_MAP, self.key, effects)

    def explain(self, spec: ExplainerSpec) -> None:
        """Store one explainer's maps and their facts."""

        def measured(chunk: Chunk) -> list[tuple[SaliencyMap, MapFacts]]:
            maps = explain(chunk, spec, seed=self.model.audit.seed)
            return list(zip(maps, map_facts(chunk, spec, maps), strict=True))

        rows, failed = self._rows(self.chunk, measured)
        self._write_problems(failed)
        if MISCLASSIFIED_MAPS in self.tables:
            write_part(self.model.run, MISCLASSIFIED_MAPS, self.key, [one for one, _ in rows])
        write_part(self.model.run, MISCLASSIFIED_FACTS, self.key, [facts for _, facts in rows])

    def _rows(self, chunk: Chunk, make: Callable[[Chunk], Sequence[Row]]) -> tuple[list[Row], list[Problem]]:
        """Return the rows of a chunk, and its cases that failed: one such case neither stops the run nor takes others along."""
        try:
            return list(make(chunk)), list(chunk.problems)
        except XauditError as error:
            if len(chunk.pairs) == 1:
                return [], [Problem(chunk.pairs[0][0].case_id, "explain", str(error))]
        single = [self._rows(self.model.chunk([pair]), make) for pair in chunk.pairs]
        return [row for rows, _ in single for row in rows], [one for _, failed in single for one in failed]

    def _write_problems(self, problems: Sequence[Problem]) -> None:
        run = self.model.run
        if problems or has_part(run, MISCLASSIFIED_PROBLEMS, self.key):
            write_part(run, MISCLASSIFIED_PROBLEMS, self.key, tuple(dict.fromkeys(problems)))
