"""Names of the groups of images that a split must keep together."""

from collections import defaultdict
from collections.abc import Mapping, Sequence


def group_names(first_members: Mapping[str, str], order: Sequence[str]) -> Mapping[str, str]:
    """Return a group's name, ``group-0001`` and on, for each image of a component.

    Args:
        first_members: the result of :func:`xaudit.cases.groups.components`.
        order: all images; groups are numbered by their first member in it.
    """
    members: dict[str, list[str]] = defaultdict(list)
    for name in order:
        if name in first_members:
            members[first_members[name]].append(name)
    return {
        name: f"group-{number:04d}"
        for number, group in enumerate(members.values(), start=1)
        for name in group
    }
