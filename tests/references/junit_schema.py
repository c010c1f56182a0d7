"""What two published schemas of JUnit XML ask for, written down again by hand.

`ant` is the schema of Ant's JUnit task as Windy Road published it (a sequence within a suite, at most one outcome
within a case, every attribute listed); `jenkins` is junit-10.xsd of Jenkins' xUnit plugin.
"""

import re
from xml.etree import ElementTree

_MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
_WHOLE, _DECIMAL, _TOKEN, _TEXT = r"-?\d+", r"-?\d+(\.\d+)?", r"\S(.*\S)?", r"(?s:.*)"

# element: (needed attributes, other attributes), each with the pattern of its value
ATTRIBUTES = {
    "ant": {
        "testsuites": ({}, {}),
        "testsuite": (
            {
                "name": _TOKEN, "package": _TOKEN, "id": _WHOLE, "timestamp": _MOMENT, "hostname": _TOKEN,
                "tests": _WHOLE, "failures": _WHOLE, "errors": _WHOLE, "time": _DECIMAL,
            },
            {"skipped": _WHOLE},
        ),
        "properties": ({}, {}),
        "property": ({"name": _TOKEN, "value": _TEXT}, {}),
        "testcase": ({"name": _TOKEN, "classname": _TOKEN, "time": _DECIMAL}, {}),
        "failure": ({"type": _TEXT}, {"message": _TEXT}),
        "error": ({"type": _TEXT}, {"message": _TEXT}),
        "skipped": ({}, {"message": _TEXT, "type": _TEXT}),  # any type: anything goes
        "system-out": ({}, {}),
        "system-err": ({}, {}),
    },
    "jenkins": {
        "testsuites": ({}, dict.fromkeys(("name", "time", "tests", "failures", "errors"), _TEXT)),
        "testsuite": (
            dict.fromkeys(("name", "tests", "failures", "errors"), _TEXT),
            {
                **dict.fromkeys(
                    ("group", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"), _TEXT
                ),
                "time": r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?",
            },
        ),
        "properties": ({}, {}),
        "property": ({"name": _TEXT, "value": _TEXT}, {}),
        "testcase": ({"name": _TEXT}, dict.fromkeys(("time", "classname", "group"), _TEXT)),
        "failure": ({}, {"type": _TEXT, "message": _TEXT}),
        "error": ({}, {"type": _TEXT, "message": _TEXT}),
        "skipped": ({}, {"type": _TEXT, "message": _TEXT}),
        "system-out": ({}, {}),
        "system-err": ({}, {}),
    },
}  # fmt: skip

# element: the pattern of its children's names, each followed by a blank
CHILDREN = {
    "ant": {
        "testsuites": r"(testsuite )*",
        "testsuite": r"properties (testcase )*system-out system-err ",
        "properties": r"(property )*",
        "testcase": r"((skipped|error|failure) )?",
    },
    "jenkins": {
        "testsuites": r"(testsuite )*",
        "testsuite": r"((testsuite|properties|testcase|system-out|system-err) )*",
        "properties": r"(property )*",
        "testcase": r"((skipped|error|failure|system-out|system-err) )*",
    },
}


def faults(document, schema):
    """What a schema finds wrong with a document, one sentence each."""
    root = ElementTree.fromstring(document)
    found = [] if root.tag == "testsuites" else [f"the root is {root.tag}"]
    for element in root.iter():
        if element.tag not in ATTRIBUTES[schema]:
            found.append(f"there is no element {element.tag}")
            continue
        needed, others = ATTRIBUTES[schema][element.tag]
        found += [f"{element.tag} lacks {name}" for name in needed if name not in element.attrib]
        for name, value in element.attrib.items():
            pattern = {**needed, **others}.get(name)
            if pattern is None:
                found.append(f"{element.tag} has no attribute {name}")
            elif re.fullmatch(pattern, value) is None:
                found.append(f"{element.tag} {name}={value!r}")
        children = "".join(f"{child.tag} " for child in element)
        if re.fullmatch(CHILDREN[schema].get(element.tag, ""), children) is None:
            found.append(f"{element.tag} holds {children}")
    return found
