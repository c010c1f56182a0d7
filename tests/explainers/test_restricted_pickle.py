"""Pickles that would run code are refused by the name they give, and the code is not run."""

import io
import os
import pickle
import zipfile

import numpy as np
import pytest
import torch

from xaudit.errors import DataError
from xaudit.explainers.external.reading import read_map
from xaudit.explainers.external.restricted_pickle import read_pickle, read_tensors


class Runs:
    """Runs a function when it is loaded by pickle itself."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


class WithState:
    """Sets what it likes on whatever a name stands for, by pickle's BUILD."""

    def __init__(self, target, state):
        self.target, self.state = target, state

    def __reduce__(self):
        return self.target, (), self.state


@pytest.fixture
def marker(tmp_path):
    return tmp_path / "ran"


def refused(data, read=read_pickle):
    with pytest.raises(DataError) as caught:
        read(data, "a.pkl")
    assert caught.value.hint.startswith("save the map alone")
    return str(caught.value)


def hostile(marker):
    """Files by the name that they should be refused for."""
    touch = f"touch '{marker}'"
    inner = io.BytesIO()
    torch.save(Runs(os.system, touch), inner)
    old = io.BytesIO()
    torch.save(Runs(os.system, touch), old, _use_new_zipfile_serialization=False)
    load = torch.storage._load_from_bytes
    return {
        "posix.system": [
            Runs(os.system, touch),
            {"map": torch.zeros(2, 2), "prob": Runs(os.system, touch)},
            [np.zeros(2), (Runs(os.system, touch),)],
            Runs(
                load, inner.getvalue()
            ),  # what pickle.load of a tensor would hand to torch.load without a guard
            Runs(load, old.getvalue()),
        ],
        "builtins.eval": [Runs(eval, f"open({str(marker)!r}, 'w')")],
        "builtins.getattr": [Runs(getattr, "x", "upper")],
        "builtins.__import__": [Runs(__import__, "antigravity")],
        "torch.serialization.load": [Runs(torch.load, str(marker))],
        "numpy.load": [Runs(np.load, str(marker))],
    }


def test_a_file_that_names_code_is_refused_by_that_name_and_nothing_is_run(marker):
    for name, contents in hostile(marker).items():
        for content in contents:
            for protocol in (2, 4, 5):
                message = refused(pickle.dumps(content, protocol=protocol))
                assert name.replace("builtins", "") in message  # protocol 2 says __builtin__
                assert "was not loaded; nothing in it was run" in message
    assert not marker.exists()
    # The same content does run under pickle itself: these are no blanks.
    pickle.loads(pickle.dumps(hostile(marker)["posix.system"][1]))
    assert marker.exists()


@pytest.mark.parametrize(
    "opcodes",
    [
        b"cos\nsystem\n(S'touch MARK'\ntR.",  # GLOBAL and REDUCE
        b"(S'touch MARK'\nios\nsystem\n.",  # INST
        b"(cos\nsystem\nS'touch MARK'\no.",  # OBJ
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x0atouch MARK\x85R.",  # STACK_GLOBAL
        b"\x80\x04\x8c\x02os\x8c\x06system\x93)\x81.",  # NEWOBJ
        b"cos\nsystem\n.",  # named, not called
        b"c__main__\n__builtins__\n.",
        b"cnumpy\nndarray.tofile\n.",  # a dotted name
        b"ctorch._utils\n_rebuild_tensor_v2.__globals__\n.",
        b"\x82\x01.",  # EXT1
        b"Pmark\n.",  # a persistent id
    ],
)
def test_no_opcode_gets_around_the_list_of_names(opcodes, marker):
    refused(opcodes.replace(b"MARK", str(marker).encode()[:4]))
    assert not marker.exists()


def test_an_allowed_name_cannot_be_changed_by_a_file():
    before = torch._utils._rebuild_tensor_v2.__defaults__, vars(np).get("hacked")
    for target in (
        b"ctorch._utils\n_rebuild_tensor_v2\n",
        b"cnumpy\nndarray\n",
        b"ccollections\nOrderedDict\n",
    ):
        for state in (
            b"}S'hacked'\nI1\nsb.",
            b"(N}S'__defaults__'\n(I1\ntstb.",
            b"(N}S'_function'\nI1\nstb.",
        ):
            refused(target + state)
    assert (torch._utils._rebuild_tensor_v2.__defaults__, vars(np).get("hacked")) == before
    # The next honest file is read as ever.
    np.testing.assert_array_equal(read_pickle(pickle.dumps(torch.ones(2, 3)), "a.pkl"), np.ones((2, 3)))


@pytest.mark.parametrize("size", [(100, 100), (2, 2**40)])
def test_a_tensor_that_reaches_beyond_its_bytes_is_refused(size):
    storage = torch.zeros(4).storage()
    for stride in ((1, 1), (0, 0), (100, 1)):
        content = Runs(torch._utils._rebuild_tensor_v2, storage, 0, size, stride, False, {})
        assert refused(pickle.dumps(content)) == "a.pkl: a damaged pickle, or none"


@pytest.mark.parametrize("kind", ["O", "V8", "U4", "M8[ns]"])
def test_only_arrays_of_numbers_are_made(kind):
    content = np.empty(2, dtype=kind) if kind != "V8" else np.empty(2, dtype="V8")
    assert refused(pickle.dumps(content)) == "a.pkl: a damaged pickle, or none"


def test_a_damaged_pickle_is_called_so():
    whole = pickle.dumps({"map": np.ones((3, 3))})
    for data in (b"", b"no pickle", whole[:-20], whole[:30], b"\x80\x04"):
        assert refused(data) == "a.pkl: a damaged pickle, or none"


def test_torchs_own_files_that_hold_code_are_refused_by_its_name(marker):
    for options in ({}, {"_use_new_zipfile_serialization": False}):
        file = io.BytesIO()
        torch.save({"map": torch.zeros(2, 2), "x": Runs(os.system, f"touch '{marker}'")}, file, **options)
        assert "posix.system" in refused(file.getvalue(), read_tensors)
    assert not marker.exists()


def test_a_hostile_file_is_refused_whatever_it_is_called(tmp_path, marker):
    data = pickle.dumps(Runs(os.system, f"touch '{marker}'"))
    for name in ("a.npy", "a.npz", "a.pt", "a.pkl", "a.png", "a.nii"):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(DataError):
            read_map(tmp_path / name, name)
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("map.npy", data)
    with pytest.raises(DataError):
        read_map(tmp_path / "b.npz", "b.npz")
    assert not marker.exists()
