"""Every reader against files that were damaged in the ways of their formats: read or refused by name, and nothing else."""

import shutil
import time
import warnings

import pytest
from entry_points import ENTRY_POINTS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xaudit.cases.images.header import UnreadableImageError
from xaudit.errors import XauditError

EACH = pytest.mark.parametrize("entry", ENTRY_POINTS, ids=[one.name for one in ENTRY_POINTS])
SECONDS = 2.0


@EACH
def test_the_undamaged_files_are_read(entry, tmp_path):
    for file in entry.lay(tmp_path):
        if entry.name == "mask" and file.name == "4.png":
            continue  # a JPEG that is turned when it is shown
        entry.read(tmp_path, file)


@EACH
def test_damaged_files_are_read_or_refused(entry, tmp_path):
    damage_and_read(entry, tmp_path, n_examples=12)


@pytest.mark.slow
@EACH
def test_many_damaged_files_are_read_or_refused(entry, tmp_path):
    damage_and_read(entry, tmp_path, n_examples=400)


def damage_and_read(entry, folder, *, n_examples):
    good, held = folder / "good", folder / "held"
    good.mkdir()
    files = [path.relative_to(good) for path in entry.lay(good)]

    @settings(
        max_examples=n_examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def one(data):
        def pick(n):
            return data.draw(st.integers(0, n - 1))

        shutil.rmtree(held, ignore_errors=True)
        shutil.copytree(good, held)
        file = held / files[pick(len(files))]
        change = entry.changes[pick(len(entry.changes))]
        file.write_bytes(change(file.read_bytes(), pick))
        started, refusal = time.process_time(), None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                entry.read(held, file)
        except XauditError as error:
            refusal = error
        if refusal is not None:
            # What is wrong with an image names no path and no remedy: whoever asked for it adds both.
            assert refusal.hint or isinstance(refusal, UnreadableImageError), refusal
            assert len(f"{refusal} {refusal.hint}") < 3000
        assert time.process_time() - started < SECONDS
        assert {path.name for path in folder.iterdir()} == {"good", "held"}, (
            "nothing is written beside the files"
        )

    one()
