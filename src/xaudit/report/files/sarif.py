"""The verdicts of a finished run as SARIF 2.1.0, for code scanning and the viewers of editors.

A rule is a finding's code. A result is a gate or finding that failed or is undecided; what passed is only counted, because some
readers show every result as a fault. A result's fingerprint is made of its code, subject and rule, not of its numbers,
so the same fault of two runs has the same one.
"""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from xaudit.catalog.findings import FINDINGS
from xaudit.errors import UnansweredError
from xaudit.records import Outcome, Verdict

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_FINGERPRINT = "xaudit/v1"
_PLACE = "audit.resolved.yaml"
_ROOT = "RUN"


def sarif_log(outcome: Outcome, *, version: str) -> str:
    """Return the SARIF log of a run.

    Args:
        version: of xaudit.
    """
    return _log(outcome.name, outcome.run_id, _verdicts(outcome), version=version)


def sarif_of_unanswered(error: UnansweredError, outcome: Outcome | None, *, run_id: str, version: str) -> str:
    """Return the log of a run that ended without its answer: its verdicts as far as there are any, and what is missing."""
    missing = [("the run has an answer", str(error)), *error.missing]
    notes = [_notification(type(error).__name__, f"{part}: {reason}") for part, reason in missing]
    name, verdicts = ("", []) if outcome is None else (outcome.name, _verdicts(outcome))
    return _log(name, run_id, verdicts, version=version, notes=notes)


def _verdicts(outcome: Outcome) -> list[Verdict]:
    """Collect the gates and findings, those of the checks of the data last."""
    return [*outcome.verdicts, *(one for check in outcome.data_checks for one in check.verdicts)]


def _log(
    name: str,
    run_id: str,
    verdicts: Sequence[Verdict],
    *,
    version: str,
    notes: list[dict[str, Any]] | None = None,
) -> str:
    shown = [one for one in verdicts if one.status != "pass"]
    codes = sorted({one.code for one in shown})
    seen: Counter[tuple[str, ...]] = Counter()
    results = []
    for verdict in shown:
        key = (name, verdict.code, verdict.model_id, verdict.subject, verdict.rule)
        results.append(_result(verdict, codes.index(verdict.code), _fingerprint(*key, str(seen[key]))))
        seen[key] += 1
    invocation: dict[str, Any] = {"executionSuccessful": not notes}
    if notes:
        invocation["toolExecutionNotifications"] = notes
    run = {
        "tool": {"driver": {"name": "xaudit", "version": version, "rules": [_rule(code) for code in codes]}},
        "automationDetails": {"id": f"xaudit/{name}/{run_id}"},
        "invocations": [invocation],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The run folder."}}},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {
            "run_id": run_id,
            "audit": name,
            "n_verdicts": len(verdicts),
            "n_passed": len(verdicts) - len(shown),
        },
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _rule(code: str) -> dict[str, Any]:
    """Describe a finding's code; one that a newer or other program wrote has no description here."""
    row = next((row for row in FINDINGS if row.code == code), None)
    if row is None:
        return {"id": code}
    return {
        "id": code,
        "shortDescription": {"text": _message(row.title)},
        "fullDescription": {"text": _message(row.cause)},
        "help": {"text": _message(row.remedy)},
    }


def _result(verdict: Verdict, rule: int, fingerprint: str) -> dict[str, Any]:
    kind, level = _severity(verdict)
    numbers = {"value": verdict.value, "threshold": verdict.threshold}
    location = {"uri": _PLACE, "uriBaseId": _ROOT}
    return {
        "ruleId": verdict.code,
        "ruleIndex": rule,
        "kind": kind,
        "level": level,
        "message": {"text": _message(verdict.sentence)},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": location, "region": {"startLine": 1}},
                "logicalLocations": [{"fullyQualifiedName": verdict.subject}],
            }
        ],
        "fingerprints": {_FINGERPRINT: fingerprint},
        "partialFingerprints": {"primaryLocationLineHash": fingerprint},
        "properties": {
            "model": verdict.model_id,
            "rule": verdict.rule,
            "status": verdict.status,
            "gating": verdict.gating,
            "n_patients": verdict.n_patients,
            **{
                name: number
                for name, number in numbers.items()
                if number is not None and math.isfinite(number)
            },
        },
    }


def _severity(verdict: Verdict) -> tuple[str, str]:
    """Return kind and level: whatever fails the run is an error, another failure a warning, and the rest is open."""
    if verdict.gating:
        return "fail", "error"
    return ("fail", "warning") if verdict.status == "fail" else ("open", "none")


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _notification(kind: str, text: str) -> dict[str, Any]:
    return {"level": "error", "message": {"text": _message(text)}, "descriptor": {"id": kind}}


def _message(text: str) -> str:
    """Return a text as SARIF messages write it: braces are doubled, because single ones hold arguments."""
    return text.replace("{", "{{").replace("}", "}}")
