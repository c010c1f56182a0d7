"""Masks of the regions that an audit file names, and the sentences about where they overlap."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from xaudit.cases.anatomy.drawn_lungs import drawn_marks, is_drawn
from xaudit.cases.anatomy.formats import check_one_format
from xaudit.cases.anatomy.lung_masks import NumberedLungs
from xaudit.cases.anatomy.lung_sides import Pixels
from xaudit.cases.masks.by_case import mask_files
from xaudit.cases.names.image_index import ImageIndex
from xaudit.config import OwnRegion, RegionSection
from xaudit.counts import counted
from xaudit.errors import DataError, did_you_mean, nearest
from xaudit.geometry import mask_region, rasterise, union
from xaudit.records import Annotation, BoolArray, Case, Region


@dataclass(frozen=True)
class NumberedRegion:
    """Masks of a region as files: the pixels with one number, or all that are not 0.

    Attributes:
        masks: the files, read as numbers.
    """

    masks: NumberedLungs
    number: int | None = None

    @property
    def n_given(self) -> int:
        """Number of cases with a mask."""
        return self.masks.n_given

    @property
    def n_extra(self) -> int:
        """Files of the folder that belong to no image of the data."""
        return self.masks.n_extra

    def mask(self, case: Case, pixels: Pixels) -> BoolArray | None:  # noqa: ARG002
        """Return the region's pixels; None for a case without a file."""
        numbers = self.masks.numbers(case)
        if numbers is None:
            return None
        return np.asarray(numbers != 0 if self.number is None else numbers == self.number)

    def digest(self, case: Case) -> object:
        """Return the mask's run lengths, so that a file saved anew with the same pixels is the same."""
        mask = self.mask(case, lambda: np.zeros(0))
        return None if mask is None else mask_region(mask).counts

    def numbers_used(self) -> tuple[int, ...]:
        """Return all numbers in the masks but 0."""
        used: set[int] = set()
        for case in self.masks.cases:
            numbers = self.masks.numbers(case)
            used |= set() if numbers is None else {int(value) for value in np.unique(numbers)}
        return tuple(sorted(used - {0}))


@dataclass(frozen=True)
class DrawnRegion:
    """Outlines and run lengths of one category, segment or structure."""

    regions: Mapping[str, tuple[Region, ...]]

    @property
    def n_given(self) -> int:
        """Number of images on which it is drawn."""
        return len(self.regions)

    @property
    def n_extra(self) -> int:
        """Always 0: drawings of other images are refused."""
        return 0

    def mask(self, case: Case, pixels: Pixels) -> BoolArray | None:  # noqa: ARG002
        """Return the union of what is drawn on the case; None if nothing is."""
        frame = (case.height, case.width)
        drawn = self.regions.get(case.case_id)
        return None if drawn is None else union((rasterise(region, frame) for region in drawn), frame)

    def digest(self, case: Case) -> object:
        """Return the regions as text."""
        return [repr(region) for region in self.regions.get(case.case_id, ())]


RegionMasks = NumberedRegion | DrawnRegion


def own_region_masks(
    section: RegionSection, cases: Sequence[Case], images: ImageIndex, *, where: str
) -> dict[str, RegionMasks]:
    """Find the masks of every region that the audit file names, in its order; every file is read once.

    Raises:
        DataError: if masks cannot be found or read, or do not fit; the message names the region's place.
    """
    found: dict[str, RegionMasks] = {}
    for name, region in section.own.items():
        place = f"{where}.own.{name}"
        try:
            found[name] = _masks_of(name, region, section, cases, images, place)
        except DataError as error:
            message = str(error)
            if message.startswith(place):
                raise
            raise DataError(f"{place}: {message}", hint=error.hint) from None
    return found


