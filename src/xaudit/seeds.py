"""Random generators, one per named piece of work, so that sharding and order never change a result."""

import hashlib

import numpy as np


def seed_for(seed: int, *names: str) -> int:
    """Return a 32-bit seed that depends only on the run's seed and on the names of the work.

    Example:
        >>> seed_for(0, "case-1", "lime") == seed_for(0, "case-1", "lime")
        True
        >>> seed_for(0, "case-1", "lime") == seed_for(0, "case-2", "lime")
        False
    """
    text = "\x1f".join([str(seed), *names])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def generator_for(seed: int, *names: str) -> np.random.Generator:
    """Return a fresh generator seeded by :func:`seed_for`."""
    return np.random.default_rng(seed_for(seed, *names))
