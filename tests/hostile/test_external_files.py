"""What an external model brings, made to do harm: maps and tables that grow, claim gigabytes, repeat themselves or hold code."""

import io
import pickle
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from bombs import gzipped_zeros
from entry_points import read_map_file, read_predictions
from limits import held, refused
from test_hostile_files import SIDE, RunsCode, nifti, png


def npy_header(shape, kind="<f4"):
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": kind, "fortran_order": False, "shape": shape})
    return out.getvalue()


def test_a_packed_map_that_unpacks_to_more_than_any_map_is_refused(tmp_path):
    with (
        zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("map.npy", "w", force_zip64=True) as entry,
    ):
        entry.write(npy_header((260, 2**18)))
        for _ in range(260):
            entry.write(bytes(2**20))
    said = refused(read_map_file, tmp_path / "a.npz")
    assert "maps/a.npz: 260 MB, and maps of more than 256 MB are not read" in said


@pytest.mark.parametrize("kind", ["<f4", "|O", "<U100000"])
def test_a_map_whose_header_claims_gigabytes_is_refused(tmp_path, kind):
    (tmp_path / "a.npy").write_bytes(npy_header((40_000, 40_000), kind) + bytes(64))
    assert "maps/a.npy: " in refused(read_map_file, tmp_path / "a.npy")


def test_a_tensor_of_one_number_that_claims_ten_billion_is_refused(tmp_path):
    torch.save(torch.zeros(1, 1).expand(100_000, 100_000), tmp_path / "a.pt")
    said = refused(read_map_file, tmp_path / "a.pt")
    assert "maps/a.pt: 100000 × 100000 values, and maps of more than 40 million are not read" in said


