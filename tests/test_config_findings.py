"""An entry of the audit file that lists several findings: one audited model for each, and what is refused."""

from pathlib import Path

import pytest

from xaudit.config import build_audit_file
from xaudit.errors import AuditFileError

NODULE = {"name": "nodule", "target": 5}
FLUID = {
    "name": "pleural effusion",
    "target": 2,
    "column": "PE",
    "marks": ["fluid", "effusion"],
    "threshold": 0.2,
}
DATA = {"format": "csv", "images": "images", "labels": "labels.csv", "annotations": {"path": "marks.json"}}


def plain(*findings, data=None, more=None, **model):
    entry = {
        "id": "chest",
        "source": "torchvision",
        "architecture": "densenet121",
        "weights": "chest.pt",
        "outputs": "multilabel",
        "findings": list(findings),
        "threshold": 0.4,
        **model,
    }
    return {"data": {**DATA, **(data or {})}, "models": [entry], "gates": [], **(more or {})}


def built(*findings, **changes):
    return build_audit_file(plain(*findings, **changes), shown="audit.yaml", root=Path("/x"))


def refusal(*findings, **changes):
    with pytest.raises(AuditFileError) as caught:
        built(*findings, **changes)
    return str(caught.value), caught.value.hint


def test_each_finding_becomes_a_model_with_its_own_labels_marks_and_threshold():
    audit = built(NODULE, FLUID)
    assert [(one.id, one.finding, one.dataset, one.threshold) for one in audit.models] == [
        ("chest (nodule)", "nodule", "nodule", 0.4),
        ("chest (pleural effusion)", "pleural effusion", "pleural effusion", 0.2),
    ]
    assert list(audit.all_datasets) == ["nodule", "pleural effusion"]
    nodule, fluid = audit.all_datasets.values()
    assert (nodule.label_column, nodule.positive, nodule.classes) == (
        "nodule",
        "nodule",
        ("no nodule", "nodule"),
    )
    assert (fluid.label_column, fluid.annotations.labels) == ("PE", ("fluid", "effusion"))
    assert nodule.annotations.labels == ("nodule",)
    assert audit.models[0].family_name != audit.models[1].family_name


def test_the_largest_target_says_how_many_outputs_there_are_unless_the_file_does():
    assert built(NODULE, FLUID).models[0].output_names == (
        *("output 0", "output 1", "pleural effusion", "output 3", "output 4", "nodule"),
    )
    assert len(built(NODULE, n_outputs=18).models[0].output_names) == 18


def test_an_audit_that_was_built_from_the_built_one_is_the_same():
    audit = built(NODULE, FLUID)
    again = build_audit_file(audit.model_dump(mode="json"), shown="audit.yaml", root=Path("/x"))
    assert again == audit


def test_a_finding_that_nobody_marked_has_no_annotations():
    assert built({**NODULE, "marks": []}).all_datasets["nodule"].annotations is None


def test_two_networks_of_the_same_findings_have_one_data_set_for_each():
    entry = plain(NODULE)["models"][0]
    audit = built(
        NODULE, more={"models": [entry, {**entry, "id": "other", "findings": [{**NODULE, "target": 0}]}]}
    )
    assert [one.id for one in audit.models] == ["chest (nodule)", "other (nodule)"]
    assert list(audit.all_datasets) == ["nodule"]


@pytest.mark.parametrize(
    ("findings", "changes", "complaint", "advice"),
    [
        ([NODULE, {**FLUID, "name": "nodule"}], {}, "'nodule' stands twice", ""),
        ([NODULE, {**FLUID, "target": 5}], {}, "'nodule' and 'pleural effusion' have the same target 5", "give each"),
        ([NODULE], {"n_outputs": 5}, "the target 5 of 'nodule' is out of range: the outputs are 0 to 4", "targets are"),
        ([{**NODULE, "target": -1}], {}, "findings[0].target", ""),
        ([NODULE, "mass"], {}, "'mass' has no `target`, and 'nodule' has one", "write it as `{name: mass, target: N}`"),
        ([NODULE], {"finding": "nodule"}, "every one of `findings` with a `target` is audited", "take `finding` out"),
        ([NODULE], {"id": "chest (mass)"}, "id: 'chest (mass)' names a finding in parentheses", "take letters"),
        (["nodule"], {"n_outputs": 5}, "n_outputs: goes with `findings` that have a `target`", "leave it out"),
        ([NODULE], {"outputs": "sigmoid"}, "a single logit stands for one class", "name it as `finding`"),
        ([NODULE], {"outputs": "classes"}, "findings: goes with a network of findings", "set `outputs: multilabel`"),
        ([NODULE], {"data": {"format": "folder", "labels": None}}, "needs a column of labels, and data.format is folder", ""),
        ([NODULE], {"data": {"positive": "nodule"}}, "data.positive: models[0].findings says which", "take data.positive out"),
        (
            [NODULE],
            {"data": {"annotations": {"path": "marks.json", "labels": ["nodule"]}}},
            "data.annotations.labels: models[0].findings says which labels mark",
            "take it out",
        ),
        (
            [NODULE],
            {"more": {"datasets": {"nodule": {"images": "elsewhere"}}}},
            "datasets: 'nodule' is also the data set of models[0].findings 'nodule'",
            "rename one of the two",
        ),
        ([NODULE], {"dataset": "elsewhere"}, "models[0].dataset: no data set is called 'elsewhere'", ""),
        ([NODULE, FLUID], {"more": {"run": {"compile": True}}}, "run.compile: models[0] 'chest (nodule)' is one of several", "set"),
    ],
)  # fmt: skip
def test_findings_that_contradict_each_other_are_refused_with_their_place(
    findings, changes, complaint, advice
):
    message, hint = refusal(*findings, **changes)
    assert message.startswith("audit.yaml: ")
    assert complaint in message
    assert advice in (hint or "")


def test_a_column_of_labels_goes_with_a_table_and_a_positive_class():
    audit = {
        "data": {"images": "images", "label_column": "nodule"},
        "models": [{"id": "a", "architecture": "resnet18"}],
    }
    with pytest.raises(AuditFileError, match="label_column: names the column of a table"):
        build_audit_file(audit, shown="audit.yaml", root=Path("/x"))
