"""Turn the marks of several readers into the regions that a map is compared with."""

from collections.abc import Mapping, Sequence
from typing import Literal, assert_never

import numpy as np

from xaudit.cases.marks.staple import staple
from xaudit.geometry import rasterise, union
from xaudit.records import Annotation, BoolArray, IntArray

Policy = Literal["union", "intersection", "majority", "staple", "each"]


def reader_masks(annotations: Sequence[Annotation], frame: tuple[int, int]) -> Mapping[str, BoolArray]:
    """Return the mask of each reader on one case; empty where a reader looked and found nothing.

    Args:
        annotations: of one case.
        frame: (height, width) of the image.
    """
    readers = sorted({mark.reader_id for mark in annotations})
    return {
        reader: union(
            (
                rasterise(mark.region, frame)
                for mark in annotations
                if mark.reader_id == reader and mark.region is not None
            ),
            frame,
        )
        for reader in readers
    }


def under_policy(
    masks: Mapping[str, BoolArray], policy: Policy, *, votes: int | None = None
) -> Mapping[str, BoolArray]:
    """Return the regions that a map is compared with: one under the policy's name, or each reader's own.

    A reader who looked and found nothing counts: two of three readers are a majority, one of two is not.
    Nobody looked, or fewer looked than must agree: no region at all, since nobody can say that nothing is there.

    Args:
        masks: (H, W) by reader, all of one case.
        policy: ``union`` of all readers, ``intersection``, ``majority`` (more than half of them, or ``votes``),
            ``staple`` (the probable truth behind their masks), or ``each``.
        votes: readers that must agree under ``majority``; None for more than half.

    Example:
        >>> masks = {"a": np.array([[True, True]]), "b": np.array([[False, True]])}
        >>> under_policy(masks, "majority")["majority"].tolist()
        [[False, True]]
        >>> under_policy(masks, "majority", votes=1)["majority"].tolist()
        [[True, True]]
    """
    if not masks or policy == "each":
        return dict(masks)
    if policy == "staple":
        return {policy: staple(list(masks.values())).consensus}
    marked: IntArray = np.asarray(np.sum(np.stack(list(masks.values())), axis=0, dtype=np.int64))
    match policy:
        case "union":
            return {policy: np.asarray(marked > 0)}
        case "intersection":
            return {policy: np.asarray(marked == len(masks))}
        case "majority" if votes is not None:
            return {policy: np.asarray(marked >= votes)} if len(masks) >= votes else {}
        case "majority":
            return {policy: np.asarray(2 * marked > len(masks))}
        case _:
            assert_never(policy)
