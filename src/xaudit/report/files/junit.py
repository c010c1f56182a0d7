"""The gates of a finished run as JUnit XML, for CI servers.

A suite is a model, or an explainer on a model; a case is a gate. What a gate missed is a failure, what had no value
is an error, and what does not decide the exit code is skipped with its sentence: gates that only inform, and what is wrong
with a model's answers, such as swapped classes. The file is valid under both the
schema of Ant's JUnit task and that of Jenkins' xUnit plugin, so it says nothing that either forbids: no attributes
on the root, one outcome per case, and the sentences of the gates that were kept in the suite's output.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree

from xaudit.errors import UnansweredError
from xaudit.records import Outcome, Verdict
from xaudit.report.sections.verdict import is_about_answers, is_gate

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ELEMENTS = {"fail": "failure", "error": "error"}
_NOWHERE = "localhost"
"""What the schema asks for where the host is not told; a report names no machine."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A test case; gates that pass have no child element."""

    name: str
    element: str | None
    code: str
    sentence: str


_NO_GATES = _Case(
    "the audit has gates",
    "skipped",
    "no-gates",
    "no gate was set, so nothing was judged: add `gates` to the audit file, or give --fail-under",
)


def junit_xml(outcome: Outcome) -> str:
    """The gates of a run as a JUnit document, with its XML declaration.

    A run without gates has one skipped case that says so: a file without a test is an error to some CI servers.
    """
    suites = _gate_suites(outcome) or {"gates": [_NO_GATES]}
    return _document(suites, run_id=outcome.run_id, audit=outcome.name)


def junit_of_unanswered(error: UnansweredError, outcome: Outcome | None, *, run_id: str) -> str:
    """A run that ended without its answer: its gates as far as there are any, and an error for each missing part.

    The errors stand in a suite of their own, ``run``; its first one is the reason for which the run ended.
    """
    what = type(error).__name__.removesuffix("Error")
    missing = [_Case("the run has an answer", "error", what, str(error))]
    missing += [_Case(part, "error", what, reason) for part, reason in error.missing]
    suites = {} if outcome is None else _gate_suites(outcome)
    audit = "" if outcome is None else outcome.name
    return _document({**suites, "run": missing}, run_id=run_id, audit=audit)


def _gate_suites(outcome: Outcome) -> dict[str, list[_Case]]:
    suites: dict[str, list[_Case]] = defaultdict(list)
    for verdict in outcome.verdicts:
        if is_gate(verdict) or is_about_answers(verdict):
            case = _Case(_case_name(verdict), _element(verdict), verdict.code, verdict.sentence)
            suites[verdict.subject].append(case)
    return suites


def _document(suites: Mapping[str, Sequence[_Case]], *, run_id: str, audit: str) -> str:
    root = ElementTree.Element("testsuites")
    for number, (subject, cases) in enumerate(suites.items()):
        suite = _add_suite(root, subject, cases, number=number, run_id=run_id)
        properties = _add(suite, "properties", {})
        for name, value in (("run", run_id), ("audit", audit)):
            if value:
                _add(properties, "property", {"name": name, "value": value})
        for case in cases:
            _add_case(suite, subject, case)
        kept = [case.sentence for case in cases if case.element is None]
        _add(suite, "system-out", {}).text = _text("\n".join(kept))
        _add(suite, "system-err", {})
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add_suite(
    root: ElementTree.Element, subject: str, cases: Sequence[_Case], *, number: int, run_id: str
) -> ElementTree.Element:
    found = [case.element for case in cases]
    return _add(
        root,
        "testsuite",
        {
            "name": subject,
            "package": "xaudit",
            "id": str(number),
            "timestamp": _timestamp(run_id),
            "hostname": _NOWHERE,
            "tests": str(len(cases)),
            "failures": str(found.count("failure")),
            "errors": str(found.count("error")),
            "skipped": str(found.count("skipped")),
            "time": "0",
        },
    )


def _add_case(suite: ElementTree.Element, subject: str, case: _Case) -> None:
    there = _add(suite, "testcase", {"name": case.name, "classname": f"xaudit.{subject}", "time": "0"})
    if case.element is not None:
        message = {"message": case.sentence, "type": case.code}
        _add(there, case.element, message).text = _text(f"{case.code}: {case.sentence}")


def _element(verdict: Verdict) -> str | None:
    if verdict.status == "pass":
        return None
    return _ELEMENTS[verdict.status] if verdict.gating else "skipped"


def _case_name(verdict: Verdict) -> str:
    """The gate, and where a control keeps it too, that this is what the case is about."""
    return f"{verdict.rule} (not by a control)" if verdict.code == "XA103" else verdict.rule


def _timestamp(run_id: str) -> str:
    """When the run was begun, in UTC and without a zone, as the schema has it; a fixed time where it is not told."""
    try:
        begun = datetime.strptime(run_id.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        begun = datetime.fromtimestamp(0, UTC)
    return begun.strftime("%Y-%m-%dT%H:%M:%S")


def _add(parent: ElementTree.Element, name: str, attributes: Mapping[str, str]) -> ElementTree.Element:
    return ElementTree.SubElement(parent, name, {key: _text(value) for key, value in attributes.items()})


def _text(text: str) -> str:
    """A text without the characters that XML 1.0 cannot hold, not even escaped."""
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)
