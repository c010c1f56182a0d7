"""Notes of the gallery: the cases that it shows, and the limits of their pictures."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from xaudit.report.html.gallery import gallery_data, pictured_views
from xaudit.report.html.picture_code import CodedForm
from xaudit.report.wording import count, metric_words
from xaudit.stages.views.previews import LOSSLESS_SIDE, QUALITY
from xaudit.stages.views.report_material import ReportMaterial


@dataclass(frozen=True, slots=True)
class Gallery:
    """The cases to look at.

    Attributes:
        data: what the script reads.
        selection: which cases these are, in words.
        notes: what a reader must know of the pictures.
        reason: why there is no gallery; empty where there is one.
    """

    data: dict[str, Any]
    selection: str
    notes: tuple[str, ...]
    reason: str = ""


def gallery_of(material: ReportMaterial, *, images: bool, named: Callable[[str], str]) -> Gallery:
    """The cases of a finished run, or why there are none.

    Args:
        images: whether images, maps and outlines are shown.
        named: how an id is shown.
    """
    if not material.views:
        return Gallery({}, "", (), _no_cases(material))
    data, form = gallery_data(material, images=images, named=named)
    parts = []
    for model, total in material.n_explained.items():
        n = sum(view.model_id == model and not view.is_error for view in material.views)
        parts.append(f"{model}: all {n:,}" if n == total else f"{model}: {n:,} of {total:,}")
    selection = "Explained cases shown, " + "; ".join(parts) + "."
    errors = Counter(view.model_id for view in material.views if view.is_error)
    if len(material.views) - errors.total() < sum(material.n_explained.values()):
        selection += (
            " Chosen are the cases of patients who decide a verdict, the worst of each confusion cell, then half of the rest from the worst, a quarter around the "
            "median and a quarter from the best. The tables count all cases."
        )
    if material.ranked_by is not None:
        selection += f" Worst first by the mean {metric_words(material.ranked_by)} of all explainers."
    if errors:
        beside = "; ".join(f"{model}: {n:,}" for model, n in errors.items())
        selection += f" Beside them, misclassified images that were explained for their error and are in no table, {beside}."
    return Gallery(data, selection, _picture_notes(material, images=images, form=form))


def _no_cases(material: ReportMaterial) -> str:
    if not sum(material.n_explained.values()):
        return "No case was explained."
    if material.settings.get("report", {}).get("gallery") == 0:
        return "The audit file switches the gallery off with `report.gallery: 0`."
    return "The run kept none of the explained cases for the gallery."


def _picture_notes(material: ReportMaterial, *, images: bool, form: CodedForm | None) -> tuple[str, ...]:
    if not images:
        return ("Images, maps and outlines were left out as asked.",)
    notes = []
    n_pictured = len(pictured_views(material))
    if n_pictured < len(material.views):
        notes.append(
            f"Only the worst {n_pictured:,} of the {len(material.views):,} have pictures, so that a browser can still "
            "open the page; the others have their numbers. With a smaller `report.gallery` all have."
        )
    missing = sum(name not in material.previews for name in material.cases)
    if not material.maps_kept:
        notes.append(_no_maps(material))
    if missing == len(material.cases):
        notes.append(_no_images(material))
    elif missing:
        notes.append(f"{count(missing, 'image')} could not be read when the run ended.")
    if missing < len(material.cases):
        notes.append(_pictures(material, form))
    if material.maps_kept:
        notes.append(
            "Maps are averaged down to at most 64 pixels, each coloured relative to its own strongest point; scores are "
            "of the whole map."
        )
    notes.append(_sides(material))
    return tuple(notes)


def _pictures(material: ReportMaterial, form: CodedForm | None) -> str:
    """Return a sentence on the size of the images, and on what their coding lost."""
    longest = max(max(one.height, one.width) for one in material.previews.values())
    lost = ""
    if form is not None:
        longest //= form.shrink
        lost = f", coded with loss (WebP quality {form.quality}) to keep the page small"
    elif longest > LOSSLESS_SIDE:
        lost = f", those over {LOSSLESS_SIDE} coded with little loss (WebP quality {QUALITY})"
    return f"Images are in 8 bits of grey, of at most {longest} pixels on the longer side{lost}; otherwise they are unchanged below the map."


def _no_maps(material: ReportMaterial) -> str:
    asked = material.settings.get("run", {}).get("maps") == "none"
    return f"The run kept no maps{' (`run.maps: none`)' if asked else ''}, so none can be drawn."


def _no_images(material: ReportMaterial) -> str:
    if material.settings.get("report", {}).get("images") is False:
        return "The run keeps no images (`report.images: false`)."
    return "The run keeps no images: none could be read when it ended, or it was made before runs kept any."


def _sides(material: ReportMaterial) -> str:
    """On how many of the pictures the patient's side stands, and why not on the others."""
    marked = sum(case.left_edge is not None for case in material.cases.values())
    total = len(material.cases)
    if not marked:
        return "No side is marked: the images' files do not say which side of the patient lies where."
    whole = "Every picture names" if marked == total else f"{marked:,} of {count(total, 'picture')} name"
    if marked == 1 < total:
        whole = f"1 of {count(total, 'picture')} names"
    rest = "" if marked == total else "; the files of the others do not say it"
    return f"{whole} the side of the patient that lies at the left edge{rest}."
