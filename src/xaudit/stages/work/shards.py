"""Shards of one model's explaining and scoring: each is stored when it is finished, and never done twice.

Every function takes the model, and the keys of a wave's parts, to which it adds those of the shards that it yields.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from xaudit.catalog import EXTERNAL, explainer_row
from xaudit.chunks import (
    Chunk,
    ask_reliance,
    ask_reliance_map,
    captured_scores,
    curves_of,
    explain,
    have_maps,
    map_facts,
    measure_image_changes,
    score,
    score_reliance,
)
from xaudit.config import ExplainerSpec
from xaudit.engine.local import Lane, Shard
from xaudit.explainers import make_explainer
from xaudit.records import Problem
from xaudit.stages.scores.audited_model import AuditedModel, Pairs
from xaudit.stages.scores.further_scores import FurtherScores, Group, Piece, told_thresholds
from xaudit.stages.scores.map_checks import MapChecks
from xaudit.stages.work.part_keys import PartKeys
from xaudit.store.parts import (
    CURVES,
    IMAGE_CHANGES,
    MAP_FACTS,
    MAPS,
    PART_PROBLEMS,
    RELIANCE,
    RELIANCE_MAP,
    SCORES,
    has_part,
    read_parts,
    shard_key,
    write_part,
)
from xaudit.store.rows.table import Table
from xaudit.store.run_folder import RunFolder


def check_explainers(model: AuditedModel) -> None:
    """Raise ModelError if an explainer cannot explain the model: before hours of work, not after."""
    for spec in model.audit.explainers_and_controls:
        if spec.name != EXTERNAL.id:
            make_explainer(spec, model.classifier)


def lanes_of_chunks(model: AuditedModel, keys: PartKeys, *, with_scores: bool) -> list[Lane]:
    """Return one lane for each chunk, with all that needs no other cases; without scores, with the maps alone."""
    n_shards = len(model.audit.explainers_and_controls)
    if not with_scores:
        return [Lane(n_shards, partial(_maps_of_chunk, model, pairs, keys)) for pairs in model.chunks]
    further = FurtherScores(model)
    n_questions = model.audit.reliance.enabled * (
        1 + model.audit.reliance.map.enabled + model.audit.reliance.image.enabled
    )
    n_shards += n_questions + further.n_of_chunk
    explained = [
        Lane(n_shards, partial(_scores_of_chunk, model, further, pairs, keys)) for pairs in model.chunks
    ]
    others = [
        Lane(n_questions, partial(_questions_of_chunk, model, model.chunk(pairs), keys, scored=False))
        for pairs in model.chunks_of_others
    ]
    return explained + others


def lanes_of_checks(model: AuditedModel, keys: PartKeys) -> list[Lane]:
    """Return the lanes of sanity and robustness, for which every chunk's maps must be stored."""
    return [lane_of_group(model.run, group, keys) for group in MapChecks(model).groups()]


def lanes_of_all_maps(model: AuditedModel, keys: PartKeys, failed: Collection[str]) -> list[Lane]:
    """Return the lanes that need the maps of all cases.

    Args:
        failed: ids of cases that could not be explained.
    """
    groups = [*FurtherScores(model).groups_of_all(failed=failed), *MapChecks(model).collapse()]
    return [lane_of_group(model.run, group, keys) for group in groups]


def lane_of_group(run: RunFolder, group: Group, keys: PartKeys) -> Lane:
    """Return the lane whose shards store the pieces of a group."""
    return Lane(group.n_pieces, lambda: (_shard_of_piece(run, piece, keys) for piece in group.pieces()))


def failed_cases(model: AuditedModel, keys: PartKeys) -> tuple[str, ...]:
    """Return the ids of the cases that the shards with these keys could not explain."""
    stored = [key for key in keys.problems if has_part(model.run, PART_PROBLEMS, key)]
    return tuple(sorted({problem.case_id for problem in read_parts(model.run, PART_PROBLEMS, stored).rows}))


def _maps_of_chunk(model: AuditedModel, pairs: Pairs, keys: PartKeys) -> Iterator[Shard]:
    chunk, map_keys = model.chunk(pairs), model.cut(pairs).map_keys
    for spec in model.audit.explainers_and_controls:
        key = map_keys[spec.id]
        keys.maps[key] = None
        name = f"{model.classifier.id}: {spec.id}"
        yield _shard(
            model.run, _Step(name, chunk, key, partial(_explain, model, chunk, spec, key), (MAPS,)), keys
        )


