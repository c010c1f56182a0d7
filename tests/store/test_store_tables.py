"""Whole tables: every record comes back as it was, with a footer that says whose it is."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_records import (
    HASH,
    annotations,
    cases,
    categorised,
    curves,
    evaluations,
    map_facts,
    maps,
    predictions,
    problems,
    reliances,
    saliency_map,
    score,
    scores,
    summaries,
    unscored,
    verdicts,
)

from xaudit.errors import RunFolderError
from xaudit.records import Box, Case, MeanReliance, Preview, Score, WindowEffects
from xaudit.store import json_records, tables
from xaudit.store.parquet_file import DamagedTableError, adopt_table, encode_table, read_table
from xaudit.store.parts import CURVES, MAP_FACTS, MAPS, PART_PROBLEMS, RELIANCE, RELIANCE_MAP, SCORES
from xaudit.store.schema_page import TABLES

same_folder = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

CASE = Case("c1", None, "data", "c1.png", "ab", "nodule", "test", 10, 20, (0.7, 0.8))


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        ("cases", cases),
        ("annotations", annotations),
        ("predictions", predictions),
        ("summaries", summaries),
        ("categories", categorised),
        ("problems", problems),
    ],
)
def test_records_come_back_as_they_were(run, kind, rows):
    write, read = getattr(tables, f"write_{kind}"), getattr(tables, f"read_{kind}")

    @same_folder
    @given(st.lists(rows, max_size=4))
    def both_ways(written):
        write(run, written)
        assert read(run) == tuple(written)

    both_ways()


def test_pictures_come_back_byte_by_byte_and_a_run_without_any_has_none(run):
    assert tables.read_previews(run) == ()
    written = (Preview("a", 2, 3, bytes(range(256))), Preview("b", 1, 1, b""))
    tables.write_previews(run, written)
    assert tables.read_previews(run) == written


def test_mean_reliance_maps_come_back_as_they_were_and_a_run_without_any_has_none(run):
    assert tables.read_mean_reliance(run) == ()
    rows = tuple(map(tuple, np.array([[0.1, 0.2, 0.3], [0, 0.5, 1 / 3]], dtype=np.float32).tolist()))
    about = {
        "frame_hw": (20, 30),
        "n_cases": 3,
        "n_patients": 2,
        "cluster": "patient",
        "probability": 0.7,
        "typical": "a",
    }
    written = (
        MeanReliance("net", "cancer", "cancer", "hide", "for", rows=rows, left_edge="R", **about),
        MeanReliance("net", "normal", "cancer", "transplant", "against", rows=rows, **about),
    )
    tables.write_mean_reliance(run, written)
    assert tables.read_mean_reliance(run) == written


@pytest.mark.parametrize(("kind", "rows"), [("verdicts", verdicts), ("evaluations", evaluations)])
def test_records_kept_as_json_come_back_as_they_were(run, kind, rows):
    write, read = getattr(json_records, f"write_{kind}"), getattr(json_records, f"read_{kind}")

    @same_folder
    @given(st.lists(rows, max_size=3))
    def both_ways(written):
        write(run, written)
        assert read(run) == tuple(written)

    both_ways()


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        (SCORES, scores),
        (CURVES, curves),
        (RELIANCE, reliances),
        (MAP_FACTS, map_facts),
        (PART_PROBLEMS, problems),
    ],
)
def test_records_kept_in_parts_come_back_as_they_were(run, table, rows):
    path = run.path / "x.parquet"

    @same_folder
    @given(st.lists(rows, max_size=4))
    def both_ways(written):
        path.write_bytes(encode_table(table, written, run))
        assert read_table(path, table, "x") == written

    both_ways()


def test_effects_of_windows_come_back_to_the_bit(run):
    drops = np.array([[0.1, np.nan, -0.2], [0.3, 0.0, 1.0]], np.float32)
    places = ("border", "lungs", "lungs", "body", "empty", "outside")
    before = WindowEffects(
        "c1", None, "net", "cancer", "normal", "cancer", "hide", "blur", 0.125, 0.5, (64, 96),
        0.1, -2.2, drops, 2 * drops, 0 * np.nan_to_num(drops), places,
    )  # fmt: skip
    path = run.path / "x.parquet"
    path.write_bytes(encode_table(RELIANCE_MAP, [before], run))
    [after] = read_table(path, RELIANCE_MAP, "x")
    for name in ("probability_drop", "log_odds_drop", "mark_share"):
        assert getattr(after, name).dtype == np.float32
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
    same = ("case_id", "patient_id", "scale", "stride", "frame_hw", "probability", "log_odds", "place")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    assert after.cluster == "c1"


@same_folder
@given(written=st.lists(maps, max_size=4))
def test_a_map_comes_back_to_the_bit(run, written):
    path = run.path / "x.parquet"
    path.write_bytes(encode_table(MAPS, written, run))
    read = read_table(path, MAPS, "x")
    assert len(read) == len(written)
    for before, after in zip(written, read, strict=True):
        assert after.values.dtype == np.float32
        assert after.values.shape == before.values.shape
        assert after.values.tobytes() == before.values.tobytes()
        assert [getattr(after, name) for name in MAP_REST] == [getattr(before, name) for name in MAP_REST]


MAP_REST = ("case_id", "model_id", "explainer_id", "explainer_hash", "target", "seed", "n_evals", "seconds")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_may_be_without_rows(run, table):
    path = run.path / "x.parquet"
    path.write_bytes(encode_table(table, [], run))
    assert read_table(path, table, "x") == []
    assert pq.read_table(path).schema.remove_metadata().equals(table.schema.remove_metadata())


def test_a_score_has_a_value_and_an_unscored_one_a_reason(run):
    path = run.path / "x.parquet"
    path.write_bytes(encode_table(SCORES, [score(value=0.5), unscored()], run))
    plain = pq.read_table(path, columns=["case_id", "value", "status", "reason"]).to_pylist()
    assert plain == [
        {"case_id": "case-1", "value": 0.5, "status": "scored", "reason": None},
        {"case_id": "case-2", "value": None, "status": "unscored", "reason": "the map is constant"},
    ]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_score_that_is_no_number_is_a_mistake_of_the_program(run, value):
    with pytest.raises(ValueError, match=rf"^iou of case-1 is {value}: that is Unscored, not a Score$"):
        encode_table(SCORES, [Score(score().key, value)], run)


def test_numbers_of_numpy_are_stored_as_numbers(run):
    path = run.path / "x.parquet"
    path.write_bytes(encode_table(SCORES, [Score(score().key, np.float32(0.5), np.int64(2))], run))
    assert read_table(path, SCORES, "x") == [Score(score().key, 0.5, 2)]


def test_a_row_without_a_value_that_it_must_have_is_a_mistake_of_the_program(run):
    nameless = Case(None, "p", "data", "c.png", "ab", "nodule", "test", 1, 1)
    with pytest.raises(ValueError, match=r"^cases: a row has no case_id$"):
        tables.write_cases(run, [nameless])
    assert not (run.path / "cases.parquet").exists()


def test_pandas_reads_the_tables_directly(run):
    pandas = pytest.importorskip("pandas")
    tables.write_cases(run, [CASE])
    frame = pandas.read_parquet(run.path / "cases.parquet")
    assert frame.loc[0, ["case_id", "height", "spacing_col_mm"]].tolist() == ["c1", 10, 0.8]


def test_maps_are_single_precision_on_disk_and_compressed_with_zstd(run):
    path = run.path / "x.parquet"
    path.write_bytes(encode_table(MAPS, [saliency_map()], run))
    assert pq.read_schema(path).field("values").type == pa.list_(pa.float32())
    group = pq.ParquetFile(path).metadata.row_group(0)
    assert {group.column(index).compression for index in range(group.num_columns)} == {"ZSTD"}


def halved(run, path):
    """A table of maps as version 1.1 wrote it: float16 fractions of the largest magnitude, here 3."""
    path.write_bytes(encode_table(MAPS, [saliency_map()], run))
    whole = pq.read_table(path)
    footer = json.loads(whole.schema.metadata[b"xaudit"])
    for name, kind, column in (
        ("scale", pa.float32(), [3.0]),
        ("values", pa.list_(pa.float16()), [np.array([0, -1, 0.25, 1638 / 2**14], np.float16)]),
    ):
        place = whole.schema.get_field_index(name)
        whole = whole.set_column(place, pa.field(name, kind, nullable=False), pa.array(column, kind))
    text = json.dumps({**footer, "schema_version": "1.1"})
    pq.write_table(whole.replace_schema_metadata({"xaudit": text}), path)
    return path


def test_maps_of_version_1_1_are_read_as_fractions_of_their_scale(run):
    # 1638 / 2^14 = 0.0999755859375, the nearest half to 0.1; times 3 it is 0.2999267578125.
    [read] = read_table(halved(run, run.path / "x.parquet"), MAPS, "x")
    assert read.values.dtype == np.float32
    assert read.values.tolist() == [[0.0, -3.0], [0.75, 3 * 1638 / 2**14]]


def test_maps_of_version_1_1_are_never_taken_over_into_a_run_whose_maps_are_exact(run):
    with pytest.raises(DamagedTableError, match=r"^its maps are rounded to float16"):
        adopt_table(halved(run, run.path / "x.parquet"), MAPS, run, "x")


def test_the_footer_says_whose_table_it_is(run):
    tables.write_cases(run, [CASE])
    footer = json.loads(pq.read_metadata(run.path / "cases.parquet").metadata[b"xaudit"])
    assert footer == {
        "table": "cases",
        "schema_version": "1.6",
        "run_id": run.run_id,
        "config_hash": HASH,
    }


def with_footer(path, key, value):
    table = pq.read_table(path)
    footer = {**json.loads(table.schema.metadata[b"xaudit"]), key: value}
    pq.write_table(table.replace_schema_metadata({b"xaudit": json.dumps(footer)}), path)


def test_a_table_of_a_newer_major_version_is_refused(run):
    tables.write_cases(run, [CASE])
    with_footer(run.path / "cases.parquet", "schema_version", "2.0")
    with pytest.raises(RunFolderError) as caught:
        tables.read_cases(run)
    assert str(caught.value) == (
        f"{run.run_id}/cases.parquet: written by a newer xaudit (schema 2.0; this one reads up to 1.x)"
    )


def test_a_table_of_a_newer_minor_version_is_read_without_what_was_added(run):
    tables.write_cases(run, [CASE])
    path = run.path / "cases.parquet"
    table = pq.read_table(path)
    pq.write_table(table.append_column("scanner", pa.array(["x"])), path)
    with_footer(path, "schema_version", "1.9")
    assert tables.read_cases(run) == (CASE,)


def test_a_column_that_an_older_minor_version_lacks_is_empty(run):
    tables.write_cases(run, [CASE])
    path = run.path / "cases.parquet"
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["spacing_row_mm", "spacing_col_mm"]), path)
    assert tables.read_cases(run)[0].spacing_mm is None


def foreign(path):
    pq.write_table(pa.table({"case_id": ["c1"]}), path)


def wrong_table(path):
    with_footer(path, "table", "scores")


def without_case_id(path):
    pq.write_table(pq.read_table(path).drop_columns(["case_id"]), path)


def case_id_as_number(path):
    table = pq.read_table(path)
    pq.write_table(table.set_column(0, "case_id", pa.array([1])), path)


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (foreign, "its footer has no key 'xaudit'"),
        (wrong_table, "it holds the table 'scores', not 'cases'"),
        (without_case_id, "the column 'case_id' is missing"),
        (case_id_as_number, "the column 'case_id' holds int64, not string"),
        (cut_short, "Parquet magic bytes not found in footer"),
    ],
)
def test_a_damaged_table_is_named_with_what_is_wrong(run, spoil, reason):
    tables.write_cases(run, [CASE])
    spoil(run.path / "cases.parquet")
    with pytest.raises(RunFolderError) as caught:
        tables.read_cases(run)
    assert str(caught.value).startswith(f"{run.run_id}/cases.parquet: damaged: {reason}")
    assert caught.value.hint == "audit again with --fresh to replace it"


@pytest.mark.parametrize("read", [tables.read_cases, json_records.read_verdicts])
def test_a_table_that_was_never_written_says_what_to_do(run, read):
    with pytest.raises(RunFolderError) as caught:
        read(run)
    assert str(caught.value).endswith(": missing; the run stopped before writing it")
    assert caught.value.hint == "repeat the command that made the run: it resumes where it stopped"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "expected an object"),
        ('{"verdicts": []}', "it names no schema version"),
        ('{"schema_version": "1.3"}', "'verdicts'"),
        ('{"schema_version": "1.3", "verdicts": [{"code": "XA101"}]}', "'status'"),
    ],
)
def test_damaged_json_is_named_with_what_is_wrong(run, text, reason):
    run.save_text("gates.json", text)
    with pytest.raises(RunFolderError) as caught:
        json_records.read_verdicts(run)
    assert str(caught.value).startswith(f"{run.run_id}/gates.json: damaged: {reason}")


def test_boxes_stand_in_their_own_columns(run):
    from xaudit.records import Annotation

    tables.write_annotations(run, [Annotation("c1", "reader-2", Box(1, 2, 3.5, 4), "nodule")])
    row = pq.read_table(run.path / "annotations.parquet").to_pylist()[0]
    assert [row[name] for name in ("reader", "shape", "x0", "y0", "x1", "y1", "points")] == [
        "reader-2",
        "box",
        1.0,
        2.0,
        3.5,
        4.0,
        None,
    ]
