"""A table of the catalog: xaudit's own rows, and after them those of plug-ins that this process has asked for."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar, overload


class _Row(Protocol):
    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=_Row)


class Table(Sequence[R], Generic[R]):
    """Rows in report order, each found by its id.

    Attributes:
        own: xaudit's own rows.
        by_id: every row by its id; a live view, so that it may be kept.
        places: the place of each row in the table, by id; a live view as well.
    """

    def __init__(self, *own: R) -> None:
        self.own = own
        self._rows: dict[str, R] = {row.id: row for row in own}
        self._places: dict[str, int] = {name: place for place, name in enumerate(self._rows)}
        self.by_id: Mapping[str, R] = MappingProxyType(self._rows)
        self.places: Mapping[str, int] = MappingProxyType(self._places)
        self._own_ids = frozenset(self._rows)

    def add(self, row: R) -> None:
        """Put a plug-in's row at the end, or in the place of the one with its id.

        Raises:
            ValueError: where the id is that of one of xaudit's own rows.
        """
        if row.id in self._own_ids:
            raise ValueError(f"'{row.id}' is one of xaudit's own")
        self._rows[row.id] = row
        self._places.setdefault(row.id, len(self._places))

    def owns(self, row_id: str) -> bool:
        """Return True if xaudit brings this row itself."""
        return row_id in self._own_ids

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[R]:
        return iter(tuple(self._rows.values()))

    @overload
    def __getitem__(self, index: int) -> R: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[R, ...]: ...

    def __getitem__(self, index: int | slice) -> R | tuple[R, ...]:
        """Return the row at a place, or those of a range of places."""
        return tuple(self._rows.values())[index]
