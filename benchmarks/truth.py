"""Trained shortcuts: how often does an audit catch a network that learned one, and accuse one that did not?

    python benchmarks/truth.py [--part 1/2]                       # all rows that are missing, then the tables
    python benchmarks/truth.py --kinds honest corner-marker --shares 100 --seeds 3
    python benchmarks/truth.py --row corner-marker-100-seed3      # one row anew
    python benchmarks/truth.py --table                            # the tables of the rows that are there
    python benchmarks/truth.py --forecast                         # what all rows will cost

A row is one network, trained from scratch on slices of which a share of the positives shows a plant. Its truth is how its
answers and its accuracy change when the generator takes the plant out and puts it in. It is audited with 60 annotated
patients, and other methods are tried on the same network and patients. Rows stand in `truth_rows.jsonl`; those that are
there are not made again. `--part 1/2` and `--part 2/2` side by side share the work between two cores.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from shortcuts.population import KINDS  # noqa: E402
from shortcuts.rows import (  # noqa: E402
    HONEST,
    SHARES,
    RowId,
    Settings,
    experiment,
    keep,
    planned,
    row_id,
    run_row,
    run_rows,
    stored,
)
from shortcuts.tables import forecast, tables  # noqa: E402


def part_of(rows: Sequence[RowId], part: str) -> list[RowId]:
    """Return the rows of one part, such as ``1/2``."""
    number, _, of = part.partition("/")
    if not (number.isdigit() and of.isdigit() and 1 <= int(number) <= int(of)):
        raise SystemExit(f"error: --part: expected such as 1/2, got {part}")
    return list(rows[int(number) - 1 :: int(of)])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=Path, default=HERE / "truth_rows.jsonl", help="file of the rows")
    parser.add_argument("--work", type=Path, default=Path("runs-truth"), help="folder for simulated patients")
    parser.add_argument("--row", help="make this row anew")
    parser.add_argument("--part", default="1/1", help="make every n-th of the rows")
    parser.add_argument("--kinds", nargs="+", choices=(HONEST, *KINDS), default=(HONEST, *KINDS))
    parser.add_argument("--shares", nargs="+", type=int, choices=SHARES, default=SHARES)
    parser.add_argument("--seeds", type=int, default=1000, help="make only the first seeds")
    parser.add_argument("--table", action="store_true", help="only print the tables")
    parser.add_argument("--forecast", action="store_true", help="only print the price of all rows")
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(1)
    settings = Settings()
    if chosen.forecast:
        print(forecast(stored(chosen.rows), settings.fingerprint()))
        return
    if chosen.row is not None:
        try:
            wanted = row_id(chosen.row)
        except ValueError as error:
            raise SystemExit(f"error: --row: {error}") from None
        row = run_row(wanted, experiment(settings, chosen.work))
        keep(chosen.rows, row)
        print(row)
        return
    if not chosen.table:
        rows = [
            row
            for row in planned()
            if row.kind in chosen.kinds and row.seed < chosen.seeds and row.share in (0, *chosen.shares)
        ]
        print(forecast(stored(chosen.rows), settings.fingerprint()), file=sys.stderr)
        work = experiment(settings, chosen.work)
        run_rows(
            part_of(rows, chosen.part),
            chosen.rows,
            settings.fingerprint(),
            lambda row: run_row(row, work),
            lambda line: print(line, file=sys.stderr, flush=True),
        )
    print(tables(stored(chosen.rows), settings.fingerprint()))


if __name__ == "__main__":
    main()
