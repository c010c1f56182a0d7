"""Groups of maps as rows."""

from collections.abc import Mapping
from typing import Any

from xaudit.records import Interval, MapCluster, SourceCluster, StandingOut
from xaudit.store.rows import dependence_schemas
from xaudit.store.rows.table import Table

_SOURCE = ("source", "target")
_SAME = (
    "number",
    "n_maps",
    "n_patients",
    "silhouette",
    "p",
    "position",
    "place",
    "confirmation",
    "reason",
    "n_patients_asked",
)
_ATTRIBUTES = {
    "attributes": "attribute",
    "levels": "level",
    "shares": "share",
    "shares_of_rest": "share_of_rest",
    "n_patients_of_level": "n_patients",
    "p_of_level": "p",
}


def _row(cluster: SourceCluster) -> dict[str, object]:
    group, effect = cluster.group, cluster.group.effect
    return {
        "model": cluster.model_id,
        **{name: getattr(cluster, name) for name in _SOURCE},
        **{name: getattr(group, name) for name in _SAME},
        "examples": list(group.examples),
        "cases": list(group.cases),
        "effect": effect and effect.estimate,
        "low": effect and effect.low,
        "high": effect and effect.high,
        "method": effect and effect.method,
        "n_replicates_dropped": effect and effect.n_replicates_dropped,
        **{column: [getattr(one, name) for one in group.attributes] for column, name in _ATTRIBUTES.items()},
        "side": len(group.rows),
        "values": [value for row in group.rows for value in row],
    }


def _cluster(row: Mapping[str, Any]) -> SourceCluster:
    side, values = row["side"], [float(value) for value in row["values"]]
    if len(values) != side * side:
        raise ValueError(f"a map of {side} × {side} has {len(values)} values")
    columns = [row[column] for column in _ATTRIBUTES]
    effect = None
    if row["effect"] is not None:
        effect = Interval(row["effect"], row["low"], row["high"], row["method"], row["n_replicates_dropped"])
    group = MapCluster(
        rows=tuple(tuple(values[start : start + side]) for start in range(0, len(values), side)),
        attributes=tuple(StandingOut(*one) for one in zip(*columns, strict=True)),
        effect=effect,
        examples=tuple(row["examples"]),
        cases=tuple(row["cases"]),
        **{name: row[name] for name in _SAME},
    )
    return SourceCluster(row["model"], group=group, **{name: row[name] for name in _SOURCE})


MAP_CLUSTERS = Table[SourceCluster](
    "map_clusters",
    "a group of maps of one model and kind that lie at the same place",
    dependence_schemas.MAP_CLUSTERS,
    _row,
    _cluster,
)
