"""Exit codes and nearest names, and seeds that depend on what the work is called and on nothing else."""

import subprocess
import sys
import traceback

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xaudit import errors
from xaudit.errors import ExitCode, XauditError, did_you_mean, nearest
from xaudit.seeds import generator_for, seed_for

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, XauditError)]


def test_exit_codes_keep_their_meaning():
    assert {code.name: int(code) for code in ExitCode} == {
        "OK": 0,
        "GATE_FAILED": 1,
        "USAGE": 2,
        "INTERNAL": 3,
        "INCOMPLETE": 4,
        "NOTHING_SCORED": 5,
        "INTERRUPTED": 130,
    }


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_that_a_user_can_mend_carries_a_hint_and_an_exit_code(kind):
    error = kind("what", hint="what next")
    assert (str(error), error.hint) == ("what", "what next")
    assert kind("what").hint == ""
    expected = {"IncompleteRunError": 4, "NothingScoredError": 5}.get(kind.__name__, 2)
    assert int(error.exit_code) == expected


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("gradcamm", ["lime", "gradcam"], "gradcam"),
        ("GradCAM", ["lime", "gradcam"], "gradcam"),
        ("lime", ["lime", "lime-50"], "lime"),
        ("zzz", ["lime", "gradcam"], None),
        ("lime", [], None),
        ("", ["lime"], None),
    ],
)
def test_the_nearest_name_is_one_that_a_person_could_have_meant(name, known, expected):
    assert nearest(name, known) == expected


def test_a_hint_names_the_nearest_and_then_where_all_are():
    assert did_you_mean("limes", ["lime"], otherwise="see the list") == "did you mean 'lime'? see the list"
    assert did_you_mean("zzz", ["lime"], otherwise="see the list") == "see the list"


def test_seeds_stay_what_they_are_from_version_to_version():
    # the first 4 bytes of SHA-256 of the seed and the names, joined by the unit separator
    assert seed_for(0) == 0x5FECEB66
    assert seed_for(0, "case-1", "lime") == 0x3588BBBB


def test_a_seed_depends_on_where_one_name_ends_and_the_next_begins():
    found = {seed_for(0, "ab", "c"), seed_for(0, "a", "bc"), seed_for(0, "abc"), seed_for(0, "a", "b", "c")}
    assert len(found) == 4


@given(st.integers(0, 2**31), st.lists(st.text(max_size=8), max_size=4))
def test_a_seed_fits_every_generator_and_never_changes(seed, names):
    value = seed_for(seed, *names)
    assert 0 <= value < 2**32
    assert value == seed_for(seed, *names)
    np.random.RandomState(value)


def test_a_generator_starts_anew_each_time_and_differs_by_name():
    first = generator_for(3, "a").uniform(size=4)
    assert np.array_equal(first, generator_for(3, "a").uniform(size=4))
    assert not np.array_equal(first, generator_for(3, "b").uniform(size=4))
    assert not np.array_equal(first, generator_for(4, "a").uniform(size=4))


def test_seeds_of_many_cases_do_not_lean_to_one_side():
    values = np.array([seed_for(0, f"case-{number}") for number in range(4000)]) / 2**32
    # the mean of 4000 uniform draws has a standard deviation of .2887 / sqrt(4000) = .0046; five of them
    assert abs(values.mean() - 0.5) < 0.023
    assert len(set(values)) == 4000


def test_errors_seeds_catalog_and_config_come_without_torch_and_pandas():
    code = (
        "import sys, xaudit.errors, xaudit.seeds, xaudit.records, xaudit.catalog, xaudit.config\n"
        "print(sorted({'torch', 'pandas', 'pyarrow', 'torchvision', 'skimage'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_traceback_shows_the_hint():
    error = XauditError("labels.csv: row 3: no image", hint="add the file")
    assert traceback.format_exception_only(error)[1:] == ["hint: add the file\n"]
    assert len(traceback.format_exception_only(XauditError("no hint"))) == 1
