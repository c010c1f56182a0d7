"""Maps from files: one and the same map, whoever wrote it, and everything that is no map refused by name."""

import pickle

import nibabel
import numpy as np
import pytest
import torch
from PIL import Image

from xaudit.errors import DataError
from xaudit.explainers.external.reading import is_rounded, read_map, read_values, suffix_of

HEIGHT, WIDTH = 6, 9
MAP = np.arange(HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH) / 64 - 0.25
"""Signed, not square, no row or column like another: a turn or a flip would show. All values are exact in 16 bits."""
SHARES = (MAP - MAP.min()) / (MAP.max() - MAP.min())


def nifti(path, values, codes="LPS"):
    """A file whose first axis runs to the patient's left and second to the back, as an axial image lies."""
    image = nibabel.Nifti1Image(np.ascontiguousarray(values.T[:, :, None]), np.diag([-1.0, -1.0, 1.0, 1.0]))
    ornt = nibabel.orientations.ornt_transform(
        nibabel.orientations.axcodes2ornt("LPS"), nibabel.orientations.axcodes2ornt(codes)
    )
    nibabel.save(image.as_reoriented(ornt), path)


def png(path, values, bits):
    kind = {8: np.uint8, 16: np.uint16}[bits]
    Image.fromarray(np.round(values * (2**bits - 1)).astype(kind)).save(path)


def dump(path, content, protocol=4):
    path.write_bytes(pickle.dumps(content, protocol=protocol))


WRITERS = {
    "a.npy": lambda path: np.save(path, MAP),
    "double.npy": lambda path: np.save(path, MAP.astype(np.float64)),
    "columns-first.npy": lambda path: np.save(path, np.asfortranarray(MAP)),
    "big-endian.npy": lambda path: np.save(path, MAP.astype(">f4")),
    "half.npy": lambda path: np.save(path, MAP.astype(np.float16)),
    "with-axes.npy": lambda path: np.save(path, MAP[None, :, :, None]),
    "only.npz": lambda path: np.savez(path, whatever=MAP),
    "named.npz": lambda path: np.savez_compressed(path, other=np.zeros(3), map=MAP),
    "tensor.pt": lambda path: torch.save(torch.from_numpy(MAP), path),
    "batch.pth": lambda path: torch.save({"map": torch.from_numpy(MAP)[None, None], "epoch": 3}, path),
    "old.pt": lambda path: torch.save(torch.from_numpy(MAP), path, _use_new_zipfile_serialization=False),
    "bfloat.pt": lambda path: torch.save(torch.from_numpy(MAP).to(torch.bfloat16).requires_grad_(), path),
    "radiologist.nii.gz": lambda path: nifti(path, MAP),
    "neurologist.nii": lambda path: nifti(path, MAP, "RAS"),
    "turned.nii.gz": lambda path: nifti(path, MAP, "PLS"),
    "chexlocalize.pkl": lambda path: dump(
        path,
        {
            "map": torch.from_numpy(MAP)[None, None],
            "prob": 0.7,
            "task": "Edema",
            "gt": 1,
            "cxr_img": torch.zeros(3, 8, 8),
            "cxr_dims": (9, 6),
        },
    ),
    **{f"array-{p}.pkl": lambda path, p=p: dump(path, {"map": MAP, "n": np.float64(3)}, p) for p in range(6)},
    **{f"tensor-{p}.pkl": lambda path, p=p: dump(path, torch.from_numpy(MAP), p) for p in range(6)},
    "part.pickle": lambda path: dump(path, torch.from_numpy(np.pad(MAP, 2))[2:-2, 2:-2]),
    "parameter.pkl": lambda path: dump(path, torch.nn.Parameter(torch.from_numpy(MAP.copy()))),
    "columns-first.pkl": lambda path: dump(path, np.asfortranarray(MAP.astype(">f8"))),
}


