"""Sources of the masks of a data set's anatomy: files, a COCO file, or segmentation of the image.

Every source has a method :meth:`mask` that returns a mask, None if it has none for a case, or
:class:`~xaudit.cases.anatomy.refused.Refused` if one was made and is not trusted.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from skimage.morphology import convex_hull_image

from xaudit.cases.anatomy import ct as segmentation_ct
from xaudit.cases.anatomy import xray as segmentation_xray
from xaudit.cases.anatomy.formats import check_one_format
from xaudit.cases.anatomy.lung_masks import LungsBySide, NumberedLungs
from xaudit.cases.anatomy.lung_sides import LeftAndRight
from xaudit.cases.anatomy.lung_sources import lung_source
from xaudit.cases.anatomy.own_regions import RegionMasks, own_region_masks, why_unknown
from xaudit.cases.anatomy.refused import Refused
from xaudit.cases.marks.formats.coco import collect_coco
from xaudit.cases.marks.mark_list import MarkList
from xaudit.cases.masks.by_case import mask_files
from xaudit.cases.masks.nifti import MaskSlice, holds_nifti, is_nifti, read_slice
from xaudit.cases.masks.raster import read_mask
from xaudit.cases.names.image_index import ImageIndex
from xaudit.config import NiftiSection, RegionSection
from xaudit.errors import DataError
from xaudit.geometry import mask_region, rasterise, union
from xaudit.records import BoolArray, Case, FloatArray, Region, Surroundings

SEGMENTATION = 1
"""Version of the built-in segmentation, raised whenever it gives other masks for the same image."""

Pixels = Callable[[], FloatArray]
"""Reads the image of the case, for a mask that must be made from it."""


class MaskSource(Protocol):
    """The masks of one structure."""

    @property
    def n_given(self) -> int | None:
        """Number of images with a mask; None if masks are made from the image."""
        ...

    def mask(self, case: Case, pixels: Pixels) -> LeftAndRight | BoolArray | Refused | None:
        """Return the mask, (H, W) of the case's frame; the two lungs separately if names or numbers tell them apart."""
        ...

    def digest(self, case: Case) -> object:
        """Return JSON values that change whenever the mask may."""
        ...


@dataclass(frozen=True)
class MaskFiles:
    """A PNG per case.

    Attributes:
        n_extra: files of the folder that belong to no image of the data.
    """

    files: Mapping[str, Path]
    n_extra: int = 0

    @property
    def n_given(self) -> int:
        """Number of files."""
        return len(self.files)

    def mask(self, case: Case, pixels: Pixels) -> BoolArray | None:  # noqa: ARG002
        """Return the file's pixels that are not zero."""
        file = self.files.get(case.case_id)
        return None if file is None else read_mask(file, (case.height, case.width))

    def digest(self, case: Case) -> object:
        """Return the mask's run lengths, so that a file saved anew with the same pixels is the same."""
        file = self.files.get(case.case_id)
        return None if file is None else mask_region(read_mask(file, (case.height, case.width))).counts


@dataclass(frozen=True)
class NiftiMasks:
    """A NIfTI file per case, or one slice of a volume.

    Attributes:
        n_extra: files of the folder that belong to no image of the data.
    """

    slices: Mapping[str, MaskSlice]
    section: NiftiSection
    n_extra: int = 0

    @property
    def n_given(self) -> int:
        """Number of cases with a mask."""
        return len(self.slices)

    def mask(self, case: Case, pixels: Pixels) -> BoolArray | None:  # noqa: ARG002
        """Return the slice's pixels that are not zero."""
        mask_slice = self.slices.get(case.case_id)
        return None if mask_slice is None else read_slice(mask_slice, (case.height, case.width), self.section)

    def digest(self, case: Case) -> object:
        """Return the mask's run lengths."""
        mask_slice = self.slices.get(case.case_id)
        if mask_slice is None:
            return None
        return mask_region(read_slice(mask_slice, (case.height, case.width), self.section)).counts


@dataclass(frozen=True)
class DrawnMasks:
    """Outlines and run lengths of a COCO file."""

    regions: Mapping[str, tuple[Region, ...]]

    @property
    def n_given(self) -> int:
        """Number of images with a region."""
        return len(self.regions)

    def mask(self, case: Case, pixels: Pixels) -> BoolArray | None:  # noqa: ARG002
        """Return the union of the regions on the case."""
        frame = (case.height, case.width)
        drawn = self.regions.get(case.case_id)
        return None if drawn is None else union((rasterise(region, frame) for region in drawn), frame)

    def digest(self, case: Case) -> object:
        """Return the regions as text."""
        return [repr(region) for region in self.regions.get(case.case_id, ())]


