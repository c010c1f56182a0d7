"""Tables in parts: a finished shard is never lost, a damaged one never believed."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from store_records import saliency_map, score, unscored

from xaudit.errors import RunFolderError
from xaudit.records import Problem
from xaudit.store import RunFolder
from xaudit.store.parts import (
    MAPS,
    PART_PROBLEMS,
    SCORES,
    has_part,
    iter_parts,
    part_keys,
    prune_parts,
    read_parts,
    shard_key,
    write_part,
)
from xaudit.store.rows.cases import CASES

A, B, C = (shard_key({"shard": name}) for name in "abc")


def part(run, key, table="scores"):
    return run.path / table / f"part-{key}.parquet"


def test_a_key_depends_on_every_value_and_on_no_order():
    key = shard_key({"cases": ["a", "b"], "seed": 0})
    assert key == shard_key({"seed": 0, "cases": ("a", "b")})
    assert len(key) == 16
    assert (
        len({key, shard_key({"cases": ["b", "a"], "seed": 0}), shard_key({"cases": ["a", "b"], "seed": 1})})
        == 3
    )


def test_a_key_of_something_whose_text_may_change_is_a_mistake_of_the_program():
    with pytest.raises(TypeError, match="not JSON serializable"):
        shard_key({"cases": {"a", "b"}})


def test_parts_come_back_in_the_order_asked_for(run):
    write_part(run, SCORES, A, [score("a1"), unscored("a2")])
    write_part(run, SCORES, B, [score("b1")])
    read = read_parts(run, SCORES, [B, A])
    assert read.rows == (score("b1"), score("a1"), unscored("a2"))
    assert (read.missing, read.notices) == ((), ())


def test_a_shard_without_rows_is_done_all_the_same(run):
    write_part(run, SCORES, A, [])
    assert has_part(run, SCORES, A)
    assert [(found.key, found.rows) for found in iter_parts(run, SCORES, [A, B])] == [(A, ()), (B, None)]


def test_each_table_has_its_own_parts(run):
    write_part(run, MAPS, A, [saliency_map()])
    write_part(run, PART_PROBLEMS, A, [Problem("c9", "explain", "out of memory")])
    assert has_part(run, MAPS, A)
    assert not has_part(run, SCORES, A)
    np.testing.assert_array_equal(read_parts(run, MAPS, [A]).rows[0].values, saliency_map().values)
    assert read_parts(run, PART_PROBLEMS, [A]).rows == (Problem("c9", "explain", "out of memory"),)


@pytest.mark.parametrize("key", ["", "../../x", "0123", "0123456789ABCDEF", "0123456789abcdef0"])
def test_a_key_that_is_none_is_a_mistake_of_the_program(run, key):
    with pytest.raises(ValueError, match="is no shard key"):
        write_part(run, SCORES, key, [])


def test_a_whole_table_has_no_parts(run):
    with pytest.raises(ValueError, match=r"^the table cases is not written in parts$"):
        has_part(run, CASES, A)


def test_a_part_cut_short_anywhere_counts_as_not_done_and_is_removed(run):
    write_part(run, SCORES, A, [score("a1"), unscored("a2")])
    whole = part(run, A).read_bytes()
    for length in range(0, len(whole), 17):
        part(run, A).write_bytes(whole[:length])
        assert not has_part(run, SCORES, A)
        assert not part(run, A).exists()
        part(run, A).write_bytes(whole[:length])
        read = read_parts(run, SCORES, [A])
        assert (read.rows, read.missing) == ((), (A,))
        assert not part(run, A).exists()


def test_a_damaged_part_is_told_of_and_the_others_are_read(run):
    write_part(run, SCORES, A, [score("a1")])
    write_part(run, SCORES, B, [score("b1")])
    part(run, A).write_bytes(b"")
    read = read_parts(run, SCORES, [A, B])
    assert (read.rows, read.missing) == ((score("b1"),), (A,))
    (notice,) = read.notices
    assert notice.startswith(f"scores/part-{A}.parquet was damaged and counts as not done: ")
    write_part(run, SCORES, A, [score("a1")])
    assert read_parts(run, SCORES, [A, B]).rows == (score("a1"), score("b1"))


def test_a_bit_that_flips_on_the_disk_never_gives_another_score(run):
    rows = [score(f"a{index}", value=index / 8) for index in range(8)]
    write_part(run, SCORES, A, rows)
    whole = part(run, A).read_bytes()
    data_end = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    wrong = 0
    for place in range(4, len(whole), 7):
        spoilt = bytearray(whole)
        spoilt[place] ^= 0x10
        part(run, A).write_bytes(spoilt)
        read = read_parts(run, SCORES, [A])  # never another exception than that of a newer version
        wrong += place < data_end and read.rows not in ((), tuple(rows))
    assert wrong == 0


def test_a_part_of_a_newer_major_version_is_refused_and_kept(run):
    write_part(run, SCORES, A, [score()])
    table = pq.read_table(part(run, A))
    footer = {**json.loads(table.schema.metadata[b"xaudit"]), "schema_version": "2.3"}
    pq.write_table(table.replace_schema_metadata({b"xaudit": json.dumps(footer)}), part(run, A))
    message = rf"part-{A}.parquet: written by a newer xaudit \(schema 2.3; this one reads up to 1.x\)$"
    with pytest.raises(RunFolderError, match=f"(?m){message}"):
        has_part(run, SCORES, A)
    with pytest.raises(RunFolderError, match=f"(?m){message}"):
        read_parts(run, SCORES, [A])
    assert part(run, A).exists()


def test_a_part_that_may_not_be_read_is_an_error_and_no_damage(run, monkeypatch):
    write_part(run, SCORES, A, [score()])

    def refuse(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(type(run.path), "open", refuse)
        patched.setattr(type(run.path), "read_bytes", refuse)
        for ask in (lambda: has_part(run, SCORES, A), lambda: read_parts(run, SCORES, [A])):
            with pytest.raises(RunFolderError) as caught:
                ask()
            assert str(caught.value) == (
                f"{run.run_id}/scores/part-{A}.parquet: cannot be read: Permission denied"
            )
    assert part(run, A).exists()


def test_a_damaged_part_in_a_folder_that_only_lets_us_read_is_passed_over(run, monkeypatch):
    write_part(run, SCORES, A, [score()])
    part(run, A).write_bytes(b"PAR1")

    def refuse(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(run.path), "unlink", refuse)
    assert read_parts(run, SCORES, [A]).missing == (A,)
    assert not has_part(run, SCORES, A)


def test_parts_that_a_finished_run_does_not_consist_of_are_pruned(run):
    for key in (A, B, C):
        write_part(run, SCORES, key, [score()])
    (run.path / "scores" / "part-notes.parquet").write_bytes(b"somebody else's")
    assert part_keys(run, SCORES) == tuple(sorted([A, B, C]))
    assert prune_parts(run, SCORES, {A, C}) == 1
    assert part_keys(run, SCORES) == tuple(sorted([A, C]))
    assert prune_parts(run, SCORES, {A, C}) == 0
    assert part_keys(run, MAPS) == ()


def test_parts_are_one_table_to_whoever_reads_the_folder(run):
    write_part(run, SCORES, A, [score("a1", 0.25)])
    write_part(run, SCORES, B, [])
    write_part(run, SCORES, C, [score("c1", 0.75)])
    together = pq.read_table(run.path / "scores")
    assert sorted(together.column("value").to_pylist()) == [0.25, 0.75]
    assert together.schema.field("value").type == pa.float64()


def test_a_run_goes_on_where_it_stopped(run):
    # Three shards: the first is done, the second was cut short by a dying disk, the third was being written.
    write_part(run, SCORES, A, [score("a1")])
    write_part(run, SCORES, B, [score("b1")])
    part(run, B).write_bytes(part(run, B).read_bytes()[:100])
    half = run.path / "scores" / f".part-{C}.parquet.{2**22 + 1}-0123abcd.tmp"
    half.write_bytes(b"PAR1 and then the power went")
    (run.path / "status.json").unlink()

    again = RunFolder.find(run.path.parent, name=run.name, config_hash=run.config_hash)
    assert again == run
    todo = [key for key in (A, B, C) if not has_part(again, SCORES, key)]
    assert todo == [B, C]
    assert not half.exists()
    for key, name in zip(todo, ("b1", "c1"), strict=True):
        write_part(again, SCORES, key, [score(name)])
    assert read_parts(again, SCORES, [A, B, C]).rows == (score("a1"), score("b1"), score("c1"))
