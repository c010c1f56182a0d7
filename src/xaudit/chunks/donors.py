"""Images of other patients whose pixels are copied into a case's image."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from xaudit.catalog import INFILLS
from xaudit.chunks.chunk import CaseSource, Chunk, Subject
from xaudit.errors import DataError
from xaudit.geometry import mask_to_model
from xaudit.metrics.oddness import RealFeatures
from xaudit.records import Case, Prediction, Problem
from xaudit.seeds import seed_for

if TYPE_CHECKING:
    import torch

    from xaudit.models.classifier import Classifier
    from xaudit.models.features import FeatureReader
    from xaudit.perturb.donor import Donor


def need_donor(infills: Iterable[str]) -> bool:
    """Return True if one of these in-fills takes its pixels from another patient's image."""
    return any(INFILLS[kind].needs_donor for kind in infills)


class DonorPool:
    """Test images that may be donors for a model's cases; read on first use, and few, so that memory stays flat.

    Attributes:
        are_real: True if changed images can be compared with these in the model's features.
    """

    are_real = True

    def __init__(
        self, classifier: "Classifier", source: CaseSource, pairs: Sequence[tuple[Case, Prediction]]
    ) -> None:
        self._chunk = Chunk(classifier, source, pairs)
        self._features: RealFeatures | None = None

    @cached_property
    def _donors(self) -> "tuple[Donor, ...]":
        from xaudit.perturb.donor import Donor

        return tuple(
            Donor(
                subject.case.image_id,
                subject.case.cluster,
                subject.case.label,
                subject.image,
                mask_to_model(subject.mark_with_tolerance, subject.geometry),
            )
            for subject in self._chunk.subjects
        )

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The images that cannot be read."""
        return self._chunk.problems

    @property
    def problems_so_far(self) -> tuple[Problem, ...]:
        """The images that cannot be read; none while no image was asked for."""
        return self.problems if "_donors" in vars(self) else ()

    def real_features(self, read: "FeatureReader") -> RealFeatures | None:
        """Return the model's features of these images; None if they are too few to compare others with."""
        if self._features is None and self._donors:
            import torch

            images = torch.stack([donor.image for donor in self._donors])
            self._features = RealFeatures(read(images), tuple(donor.cluster for donor in self._donors))
        return self._features if self._features is not None and self._features.are_enough else None

    def without_target(self, subject: Subject) -> "Donor":
        """Return the image nearest to the case's among those of other patients and of another class than the target.

        Raises:
            DataError: if there is none.
        """
        from xaudit.perturb.donor import nearest_donor

        target = subject.prediction.target
        nearest = nearest_donor(
            subject.image,
            [
                donor
                for donor in self._donors
                if donor.label != target and donor.cluster != subject.case.cluster
            ],
        )
        if nearest is None:
            raise DataError(
                f"case {subject.case.case_id}: the in-fill 'donor' needs a test image of another class than '{target}' from "
                "another patient, and there is none",
                hint="take 'donor' out of reliance.infills and reliance.map.infills, or add such images",
            )
        return nearest

    def pairs(self, subject: Subject, n_pairs: int, seed: int) -> "list[tuple[Donor, Donor]]":
        """Return pairs of an image of the target class and a control of another class.

        All are of different patients, none of them the case's own; the patients take turns from case to case.
        """
        target, name = subject.prediction.target, subject.case.image_id
        others = [donor for donor in self._donors if donor.cluster != subject.case.cluster]
        others.sort(key=lambda donor: seed_for(seed, name, "transplant", donor.case_id))
        pairs: list[tuple[Donor, Donor]] = []
        used: set[str] = set()
        for donor in (one for one in others if one.label == target):
            free = [
                one for one in others if one.label != target and one.cluster not in {donor.cluster, *used}
            ]
            if donor.cluster not in used and free and len(pairs) < n_pairs:
                pairs.append((donor, free[0]))
                used |= {donor.cluster, free[0].cluster}
        return pairs


def donor_image(chunk: Chunk, subject: Subject, infills: Iterable[str]) -> "torch.Tensor | None":
    """Return the image that a case's in-fills take their pixels from; None if none of them needs one."""
    if not need_donor(infills):
        return None
    if chunk.donors is None:
        raise ValueError("the in-fill 'donor' was asked for without a pool of donors")
    return chunk.donors.without_target(subject).image
