"""The exit code says what happened to the audit, whatever happens to the standard streams."""

import os
import subprocess
import sys

import pytest

from given_maps_study import audited, write_study

STREAMS = {
    "stdout closed": ">&-",
    "stderr closed": "2>&-",
    "both closed": ">&- 2>&-",
    "all closed": "<&- >&- 2>&-",
    "stdout full": ">/dev/full",
    "stderr full": "2>/dev/full",
    "both full": ">/dev/full 2>/dev/full",
    "stdout closed, stderr full": ">&- 2>/dev/full",
    "stdout full, stderr closed": ">/dev/full 2>&-",
    "cut off": "| head -1",
    "cut off at once": "2>&1 | true",
}

COMMANDS = {
    "--version": 0,
    "--help": 0,
    "run --help": 0,
    "lst": 2,
    "list metrics": 0,
    "list metrics --format json": 0,
    "list explainers --format csv": 0,
    "list runs -o runs": 0,
    "doctor": 0,
    "config init new.yaml --force": 0,
    "config validate audit.yaml": 0,
    "config validate nosuch.yaml": 2,
    "config schema": 0,
    "config export RUN": 0,
    "data check audit.yaml": 0,
    "data convert audit.yaml --to coco -o NEW/marks.json": 0,
    "data agreement audit.yaml": 0,
    "data audit audit.yaml -o NEW": 0,
    "calibrate audit.yaml -o NEW": 2,
    "run nosuch.yaml": 2,
    "run audit.yaml -o runs": 0,
    "run audit.yaml -o NEW -q --fail-under iou@external-given=1.0": 1,
    "predict audit.yaml -o NEW": 0,
    "run audit.yaml -o NEW --workers 2": 0,
    "merge RUN --audit audit.yaml -o NEW": 2,
    "report RUN": 0,
    "report RUN --full": 0,
    "report RUN --format json": 0,
    "report RUN --format markdown": 0,
    "report RUN --html --to NEW/page.html": 0,
    "report RUN --model-card": 0,
    "report RUN --sign-off NEW/sign-off.zip": 0,
    "verify nosuch.zip": 2,
    "open nosuch": 2,
    "show RUN im0.png": 0,
    "compare RUN": 2,
    "diff RUN RUN": 0,
    "gate RUN": 0,
    "gate RUN --fail-under iou@external-given=1.0": 1,
    "gate RUN --github": 0,
}

EVERYWHERE = ("--version", "run nosuch.yaml")
"""Tried with every kind of stream also where only the fast tests run."""

SEVERAL = ("all closed", "both full", "cut off at once")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Sixteen images, eight of them marked, maps that hit the marks, and the finished run of their audit."""
    place = tmp_path_factory.mktemp("streams")
    gates = 'gates: ["iou@external-given >= 0.2"]\n'
    write_study(place, [(f"im{k}", f"p{k}") for k in range(16)], wider, gates)
    audited(place)
    return place


def wider(k, mark):
    """A map of 8, 9 or 10 columns over a mark of 8."""
    saliency = mark.copy()
    saliency[4 + k : 12 + k, 14 : 14 + k % 3] = True
    return saliency


def ending(command, redirection, folder, new):
    """The exit code of a command with its streams redirected, and what it could still say on stderr."""
    [run] = (folder / "runs").iterdir()
    words = command.replace("RUN", f"runs/{run.name}").replace("NEW", str(new))
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "XAUDIT_"))
    } | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        ["bash", "-c", f'"$PYTHON" -m xaudit {words} {redirection}; exit ${{PIPESTATUS[0]}}'],
        cwd=folder,
        capture_output=True,
        text=True,
        env=environment | {"PYTHON": sys.executable},
        timeout=120,
    )
    assert "Traceback" not in done.stderr + done.stdout
    assert "Exception ignored" not in done.stderr + done.stdout
    return done.returncode, done.stderr


@pytest.mark.parametrize("streams", STREAMS)
@pytest.mark.parametrize("command", EVERYWHERE)
def test_the_exit_code_holds_whatever_the_streams_do(command, streams, folder, tmp_path):
    assert ending(command, STREAMS[streams], folder, tmp_path)[0] == COMMANDS[command]


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_the_exit_code_of_every_command_holds(command, folder, tmp_path):
    codes = {
        streams: ending(command, STREAMS[streams], folder, tmp_path / str(k))[0]
        for k, streams in enumerate(SEVERAL)
    }
    assert codes == dict.fromkeys(SEVERAL, COMMANDS[command])


def test_every_command_is_among_those_that_are_tried():
    import typer

    from xaudit.cli.application import application

    root = typer.main.get_command(application)
    names = {
        " ".join((name, *below))
        for name, command in root.commands.items()
        for below in ([(inner,) for inner in getattr(command, "commands", {})] or [()])
    }
    same_code = {
        "train",
        "explain",
        "score",
        "data phantom",
        "data regions",
    }  # as `predict` and `data convert`
    tried = {name for name in names if any(line == name or line.startswith(f"{name} ") for line in COMMANDS)}
    assert names - tried == same_code


def test_a_result_that_cannot_be_written_is_named_on_stderr(folder, tmp_path):
    code, said = ending("report RUN --format json", ">/dev/full", folder, tmp_path)
    assert (code, said) == (
        0,
        "note:  standard output cannot be written: no space left on device. The result is not complete\n",
    )


def test_no_message_gets_into_a_file_that_is_written_while_stdout_is_closed(folder, tmp_path):
    page = tmp_path / "page.html"
    code, said = ending(f"report RUN --html --to {page}", "<&- >&-", folder, tmp_path)
    assert (code, said) == (0, "note:  standard output is closed: the result is not shown\n")
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert str(page) not in text
