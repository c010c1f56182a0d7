"""A model that is not here, made of its files: the table of its predictions and the folders of its maps."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from xaudit.cases.names.image_index import ImageIndex, facts_of
from xaudit.cases.splits import SCORED
from xaudit.catalog import ASKS_THE_MODEL, FAMILIES_WITH_QUESTIONS, METRICS, external_id
from xaudit.config import AuditFile, ModelSection, audit_of_model
from xaudit.errors import ModelError
from xaudit.explainers.external.maps import ExternalMaps, load_maps
from xaudit.models.network.class_order import StoredOrder, order_of_outputs
from xaudit.models.predict import prediction_of
from xaudit.models.sources.external import DEFAULT_SIDE, ExternalModel
from xaudit.records import Prediction, Problem, Progress
from xaudit.stages.work.external_predictions import answers_of
from xaudit.store.checksums import file_checksum
from xaudit.store.foreign_table import read_foreign_table

if TYPE_CHECKING:
    from xaudit.cases.dataset import Dataset
    from xaudit.models.classifier import Classifier

NOT_ASSESSED = "not assessed: no model"


def obtain_external(
    section: ModelSection, dataset: "Dataset", audit: AuditFile, *, on_progress: Callable[[Progress], None]
) -> ExternalModel:
    """The model as its files tell it; every file that may be needed is read once.

    Raises:
        ModelError: where the table or the folders do not tell what the audit needs.
        DataError: where a file cannot be read, or a map does not fit its image.
    """
    if section.predictions is None:
        raise ValueError(f"model '{section.id}' has no table")
    if len(dataset.class_names) < 2:
        raise ModelError(
            f"model '{section.id}': a classifier needs at least two classes, the data has {len(dataset.class_names)}",
            hint="check the labels, or the names given under `merge`",
        )
    table = section.predictions
    images = ImageIndex(
        {case.path: case.case_id for case in dataset.cases},
        {case.case_id: (case.height, case.width) for case in dataset.cases},
        facts=facts_of(dataset.cases, {}),
        root=dataset.root,
    )
    extra: list[str] = []
    rows = read_foreign_table(table.path, what="predictions")
    columns = [name for name in rows[0][1] if name in dataset.class_names] if rows else []
    stored = [StoredOrder("its columns", tuple(columns))] if len(columns) == len(dataset.class_names) else []
    outputs = order_of_outputs(section, dataset.class_names, stored, file=str(table.path))
    answers = answers_of(rows, images, class_names=dataset.class_names, values=table.values, extra=extra)
    cases = [case for case in dataset.cases if case.split in _scored(audit) and case.case_id in answers]
    specs = {spec.id: spec for spec in audit_of_model(audit, section).explainers}
    maps = {}
    for place, name in enumerate(section.maps):
        on_progress(Progress(f"read maps of {section.id}", place, len(section.maps), name))
        if external_id(name) in specs:
            maps[external_id(name)] = load_maps(section, name, specs[external_id(name)], cases, images)
    side = section.input_size or DEFAULT_SIDE
    return ExternalModel(
        id=section.id,
        class_names=dataset.class_names,
        model_hw=(side, side),
        fit=section.fit,
        mean=section.mean,
        std=section.std,
        batch_size=audit.run.batch_size,
        architecture="external",
        outputs=outputs,
        answers=answers,
        table_checksum=file_checksum(table.path),
        maps=maps,
        remarks=(
            *_extra_note(section.id, "its table of predictions names", len(set(extra))),
            *(note for name, own in maps.items() for note in _map_notes(section.id, name, own)),
        ),
    )


def _map_notes(model_id: str, explainer_id: str, maps: ExternalMaps) -> list[str]:
    extra = _extra_note(model_id, f"its folder of {explainer_id} holds maps of", maps.files.n_extra)
    return [*extra, *_rounding_note(model_id, explainer_id, maps)]


def _rounding_note(model_id: str, explainer_id: str, maps: ExternalMaps) -> list[str]:
    if maps.n_rounded == 0:
        return []
    files = f"{maps.n_rounded} file" + ("s hold" if maps.n_rounded > 1 else " holds")
    return [
        f"model '{model_id}': {explainer_id}: {files} numbers of more than 24 bits, which are rounded to float32 "
        "before they are scored; pixels that differ by less become ties"
    ]


def _extra_note(model_id: str, what: str, number: int) -> list[str]:
    """The sentence that counts names of images which the data does not hold; nothing where there is none."""
    if not number:
        return []
    images = "1 image" if number == 1 else f"{number} images"
    return [f"model '{model_id}': {what} {images} that the data does not hold; not used"]


def external_predictions(
    model: ExternalModel, section: ModelSection, dataset: "Dataset", audit: AuditFile
) -> Iterator[Prediction | Problem]:
    """Yield the model's prediction of each case; a case to be scored without one is a problem."""
    for case in dataset.cases:
        answer = model.answers.get(case.case_id)
        if answer is not None:
            yield prediction_of(model, case, answer, section.target, dataset.positive)
        elif case.split in _scored(audit):
            yield Problem(case.case_id, "predict", "the table of predictions has no row for this image")


def resolved(audit: AuditFile, section: ModelSection, classifier: "Classifier") -> AuditFile:
    """The audit as one model sees it, with explainers that say what their files hold."""
    own = audit_of_model(audit, section)
    if not isinstance(classifier, ExternalModel):
        return own
    return own.model_copy(
        update={"explainers": tuple(classifier.maps[spec.id].spec for spec in own.explainers)}
    )


def external_checksums(classifiers: Mapping[str, "Classifier"]) -> dict[str, dict[str, str]]:
    """SHA-256 of the files of each external model: its predictions, and its maps by explainer id."""
    return {
        name: {"predictions": one.table_checksum, **{key: maps.checksum for key, maps in one.maps.items()}}
        for name, one in classifiers.items()
        if isinstance(one, ExternalModel)
    }


def external_notes(audit: AuditFile) -> list[str]:
    """Return notes on each external model: the source of its maps, and the measures that need the model."""
    notes = []
    families = {row.id: row.family for row in METRICS}
    for model in audit.models:
        if model.is_external:
            own = explained_by(audit, model)
            *most, last = ASKS_THE_MODEL
            notes.append(
                f"model '{model.id}' is external: its predictions and maps ({', '.join(own)}) were read from files; "
                f"{', '.join(most)} and {last} are {NOT_ASSESSED}"
            )
            notes += [
                f"gate '{gate}' is not asked of the external model '{model.id}'"
                for gate in audit.gates
                if families.get(audit.metric_names.get(gate.metric, gate.metric)) in FAMILIES_WITH_QUESTIONS
            ]
    return notes


def explained_by(audit: AuditFile, section: ModelSection) -> list[str]:
    """Ids of the explainers of a model that are no controls."""
    return [spec.id for spec in audit_of_model(audit, section).explainers]


def _scored(audit: AuditFile) -> frozenset[str]:
    """The splits whose cases are explained."""
    return frozenset({SCORED, audit.localization.tune_on} if audit.tunes_thresholds else {SCORED})
