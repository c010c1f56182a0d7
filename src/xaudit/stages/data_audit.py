"""An audit of the data: read all data sets, ask the models, and run every check in order."""

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import xaudit
from xaudit.cases import load_dataset
from xaudit.cases.dataset import Dataset
from xaudit.cases.splits import SCORED
from xaudit.config import AuditFile, ModelSection, SplitSection, fingerprint
from xaudit.engine.threads import one_blas_thread
from xaudit.models.classifier import Classifier
from xaudit.records import DataAudit, DataCheck, DatasetCounts, ModelAnswers, Progress
from xaudit.screening.attributes import ATTRIBUTE_METRICS, check_attributes
from xaudit.screening.calibration import check_calibration
from xaudit.screening.copies.check import COPY_METRICS, check_copies
from xaudit.screening.exact_copies import check_exact_copies
from xaudit.screening.label.check import LABEL_METRICS, check_label
from xaudit.screening.label.units import groups_of
from xaudit.stages.request import RunRequest
from xaudit.stages.work.audited import Audited
from xaudit.stages.work.inputs import inputs_digest, masks_checksum
from xaudit.stages.work.model_answers import answers_of_model, model_to_ask
from xaudit.store.redaction import Redaction
from xaudit.verdict import Strictness, data_gate_verdicts

Tell = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Screened:
    """A data set with the answers of its models, as every check gets it.

    Attributes:
        earlier: results of the checks of this data set that came before.
    """

    data: Dataset
    answers: Sequence[ModelAnswers]
    audit: AuditFile
    on_progress: Tell
    earlier: tuple[DataCheck, ...] = ()

    @property
    def split(self) -> SplitSection:
        """The division that the audit file asks for if the data set names no splits."""
        return self.audit.all_datasets[self.data.id].split


def _copies(one: Screened) -> DataCheck:
    return check_copies(
        one.data,
        one.audit.data_audit.copies,
        split=one.split,
        with_images=one.audit.report.images,
        on_progress=one.on_progress,
    )


def _label(one: Screened) -> DataCheck:
    """Predict the label; without patients, near copies are kept together, and looked for if no earlier check did."""
    groups = None
    if not one.data.patients_known:
        looked = any(check.id == "copies" for check in one.earlier)
        groups = groups_of(one.data, one.earlier if looked else (_copies(one),))
    return check_label(
        one.data,
        one.audit.data_audit.label,
        seed=one.audit.seed,
        groups=groups,
        with_images=one.audit.report.images,
        on_progress=one.on_progress,
    )


def _attributes(one: Screened) -> DataCheck:
    settings = one.audit.data_audit.attributes
    return check_attributes(one.data, one.answers, settings, seed=one.audit.seed, on_progress=one.on_progress)


def _calibration(one: Screened) -> DataCheck:
    return check_calibration(one.data, one.answers, settings=one.audit.statistics, seed=one.audit.seed)


@dataclass(frozen=True, slots=True)
class Check:
    """A check of a data set.

    Attributes:
        id: the :class:`DataCheck`'s.
        metrics: ids of the values that gates can be set on.
        in_run: True if it costs so little that `xaudit run` carries it out too, whether or not a gate asks for it.
    """

    id: str
    metrics: tuple[str, ...]
    check: Callable[[Screened], DataCheck]
    in_run: bool = False


CHECKS = (
    Check("copies", COPY_METRICS, _copies),
    Check("label", LABEL_METRICS, _label),
    Check("attributes", ATTRIBUTE_METRICS, _attributes, in_run=True),
    Check("calibration", ("ece", "brier"), _calibration, in_run=True),
)  # fmt: skip
"""The checks of a data set, in the order in which they are shown."""

EXACT_COPIES = Check("exact-copies", (), lambda one: check_exact_copies(one.data), in_run=True)
"""What a run checks in place of all copies, unless a gate is about them."""


def audit_data(request: RunRequest, *, with_models: bool, on_progress: Tell) -> DataAudit:
    """Read the data of an audit file, ask its models, and check the data.

    Args:
        with_models: False to ask no model; checks of the answers then say that they were skipped.

    Raises:
        XauditError: whatever a user can mend.
    """
    with one_blas_thread(), tempfile.TemporaryDirectory(prefix="xaudit-") as workspace:
        datasets = {
            name: load_dataset(section, dataset_id=name, workspace=Path(workspace), on_progress=on_progress)
            for name, section in request.audit.all_datasets.items()
        }
        return _audited(request, datasets, with_models=with_models, on_progress=on_progress)


