"""LIME over superpixels: the lime library fits the surrogate, and our engine asks the model; the only file that imports lime.

Samples are drawn here as the library draws them, to the bit for the same seed. The library itself would ask the model ten
pictures at a time, and pictures that repeat again and again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from xaudit.catalog import OptionValue
from xaudit.errors import ModelError
from xaudit.explainers.asked import explained
from xaudit.explainers.options import text, whole_number
from xaudit.explainers.requests import check_request
from xaudit.explainers.segmentation import Segmentation, pixels_of
from xaudit.models.classifier import Classifier
from xaudit.perturb.asking import Asking, Question
from xaudit.records import FloatArray, IntArray

MOST_SAMPLES = 300
"""Samples at most where the explainer stops by itself: as many as it takes by default where it does not."""

CHECK_EVERY = 25
"""Samples between two looks at the leading superpixels; fixed, so that no batch size decides where it stops."""

N_LEADERS = 3
"""Superpixels with the highest coefficients, whose order must stay."""

N_ALIKE = 3
"""Looks in a row at which the leaders must be the same, in the same order."""


@dataclass(frozen=True)
class LimeExplainer:
    """LIME: the coefficient of each superpixel in a linear model of the target's probability around the image.

    Signed, in probability per superpixel shown instead of hidden. Every superpixel has its coefficient (ridge
    regression with the library's kernel, no selection of features), painted on all of its pixels.

    Where it stops early, samples are drawn until the leading superpixels are the same at three looks in a row, 25
    samples apart. Then the map is, to the bit, that of as many samples asked for outright.

    Source: Ribeiro et al. 2016, section 3. Differs in the segmentation: by default SLIC with labels from 0 on the
    image's own channels (the library's default is quickshift; its sampler never hides the last superpixel when
    labels start at 1).
    """

    classifier: Classifier
    n_samples: int
    segmentation: Segmentation
    hide: str
    stops_early: bool = False

    @classmethod
    def from_options(cls, options: Mapping[str, OptionValue], classifier: Classifier) -> "LimeExplainer":
        """LIME with the catalog's options."""
        stops_early = options["samples"] == "auto"
        return cls(
            classifier,
            MOST_SAMPLES if stops_early else whole_number(options, "samples"),
            Segmentation.from_options(options),
            text(options, "hide"),
            stops_early,
        )

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; the seed draws which superpixels are hidden."""
        return explained(self.askings(images, targets, seeds), self.classifier)

    def askings(
        self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]
    ) -> list[Asking[FloatArray]]:
        """See :meth:`xaudit.explainers.AskingExplainer.askings`; samples that repeat are asked once."""
        check_request(self.classifier, images, targets, seeds)
        return [
            self._asking(image, target, seed)
            for image, target, seed in zip(images, targets, seeds, strict=True)
        ]

    def segments(self, image: torch.Tensor) -> IntArray:
        """The superpixels of an image: (h, w), labels 0 to n - 1.

        Args:
            image: (3, h, w), normalised.
        """
        return self.segmentation.of(self._pixels(image))

    def _pixels(self, image: torch.Tensor) -> FloatArray:
        return pixels_of(self.classifier, image)

    def _asking(self, image: torch.Tensor, target: int, seed: int) -> Asking[FloatArray]:
        pixels, segments = self._pixels(image), self.segments(image)
        shown = drawn_samples(seed, self.n_samples, int(segments.max()) + 1)
        distinct, of_sample = _distinct(shown)
        # Normalising is done pixel by pixel, so both pictures are normalised once and mixed afterwards.
        whole, hidden = (
            self.classifier.normalise(_planes(picture))
            for picture in (pixels, _hidden(pixels, segments, self.hide))
        )
        at_pixel = torch.from_numpy(segments.reshape(-1))
        switches = torch.from_numpy(distinct.astype(bool))

        def mixed(start: int, stop: int) -> torch.Tensor:
            keep = switches[start:stop].index_select(1, at_pixel)
            return torch.where(keep.reshape(-1, 1, *segments.shape), whole, hidden)

        probabilities = np.empty((0, len(self.classifier.class_names)), dtype=np.float32)
        leaders: list[tuple[int, ...]] = []
        for n_samples in self._check_points:
            n_distinct = int(of_sample[:n_samples].max()) + 1
            asked = len(probabilities)
            if n_distinct > asked:
                logits = yield Question(n_distinct - asked, partial(_further, mixed, asked))
                probabilities = np.concatenate([probabilities, self._probabilities(logits)])
            coefficients = surrogate(shown[:n_samples], probabilities[of_sample[:n_samples]], target).astype(
                np.float32
            )
            leaders.append(tuple(np.argsort(-coefficients, kind="stable")[:N_LEADERS].tolist()))
            if len(leaders) >= N_ALIKE and len(set(leaders[-N_ALIKE:])) == 1:
                break
        painted: FloatArray = coefficients[segments]
        return painted

    @property
    def _check_points(self) -> Sequence[int]:
        """Return the numbers of samples that the surrogate is fitted to, until it need not be fitted to more."""
        if not self.stops_early:
            return (self.n_samples,)
        return range(CHECK_EVERY, self.n_samples + 1, CHECK_EVERY)

    def _probabilities(self, logits: FloatArray) -> FloatArray:
        if not np.isfinite(logits).all():
            raise ModelError(
                f"model '{self.classifier.id}': its answer to an image with superpixels hidden is not a number",
                hint="check its weights and its preprocessing: NaN or infinite logits",
            )
        # In float32, as a library's user would hand them over.
        probabilities: FloatArray = torch.softmax(torch.from_numpy(logits).float(), dim=1).numpy()
        return probabilities


def _further(make: Callable[[int, int], torch.Tensor], done: int, start: int, stop: int) -> torch.Tensor:
    return make(done + start, done + stop)


def drawn_samples(seed: int, n_samples: int, n_segments: int) -> IntArray:
    """Return the superpixels that each sample shows, as the lime library draws them: (n_samples, n_segments) of 0 and 1.

    The first sample shows everything. Fewer samples of the same seed are the first of more.
    """
    draws = np.random.RandomState(seed)
    # The library draws a seed for its segmentation first, whether it is used or not.
    draws.randint(0, 1000)
    shown: IntArray = draws.randint(0, 2, n_samples * n_segments).reshape(n_samples, n_segments)
    shown[0] = 1
    return shown


def surrogate(shown: IntArray, probabilities: FloatArray, target: int) -> FloatArray:
    """Fit lime's own linear model with all features, and return the coefficient of each superpixel: (n_segments,).

    Its kernel and its regression are the defaults of ``LimeImageExplainer``: ridge (penalty 1) of the target's
    probability on what is shown, each sample weighted by the square root of exp(-d² / 0.25²), where d is its cosine
    distance from the sample that shows everything, the first.

    Args:
        shown: (n_samples, n_segments) of 0 and 1.
        probabilities: (n_samples, n_classes).
    """
    # A second and more to import, which a check of an audit file need not pay.
    from lime.lime_image import LimeImageExplainer
    from sklearn.metrics import pairwise_distances

    distances = pairwise_distances(shown, shown[0].reshape(1, -1), metric="cosine").ravel()
    n_segments = shown.shape[1]
    _, fitted, _, _ = LimeImageExplainer(random_state=0).base.explain_instance_with_data(
        shown, probabilities, distances, target, n_segments, feature_selection="none"
    )
    by_segment = dict(fitted)
    return np.array([by_segment[segment] for segment in range(n_segments)])


def _distinct(shown: IntArray) -> tuple[IntArray, IntArray]:
    """The rows that differ, in order of first appearance, and for each row where it stands among them."""
    places: dict[bytes, int] = {}
    of_row = np.array([places.setdefault(row.tobytes(), len(places)) for row in np.packbits(shown, axis=1)])
    _, first = np.unique(of_row, return_index=True)
    return shown[first], of_row


def _hidden(pixels: FloatArray, segments: IntArray, hide: str) -> FloatArray:
    """The picture of which hidden superpixels are cut: each one's mean colour, or black."""
    picture = np.zeros_like(pixels)
    if hide == "mean":
        for label in range(int(segments.max()) + 1):
            inside = pixels[segments == label]
            # Channel by channel, as the library does: a sum along both axes at once rounds in another order.
            picture[segments == label] = [np.mean(inside[:, channel]) for channel in range(pixels.shape[2])]
    return picture


def _planes(pixels: FloatArray) -> torch.Tensor:
    """(H, W, 3) pixels as (1, 3, H, W), channels last in memory."""
    return torch.from_numpy(np.ascontiguousarray(pixels, dtype=np.float32))[None].permute(0, 3, 1, 2)
