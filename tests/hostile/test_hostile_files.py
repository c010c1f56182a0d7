"""Files made to do harm, each refused by name within two seconds and a gigabyte, in a process of its own."""

import gzip
import io
import json
import os
import pickle
import struct
import zipfile
import zlib

import nibabel
import numpy as np
import pytest
import seeds
import torch
from bombs import gzipped_zeros, packed_zeros, zlib_zeros
from entry_points import read_image, read_marks, read_nifti, read_weights
from limits import held, refused
from pydicom import dcmread
from pydicom.uid import RLELossless
from stored_run import lay_stored_run, read_stored_run

from xaudit.cases.images.folder import list_folder
from xaudit.cases.table import read_table
from xaudit.config import read_audit_file

SIDE = 40_000
"""A grey image of this side would have 1.6 GB."""


class RunsCode:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, *, colour=0, data=b""):
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


# Weights


@pytest.mark.parametrize("kind", ["pickle", "zip", "older"])
def test_a_checkpoint_with_code_is_refused_and_the_code_does_not_run(tmp_path, kind):
    file, marker = tmp_path / "net.pt", tmp_path / "ran"
    if kind == "pickle":
        file.write_bytes(pickle.dumps(RunsCode(marker)))
    else:
        torch.save({"a": RunsCode(marker)}, file, _use_new_zipfile_serialization=kind == "zip")
    assert "the checkpoint holds code ('posix.mkdir') and was not loaded" in refused(read_weights, file)
    assert not marker.exists()


def test_a_checkpoint_whose_archive_is_packed_is_not_unpacked(tmp_path):
    """A quarter of a gigabyte of zeros takes a quarter of a megabyte."""
    plain = io.BytesIO()
    torch.save({"a": torch.zeros(4)}, plain)
    file = tmp_path / "bomb.pt"
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if not name.endswith("data/0"):
                new.writestr(name, old.read(name))
        with new.open("archive/data/0", "w", force_zip64=True) as entry:
            for _ in range(16):
                entry.write(bytes(2**24))
    assert "a packed archive, which would grow from" in refused(read_weights, file)


def test_safetensors_that_declare_two_gigabytes_are_refused(tmp_path):
    header = b'{"a":{"dtype":"F32","shape":[500000000],"data_offsets":[0,2000000000]}}'
    file = tmp_path / "net.safetensors"
    file.write_bytes(len(header).to_bytes(8, "little") + header + bytes(64))
    assert "damaged safetensors file" in refused(read_weights, file)


def test_safetensors_whose_header_has_no_end_are_refused(tmp_path):
    file = tmp_path / "net.safetensors"
    file.write_bytes((2**62).to_bytes(8, "little") + b"{" + bytes(64))
    assert "damaged safetensors file" in refused(read_weights, file)


@pytest.mark.parametrize("notes", ["no json", "[" * 100_000, '{"class_names": ' + "9" * 5000 + "}"])
def test_notes_that_are_no_notes_are_refused(tmp_path, notes):
    from safetensors.torch import save_file

    save_file(seeds.state(), tmp_path / "net.safetensors", metadata={"xaudit": notes})
    assert "xaudit's notes in the file are damaged" in refused(read_weights, tmp_path / "net.safetensors")


def test_an_older_checkpoint_that_declares_two_gigabytes_is_refused(tmp_path):
    content = io.BytesIO()
    torch.save({"a": torch.zeros(500)}, content, _use_new_zipfile_serialization=False)
    grown = content.getvalue().replace(
        b"K\xf4\x01" if b"K\xf4\x01" in content.getvalue() else b"M\xf4\x01", b"J\x00\x94\x35\x77"
    )
    (tmp_path / "net.pt").write_bytes(grown)
    refused(read_weights, tmp_path / "net.pt")


@pytest.mark.parametrize(
    "tensor", [torch.zeros(2, 3).to_sparse(), torch.zeros(2, 3, device="meta")], ids=["sparse", "meta"]
)
def test_weights_without_values_are_refused(tmp_path, tensor):
    torch.save({**seeds.state(), "head.weight": tensor}, tmp_path / "net.pt")
    assert "'head.weight' is sparse, quantised or without values" in refused(
        read_weights, tmp_path / "net.pt"
    )


# Images


@pytest.mark.parametrize("colour", [0, 6], ids=["grey", "rgba"])
def test_a_png_that_declares_gigabytes_is_refused(tmp_path, colour):
    (tmp_path / "a.png").write_bytes(png(SIDE, SIDE, colour=colour, data=zlib.compress(bytes(99))))
    assert "is damaged" in refused(read_image, tmp_path / "a.png") or "has more pixels" in refused(
        read_image, tmp_path / "a.png"
    )


