"""The inputs that a run id stands for: data, marks, masks, weights, code, and the maps and predictions of files."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import xaudit
from xaudit.cases.dataset import Dataset
from xaudit.config import ModelSection, fingerprint
from xaudit.models.classifier import Classifier
from xaudit.models.sources.factory import code_of
from xaudit.records import Case, Prediction, attribute_rows
from xaudit.stages.scores.audited_model import SCORE_VERSION
from xaudit.stages.work.external_model import external_checksums
from xaudit.store.checksums import annotations_checksum, lines_checksum
from xaudit.store.parts import shard_key


def inputs_digest(
    datasets: Mapping[str, Dataset],
    classifiers: Mapping[str, Classifier],
    trained_here: Iterable[ModelSection],
    *,
    masks: str,
    plugins: Sequence[Mapping[str, str]],
) -> str:
    """Hash all that a run is made from, beside the audit file; no place of a file takes part.

    Args:
        classifiers: those whose weights are given.
        trained_here: models whose weights follow from the data, the audit file and their code.
        masks: checksum of the masks of the anatomy.
        plugins: what other packages bring.
    """
    return fingerprint(
        {
            "xaudit": [xaudit.__version__, SCORE_VERSION],
            "data": {name: _data_digest(dataset) for name, dataset in datasets.items()},
            "models": {name: one.fingerprint for name, one in classifiers.items()},
            "external": external_checksums(classifiers),
            "trained": {section.id: code_of(section) for section in trained_here},
            "masks": masks,
            "plugins": list(plugins),
        }
    )


def labels_checksum(cases: Iterable[Case], datasets: Iterable[Dataset]) -> str:
    """Hash what the data says of each case: class, split, patient, site, whether it is augmented, and its attributes."""
    own = [
        repr([one.case_id, one.label, one.split, one.patient_id, one.site, one.augmented]) for one in cases
    ]
    return lines_checksum([*own, *(repr(row) for dataset in datasets for row in _named_attributes(dataset))])


def masks_checksum(datasets: Iterable[Dataset]) -> str:
    """Hash the masks of the anatomy of every case; empty where no data set has any."""
    with_masks = [dataset for dataset in datasets if dataset.masks.sources]
    if not with_masks:
        return ""
    return lines_checksum(
        f"{case.case_id}\t{shard_key({'masks': dataset.masks.digest(case)})}"
        for dataset in with_masks
        for case in dataset.cases
    )


def predictions_checksum(predictions: Iterable[Prediction]) -> str:
    """Hash what every model said of every case."""
    return lines_checksum(
        repr([one.model_id, one.case_id, one.predicted, one.class_names, [*map(float, one.probabilities)]])
        for one in predictions
    )


def _named_attributes(dataset: Dataset) -> list[tuple[object, ...]]:
    """List the attributes of the table; those of the files follow from the images."""
    named = [one for one in dataset.attributes.values() if one.source == "table"]
    return [dataclasses.astuple(row) for row in attribute_rows(named)]


def _data_digest(dataset: Dataset) -> str:
    named = _named_attributes(dataset)
    return fingerprint(
        {
            **({"attributes": named} if named else {}),
            "cases": [dataclasses.asdict(case) for case in dataset.cases],
            "problems": [[one.case_id, one.reason] for one in dataset.problems],
            "classes": [dataset.class_names, dataset.positive],
            "marks": annotations_checksum(dataset.annotations),
            "readers": [dataset.readers, dataset.votes],
            "window": dataset.window,
        }
    )
