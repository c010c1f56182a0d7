"""xaudit's own records, collected from the modules below :mod:`xaudit.builtin`.

A module there defines ``RECORD``, or ``RECORDS`` where one definition has several ids. It is found by being there: no
list names it. The modules lie above the catalog and import it; the catalog knows them by their place alone.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TypeVar

R = TypeVar("R")


def records_below(package: str, kind: type[R]) -> Iterator[R]:
    """Import every module below a package and yield the records that it defines.

    Raises:
        TypeError: for a record of another kind, with the module's name.
    """
    root = importlib.import_module(package)
    for found in pkgutil.walk_packages(root.__path__, f"{package}."):
        module = importlib.import_module(found.name)
        for record in getattr(module, "RECORDS", None) or [getattr(module, "RECORD", None)]:
            if isinstance(record, kind):
                yield record
            elif record is not None or not found.ispkg:
                raise TypeError(
                    f"{found.name}: RECORD is a {type(record).__name__}, expected {kind.__name__}"
                )


def by_id(
    records: Iterable[R], id_of: Callable[[R], str], place_of: Callable[[R], tuple[int, ...]]
) -> Mapping[str, R]:
    """Order records by place and id, and key them by id; raises ValueError where two have one id."""
    ordered = sorted(records, key=lambda record: (place_of(record), id_of(record)))
    table = {id_of(record): record for record in ordered}
    if len(table) < len(ordered):
        twice = next(id_of(one) for one in ordered if table[id_of(one)] is not one)
        raise ValueError(f"two built-in records have the id '{twice}'")
    return MappingProxyType(table)
