"""A case of a finished run with everything stored of it: answers, maps, scores, failure categories."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from xaudit.catalog import explainer_row
from xaudit.errors import UsageError, did_you_mean
from xaudit.geometry import Fit
from xaudit.records import (
    Annotation,
    Case,
    CategorisedMap,
    Prediction,
    Preview,
    SaliencyMap,
    ScoreResult,
)
from xaudit.stages.outcome.reasons import giving_reasons, with_judged_reasons
from xaudit.stages.outcome.stored_run import StoredRun
from xaudit.stages.views.case_reliance import RelianceOfCase, regions_of_cases, reliance_of_cases
from xaudit.store.parts import MAPS, MISCLASSIFIED_MAPS, iter_parts, part_keys
from xaudit.store.run_folder import RunFolder
from xaudit.store.tables import read_categories, read_misclassified, read_previews

_MOST_NAMED = 4
_IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".dcm", ".dicom")


@dataclass(frozen=True, slots=True, eq=False)
class CaseView:
    """A case as a run left it.

    Attributes:
        predictions: one per model, in the audit's order.
        preview: a small picture, where the run kept one.
        maps: by model and explainer, where the run kept any.
        fits: how each model's frame was made from the image.
        signed: whether negative values of an explainer's maps mean evidence against the target.
        explainers: those that were asked for, controls left out.
        metric_names: catalog name of each metric id.
        reliance: by model, where windows of the image were replaced.
        errors: models for which the case was explained for its error alone; it is in no number of the report.
        regions: by those models and region, the fall of the target's probability beyond that of random areas.
    """

    case: Case
    marks: tuple[Annotation, ...]
    preview: Preview | None
    predictions: tuple[Prediction, ...]
    scores: tuple[ScoreResult, ...]
    categories: tuple[CategorisedMap, ...]
    maps: Mapping[tuple[str, str], SaliencyMap]
    fits: Mapping[str, Fit]
    signed: Mapping[str, bool]
    explainers: tuple[str, ...]
    metric_names: Mapping[str, str]
    reliance: Mapping[str, RelianceOfCase] = field(default_factory=dict)
    errors: frozenset[str] = frozenset()
    regions: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def case_view(
    path: Path, name: str, *, models: Sequence[str] = (), explainers: Sequence[str] = ()
) -> CaseView:
    """Everything that a finished run keeps of one case.

    Args:
        name: the case's id, or its last part where that is enough to tell it from all others.
        models: which; all where empty.
        explainers: which; all that are no controls where empty.

    Raises:
        RunFolderError: where the run was not finished, or is damaged or newer than this program.
        UsageError: for a case, a model or an explainer that the run does not have.
    """
    run = StoredRun(path)
    case_id = find_case([case.case_id for case in run.cases], name)
    settings = run.settings
    of_run = run.outcome.model_ids
    chosen_models = _chosen("model", models, of_run, shown=of_run) or of_run
    chosen = _chosen("explainer", explainers, run.head["explainers"], shown=run.explainers) or run.explainers
    order = {model: place for place, model in enumerate(run.outcome.model_ids)}
    predictions = [one for one in run.predictions if one.case_id == case_id and one.model_id in chosen_models]
    stored = read_categories(run.folder) if "categories" in run.head else ()
    misclassified = read_misclassified(run.folder)
    categories = (*with_judged_reasons(stored, giving_reasons(run.outcome)), *misclassified)
    errors = frozenset(one.facts.model_id for one in misclassified if one.facts.case_id == case_id)
    return CaseView(
        case=next(case for case in run.cases if case.case_id == case_id),
        marks=tuple(mark for mark in run.annotations if mark.case_id == case_id),
        preview=next((one for one in read_previews(run.folder) if one.case_id == case_id), None),
        predictions=tuple(sorted(predictions, key=lambda one: order[one.model_id])),
        scores=tuple(one for one in run.scores if one.key.case_id == case_id),
        categories=tuple(one for one in categories if one.facts.case_id == case_id),
        maps=_maps(run.folder, case_id),
        fits={model["id"]: model["fit"] for model in settings["models"]},
        signed={
            str(spec["id"]): explainer_row(spec["name"]).signed
            for key in ("explainers", "controls")
            for spec in settings.get(key) or ()
            if isinstance(spec, dict)
        },
        explainers=chosen,
        metric_names=run.metric_names,
        reliance={
            one.model_id: one
            for one in reliance_of_cases(run.folder, {model: {case_id} for model in chosen_models})
        },
        errors=errors,
        regions={
            model: own
            for (model, _), own in regions_of_cases(
                run.folder, {model: {case_id} for model in errors}
            ).items()
        },
    )


def _maps(run: RunFolder, case_id: str) -> dict[tuple[str, str], SaliencyMap]:
    return {
        (one.model_id, one.explainer_id): one
        for table in (MAPS, MISCLASSIFIED_MAPS)
        for part in iter_parts(run, table, part_keys(run, table))
        for one in part.rows or ()
        if one.case_id == case_id
    }


def find_case(ids: Collection[str], name: str) -> str:
    """The id that a name means: the same one, or the only one whose last part it is; an image's ending does not count.

    Raises:
        UsageError: where no case or several cases are meant.

    Example:
        >>> find_case(["images/a.png", "images/b.png"], "b"), find_case(["a.1", "b.1"], "a.1.png")
        ('images/b.png', 'a.1')
    """
    if name in ids:
        return name
    meant = [
        one
        for one in ids
        if _without_ending(name) in (_without_ending(one), _without_ending(PurePosixPath(one).name))
    ]
    if len(meant) == 1:
        return meant[0]
    if meant:
        named = ", ".join(meant[:_MOST_NAMED]) + (", …" if len(meant) > _MOST_NAMED else "")
        raise UsageError(f"'{name}' may be any of {len(meant)} cases", hint=f"write the whole id: {named}")
    hint = did_you_mean(name, ids, otherwise="cases.parquet in the run folder lists them")
    raise UsageError(f"none of the run's {len(ids)} cases is called '{name}'", hint=hint)


def _without_ending(name: str) -> str:
    ending = PurePosixPath(name).suffix
    return name.removesuffix(ending) if ending.lower() in _IMAGE_ENDINGS else name


def _chosen(
    kind: str, names: Sequence[str], known: Sequence[str], *, shown: Sequence[str]
) -> tuple[str, ...]:
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known, otherwise=f"the run has {', '.join(shown)}")
            raise UsageError(f"--{kind}: the run has no {kind} '{name}'", hint=hint)
    return tuple(names)
