"""In which way a map fails: one category per map, decided from a few measures and thresholds that a user can set.

Conventions of this file: ``S`` is the positive part of the map over the ``V`` pixels that the model saw, ``M`` the mark
among them, ``B`` is ``S`` cut at Otsu's threshold; coverage ``c = |B∩M|/|M|``, precision ``p = |B∩M|/|B|``, the binary
map's share ``a = |B|/|V|``, and coverage beyond chance ``c* = (c - a)/(1 - a)``, which is 0 for a map that knows
nothing of the mark, however much it covers.

Measuring (:func:`map_facts`) and deciding (:func:`category_of`) are apart, so that other thresholds need no maps.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from xaudit.metrics.absent import Absent
from xaudit.metrics.guard import markable, positive_part
from xaudit.metrics.localization.binarisation import above_otsu
from xaudit.metrics.regions import border_ring
from xaudit.records import BoolArray, FloatArray, MapFacts

NO_MAP, DIFFUSE, UNMARKED = "no_map", "diffuse", "unmarked"
MISS, COVERED, PARTIAL, UNDER, GOOD = (
    "miss",
    "covered_with_spill",
    "partial_with_spill",
    "under_coverage",
    "good",
)

PLACES: tuple[str, ...] = (
    "same_lung",
    "opposite_lung",
    "lungs",
    "outside_lung",
    "body",
    "empty",
    "elsewhere",
)
"""Regions beside the mark in which saliency can lie, in the order in which a draw is decided.

