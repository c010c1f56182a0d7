"""Groups of maps that lie at the same place: a table, and a line for each lead."""

from collections.abc import Sequence

from xaudit.records import MapCluster, MapClusters, Outcome, StandingOut
from xaudit.records.map_cluster import ANSWER, CLASS
from xaudit.report.grid import Block, Column, Paragraph, Row, Section, grid, heading, row
from xaudit.report.wording import count, interval, p_value, percent, region_words
from xaudit.statistics.digits import shown

TITLE = "Groups of maps"

NO_GROUPS = "This run looked for no groups of maps."

_BRIEF_LEADS = 1
_ATTRIBUTES = 3
_SAID = {
    "confirmed": "confirmed by reliance",
    "not confirmed": "not confirmed",
    "cannot be told": "cannot be told",
}


def clusters_section(outcome: Outcome, *, brief: bool = False) -> Section | None:
    """List the groups of each model's maps; None if none were looked for.

    Args:
        brief: the largest lead of each model, one that reliance confirms first; None without any.
    """
    if brief:
        blocks = [block for model in outcome.model_ids for block in _leads(outcome, model)]
        return Section(TITLE, tuple(blocks)) if blocks else None
    if not outcome.map_clusters:
        return None
    rows: list[Row] = []
    for model in outcome.model_ids:
        own = [one for one in outcome.map_clusters if one.model_id == model and one.groups]
        rows += [heading(model)] * bool(own)
        rows += [_group_row(one, group) for one in own for group in one.groups]
    blocks = []
    if rows:
        columns = [
            Column("group", wraps=True),
            Column("maps", numeric=True),
            Column(_units(outcome), numeric=True),
            Column("where", wraps=True),
            Column("stands out", wraps=True),
            Column("fall when hidden", wraps=True),
        ]
        blocks += [grid(columns, rows), Paragraph(_legend(outcome), "dim")]
    for model in outcome.model_ids:
        blocks += _rest([one for one in outcome.map_clusters if one.model_id == model])
    compared = {one.source for one in outcome.map_clusters}
    others = [
        name for name in outcome.explainer_ids if name not in compared and name not in outcome.control_ids
    ]
    if others:
        blocks.append(Paragraph("this run kept no maps to compare.", lead=f"{', '.join(others)}:"))
    return Section(TITLE, tuple(blocks))


def place_words(group: MapCluster) -> str:
    """Say where a group lies: where its mean map is largest, and the region of most of its maps."""
    region = "" if group.place in ("", "outside") else region_words(group.place)
    return f"{group.position} ({region})" if region and region != group.position else group.position


def attribute_words(one: StandingOut) -> str:
    """Name a level that stands out, with its share in the group and in the other maps.

    Example:
        >>> attribute_words(StandingOut("scanner", "B", 1.0, 0.25, 12, 0.001))
        'scanner = B (100 %, others 25 %)'
    """
    name = f"{one.level} answers" if one.attribute == ANSWER else f"{one.attribute} = {one.level}"
    return f"{name} ({percent(one.share)}, others {percent(one.share_of_rest)})"


def _leads(outcome: Outcome, model: str) -> list[Block]:
    leads = [
        (one, group)
        for one in outcome.map_clusters
        if one.model_id == model
        for group in one.groups
        if group.is_lead
    ]
    leads.sort(key=lambda lead: (lead[1].confirmation != "confirmed", -lead[1].n_maps))
    blocks: list[Block] = [Paragraph(_sentence(*lead), lead="-") for lead in leads[:_BRIEF_LEADS]]
    if len(leads) > _BRIEF_LEADS:
        blocks.append(
            Paragraph(f"{model}: {count(len(leads) - _BRIEF_LEADS, 'more lead')} in the whole report.", "dim")
        )
    return blocks


def _sentence(one: MapClusters, group: MapCluster) -> str:
    text = f"{one.model_id}: {group.n_maps} of {count(one.n_compared, 'map')} of {one.source} lie at the {place_words(group)}"
    named = [attribute_words(known) for known in group.attributes[:1]]
    text += f"; stands out: {named[0]}" if named else ""
    if group.effect is None:
        return f"{text}. {_reliance_words(group)}."
    return f"{text}. Hiding that place lowers P({one.target}) by {interval(group.effect)}: {_reliance_words(group)}."


def _group_row(one: MapClusters, group: MapCluster) -> Row:
    named = [attribute_words(known) for known in group.attributes[:_ATTRIBUTES]]
    if len(group.attributes) > _ATTRIBUTES:
        named.append(f"{len(group.attributes) - _ATTRIBUTES} more")
    return row(
        f"{one.source} {group.number}{', a lead' if group.is_lead else ''}",
        str(group.n_maps),
        str(group.n_patients),
        place_words(group),
        "; ".join(named) or "-",
        _reliance_words(group)
        if group.effect is None
        else f"{interval(group.effect)}: {_reliance_words(group)}",
    )


def _reliance_words(group: MapCluster) -> str:
    said = _SAID[group.confirmation]
    return f"{said}: {group.reason}" if group.reason else said


def _rest(several: Sequence[MapClusters]) -> list[Block]:
    """Say what was not divided and why, and how many maps are in no group."""
    blocks: list[Block] = []
    for one in several:
        about = f"{one.model_id}, {one.source}:"
        nowhere = f"{count(one.n_nowhere, 'map')} {'points' if one.n_nowhere == 1 else 'point'} nowhere"
        if one.reason:
            text = f"{one.reason}"
        elif not one.groups:
            text = f"no groups. Nothing divides {count(one.n_compared, 'map')} beyond chance"
        else:
            inside = sum(group.n_maps for group in one.groups)
            text = f"{one.n_compared - inside} of {count(one.n_compared, 'map')} in no group"
        if one.n_compared < one.n_maps and not one.reason:
            text += f", drawn from {one.n_maps}"
        text += f"; {nowhere}" if one.n_nowhere else ""
        blocks.append(Paragraph(f"{text}.", lead=about))
    return blocks


def _units(outcome: Outcome) -> str:
    return "patients" if all(one.cluster == "patient" for one in outcome.map_clusters) else "images"


def _legend(outcome: Outcome) -> str:
    groups = [group for one in outcome.map_clusters for group in one.groups]
    largest = max(group.p for group in groups)
    margin = max(one.margin for one in outcome.map_clusters)
    return (
        f"group: maps that lie at the same place and apart from the others (p {p_value(largest)} at most, against maps around one "
        f"place only). stands out: more frequent among the group's "
        f"{_units(outcome)} than among the others, family-wise p at most 0.05. fall when hidden: of the probability, when the "
        f"window that holds most of each map is hidden, beyond the median window; mean over {_units(outcome)}. Confirmed: the "
        f"lower end is above {shown(margin)}; not confirmed: the upper end is below it. A group of reliance maps is made of such falls, so its "
        "fall shows its size and is no second proof. a lead: the group lies on no organ and no mark, or something other than the true "
        f"{CLASS} stands out. A lead is a place to look at, no verdict."
    )
