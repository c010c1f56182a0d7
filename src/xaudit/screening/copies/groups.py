"""Groups of images that a split must keep together: the connected components of pairs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence


def components(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Return the first member, by name, of each image's connected component; images without a pair are absent.

    Example:
        >>> dict(components([("b", "c"), ("c", "a"), ("x", "y")]))
        {'a': 'a', 'b': 'a', 'c': 'a', 'x': 'x', 'y': 'x'}
    """
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for a, b in pairs:
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    return {name: root(name) for name in sorted(parent)}


def group_names(first_members: Mapping[str, str], order: Sequence[str]) -> Mapping[str, str]:
    """Return a group's name, ``group-0001`` and on, for each image of a component.

    Args:
        first_members: the result of :func:`components`.
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
