"""``xaudit config``: write, check, describe and hand out audit files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from xaudit.cli.options import DEFAULT_OUT, Out, Overrides, RunPath
from xaudit.cli.output import emit, emit_json, foreign_prints, say
from xaudit.errors import AuditFileError, OutputError, RunFolderError, UsageError, XauditError

TEMPLATE = """\
# What is audited, on which images, against whose marks. Paths start at this file.
name: study
seed: 0
data:
  format: folder                 # one sub-folder per class; or csv: image,label,patient,split
  images: images
  annotations: {path: annotations.json, readers: union}     # a file or a folder; `xaudit list formats`
models:                          # without weights a model is trained first
  - {id: resnet50, source: torchvision, architecture: resnet50, weights: resnet50.safetensors}
explainers: [gradcam, lime]      # `xaudit list explainers`; controls are added
metrics: [pointing-game, iou, relevance-mass-accuracy, pixel-flipping]
gates:                           # held against the unfavourable end of the interval
  - reliance-mark >= 0.1         # the model must need the marked lesion
  - reliance-border <= 0.1       # and not the border; data.regions.own names more
run: {cases: annotated, limit: 100}
"""

Target = Annotated[Path, typer.Argument(metavar="PATH", help="Where to write it.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")]
AuditFilePath = Annotated[Path, typer.Argument(metavar="FILE", show_default=False, help="The audit file.")]


def init(path: Target = Path("xaudit.yaml"), force: Force = False) -> int:
    """Writes a short audit file with comments, to start from."""
    if path.exists() and not force:
        raise UsageError(f"{path}: is there already", hint="--force overwrites it")
    try:
        path.write_text(TEMPLATE, encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(f"{path}: cannot be written: {reason}", hint="choose another path") from None
    say(
        f"wrote {path}; `xaudit config validate {path}` checks it, `xaudit config schema` describes every key"
    )
    return 0


def validate(path: AuditFilePath, overrides: Overrides = None, out: Out = DEFAULT_OUT) -> int:
    """Checks an audit file, and what it names, without running it.

    Lists every fault that would stop the run, not only the first, and says what only the run can tell.
    """
    from xaudit.config import read_audit_file
    from xaudit.report.wording import count

    in_file: list[AuditFileError] = []
    try:
        audit = read_audit_file(path, overrides=overrides or (), faults=in_file)
    except AuditFileError as error:
        _list_faults(in_file or [error], path.name)
    from xaudit.stages.work.audit_check import (
        check_audit,  # brings torch along, which a faulty file need not wait for
    )

    with foreign_prints():
        check = check_audit(audit, out=out)
    _list_faults(check.faults, path.name)
    models = ", ".join(model.id for model in audit.models)
    explainers = ", ".join(spec.id for spec in audit.explainers)
    emit(
        f"{path}: no fault in what can be checked without a run. models: {models}; explainers: {explainers}; "
        f"{count(len(audit.metrics), 'metric')}; {count(len(audit.gates), 'gate')}; fingerprint {audit.fingerprint()}"
    )
    for sentence in check.unchecked:
        emit(f"not checked: {sentence}")
    return 0


def _list_faults(faults: "Sequence[XauditError]", shown: str) -> None:
    """List several faults on stdout; raise one that is alone as it is.

    Raises:
        XauditError: where there is a fault.
    """
    if len(faults) == 1:
        raise faults[0]
    for number, fault in enumerate(faults, start=1):
        emit(f"{number}. {fault}")
        if fault.hint:
            emit(f"   {fault.hint}")
    if faults:
        raise AuditFileError(f"{shown}: {len(faults)} faults", hint="they are listed above; mend them first")


def schema() -> int:
    """Prints the JSON Schema of the audit file, for editors."""
    from xaudit.config import audit_schema

    emit_json(audit_schema())
    return 0


def export(run: RunPath = None, out: Out = DEFAULT_OUT) -> int:
    """Prints the audit file that a run used, in full."""
    from xaudit.cli.audit_choice import existing_run

    path = existing_run(run, out) / "audit.resolved.yaml"
    try:
        emit(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RunFolderError(
            f"{path}: cannot be read: {reason}", hint="`xaudit list runs` shows the runs"
        ) from None
    return 0
