"""Other ways to look for a shortcut, on the same networks and patients: a probe, equalized odds, clusters of maps.

Each is given more than an audit has: somebody wrote down which slices show the plant, and it stands on half of the patients
of each class. Their limits are fixed here and were not chosen on these networks.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.stats import chi2_contingency, fisher_exact
from sklearn.cluster import SpectralClustering
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import kneighbors_graph
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from shortcuts.network import CANCER, answers, inputs
from shortcuts.population import Bytes, Flags
from xaudit.models.sources.small_resnet import SmallResNet
from xaudit.records import FloatArray

PROBE_AUROC = 0.7
"""AUROC of the attribute from the features from which on a probe is taken to accuse the network."""

ODDS_GAP = 0.1
"""Difference of sensitivity or specificity that accuses, if Fisher's exact test, for two classes, shows it at 5 %."""

CLUSTER_V = 0.5
"""Cramér's V of clusters and attribute from which on the clusters are taken to coincide with it, at p < .05."""

GATES = {"pointing-game": 0.5, "iou": 0.2}
"""Values that a gate asks of Grad-CAM, held against the lower end of the interval."""

CLUSTERS = range(2, 7)
FEW = 5


def gate_on_gradcam(scores: dict[str, list[float | None]]) -> dict[str, dict[str, Any]]:
    """Return value and verdict of a gate on each of Grad-CAM's scores; a score without an interval fails."""
    return {
        metric: {
            "value": scores[metric][0],
            "accuses": scores[metric][1] is None or scores[metric][1] < least,
        }
        for metric, least in GATES.items()
    }


def probe(network: SmallResNet, slices: Bytes, shown: Flags) -> dict[str, Any]:
    """Predict the attribute from the network's features, cross-validated by patient (each has one slice)."""
    features = _features(network, slices)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    predicted = cross_val_predict(model, features, shown, cv=folds, method="predict_proba")[:, 1]
    auroc = float(roc_auc_score(shown, predicted))
    return {"value": auroc, "accuses": auroc >= PROBE_AUROC}


def equalized_odds(network: SmallResNet, slices: Bytes, cancer: Flags, shown: Flags) -> dict[str, Any]:
    """Return the largest gap of sensitivity or specificity between slices with and without the attribute.

    ``accuses`` is None where no class has enough slices of both kinds to compare.
    """
    right = (answers(network, slices) > 0.5) == cancer
    gaps: list[tuple[float, float]] = []
    for members in (cancer, ~cancer):
        with_it, without = right[members & shown], right[members & ~shown]
        if min(len(with_it), len(without)) >= FEW:
            table = [[int(part.sum()), int((~part).sum())] for part in (with_it, without)]
            gaps.append((float(with_it.mean() - without.mean()), float(fisher_exact(table)[1])))
    if not gaps:
        return {"value": None, "accuses": None}
    accuses = any(abs(gap) > ODDS_GAP and p * len(gaps) < 0.05 for gap, p in gaps)
    return {"value": max((gap for gap, _ in gaps), key=abs), "accuses": accuses}


def spray(network: SmallResNet, slices: Bytes, shown: Flags) -> dict[str, Any]:
    """Cluster Grad-CAM's maps for cancer by their spectrum, and compare the clusters with the attribute.

    Source: Lapuschkin et al. 2019. The number of clusters is where the eigenvalues of the normalised Laplacian of the
    graph of nearest neighbours have their largest gap.
    """
    maps = gradcam(network, slices).reshape(len(slices), -1)
    largest = maps.max(1, keepdims=True)
    maps = maps / np.where(largest > 0, largest, 1)
    neighbours = kneighbors_graph(maps, max(2, round(np.sqrt(len(maps)))), include_self=False).toarray()
    affinity = np.maximum(neighbours, neighbours.T)
    clusters = _clusters(affinity, _n_clusters(affinity))
    table = np.array([[int((clusters[shown == value] == one).sum()) for one in np.unique(clusters)] for value in (True, False)])  # fmt: skip
    if table.shape[1] < 2:
        return {"value": 0.0, "accuses": False}
    result = chi2_contingency(table, correction=False)
    v = float(np.sqrt(result.statistic / table.sum()))
    return {"value": v, "accuses": v >= CLUSTER_V and float(result.pvalue) < 0.05}


def _n_clusters(affinity: FloatArray) -> int:
    degree = affinity.sum(1)
    scaled = affinity / np.sqrt(np.outer(degree, degree))
    values = np.sort(np.linalg.eigvalsh(np.eye(len(affinity)) - scaled))[: CLUSTERS.stop]
    gaps = np.diff(values)
    return max(CLUSTERS, key=lambda n: gaps[n - 1])


def _clusters(affinity: FloatArray, n: int) -> npt.NDArray[np.int_]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Graph is not fully connected")
        labels: npt.NDArray[np.int_] = SpectralClustering(
            n, affinity="precomputed", random_state=0, assign_labels="cluster_qr"
        ).fit_predict(affinity)
    return labels


def gradcam(network: SmallResNet, slices: Bytes) -> FloatArray:
    """Return (n, h, w) of Grad-CAM for cancer on the last block's own grid."""
    kept = _at(network.layer4, lambda: network(inputs(slices))[:, CANCER].sum().backward())
    features, gradients = kept["features"], kept["gradients"]
    maps = torch.relu((gradients.mean((2, 3), keepdim=True) * features).sum(1))
    return maps.detach().numpy()


def _at(layer: torch.nn.Module, work: Callable[[], None]) -> dict[str, torch.Tensor]:
    kept: dict[str, torch.Tensor] = {}

    def keep(_layer: torch.nn.Module, _inputs: object, output: torch.Tensor) -> None:
        kept["features"] = output
        output.register_hook(lambda gradient: kept.setdefault("gradients", gradient))

    handle = layer.register_forward_hook(keep)
    try:
        work()
    finally:
        handle.remove()
    return kept


def _features(network: SmallResNet, slices: Bytes) -> FloatArray:
    kept: list[torch.Tensor] = []
    handle = network.fc.register_forward_pre_hook(lambda _layer, args: kept.append(args[0]))
    try:
        with torch.inference_mode():
            network(inputs(slices))
    finally:
        handle.remove()
    return kept[0].numpy()