Without lungs ``body`` stands for all of the patient, and without a body ``elsewhere`` for all that is not marked.
"""


class Thresholds(Protocol):
    """The limits between categories; see ``categories`` in the audit file."""

    @property
    def diffuse(self) -> float:
        """Least spread of a map that points at everything."""
        ...

    @property
    def miss(self) -> float:
        """Coverage beyond chance below which the mark is missed."""
        ...

    @property
    def coverage(self) -> float:
        """Least coverage of a map that found the mark."""
        ...

    @property
    def precision(self) -> float:
        """Least precision of a map that did not spill."""
        ...


@dataclass(frozen=True, slots=True)
class Measures:
    """The numbers of one map; None where there is no map, and those of the mark None where there is no mark."""

    no_map: str | None = None
    no_mark: str | None = None
    spread: float | None = None
    map_share: float | None = None
    coverage: float | None = None
    precision: float | None = None
    mass_lift: float | None = None
    place: str | None = None
    border_mass: float | None = None


def measure_map(
    saliency: FloatArray, mark: BoolArray, valid: BoolArray, anatomy: Mapping[str, BoolArray]
) -> Measures:
    """The numbers from which a map's category is decided.

    Args:
        saliency: (H, W), signed; NaN where there is none.
        mark: (H, W), true inside the annotation, without a tolerance.
        valid: (H, W), true where the model saw the image.
        anatomy: disjoint parts that cover the image, as by :func:`~xaudit.metrics.regions.partition` without a
            border; the part ``mark`` may be wider than the mark by its tolerance.

    Raises:
        ValueError: if the shapes differ.
    """
    if not saliency.shape == mark.shape == valid.shape:
        raise ValueError(
            f"map of {saliency.shape}, mark of {mark.shape} and valid pixels of {valid.shape} do not match"
        )
    marked = markable(mark, valid)
    positive = positive_part(saliency[valid])
    if isinstance(positive, Absent):
        return Measures(no_map=positive.reason, no_mark=marked.reason if isinstance(marked, Absent) else None)
    shares = positive / positive.sum()
    present = shares[shares > 0]
    binary = above_otsu(positive) > 0
    common = Measures(
        spread=float(np.exp(-(present * np.log(present)).sum()) / shares.size),
        map_share=float(binary.mean()),
        border_mass=float(shares[border_ring(mark.shape)[valid]].sum()),
    )
    if isinstance(marked, Absent):
        return Measures(
            no_mark=marked.reason,
            spread=common.spread,
            map_share=common.map_share,
            border_mass=common.border_mass,
        )
    met = np.count_nonzero(binary & marked)
    return Measures(
        spread=common.spread,
        map_share=common.map_share,
        border_mass=common.border_mass,
        coverage=float(met / np.count_nonzero(marked)),
        precision=float(met / np.count_nonzero(binary)),
        mass_lift=float(shares[marked].sum() / marked.mean()),
        place=_place(shares, valid, anatomy),
    )


def category_of(facts: MapFacts | Measures, thresholds: Thresholds) -> str:
    """The one category that names what is most wrong with a map, the first of these that applies.

    ``no_map``: it is constant, zero or not finite. ``diffuse``: it points at everything. ``unmarked``: there is nothing
    that it could meet or miss. ``good``: it covers the mark and little else. ``under_coverage``: what it shows is right,
    but it is not enough, as of a focal map within a large mark. ``miss_<place>``: it covers no more of the mark than
    chance would, and most of it lies in that place. ``covered_with_spill:<place>``: it covers the mark and much else.
    ``partial_with_spill:<place>``: a part of the mark and much else.

    Example:
        >>> from xaudit.config import CategoriesSection
        >>> half = Measures(spread=0.1, map_share=0.05, coverage=0.4, precision=0.9, place="same_lung")
        >>> category_of(half, CategoriesSection())
        'under_coverage'
    """
    if facts.no_map is not None or facts.spread is None:
        return NO_MAP
    if facts.spread >= thresholds.diffuse:
        return DIFFUSE
    if facts.coverage is None or facts.precision is None or facts.map_share is None:
        return UNMARKED
    place = facts.place or PLACES[-1]
    covers = facts.coverage >= thresholds.coverage
    if facts.precision >= thresholds.precision:
        return GOOD if covers else UNDER
    if beyond_chance(facts.coverage, facts.map_share) < thresholds.miss:
        return f"{MISS}_{place}"
    return f"{COVERED if covers else PARTIAL}:{place}"


def beyond_chance(coverage: float, map_share: float) -> float:
    """Coverage less what a map of the same extent covers by chance, as a share of what is left to gain.

    Example:
        >>> beyond_chance(0.3, 0.3), beyond_chance(1.0, 0.3), round(beyond_chance(0.0, 0.5), 2)
        (0.0, 1.0, -1.0)
    """
    return (coverage - map_share) / (1 - map_share) if map_share < 1 else 0.0


def is_wrong_reason(facts: MapFacts, thresholds: Thresholds) -> bool:
    """Right for the wrong reason: a correct answer with a map that misses, or is no denser in the mark than elsewhere.

    Never where :func:`has_reason` is false.
    """
    return facts.correct and has_reason(facts, thresholds) and not is_on_mark(facts, thresholds)


def has_reason(facts: MapFacts, thresholds: Thresholds) -> bool:
    """Return True for a map on a marked case that points somewhere: one that is none or diffuse gives no reason to judge."""
    return category_of(facts, thresholds) not in (NO_MAP, DIFFUSE, UNMARKED)


def is_on_mark(facts: MapFacts | Measures, thresholds: Thresholds) -> bool:
    """Return True if a map lies on the mark: it does not miss it, and is denser there than elsewhere. Never without a map."""
    if facts.mass_lift is None:
        return False
    return not category_of(facts, thresholds).startswith(MISS) and facts.mass_lift > 1


def _place(shares: FloatArray, valid: BoolArray, anatomy: Mapping[str, BoolArray]) -> str:
    """The place that holds most of the saliency outside the mark; the first of :data:`PLACES` where none does.

    A region that the audit file names is a place of its own.
    """
    has_lungs = any(name in anatomy for name in ("same-lung", "opposite-lung", "lungs"))
    around = "outside_lung" if has_lungs else "body"
    names = {
        "same-lung": "same_lung",
        "opposite-lung": "opposite_lung",
        "lungs": "lungs",
        "thorax": around,
        "body": around,
        "empty": "empty",
        "outside": "outside_lung" if has_lungs else "elsewhere",
    }
    masses: dict[str, float] = defaultdict(float)
    for region, part in anatomy.items():
        if region != "mark":
            masses[names.get(region, region)] += float(shares[part[valid]].sum())
    own = [place for place in masses if place not in PLACES]
    return max(
        (place for place in (*PLACES, *own) if place in masses), key=masses.__getitem__, default=PLACES[-1]
    )
