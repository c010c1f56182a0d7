"""``xaudit data agreement``: how far the readers of an audit's data agree, before any model."""

import tempfile
from pathlib import Path

from xaudit.cli.options import AuditPath, ListAs, Overrides, Quiet
from xaudit.cli.output import ListFormat, emit, emit_grid, emit_json, say


def agreement(
    audit: AuditPath = None,
    overrides: Overrides = None,
    form: ListAs = ListFormat.RICH,
    quiet: Quiet = False,
) -> int:
    """Says how far the readers of an audit's data agree.

    Dice, best-match IoU and lesion-level kappa for every two readers who have read the same image: mean, range, and how many
    cases or marks it is taken over. `--format csv`, `markdown` and `json` write all digits.
    """
    from xaudit.cases import load_dataset
    from xaudit.cli.audit_choice import audit_source, chosen_audit
    from xaudit.cli.options import Choices
    from xaudit.cli.progress import progress_report
    from xaudit.records import ReaderAgreement
    from xaudit.report.files.json_report import plain_values
    from xaudit.report.files.markdown import csv_table, markdown_grid
    from xaudit.report.sections.agreement import agreement_table, pairs_sentence
    from xaudit.stages.outcome.reader_figures import agreement_of

    source, shown = audit_source(audit)
    say(f"reading the marks of {shown}", quiet=quiet)
    chosen, _ = chosen_audit(source, Choices(overrides=tuple(overrides or ())))
    found: list[ReaderAgreement] = []
    with tempfile.TemporaryDirectory(prefix="xaudit-") as workspace:
        for name, section in chosen.all_datasets.items():
            with progress_report(quiet=quiet, verbose=False) as report:
                dataset = load_dataset(
                    section, dataset_id=name, workspace=Path(workspace), on_progress=report
                )
            found += agreement_of(dataset, dataset.cases)
    match form:
        case ListFormat.JSON:
            emit_json(plain_values(tuple(found)))
        case ListFormat.MARKDOWN:
            emit(markdown_grid(agreement_table(found, exact=True)))
        case ListFormat.CSV:
            emit(csv_table(agreement_table(found, exact=True)))
        case ListFormat.RICH if found:
            emit_grid(agreement_table(found))
            emit(pairs_sentence(found))
        case ListFormat.RICH:
            emit("no image was read by two readers")
    return 0
