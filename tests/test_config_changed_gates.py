"""Gates on changed images: accepted where the change is measured, refused with the nearest name elsewhere."""

from pathlib import Path

import pytest

from xaudit.config import build_audit_file
from xaudit.errors import AuditFileError

ON = {
    "equivariance": {"transforms": ["rotate-10", "shift-4"]},
    "resolution": {"steps": [2, 4]},
    "metrics": ["iou", {"name": "dice", "id": "mine"}],
}


def read(gate, **changes):
    plain = {
        "data": {"images": "images"},
        "models": [{"id": "m", "source": "torchvision", "architecture": "resnet18"}],
        "explainers": ["gradcam", "lime"],
        "gates": [gate],
        **changes,
    }
    return build_audit_file(plain, shown="audit.yaml", root=Path("/"))


@pytest.mark.parametrize(
    "gate",
    [
        "equivariance-rotate-10@gradcam >= 0.6",
        "equivariance-rotate-10-overlap >= 0.2",
        "equivariance-shift-4-mine@lime >= 0.1",
        "resolution-4-iou@lime >= 0.2",
        "resolution-2-class >= 0.9",
        "resolution-2-probability <= 0.1",
    ],
)
def test_what_is_measured_can_be_gated_on(gate):
    audit = read(gate, **ON)
    assert str(audit.gates[0]) == gate
    assert audit.gates[0].metric in audit.metric_names


@pytest.mark.parametrize(
    ("gate", "changes", "said", "hint"),
    [
        (
            "equivariance-rotate-10@gradcam >= 0.6",
            {},
            "'equivariance-rotate-10' asks about changed images, and the section `equivariance` is off",
            "add `equivariance: true`",
        ),
        (
            "equivariance-rotate-100@gradcam >= 0.6",
            ON,
            "'equivariance-rotate-100' is not measured",
            "did you mean 'equivariance-rotate-10'?",
        ),
        (
            "resolution-8-iou@lime >= 0.2",
            ON,
            "'resolution-8-iou' is not measured",
            "did you mean 'resolution-",
        ),
        ("resolution-4-dice@lime >= 0.2", ON, "'resolution-4-dice' is not measured", "there are 12"),
        ("equivariance-overlap >= 0.2", ON, "'equivariance-overlap' is not measured", "did you mean"),
        (
            "resolution-2-class@lime >= 0.9",
            ON,
            "resolution-2-class asks the model itself and takes no @explainer",
            "",
        ),
        (
            "equivariance-shift-4@lime >= 0.5",
            {**ON, "equivariance": {"transforms": ["shift-4"], "explainers": ["gradcam"]}},
            "gates[0]: equivariance.explainers asks gradcam, and not 'lime'",
            "add it to equivariance.explainers",
        ),
        (
            "equivariance-shift-4 >= 0.5",
            {**ON, "equivariance": {"transforms": ["shift-4"], "explainers": ["gradcam"]}},
            "asks every explainer, and equivariance.explainers leaves out lime",
            "name one, such as equivariance-shift-4@gradcam",
        ),
    ],
)
def test_what_is_not_measured_is_refused(gate, changes, said, hint):
    with pytest.raises(AuditFileError) as refused:
        read(gate, **changes)
    assert said in str(refused.value)
    assert hint in refused.value.hint


def test_an_answer_may_be_gated_on_although_one_explainer_alone_is_asked_again():
    on = {**ON, "equivariance": {"transforms": ["shift-4"], "explainers": ["gradcam"]}}
    assert read("equivariance-shift-4-class >= 0.9", **on).gates
