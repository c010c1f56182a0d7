"""The head of a data audit: one sentence on what is wrong, the findings, the size of the data, and what was not checked."""

from collections.abc import Sequence

from xaudit.records import DataAudit, DatasetCounts, Verdict
from xaudit.report.grid import Block, Column, Paragraph, Section, Tone, grid, row
from xaudit.report.sections.verdict import section_of_gates
from xaudit.report.wording import count

_LEADS = {"fail": "FAIL", "error": "UNDECIDED", "pass": "PASS"}
_ORDER = {"fail": 0, "error": 1, "pass": 2}


def data_audit_title(audit: DataAudit) -> str:
    """Name the audit and the size of its data in one line."""
    images = sum(one.n_images for one in audit.datasets)
    known = [one.n_patients for one in audit.datasets if one.n_patients is not None]
    patients = (
        f" of {count(sum(known), 'patient')}" if len(known) == len(audit.datasets) else ", patients not named"
    )
    return f"xaudit: data of {audit.name}, {count(images, 'image')}{patients}"


def findings_of(audit: DataAudit) -> list[Verdict]:
    """Return the findings of all checks, those that failed first, and copies before what the models' answers show."""
    found = [verdict for check in audit.checks for verdict in check.verdicts]
    return sorted(found, key=lambda one: (_ORDER[one.status], one.code))


def _sentence(verdict: Verdict, audit: DataAudit) -> str:
    """Return a finding's sentence, with the data set that it is about where there are several."""
    sentence = verdict.sentence.rstrip(".")
    is_of_model = verdict.subject in audit.model_ids
    return sentence if len(audit.datasets) == 1 or is_of_model else f"{verdict.subject}: {sentence}"


def headline(audit: DataAudit) -> str:
    """Say in one sentence what is wrong with the data, or that nothing was found and what was not checked."""
    findings = findings_of(audit)
    wrong = [one for one in findings if one.status == "fail"]
    open_ones = [one for one in findings if one.status == "error"]
    n_left_out = len(not_checked(audit))
    rest = "" if not n_left_out else f" {count(n_left_out, 'thing')} could not be checked, see 'Not checked'."
    if wrong:
        more = f", and {count(len(wrong) - 1, 'more finding')}" if len(wrong) > 1 else ""
        return f"Something is wrong: {_sentence(wrong[0], audit)} ({wrong[0].code}){more}.{rest}"
    if not findings and all(check.is_empty for check in audit.checks):
        return "Nothing could be checked: the reasons stand under 'Not checked'."
    undecided = f"; {count(len(open_ones), 'finding')} undecided" if open_ones else ""
    names = ", ".join(dict.fromkeys(check.title.lower() for check in audit.checks if not check.is_empty))
    return f"Nothing wrong was found{undecided}. Checked: {names}. That is no proof that the data is sound.{rest}"


def verdict_section_of_data(audit: DataAudit) -> Section:
    """Show the headline, then every finding with its code, and each gate."""
    findings = findings_of(audit)
    bad = any(one.status == "fail" for one in findings)
    blocks: list[Block] = [Paragraph(headline(audit), "bad" if bad else "strong")]
    blocks += [finding_paragraph(one) for one in findings]
    return Section("Verdict", tuple(blocks))


def finding_paragraph(finding: Verdict) -> Paragraph:
    """Show a finding about the data: failed, passed or undecided, its sentence and its code."""
    tones: dict[str, Tone] = {"fail": "bad", "error": "warn", "pass": "good"}
    return Paragraph(
        f"{finding.sentence.rstrip('.')}. ({finding.code})", tones[finding.status], _LEADS[finding.status]
    )


def gates_of_data(audit: DataAudit) -> tuple[Section, ...]:
    """Show the gates on the data; nothing if the audit file sets none."""
    if not audit.gates:
        return ()
    unit = "patient" if all(one.n_patients is not None for one in audit.datasets) else "image"
    return (section_of_gates(audit.gates, unit, on_mean=audit.gate_on == "mean"),)


def sizes_section(audit: DataAudit) -> Section:
    """Show images by data set, split and class, with the notes on the data."""
    blocks: list[Block] = []
    for one in audit.datasets:
        splits = list(one.by_class)
        classes = list(dict.fromkeys(label for numbers in one.by_class.values() for label in numbers))
        blocks.append(Paragraph(_about(one), "strong"))
        blocks.append(
            grid(
                [Column("class"), *(Column(split, numeric=True) for split in splits)],
                [
                    row(name, *(f"{one.by_class[split].get(name, 0):,}" for split in splits))
                    for name in classes
                ],
            )
        )
        blocks += [Paragraph(note, lead="-") for note in one.notes]
    return Section("The data", tuple(blocks))


def _about(one: DatasetCounts) -> str:
    patients = "patients not named" if one.n_patients is None else count(one.n_patients, "patient")
    unread = f", {count(one.n_problems, 'image')} could not be read" if one.n_problems else ""
    return f"{one.dataset_id}: {count(one.n_images, 'image')}, {patients}, positive class '{one.positive}'{unread}"


def not_checked(audit: DataAudit) -> list[str]:
    """List what was not checked, and why."""
    prefix = {check.dataset_id: f"{check.dataset_id}: " for check in audit.checks if len(audit.datasets) > 1}
    return [
        *audit.skipped,
        *(f"{prefix.get(check.dataset_id, '')}{text}" for check in audit.checks for text in check.skipped),
    ]


def closing_section(audit: DataAudit, *, folder: str = "") -> Section:
    """List what was not checked and why, and where the results lie."""
    lines: Sequence[str] = not_checked(audit)
    blocks: list[Block] = [Paragraph(text, lead="-") for text in lines]
    if not lines:
        blocks.append(Paragraph("Nothing: every check could be carried out.", "dim"))
    if audit.n_other_gates:
        blocks.append(
            Paragraph(
                f"{count(audit.n_other_gates, 'further gate')} of the audit file: left to `xaudit run`.",
                lead="-",
            )
        )
    if folder:
        blocks.append(Paragraph(f"Tables and page: {folder}"))
    return Section("Not checked", tuple(blocks))
