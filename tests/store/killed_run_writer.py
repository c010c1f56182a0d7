"""The process that the kill test kills: does the missing shards of the run named on its command line."""

import sys
from pathlib import Path

from xaudit.records import Score, ScoreKey
from xaudit.store import RunFolder
from xaudit.store.parquet_file import encode_table
from xaudit.store.parts import SCORES, has_part, shard_key, write_part

N_SHARDS = 150


def keys():
    return [shard_key({"shard": index}) for index in range(N_SHARDS)]


def rows(index):
    """Six scores that no other shard has."""
    hashes = ("e" * 16, "m" * 16)
    return [
        Score(
            ScoreKey(
                *[f"case-{index}-{row}", None, "union", "net", "lime", hashes[0], "nodule", True],
                *["iou", hashes[1], "localization"],
            ),
            index + row / 8,
        )
        for row in range(6)
    ]


def work(run):
    """Does the shards that are missing, as a run does."""
    for index, key in enumerate(keys()):
        if not has_part(run, SCORES, key):
            write_part(run, SCORES, key, rows(index))


if __name__ == "__main__":
    opened = RunFolder.open_run(Path(sys.argv[1]))
    encode_table(SCORES, rows(0), opened)  # what pyarrow imports at first use would else outlive every kill
    work(opened)
