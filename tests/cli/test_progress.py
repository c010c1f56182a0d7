import io

import pytest
from rich.console import Console

from xaudit.cli.progress import ProgressBars, ProgressLines, Silence, progress_report
from xaudit.records import Progress


@pytest.fixture
def lines(capsys):
    """What is written for news that arrives at given seconds."""

    def lines(*news, every_s=60.0):
        clock = iter([seconds for seconds, _ in news])
        with ProgressLines(every_s, clock=lambda: next(clock)) as report:
            for _, progress in news:
                report(progress)
        return capsys.readouterr().err.splitlines()

    return lines


def test_a_stage_is_named_when_it_starts(lines):
    assert lines((0, Progress("load", 0, 12)), (1, Progress("predict", 0, 12, "honest"))) == [
        "load: 0 of 12",
        "predict: 0 of 12 (honest)",
    ]


def test_within_a_stage_there_is_at_most_one_line_a_minute(lines):
    news = [(second, Progress("explain", second, 300)) for second in range(0, 181, 10)]
    assert lines(*news) == [
        "explain: 0 of 300",
        "explain: 60 of 300, about 4 min 0 s left",  # 60 in 60 s: the other 240 take 240 s
        "explain: 120 of 300, about 3 min 0 s left",
        "explain: 180 of 300, about 2 min 0 s left",
    ]


def test_what_was_there_before_does_not_make_the_forecast_rosy(lines):
    news = [(0, Progress("explain", 90, 100)), (60, Progress("explain", 95, 100))]
    assert lines(*news)[1] == "explain: 95 of 100, about 1 min 0 s left"  # 5 in 60 s, 5 to go


def test_a_stage_without_a_total_counts_nothing(lines):
    assert lines((0, Progress("summarise", 0, 0, "10,000 replicates"))) == ["summarise (10,000 replicates)"]


def test_quiet_says_nothing(capsys):
    with progress_report(quiet=True, verbose=True) as report:
        report(Progress("load", 0, 12))
    assert isinstance(report, Silence)
    assert capsys.readouterr() == ("", "")


def test_without_a_terminal_there_are_lines(capsys):
    report = progress_report(quiet=False, verbose=False)
    assert isinstance(report, ProgressLines)
    assert report.every_s == 60


def test_bars_show_every_stage(monkeypatch):
    screen = Console(file=io.StringIO(), force_terminal=True, width=100, color_system=None)
    monkeypatch.setattr("xaudit.report.terminal.console.messages_console", lambda: screen)
    with ProgressBars() as report:
        report(Progress("load", 0, 3))
        report(Progress("load", 3, 3))
        report(Progress("explain", 1, 4, "lime on honest"))
    shown = screen.file.getvalue()
    assert "3/3" in shown
    assert "1/4" in shown
    assert "lime on honest" in shown
