"""A few cases prepared for one model, read once and shared by every explainer and metric."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

from xaudit.cases.anatomy.morphology import dilated
from xaudit.catalog import explainer_row, with_own_regions
from xaudit.config import ExplainerSpec
from xaudit.errors import XauditError
from xaudit.geometry import Geometry, mask_to_model, on_grid, union
from xaudit.metrics.lungs import Lungs, lungs_by_shape, named_lungs
from xaudit.metrics.regions import partition
from xaudit.records import (
    BoolArray,
    Case,
    FloatArray,
    Prediction,
    Problem,
    SaliencyMap,
    Surroundings,
)

if TYPE_CHECKING:
    import torch

    from xaudit.chunks.donors import DonorPool
    from xaudit.models.classifier import Classifier
    from xaudit.perturb.asking import Answered, Asking

T = TypeVar("T")


class CaseSource(Protocol):
    """The part of a data set's interface that a chunk uses."""

    def pixels(self, case: Case) -> FloatArray:
        """Return the image in the original frame, (H, W) or (H, W, 3), 0 to 1."""
        ...

    def surroundings(self, case: Case) -> Surroundings:
        """Return the anatomy around the case's marks, as far as it is known."""
        ...

    def regions(self, case: Case) -> Mapping[str, BoolArray]:
        """Return (H, W) masks of the readers' marks, by reader or reader policy."""
        ...


@dataclass(frozen=True, eq=False)
class Subject:
    """A case prepared for one model: its image in the model's frame, its marks in both frames."""

    case: Case
    prediction: Prediction
    image: "torch.Tensor"
    geometry: Geometry
    regions: Mapping[str, BoolArray]
    surroundings: Surroundings

    def road(self, values: FloatArray) -> Geometry:
        """Return the transform from the original frame to the map's grid, which may differ from the model's frame in files."""
        height, width = values.shape
        return on_grid(self.geometry, (height, width))

    @cached_property
    def mark(self) -> BoolArray:
        """Union of all readers' marks under the reader policy, (H, W) of the original frame."""
        return union(list(self.regions.values()), self.geometry.original_hw)

    @cached_property
    def _reach(self) -> BoolArray | None:
        """The mark with its tolerance; None without a tolerance."""
        around = self.surroundings
        if around.tolerance_px == 0:
            return None
        return dilated(self.mark, around.tolerance_px, aspect=around.aspect)

    @property
    def mark_with_tolerance(self) -> BoolArray:
        """The mark with its tolerance, (H, W) of the original frame."""
        return self.mark if self._reach is None else self._reach

    @cached_property
    def lungs(self) -> Lungs | None:
        """The lungs, told apart as far as possible; None if they are not known."""
        around = self.surroundings
        if around.left_lung is not None and around.right_lung is not None:
            return named_lungs(around.left_lung, around.right_lung)
        return None if around.lungs is None else lungs_by_shape(around.lungs)

    def _cut(self, *, in_model: bool, with_border: bool) -> dict[str, BoolArray]:
        """Cut the original frame or the model's into disjoint regions; see :func:`xaudit.metrics.regions.partition`."""

        def carried(mask: BoolArray) -> BoolArray:
            return mask_to_model(mask, self.geometry) if in_model else mask

        def carried_if_known(mask: BoolArray | None) -> BoolArray | None:
            return None if mask is None else carried(mask)

        around = self.surroundings
        return partition(
            carried(self.mark),
            None if self.lungs is None else self.lungs.moved(carried),
            thorax=carried_if_known(around.thorax),
            body=carried_if_known(around.body),
            reach=carried_if_known(self._reach),
            own={name: carried_if_known(mask) for name, mask in around.own.items()},
            with_border=with_border,
        )

    @cached_property
    def parts(self) -> Mapping[str, BoolArray]:
        """The disjoint regions of the original frame; see :func:`xaudit.catalog.with_own_regions`."""
        return self._cut(in_model=False, with_border=True)

    @cached_property
    def anatomy(self) -> Mapping[str, BoolArray]:
        """The regions of :attr:`parts` without a separate border."""
        return self._cut(in_model=False, with_border=False)

    @cached_property
    def parts_in_model(self) -> Mapping[str, BoolArray]:
        """The disjoint regions of the model's frame."""
        return self._cut(in_model=True, with_border=True)

    @cached_property
    def places_in_model(self) -> Mapping[str, BoolArray]:
        """Disjoint anatomical regions of the model's frame, without a border; lungs count without a mark too."""
        around, lungs = self.surroundings, self.lungs
        parts = self._cut(in_model=True, with_border=False)
        if lungs is None or self.mark.any():
            return parts
        both = mask_to_model(lungs.whole, self.geometry)
        for name in around.own.keys() & parts.keys():
            both = both & ~parts[name]
        return {"lungs": both, **{name: part & ~both for name, part in parts.items()}}

    @property
    def asked_parts(self) -> Mapping[str, BoolArray]:
        """The disjoint regions of the model's frame that the model is asked about; the lungs also where nothing is marked."""
        places = self.places_in_model
        if self.mark.any() or "lungs" not in places:
            return self.parts_in_model
        lungs = places["lungs"]
        return {"lungs": lungs, **{name: part & ~lungs for name, part in self.parts_in_model.items()}}

    @property
    def finding_in_model(self) -> BoolArray:
        """The mark with its tolerance, (h, w) of the model's frame; empty without marks."""
        return mask_to_model(self.mark if self._reach is None else self._reach, self.geometry)

    @property
    def asked_regions(self) -> tuple[str, ...]:
        """Regions that reliance is measured on: all that the data set has masks for, in this case or another."""
        around = self.surroundings
        lungs = around.lungs is not None or "lungs" in around.unknown
        thorax = around.thorax is not None or "thorax" in around.unknown
        body = around.body is not None or "body" in around.unknown
        together = (
            self.mark.any() and self.lungs is not None and self.lungs.whole.any() and not self.lungs.each
        )
        there = {
            "same-lung": lungs,
            "opposite-lung": lungs,
            "lungs": together,
            "thorax": thorax,
            "body": body,
            "empty": body,
            "outside": not body,
        }
        return tuple(region for region in with_own_regions(around.own) if there.get(region, True))

    @property
    def target_index(self) -> int:
        """Index of the explained class among the logits."""
        return self.prediction.class_names.index(self.prediction.target)


