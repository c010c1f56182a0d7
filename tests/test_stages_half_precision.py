"""What half precision does is measured and told; a CPU, which computes in bfloat16 too, stands for the GPU."""

import re

import pytest
import torch

from test_stages_map_checks import CLASSES, LIME, SIDE, Small, Source, pairs_of
from xaudit.config import AuditFile
from xaudit.errors import ModelError
from xaudit.models import load_classifier
from xaudit.models.classifier import Classifier
from xaudit.stages.scores.audited_model import _computed_on
from xaudit.stages.work.half_precision import note_of_precision


def classifier(precision):
    torch.set_num_threads(1)
    return Classifier(
        "known",
        Small(3),
        CLASSES,
        (SIDE, SIDE),
        mean=(0, 0, 0),
        std=(1, 1, 1),
        batch_size=5,
        precision=precision,
    )


def images():
    return torch.rand((7, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(0))


def audit():
    section = {"id": "known", "source": "torchvision", "architecture": "resnet18"}
    chosen = {
        "explainers": [{"name": LIME.name, **LIME.options}, "integrated-gradients"],
        "metrics": ["pixel-flipping"],
    }
    return AuditFile.model_validate({"data": {"images": "x"}, "models": [section], **chosen})


def test_logits_are_in_half_precision_but_for_whoever_asks_for_the_whole():
    half, whole = classifier("bfloat16"), classifier("float32")
    wanted, found = whole.logits(images()), half.logits(images())
    assert found.dtype == torch.float32
    assert not torch.equal(found, wanted)
    torch.testing.assert_close(found, wanted, rtol=0, atol=0.03)
    with half.in_float32():
        assert torch.equal(half.logits(images()), wanted)
    assert torch.equal(half.logits(images()), found)


def test_the_note_says_by_how_much_scores_move_and_costs_nothing():
    asked = classifier("bfloat16")
    pairs, before = pairs_of(asked), asked.meter.n_evals
    note = note_of_precision(audit(), asked, Source(), pairs)
    assert note.startswith(
        "model 'known' answers in bfloat16; against float32, on 3 cases: the target's probability moved by "
    )
    moved = float(re.search(r"probability moved by (\S+) at most", note).group(1))
    likeness = float(re.search(r"correlated (\S+) \(Spearman\)", note).group(1))
    shift = float(re.search(r"pixel-flipping moved by (\S+) at most", note).group(1))
    assert 0 < moved < 0.02
    assert 0.5 < likeness <= 1
    assert 0 < shift < 0.1
    assert asked.meter.n_evals == before


def test_float32_needs_no_note():
    asked = classifier("float32")
    assert note_of_precision(audit(), asked, Source(), pairs_of(asked)) == ""


def test_parts_of_another_precision_are_not_reused():
    assert _computed_on(classifier("bfloat16")) != _computed_on(classifier("float32"))


def test_a_cpu_is_refused(tmp_path):
    (section,) = audit().models
    with pytest.raises(ModelError) as caught:
        load_classifier(
            section,
            class_names=CLASSES,
            weights=tmp_path / "none",
            device="cpu",
            batch_size=2,
            precision="float16",
        )
    assert (
        str(caught.value)
        == "model 'known': `run.precision: float16` is for a GPU, and this audit runs on the CPU"
    )
    assert caught.value.hint.startswith("leave it out")
