"""A sign-off is refused whatever was changed in it, and says what."""

import io
import json
import random
import struct
import warnings
import zipfile

import pytest

from xaudit.errors import SignOffError
from xaudit.store.sign_off.plain_zip import encode_zip
from xaudit.store.sign_off.run_tables import ID_COLUMNS
from xaudit.store.sign_off.seal import SealedList, SignedFile, encode_list, sha256_of
from xaudit.store.sign_off.verification import read_verified, verify

RUN = {
    "run_id": "20260101T000000Z-s-0123abcd",
    "name": "s",
    "config_hash": "0123abcd01234567",
    "created": "2026-01-01T00:00:00Z",
}
FILES = {"report.html": b"<!doctype html>", "scores/part-a.parquet": bytes(range(40)), "empty.parquet": b""}


def listed(files=FILES):
    signed = tuple(SignedFile(name, len(data), sha256_of(data)) for name, data in files.items())
    return encode_list(SealedList("0.2.0", RUN, False, True, signed))


def whole(files=FILES):
    return {"sign-off.json": listed(files), **files}


def refused(data):
    """The message for the bytes of a file that must be refused, without its name."""
    with pytest.raises(SignOffError) as caught:
        read_verified(io.BytesIO(data), "f.zip")
    assert caught.value.hint
    return str(caught.value).removeprefix("f.zip: ")


def zipped(files, *, method=zipfile.ZIP_STORED):
    """The same files as another program zips them."""
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", method) as archive:
        warnings.simplefilter("ignore", UserWarning)  # two members of one name
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def test_a_sign_off_as_it_was_written_is_verified(tmp_path):
    path = tmp_path / "f.zip"
    path.write_bytes(encode_zip(whole()))
    verified = verify(path)
    assert verified.sha256 == sha256_of(path.read_bytes())
    assert [one.path for one in verified.sealed.files] == list(FILES)
    assert verified.sealed.run == RUN


