"""The gates of a finished run as JUnit XML, for CI servers.

A suite is a model, or an explainer on a model; a case is a gate. What a gate missed is a failure, what had no value
is an error, and what does not decide the exit code is skipped with its sentence. The file is valid under both the
schema of Ant's JUnit task and that of Jenkins' xUnit plugin, so it says nothing that either forbids: no attributes
on the root, one outcome per case, and the sentences of the gates that were kept in the suite's output.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree

from xaudit.records import Outcome, Verdict
from xaudit.report.verdict_section import is_gate

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ELEMENTS = {"fail": "failure", "error": "error"}
_NOWHERE = "localhost"
"""What the schema asks for where the host is not told; a report names no machine."""


def junit_xml(outcome: Outcome) -> str:
    """The gates of a run as a JUnit document, with its XML declaration.

    A run without gates has no suite: a CI server then reports that there were no tests.
    """
    root = ElementTree.Element("testsuites")
    suites: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in outcome.verdicts:
        if is_gate(verdict):
            suites[verdict.subject].append(verdict)
    for number, (subject, verdicts) in enumerate(suites.items()):
        _add_suite(root, outcome, subject, verdicts, number=number)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add_suite(
    root: ElementTree.Element, outcome: Outcome, subject: str, verdicts: Sequence[Verdict], *, number: int
) -> None:
    found = [_element(verdict) for verdict in verdicts]
    suite = _add(
        root,
        "testsuite",
        {
            "name": subject,
            "package": "xaudit",
            "id": str(number),
            "timestamp": _timestamp(outcome.run_id),
            "hostname": _NOWHERE,
            "tests": str(len(verdicts)),
            "failures": str(found.count("failure")),
            "errors": str(found.count("error")),
            "skipped": str(found.count("skipped")),
            "time": "0",
        },
    )
    properties = _add(suite, "properties", {})
    for name, value in (("run", outcome.run_id), ("audit", outcome.name)):
        _add(properties, "property", {"name": name, "value": value})
    for verdict, element in zip(verdicts, found, strict=True):
        case = _add(
            suite, "testcase", {"name": _case_name(verdict), "classname": f"xaudit.{subject}", "time": "0"}
        )
        if element is not None:
            message = {"message": verdict.sentence, "type": verdict.code}
            _add(case, element, message).text = _text(f"{verdict.code}: {verdict.sentence}")
    kept = [verdict.sentence for verdict in verdicts if verdict.status == "pass"]
    _add(suite, "system-out", {}).text = _text("\n".join(kept))
    _add(suite, "system-err", {})


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