def _scores_of_chunk(
    model: AuditedModel, further: FurtherScores, pairs: Pairs, keys: PartKeys
) -> Iterator[Shard]:
    audit, who = model.audit, model.classifier.id
    chunk, inputs, cut = model.chunk(pairs), model.inputs(pairs), model.cut(pairs)
    asked = (_reliance_key(model, inputs), model.window_key(pairs))
    yield from _questions_of_chunk(model, chunk, keys)
    tables = (SCORES, MAP_FACTS, CURVES) if audit.run.curves else (SCORES, MAP_FACTS)
    for spec in audit.explainers_and_controls:
        key = _score_key(model, inputs, spec, asked)
        map_key = cut.map_keys[spec.id]
        keys.maps[map_key] = None
        keys.scores[key] = None
        keys.facts[key] = None
        step = _ScoreStep(model, chunk, spec, map_key, key, asked)
        # Whatever asked the model with donors did so in this lane; if none did now, what is stored has no problem.
        name, donor_problems = f"{who}: {spec.id}", model.donor_problems_so_far
        yield _shard(model.run, _Step(name, chunk, key, step.do, tables, donor_problems), keys)
    yield from (_shard_of_piece(model.run, piece, keys) for piece in further.of_chunk(chunk, cut))


def _questions_of_chunk(
    model: AuditedModel, chunk: Chunk, keys: PartKeys, *, scored: bool = True
) -> Iterator[Shard]:
    """Yield the shards that ask the model itself, without an explainer.

    Args:
        scored: False for cases that are not explained: they are reported by true class and are in no score.
    """
    settings, who, inputs = model.audit.reliance, model.classifier.id, model.inputs(chunk.pairs)
    if not settings.enabled:
        return
    key = _reliance_key(model, inputs)
    keys.reliance[key] = None
    if scored:
        keys.scores[key] = None
    yield _shard(
        model.run,
        _Step(
            f"{who}: reliance",
            chunk,
            key,
            partial(_ask_reliance, model, chunk, key, scored=scored),
            (RELIANCE, SCORES) if scored else (RELIANCE,),
            model.donor_problems,
        ),
        keys,
    )
    if settings.map.enabled:
        yield from _map_of_chunk(model, chunk, keys)
    if settings.image.enabled:
        yield _image_of_chunk(model, chunk, keys)


def _map_of_chunk(model: AuditedModel, chunk: Chunk, keys: PartKeys) -> Iterator[Shard]:
    """Yield the shard that makes the reliance maps of a chunk."""
    key = model.window_key(chunk.pairs)
    keys.reliance_map[key] = None
    name, ask = f"{model.classifier.id}: reliance map", partial(_ask_map, model, chunk, key)
    donor_problems = model.donor_problems if model.windows_need_donors else model.donor_problems_so_far
    yield _shard(model.run, _Step(name, chunk, key, ask, (RELIANCE_MAP,), donor_problems), keys)


def _image_of_chunk(model: AuditedModel, chunk: Chunk, keys: PartKeys) -> Shard:
    """Return the shard that changes properties of a chunk's whole images."""
    key = shard_key({**model.inputs(chunk.pairs), "image": model.audit.reliance.image_changes})
    keys.image_changes[key] = None
    name = f"{model.classifier.id}: whole image"
    ask = partial(_ask_image_changes, model, chunk, key)
    return _shard(model.run, _Step(name, chunk, key, ask, (IMAGE_CHANGES,)), keys)


def _reliance_key(model: AuditedModel, inputs: Mapping[str, object]) -> str:
    """Return the key of a chunk's reliance on regions; empty if it is not measured."""
    settings = model.audit.reliance
    if not settings.enabled:
        return ""
    return shard_key({**inputs, **model.donor_inputs, "reliance": settings.by_region})


def _ask_map(model: AuditedModel, chunk: Chunk, key: str) -> None:
    effects = ask_reliance_map(chunk, model.audit.reliance.map, seed=model.audit.seed)
    write_part(model.run, RELIANCE_MAP, key, effects)


def _score_key(
    model: AuditedModel, inputs: Mapping[str, object], spec: ExplainerSpec, asked: tuple[str, str]
) -> str:
    """Return the key of one explainer's scores; ``asked`` holds those of regions and windows, empty if not measured."""
    (regions, windows), limits = asked, model.audit.reliance.explainers
    return shard_key(
        {
            **inputs,
            "explainer": [spec.id, spec.fingerprint, explainer_row(spec.name).signed],
            "metrics": [[metric.id, metric.fingerprint] for metric in model.audit.metrics],
            "reliance": regions or None,
            **({"windows": [windows, limits.area, limits.margin]} if windows else {}),
            "localization": {"ceilings": model.audit.localization.ceilings},
            **told_thresholds(model.thresholds.get(spec.id, {})),
        }
    )


