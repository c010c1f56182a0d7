"""Every classifier of torchvision, the user's own, and the ones that cannot be built."""

import pytest
import torch

from xaudit.config import ModelSection
from xaudit.errors import ModelError
from xaudit.models.sources.build import build_module, input_hw
from xaudit.models.sources.torchvision_networks import torchvision_classifiers

REGNETS = [name for name in torchvision_classifiers() if name.startswith("regnet")]
ON_META = [name for name in torchvision_classifiers() if name not in REGNETS]


def section(architecture=None, **settings):
    return ModelSection(id="net", architecture=architecture, **settings)


def own(function, **settings):
    return ModelSection(id="net", source="python", factory=f"tiny_networks:{function}", **settings)


def refusal(wanted, n_classes=2):
    with pytest.raises(ModelError) as caught:
        build_module(wanted, n_classes)
    return str(caught.value), caught.value.hint


@pytest.mark.parametrize("name", ON_META)
def test_every_torchvision_classifier_gives_one_logit_per_class(name):
    with torch.device("meta"):  # shapes without numbers: the largest of them has 600 million weights
        module = build_module(section(name), 3).eval()
        logits = module(torch.zeros((2, 3, *input_hw(section(name)))))
    assert logits.shape == (2, 3)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name == "regnet_x_400mf" else pytest.mark.slow)
        for name in REGNETS
        if "128gf" not in name
    ],
)
def test_every_regnet_gives_one_logit_per_class(name):
    module = build_module(section(name), 3).eval()
    with torch.inference_mode():
        assert module(torch.zeros((1, 3, 64, 64))).shape == (1, 3)


def test_frames_are_299_for_inception_128_for_the_phantom_and_224_otherwise():
    assert input_hw(section("inception_v3")) == (299, 299)
    assert input_hw(section(source="phantom", variant="honest")) == (128, 128)
    assert input_hw(section("resnet50")) == (224, 224)
    assert input_hw(own("tiny")) == (224, 224)
    assert input_hw(section("inception_v3", input_size=160)) == (160, 160)


def test_inception_has_its_auxiliary_head_where_it_can_be_trained():
    # 299 px leave a grid of 17 × 17 at the head; pooled by 5 with stride 3 that is 5 × 5, what its convolution needs.
    with torch.device("meta"):
        full = build_module(section("inception_v3"), 2, auxiliary=True).train()
        output = full(torch.zeros((2, 3, 299, 299)))
        assert (output.logits.shape, output.aux_logits.shape) == ((2, 2), (2, 2))
        small = build_module(section("inception_v3", input_size=298), 2, auxiliary=True).train()
        assert small.AuxLogits is None
        assert small(torch.zeros((2, 3, 298, 298))).shape == (2, 2)


def test_googlenet_has_both_auxiliary_heads_in_training():
    with torch.device("meta"):
        output = build_module(section("googlenet", input_size=64), 2, auxiliary=True).train()(
            torch.zeros((2, 3, 64, 64))
        )
    assert [tuple(part.shape) for part in output] == [(2, 2)] * 3


def test_vision_transformers_are_built_for_the_frame_asked_for():
    with torch.device("meta"):
        module = build_module(section("vit_b_32", input_size=96), 2)
        assert module(torch.zeros((1, 3, 96, 96))).shape == (1, 2)


def test_own_factory_is_called_with_the_number_of_classes():
    assert build_module(own("tiny"), 5).head.out_features == 5


def test_a_factory_beside_the_audit_file_is_found(tmp_path, monkeypatch):
    (tmp_path / "lying_here.py").write_text(
        "import torch\ndef build(n_classes):\n    return torch.nn.Linear(1, n_classes)\n"
    )
    monkeypatch.chdir(tmp_path)
    wanted = ModelSection(id="net", source="python", factory="lying_here:build")
    assert build_module(wanted, 4).out_features == 4


def test_unknown_torchvision_name_is_refused_with_the_nearest():
    assert refusal(section("resnet05")) == (
        "model 'net': torchvision has no classifier called 'resnet05'",
        "did you mean 'resnet50'? torchvision.models.list_models() names all 80",
    )


def test_detector_of_torchvision_is_no_classifier():
    assert refusal(section("fasterrcnn_resnet50_fpn"))[0] == (
        "model 'net': torchvision has no classifier called 'fasterrcnn_resnet50_fpn'"
    )


def test_inception_refuses_images_under_75_px():
    assert refusal(section("inception_v3", input_size=74)) == (
        "model 'net': inception_v3 needs images of at least 75 px, got input_size 74",
        "leave `input_size` out to take the architecture's own, 299",
    )


def test_size_that_patches_do_not_divide_is_refused():
    message, hint = refusal(section("vit_b_16", input_size=100))
    assert message == (
        "model 'net': vit_b_16 cannot be built for images of 100 px: Input shape indivisible by patch size!"
    )
    assert hint == "set `input_size` to 224, or to another size that its patches divide"


def test_factory_in_a_missing_package():
    missing = ModelSection(id="net", source="python", factory="no_such_package.nets:build")
    assert refusal(missing) == (
        "model 'net': factory 'no_such_package.nets:build': no_such_package.nets cannot be imported: "
        "ModuleNotFoundError: No module named 'no_such_package'",
        "install the package, or run xaudit in the folder that holds it",
    )


def test_factory_module_with_a_mistake_in_it(tmp_path, monkeypatch):
    (tmp_path / "broken_factory.py").write_text("def build(:\n")
    monkeypatch.chdir(tmp_path)
    message, _ = refusal(ModelSection(id="net", source="python", factory="broken_factory:build"))
    assert message.startswith(
        "model 'net': factory 'broken_factory:build': broken_factory cannot be imported: SyntaxError: invalid syntax"
    )


def test_missing_function_is_refused_with_the_nearest():
    message, hint = refusal(own("tinny"))
    assert message == "model 'net': factory 'tiny_networks:tinny': tiny_networks has no function 'tinny'"
    assert hint.startswith("did you mean 'tiny'? it has: Tiny, tiny, Wrapped, in_dict")


def test_a_name_that_is_no_function_is_refused():
    assert refusal(own("NOT_A_FUNCTION"))[0].endswith("has no function 'NOT_A_FUNCTION'")


@pytest.mark.parametrize(("function", "kind"), [("returns_a_number", "int"), ("returns_a_class", "Tiny")])
def test_factory_must_return_a_network(function, kind):
    assert refusal(own(function)) == (
        f"model 'net': factory 'tiny_networks:{function}' returned {kind}, expected a torch.nn.Module",
        "return the network itself, built and without weights",
    )


def test_factory_that_fails_is_named_with_what_it_said():
    assert refusal(own("takes_nothing")) == (
        "model 'net': factory 'tiny_networks:takes_nothing' failed: "
        "TypeError: takes_nothing() takes 0 positional arguments but 1 was given",
        "it is called with the number of classes, takes_nothing(2)",
    )
