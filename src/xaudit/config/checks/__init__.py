"""Checks that need the whole audit file, and the settings that one part of it decides for another."""

from xaudit.config.audit_file import AuditFile
from xaudit.config.checks.abilities import check_abilities
from xaudit.config.checks.chexlocalize import check_chexlocalize, check_pools, with_its_metrics
from xaudit.config.checks.external import with_external_models
from xaudit.config.checks.findings import with_findings
from xaudit.config.checks.gates import check_gates, check_organ, check_own_regions
from xaudit.config.checks.ids import check_ids, check_section_explainers
from xaudit.config.checks.measured import check_false_focus, check_measured, check_strata

_IN_ORDER = (
    check_section_explainers,
    check_pools,
    check_chexlocalize,
    check_ids,
    check_false_focus,
    check_own_regions,
    check_organ,
    check_gates,
    check_strata,
    check_measured,
    check_abilities,
)
"""The first that fails is the one that the user reads, so what others rest on comes first."""


def normalise(audit: AuditFile) -> AuditFile:
    """Return the audit with one model for each finding, and the settings that its external models and its protocol decide.

    Raises:
        SettingError: if the file asks for what no external model can answer, or lists findings that the data cannot have.
    """
    return with_its_metrics(with_external_models(with_findings(audit)))


def check_audit(audit: AuditFile) -> None:
    """Raise SettingError for the first contradiction between sections of a normalised audit."""
    for check in _IN_ORDER:
        check(audit)
