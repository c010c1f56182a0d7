"""The maps that one external model brings by one explainer: read once to see that they fit, and again when they are scored."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from xaudit.cases.names.image_index import ImageIndex
from xaudit.catalog import EXTERNAL
from xaudit.config import ExplainerSpec, MapFiles, ModelSection, fingerprint
from xaudit.errors import DataError
from xaudit.explainers.external.map_folder import EVERY_CLASS, FoundMaps, find_maps, spelled
from xaudit.explainers.external.reading import in_single_precision, is_rounded, read_values
from xaudit.records import Case, FloatArray


@dataclass(frozen=True)
class Laid:
    """The frame that a map from a file covers.

    Attributes:
        frame: the whole image, or the model's square input.
        side: of that input, in pixels.
        fit: how the image was brought into it.
    """

    frame: Literal["image", "input"]
    side: int | None
    fit: str

    def check(self, shape: tuple[int, int], case: Case, place: str) -> None:
        """Raises DataError where a map of this shape cannot cover it."""
        (height, width), image = shape, (case.height, case.width)
        if self.frame == "image":
            if shape == image or (height <= image[0] and width <= image[1] and _like(shape, image)):
                return
            larger = height > image[0] or width > image[1]
            raise DataError(
                f"{place}: a map of {width} × {height} for the image {case.case_id} of {image[1]} × {image[0]}, "
                f"{'larger than the image' if larger else 'of another shape'}",
                hint="a map that covers the whole image has its size, or fewer pixels in the same proportion; if it "
                "covers the model's square input, set `frame: input`, `input_size` and `fit`",
            )
        side = self.side or 0
        if height != width or height > side:
            raise DataError(
                f"{place}: a map of {width} × {height} for a model's input of {side} × {side} (image {case.case_id})",
                hint="a map of the model's input is square and no larger; if it covers the whole image, set `frame: image`",
            )


def _like(shape: tuple[int, int], image: tuple[int, int]) -> bool:
    """Return True if both sides of an image, divided by one number and rounded, give a map's sides."""
    least = max(side / (cells + 0.5) for side, cells in zip(image, shape, strict=True))
    most = min(side / (cells - 0.5) for side, cells in zip(image, shape, strict=True))
    return least <= most


@dataclass(frozen=True)
class ExternalMaps:
    """Maps of one explainer.

    Attributes:
        spec: under which they stand in the tables; its hash is decided by the maps and how they are laid.
        checksum: SHA-256 over all files.
        n_rounded: files whose numbers float32, in which maps are scored, does not hold exactly.
    """

    spec: ExplainerSpec
    files: FoundMaps
    folder: Path
    settings: MapFiles
    laid: Laid
    checksum: str
    n_rounded: int = 0

    def has(self, case_id: str, target: str) -> bool:
        """Return True if there is a map of a case that explains this class."""
        return self._file(case_id, target) is not None

    def read(self, case: Case, target: str) -> FloatArray:
        """The map of a case, (h, w) float32, on the grid of its file.

        Raises:
            DataError: where its file has gone, changed or does not fit.
        ValueError: where :meth:`has` says that there is none.
        """
        path = self._file(case.case_id, target)
        if path is None:
            raise ValueError(f"asked for a map of {case.case_id} that is not there")
        return _read(path, case, self)

    def _file(self, case_id: str, target: str) -> Path | None:
        own = self.files.get(case_id, {})
        return own.get(spelled(target), own.get(EVERY_CLASS))


def load_maps(
    model: ModelSection, name: str, explainer: ExplainerSpec, cases: Sequence[Case], images: ImageIndex
) -> ExternalMaps:
    """The maps that an external model brings under a name, every file of the cases read once.

    Args:
        explainer: as the audit has it, without its content.
        cases: whose maps may be scored.
        images: all of the data set's.

    Raises:
        ModelError: no such folder, or none of its files belongs to an image.
        DataError: a file that cannot be read as a map, does not fit its image, or whose image is not clear.
    """
    settings = model.maps[name]
    laid = Laid(model.frame, model.input_size, model.fit)
    files = find_maps(settings.path, images, subject=f"model '{model.id}': maps.{name}")
    known = ExternalMaps(explainer, files, settings.path, settings, laid, "")
    lines: list[str] = []
    n_rounded = 0
    for case in cases:
        for target, path in sorted(files.get(case.case_id, {}).items()):
            n_rounded += is_rounded(_read_exactly(path, case, known))
            with path.open("rb") as file:
                lines.append(f"{case.case_id}\t{target}\t{hashlib.file_digest(file, 'sha256').hexdigest()}")
    checksum = hashlib.sha256("\n".join(sorted(lines)).encode("utf-8", "surrogatepass")).hexdigest()
    of_input = [laid.side, laid.fit] if laid.frame == "input" else []
    content = fingerprint([checksum, settings.values, settings.orientation, laid.frame, *of_input])
    spec = ExplainerSpec(name=EXTERNAL.id, id=explainer.id, content=content)
    return ExternalMaps(spec, files, settings.path, settings, laid, checksum, n_rounded)


def _read(path: Path, case: Case, maps: ExternalMaps) -> FloatArray:
    """Read a map as it is scored."""
    values = in_single_precision(_read_exactly(path, case, maps))
    # One infinite value is no map either, and would only make NaN out of its neighbours on the way to the image.
    values = np.where(np.isinf(values), np.float32(np.nan), values)
    return np.abs(values) if maps.settings.values == "magnitude" else values


def _read_exactly(path: Path, case: Case, maps: ExternalMaps) -> FloatArray:
    """Read the numbers of a file in its own precision, and check that they fit the image."""
    place = f"{maps.folder.name}/{path.relative_to(maps.folder).as_posix()}"
    values = read_values(path, place, orientation=maps.settings.orientation)
    height, width = values.shape
    maps.laid.check((height, width), case, place)
    return values
