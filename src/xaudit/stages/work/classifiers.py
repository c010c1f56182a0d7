"""Each model of the audit with its weights: given, shipped, found from an earlier start, or trained now."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xaudit.cases import load_dataset
from xaudit.config import AuditFile, ModelSection, audit_of_model
from xaudit.geometry import union
from xaudit.models import load_classifier, phantom_weights, train_classifier, untrained_classifier
from xaudit.records import BoolArray, Case, Progress
from xaudit.stages.request import RunRequest
from xaudit.stages.work.external_model import obtain_external
from xaudit.stages.work.phantom_study import training_data, training_settings
from xaudit.stages.work.preflight import check_explainers, prepare_infills

if TYPE_CHECKING:
    from xaudit.cases.dataset import Dataset
    from xaudit.models.classifier import Classifier


def has_weights(section: ModelSection, request: RunRequest) -> bool:
    """Return True if a model need not be trained: it is external, or its weights are given or shipped."""
    return section.is_external or _weights(section, request) is not None


def given_classifier(
    section: ModelSection,
    dataset: "Dataset",
    request: RunRequest,
    *,
    on_progress: Callable[[Progress], None],
) -> "Classifier":
    """Load a model whose weights are given, ready to be asked.

    Raises:
        AuditFileError: where the settings of an explainer cannot work on it.
        ModelError: where it cannot be built, loaded, or explained as asked.
    """
    if section.is_external:
        return obtain_external(section, dataset, request.audit, on_progress=on_progress)
    weights = _weights(section, request)
    if weights is None:
        raise ValueError(f"model '{section.id}' has no weights")
    return _loaded(section, dataset, request, weights, on_progress)


def model_as_given(
    section: ModelSection,
    dataset: "Dataset",
    request: RunRequest,
    *,
    on_progress: Callable[[Progress], None],
) -> "Classifier":
    """Load a model whose weights are given, to be asked for answers only: no explainer is tried, and no maps are read.

    Raises:
        ModelError: where it cannot be built or loaded.
    """
    if section.is_external:
        audit = request.audit.model_copy(update={"explainers": ()})
        return obtain_external(
            section.model_copy(update={"maps": {}}), dataset, audit, on_progress=on_progress
        )
    weights = _weights(section, request)
    if weights is None:
        raise ValueError(f"model '{section.id}' has no weights")
    return _unexplained(section, dataset, request, weights)


def check_untrained(section: ModelSection, dataset: "Dataset", request: RunRequest) -> None:
    """Check, before a model is trained, that it can be built and explained as asked.

    Raises:
        AuditFileError: where the settings of an explainer cannot work on it.
        ModelError: where it cannot be built, or explained as asked.
    """
    # With random weights the same questions have the same answers, hours earlier.
    untrained = untrained_classifier(
        section,
        class_names=dataset.class_names,
        device=request.device,
        batch_size=request.audit.run.batch_size,
        positive=dataset.positive,
    )
    audit = audit_of_model(request.audit, section)
    prepare_infills(audit, untrained)
    check_explainers(audit, untrained, dataset)


def trained_classifier(
    section: ModelSection,
    dataset: "Dataset",
    request: RunRequest,
    *,
    folder: Path,
    on_progress: Callable[[Progress], None],
) -> "Classifier":
    """Train a model without weights, or take up what an earlier start trained, ready to be asked.

    Args:
        dataset: what it is trained and audited on.
        folder: where trained weights are kept.

    Raises:
        AuditFileError: where the settings of an explainer cannot work on it.
        ModelError: where it cannot be built, trained, or explained as asked.
    """
    weights = _train(section, dataset, request, folder=folder, on_progress=on_progress)
    return _loaded(section, dataset, request, weights, on_progress)


def _weights(section: ModelSection, request: RunRequest) -> Path | None:
    """The weights that are given or shipped; None for a model that is trained here."""
    if section.weights is None and section.source == "phantom" and not request.retrain:
        return phantom_weights(section.variant or "honest")
    return section.weights


def _loaded(
    section: ModelSection,
    dataset: "Dataset",
    request: RunRequest,
    weights: Path,
    on_progress: Callable[[Progress], None],
) -> "Classifier":
    classifier = _unexplained(section, dataset, request, weights)
    audit = audit_of_model(request.audit, section)
    prepare_infills(audit, classifier)
    check_explainers(audit, classifier, dataset)
    for note in classifier.notes:
        on_progress(Progress(f"check {section.id}", 1, 1, note))
    return classifier


def _unexplained(
    section: ModelSection, dataset: "Dataset", request: RunRequest, weights: Path
) -> "Classifier":
    return load_classifier(
        section,
        class_names=dataset.class_names,
        weights=weights,
        device=request.device,
        batch_size=request.audit.run.batch_size,
        compile=request.audit.run.compile,
        positive=dataset.positive,
        precision=request.audit.run.precision,
    )


def _train(
    section: ModelSection,
    dataset: "Dataset",
    request: RunRequest,
    *,
    folder: Path,
    on_progress: Callable[[Progress], None],
) -> Path:
    from xaudit.models.network.class_order import order_of_outputs
    from xaudit.models.training.data import TrainingData

    audit: AuditFile = request.audit
    settings = audit.train
    if section.source == "phantom":
        settings = training_settings(section.variant or "honest")
        dataset = load_dataset(
            training_data(section.variant or "honest"),
            dataset_id=f"training-{section.id}",
            workspace=request.out,
            on_progress=on_progress,
        )

    def mark(case: Case) -> BoolArray | None:
        regions = dataset.regions(case)
        return union(list(regions.values()), (case.height, case.width)) if regions else None

    outputs = order_of_outputs(section, dataset.class_names, (), file="")
    data = TrainingData(dataset.cases, outputs, dataset.pixels, mark, dataset.positive)
    return train_classifier(
        section,
        settings,
        data,
        folder=folder,
        seed=audit.seed,
        device=request.device,
        on_progress=lambda progress: on_progress(replace(progress, stage=f"train {section.id}")),
    )
