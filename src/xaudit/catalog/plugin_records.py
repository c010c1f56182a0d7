"""Records: a row of the catalog, and the function that does its work.

xaudit's own lie below :mod:`xaudit.builtin`, one file each; other packages register the same types as entry points, and
import them from :mod:`xaudit.plugins`. Here, below all that computes, nothing of torch is known: a built-in record names
its function by an :class:`ImportPath`.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal, NoReturn

from xaudit.catalog.rows import CurveRow, ExplainerRow, FormatRow, MetricRow, ModelRow, Option, PlantRow

LAST = 1000
"""Default ``order`` of a record: after all that have a place of their own, by id."""


@dataclass(frozen=True, slots=True)
class ImportPath:
    """A function that is imported when it is called, so that listing a record imports no library.

    Attributes:
        path: ``package.module:name``; the name may have dots, as in ``module:Class.method``.

    Example:
        >>> ImportPath("math:gcd")(12, 18)
        6
    """

    path: str

    def __call__(self, *arguments: Any, **settings: Any) -> Any:  # noqa: ANN401
        """Import the function and call it."""
        return self.resolve()(*arguments, **settings)

    def resolve(self) -> Any:  # noqa: ANN401
        """Import the function; raises ImportError or AttributeError where there is none."""
        module, _, name = self.path.partition(":")
        return attrgetter(name)(importlib.import_module(module))


def not_alone(*_arguments: Any, **_settings: Any) -> NoReturn:  # noqa: ANN401
    """Stand where a record has no function of its own: it is computed with others, by a section of the audit file.

    Raises:
        ValueError: always.
    """
    raise ValueError("it is computed with others, by a section of the audit file, and not asked on its own")


@dataclass(frozen=True, slots=True)
class ExplainerPlugin:
    """An explainer; entry-point group ``xaudit.explainers``.

    Attributes:
        row: what the catalog says of it; of a plug-in ``control`` is false and ``made_of`` is ``image``.
        make: ``make(options, classifier)`` gives an object with the method ``explain(images, targets, seeds)`` of
            :class:`xaudit.explainers.Explainer`: images (N, 3, h, w) float32, normalised; a class index and a 32-bit
            seed for each; maps (N, h, w) float32, signed where the row says so, finite. A map depends on its image,
            target, seed and options, and on nothing else: not on its batch, its order or a global random state.
            ``options`` holds every option of the row; ``classifier`` is a :class:`xaudit.models.classifier.Classifier`,
            whose ``logits`` counts what is asked and whose ``module`` is lent, in evaluation mode and with frozen
            parameters, while a map is made.
        native_grid: ``native_grid(options, classifier)`` gives a function from an image, (3, h, w), to its
            :class:`xaudit.native_grid.NativeGrid`; None where no ceiling of resolution is known.
        order: place among xaudit's own in lists and reports, the lowest first; controls follow all others.
    """

    row: ExplainerRow
    make: Callable[..., Any]
    native_grid: Callable[..., Any] | None = None
    order: int = LAST


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
            level, a function of the :class:`MarkedMap`, or None where no value would be true.
        guarded: False if a metric of the family ``localization`` looks itself whether there is a map and a mark.
        curve: the axes of the curve that the value is read from.
        order: place in its family among xaudit's own, in lists and reports, the lowest first.
    """

    row: MetricRow
    measure: Callable[..., Any]
    without_map: float | Callable[..., Any] | None = 0.0
    guarded: bool = True
    curve: CurveRow | None = None
    order: int = LAST


@dataclass(frozen=True, slots=True)
class InfillRecord:
    """A way to fill a region of an image with what could plausibly have been there.

    Attributes:
        fill: ``fill(image, hole, generator)`` with the tensors image, (3, h, w), and hole, (h, w) bool, neither empty nor
            full; gives the hole's pixels, (3, n) in row order, and leaves the image as it is.
        order: place in lists, the lowest first.
        needs_donor: True if it takes its pixels from another patient's image: it is then called
            ``fill(image, hole, donor)`` with the tensor donor, (3, h, w).
        drops_tokens: True if it gives values that are not numbers, by which a vision transformer knows what is gone; see
            :mod:`xaudit.models.network.token_dropping`.
    """

    id: str
    meaning: str
    fill: Callable[..., Any]
    order: int = LAST
    needs_donor: bool = False
    drops_tokens: bool = False


