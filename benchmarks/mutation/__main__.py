"""Mutates the rooms that read data, score and judge, and reports the share of mutants that no test notices.

Each mutant runs in a process of its own, forked from a process that has imported what the program needs, with the tests that run
the changed line. Nothing is written into the repository: the changed text is compiled from memory, so a test that starts
the program as another process sees the unchanged one.

cosmic-ray is no dependency of the project; install it where you run this, from the repository's root:

    pip install cosmic-ray
    python benchmarks/mutation --mutants 440 --seed 0 --out mutants.jsonl
    python benchmarks/mutation --again mutants.jsonl             # only those that survived, after new tests
"""

import argparse
import gc
import importlib
import importlib.machinery
import json
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import pytest
from mutants import ROOMS, Mutant, sample
from reach import Reach, measure

# Plugins of pytest are imported ahead too, of which pytest would warn.
QUIET = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
# Without plain asserts pytest would read a file with examples itself, and not see the change.
OPTIONS = (
    "--assert=plain",
    "-x",
    "-q",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "-o",
    "timeout=0",
    *QUIET,
)
CPU_SECONDS, WALL_FACTOR = 60, 10
CONTROL_EVERY = 20
# Layers that import nothing of the rooms.
BELOW = [
    f"xaudit.{name}"
    for name in ("config", "catalog", "geometry", "native_grid", "outlines", "records", "seeds")
]
# Most mutants fail with one of the first tests of their line; of the others these many are spread over the rest.
FEW, FURTHER = 12, 40


def main() -> None:
    parser = argparse.ArgumentParser(description="Share of mutants that no test notices.")
    parser.add_argument("--mutants", type=int, default=440)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="a line of JSON for each mutant")
    parser.add_argument("--again", type=Path, help="takes only the survivors that such a file lists")
    chosen = parser.parse_args()
    sys.path = [place for place in sys.path if Path(place).name != "mutation"]
    mutants = survivors(chosen.again) if chosen.again else sample(chosen.mutants, chosen.seed)
    reach = in_a_process(measure, ROOMS, OPTIONS)
    import_ahead(reach)
    lines = []
    for mutant, outcome, seconds in outcomes(mutants, reach):
        lines.append({**asdict(mutant), "outcome": outcome, "seconds": round(seconds, 1)})
        print(f"{outcome:10} {mutant.path}:{mutant.line}: {mutant.before}  ->  {mutant.after}", flush=True)
        if chosen.out:
            chosen.out.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    print(table(lines))


def survivors(path: Path) -> list[Mutant]:
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [
        Mutant(**{name: line[name] for name in Mutant.__dataclass_fields__})
        for line in lines
        if line["outcome"] in ("survived", "unreached")
    ]


def in_a_process(function, *args):
    """Runs a function in a process of its own, so that nothing stays imported, and returns what it gives."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply(function, args)


def import_ahead(reach: Reach) -> None:
    """Imports what no mutant changes, and hides it from the garbage collector, which would touch and so copy all of it."""
    for name in [*reach.imported, *BELOW]:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    gc.collect()
    gc.freeze()


def outcomes(mutants: Sequence[Mutant], reach: Reach) -> Iterator[tuple[Mutant, str, float]]:
    for number, mutant in enumerate(mutants):
        tests = reach.of(mutant.path, mutant.line)
        begun = time.monotonic()
        control = Path(mutant.path).read_text("utf-8")
        if tests and not number % CONTROL_EVERY and tried(mutant.path, control, tests[:FEW]) != "survived":
            raise RuntimeError(f"without any change the tests of {mutant.path}:{mutant.line} fail")
        outcome, source = "unreached", mutant.source()
        rest = tests[FEW:]
        for part in (tests[:FEW], rest[:: max(1, len(rest) // FURTHER)]):
            if part and outcome in ("unreached", "survived"):
                outcome = tried(mutant.path, source, part)
        yield mutant, outcome, time.monotonic() - begun


def tried(path: str, source: str, tests: Sequence[str]) -> str:
    """The tests' answer to a file's text: ``killed``, ``survived`` or, which is killed too, ``endless``."""
    with tempfile.TemporaryDirectory() as folder:
        child = os.fork()
        if not child:
            code = 1
            try:
                code = run_tests(path, source, [*OPTIONS, f"--basetemp={folder}/tests", *tests])
            finally:
                os._exit(code)
        ends = time.monotonic() + CPU_SECONDS * WALL_FACTOR
        while time.monotonic() < ends:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                break
            time.sleep(0.02)
        else:
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "endless" if os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL) else "killed"
    return "killed" if os.WEXITSTATUS(status) else "survived"


def run_tests(path: str, source: str, arguments: Sequence[str]) -> int:
    """Runs pytest in this process, which reads a file of the program as ``source`` says."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    mutated, read = str(Path(path).absolute()), importlib.machinery.SourceFileLoader.get_code

    def get_code(self, fullname):
        if self.path == mutated:
            return compile(source, mutated, "exec", dont_inherit=True)
        return read(self, fullname)

    importlib.machinery.SourceFileLoader.get_code = get_code
    return int(pytest.main([*arguments]))


def table(lines: Sequence[dict]) -> str:
    rows = [f"{'room':12}{'mutants':>9}{'killed':>9}{'survived':>10}{'unreached':>11}{'surviving':>11}"]
    for room in [*ROOMS, "all"]:
        seen = Counter(line["outcome"] for line in lines if room in (line["room"], "all"))
        left = seen["survived"] + seen["unreached"]
        share = f"{left / seen.total():.1%}" if seen else "-"
        killed = seen["killed"] + seen["endless"]
        rows.append(
            f"{room:12}{seen.total():9}{killed:9}{seen['survived']:10}{seen['unreached']:11}{share:>11}"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    main()
