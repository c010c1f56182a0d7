"""Read formats of other packages, and check that they mark regions of images that there are."""

from pathlib import Path

from xaudit.cases.marks.mark import checked_box, checked_polygon, checked_runs
from xaudit.cases.marks.mark_list import MarkList
from xaudit.catalog.plugins import Brought, blamed
from xaudit.errors import PluginError
from xaudit.records import Annotation, Box, MaskRegion, Polygon, Region


class PluggedMarks(MarkList):
    """A list of marks that refuses what no image can hold, as xaudit's own formats do.

    A region outside its image, without area or not finite is the file's fault, and told with the place at which its
    case was asked for; an unknown case or something that is no region is the plug-in's.

    Attributes:
        place: at which a case was asked for last; the file's name before that.
        by: whose format it is, for the beginning of an error.
    """

    def __init__(self, marks: MarkList, place: str, *, by: str) -> None:
        super().__init__(marks.images, marks.faults, ignore_extra=marks.ignore_extra)
        self.extra = marks.extra
        self.passed_over = marks.passed_over
        self._absent = marks._absent
        self.only_reader = marks.only_reader
        self.notes = marks.notes
        self.place = place
        self.by = by
        self._kept = marks

    def case(self, place: str, *names: str) -> str | None:
        """As :meth:`MarkList.case`."""
        self.place = place
        return super().case(place, *names)

    def case_and_reader(self, place: str, path: str) -> tuple[str | None, str]:
        """As :meth:`MarkList.case_and_reader`."""
        self.place = place
        return super().case_and_reader(place, path)

    def add(self, case_id: str, reader: str, region: Region, label: str | None = None) -> None:
        """As :meth:`MarkList.add`; raises DataError or PluginError for what cannot be a mark."""
        self._check_who("add", case_id, reader)
        if label is not None and not isinstance(label, str):
            raise self._fault("add", f"the label {label!r:.40}, expected a text or None")
        self._kept.add(case_id, reader, self._checked(case_id, region), label)

    def nothing(self, place: str, case_id: str, reader: str) -> None:
        """As :meth:`MarkList.nothing`; raises PluginError for what cannot be a vote."""
        self._check_who("nothing", case_id, reader)
        self._kept.nothing(place, case_id, reader)

    def all(self) -> tuple[Annotation, ...]:
        """As :meth:`MarkList.all`."""
        return self._kept.all()

    def _check_who(self, method: str, case_id: str, reader: str) -> None:
        if not isinstance(case_id, str) or case_id not in self.images.frames:
            raise self._fault(
                method, f"the case {case_id!r:.40}, expected one that `marks.case` gave, which is not None"
            )
        if not isinstance(reader, str) or not reader.strip():
            raise self._fault(method, f"the reader {reader!r:.40}, expected a name")

    def _checked(self, case_id: str, region: Region) -> Region:
        frame = self.images.frames[case_id]
        try:
            match region:
                case Box(x0, y0, x1, y1):
                    return checked_box(self.place, (float(x0), float(y0), float(x1), float(y1)), frame)
                case Polygon(points):
                    pairs = tuple((float(x), float(y)) for x, y in points)
                    return checked_polygon(self.place, pairs, frame)
                case MaskRegion(height, width, counts):
                    runs = MaskRegion(int(height), int(width), tuple(int(count) for count in counts))
                    return checked_runs(self.place, runs, frame)
        except (TypeError, ValueError):
            raise self._fault("add", f"{region!r:.60}, expected numbers in it") from None
        raise self._fault("add", f"a {type(region).__name__}, expected a Box, a Polygon or a MaskRegion")

    def _fault(self, method: str, given: str) -> PluginError:
        return PluginError(
            f"{self.by}: `marks.{method}` was given {given}", hint="tell its authors; docs/how-to/plug-ins.md"
        )


def collect_plugged(found: Brought, path: Path, marks: MarkList) -> None:
    """Read a file or folder by another package's format into a list of marks.

    Raises:
        DataError: for what a user can mend in the file.
        PluginError: where the format fails, or marks what cannot be a mark.
    """
    with blamed(found.offer, f"reading {path.name}"):
        found.plugin.collect(path, PluggedMarks(marks, path.name, by=found.offer.spelled))
