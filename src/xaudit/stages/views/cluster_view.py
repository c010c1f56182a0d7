"""Groups of maps of a finished run, each with the example cases' images and maps."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from xaudit.geometry import Fit, fit_geometry, map_to_original
from xaudit.records import FloatArray, MapCluster, MapClusters, Preview
from xaudit.stages.outcome.clusters.placed_maps import RELIANCE
from xaudit.stages.outcome.stored_run import StoredRun
from xaudit.stages.views.case_reliance import reliance_of_cases
from xaudit.stages.views.gallery_view import shrunk, small_maps


@dataclass(frozen=True, slots=True, eq=False)
class ClusterExample:
    """An image of a group with its map.

    Attributes:
        values: (h, w) of the picture; 0 where the model does not look.
    """

    preview: Preview
    values: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class ClusterView:
    """A group of maps and the pictures of its examples; an example without a picture or a map is left out."""

    about: MapClusters
    group: MapCluster
    examples: tuple[ClusterExample, ...]

    @property
    def key(self) -> tuple[str, str, str, int]:
        """Model, kind of map, target and number of the group."""
        return self.about.model_id, self.about.source, self.about.target, self.group.number


def cluster_views(
    run: StoredRun, previews: Mapping[str, Preview], signed: Mapping[str, bool]
) -> tuple[ClusterView, ...]:
    """Return every group of maps with its pictures.

    Args:
        previews: pictures by case; empty to leave them out.
        signed: by explainer; negative values of others count by their magnitude.
    """
    groups = [(one, group) for one in run.outcome.map_clusters for group in one.groups]
    wanted: dict[str, set[str]] = defaultdict(set)
    for one, group in groups:
        wanted[one.model_id] |= set(group.examples) & set(previews)
    maps: dict[tuple[str, str, str], FloatArray] = {}
    if any(wanted.values()):
        stored = small_maps(run.folder, wanted, run.explainers)
        maps = {
            key: one.values if signed.get(key[2], True) else np.abs(one.values) for key, one in stored.items()
        }
        for case in reliance_of_cases(run.folder, wanted):
            maps[case.model_id, case.case_id, RELIANCE] = shrunk(case.values)
    fits: dict[str, Fit] = {model["id"]: model["fit"] for model in run.settings["models"]}
    return tuple(
        ClusterView(
            one,
            group,
            tuple(
                ClusterExample(previews[case], _on_picture(maps[key], previews[case], fits[one.model_id]))
                for case in group.examples
                for key in ((one.model_id, case, one.source),)
                if case in previews and key in maps
            ),
        )
        for one, group in groups
    )


def _on_picture(values: FloatArray, preview: Preview, fit: Fit) -> FloatArray:
    """Carry the positive part of a map from the model's frame onto a case's picture."""
    positive = np.maximum(values, 0).astype(np.float32)
    height, width = positive.shape
    geometry = fit_geometry((preview.height, preview.width), (height, width), fit)
    return map_to_original(positive, geometry)[0]
