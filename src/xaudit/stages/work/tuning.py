"""Thresholds for `binarisation: tuned`: maps of another split are made, stored apart, and choose where to cut.

What is stored here stands in tables of its own. Nothing of it enters the scores, the summaries or the statistics; the
only thing that leaves it is one threshold per explainer and class.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from xaudit.cases.splits import SCORED
from xaudit.catalog import explainer_row
from xaudit.chunks import Chunk, Thresholds, explain, have_maps, tuning_curves
from xaudit.config import ExplainerSpec, LocalizationSection
from xaudit.engine.local import Lane, Shard
from xaudit.errors import DataError
from xaudit.metrics.localization.tuning import choose_threshold
from xaudit.records import TunedThreshold, TuningCurve
from xaudit.stages.scores.audited_model import AuditedModel, Pairs
from xaudit.stages.work.part_keys import PartKeys
from xaudit.store.parts import (
    PART_PROBLEMS,
    TUNING,
    TUNING_MAPS,
    has_part,
    read_parts,
    shard_key,
    write_part,
)
from xaudit.store.run_folder import RunFolder

if TYPE_CHECKING:
    from xaudit.cases.dataset import Dataset


def check_tuning(dataset: "Dataset", settings: LocalizationSection) -> None:
    """Nothing where a data set can tune thresholds on one split and score them on another.

    Raises:
        DataError: where the tuning split is not there, holds no marked case, or shares a patient or an image with the
            cases that are scored.
    """
    where = "the data" if dataset.id == "data" else f"data set '{dataset.id}'"
    own = [case for case in dataset.cases if case.split == settings.tune_on]
    if not own:
        has = ", ".join(sorted({case.split for case in dataset.cases}))
        raise DataError(
            f"localization.tune_on: {where} has no case in the split '{settings.tune_on}' (it has {has}), so no "
            "threshold can be tuned",
            hint="name another split, give the data one, or take `binarisation: otsu`",
        )
    marked = {mark.case_id for mark in dataset.annotations if mark.region is not None}
    if not any(case.case_id in marked for case in own):
        raise DataError(
            f"localization.tune_on: no reader marked a case of the split '{settings.tune_on}' of {where}, so no "
            "threshold can be tuned",
            hint="annotate some of its cases, name another split, or take `binarisation: otsu`",
        )
    scored = [case for case in dataset.cases if case.split == SCORED]
    patients = {case.patient_id for case in scored if case.patient_id is not None}
    images = {case.sha256: case.case_id for case in scored}
    for case in own:
        if case.patient_id in patients:
            raise DataError(
                f"localization.tune_on: the patient '{case.patient_id}' is in {settings.tune_on} and in {SCORED}",
                hint="move all images of a patient to one side",
            )
        if case.sha256 in images:
            raise DataError(
                f"localization.tune_on: {case.case_id} of {settings.tune_on} is byte for byte the image "
                f"{images[case.sha256]} of {SCORED}",
                hint="keep one of the two: a threshold must not be chosen on what it is scored on",
            )


def tuning_lanes(model: AuditedModel, keys: PartKeys) -> list[Lane]:
    """Return one lane for each chunk of the tuning split; each shard leaves one part of curves, and one of maps.

    Args:
        model: with the cases of the tuning split.
        keys: receive the keys of the parts.
    """
    n_shards = len(model.audit.explainers_and_controls)
    return [Lane(n_shards, partial(_tune_chunk, model, pairs, keys)) for pairs in model.chunks]


def _tune_chunk(model: AuditedModel, pairs: Pairs, keys: PartKeys) -> Iterator[Shard]:
    run, settings = model.run, model.audit.localization
    chunk, inputs, map_keys = model.chunk(pairs), model.inputs(pairs), model.cut(pairs).map_keys
    for spec in model.audit.explainers_and_controls:
        map_key = map_keys[spec.id]
        key = shard_key(
            {
                **inputs,
                "explainer": [spec.id, spec.fingerprint, explainer_row(spec.name).signed],
                "thresholds": list(settings.tune_thresholds),
            }
        )
        keys.tuning_maps[map_key] = None
        keys.tuning[key] = None
        keys.problems[key] = None
        name = f"{model.classifier.id}: {spec.id}, {settings.tune_on}"
        do = partial(_store_curves, model, chunk, spec, map_key, key)
        yield Shard(name, len(pairs), partial(_is_tuned, run, key), do)


def _is_tuned(run: RunFolder, key: str) -> bool:
    return has_part(run, TUNING, key) and not read_parts(run, PART_PROBLEMS, [key]).rows


def _store_curves(model: AuditedModel, chunk: Chunk, spec: ExplainerSpec, map_key: str, key: str) -> None:
    run, audit = model.run, model.audit
    # Not among the cases that were chosen to be scored: such a case failed before that choice.
    problems = [replace(one, stage="tune") for one in chunk.problems]
    if problems or has_part(run, PART_PROBLEMS, key):
        write_part(run, PART_PROBLEMS, key, problems)
    maps = read_parts(run, TUNING_MAPS, [map_key]).rows
    if {one.case_id for one in maps} != have_maps(chunk, spec):
        maps = tuple(explain(chunk, spec, seed=audit.seed))
        write_part(run, TUNING_MAPS, map_key, maps)
    thresholds = audit.localization.tune_thresholds
    write_part(run, TUNING, key, tuning_curves(chunk, spec, maps, thresholds=thresholds))


def choose_thresholds(curves: Sequence[TuningCurve], *, split: str) -> tuple[TunedThreshold, ...]:
    """Choose a threshold for each model, explainer and class that has a curve, in that order.

    Args:
        curves: of the tuning split, each case once per model and explainer; their order does not matter.
    """
    groups: dict[tuple[str, str, str, str], list[TuningCurve]] = defaultdict(list)
    for curve in sorted(curves, key=lambda one: one.case_id):
        groups[curve.model_id, curve.explainer_id, curve.explainer_hash, curve.target].append(curve)
    found: list[TunedThreshold] = []
    for (model, explainer, digest, target), own in sorted(groups.items()):
        clusters = [one.cluster for one in own]
        choice = choose_threshold([one.ious for one in own], clusters, own[0].thresholds)
        found.append(
            TunedThreshold(
                model_id=model,
                explainer_id=explainer,
                explainer_hash=digest,
                target=target,
                split=split,
                threshold=choice.threshold,
                iou=choice.iou,
                n_cases=len(own),
                n_patients=len(set(clusters)),
            )
        )
    return tuple(found)


def thresholds_of(tuned: Sequence[TunedThreshold], model_id: str) -> Mapping[str, Thresholds]:
    """Return the thresholds of one model, by explainer, then by class."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for one in tuned:
        if one.model_id == model_id:
            found[one.explainer_id][one.target] = one.threshold
    return dict(found)