def _audited(
    request: RunRequest, datasets: Mapping[str, Dataset], *, with_models: bool, on_progress: Tell
) -> DataAudit:
    audit = request.audit
    classifiers, skipped = _models(request, datasets, with_models=with_models, on_progress=on_progress)
    answers = [
        answers_of_model(
            classifiers[model.id], model, datasets[model.dataset or "data"], request, on_progress=on_progress
        )
        for model in audit.models
        if model.id in classifiers
    ]
    checks = [
        result
        for name, data in datasets.items()
        for result in _results(
            Screened(data, [one for one in answers if one.dataset_id == name], audit, on_progress), CHECKS
        )
    ]
    digest = _digest(request, datasets, classifiers)
    redact = Redaction.of_this_machine()
    return DataAudit(
        audit_id=f"{audit.name}-data-{digest[:8]}",
        name=audit.name,
        config_hash=digest,
        version=xaudit.__version__,
        seed=audit.seed,
        datasets=tuple(_counts(data, redact) for data in datasets.values()),
        model_ids=tuple(classifiers),
        checks=tuple(checks),
        gates=data_gate_verdicts(audit.gates, checks, Strictness(audit.statistics.gate_on)),
        n_other_gates=sum(not gate.is_of_data for gate in audit.gates),
        skipped=tuple(
            redact.text(one) for one in (*skipped, *(text for one in answers for text in one.skipped))
        ),
        gate_on=audit.statistics.gate_on,
    )


def checks_of_run(audited: Audited, on_progress: Tell) -> tuple[DataCheck, ...]:
    """Carry out the checks that cost little, and those that a gate of the audit file is about, on the data of a run.

    Pictures are left out: a run keeps values, tables and findings.
    """
    audit = audited.audit
    limited = {gate.metric for gate in audit.gates}
    chosen = [check for check in CHECKS if check.in_run or limited & set(check.metrics)]
    if all(check.id != "copies" for check in chosen):
        chosen = [EXACT_COPIES, *chosen]
    ask_again = not all(check.in_run for check in chosen)
    answers = [_answers_in_run(audited, model, on_progress, ask_again=ask_again) for model in audit.models]
    return tuple(
        replace(result, images={})
        for name, data in audited.datasets.items()
        for result in _results(
            Screened(data, [one for one in answers if one.dataset_id == name], audit, on_progress), chosen
        )
    )


def _results(screened: Screened, checks: Sequence[Check]) -> list[DataCheck]:
    """Carry out some checks of a data set in their order; each sees the results of those before."""
    results: list[DataCheck] = []
    for check in checks:
        results.append(check.check(replace(screened, earlier=tuple(results))))
    asked = tuple(one.id for one in screened.audit.models if (one.dataset or "data") == screened.data.id)
    return [replace(result, model_ids=asked) for result in results]


def _answers_in_run(
    audited: Audited, model: ModelSection, on_progress: Tell, *, ask_again: bool
) -> ModelAnswers:
    """Return the stored answers of a model, or, with its features, those to a new question."""
    data = audited.dataset_of(model)
    if ask_again:
        classifier = audited.classifiers[model.id]
        return answers_of_model(classifier, model, data, audited.request, on_progress=on_progress)
    tested = tuple(one for one in audited.predicted[0][model.id].values() if one.split == SCORED)
    return ModelAnswers(model.id, data.id, tested, None, "features are read by `xaudit data audit`")


def _models(
    request: RunRequest, datasets: Mapping[str, Dataset], *, with_models: bool, on_progress: Tell
) -> tuple[dict[str, Classifier], list[str]]:
    """Return the models that can be asked, by id, and why the others cannot."""
    if not with_models:
        return {}, ["no model was asked, because of --without-models"]
    classifiers: dict[str, Classifier] = {}
    skipped = []
    for model in request.audit.models:
        data = datasets[model.dataset or "data"]
        match model_to_ask(model, data, request, on_progress=on_progress):
            case str() as reason:
                skipped.append(reason)
            case classifier:
                classifiers[model.id] = classifier
    return classifiers, skipped


def _digest(
    request: RunRequest, datasets: Mapping[str, Dataset], classifiers: Mapping[str, Classifier]
) -> str:
    """Hash the content that the results follow from: audit file, data, models and version."""
    inputs = inputs_digest(datasets, classifiers, (), masks=masks_checksum(datasets.values()), plugins=())
    return fingerprint([xaudit.__version__, request.audit.fingerprint(with_places=False), inputs])


def _counts(data: Dataset, redact: Redaction) -> DatasetCounts:
    splits = [
        split for split in ("train", "validation", "test") if any(one.split == split for one in data.cases)
    ]
    numbers = Counter((one.split, one.label) for one in data.cases)
    return DatasetCounts(
        dataset_id=data.id,
        n_images=len(data.cases),
        n_patients=len({one.cluster for one in data.cases}) if data.patients_known else None,
        positive=data.positive,
        by_class={split: {label: numbers[split, label] for label in data.class_names} for split in splits},
        n_problems=len(data.problems),
        notes=tuple(redact.text(note) for note in data.notes),
    )
