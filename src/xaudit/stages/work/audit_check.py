"""Check of an audit before it starts: every fault at once, and what could not be checked."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from xaudit.cases.attributes import listed_attributes
from xaudit.cases.preflight import Preview, preview
from xaudit.cases.splits import SCORED
from xaudit.catalog.models import holds_network
from xaudit.config import AuditFile, ModelSection, audit_of_model
from xaudit.config.sections.strata import SAME, UNKNOWN
from xaudit.errors import AuditFileError, DataError, XauditError, did_you_mean
from xaudit.explainers.external.map_folder import check_map_folder
from xaudit.models.sources.extras import check_extra
from xaudit.records import ALL_CASES
from xaudit.stages.request import Stage
from xaudit.stages.work.preflight import check_metrics
from xaudit.statistics.strata import slugs_of
from xaudit.store.atomic_file import refusals_as_output_errors
from xaudit.store.foreign_table import read_foreign_table


@dataclass(slots=True)
class AuditCheck:
    """Faults that stop a run, and what only the run itself can tell.

    Attributes:
        faults: in the order of the audit file.
        unchecked: one sentence for each thing that was not looked at.
    """

    faults: list[XauditError] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """Inside, an error that a user can mend becomes one of the faults; a second one with its words does not."""
        try:
            yield
        except XauditError as error:
            if str(error) not in map(str, self.faults):
                self.faults.append(error)


def check_audit(audit: AuditFile, *, out: Path, device: str = "auto", until: Stage = "report") -> AuditCheck:
    """Look for all that would stop a run, without opening an image or asking a model.

    Args:
        out: where run folders would stand.
        device: as for the run.
        until: the last stage that is wanted; training and predicting need no test images.
    """
    check = AuditCheck()
    with check.gathering():
        _check_writable(out)
    previews = {name: preview(section) for name, section in audit.all_datasets.items()}
    for name, listed in previews.items():
        check.faults += listed.faults
        if until not in ("train", "predict"):
            with check.gathering():
                _check_test_images(name, listed)
        if audit.all_datasets[name].format != "phantom":
            check.unchecked.append(
                f"{'the data' if name == 'data' else name}: images, marks and masks were not opened; "
                "`xaudit data check` reads them"
            )
    with check.gathering():
        _check_strata(audit, previews)
    with check.gathering():
        check_metrics(audit)
    for model in audit.models:
        _check_model(audit, model, previews[model.dataset or "data"], device, check)
    return check


def _check_writable(out: Path) -> None:
    """Raises OutputError where no run folder can be made."""
    place = out
    while not place.exists() and place != place.parent:
        place = place.parent
    with refusals_as_output_errors(out), tempfile.TemporaryFile(dir=place):
        pass


def _check_test_images(name: str, listed: Preview) -> None:
    """Raises DataError where the data names splits and no image is of the one that is audited."""
    splits = {entry.split for entry in listed.entries}
    if splits and None not in splits and SCORED not in splits:
        raise DataError(
            f"{name}: no image is of the split '{SCORED}', which is what is audited; there are {', '.join(sorted(map(str, splits)))}",
            hint=f"give images the split {SCORED}, or name no splits to have them divided",
        )


def _check_strata(audit: AuditFile, previews: Mapping[str, Preview]) -> None:
    """Raises where the listed images have no such stratum as the audit or its gates name."""
    listed = [entry for one in previews.values() for entry in one.entries]
    known = all(one.class_names for one in previews.values())
    if not listed or not known:
        return
    wanted = {spec.name for spec in audit.statistics.strata}
    if "site" in wanted and all(entry.site is None for entry in listed):
        raise DataError(
            "statistics.strata: the data says of no case what its 'site' is",
            hint="give the table a column 'site'",
        )
    parts = {
        "class": {name for one in previews.values() for name in one.class_names},
        "site": {entry.site for entry in listed if entry.site is not None},
        **_attribute_parts(audit, previews),
    }
    for index, gate in enumerate(audit.gates):
        name, _, part = gate.stratum.partition("=")
        if gate.stratum == ALL_CASES or name not in parts or part in (*parts[name], UNKNOWN, SAME):
            continue
        there = sorted(parts[name])
        raise AuditFileError(
            f"gates[{index}]: {name} has no part '{part}' in this data",
            hint=did_you_mean(part, there, otherwise=f"it has {', '.join(there)}"),
        )


def _attribute_parts(audit: AuditFile, previews: Mapping[str, Preview]) -> dict[str, set[str]]:
    """Return the parts by each column that the audit names, in the characters that a stratum may have."""
    parts: dict[str, set[str]] = {}
    for name, section in audit.all_datasets.items():
        entries = previews[name].entries
        attributes = listed_attributes(section.attributes, entries)
        for one in attributes.values():
            parts.setdefault(one.name, set()).update(slugs_of(one.levels).values())
    return parts


def _check_model(
    audit: AuditFile, model: ModelSection, listed: Preview, device: str, check: AuditCheck
) -> None:
    if model.is_external:
        _check_files_of(model, check)
        return
    before = len(check.faults)
    with check.gathering():
        check_extra(model)
    if len(check.faults) > before:
        return
    from xaudit.models.network.finding_choice import check_findings
    from xaudit.models.sources.blueprint import check_weights_file, draw_blueprint
    from xaudit.models.sources.load import check_precision, place_of

    with check.gathering():
        check_precision(model, audit.run.precision, place_of(model, device))
    if listed.class_names:
        with check.gathering():
            check_findings(model, listed.class_names, audit.all_datasets[model.dataset or "data"].positive)
    answers = listed.class_names if model.outputs == "classes" else model.output_names
    drawn = None
    if not holds_network(model.source):
        with check.gathering():
            drawn = draw_blueprint(model, class_names=answers or ("no", "yes"))
    with check.gathering():
        # Without the classes of the data the head's size is not known.
        looked = check_weights_file(model, drawn if answers else None, answers)
        if not looked:
            check.unchecked.append(f"model '{model.id}': its weights are large and were not read")
    if drawn is not None:
        from xaudit.explainers.preflight import check_on_blueprint

        for spec in audit_of_model(audit, model).explainers_and_controls:
            with check.gathering():
                if not check_on_blueprint(spec, drawn):
                    check.unchecked.append(f"model '{model.id}': {spec.id} was not tried")
    elif holds_network(model.source):
        check.unchecked.append(f"model '{model.id}': the network in its file was not opened")


def _check_files_of(model: ModelSection, check: AuditCheck) -> None:
    """Look for the table and the folders of an external model."""
    if model.predictions is not None:
        with check.gathering():
            read_foreign_table(model.predictions.path, what="predictions")
    for name, files in model.maps.items():
        with check.gathering():
            check_map_folder(files.path, subject=f"model '{model.id}': maps.{name}")
