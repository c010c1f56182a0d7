"""The log: one line per event, whole after a kill, without places."""

import json

import pytest
from store_records import NOON

from xaudit.store.event_log import append_event, read_events
from xaudit.store.redaction import Redaction


def test_events_are_lines_in_order(run):
    append_event(run, "started", now=NOON)
    append_event(run, "explained", {"model": "net", "n": 3}, now=NOON)
    assert run.log_path.read_text() == (
        '{"time": "2025-03-01T12:00:00Z", "event": "started"}\n'
        '{"time": "2025-03-01T12:00:00Z", "event": "explained", "model": "net", "n": 3}\n'
    )
    assert [event["event"] for event in read_events(run)] == ["started", "explained"]


def test_a_run_without_a_log_has_no_events(run):
    assert read_events(run) == ()


def test_a_line_cut_short_by_a_kill_spoils_no_other(run):
    append_event(run, "first", now=NOON)
    with run.log_path.open("ab") as log:
        log.write('{"time": "2025-03-01T12:00:00Z", "event": "é'.encode()[:-1])
    append_event(run, "second", now=NOON)
    assert [event["event"] for event in read_events(run)] == ["first", "second"]
    assert len(run.log_path.read_bytes().splitlines()) == 3


def test_no_path_gets_into_the_log(run, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "ada"))
    details = {
        "reason": f"{tmp_path}/ada/scans/a.png: truncated (see /etc/x.conf)",
        "files": [str(tmp_path / "b.png")],
        "in": {"file": tmp_path / "c.png"},
    }
    append_event(run, "unreadable", {"reason": details["reason"], "files": details["files"]}, now=NOON)
    (event,) = read_events(run)
    assert event["reason"] == "a.png: truncated (see x.conf)"
    assert event["files"] == ["b.png"]
    append_event(run, "path object", details["in"], now=NOON)
    assert str(tmp_path) not in run.log_path.read_text()
    assert read_events(run)[1]["file"] == "c.png"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("3/4 of the cases, and/or 1 / 2", "3/4 of the cases, and/or 1 / 2"),
        ("data/a.png and ../b.png and ./c.png stay", "data/a.png and ../b.png and ./c.png stay"),
        ("cannot open '/srv/a b/c.png'", "cannot open 'a b/c.png'"),
        ("https://example.org/x/y", "https:y"),
        ("gone: /srv/data/.", "gone: ."),
        ("\\\\server\\share\\a.png, D:/x/b.png", "a.png, b.png"),
        ("Ada asked ada's adage", "… asked …'s adage"),
        ("/home/ada", "…"),
        ("/home/ada/runs/x and /home/adam/y", "x and y"),
    ],
)
def test_texts_lose_places_and_names_and_nothing_else(text, redacted):
    assert Redaction(places=("/home/ada",), words=("ada",)).text(text) == redacted


def test_what_is_no_text_stays_as_it_is():
    redact = Redaction(places=(), words=("ada",))
    value = {"ada": [1, 0.5, None, True, ("ada", "b")]}
    assert redact.plain(value) == {"…": [1, 0.5, None, True, ["…", "b"]]}
    assert json.dumps(value)
