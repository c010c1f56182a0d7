"""Bootstrap draws of clusters, made once and shared by every statistic over as many clusters."""

from collections.abc import Iterator

import numpy as np

from xaudit.records import FloatArray

_CHUNK = 2**21
"""Counts per chunk: 16 MiB as float64."""

_KEPT = 2**26
"""Counts kept in memory, a byte each; beyond that they are drawn again for every use."""


class Resamples:
    """The number of draws of each cluster in each bootstrap replicate.

    Every pass yields the same draws, so that statistics over the same clusters are compared replicate by
    replicate. Memory is bounded whatever the number of clusters.
    """

    def __init__(self, n_clusters: int, *, replicates: int, seed: int) -> None:
        self.n_clusters = n_clusters
        self.replicates = replicates
        self._seed = seed
        self._rows = max(1, min(replicates, _CHUNK // n_clusters))
        self._kept: list[np.ndarray] | None = None
        if n_clusters * replicates <= _KEPT:
            self._kept = list(self._draw())

    def chunks(self) -> Iterator[FloatArray]:
        """Yield counts as (rows, n_clusters) float64; the rows of all chunks add up to ``replicates``.

        Each row sums to ``n_clusters``.
        """
        for counts in self._draw() if self._kept is None else self._kept:
            yield counts.astype(np.float64)

    def _draw(self) -> Iterator[np.ndarray]:
        for start in range(0, self.replicates, self._rows):
            rows = min(self._rows, self.replicates - start)
            generator = np.random.default_rng([self._seed, start])
            drawn = generator.integers(self.n_clusters, size=(rows, self.n_clusters))
            drawn += np.arange(rows)[:, None] * self.n_clusters
            counts = np.bincount(drawn.ravel(), minlength=rows * self.n_clusters)
            # A count above 255 would need one cluster drawn that often: its odds are below 1 / 255!.
            yield counts.reshape(rows, self.n_clusters).astype(np.uint8)
