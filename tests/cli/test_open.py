"""``xaudit open``: it names the page, hands it to the browser, and says so where there is none."""

import webbrowser

import pytest


@pytest.fixture
def page(tmp_path):
    page = tmp_path / "runs" / "one" / "report.html"
    page.parent.mkdir(parents=True)
    page.write_text("<!doctype html>")
    return page


def test_the_page_of_a_run_is_opened_and_named(answer, page, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda address: bool(opened.append(address) or True))
    assert answer("open", "runs/one") == (0, "runs/one/report.html\n", "opened in the browser\n")
    assert opened == [page.resolve().as_uri()]


def test_without_a_browser_the_page_is_still_named(answer, page, monkeypatch):
    monkeypatch.setattr(webbrowser, "open", lambda _address: False)
    code, out, err = answer("open", "runs/one")
    assert (code, out) == (2, "runs/one/report.html\n")
    assert err.splitlines()[0] == "error: no browser could be started here"


def test_a_run_that_is_not_there_is_refused(refusal):
    assert refusal("open", "nosuch")[0] == "nosuch: no such run folder"