@pytest.mark.parametrize("name", WRITERS)
def test_one_map_comes_out_the_same_whoever_wrote_it(tmp_path, name):
    WRITERS[name](tmp_path / name)
    values = read_map(tmp_path / name, name)
    assert (values.dtype, values.shape) == (np.float32, (HEIGHT, WIDTH))
    within = 2**-8 if name == "bfloat.pt" else 0  # eight bits of precision, values below 1
    np.testing.assert_allclose(values, MAP, rtol=0, atol=within)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_grey_picture_is_the_map_to_half_a_step(tmp_path, bits):
    png(tmp_path / "a.png", SHARES, bits)
    np.testing.assert_allclose(
        read_map(tmp_path / "a.png", "a.png"), SHARES, rtol=0, atol=0.5 / (2**bits - 1) + 1e-7
    )


def test_a_nifti_file_that_lies_as_it_is_stored_can_say_so(tmp_path):
    nibabel.save(nibabel.Nifti1Image(MAP.T.copy(), np.eye(4)), tmp_path / "a.nii")
    np.testing.assert_array_equal(read_map(tmp_path / "a.nii", "a.nii", orientation="stored"), MAP)
    # By its affine the first axis runs to the patient's right and the second to the front: both are turned around.
    np.testing.assert_array_equal(read_map(tmp_path / "a.nii", "a.nii"), MAP[::-1, ::-1])


def test_what_is_not_finite_is_handed_on_for_the_guards(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[np.nan, np.inf], [-np.inf, 0.0]]))
    values = read_map(tmp_path / "a.npy", "a.npy")
    assert np.isnan(values[0, 0])
    assert np.isinf([values[0, 1], values[1, 0]]).all()


@pytest.mark.parametrize("scale", [1e300, 1e-60, 1e-320])
def test_numbers_that_float32_cannot_hold_are_divided_by_the_largest_of_them(tmp_path, scale):
    # Read as float32, the first would be infinite and the others zero: no map, although the file holds one.
    np.save(tmp_path / "a.npy", np.array([[0.0, 0.25, np.nan], [-0.5, 1.0, np.inf]]) * scale)
    values = read_map(tmp_path / "a.npy", "a.npy")
    np.testing.assert_allclose(values, [[0, 0.25, np.nan], [-0.5, 1, np.inf]], rtol=2e-4)


@pytest.mark.parametrize(
    ("values", "rounded"),
    [
        (np.array([[0.9, 0.1]], np.float32), False),
        (np.array([[0.9, 0.1]], np.float16), False),
        (np.array([[0.5, np.nan]], np.float64), False),
        (np.array([[0.9, 0.1]], np.float64), True),
        (np.array([[2**24, 0]], np.int64), False),
        (np.array([[2**24 + 1, 0]], np.int64), True),
    ],
)
def test_a_file_says_when_float32_does_not_hold_its_numbers(tmp_path, values, rounded):
    np.save(tmp_path / "a.npy", values)
    assert is_rounded(read_values(tmp_path / "a.npy", "a.npy")) is rounded


def test_a_tensor_of_doubles_is_known_to_be_rounded(tmp_path):
    torch.save(torch.tensor([[0.1, 0.2]], dtype=torch.float64), tmp_path / "a.pt")
    assert is_rounded(read_values(tmp_path / "a.pt", "a.pt")) is True


def colour_png(path):
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (6, 9, 3), dtype=np.uint8)).save(path)