class Chunk:
    """A few cases of one model, read on first use; a case that cannot be read becomes a problem, not a crash."""

    def __init__(
        self,
        classifier: "Classifier",
        source: CaseSource,
        pairs: Sequence[tuple[Case, Prediction]],
        donors: "DonorPool | None" = None,
    ) -> None:
        self.classifier = classifier
        self.donors = donors
        self.pairs = tuple(pairs)
        self._source = source

    def answer(
        self,
        askings: "Sequence[Asking[T]]",
        logits: "Callable[[torch.Tensor], torch.Tensor] | None" = None,
    ) -> "list[Answered[T]]":
        """Ask the model everything that these measures want to know; return their results in the same order.

        Args:
            logits: gives the answers; by default the model itself.
        """
        from xaudit.perturb.asking import answer

        return answer(askings, logits or self.classifier.logits, batch_size=self.classifier.batch_size)

    @cached_property
    def _read(self) -> tuple[tuple[Subject, ...], tuple[Problem, ...]]:
        subjects: list[Subject] = []
        problems: list[Problem] = []
        for case, prediction in self.pairs:
            try:
                image, geometry = self.classifier.to_input(self._source.pixels(case))
                regions, around = self._source.regions(case), self._source.surroundings(case)
            except XauditError as error:
                problems.append(Problem(case.case_id, "explain", str(error)))
                continue
            subjects.append(Subject(case, prediction, image, geometry, regions, around))
        return tuple(subjects), tuple(problems)

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The cases that could be read."""
        return self._read[0]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The cases that could not be read."""
        return self._read[1]


def counted_values(saliency: SaliencyMap, spec: ExplainerSpec) -> FloatArray:
    """Return the values that are scored: the map's values, or their magnitude if the explainer is unsigned."""
    return saliency.values if explainer_row(spec.name).signed else np.abs(saliency.values)