def test_a_packed_archive_of_torch_is_refused(tmp_path):
    plain = io.BytesIO()
    torch.save({"map": torch.zeros(4)}, plain)
    with (
        zipfile.ZipFile(plain) as old,
        zipfile.ZipFile(tmp_path / "a.pt", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for name in old.namelist():
            if not name.endswith("data/0"):
                new.writestr(name, old.read(name))
        with new.open("archive/data/0", "w", force_zip64=True) as entry:
            for _ in range(260):
                entry.write(bytes(2**20))
    assert "maps of more than 256 MB are not read" in refused(read_map_file, tmp_path / "a.pt")


@pytest.mark.parametrize("name", ["a.pt", "a.pth", "a.pkl", "a.pickle"])
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_map_with_code_is_refused_and_the_code_does_not_run(tmp_path, name, protocol):
    marker = tmp_path / "ran"
    (tmp_path / name).write_bytes(pickle.dumps({"map": RunsCode(marker)}, protocol))
    assert "posix.mkdir" in refused(read_map_file, tmp_path / name)
    assert not marker.exists()


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_an_array_of_objects_is_refused_and_none_is_made(tmp_path, name):
    marker = tmp_path / "ran"
    values = np.array([[RunsCode(marker)]], dtype=object)
    (np.savez if name == "a.npz" else np.save)(tmp_path / name, values)
    assert "holds Python objects, which could be code, and was not loaded" in refused(
        read_map_file, tmp_path / name
    )
    assert not marker.exists()


def test_a_pickle_that_asks_for_the_same_bytes_again_and_again_is_refused(tmp_path):
    """Twenty megabytes of text, made into bytes two hundred times by seven bytes each."""
    text = b"a" * (20 * 2**20)
    program = b"\x80\x04X" + len(text).to_bytes(4, "little") + text + b"\x94" + b"\x8c\x06latin1\x94"
    again = b"c_codecs\nencode\nh\x00h\x01\x86R"
    (tmp_path / "a.pkl").write_bytes(program + again * 200 + b".")
    assert "a damaged pickle, or none" in refused(read_map_file, tmp_path / "a.pkl")


@pytest.mark.parametrize("program", [b"Nr\xff\xff\xff\x0f.", b"Np268435455\n.", b"N" * 400_000 + b"."])
def test_a_pickle_that_keeps_more_than_it_holds_is_refused(tmp_path, program):
    """Ten bytes for which Python would make room for half a billion things."""
    (tmp_path / "a.pkl").write_bytes(b"\x80\x04" + program)
    assert "a damaged pickle, or none" in refused(read_map_file, tmp_path / "a.pkl")


def test_a_pickle_of_lists_within_lists_is_refused_at_once(tmp_path):
    """Ten billion strings, if every list were gone through wherever it stands."""
    laughs = ["ha"] * 10
    for _ in range(9):
        laughs = [laughs] * 10
    itself = []
    itself.append(itself)
    for content in (laughs, {"map": laughs}, itself, {"map": itself}):
        (tmp_path / "a.pkl").write_bytes(pickle.dumps(content))
        assert "maps/a.pkl: " in refused(read_map_file, tmp_path / "a.pkl")


def test_a_picture_that_claims_gigabytes_is_no_map(tmp_path):
    (tmp_path / "a.png").write_bytes(png(SIDE, SIDE, data=b"x"))
    assert "maps/a.png: " in refused(read_map_file, tmp_path / "a.png")


def test_a_packed_nifti_map_that_unpacks_to_gigabytes_is_refused(tmp_path):
    (tmp_path / "a.nii.gz").write_bytes(nifti((1024, 1024, 1024), n_zeros=1))
    assert "maps/a.nii.gz: " in refused(read_map_file, tmp_path / "a.nii.gz")
    (tmp_path / "a.nii.gz").write_bytes(gzipped_zeros(2**24))
    assert "maps/a.nii.gz: " in refused(read_map_file, tmp_path / "a.nii.gz")


# Predictions


@pytest.mark.parametrize("typed", [True, False])
def test_a_long_text_that_stands_in_every_row_of_a_table_is_refused(tmp_path, typed):
    """Hundreds of times a megabyte, stored once."""
    column = pa.DictionaryArray.from_arrays(np.zeros(500_000, np.int32), pa.array(["a" * 2**20]))
    if not typed:
        schema = pa.schema([("image", pa.string()), ("cancer", pa.float64())])
        wide = pa.table({"image": pa.array(["a" * 2**20] * 200), "cancer": np.zeros(200)}, schema=schema)
    else:
        wide = pa.table({"image": column, "cancer": np.zeros(500_000)})
    pq.write_table(wide, tmp_path / "a.parquet", dictionary_pagesize_limit=2**24)
    assert (tmp_path / "a.parquet").stat().st_size < 2**22
    said = refused(read_predictions, tmp_path / "a.parquet")
    assert "a.parquet: a text of 1048576 bytes, and none of more than 10000 is read" in said


def test_a_table_that_unpacks_to_more_than_any_table_is_refused(tmp_path):
    table = pa.table({"image": pa.array(["a" * 2**20] * 300)})
    pq.write_table(table, tmp_path / "a.parquet", use_dictionary=False, compression="zstd")
    assert (tmp_path / "a.parquet").stat().st_size < 2**22
    assert "a.parquet: declares 300 MB, and tables of more than 256 MB" in refused(
        read_predictions, tmp_path / "a.parquet"
    )


def test_a_table_of_very_many_cells_is_refused(tmp_path):
    rows = np.zeros(3_000_000, np.int8)
    pq.write_table(pa.table({"image": rows, "cancer": rows}), tmp_path / "a.parquet")
    assert "a.parquet: more than 4 million cells" in refused(read_predictions, tmp_path / "a.parquet")
    pq.write_table(pa.table({f"c{n}": [1] for n in range(11_000)}), tmp_path / "b.parquet")
    assert "b.parquet: 11000 columns" in refused(read_predictions, tmp_path / "b.parquet")


def test_a_csv_of_columns_or_a_field_without_end_is_refused(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"image" + b",x" * 2**22)
    assert "a.csv: line 1: 4194305 columns" in refused(read_predictions, tmp_path / "a.csv")
    (tmp_path / "b.csv").write_bytes(b'image,cancer\n"' + b"a" * 2**25 + b'",x\n')
    assert "b.csv: line 2: not CSV: field larger than field limit" in refused(
        read_predictions, tmp_path / "b.csv"
    )


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "file:///etc/passwd"])
def test_predictions_of_a_path_that_climbs_out_name_no_image(tmp_path, path):
    """Nothing is opened by such a name: it is only looked up among the images that are there."""
    (tmp_path / "a.csv").write_text(f"image,cancer,normal\n{path},0.5,0.5\n")
    assert "a.csv" in refused(read_predictions, tmp_path / "a.csv")


def test_a_damaged_footer_of_parquet_is_refused(tmp_path):
    pq.write_table(pa.table({"image": ["a"], "cancer": [0.5]}), tmp_path / "a.parquet")
    data = (tmp_path / "a.parquet").read_bytes()
    for at in range(len(data) - 300, len(data), 23):
        (tmp_path / "a.parquet").write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        held(read_predictions, tmp_path / "a.parquet")
