import errno
import os

import pytest

from xaudit import __version__
from xaudit.cli import boundary
from xaudit.errors import DataError, IncompleteRunError, NothingScoredError, XauditError


@pytest.fixture
def ending(monkeypatch, answer):
    """What the process says and returns when a command ends with an exception."""

    def ending(error, *args):
        def raising(_):
            raise error

        monkeypatch.setattr(boundary, "_invoke", raising)
        return answer(*args)

    return ending


@pytest.mark.parametrize(
    ("kind", "code"), [(XauditError, 2), (DataError, 2), (IncompleteRunError, 4), (NothingScoredError, 5)]
)
def test_what_a_user_can_mend_takes_two_lines_and_its_own_exit_code(ending, kind, code):
    assert ending(kind("labels.csv: row 3:\n no image", hint="add  it")) == (
        code,
        "",
        "error: labels.csv: row 3: no image\nhint:  add it\n",
    )


def test_an_error_without_a_hint_takes_one_line(ending):
    assert ending(XauditError("no")) == (2, "", "error: no\n")


def test_an_interrupted_run_says_how_to_go_on(ending):
    code, out, err = ending(KeyboardInterrupt(), "run", "a.yaml")
    assert (code, out) == (130, "")
    assert err == "\ninterrupted: what is finished is kept, and the same command continues where it stopped\n"


def test_another_interrupted_command_has_nothing_to_go_on_with(ending):
    assert ending(KeyboardInterrupt(), "list", "metrics") == (130, "", "\ninterrupted\n")


def test_a_mistake_in_the_program_exits_with_3_and_shows_no_locals(ending):
    def inner(patient):
        raise ZeroDivisionError("by zero")

    try:
        inner("Jane Doe")
    except ZeroDivisionError as error:
        code, out, err = ending(error, "run")
    assert (code, out) == (3, "")
    lines = err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-2] == "error: internal error: ZeroDivisionError: by zero"
    assert lines[-1].startswith("hint:  this is a mistake in xaudit; please report it")
    assert "patient = " not in err


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.ENOSPC, "free some space, or choose another place with -o"),
        (errno.EACCES, "check the permissions, or choose another place with -o"),
        (errno.EROFS, "choose another place with -o"),
    ],
)
def test_a_place_that_cannot_be_written_is_no_mistake_of_the_program(ending, number, hint):
    reason = os.strerror(number)
    code, _, err = ending(OSError(number, reason, "runs/x"))
    assert code == 2
    assert err == f"error: runs/x: {reason[0].lower()}{reason[1:]}\nhint:  {hint}\n"


def test_a_machine_without_memory_left_is_no_mistake_of_the_program(ending):
    code, out, err = ending(MemoryError("Unable to allocate 9.3 GiB"), "run")
    assert (code, out) == (2, "")
    assert err == (
        "error: the memory of this machine is used up\n"
        "hint:  end other programs, or give smaller images, or a smaller `run.batch_size` or `run.shard_size`\n"
    )


def test_memory_that_torch_could_not_have_is_said_in_two_lines(ending):
    import torch

    for error in (
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
    ):
        code, err = ending(error)[0], ending(error)[-1]
        assert code == 2
        assert err.splitlines()[0] == "error: the memory of this machine is used up"
        assert len(err.splitlines()) == 2


def test_any_other_fault_of_the_machine_is_an_internal_error(ending):
    assert ending(OSError(errno.EIO, "I/O error", "x"))[0] == 3


def test_a_broken_pipe_that_is_not_the_screen_is_not_taken_for_success(ending):
    assert ending(BrokenPipeError(errno.EPIPE, "Broken pipe"))[0] == 3


def test_an_unknown_command_names_the_nearest(refusal):
    assert refusal("ruun") == (
        "xaudit: no command is called 'ruun'",
        "did you mean 'run'? `xaudit --help` lists all 18",
    )


def test_an_unknown_command_of_a_group_names_the_nearest(refusal):
    assert refusal("config", "validat", "x") == (
        "xaudit config: no command is called 'validat'",
        "did you mean 'validate'? `xaudit config --help` lists all 4",
    )


def test_an_unknown_option_names_the_nearest(refusal):
    assert refusal("run", "--explaner", "lime") == (
        "xaudit run: no option is called '--explaner'",
        "did you mean '--explainer'? `xaudit run --help` shows how to write it",
    )


def test_an_unknown_choice_names_the_nearest(refusal):
    error, hint = refusal("list", "explainer")
    assert error.startswith("xaudit list: invalid value for 'WHAT': 'explainer' is not one of 'explainers', ")
    assert hint == "did you mean 'explainers'? `xaudit list --help` shows how to write it"


def test_a_value_of_the_wrong_kind_is_named(refusal):
    error, hint = refusal("run", "--seed", "many")
    assert error == "xaudit run: invalid value for '--seed': 'many' is not a whole number"
    assert hint == "`xaudit run --help` shows how to write it"


def test_a_missing_argument_is_named(refusal):
    error, _ = refusal("list")
    assert error.startswith("xaudit list: missing argument 'WHAT'")


def test_an_option_without_its_value_is_named(refusal):
    assert refusal("run", "--seed")[0] == "xaudit run: option '--seed' requires an argument"


def test_one_argument_too_many_is_named(refusal):
    assert refusal("run", "a.yaml", "b.yaml")[0] == "xaudit run: got unexpected extra argument(s) (b.yaml)"


def test_without_a_command_the_help_is_shown(answer):
    code, out, err = answer()
    assert (code, err) == (0, "")
    assert out.startswith("Usage: xaudit [OPTIONS] COMMAND [ARGS]...")


def test_the_version_is_a_result(answer):
    assert answer("--version") == (0, f"xaudit {__version__}\n", "")