@dataclass(frozen=True)
class SegmentedMasks:
    """Masks segmented from the image; see :mod:`xaudit.cases.anatomy.ct` and its sibling for X-rays."""

    structure: Literal["lungs", "body"]
    kind: Literal["ct", "xray"]

    @property
    def n_given(self) -> None:
        """Always None: the masks are computed."""
        return

    def mask(self, case: Case, pixels: Pixels) -> BoolArray | Refused:  # noqa: ARG002
        """Segment the image; return the reason if the result is not trusted."""
        match self.kind, self.structure:
            case "ct", "lungs":
                return segmentation_ct.segment_lungs(pixels())
            case "ct", "body":
                return segmentation_ct.segment_body(pixels())
            case "xray", "lungs":
                return segmentation_xray.segment_lungs(pixels())
            case _:
                return segmentation_xray.segment_body(pixels())

    def digest(self, case: Case) -> object:  # noqa: ARG002
        """Return the structure, the kind and the version of the segmentation; the image is part of every key already."""
        return [self.structure, self.kind, SEGMENTATION]


@dataclass(frozen=True)
class LungHull:
    """The thorax as the convex hull of both lungs."""

    lungs: MaskSource

    @property
    def n_given(self) -> None:
        """Always None: the masks are computed."""
        return

    def mask(self, case: Case, pixels: Pixels) -> BoolArray | Refused | None:
        """Return the hull, if there are lungs."""
        lungs = self.lungs.mask(case, pixels)
        if lungs is None or isinstance(lungs, Refused):
            return lungs
        if isinstance(lungs, LeftAndRight):
            lungs = lungs.whole
        return np.asarray(convex_hull_image(lungs)) if lungs.any() else lungs  # type: ignore[no-untyped-call]

    def digest(self, case: Case) -> object:
        """Return the digest of the lungs, marked as a hull."""
        return ["hull", self.lungs.digest(case)]


@dataclass(frozen=True)
class MaskSources:
    """The masks of all structures of a data set, and the tolerance around a mark.

    Attributes:
        tolerance_px: along a row; 0 if a tolerance in millimetres is set.
        own: the masks of each region that the audit file names, in its order.
    """

    lungs: MaskSource | None = None
    body: MaskSource | None = None
    thorax: MaskSource | None = None
    tolerance_px: float = 0.0
    tolerance_mm: float | None = None
    own: Mapping[str, RegionMasks] = field(default_factory=dict)

    @property
    def sources(self) -> Mapping[str, MaskSource]:
        """The source of each structure that has one."""
        named = {"lungs": self.lungs, "thorax": self.thorax, "body": self.body}
        return {name: source for name, source in named.items() if source is not None}

    def surroundings(self, case: Case, pixels: Pixels) -> Surroundings:
        """Return the known anatomy of a case; raise DataError for an unreadable file or a tolerance in mm without spacing."""
        masks: dict[str, BoolArray] = {}
        unknown: dict[str, str] = {}
        for name, source in self.sources.items():
            match source.mask(case, pixels):
                case Refused(reason):
                    unknown[name] = f"the built-in segmentation found no {name}: {reason}"
                case None:
                    unknown[name] = f"no {_SINGULAR[name]} mask for this case"
                case LeftAndRight(left, right) as both:
                    masks |= {"lungs": both.whole, "left_lung": left, "right_lung": right}
                case mask:
                    masks[name] = mask
        own = {name: source.mask(case, pixels) for name, source in self.own.items()}
        unknown |= {name: why_unknown(name, self.own[name]) for name, mask in own.items() if mask is None}
        tolerance_px, aspect = self._tolerance(case)
        return Surroundings(**masks, tolerance_px=tolerance_px, aspect=aspect, unknown=unknown, own=own)

    def digest(self, case: Case) -> object:
        """Return JSON values that change whenever :meth:`surroundings` may."""
        by_name = {name: source.digest(case) for name, source in self.sources.items()}
        own = [[name, source.digest(case)] for name, source in self.own.items()]
        return [by_name, list(self._tolerance(case)), *([own] if own else [])]

    def check_tolerance(self, case: Case) -> None:
        """Raise DataError if a tolerance in millimetres meets a case without spacing."""
        self._tolerance(case)

    def _tolerance(self, case: Case) -> tuple[float, float]:
        rows, cols = case.spacing_mm or (1.0, 1.0)
        if self.tolerance_mm is None:
            return self.tolerance_px, 1.0
        if case.spacing_mm is None:
            raise DataError(
                f"{case.case_id}: regions.tolerance_mm needs the pixel spacing, which is not known",
                hint="give spacing_row_mm and spacing_col_mm in the table, or set tolerance_px",
            )
        return self.tolerance_mm / cols, rows / cols


