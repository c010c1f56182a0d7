"""The prior: the mean reliance map of the other patients, scored as if it were an explainer's map.

It says what anatomy alone gives, and costs no model evaluations. Sums are kept in whole numbers, so that neither the order of
the cases nor the cut of the shards changes a bit.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from xaudit.catalog import CAPTURED, PRIOR
from xaudit.chunks import Chunk, captured_score, windows_of
from xaudit.chunks.results import key_of
from xaudit.config import ExplainersSection
from xaudit.metrics.absent import Absent
from xaudit.metrics.reliance_map.case_map import case_reliance
from xaudit.records import FloatArray, IntArray, SaliencyMap, ScoreResult, Unscored, WindowEffects

UNIT = 2**40
"""A probability of 1 in whole numbers: sums over four million patients fit 64 bits, and no sum is ever rounded."""

NO_OTHERS = "no other patient has a reliance map to take the mean of"


@dataclass(frozen=True)
class ReliancePool:
    """The reliance maps of all explained cases of one model, as they are stored.

    Attributes:
        cluster_of: patient of each explained case that could be read, or the case itself if none are known.
        parts: the patients of each stored part.
        read: the effects of one part.
    """

    cluster_of: Mapping[str, str]
    parts: Sequence[frozenset[str]]
    read: Callable[[int], Sequence[WindowEffects]]

    def mean_without(self, cluster: str) -> FloatArray | Absent:
        """Return the mean reliance map of the other patients, each of them counted once, (H, W) float64."""
        others = len(self._n_cases) - (cluster in self._n_cases)
        own = self._sum(
            [index for index, clusters in enumerate(self.parts) if cluster in clusters], only=cluster
        )
        total = self._total
        if total is None or not others:
            return Absent(NO_OTHERS)
        rest = total if own is None else total - own
        return np.asarray(rest / (others * UNIT), dtype=np.float64)

    @cached_property
    def _n_cases(self) -> Counter[str]:
        return Counter(self.cluster_of.values())

    @cached_property
    def _total(self) -> IntArray | None:
        return self._sum(range(len(self.parts)))

    def _sum(self, parts: Iterable[int], *, only: str | None = None) -> IntArray | None:
        """Add up the reliance maps of some parts, of all patients or of one; a case lies in one part."""
        total: IntArray | None = None
        for index in parts:
            by_case: dict[str, list[WindowEffects]] = {}
            for one in self.read(index):
                cluster = self.cluster_of.get(one.case_id)
                if one.question == "hide" and cluster is not None and only in (None, cluster):
                    by_case.setdefault(one.case_id, []).append(one)
            for case_id, own in by_case.items():
                weight = UNIT / self._n_cases[self.cluster_of[case_id]]
                weighed = np.rint(case_reliance(own).values * weight).astype(np.int64)
                total = weighed if total is None else total + weighed
        return total


def score_prior(
    chunk: Chunk, effects: Sequence[WindowEffects], pool: ReliancePool, limits: ExplainersSection
) -> list[ScoreResult]:
    """Score the prior on every case of a chunk, by the case's own reliance map.

    Args:
        effects: those of the chunk's cases.
    """
    clusters = {subject.case.cluster for subject in chunk.subjects}
    means = {cluster: pool.mean_without(cluster) for cluster in clusters}
    results: list[ScoreResult] = []
    for subject in chunk.subjects:
        own = windows_of(subject, effects)
        if not own:
            continue
        mean = means[subject.case.cluster]
        nothing = np.zeros(chunk.classifier.model_hw, dtype=np.float32)
        about = SaliencyMap(
            subject.case.case_id,
            chunk.classifier.id,
            PRIOR,
            "",
            subject.prediction.target,
            nothing,
            0,
            0,
            0.0,
        )
        match mean:
            case Absent(reason):
                results.append(Unscored(key_of(subject, about, CAPTURED), reason))
            case _:
                results.append(captured_score(subject, about, mean, own, limits))
    return results
