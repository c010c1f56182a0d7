"""Distance of an image to real images in a model's own features, as a percentile of their own distances.

An answer to an image that is unlike any real one may be the doing of what was filled in.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from scipy.spatial.distance import cdist

from xaudit.records import FloatArray

N_NEAREST: Final = 5
"""Real images of other patients whose mean distance counts."""

FEWEST_IMAGES: Final = 20
"""With fewer real images a percentile says little."""

ODD: Final = 99.0
"""Percentile of the real images' own distances beyond which an image is odd."""


@dataclass(frozen=True, eq=False)
class RealFeatures:
    """The features of real images, and how far each lies from those of other patients.

    Attributes:
        features: (n, d).
        clusters: patient of each, or its case if the data names no patients.
    """

    features: FloatArray
    clusters: tuple[str, ...]

    @cached_property
    def distances(self) -> FloatArray:
        """Each real image's mean distance to its nearest images of other patients, (n,)."""
        return np.array(
            [
                self._distance(own[None], cluster)[0]
                for own, cluster in zip(self.features, self.clusters, strict=True)
            ]
        )

    @property
    def are_enough(self) -> bool:
        """True if there are enough images for a percentile, and enough of other patients for each."""
        most = max((self.clusters.count(cluster) for cluster in set(self.clusters)), default=0)
        return len(self.clusters) >= FEWEST_IMAGES and len(self.clusters) - most >= N_NEAREST

    def percentile(self, features: FloatArray, cluster: str) -> float:
        """Return the share of real images that lie nearer to others than this image does, in percent.

        Args:
            features: (d,) of the image.
            cluster: its patient, whose own real images are left out.
        """
        return float(self.percentiles(features[None], cluster)[0])

    def percentiles(self, features: FloatArray, cluster: str) -> FloatArray:
        """Return that share for several images of one patient, (n,), from (n, d) features."""
        n_nearer = np.searchsorted(np.sort(self.distances), self._distance(features, cluster), side="left")
        percentiles: FloatArray = 100 * n_nearer / len(self.distances)
        return percentiles

    def _distance(self, features: FloatArray, cluster: str) -> FloatArray:
        others = np.array([name != cluster for name in self.clusters])
        apart = cdist(features, self.features[others])
        nearest: FloatArray = np.sort(apart, axis=1)[:, :N_NEAREST].mean(axis=1)
        return nearest
