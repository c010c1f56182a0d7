"""What an entry point of another package names: a row of the catalog, and the function that does its work.

One record for each group of entry points. They are re-exported by :mod:`xaudit.plugins`, which says what the functions
are given and must return; here, below all that computes, nothing of torch is known.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from xaudit.catalog.rows import ExplainerRow, FormatRow, MetricRow, ModelRow, Option


@dataclass(frozen=True, slots=True)
class ExplainerPlugin:
    """An explainer; entry-point group ``xaudit.explainers``.

    Attributes:
        row: what the catalog says of it; ``control`` is false and ``made_of`` is ``image``.
        make: ``make(options, classifier)`` gives an object with the method ``explain(images, targets, seeds)`` of
            :class:`xaudit.explainers.Explainer`: images (N, 3, h, w) float32, normalised; a class index and a 32-bit
            seed for each; maps (N, h, w) float32, signed where the row says so, finite. A map depends on its image,
            target, seed and options, and on nothing else: not on its batch, its order or a global random state.
            ``options`` holds every option of the row; ``classifier`` is a :class:`xaudit.models.classifier.Classifier`,
            whose ``logits`` counts what is asked and whose ``module`` is lent, in evaluation mode and with frozen
            parameters, while a map is made.
        native_grid: ``native_grid(options, classifier)`` gives a function from an image, (3, h, w), to its
            :class:`xaudit.native_grid.NativeGrid`; None where no ceiling of resolution is known.
    """

    row: ExplainerRow
    make: Callable[..., Any]
    native_grid: Callable[..., Any] | None = None


@dataclass(frozen=True, slots=True)
class MetricPlugin:
    """A metric of one of the families a person chooses from; entry-point group ``xaudit.metrics``.

    Attributes:
        row: what the catalog says of it. Its family decides what ``measure`` is given.
        measure: of the family ``localization``, ``measure(marked, options)`` with a
            :class:`xaudit.metrics.localization.MarkedMap`, in pixels of the image's original frame; it is asked only
            where there is a map and a mark. Of ``complexity``, ``measure(values, options)`` with the signed map, (h, w),
            finite and not constant. Both return a finite float within the row's range, or
            :class:`xaudit.metrics.Absent` with the reason why there is none. Of ``faithfulness``,
            ``measure(asked, options)`` is a generator of :class:`xaudit.perturb.asking.Question` about
            :class:`xaudit.metrics.faithfulness.Asked`; it is sent the logits, (n, n_classes), and returns the same, or a
            :class:`xaudit.metrics.curve.Found`. Every random choice comes from ``asked.seed``.
        without_map: of the family ``localization``, what a marked case is worth whose map points nowhere: 0, the chance
            level, or None where no value would be true.
    """

    row: MetricRow
    measure: Callable[..., Any]
    without_map: float | None = 0.0


@dataclass(frozen=True, slots=True)
class ModelPlugin:
    """A source of networks; entry-point group ``xaudit.models``.

    Attributes:
        row: what the catalog says of it; its id is what ``models[].source`` names.
        build: ``build(options, n_classes)`` gives a ``torch.nn.Module`` from (N, 3, h, w) float32, normalised, to
            (N, n_classes) logits, with random weights drawn from torch's generator: xaudit loads ``weights`` into it or
            trains it. Nothing is downloaded.
        options: what ``models[].options`` may set.
    """

    row: ModelRow
    build: Callable[..., Any]
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class FormatPlugin:
    """A format of readers' marks; entry-point group ``xaudit.formats``.

    Attributes:
        row: what the catalog says of it; its id is what ``data.annotations.format`` names, since ``auto`` does not
            look into plug-ins.
        name: in sentences, such as ``Example points``.
        collect: ``collect(path, marks)`` reads a file, or a folder where ``per_image``, into a
            :class:`xaudit.cases.marks.mark_list.MarkList`: ``marks.case(place, name)`` finds an image by its name,
            ``marks.add(case_id, reader, region, label)`` adds a region in pixels of the original frame, edges between
            pixels, and ``marks.nothing(place, case_id, reader)`` says that a reader found nothing. What a user can mend
            is raised as :class:`xaudit.errors.DataError`, within ``marks.item()`` for each item.
        per_image: whether it is a folder of files, one for each image.
    """

    row: FormatRow
    name: str
    collect: Callable[..., Any]
    per_image: bool = False


Plugin = ExplainerPlugin | MetricPlugin | ModelPlugin | FormatPlugin