def test_a_png_that_unpacks_to_gigabytes_is_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(png(SIDE, SIDE, data=zlib.compress(bytes(2**24)) * 8))
    assert "has more pixels than an image can be expected to have" in refused(read_image, tmp_path / "a.png")


def test_a_png_whose_text_unpacks_to_gigabytes_is_read_or_refused_within_the_limits(tmp_path):
    text = zlib_zeros(100 * 2**24)
    good = seeds.rasters()[0]
    (tmp_path / "a.png").write_bytes(good[:33] + chunk(b"zTXt", b"x\0\0" + text) + good[33:])
    held(read_image, tmp_path / "a.png")


def test_a_device_and_a_pipe_are_no_images(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    assert "is no file, but a device or a pipe" in refused(read_image, tmp_path / "a.png")
    (tmp_path / "b.png").symlink_to("/dev/zero")
    assert "is no file, but a device or a pipe" in refused(read_image, tmp_path / "b.png")


def test_an_image_file_of_gigabytes_is_refused_unread(tmp_path):
    with (tmp_path / "a.png").open("wb") as hole:
        hole.truncate(2**31)
    assert "has 2048 MB, and images of more than 512 MB are not read" in refused(
        read_image, tmp_path / "a.png"
    )


def dicom(**elements):
    dataset = dcmread(io.BytesIO(seeds.dicoms()[0]))
    for name, value in elements.items():
        setattr(dataset, name, value)
    return dataset


def saved(dataset, path):
    dataset.save_as(path)
    return path


def test_a_dicom_that_declares_gigabytes_is_refused(tmp_path):
    file = saved(dicom(Rows=SIDE, Columns=SIDE), tmp_path / "a.dcm")
    assert "claims to have 40000 × 40000 pixels" in refused(read_image, file)


def test_a_packed_dicom_that_declares_gigabytes_is_refused(tmp_path):
    dataset = dicom()
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.Rows = dataset.Columns = 65_535
    assert "claims to have 65535 × 65535 pixels" in refused(read_image, saved(dataset, tmp_path / "a.dcm"))


def test_a_deflated_dicom_that_unpacks_without_end_is_refused(tmp_path):
    deflated = seeds.dicoms()[2]
    start = 144 + int.from_bytes(deflated[140:144], "little")
    body = packed_zeros(300 * 2**20, zlib.decompress(deflated[start:], -15))
    (tmp_path / "a.dcm").write_bytes(deflated[:start] + body)
    assert "unpacks to more than 256 MB" in refused(read_image, tmp_path / "a.dcm")


def test_a_deflated_dicom_of_a_few_items_in_each_stretch_and_too_many_in_all_is_refused(tmp_path):
    deflated = seeds.dicoms()[2]
    start = 144 + int.from_bytes(deflated[140:144], "little")
    items = b"\xfe\xff\x00\xe0\x00\x00\x00\x00" * 1000 + bytes(2**18 - 8000)
    packing = zlib.compressobj(1, zlib.DEFLATED, -15)
    body = b"".join(packing.compress(items) for _ in range(201)) + packing.flush()
    (tmp_path / "a.dcm").write_bytes(deflated[:start] + body)
    assert "items, and more than 200000 are not read" in refused(read_image, tmp_path / "a.dcm")


@pytest.mark.parametrize("slope", ["1e308", "-1e308"])
def test_a_dicom_whose_values_overflow_is_refused(tmp_path, slope):
    file = saved(dicom(RescaleSlope=slope, RescaleIntercept=slope), tmp_path / "a.dcm")
    assert "holds DICOM values that are not numbers" in refused(read_image, file)


def nifti(shape, *, n_zeros=1000):
    header = nibabel.Nifti1Header()
    header.set_data_dtype(np.int16)
    header.set_data_shape(shape)
    header["magic"], header["vox_offset"] = b"n+1\0", 352
    return gzipped_zeros(n_zeros * 2**20, bytes(header.binaryblock) + bytes(4))


def test_a_nifti_that_declares_gigabytes_is_refused(tmp_path):
    (tmp_path / "ct.nii.gz").write_bytes(nifti((1024, 1024, 1024), n_zeros=1))
    said = refused(read_nifti, tmp_path / "ct.nii.gz")
    assert "ct.nii.gz: the mask is truncated or damaged and cannot be read" in said


def test_a_nifti_that_goes_on_after_its_slices_is_read_no_further(tmp_path):
    (tmp_path / "ct.nii.gz").write_bytes(nifti((seeds.WIDTH, seeds.HEIGHT, 3), n_zeros=300))
    held(read_nifti, tmp_path / "ct.nii.gz")


def test_a_nifti_that_is_no_gzip_inside_is_refused(tmp_path):
    (tmp_path / "ct.nii.gz").write_bytes(gzip.compress(bytes(100)))
    assert "truncated or damaged" in refused(read_nifti, tmp_path / "ct.nii.gz")


# Folders and tables


def classes(root):
    for name in ("cancer", "normal"):
        (root / name).mkdir(parents=True)
        (root / name / "a.png").write_bytes(seeds.rasters()[0])
    return root


@pytest.mark.parametrize("place", ["loop", "cancer/loop", "cancer/deep/loop"])
def test_a_link_back_to_a_folder_that_it_lies_in_is_refused(tmp_path, place):
    root = classes(tmp_path / "images")
    (root / place).parent.mkdir(exist_ok=True)
    (root / place).symlink_to(root, target_is_directory=True)
    assert "loop: a link back to a folder that it lies in | remove the link" in refused(list_folder, root)


def test_links_that_lead_round_in_a_circle_are_refused(tmp_path):
    root = classes(tmp_path / "images")
    (root / "cancer" / "b.png").symlink_to(root / "cancer" / "c.png")
    (root / "cancer" / "c.png").symlink_to(root / "cancer" / "b.png")
    assert "cancer/b.png: a link that leads nowhere" in refused(list_folder, root)


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "/etc/passwd", "C:\\x\\a.png", "..\\a.png", "x/../../a.png"]
)
def test_a_table_whose_image_climbs_out_of_the_folder_is_refused(tmp_path, path):
    (tmp_path / "labels.csv").write_text(f"image,label\n{path},cancer\n")
    assert "leaves the images' folder" in refused(read_table, tmp_path / "labels.csv", tmp_path)


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "..\\..\\etc\\passwd"]
)
def test_annotations_of_a_path_that_climbs_out_name_no_image(tmp_path, path):
    """Nothing is opened by such a name: it is only looked up among the images that are there."""
    said = path.replace("\\", "\\\\")
    (tmp_path / "marks.json").write_text(
        f'{{"images": [{{"id": 1, "file_name": "{said}"}}], "annotations": [{{"image_id": 1, "bbox": [1, 1, 2, 2]}}]}}'
    )
    assert f"no image of the data is called '{path}'" in refused(read_marks, tmp_path / "marks.json", "coco")
    (tmp_path / "marks.csv").write_text(f"image,x0,y0,x1,y1\n{path},1,1,2,2\n")
    assert f"no image of the data is called '{path}'" in refused(read_marks, tmp_path / "marks.csv", "boxes")


