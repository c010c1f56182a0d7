"""A compiled network: the same logits for full batches, the original's as soon as anything about it changes."""

import shutil

import pytest
import torch
from test_folding import noise, with_statistics
from tiny_networks import Tiny

from xaudit.errors import ModelError
from xaudit.models.classifier import Classifier
from xaudit.models.network import compiling

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler")


def classifier(**options):
    torch.manual_seed(0)
    module = with_statistics(Tiny(2))
    return Classifier(id="m", module=module, class_names=("a", "b"), model_hw=(32, 32), **options)


@pytest.mark.slow
@needs_compiler
@pytest.mark.filterwarnings("ignore")
def test_full_batches_are_compiled_counted_and_answered_alike_until_the_weights_change():
    plain, model = classifier(batch_size=4), classifier(batch_size=4, compile=True)
    sizes = []
    model.module.register_forward_pre_hook(lambda _m, args: sizes.append(len(args[0])))
    torch.testing.assert_close(model.logits(noise(10)), plain.logits(noise(10)), rtol=0, atol=1e-5)
    assert sizes == [2]
    assert model.meter.n_evals == 10
    assert model.fingerprint == plain.fingerprint
    for one in (plain, model):
        with torch.no_grad():
            one.module.head.weight.mul_(2)
    torch.testing.assert_close(model.logits(noise(8)), plain.logits(noise(8)), rtol=0, atol=1e-5)
    assert sizes == [2, 4, 4]


def test_without_a_compiler_it_says_so(monkeypatch):
    monkeypatch.setattr(compiling.shutil, "which", lambda _name: None)
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(ModelError) as caught:
        classifier(compile=True)
    assert str(caught.value) == "model 'm': cannot be compiled, for there is no C++ compiler (g++, clang++)"
    assert caught.value.hint == "install one, or set `run.compile` to false"
