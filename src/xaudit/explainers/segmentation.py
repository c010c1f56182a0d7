"""Superpixels: the patches of an image that LIME, feature ablation and kernel SHAP switch on and off."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from skimage.segmentation import felzenszwalb, quickshift

from xaudit.catalog import OptionValue
from xaudit.explainers.options import number, text, whole_number
from xaudit.models.classifier import Classifier
from xaudit.perturb.superpixels import superpixels
from xaudit.records import FloatArray, IntArray

__all__ = ["Segmentation", "pixels_of", "superpixels"]


@dataclass(frozen=True, slots=True)
class Segmentation:
    """A way to cut an image into superpixels, without randomness.

    Attributes:
        kind: ``slic`` and ``grid`` give about the number asked for; ``quickshift`` and ``felzenszwalb`` follow the
            image, and take the number as the size at which patches begin to be cut or joined.
        n_segments: superpixels asked for.
        compactness: above 0, weight of nearness against likeness; of slic and quickshift.
    """

    kind: str
    n_segments: int
    compactness: float

    @classmethod
    def from_options(cls, options: Mapping[str, OptionValue]) -> "Segmentation":
        """The catalog's options ``segmentation``, ``segments`` and ``compactness``."""
        return cls(
            text(options, "segmentation"), whole_number(options, "segments"), number(options, "compactness")
        )

    def of(self, pixels: FloatArray) -> IntArray:
        """Cut an image into patches: (H, W), labels 0 to n - 1, each present.

        Args:
            pixels: (H, W, 3) intensities in [0, 1].
        """
        match self.kind:
            case "slic":
                return superpixels(pixels, n_segments=self.n_segments, compactness=self.compactness)
            case "grid":
                return _grid((pixels.shape[0], pixels.shape[1]), self.n_segments)
            case "quickshift":
                side = _side(pixels, self.n_segments)
                # Colour distances of [0, 1] stand beside distances in pixels: what differs by 1 is as far as a patch
                # is wide where compactness is 1.
                spread = pixels.astype(np.float64) * (side / self.compactness)
                return _consecutive(
                    quickshift(  # type: ignore[no-untyped-call]
                        spread,
                        kernel_size=min(4.0, max(1.0, side / 6)),
                        max_dist=side / 2,
                        convert2lab=False,
                        rng=0,
                    )
                )
            case "felzenszwalb":
                cell = pixels.shape[0] * pixels.shape[1] / self.n_segments
                return _consecutive(
                    felzenszwalb(pixels, scale=cell, sigma=0.8, min_size=max(1, round(cell / 4)))
                )
            case _:
                raise ValueError(f"no segmentation is called '{self.kind}'")


def pixels_of(classifier: Classifier, image: torch.Tensor) -> FloatArray:
    """(3, h, w), normalised, as (h, w, 3) intensities in [0, 1]."""
    pixels: FloatArray = classifier.denormalise(image).permute(1, 2, 0).contiguous().numpy()
    return pixels


def _grid(frame_hw: tuple[int, int], n_segments: int) -> IntArray:
    """Rectangles as square as they can be, at most as many as there are pixels."""
    height, width = frame_hw
    n_rows = min(height, max(1, round(float(np.sqrt(n_segments * height / width)))))
    n_cols = min(width, max(1, round(n_segments / n_rows)))
    rows = np.arange(height) * n_rows // height
    cols = np.arange(width) * n_cols // width
    segments: IntArray = rows[:, None] * n_cols + cols[None]
    return segments


def _side(pixels: FloatArray, n_segments: int) -> float:
    return float(np.sqrt(pixels.shape[0] * pixels.shape[1] / n_segments))


def _consecutive(labels: IntArray) -> IntArray:
    _, consecutive = np.unique(labels, return_inverse=True)
    segments: IntArray = consecutive.reshape(labels.shape)
    return segments