@pytest.mark.parametrize("name", ["a" * 5000, "\0", "a/" * 3000 + "b.png"])
def test_a_table_with_a_name_that_no_file_can_have_is_refused(tmp_path, name):
    (tmp_path / "labels.csv").write_text(f"image,label\n{name},cancer\n")
    assert "labels.csv: line 2: " in refused(read_table, tmp_path / "labels.csv", tmp_path)


@pytest.mark.parametrize("line", [1, 2])
def test_a_table_with_columns_without_end_is_refused(tmp_path, line):
    file = tmp_path / "marks.csv"
    file.write_bytes(b"image,label\n" * (line - 1) + b"," * 2**26 + b"\n")
    assert f"marks.csv: line {line}: " in refused(read_table, file, tmp_path)
    assert "marks.csv: " in refused(read_marks, file, "boxes")


def test_a_table_with_a_field_of_a_gigabyte_is_refused(tmp_path):
    file = tmp_path / "marks.csv"
    with file.open("wb") as hole:
        hole.write(b'image,label\n"')
        hole.truncate(2**30)
    assert "marks.csv: 1024 MB, and annotations of more than 512 MB are not read" in refused(
        read_marks, file, "boxes"
    )
    assert "marks.csv: 1024 MB" in refused(read_table, file, tmp_path)


def test_a_field_of_many_megabytes_is_refused(tmp_path):
    file = tmp_path / "marks.csv"
    file.write_bytes(b'image,label\n"' + b"a" * 2**25 + b'",x\n')
    assert "not CSV: field larger than field limit" in refused(read_table, file, tmp_path)


