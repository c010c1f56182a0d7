"""Progress in a terminal, in a notebook, and nowhere else."""

import sys
from types import SimpleNamespace

import pytest

from xaudit.api.progress import NotebookBars, ProgressBars, Silence, progress_bars
from xaudit.records import Progress


class Handle:
    def __init__(self):
        self.pages = []

    def update(self, page):
        self.pages.append(page)


@pytest.fixture
def notebook(monkeypatch):
    """The output cell of a notebook: every page that it was given."""
    handle = Handle()
    display = SimpleNamespace(HTML=str, display=lambda page, display_id: handle)
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(display=display, get_ipython=lambda: shell))
    return handle.pages


def test_a_notebook_shows_one_bar_per_stage_and_redraws_five_times_a_second(notebook):
    clock = iter([0.0, 0.0, 0.1, 0.3, 0.3, 0.35, 0.4])
    with NotebookBars(clock=lambda: next(clock)) as report:
        report(Progress("predict", 0, 2))  # drawn at 0
        report(Progress("predict", 1, 2))  # at .1 s nothing is drawn
        report(Progress("predict", 2, 2))  # drawn at .3
        report(Progress("explain", 1, 9, "<lime>"))  # at .35 nothing is drawn, and at the end everything is
    first, second, last = notebook
    assert 'value="0" max="2"' in first
    assert 'value="2" max="2"' in second
    assert "explain" not in second
    assert "explain: 1 of 9 &lt;lime&gt;" in last


def test_bars_suit_where_they_are_shown(notebook, monkeypatch):
    assert isinstance(progress_bars(), NotebookBars)
    assert isinstance(progress_bars(wanted=False), Silence)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))  # a plain process
    monkeypatch.setattr(sys, "stderr", SimpleNamespace(isatty=lambda: True))
    assert isinstance(progress_bars(), ProgressBars)
    monkeypatch.setattr(sys, "stderr", SimpleNamespace(isatty=lambda: False))
    assert isinstance(progress_bars(), Silence)
    monkeypatch.setattr(sys, "stderr", None)  # as under pythonw
    assert isinstance(progress_bars(), Silence)
