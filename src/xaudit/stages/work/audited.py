"""The data, models and predictions of an audit."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Self

from xaudit.cases import load_dataset
from xaudit.cases.dataset import Dataset
from xaudit.catalog.plugin_rows import origin_of
from xaudit.config import AuditFile, ModelSection, fingerprint
from xaudit.errors import RunFolderError
from xaudit.models.classifier import Classifier
from xaudit.models.predict import predict
from xaudit.models.sources.external import ExternalModel
from xaudit.records import Case, Evaluation, Prediction, Problem, Progress
from xaudit.stages.request import RunRequest
from xaudit.stages.scores.audited_model import AuditedModel
from xaudit.stages.scores.selection import (
    select_cases,
    select_donors,
    select_errors,
    select_for_tuning,
    select_others,
)
from xaudit.stages.work.classifiers import check_untrained, given_classifier, has_weights, trained_classifier
from xaudit.stages.work.data_requirements import check_data
from xaudit.stages.work.external_model import external_checksums, external_predictions, resolved
from xaudit.stages.work.folder import obtain_folder
from xaudit.stages.work.inputs import inputs_digest, labels_checksum, masks_checksum, predictions_checksum
from xaudit.stages.work.regression import check_no_regression
from xaudit.stages.work.shares import PREDICTED_FROM
from xaudit.stages.work.sharing import share_answers
from xaudit.statistics.classification import evaluate
from xaudit.store.checksums import annotations_checksum, images_checksum
from xaudit.store.manifest import Contents
from xaudit.store.run_folder import RunFolder
from xaudit.store.tables import read_predictions, write_predictions

Predicted = tuple[Mapping[str, Mapping[str, Prediction]], tuple[Problem, ...]]
"""By model and case, and what could not be classified."""


class Audited:
    """The data, models and answers of one audit, each read, trained or asked for when it is first needed.

    Args:
        on_progress: told how far each of them is.
    """

    def __init__(self, request: RunRequest, on_progress: Callable[[Progress], None]) -> None:
        self.request = request
        self.audit = request.audit
        self._tell = on_progress
        self._loaded: Mapping[str, Classifier] = {}
        self._answers_so_far: Mapping[str, Mapping[str, Prediction]] = {}

    @classmethod
    def as_known(
        cls, request: RunRequest, folder: RunFolder, datasets: Mapping[str, Dataset], predicted: Predicted
    ) -> Self:
        """Return an audit whose data and predictions are read already, as in a worker process."""
        audited = cls(request, lambda _: None)
        audited.folder, audited.datasets, audited.predicted = folder, datasets, predicted
        return audited

    @cached_property
    def folder(self) -> RunFolder:
        """The run's folder: that of the same audit with the same inputs, or a new one.

        Data and weights are read first, so that a run which is refused for them leaves no folder.
        """
        datasets = self.datasets
        check_data(self.audit, datasets)
        given, plugins = self.given, [origin_of(one) for one in self.audit.plugins]
        trained = [model for model in self.audit.models if model.id not in given]
        for model in trained:
            check_untrained(model, self.dataset_of(model), self.request)
        return obtain_folder(
            self.request, inputs_digest(datasets, given, trained, masks=self.masks, plugins=plugins)
        )

    @cached_property
    def masks(self) -> str:
        """Checksum of all masks of the anatomy; empty where there are none."""
        return masks_checksum(self.datasets.values())

    @cached_property
    def datasets(self) -> Mapping[str, Dataset]:
        """Every data set that a model is audited on, by its id."""
        return {
            name: load_dataset(section, dataset_id=name, workspace=self.request.out, on_progress=self._tell)
            for name, section in self.audit.all_datasets.items()
        }

    def dataset_of(self, model: ModelSection) -> Dataset:
        """The data set that a model is audited on."""
        return self.datasets[model.dataset or "data"]

    @cached_property
    def given(self) -> Mapping[str, Classifier]:
        """Every model whose weights are given, by its id."""
        given = {
            model.id: given_classifier(model, self.dataset_of(model), self.request, on_progress=self._tell)
            for model in self.audit.models
            if has_weights(model, self.request)
        }
        share_answers(self.audit.models, given)
        return given

    @cached_property
    def classifiers(self) -> Mapping[str, Classifier]:
        """Every model with its weights, by its id; trained where it has none."""
        self._loaded = {
            model.id: self.given.get(model.id)
            or trained_classifier(
                model,
                self.dataset_of(model),
                self.request,
                folder=self.folder.models_path,
                on_progress=self._tell,
            )
            for model in self.audit.models
        }
        return self._loaded

    def audit_of(self, model: ModelSection) -> AuditFile:
        """The audit as a model sees it: its own explainers, and only what can be asked of it."""
        return resolved(self.audit, model, self.classifiers[model.id])

    @cached_property
    def predicted(self) -> Predicted:
        """Predictions of every model for every case; stored ones where nothing has changed since."""
        made_from = self._predictions_made_from()
        problems: list[Problem] = []
        stored = self._stored_predictions(made_from)
        if stored is None:
            fresh: list[Prediction] = []
            for model in self.audit.models:
                dataset = self.dataset_of(model)
                for answer in self._answers(model, dataset):
                    match answer:
                        case Prediction():
                            fresh.append(answer)
                        case Problem():
                            problems.append(answer)
                check_no_regression(model, [one for one in fresh if one.model_id == model.id])
            stored = tuple(fresh)
            write_predictions(self.folder, stored)
            if not problems:
                self.folder.save_json(PREDICTED_FROM, {"made_from": made_from})
        by_model: dict[str, dict[str, Prediction]] = {model.id: {} for model in self.audit.models}
        for prediction in stored:
            by_model[prediction.model_id][prediction.case_id] = prediction
        self._answers_so_far = by_model
        return by_model, tuple(problems)

    def _answers(self, model: ModelSection, dataset: Dataset) -> Iterator[Prediction | Problem]:
        classifier = self.classifiers[model.id]
        if isinstance(classifier, ExternalModel):
            return external_predictions(classifier, model, dataset, self.audit)
        return predict(
            classifier,
            dataset.cases,
            dataset.pixels,
            target_policy=model.target,
            positive=dataset.positive,
            on_progress=lambda progress: self._tell(replace(progress, stage=f"predict {model.id}")),
        )

    @cached_property
    def evaluations(self) -> tuple[Evaluation, ...]:
        """Accuracy and other measures of every model on every split of its data."""
        found: list[Evaluation] = []
        for model in self.audit.models:
            dataset = self.dataset_of(model)
            found += evaluate(
                list(self.predicted[0][model.id].values()),
                positive=dataset.positive,
                dataset_id=dataset.id,
                settings=self.audit.statistics,
                seed=self.audit.seed,
                patients_known=dataset.patients_known,
            )
        return tuple(found)

    def chosen(self, model: ModelSection) -> list[tuple[Case, Prediction]]:
        """The cases of a model that are explained, with what it said of them."""
        return self._selected(model, partial(select_cases, settings=self.audit.run))

    def others(self, model: ModelSection) -> list[tuple[Case, Prediction]]:
        """The cases that a model is asked about without being explained, with what it said of them."""
        audit = self.audit_of(model)
        if not (audit.reliance.enabled and (audit.reliance.map.enabled or audit.reliance.image.enabled)):
            return []
        limit = self.audit.run.limit
        per_class = audit.reliance.per_class
        dataset, predictions = self.dataset_of(model), self.predicted[0][model.id]
        cases = select_others(
            dataset.cases,
            predictions,
            explained=[case for case, _ in self.chosen(model)],
            per_class=per_class if limit is None else min(limit, per_class),
            seed=self.audit.seed,
        )
        return [(case, predictions[case.case_id]) for case in cases]

    def errors(self, model: ModelSection) -> list[tuple[Case, Prediction]]:
        """The misclassified cases of a model that are explained beside the chosen ones, with what it said of them."""
        dataset, predictions = self.dataset_of(model), self.predicted[0][model.id]
        cases = select_errors(
            dataset.cases,
            predictions,
            explained=[case for case, _ in self.chosen(model)],
            most=self.audit.run.most_errors,
            seed=self.audit.seed,
        )
        return [(case, predictions[case.case_id]) for case in cases]

    def may_donate(self, model: ModelSection) -> list[tuple[Case, Prediction]]:
        """The cases whose pixels may be copied into other patients' images, with what a model said of them."""
        dataset, predictions = self.dataset_of(model), self.predicted[0][model.id]
        cases = select_donors(dataset.cases, predictions, seed=self.audit.seed)
        return [(case, predictions[case.case_id]) for case in cases]

    def for_tuning(self, model: ModelSection) -> list[tuple[Case, Prediction]]:
        """The cases that choose a model's thresholds, with what it said of them."""
        return self._selected(model, partial(select_for_tuning, settings=self.audit.localization))

    def _selected(
        self, model: ModelSection, select: Callable[..., Sequence[Case]]
    ) -> list[tuple[Case, Prediction]]:
        dataset, predictions = self.dataset_of(model), self.predicted[0][model.id]
        marked = {mark.case_id for mark in dataset.annotations if mark.region is not None}
        cases = select(dataset.cases, predictions, marked=marked, seed=self.audit.seed)
        return [(case, predictions[case.case_id]) for case in cases]

    @property
    def models(self) -> list[AuditedModel]:
        """Every model with the cases that it is asked about."""
        return [
            AuditedModel(
                self.folder,
                self.audit_of(model),
                self.classifiers[model.id],
                self.dataset_of(model),
                self.chosen(model),
                self.for_tuning(model) if self.audit.tunes_thresholds else (),
                others=self.others(model),
                may_donate=self.may_donate(model),
                errors=self.errors(model),
            )
            for model in self.audit.models
        ]

    @property
    def device(self) -> str:
        """Device of the models; the requested one if none is loaded yet."""
        return next((str(one.device) for one in self._loaded.values()), self.request.device)

    def contents(self) -> Contents:
        """Counts and checksums of the data, and of the models as far as they are loaded."""
        cases = [case for dataset in self.datasets.values() for case in dataset.cases]
        marks = [mark for dataset in self.datasets.values() for mark in dataset.annotations]
        classifiers = self._loaded
        answers = [one for of_model in self._answers_so_far.values() for one in of_model.values()]
        return Contents(
            counts={
                "cases": len(cases),
                "patients": len({case.cluster for case in cases}),
                "annotations": len(marks),
            },
            weights={
                name: one.fingerprint
                for name, one in classifiers.items()
                if not isinstance(one, ExternalModel)
            },
            external=external_checksums(classifiers),
            images=images_checksum(cases),
            annotations=annotations_checksum(marks),
            labels=labels_checksum(cases, self.datasets.values()),
            masks=self.masks,
            predictions=predictions_checksum(answers),
            code={name: one.code for name, one in classifiers.items() if one.code},
            answers={name: one.answers_checksum for name, one in classifiers.items() if one.answers_checksum},
            outputs={name: one.outputs for name, one in classifiers.items() if one.outputs},
            plugins=[origin_of(one) for one in self.audit.plugins],
        )

    def _predictions_made_from(self) -> str:
        return fingerprint(
            [
                [
                    model.id,
                    self.classifiers[model.id].fingerprint,
                    self.classifiers[model.id].device.type,
                    self.classifiers[model.id].precision,
                    model.target,
                    self.dataset_of(model).positive,
                    self.dataset_of(model).window,
                    [
                        [c.case_id, c.sha256, c.label, c.split, c.patient_id]
                        for c in self.dataset_of(model).cases
                    ],
                ]
                for model in self.audit.models
            ]
        )

    def _stored_predictions(self, made_from: str) -> tuple[Prediction, ...] | None:
        try:
            stored = json.loads((self.folder.path / PREDICTED_FROM).read_text(encoding="utf-8"))
            return read_predictions(self.folder) if stored.get("made_from") == made_from else None
        except (FileNotFoundError, ValueError, RecursionError, AttributeError, RunFolderError):
            return None