@dataclass(frozen=True, slots=True)
class ModelPlugin:
    """A source of networks; entry-point group ``xaudit.models``.

    Attributes:
        row: what the catalog says of it; its id is what ``models[].source`` names.
        build: ``build(options, n_classes)`` gives a ``torch.nn.Module`` from (N, 3, h, w) float32, normalised, to
            (N, n_classes) logits, with random weights drawn from torch's generator: xaudit loads ``weights`` into it or
            trains it. Nothing is downloaded. xaudit's own get the section, ``n_classes`` and True for heads of training only.
        options: what ``models[].options`` may set.
        resize: the filter that resizes images if the audit file names none; a value of ``preprocess.resize``.
        key: of xaudit's own sources, as are all that follow: the key of the model's section that names the network.
        library: the package that the row's ``extra`` brings, as it is imported.
        architecture: what the network is called in tables; ``{0.factory}`` stands for that key of the section.
        side: ``side(section)`` gives the side of the model's frame in pixels; None for ``input_size``, or 224.
        load: ``load(section, class_names, weights, device)`` gives a ``LoadedNetwork``, if ``weights`` holds the network.
        check_file: ``check_file(weights, subject=...)`` looks into such a file or folder, and loads nothing.
        remarks: ``remarks(section, weights)`` gives sentences for the reader of the results.
        on_cpu: True if it runs on the CPU only.
        order: place in lists and reports, the lowest first.
    """

    row: ModelRow
    build: Callable[..., Any]
    options: tuple[Option, ...] = ()
    resize: str = "bilinear"
    key: str = "weights"
    library: str = ""
    architecture: str = ""
    side: Callable[..., int] | None = None
    load: Callable[..., Any] | None = None
    check_file: Callable[..., Any] | None = None
    remarks: Callable[..., tuple[str, ...]] | None = None
    on_cpu: bool = False
    order: int = LAST


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
            is raised as :class:`xaudit.errors.DataError`, within ``marks.item()`` for each item. xaudit's own get a
            :class:`xaudit.cases.marks.file_set.FileSet` in place of the path, unless they are tables, and may return problems.
        per_image: whether it is a folder of files, one for each image.
        settings: of xaudit's own formats, as are all that follow: keys of ``data.annotations`` that ``collect`` takes too.
        content: what its files are, and so what ``recognise`` is given: the value of a JSON file, the name of the first XML
            element, the columns of a table and ``data.annotations.columns``, a whole text, or a DICOM file's first bytes.
        recognise: returns True for content of this format; None for any content of the kind, or any table with ``columns``.
        columns: leads to the names of the columns, in lower case, by which a table is known.
        fault: ``fault(value, shown)`` gives a DataError for JSON that looks like the format and cannot be read, else None.
        write: ``write(marks, out, losses)`` writes :class:`xaudit.cases.marks.writing.MarksToWrite` and returns the number of
            files; ``losses`` counts, by sentence, what the format cannot hold. None where it is only read.
        order: place in lists, the lowest first.
    """

    row: FormatRow
    name: str
    collect: Callable[..., Any]
    per_image: bool = False
    settings: tuple[str, ...] = ()
    content: Literal["", "json", "xml", "table", "text", "dicom", "png", "nifti"] = ""
    recognise: Callable[..., bool] | None = None
    columns: ImportPath | None = None
    fault: Callable[..., Any] | None = None
    write: Callable[..., int] | None = None
    order: int = LAST


@dataclass(frozen=True, slots=True)
class PlantPlugin:
    """Evidence that can be put into an image, with a detector that reads nothing else; entry-point group ``xaudit.plants``.

    Attributes:
        insert: ``insert(pixels, region, generator)`` with the image in the model's frame, (3, h, w) float32, 0 to 1, and the
            mask, (h, w), of the region that the plant is put into, None unless the row's place is ``region``. Gives a
            changed copy, or None where the plant does not fit into the region.
        evidence: ``evidence(pixels)`` with grey images, (n, h, w), 0 to 1. Gives (n,) numbers, larger the more of the plant
            an image shows; pure arithmetic on the pixels. What counts as shown is settled on the user's own images.
        order: place in lists, the lowest first.
    """

    row: PlantRow
    insert: Callable[..., Any]
    evidence: Callable[..., Any]
    order: int = LAST


Plugin = ExplainerPlugin | MetricPlugin | ModelPlugin | FormatPlugin | PlantPlugin
"""A record that another package can register."""
