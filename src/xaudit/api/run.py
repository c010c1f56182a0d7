"""A run folder as Python sees it: tables as data frames, maps and marks as arrays."""

import os
import warnings
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from xaudit.catalog import explainer_row
from xaudit.errors import UsageError, did_you_mean
from xaudit.geometry import Fit, fit_geometry, map_to_original, on_grid, rasterise
from xaudit.records import BoolArray, Case, FloatArray
from xaudit.store.run_list import FINISHED

if TYPE_CHECKING:
    from xaudit.records import SaliencyMap
    from xaudit.store.frames import DataFrame
    from xaudit.store.rows.table import Table


class Run:
    """A run folder. Tables are read from disk at each call, with the columns of docs/reference/run-folder.md.

    Every method raises :class:`xaudit.errors.RunFolderError` where what it reads is missing, damaged or newer than
    this program, and :class:`xaudit.errors.UsageError`, with the nearest name, for a case, model or explainer that the
    run does not have.

    Args:
        folder: of one run, such as ``runs/20260102T030405Z-study-01234567``.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        from xaudit.stages.outcome.stored_run import StoredRun

        self.folder = Path(folder)
        self._stored = StoredRun(self.folder)

    @property
    def run_id(self) -> str:
        """The name under which the run was made."""
        return self._stored.run_id

    @property
    def state(self) -> str:
        """``complete``, ``incomplete`` (too many cases failed), ``shard``, ``interrupted`` or ``running``."""
        return self._stored.folder.status.state

    @property
    def finished(self) -> bool:
        """True where the run was concluded; else summary, categories, gates and page do not exist yet."""
        return self.state in FINISHED

    @property
    def models(self) -> tuple[str, ...]:
        """Ids of the models, in the audit's order."""
        return tuple(str(model["id"]) for model in self._stored.settings["models"])

    @property
    def explainers(self) -> tuple[str, ...]:
        """Ids of the explainers, then of the controls that make a map of an image."""
        settings = self._stored.settings
        controls = (
            spec for spec in settings.get("controls") or () if explainer_row(spec["name"]).made_of == "image"
        )
        return tuple(str(spec["id"]) for spec in (*settings["explainers"], *controls))

    def cases(self) -> "DataFrame":
        """Return one row per image."""
        return self._frame("cases")

    def predictions(self) -> "DataFrame":
        """Return one row per case and model: what the model answered."""
        return self._frame("predictions")

    def scores(self) -> "DataFrame":
        """Return one row per case, model, explainer, reader and metric.

        A score that does not exist has NaN as ``value``, ``unscored`` as ``status`` and a ``reason``. A run that is not
        finished has the rows that were done.
        """
        return self._frame("scores")

    def reliance(self) -> "DataFrame":
        """Return one row per case, model, region and in-fill: by how much the answer falls without the region."""
        return self._frame("reliance")

    def image_changes(self) -> "DataFrame":
        """Return one row per case, model and step that changes a property of the whole image: how the answer changes."""
        return self._frame("image_changes")

    def areas(self) -> "DataFrame":
        """Return one row per area of the reliance map and test that shows it: place, extent and effect.

        A run of a version before 1.3 has no rows.
        """
        return self._frame("reliance_areas", optional=True)

    def map_clusters(self) -> "DataFrame":
        """Return one row per group of maps that lie at the same place: maps, place, attributes, and what reliance says.

        A run of a version before 1.5 has no rows.
        """
        return self._frame("map_clusters", optional=True)

    def summary(self) -> "DataFrame":
        """Return one row per model, explainer, metric, reader and stratum: the mean with its interval."""
        return self._frame("summary")

    def categories(self) -> "DataFrame":
        """Return one row per map: its failure category, and whether a right answer rests on the wrong reason.

        A run of a version that knew no categories has no rows.
        """
        return self._frame("categories", optional="categories" not in self._stored.head)

    def gates(self) -> "DataFrame":
        """Return one row per verdict about a limit of the audit; the run fails where one of them is ``gating`` and not ``pass``."""
        from xaudit.store.frames import verdict_frame

        verdicts = self._stored.outcome.verdicts
        return verdict_frame(one for one in verdicts if one.kind == "gate")

    def compare(
        self,
        *others: "Run",
        explainers: Sequence[str] = (),
        models: Sequence[str] = (),
        metrics: Sequence[str] = (),
        by: str | None = None,
    ) -> "DataFrame":
        """Compare pairs on the same cases, as ``xaudit compare`` does.

        Args:
            others: with any, each explainer and model is compared with its namesake in the other runs.
            explainers: ids of the explainers that are compared; all that are no controls where empty.
            models: two or more are compared for each explainer; one restricts the comparison to it.
            metrics: ids of metrics; the headline metrics where empty.
            by: a property of a case, such as ``lesion-size``; each of its strata is compared on its own.

        Returns:
            One row per comparison, with the columns of ``xaudit compare --format csv``.
        """
        from xaudit.report.files.comparison import comparison_rows
        from xaudit.stages import load_comparisons
        from xaudit.store.frames import frame_of

        folders = [self.folder, *(other.folder for other in others)]
        comparisons = load_comparisons(folders, explainers=explainers, models=models, metrics=metrics, by=by)
        return frame_of(comparison_rows(comparisons))

    def saliency(self, case: str, *, model: str | None = None, explainer: str | None = None) -> FloatArray:
        """Return one map in the frame of its image.

        Args:
            case: the case's id, or its last part where no other case ends so.
            model: may be left out where the run has one.
            explainer: may be left out where the run has one.

        Returns:
            (H, W) float32 of the original frame: signed as the explainer made it, 0 where the model did not see the
            image.
        """
        from xaudit.store.parts import iter_parts

        of = self._case(case)
        about = (
            of.case_id,
            self._chosen("model", model, self.models),
            self._chosen("explainer", explainer, self.explainers),
        )
        stored = self._parts_of_maps.get(about)
        if stored is None:
            raise UsageError(
                f"{self.run_id}: no map of {about[2]} on {about[1]} is stored for case '{about[0]}'",
                hint="maps are stored of explained cases alone, and none are with `run.maps: none`",
            )
        table, key = stored
        [part] = iter_parts(self._stored.folder, table, [key])
        rows = part.rows or ()
        values = next(one.values for one in rows if (one.case_id, one.model_id, one.explainer_id) == about)
        grid = values.shape[0], values.shape[1]
        geometry = fit_geometry((of.height, of.width), *self._frame_of(about[1], grid))
        return map_to_original(values, on_grid(geometry, grid))[0]

    def marks(self, case: str) -> dict[str, BoolArray]:
        """Return what each reader marked on a case.

        Returns:
            (H, W) of the original frame by reader, true inside the marks; all false where a reader found nothing.
        """
        of = self._case(case)
        shape = of.height, of.width
        masks: dict[str, BoolArray] = {}
        for mark in self._stored.annotations:
            if mark.case_id == of.case_id:
                mask = masks.setdefault(mark.reader_id, np.zeros(shape, dtype=bool))
                if mark.region is not None:
                    mask |= rasterise(mark.region, shape)
        return masks

    def to_html(self, path: str | os.PathLike[str], *, images: bool = True) -> Path:
        """Write the run's page, which needs no network, and return its path.

        Args:
            path: of the file.
            images: False leaves out images, maps and outlines.

        Raises:
            OutputError: where the file cannot be written.
        """
        from xaudit.report.html.page_file import write_page
        from xaudit.stages import load_material

        write_page(load_material(self.folder, images=images), Path(path), images=images)
        return Path(path)

    def __repr__(self) -> str:
        return f"<xaudit.Run {self.run_id}: {self.state}>"

    def _repr_html_(self) -> str:
        from xaudit.api.notebook import run_html

        outcome = self._stored.outcome if self.finished else None
        predicted = (self.folder / "predictions.parquet").exists()
        return run_html(
            f"xaudit run {self.run_id}: {self.state}", outcome, self.predictions() if predicted else None
        )

    def _frame(self, table: str, *, optional: bool = False) -> "DataFrame":
        from xaudit.store.frames import read_frame

        return read_frame(self._stored.folder, table, optional=optional)

    @cached_property
    def _parts_of_maps(self) -> "dict[tuple[str, ...], tuple[Table[SaliencyMap], str]]":
        """Table and key of the part that holds each map, by case, model and explainer."""
        from xaudit.store.frames import part_of_each
        from xaudit.store.parts import MAPS, MISCLASSIFIED_MAPS

        return {
            about: (table, key)
            for table in (MAPS, MISCLASSIFIED_MAPS)
            for about, key in part_of_each(
                self._stored.folder, table, ("case_id", "model", "explainer")
            ).items()
        }

    def _frame_of(self, model: str, grid: tuple[int, int]) -> tuple[tuple[int, int], Fit]:
        """Return the size of a model's input, and how an image was fitted into it.

        Args:
            model: its id.
            grid: size of its maps; only maps from files may differ in size from the input.
        """
        settings = next(one for one in self._stored.settings["models"] if one["id"] == model)
        if settings["source"] != "external":
            return grid, settings["fit"]
        from xaudit.models.sources.external import DEFAULT_SIDE

        side = int(settings["input_size"] or DEFAULT_SIDE)
        return (side, side), settings["fit"]

    def _case(self, name: str) -> Case:
        """Return the case that a name means."""
        from xaudit.stages.views.case_view import find_case

        by_id = {case.case_id: case for case in self._stored.cases}
        return by_id[find_case(by_id, name)]

    def _chosen(self, kind: str, name: str | None, known: Sequence[str]) -> str:
        """Return a model's or an explainer's id, the only one where none is named."""
        there = f"{self.run_id} has {', '.join(known)}"
        if name is None and len(known) == 1:
            return known[0]
        if name is None:
            raise UsageError(f"{kind}: several are in the run, and none is named", hint=there)
        if name not in known:
            hint = did_you_mean(name, known, otherwise=there)
            raise UsageError(f"{self.run_id} has no {kind} '{name}'", hint=hint)
        return name


def open_run(folder: str | os.PathLike[str]) -> Run:
    """Open a run folder, of this version or an older one; nothing in it is changed.

    A run that is not finished is opened with a warning: its tables hold what was done so far.

    Raises:
        RunFolderError: where the folder is missing, is no run, or was written by a newer version.
    """
    run = Run(folder)
    if not run.finished:
        warnings.warn(
            f"{run.run_id}: not finished (state: {run.state}); its tables hold what was done so far",
            stacklevel=2,
        )
    return run
