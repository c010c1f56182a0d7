"""``xaudit report --sign-off`` and ``xaudit verify`` on a finished run."""

import io
import json
import zipfile
from pathlib import Path


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_page_manifest_and_tables_go_into_one_zip_that_is_verified(small_run, answer, tmp_path):
    code, out, err = answer("report", small_run, "--sign-off", "signed.zip")
    assert (code, out) == (0, "signed.zip\n")
    content = members(tmp_path / "signed.zip")
    assert list(content)[:5] == [
        "sign-off.json",
        "report.html",
        "report.json",
        "manifest.json",
        "audit.resolved.yaml",
    ]
    tables = {path.relative_to(small_run).as_posix() for path in small_run.rglob("*.parquet")}
    left_out = {name for name in tables if name.startswith("maps/")}
    assert {*content} - {*list(content)[:5]} == tables - left_out
    assert all(content[name] == (small_run / name).read_bytes() for name in tables - left_out)
    assert content["manifest.json"] == (small_run / "manifest.json").read_bytes()
    code, out, _ = answer("verify", "signed.zip", "--format", "json")
    said = json.loads(out)
    assert code == 0
    assert f"SHA-256 {said['sha256']}" in err
    assert said["run"]["run_id"] == small_run.name
    assert [(one["table"], one["files"]) for one in said["left_out"]] == [("maps", len(left_out))]
    code, out, _ = answer("verify", "signed.zip", "--sha256", said["sha256"].upper())
    assert code == 0
    assert "Every byte is as it was written." in out
    assert said["sha256"] in out
    assert "does not prove who wrote it" in " ".join(out.split())


def test_the_same_run_gives_the_same_bytes(small_run, answer, tmp_path, monkeypatch):
    monkeypatch.setenv("XAUDIT_HASH_KEY", "k")
    answer("report", small_run, "--sign-off")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert answer("report", small_run, "--sign-off=b.zip")[0] == 0
    assert (small_run / "sign-off.zip").read_bytes() == Path("b.zip").read_bytes()
    for name in ("c.zip", "d.zip"):
        assert answer("report", small_run, "--hash-ids", "--sign-off", "--to", name)[0] == 0
    assert Path("c.zip").read_bytes() == Path("d.zip").read_bytes()


def words_of(content):
    """All that stands in the files, tables unpacked."""
    import pyarrow.parquet as pq

    for name, data in content.items():
        if name.endswith(".parquet"):
            table = pq.read_table(io.BytesIO(data))
            yield name, f"{table.to_pylist()} {table.schema.metadata}"
        else:
            yield name, data.decode()


def test_no_id_is_in_a_sign_off_with_hashed_ids_and_rows_still_join(small_run, answer, tmp_path):
    import pyarrow.parquet as pq

    assert answer("report", small_run, "--sign-off", "s.zip", "--hash-ids", "--no-images")[0] == 0
    assert answer("verify", "s.zip")[0] == 0
    content = members(tmp_path / "s.zip")
    shown = [
        (name, word)
        for name, text in words_of(content)
        for word in ("scan", "DOE", "ROE", "P003")
        if word in text
    ]
    assert shown == []
    cases = pq.read_table(io.BytesIO(content["cases.parquet"])).to_pylist()
    assert len({row["patient_id"] for row in cases}) == 4
    assert all(row["patient_id"].startswith("id-") for row in cases)
    assert [row["label"] for row in cases] == [
        row["label"] for row in pq.read_table(small_run / "cases.parquet").to_pylist()
    ]
    ids = {row["case_id"] for row in cases}
    [scores] = [name for name in content if name.startswith("scores/")][:1]
    scored = pq.read_table(io.BytesIO(content[scores])).to_pylist()
    assert {row["case_id"] for row in scored} <= ids
    assert [row["value"] for row in scored] == [
        row["value"] for row in pq.read_table(small_run / scores).to_pylist()
    ]
    sealed = json.loads(content["sign-off.json"])
    assert (sealed["ids"], sealed["images"]) == ("hashed", False)
    assert {"annotations", "previews", "maps"} <= {one["table"] for one in sealed["left_out"]}
    assert b"data:image/webp" not in content["report.html"]


def test_no_place_user_or_host_is_in_it(small_run, answer, tmp_path):
    import getpass
    import platform

    answer("report", small_run, "--sign-off", "s.zip")
    text = " ".join(text for _, text in words_of(members(tmp_path / "s.zip")))
    assert str(small_run.parent) not in text
    assert str(tmp_path) not in text
    assert platform.node() not in text
    assert getpass.getuser() == "root" or getpass.getuser() not in text


def test_one_changed_byte_is_refused_in_two_lines(small_run, answer, refusal, tmp_path):
    answer("report", small_run, "--sign-off", "s.zip")
    data = bytearray((tmp_path / "s.zip").read_bytes())
    data[data.index(b"<!doctype html>") + 2] ^= 1
    (tmp_path / "s.zip").write_bytes(data)
    error, hint = refusal("verify", "s.zip")
    assert error.startswith("s.zip: 'report.html' was changed: its SHA-256 is ")
    assert hint == "get the file again from the person who signed it off"


def test_another_hash_than_the_recorded_one_is_refused(small_run, answer, refusal):
    answer("report", small_run, "--sign-off", "s.zip")
    error, _ = refusal("verify", "s.zip", "--sha256", "0" * 64)
    assert error.endswith("not the one given: it is another sign-off, or written anew")
    assert refusal("verify", "s.zip", "--sha256", "abc")[0] == "--sha256: 'abc' is no SHA-256"


def test_a_damaged_table_is_not_signed_off(small_run, refusal, tmp_path):
    import shutil

    copy = tmp_path / small_run.name
    shutil.copytree(small_run, copy)
    (copy / "summary.parquet").write_bytes((small_run / "summary.parquet").read_bytes()[:-20])
    error, _ = refusal("report", copy, "--sign-off", "s.zip")
    assert "summary.parquet: damaged" in error
    assert not (tmp_path / "s.zip").exists()


def test_two_forms_at_once_are_refused(small_run, refusal):
    assert refusal("report", small_run, "--html", "--sign-off")[0] == "--html and --sign-off: one at a time"
