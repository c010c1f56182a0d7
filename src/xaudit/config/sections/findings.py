"""The findings of a network that answers for each by itself."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Discriminator, Field, Tag

from xaudit.config.sections.section import Section, SettingError
from xaudit.errors import did_you_mean
from xaudit.records.model_id import finding_of

if TYPE_CHECKING:
    from xaudit.config.sections.models import ModelSection

FINDING_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9 ._-]*[A-Za-z0-9._-])?"
"""Pattern of a finding that is audited beside others: its name is part of the ids of models and cases."""


class FindingSection(Section):
    """A finding that is audited, with the output of the network and the labels that belong to it."""

    name: str = Field(
        pattern=f"^{FINDING_NAME}$",
        description="its name in every table, and the positive class of its labels",
    )
    target: int = Field(ge=0, description="which output of the network stands for it, counted from 0")
    column: str | None = Field(
        None,
        min_length=1,
        description="the column of `data.labels` that says 1 or 0 of each image, or nothing where it is not known; by default "
        "its `name`",
    )
    marks: tuple[str, ...] | None = Field(
        None,
        description="labels of the annotations that mark it; by default its `name`, and `[]` where nobody marked it",
    )
    threshold: float | None = Field(
        None, gt=0, lt=1, description="as `threshold` of the model, for this finding alone"
    )


def _kind(value: object) -> str:
    return "[name]" if isinstance(value, str) else "[finding]"


NamedFinding = Annotated[
    Annotated[str, Tag("[name]")] | Annotated[FindingSection, Tag("[finding]")], Discriminator(_kind)
]
"""A name, or a finding with its output; a fault is told of the one that was meant."""


def names_of_outputs(findings: Sequence[str | FindingSection], n_outputs: int | None) -> tuple[str, ...]:
    """Return the finding that each output of a network stands for.

    Example:
        >>> names_of_outputs((FindingSection(name="nodule", target=1),), 3)
        ('output 0', 'nodule', 'output 2')
    """
    named = {one.target: one.name for one in findings if isinstance(one, FindingSection)}
    if not named:
        return tuple(one for one in findings if isinstance(one, str))
    return tuple(named.get(place, f"output {place}") for place in range(n_outputs or max(named) + 1))


def is_unnamed(output: str) -> bool:
    """Return True for an output that stands for no finding that the audit file names.

    Example:
        >>> is_unnamed("output 3"), is_unnamed("nodule")
        (True, False)
    """
    return output.startswith("output ") and output[7:].isdigit()


def without_finding(name: str) -> str:
    """Return the class of the images without a finding.

    Example:
        >>> without_finding("nodule")
        'no nodule'
    """
    return f"no {name}"


def check_findings(section: "ModelSection") -> None:
    """Raise SettingError where a model's outputs and its findings contradict each other."""
    if section.lists_findings:
        _check_listed(section)
    elif section.n_outputs is not None:
        raise SettingError("n_outputs: goes with `findings` that have a `target`", hint="leave it out")
    if section.id.endswith(")") and not (
        section.is_one_of_several and finding_of(section.id) == section.finding
    ):
        raise SettingError(
            f"id: '{section.id}' names a finding in parentheses, as xaudit does for one of several `findings`",
            hint="take letters, digits, '.', '_' and '-'",
        )
    match section.outputs:
        case "classes":
            _check_classes(section)
        case "sigmoid":
            _check_single(section)
        case _:
            _check_multilabel(section)


def _check_classes(section: "ModelSection") -> None:
    for name in ("findings", "finding", "threshold"):
        if section.sets(name):
            raise SettingError(f"{name}: goes with a network of findings", hint="set `outputs: multilabel`")


def _check_single(section: "ModelSection") -> None:
    if section.findings:
        raise SettingError(
            "findings: a single logit stands for one class of the data",
            hint="name it as `finding`, or set `outputs: multilabel`",
        )
    if section.classes:
        raise SettingError(
            "classes: a single logit stands for one class of the data", hint="name it as `finding`"
        )
    if section.source == "phantom":
        raise SettingError("outputs: the phantom's networks have a logit for each class", hint="leave it out")


def _check_multilabel(section: "ModelSection") -> None:
    if section.classes:
        raise SettingError(
            "classes: `findings` lists the outputs of a multilabel network", hint="take `classes` out"
        )
    if not section.findings:
        raise SettingError(
            "findings: a multilabel network needs them", hint="name what its answers stand for, in its order"
        )
    names = [one if isinstance(one, str) else one.name for one in section.findings]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SettingError(f"findings: '{twice}' stands twice")
    if section.finding is not None and section.finding not in names:
        hint = did_you_mean(section.finding, names, otherwise=f"they are {', '.join(names)}")
        raise SettingError(f"finding: '{section.finding}' is none of its findings", hint=hint)
    if section.target != "positive":
        raise SettingError(
            f"target: a multilabel network says nothing of the other class, which {section.target} may ask for",
            hint="leave it at positive",
        )
    if section.weights is None or section.source == "phantom":
        raise SettingError("weights: a multilabel network is not trained here", hint="give its weights")


def _check_listed(section: "ModelSection") -> None:
    """Raise SettingError where findings with a `target` of their own contradict each other or the model."""
    listed = [one for one in section.findings if isinstance(one, FindingSection)]
    name = next((one for one in section.findings if isinstance(one, str)), None)
    if name is not None:
        raise SettingError(
            f"findings: '{name}' has no `target`, and '{listed[0].name}' has one",
            hint=f"write it as `{{name: {name}, target: N}}`, or leave it out",
        )
    if section.finding is not None and finding_of(section.id) is None:
        raise SettingError(
            "finding: every one of `findings` with a `target` is audited",
            hint=f"take `finding` out, and from `findings` all but '{section.finding}'",
        )
    by_target: dict[int, str] = {}
    for one in listed:
        if is_unnamed(one.name):
            raise SettingError(
                f"findings: '{one.name}' is the name of an output without a finding",
                hint="give it the finding's name",
            )
        if section.n_outputs is not None and one.target >= section.n_outputs:
            raise SettingError(
                f"findings: the target {one.target} of '{one.name}' is out of range: the outputs are 0 to "
                f"{section.n_outputs - 1}",
                hint="targets are counted from 0; correct it, or `n_outputs`",
            )
        other = by_target.setdefault(one.target, one.name)
        if other != one.name:
            raise SettingError(
                f"findings: '{other}' and '{one.name}' have the same target {one.target}",
                hint="give each the number of its own output",
            )
