"""The section `reliance.image`: which steps are asked, and gates on properties that are measured or not."""

from pathlib import Path

import pytest

from xaudit.catalog.image_changes import DEFAULT_IMAGE_CHANGES
from xaudit.config import build_audit_file
from xaudit.errors import AuditFileError


def read(image=None, gates=(), **reliance):
    plain = {
        "data": {"images": "images"},
        "models": [{"id": "m", "source": "torchvision", "architecture": "resnet18"}],
        "explainers": ["gradcam"],
        "gates": list(gates),
        "reliance": reliance | ({} if image is None else {"image": image}),
    }
    return build_audit_file(plain, shown="audit.yaml", root=Path("/"))


def test_the_largest_step_of_each_direction_is_asked_by_default():
    assert read().reliance.image_changes == DEFAULT_IMAGE_CHANGES


def test_it_is_off_where_it_or_all_reliance_is_off():
    assert read({"enabled": False}).reliance.image_changes == ()
    assert read(enabled=False).reliance.image_changes == ()


def test_steps_stand_in_the_order_of_the_catalog_whichever_way_they_are_written():
    assert read({"changes": ["noise-1", "brighter-5", "darker-5"]}).reliance.image_changes == (
        "darker-5",
        "brighter-5",
        "noise-1",
    )


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ({"changes": ["brighter-20"]}, "reliance.image.changes"),
        ({"changes": ["blur-1", "blur-1"]}, "blur-1 is named twice"),
        ({"changes": []}, "reliance.image.changes"),
        ({"steps": ["blur-1"]}, "reliance.image"),
    ],
)
def test_steps_that_are_not_understood_are_refused_by_name(image, said):
    with pytest.raises(AuditFileError) as refused:
        read(image)
    assert said in str(refused.value)


def test_a_property_that_is_measured_can_be_gated_on_without_an_explainer():
    audit = read(gates=["image-brightness <= 0.2", "image-sharpness=0.3"])
    assert [str(gate) for gate in audit.gates] == ["image-brightness <= 0.2", "image-sharpness <= 0.3"]


@pytest.mark.parametrize(
    ("gate", "image", "said", "hint"),
    [
        (
            "image-noise <= 0.1",
            {"changes": ["blur-1"]},
            "the audit does not measure 'image-noise'",
            "it takes `reliance.image.enabled: true`, and a step in `reliance.image.changes`: noise-1, noise-2",
        ),
        (
            "image-brightness <= 0.1",
            {"enabled": False},
            "the audit does not measure 'image-brightness'",
            "darker-10, darker-5, brighter-5, brighter-10",
        ),
        (
            "image-brightness@gradcam <= 0.1",
            None,
            "image-brightness asks the model itself and takes no @explainer",
            "",
        ),
    ],
)
def test_a_gate_that_nothing_measures_is_refused_with_what_it_takes(gate, image, said, hint):
    with pytest.raises(AuditFileError) as refused:
        read(image, [gate])
    assert said in str(refused.value)
    assert hint in (refused.value.hint or "")