# Annotations


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 50_000 + "]" * 50_000])
def test_json_nested_a_hundred_thousand_deep_is_refused(tmp_path, text):
    (tmp_path / "marks.json").write_text(text)
    assert "marks.json: " in refused(read_marks, tmp_path / "marks.json")


def test_json_of_empty_values_without_end_is_refused(tmp_path):
    (tmp_path / "marks.json").write_bytes(b"[" + b"{}," * 2**24 + b"0]")
    assert "marks.json: would take" in refused(read_marks, tmp_path / "marks.json")


def test_xml_of_empty_elements_without_end_is_refused(tmp_path):
    (tmp_path / "marks.xml").write_bytes(b"<annotations>" + b"<a/>" * 2**24 + b"</annotations>")
    assert "marks.xml: would take" in refused(read_marks, tmp_path / "marks.xml")


BILLION = (
    "<!DOCTYPE a [<!ENTITY x0 'ha'>"
    + "".join(f"<!ENTITY x{i} '{f'&x{i - 1};' * 10}'>" for i in range(1, 10))
    + "]>"
)


@pytest.mark.parametrize("root", ["annotation", "annotations", "LidcReadMessage"])
@pytest.mark.parametrize(
    "doctype",
    [
        BILLION,
        "<!DOCTYPE a [<!ENTITY x9 SYSTEM 'file:///etc/passwd'>]>",
        "<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a.dtd'>",
    ],
    ids=["laughs", "external", "dtd"],
)
def test_xml_with_entities_is_refused(tmp_path, root, doctype):
    (tmp_path / "a.xml").write_text(f"{doctype}<{root}>&x9;</{root}>")
    assert "a.xml: declares a document type or entities" in refused(read_marks, tmp_path / "a.xml")


COCO = '{{"images":[{{"id":1,"file_name":"a"}}],"annotations":[{{"image_id":1,"segmentation":{}}}]}}'


@pytest.mark.parametrize(
    "drawn",
    [
        '{"size":[40,60],"counts":[99999999999]}',
        '{"size":[999999,999999],"counts":[999998000001]}',
        '{"size":[40,60],"counts":"' + "oooooooooooo7" * 3 + '"}',
        '{"size":[40,60],"counts":[' + "9" * 5000 + "]}",
        '{"size":[40,60],"counts":[-5, 2405]}',
        '{"size":[40,60],"counts":"' + "0" * 2**20 + '"}',
    ],
    ids=["count", "size", "compressed", "endless", "negative", "zeros"],
)
def test_run_lengths_that_claim_giant_counts_are_refused(tmp_path, drawn):
    (tmp_path / "marks.json").write_text(COCO.format(drawn))
    assert "marks.json: " in refused(read_marks, tmp_path / "marks.json", "coco")


def test_an_outline_of_very_many_points_is_refused(tmp_path):
    drawn = "[[" + ",".join(["1,1,9,1,9,9"] * 30_000) + "]]"
    (tmp_path / "marks.json").write_text(COCO.format(drawn))
    said = refused(read_marks, tmp_path / "marks.json", "coco", (1024, 1024))
    assert (
        "annotations[0].segmentation[0]: an outline of 90000 points, and more than 20000 are not read" in said
    )


def to_and_fro(n_points, side=1024):
    """An outline whose every line runs through all rows: as JSON, COCO's way."""
    return json.dumps(
        [x for n in range(n_points) for x in (1 + n * (side - 2) / n_points, 1 + n % 2 * (side - 2))]
    )


def test_an_outline_of_many_points_that_runs_to_and_fro_is_read_within_the_limits(tmp_path):
    (tmp_path / "marks.json").write_text(COCO.format(f"[{to_and_fro(20_000)}]"))
    held(read_marks, tmp_path / "marks.json", "coco", (1024, 1024))


@pytest.mark.parametrize("one", [True, False], ids=["in one mark", "in several"])
def test_outlines_of_one_image_that_are_longer_than_anybody_draws_are_refused(tmp_path, one):
    """20 000 times 1022 pixels are read; twice that is 40.9 million, more than 25."""
    drawn = to_and_fro(20_000)
    mark = '{{"image_id":1,"segmentation":[{}]}}'
    marks = [mark.format(f"{drawn},{drawn}")] if one else [mark.format(drawn)] * 2
    (tmp_path / "marks.json").write_text(
        f'{{"images":[{{"id":1,"file_name":"a"}}],"annotations":[{",".join(marks)}]}}'
    )
    said = refused(read_marks, tmp_path / "marks.json", "coco", (1024, 1024))
    assert (
        "a: its outlines are more than 25 million pixels long in all | save what was drawn as masks" in said
    )