_SINGULAR = {"lungs": "lung", "thorax": "thorax", "body": "body"}


def mask_sources(
    section: RegionSection, cases: Sequence[Case], images: ImageIndex, *, where: str = "data.regions"
) -> MaskSources:
    """Return the sources that a section of the audit file names; every file is found and read once.

    Raises:
        DataError: no such file, no mask for any case, or one that cannot be read or does not fit its image.
    """
    lungs: MaskSource | None = lung_source(section, cases, images, where=where)
    lungs = lungs or _source("lungs", section, cases, images, where)
    thorax: MaskSource | None = None
    if section.thorax == "builtin":
        if lungs is None:
            raise ValueError("the hull of lungs that are not there")
        thorax = LungHull(lungs)
    else:
        thorax = _source("thorax", section, cases, images, where)
    sources = MaskSources(
        lungs=lungs,
        body=_source("body", section, cases, images, where),
        thorax=thorax,
        tolerance_px=section.tolerance_px,
        tolerance_mm=section.tolerance_mm,
        own=own_region_masks(section, cases, images, where=where),
    )
    for case in cases:
        sources.check_tolerance(case)
    return sources


def _source(
    structure: Literal["lungs", "body", "thorax"],
    section: RegionSection,
    cases: Sequence[Case],
    images: ImageIndex,
    where: str,
) -> MaskSource | None:
    kind, given = section.builtin(structure), getattr(section, structure)
    if structure != "thorax" and kind is not None:
        return SegmentedMasks(structure, kind)
    if not isinstance(given, Path):
        return None
    if given.suffix.lower() == ".json":
        return DrawnMasks(_drawn(given, structure, images, where))
    check_one_format(given, f"{where}.{structure}")
    files, n_extra = mask_files(given, section, cases, images, f"{where}.{structure}")
    if is_nifti(given) or holds_nifti(given):
        slices = {name: file for name, file in files.items() if isinstance(file, MaskSlice)}
        return NiftiMasks(slices, section.nifti, n_extra)
    return MaskFiles({name: file for name, file in files.items() if isinstance(file, Path)}, n_extra)


def notes_of_masks(sources: MaskSources) -> tuple[str, ...]:
    """Return the sentences that count files of masks which belong to no image of the data."""
    extra = {
        name: source.n_extra
        for name, source in sources.sources.items()
        if isinstance(source, MaskFiles | NiftiMasks | NumberedLungs | LungsBySide) and source.n_extra
    }
    extra |= {name: masks.n_extra for name, masks in sources.own.items() if masks.n_extra}
    return tuple(
        f"{n} file{'s' if n > 1 else ''} of the {_SINGULAR.get(name, name)} masks belong{'' if n > 1 else 's'} to no image of the data"
        for name, n in extra.items()
    )


def _drawn(file: Path, structure: str, images: ImageIndex, where: str) -> Mapping[str, tuple[Region, ...]]:
    """Return the regions of a structure in a COCO file: the categories with its name, or the only category."""
    gathered = MarkList(images)
    collect_coco(file, gathered)
    marks = [mark for mark in gathered.all() if mark.region is not None]
    names = {mark.label for mark in marks}
    word = _SINGULAR[structure]
    wanted: set[str | None] = {name for name in names if name is not None and word in name.lower()}
    if not wanted and len(names) == 1:
        wanted = names
    if not wanted:
        drawn_names = ", ".join(sorted(repr(name) for name in names)) or "nothing"
        raise DataError(
            f"{where}.{structure}: {file.name} draws {drawn_names}, and nothing with '{word}' in its name",
            hint=f"call the category '{word}', or give a file with {structure} only",
        )
    drawn: dict[str, list[Region]] = defaultdict(list)
    for mark in marks:
        if mark.label in wanted and mark.region is not None:
            drawn[mark.case_id].append(mark.region)
    return {case_id: tuple(regions) for case_id, regions in drawn.items()}
