"""Freed memory is kept by the process, unless its user said how memory is to be handled."""

import os
import subprocess
import sys

import pytest

WRITES_AND_FREES = """
import resource, sys
from xaudit.engine.allocator import keep_freed_memory
print(sys.argv[1] == "keep" and keep_freed_memory())
def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def use(): bytes(bytearray(64 << 20))
use()
before = faults()
for _ in range(4): use()
print(faults() - before)
"""


def _run(how: str, **environment: str) -> list[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    done = subprocess.run(
        [sys.executable, "-c", WRITES_AND_FREES, how],
        env=plain | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def _is_glibc() -> bool:
    return sys.platform.startswith("linux") and "CS_GNU_LIBC_VERSION" in getattr(os, "confstr_names", {})


@pytest.mark.skipif(not _is_glibc(), reason="another C library")
def test_large_blocks_are_used_again_without_asking_the_system() -> None:
    kept, few = _run("keep")
    as_before, many = _run("not")
    assert (kept, as_before) == ("True", "False")
    assert int(few) * 10 < int(many)


@pytest.mark.skipif(not _is_glibc(), reason="another C library")
def test_what_the_user_sets_in_the_environment_stays() -> None:
    assert _run("keep", MALLOC_MMAP_MAX_="65536")[0] == "False"
    assert _run("keep", GLIBC_TUNABLES="glibc.malloc.trim_threshold=131072")[0] == "False"