def test_a_pipe_is_no_file_of_marks(tmp_path):
    os.mkfifo(tmp_path / "marks.json")
    assert "marks.json: no file, but a device or a pipe" in refused(read_marks, tmp_path / "marks.json")


# Audit files and runs

LAUGHS = "a0: &a0 [x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (LAUGHS, "more than 100000 values with every anchor written out"),
        ("data: &a [*a]", "an anchor holds itself"),
        ("data: &a {b: {c: *a}}", "an anchor holds itself"),
        ("data: !!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("data: !!python/name:os.system", "could not determine a constructor"),
        ("data: !!timestamp x", "a value is not of the kind that it is marked as"),
        ("data: 2025-99-99", "no such date"),
        ("data: !!int x", "a value is not of the kind that it is marked as"),
        ("data: {a: 1, a: 2}", "the key 'a' is given twice"),
        ("data: 1\nmodels: []\ndata: 2", "line 3: not YAML: the key 'data' is given twice"),
        ("[" * 100_000, "nested too deeply"),
        ("a: " + "x" * 2**28, "characters, and more than 200000 are not read"),
        ("seed: " + "9" * 5000, "audit.yaml: "),
        ("data: {format: folder, images: 'a\\0'}", "audit.yaml: "),
    ],
)
def test_an_audit_file_that_is_a_bomb_is_refused(tmp_path, text, what):
    (tmp_path / "audit.yaml").write_text(text)
    assert what in refused(read_audit_file, tmp_path / "audit.yaml")


@pytest.mark.parametrize("path", ["~nobody-of-this-name/a", "a" * 300, '"a\\0b"', "a/" * 3000])
def test_a_path_that_no_file_can_have_is_refused(tmp_path, path):
    models = "models: [{id: net, source: torchvision, architecture: resnet18}]"
    (tmp_path / "audit.yaml").write_text(f"data: {{format: folder, images: {path}}}\n{models}\n")
    assert "is no path" in refused(read_audit_file, tmp_path / "audit.yaml")


def test_anchors_that_are_used_twice_are_read(tmp_path):
    text = (
        "data: &d {format: folder, images: a}\ndatasets: {second: {<<: *d, images: b}}\n"
        "models: [{id: net, source: torchvision, architecture: resnet18}]\n"
    )
    (tmp_path / "audit.yaml").write_text(text)
    audit = read_audit_file(tmp_path / "audit.yaml")
    assert [audit.data.images.name, audit.datasets["second"].images.name] == ["a", "b"]


def test_a_table_of_a_run_that_unpacks_to_gigabytes_is_refused(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = lay_stored_run(tmp_path)
    (cases,) = [path for path in files if path.name == "cases.parquet"]
    table = pq.read_table(cases)
    n_rows = 20_000_000
    columns = [
        pa.DictionaryArray.from_arrays(pa.array(np.zeros(n_rows, np.int8)), column.combine_chunks()[:1]).cast(
            column.type
        )
        if pa.types.is_string(column.type)
        else pa.nulls(n_rows, column.type)
        for column in table.columns[:4]
    ]
    schema = pa.schema(list(table.schema)[:4], metadata=table.schema.metadata)
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), cases, compression="zstd")
    assert cases.stat().st_size < 2**20
    assert "cases.parquet: damaged: it declares" in refused(read_stored_run, tmp_path, cases)


@pytest.mark.parametrize(
    "name", ["status.json", "manifest.json", "outcome.json", "gates.json", "evaluations.json", "log.jsonl"]
)
@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5000, "null", "[]", '{"schema_version": "1.0"}'])
def test_json_of_a_run_that_is_damaged_is_read_past_or_refused(tmp_path, name, text):
    files = lay_stored_run(tmp_path)
    (file,) = [path for path in files if path.name == name]
    file.write_text(text)
    held(read_stored_run, tmp_path, file)


def test_the_fifo_in_a_folder_of_images_is_passed_over(tmp_path):
    root = classes(tmp_path / "images")
    os.mkfifo(root / "cancer" / "pipe.png")
    assert [entry.path for entry in list_folder(root)] == ["cancer/a.png", "normal/a.png"]


def test_a_link_to_another_folder_of_images_is_followed(tmp_path):
    root = classes(tmp_path / "images")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "b.png").write_bytes(seeds.rasters()[0])
    (root / "other").symlink_to(elsewhere, target_is_directory=True)
    assert [entry.label for entry in list_folder(root)] == ["cancer", "normal", "other"]
