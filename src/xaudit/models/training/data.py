"""The training data of a network, and its images in the model's frame."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from xaudit.errors import ModelError
from xaudit.geometry import Fit, fit_geometry, mask_to_model
from xaudit.models.preparation.steps import Preparation, carried_image
from xaudit.records import BoolArray, Case, FloatArray


@dataclass(frozen=True)
class TrainingData:
    """Cases with their splits, and access to their images and marks.

    Attributes:
        cases: of all splits; ``train`` is for training, ``validation`` for stopping, others are unused.
        class_names: in the order of the logits.
        pixels: (H, W) or (H, W, 3) in [0, 1] of the original frame.
        marks: the readers' marks, (H, W) of the original frame; None without a mark.
        positive: the class that a single logit stands for if the model names none.
    """

    cases: tuple[Case, ...]
    class_names: tuple[str, ...]
    pixels: Callable[[Case], FloatArray]
    marks: Callable[[Case], BoolArray | None]
    positive: str | None = None

    def split(self, name: str) -> tuple[Case, ...]:
        """Return the cases of one split, in the order of their ids."""
        return tuple(
            sorted((case for case in self.cases if case.split == name), key=lambda case: case.case_id)
        )

    def targets(self, cases: Sequence[Case]) -> npt.NDArray[np.int64]:
        """Return the index of each case's label among the class names; raise ModelError if a label is none of them."""
        index = {name: number for number, name in enumerate(self.class_names)}
        for case in cases:
            if case.label not in index:
                raise ModelError(
                    f"case '{case.case_id}' is labelled '{case.label}', which is no class of the model",
                    hint=f"the classes are: {', '.join(self.class_names)}",
                )
        return np.array([index[case.label] for case in cases], dtype=np.int64)

    def class_counts(self, cases: Sequence[Case]) -> npt.NDArray[np.int64]:
        """Count the cases of each class; raise ModelError if a class has none, since no network can learn it then."""
        counts = np.bincount(self.targets(cases), minlength=len(self.class_names))
        if len(self.class_names) < 2:
            raise ModelError(
                f"all cases are labelled '{self.class_names[0] if self.class_names else ''}'",
                hint="a classifier needs cases of at least two classes",
            )
        for name, count in zip(self.class_names, counts, strict=True):
            if count == 0:
                raise ModelError(
                    f"no training case is labelled '{name}'",
                    hint="add such cases to the training split, or merge the class into another",
                )
        return counts.astype(np.int64)


class Frames:
    """The images of a training in the model's frame, as bytes, kept in memory up to a limit.

    An image is rounded to 8 bits even if it is not kept, so the limit changes the speed and no result.
    """

    def __init__(
        self,
        data: TrainingData,
        *,
        model_hw: tuple[int, int],
        fit: Fit,
        preparation: Preparation | None = None,
        bound_bytes: int = 512 * 2**20,
    ) -> None:
        self._data = data
        self._model_hw = model_hw
        self._fit: Fit = fit
        self._preparation = preparation
        self._left = bound_bytes
        self._images: dict[str, npt.NDArray[np.uint8]] = {}
        self._marks: dict[str, BoolArray | None] = {}

    def images(self, cases: Sequence[Case]) -> torch.Tensor:
        """Return (N, 3, h, w) float32 in [0, 1]."""
        stack = [np.atleast_3d(self._image(case)) for case in cases]
        together = np.stack([np.broadcast_to(image, (*self._model_hw, 3)) for image in stack])
        return torch.from_numpy(together).permute(0, 3, 1, 2).float() / 255

    def marks(self, cases: Sequence[Case]) -> torch.Tensor:
        """Return (N, 1, h, w) bool; all False without a mark."""
        stack = [self._mark(case) for case in cases]
        empty = np.zeros(self._model_hw, dtype=bool)
        return torch.from_numpy(np.stack([empty if mark is None else mark for mark in stack]))[:, None]

    def _image(self, case: Case) -> npt.NDArray[np.uint8]:
        kept = self._images.get(case.case_id)
        if kept is not None:
            return kept
        carried, _ = carried_image(self._data.pixels(case), self._model_hw, self._fit, self._preparation)
        image: npt.NDArray[np.uint8] = np.rint(np.clip(carried, 0, 1) * 255).astype(np.uint8)
        if image.nbytes <= self._left:
            self._left -= image.nbytes
            self._images[case.case_id] = image
        return image

    def _mark(self, case: Case) -> BoolArray | None:
        if case.case_id in self._marks:
            return self._marks[case.case_id]
        mask = self._data.marks(case)
        if mask is None or not mask.any():
            mark = None
        else:
            geometry = fit_geometry((mask.shape[0], mask.shape[1]), self._model_hw, self._fit)
            mark = mask_to_model(mask, geometry)
        size = 0 if mark is None else mark.nbytes
        if size <= self._left:
            self._left -= size
            self._marks[case.case_id] = mark
        return mark