def _explain(model: AuditedModel, chunk: Chunk, spec: ExplainerSpec, key: str) -> None:
    write_part(model.run, MAPS, key, explain(chunk, spec, seed=model.audit.seed))


def _ask_reliance(model: AuditedModel, chunk: Chunk, key: str, *, scored: bool) -> None:
    reliances = ask_reliance(chunk, model.audit.reliance, seed=model.audit.seed)
    write_part(model.run, RELIANCE, key, reliances)
    if scored:
        write_part(model.run, SCORES, key, score_reliance(chunk, reliances))


def _ask_image_changes(model: AuditedModel, chunk: Chunk, key: str) -> None:
    rows = measure_image_changes(chunk, model.audit.reliance.image_changes, seed=model.audit.seed)
    write_part(model.run, IMAGE_CHANGES, key, rows)


@dataclass(frozen=True, slots=True)
class _ScoreStep:
    """Scoring of one explainer's maps of a chunk, with the keys of what it reads and writes; see ``_score_key``."""

    model: AuditedModel
    chunk: Chunk
    spec: ExplainerSpec
    map_key: str
    key: str
    asked: tuple[str, str]

    def do(self) -> None:
        """Make the maps that are not stored, and store their scores, facts and curves."""
        run, audit, spec = self.model.run, self.model.audit, self.spec
        regions, windows = self.asked
        maps = read_parts(run, MAPS, [self.map_key]).rows
        if {one.case_id for one in maps} != have_maps(self.chunk, spec):
            _explain(self.model, self.chunk, spec, self.map_key)
            maps = read_parts(run, MAPS, [self.map_key]).rows
        results = score(
            self.chunk,
            spec,
            maps,
            metrics=audit.metrics,
            reliances=read_parts(run, RELIANCE, [regions]).rows if regions else (),
            ceilings=audit.localization.ceilings,
            thresholds=self.model.thresholds.get(spec.id, {}),
            seed=audit.seed,
        )
        if windows:
            effects, limits = read_parts(run, RELIANCE_MAP, [windows]).rows, audit.reliance.explainers
            results += captured_scores(self.chunk, spec, maps, windows=effects, limits=limits)
        write_part(run, MAP_FACTS, self.key, map_facts(self.chunk, spec, maps))
        if audit.run.curves:
            write_part(run, CURVES, self.key, curves_of(results))
        write_part(run, SCORES, self.key, results)


def _shard_of_piece(run: RunFolder, piece: Piece, keys: PartKeys) -> Shard:
    keys.scores[piece.key] = None
    facts = piece.facts
    if facts is not None:
        keys.facts[piece.key] = None

    def do() -> None:
        if facts is not None:
            write_part(run, MAP_FACTS, piece.key, facts())
        write_part(run, SCORES, piece.key, piece.scores())

    tables: tuple[Table[Any], ...] = (SCORES,) if facts is None else (SCORES, MAP_FACTS)
    return _shard(run, _Step(piece.name, piece.chunk, piece.key, do, tables), keys)


@dataclass(frozen=True, slots=True)
class _Step:
    """A shard before it is tied to the run.

    Attributes:
        tables: the shard is done when each holds a part with its key.
        donor_problems: lists the donors that cannot be read, if the results depend on them.
    """

    name: str
    chunk: Chunk
    key: str
    do: Callable[[], None]
    tables: Sequence[Table[Any]] = (SCORES,)
    donor_problems: Callable[[], Sequence[Problem]] = tuple


def _shard(run: RunFolder, step: _Step, keys: PartKeys) -> Shard:
    key, chunk = step.key, step.chunk

    def is_stored() -> bool:
        return all(has_part(run, table, key) for table in step.tables)

    def is_done() -> bool:
        # A case or donor that could not be read may be there again, so its shard is tried again.
        return is_stored() and not read_parts(run, PART_PROBLEMS, [key]).rows

    def do() -> None:
        # The problems first: whoever is killed in between must not leave a case out without a word.
        problems = tuple(dict.fromkeys((*chunk.problems, *step.donor_problems())))
        if problems or has_part(run, PART_PROBLEMS, key):
            write_part(run, PART_PROBLEMS, key, problems)
        step.do()

    keys.problems[key] = None
    return Shard(step.name, len(chunk.pairs), is_done, do, is_stored)