def test_other_programs_read_the_zip_file():
    with zipfile.ZipFile(io.BytesIO(encode_zip(whole()))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == whole()
        assert {one.date_time for one in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_every_single_changed_byte_is_refused():
    data, chosen = encode_zip(whole()), random.Random(0)
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= chosen.randrange(1, 256)
        refused(bytes(changed))


def test_a_file_that_is_cut_off_is_refused_wherever():
    data = encode_zip(whole())
    for n in range(0, len(data), 3):
        refused(data[:n])


@pytest.mark.parametrize("more", [b"\0", b"PK\5\6", b"x" * 22])
def test_bytes_before_after_and_between_are_refused(more):
    data = encode_zip(whole())
    place = data.index(b"PK\3\4", 4)
    for changed in (more + data, data + more, data[:place] + more + data[place:]):
        assert refused(changed).startswith(("damaged: ", "no zip file"))


def test_a_changed_file_is_named_with_both_hashes():
    other = {**FILES, "report.html": b"<!doctype HTML>"}
    assert refused(encode_zip({"sign-off.json": listed(), **other})) == (
        f"'report.html' was changed: its SHA-256 is {sha256_of(other['report.html'])}, "
        f"and the list says {sha256_of(FILES['report.html'])}"
    )


def test_added_missing_and_renamed_members_are_named():
    assert refused(encode_zip({**whole(), "more.csv": b"1"})) == "'more.csv' is not in its list: added later"
    fewer = {name: data for name, data in whole().items() if name != "report.html"}
    assert refused(encode_zip(fewer)) == "'report.html' is missing"
    renamed = {("page.html" if name == "report.html" else name): data for name, data in whole().items()}
    assert (
        refused(encode_zip(renamed))
        == "'report.html' is missing and 'page.html' is not in its list: renamed or exchanged"
    )


def test_another_order_is_refused():
    names = ["sign-off.json", "empty.parquet", "report.html", "scores/part-a.parquet"]
    assert (
        refused(encode_zip({name: whole()[name] for name in names}))
        == "damaged: its files are in another order"
    )


def test_two_members_of_one_name_are_refused():
    twice = zipped([*whole().items(), ("report.html", b"other")])
    assert refused(twice) == "2 members are called 'report.html'"


@pytest.mark.parametrize(
    "name",
    [
        "../up.txt",
        "a/../../up.txt",
        "/etc/x",
        "\\\\host\\x",
        "C:\\x",
        "C:x",
        "a\\..\\x",
        "a//b",
        "./a",
        "a/",
        "b\x1b[2J",
    ],
)
def test_a_path_that_leaves_the_folder_is_refused(name):
    said = refused(encode_zip({**whole(), name: b"x"}))
    assert said.endswith("would be written outside the folder in which the file is unpacked")
    assert "\x1b" not in said


def test_a_compressed_member_is_refused_and_not_unpacked():
    packed = zipped([("sign-off.json", listed({"big": b"\0" * 2**24}))]) and zipped(
        [("sign-off.json", listed()), *FILES.items()], method=zipfile.ZIP_DEFLATED
    )
    assert "compressed" in refused(packed)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w") as archive:
        archive.writestr("sign-off.json", listed({"big": b"\0" * 2**24}))
        archive.writestr("big", b"\0" * 2**24, zipfile.ZIP_DEFLATED)
    assert len(bomb.getvalue()) < 2**16
    assert refused(bomb.getvalue()).startswith("'big' is compressed and says that it has 16777216 bytes")


def test_sizes_larger_than_the_file_are_refused_before_anything_is_read():
    data = bytearray(encode_zip(whole()))
    at = data.index(b"PK\1\2")
    struct.pack_into("<2I", data, at + 20, 0xFFFFFFF0, 0xFFFFFFF0)
    assert refused(bytes(data)).startswith("damaged: ")


def test_members_that_lie_over_each_other_are_refused():
    """As in a zip bomb without a compressed member inside another: many entries name one place."""
    data = bytearray(encode_zip(whole()))
    second = data.index(b"PK\1\2", data.index(b"PK\1\2") + 4)
    struct.pack_into("<I", data, second + 42, 0)
    assert refused(bytes(data)) == "damaged: 'report.html' does not lie where the member before it ends"


def test_files_of_other_tools_are_refused_by_name():
    assert refused(zipped([("a.txt", b"a")])) == "no sign-off of xaudit: it holds no sign-off.json"
    assert refused(encode_zip({"sign-off.json": b"{}"})) == "sign-off.json was not written by xaudit"
    assert refused(encode_zip({"sign-off.json": b"["})) == "damaged: sign-off.json is no JSON"
    assert refused(encode_zip({"sign-off.json": b"[" * 100_000})) == "damaged: sign-off.json is no JSON"
    assert refused(b"%PDF-1.7") == "no zip file"
    assert refused(b"") == "no zip file"


def test_a_later_schema_is_refused_by_name():
    later = listed().replace(b'"schema_version": "1.0"', b'"schema_version": "2.0"')
    assert refused(encode_zip({"sign-off.json": later, **FILES})) == (
        "written by a newer xaudit (sign-off schema 2.0; this one reads up to 1.x)"
    )


def test_a_list_that_was_changed_no_longer_has_its_hash():
    said = "sign-off.json was changed: it no longer has the hash that it names"
    for old, new in (
        (b'"ids": "shown"', b'"ids": "hashed"'),
        (b'"images": true', b'"images": false'),
        (b'  "xaudit"', b'  "xaudit": "0.1.0",\n  "xaudit"'),
    ):
        assert refused(encode_zip({"sign-off.json": listed().replace(old, new), **FILES})) == said


def test_a_list_written_anew_passes_and_only_the_recorded_hash_tells(tmp_path):
    """What a hash alone does not prove: this file was forged whole."""
    first, forged = tmp_path / "a.zip", tmp_path / "b.zip"
    first.write_bytes(encode_zip(whole()))
    forged.write_bytes(encode_zip(whole({**FILES, "report.html": b"all well"})))
    assert verify(forged).sealed.run == verify(first).sealed.run
    assert verify(forged).sha256 != verify(first).sha256


def test_a_later_minor_schema_is_read(tmp_path):
    plain = json.loads(listed())
    del plain["sha256_of_this_list"]
    plain |= {"schema_version": "1.7", "new": 1}
    text = lambda value: (json.dumps(value, indent=2) + "\n").encode()  # noqa: E731
    sealed = text({**plain, "sha256_of_this_list": sha256_of(text(plain))})
    path = tmp_path / "f.zip"
    path.write_bytes(encode_zip({"sign-off.json": sealed, **FILES}))
    assert [one.path for one in verify(path).sealed.files] == list(FILES)


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none.zip"):
        with pytest.raises(SignOffError, match="cannot be read"):
            verify(path)


def test_every_column_of_texts_was_looked_at_for_ids():
    """A new column of texts must be put into one of the two lists: ids are replaced whole, other texts where they name one."""
    import pyarrow as pa

    from xaudit.store.schema_page import TABLES

    texts = {
        field.name
        for table in TABLES
        for field in table.schema
        if pa.types.is_string(field.type)
        or (pa.types.is_list(field.type) and pa.types.is_string(field.type.value_type))
        or pa.types.is_struct(field.type)
    }
    no_ids = (
        "answer area_method attribute attributes category cell change class_names cluster codes confirmation control "
        "dataset_id difference_method direction explainer explainer_hash family frame images infill infills label "
        "left_edge level levels method metric metric_hash model no_map no_mark other_codes place plant position "
        "predicted prior_method question reader reason region scope sha256 shape site source source_format split "
        "stage state status stratum target"
    )
    assert texts - ID_COLUMNS == {*no_ids.split()}
