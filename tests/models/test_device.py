import pytest
import torch

from xaudit.errors import ModelError
from xaudit.models.device import choose_device


def without_accelerators(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


def with_two_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


def test_auto_takes_the_processor_where_there_is_nothing_else(monkeypatch):
    without_accelerators(monkeypatch)
    assert choose_device("auto") == torch.device("cpu")


def test_auto_takes_a_gpu_where_there_is_one(monkeypatch):
    with_two_gpus(monkeypatch)
    assert choose_device("auto") == torch.device("cuda")
    assert choose_device("cuda:1") == torch.device("cuda:1")


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps"])
def test_absent_device_is_refused(name, monkeypatch):
    without_accelerators(monkeypatch)
    with pytest.raises(ModelError) as caught:
        choose_device(name)
    assert str(caught.value) == f"device '{name}' is not available on this machine"
    assert caught.value.hint == "use `auto`, which picks an available device"


def test_gpu_beyond_the_last_is_refused(monkeypatch):
    with_two_gpus(monkeypatch)
    with pytest.raises(ModelError, match=r"device 'cuda:2' is not available on this machine"):
        choose_device("cuda:2")


def test_unknown_device_is_refused():
    with pytest.raises(ModelError) as caught:
        choose_device("gpu")
    assert str(caught.value) == "no device is called 'gpu'"
    assert caught.value.hint == "one of: auto, cpu, cuda, cuda:N, mps"
