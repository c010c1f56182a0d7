"""Checks before a model is trained or predicts thousands of images."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from xaudit.catalog import EXTERNAL, INFILLS
from xaudit.catalog.rows import QUANTUS
from xaudit.config import AuditFile
from xaudit.errors import DataError
from xaudit.explainers.preflight import check_explainer

if TYPE_CHECKING:
    import torch

    from xaudit.cases.dataset import Dataset
    from xaudit.models.classifier import Classifier

_N_TRIED = 3


def check_explainers(audit: AuditFile, classifier: "Classifier", dataset: "Dataset") -> None:
    """Tries every explainer of an audit on a model, with or without its weights, and every metric of Quantus.

    Raises:
        AuditFileError: where the settings of one of them cannot work.
        ModelError: where the model cannot be explained as asked.
    """
    check_metrics(audit)
    images = list(islice(_images(classifier, dataset), _N_TRIED)) if _cuts_images(audit) else []
    for spec in audit.explainers_and_controls:
        if spec.name == EXTERNAL.id:
            continue
        check_explainer(spec, classifier, images)


def prepare_infills(audit: AuditFile, classifier: "Classifier") -> None:
    """Let the model drop tokens if an in-fill of the audit asks for that; raise ModelError where it cannot."""
    settings = audit.reliance
    kinds = (*settings.infills, *settings.map.infills * settings.map.enabled) * settings.enabled
    if any(INFILLS[kind].drops_tokens for kind in kinds):
        classifier.let_drop_tokens()


def check_metrics(audit: AuditFile) -> None:
    """Raises AuditFileError where Quantus itself does not take the settings of one of its metrics."""
    for spec in audit.metrics:
        if spec.name.startswith(QUANTUS):
            from xaudit.metrics.quantus_adapter import check_options

            check_options(spec.id, spec.name, spec.options)


def _cuts_images(audit: AuditFile) -> bool:
    return any("segmentation" in spec.options for spec in audit.explainers_and_controls)


def _images(classifier: "Classifier", dataset: "Dataset") -> "Iterator[torch.Tensor]":
    """The test images that can be read, one by one."""
    for case in dataset.cases:
        if case.split == "test":
            try:
                yield classifier.to_input(dataset.pixels(case))[0]
            except DataError:
                continue