REFUSED = {
    "overlay.png": (colour_png, "a colour picture, and no map", "an overlay in colour no longer holds"),
    "overlay.npy": (
        lambda path: np.save(path, np.zeros((6, 9, 3))),
        "6 × 9 × 3 values, a colour picture or a value for each channel",
        "an overlay in colour",
    ),
    "channels.pt": (
        lambda path: torch.save(torch.zeros(1, 3, 6, 9), path),
        "1 × 3 × 6 × 9 values, a colour picture or a value for each channel",
        "an overlay in colour",
    ),
    "batch.npy": (
        lambda path: np.save(path, np.zeros((5, 6, 9))),
        "5 × 6 × 9 values, and a map has rows and columns",
        "save one map per file",
    ),
    "row.npy": (
        lambda path: np.save(path, np.zeros(9)),
        "9 values, and a map has rows and columns",
        "save one map",
    ),
    "empty.npy": (
        lambda path: np.save(path, np.zeros((0, 9))),
        "0 × 9 values, and a map has rows",
        "save one map",
    ),
    "complex.npy": (
        lambda path: np.save(path, MAP * 1j),
        "holds complex64 where a map's numbers are",
        "save an array",
    ),
    "objects.npy": (
        lambda path: np.save(path, np.array([[None, 1]], dtype=object), allow_pickle=True),
        "holds Python objects, which could be code, and was not loaded",
        "numpy.save(path, map.astype('float32'))",
    ),
    "objects.npz": (
        lambda path: np.savez(path, map=np.array([[None, 1]], dtype=object)),
        "holds Python objects, which could be code",
        "numpy.save",
    ),
    "cut.npy": (
        lambda path: (np.save(path, MAP), path.write_bytes(path.read_bytes()[:100])),
        "truncated, or no file of NumPy",
        "save it again",
    ),
    "cut.png": (
        lambda path: (png(path, SHARES, 8), path.write_bytes(path.read_bytes()[:40])),
        "is damaged and cannot be decoded",
        "grey PNG of 8 or 16 bits",
    ),
    "cut.pt": (
        lambda path: (torch.save(torch.zeros(6, 9), path), path.write_bytes(path.read_bytes()[:200])),
        "neither tensors of torch nor whole",
        "numpy.save",
    ),
    "cut.nii.gz": (
        lambda path: (nifti(path, MAP), path.write_bytes(path.read_bytes()[:60])),
        "is truncated or damaged and cannot be read",
        "save it again",
    ),
    "volume.nii": (
        lambda path: nibabel.save(nibabel.Nifti1Image(np.zeros((9, 6, 4), np.float32), np.eye(4)), path),
        "holds 9 × 6 × 4 values, and a map is one slice",
        "one slice per file",
    ),
    "two.npz": (
        lambda path: np.savez(path, gradcam=MAP, lime=MAP),
        "holds 2 arrays ('gradcam', 'lime'), and which is the map is not said",
        "call it 'map'",
    ),
    "none.pt": (lambda path: torch.save({"epoch": 3}, path), "holds 0 arrays (none)", "call it 'map'"),
    "number.pkl": (
        lambda path: dump(path, 3.0),
        "holds float where a map's numbers are expected",
        "save an array",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_map_is_refused_with_a_hint(tmp_path, name):
    write, message, hint = REFUSED[name]
    write(tmp_path / name)
    with pytest.raises(DataError) as caught:
        read_map(tmp_path / name, f"maps/{name}")
    assert str(caught.value).startswith(f"maps/{name}: {message}")
    assert hint in caught.value.hint
    assert str(tmp_path) not in str(caught.value) + caught.value.hint


def test_suffixes_are_told_whatever_their_case_and_dots_in_a_name_stay():
    assert suffix_of("1.2.840.NPY") == ".npy"
    assert suffix_of("a.nii.gz") == ".nii.gz"
    assert suffix_of("a.jpg") is None


@pytest.mark.parametrize(
    "name",
    [
        "a.npy",
        "only.npz",
        "tensor.pt",
        "old.pt",
        "chexlocalize.pkl",
        "array-2.pkl",
        "radiologist.nii.gz",
        "neurologist.nii",
    ],
)
@pytest.mark.filterwarnings("ignore")  # what libraries say of damage beside their errors
def test_damage_anywhere_gives_a_map_or_a_refusal_and_no_traceback(tmp_path, name):
    """Bytes changed at random places, seeds 0 to 59: a value may be another one, but nothing else may happen."""
    WRITERS[name](tmp_path / name)
    whole = np.frombuffer((tmp_path / name).read_bytes(), dtype=np.uint8)
    for seed in range(60):
        rng = np.random.default_rng(seed)
        damaged = whole.copy()
        places = rng.integers(0, min(len(whole), 200 if seed % 2 else len(whole)), size=1 + seed % 4)
        damaged[places] = rng.integers(0, 256, size=len(places))
        (tmp_path / name).write_bytes(
            damaged[: rng.integers(1, len(whole))].tobytes() if seed % 5 == 0 else damaged.tobytes()
        )
        values = map_or_refusal(tmp_path / name)
        if not isinstance(values, str):
            assert (values.dtype, values.ndim) == (np.float32, 2)


def map_or_refusal(path):
    try:
        return read_map(path, path.name)
    except DataError as error:
        return str(error)