def _masks_of(
    name: str,
    region: OwnRegion,
    section: RegionSection,
    cases: Sequence[Case],
    images: ImageIndex,
    place: str,
) -> RegionMasks:
    if is_drawn(region.path):
        return _drawn(name, region, images, place)
    check_one_format(region.path, place)
    number = region.category
    if isinstance(number, str):
        raise DataError(
            f"{place}.category: the masks of {region.path.name} have numbers, and '{number:.60}' is a name",
            hint="give the number of the region, as in `category: 3`, or no category where every pixel that is not 0 counts",
        )
    files, n_extra = mask_files(region.path, section, cases, images, place)
    masks = NumberedRegion(NumberedLungs(files, section.nifti, cases=tuple(cases), n_extra=n_extra), number)
    if number is not None and number not in (used := masks.numbers_used()):
        raise DataError(
            f"{place}.category: no mask of {region.path.name} holds the number {number}",
            hint=f"the masks hold {', '.join(map(str, used[:12])) or 'none but 0'}",
        )
    return masks


def _drawn(name: str, region: OwnRegion, images: ImageIndex, place: str) -> DrawnRegion:
    """Return the drawings of the category that the audit file names; by default of the one with the region's name."""
    marks = [mark for mark in drawn_marks(region.path, images) if mark.region is not None]
    labels = sorted({mark.label for mark in marks if mark.label is not None})
    listed = ", ".join(map(repr, labels)) or "nothing with a name"
    if region.category is not None:
        wanted = {label for label in labels if label == str(region.category)}
        if not wanted:
            hint = did_you_mean(str(region.category), labels, otherwise=f"it draws {listed}")
            raise DataError(
                f"{place}.category: {region.path.name} draws nothing called '{region.category!s:.60}'",
                hint=hint,
            )
    else:
        wanted = {label for label in labels if _plain(label) == name}
        if not wanted:
            likely = nearest(name, labels) or (labels[0] if labels else name)
            raise DataError(
                f"{place}: {region.path.name} draws {listed}, and nothing called '{name}'",
                hint=f"name the category: {name}: {{path: {region.path.name}, category: {likely}}}",
            )
    return DrawnRegion(_by_case(marks, wanted))


def _plain(label: str) -> str:
    return "-".join(label.lower().replace("_", " ").replace("-", " ").split())


def _by_case(marks: Sequence[Annotation], wanted: set[str]) -> Mapping[str, tuple[Region, ...]]:
    drawn: dict[str, list[Region]] = defaultdict(list)
    for mark in marks:
        if mark.label in wanted and mark.region is not None:
            drawn[mark.case_id].append(mark.region)
    return {case_id: tuple(regions) for case_id, regions in drawn.items()}


def why_unknown(name: str, masks: RegionMasks) -> str:
    """Return the reason why a case has no mask of a region, in words for the report."""
    words = name.replace("-", " ")
    if isinstance(masks, DrawnRegion):
        return f"no {words} is drawn on this case"
    return f"no {words} mask for this case"


def notes_of_own_regions(
    own: Mapping[str, RegionMasks],
    section: RegionSection,
    cases: Sequence[Case],
    mark_of: Callable[[Case], BoolArray],
) -> list[str]:
    """Return the sentences about masks that overlap, and about masks with several numbers that count as one region.

    Args:
        mark_of: returns the pixels of a case that any reader marked, (H, W).
    """
    notes = []
    for name, masks in own.items():
        if (
            isinstance(masks, NumberedRegion)
            and masks.number is None
            and len(used := masks.numbers_used()) > 1
        ):
            numbers = ", ".join(map(str, used[:6])) + (", …" if len(used) > 6 else "")
            notes.append(
                f"the masks of the region '{name}' hold the numbers {numbers}, and all of them count; "
                f"data.regions.own.{name}.category takes one"
            )
    overlaps: Counter[tuple[str, str]] = Counter()
    for case in cases if own else ():
        known = [(name, masks.mask(case, lambda: np.zeros(0))) for name, masks in own.items()]
        there = [(name, mask) for name, mask in known if mask is not None]
        mark = mark_of(case)
        for name, mask in there:
            overlaps["mark", name] += not section.own[name].evidence and bool((mask & mark).any())
        for (first, upper), (second, lower) in combinations(there, 2):
            overlaps[first, second] += bool((upper & lower).any())
    for (first, second), number in overlaps.items():
        if number and first == "mark":
            notes.append(
                f"the marks overlap the region '{second}' on {counted(number, 'image')}; shared pixels count as the mark"
            )
        elif number:
            notes.append(
                f"the regions '{first}' and '{second}' overlap on {counted(number, 'image')}; shared pixels count as "
                f"'{first}', which the audit file names first"
            )
    return notes
