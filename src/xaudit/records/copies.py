"""Pairs of images that are copies of each other or slices of one scan, and the groups that they form."""

from dataclasses import dataclass
from typing import Literal

CopyKind = Literal["same-file", "same-pixels", "near-copy", "augmented-copy", "neighbouring-slice"]


@dataclass(frozen=True, slots=True)
class CopyPair:
    """Two images that show the same picture, or nearly the same.

    Of three or more images with equal pixels, the first is paired with each other one.

    Attributes:
        image_a: path of the first image as the data names it.
        image_b: path of the second image.
        case_a: its case id.
        case_b: its case id.
        kind: ``same-file``: equal bytes. ``same-pixels``: equal pixels in different files. ``near-copy``: the same picture
            saved or resized again. ``augmented-copy``: the same picture mirrored, turned, cropped, or of other brightness, or one
            that the data calls augmented. ``neighbouring-slice``: a neighbouring or repeated slice, which shares most of its
            anatomy and not its fine detail.
        across_splits: True if the two are in different splits.
        same_patient: None if the data names no patients.
        likeness: correlation of two aligned small copies, -1 to 1.
        detail: correlation of the fine detail of the originals; None if the pair did not call for it.
        change: what was done to one of the two, in words; empty if nothing was found.
        group: number of the group that both belong to.
    """

    image_a: str
    image_b: str
    case_a: str
    case_b: str
    kind: str
    split_a: str
    split_b: str
    label_a: str
    label_b: str
    across_splits: bool
    same_patient: bool | None
    likeness: float
    detail: float | None
    change: str
    group: str

    @property
    def is_copy(self) -> bool:
        """True if the two show the same picture."""
        return self.kind != "neighbouring-slice"


@dataclass(frozen=True, slots=True)
class CopyGroup:
    """The group of an image: images that a split must keep together. `data.split.groups` reads these rows.

    Attributes:
        image: path of the image as the data names it.
        group: name of the group.
    """

    image: str
    group: str


@dataclass(frozen=True, slots=True)
class SplitSize:
    """The size of a split before and after groups are kept together.

    Attributes:
        split: ``train``, ``validation``, ``test``, or ``-`` for groups that span splits.
        n_before: images in the split now; for ``-``, groups with images in more than one split.
        n_after: the same if `data.split.groups` divided the data anew; None if it cannot.
    """

    split: str
    n_before: int
    n_after: int | None
