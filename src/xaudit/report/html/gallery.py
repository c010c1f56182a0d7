"""The cases that the page shows, as the plain values that its script reads."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from xaudit.catalog import MARGIN, METRICS
from xaudit.records import Case
from xaudit.report.html.deciding_cases import deciding_cases, reasons_of_answers
from xaudit.report.html.picture_code import CodedForm, image_codes, map_code
from xaudit.report.pictures.figures import NEGATIVE_ANCHORS, POSITIVE_ANCHORS
from xaudit.report.pictures.outline_path import outline_path
from xaudit.report.sections.category import category_words
from xaudit.report.wording import metric_words, region_words
from xaudit.stages.views.case_reliance import NAME as RELIANCE
from xaudit.stages.views.gallery_view import GalleryMap, GalleryView
from xaudit.stages.views.report_material import ReportMaterial
from xaudit.statistics.digits import shown

MOST_MAPS = 4000
"""Drawn on one page: what a browser still opens within seconds. Further cases stand there without pictures."""

_NO_MAP = GalleryMap(None)

SIZES = ("small", "middle", "large", "same", "unknown")


def gallery_data(
    material: ReportMaterial, *, images: bool, named: Callable[[str], str]
) -> tuple[dict[str, Any], CodedForm | None]:
    """Everything that the gallery draws, and how its images are coded; None where they are as they were stored.

    Args:
        images: whether pictures, maps and outlines go in.
        named: how a case's id is shown.
    """
    pictured = pictured_views(material) if images else frozenset()
    drawn = {case for case, _ in pictured}
    codes, form = image_codes({name: one for name, one in material.previews.items() if name in drawn})
    names = sorted(material.cases)
    place_of = {name: place for place, name in enumerate(names)}
    readers = sorted({mark.reader_id for own in material.marks.values() for mark in own})
    explainers = _drawn_maps(material)
    metrics = _metrics(material)
    reasons, deciding = reasons_of_answers(material), deciding_cases(material, named=named)
    data = {
        "colours": {"for": POSITIVE_ANCHORS, "against": NEGATIVE_ANCHORS},
        "readers": readers,
        "metrics": [
            {"id": name, "words": metric_words(name), "higher": _higher(name) is not False}
            for name in metrics
        ],
        "explainers": [{"id": name, "signed": material.signed.get(name, False)} for name in explainers],
        "reliance": RELIANCE,
        "models": list(material.outcome.model_ids),
        "deciding": [
            [[one.place, one.reason] for one in deciding.get(model, ())]
            for model in material.outcome.model_ids
        ],
        "cases": [
            _case(material, name, codes, named=named)
            | _marks(material, name, readers, outlines=name in drawn)
            for name in names
        ],
        "views": [
            _view(
                material,
                view,
                place_of,
                metrics,
                explainers,
                images=(view.case_id, view.model_id) in pictured,
            )
            | {"why": reasons.get((view.model_id, view.case_id), "")}
            for view in material.views
        ],
    }
    return data, form


def pictured_views(material: ReportMaterial) -> frozenset[tuple[str, str]]:
    """Case and model of the views that are drawn with pictures: each model's worst, at most :data:`MOST_MAPS` maps."""
    n_explainers = len(_drawn_maps(material))
    models = {view.model_id for view in material.views}
    room = max(1, MOST_MAPS // max(1, n_explainers * len(models)))
    own = {model: [view for view in material.views if view.model_id == model][:room] for model in models}
    return frozenset((view.case_id, model) for model, views in own.items() for view in views)


def _drawn_maps(material: ReportMaterial) -> list[str]:
    """Return the explainers that are no controls, and last the reliance map where there is any."""
    outcome = material.outcome
    names = [name for name in outcome.explainer_ids if name not in outcome.control_ids]
    return [*names, RELIANCE] if any(RELIANCE in view.maps for view in material.views) else names


def _metrics(material: ReportMaterial) -> list[str]:
    """Those that some map has, the one that ranks the cases first."""
    there = {name for view in material.views for one in view.maps.values() for name in one.scores}
    order = [row.id for row in METRICS if row.id in there]
    return sorted(order, key=lambda name: name != material.ranked_by)


def _higher(metric_id: str) -> bool | None:
    return {row.id: row.higher_is_better for row in METRICS}.get(metric_id)


def _case(
    material: ReportMaterial, name: str, codes: Mapping[str, str], *, named: Callable[[str], str]
) -> dict[str, Any]:
    case = material.cases[name]
    return {
        "id": named(name),
        "patient": named(case.patient_id or name),
        "frame": [case.height, case.width],
        "spacing": case.spacing_mm,
        "side": case.left_edge or "",
        "image": codes.get(name, ""),
        "size": [material.previews[name].height, material.previews[name].width] if name in codes else None,
    }


def _marks(material: ReportMaterial, case_id: str, readers: list[str], *, outlines: bool) -> dict[str, Any]:
    own = material.marks.get(case_id, ())
    drawn = {
        readers.index(reader): [
            outline_path(mark.region) if outlines else ""
            for mark in own
            if mark.reader_id == reader and mark.region is not None
        ]
        for reader in readers
        if any(mark.reader_id == reader for mark in own)
    }
    return {
        "outlines": {str(reader): "".join(paths) for reader, paths in drawn.items() if paths},
        "nothing": [reader for reader, paths in drawn.items() if not paths],
    }


def _view(
    material: ReportMaterial,
    view: GalleryView,
    place_of: Mapping[str, int],
    metrics: list[str],
    explainers: list[str],
    *,
    images: bool,
) -> dict[str, Any]:
    answer = view.prediction
    target = answer.class_names.index(answer.target)
    return {
        "case": place_of[view.case_id],
        "model": material.outcome.model_ids.index(view.model_id),
        "true": answer.label,
        "said": answer.predicted,
        "target": answer.target,
        "p": shown(answer.probabilities[target]),
        "cell": view.cell,
        "error": view.is_error,
        "regions": _regions_note(view),
        "size": view.size,
        "area": _area(view, material.cases[view.case_id]),
        "maps": [
            _map(
                view,
                name,
                metrics,
                signed=material.signed.get(name, False),
                images=images,
            )
            for name in explainers
        ],
    }


def _map(view: GalleryView, name: str, metrics: list[str], *, signed: bool, images: bool) -> dict[str, Any]:
    """``place`` leads from the share of the image's width and height to pixels of the map as it is stored here."""
    one = view.maps.get(name, _NO_MAP)
    # Reliance is kept wherever the model was asked; a false negative that is explained for its error is not asked about.
    absent = "not measured on this image" if name == RELIANCE else "no map kept"
    plain: dict[str, Any] = {
        "category": category_words(one.category) if one.category else "",
        "wrong": one.wrong_reason,
        "scores": [
            None
            if one.scores.get(name) is None or not math.isfinite(one.scores[name])
            else round(one.scores[name], 4)
            for name in metrics
        ],
        "absent": "" if one.values is not None else absent,
    }
    if one.highest is not None:
        plain["note"] = _reliance_note(one.highest, view.prediction.target)
    if one.values is None or not images:
        return plain
    geometry = view.geometry
    height, width = one.values.shape
    along, down = width / geometry.model_hw[1], height / geometry.model_hw[0]
    plain["image"] = map_code(one.values[:, ::-1] if geometry.flip else one.values, signed=signed)
    plain["size"] = [height, width]
    plain["place"] = [
        round(number, 6)
        for number in (
            geometry.original_hw[1] * geometry.scale_x * along,
            geometry.offset_x * along,
            geometry.original_hw[0] * geometry.scale_y * down,
            geometry.offset_y * down,
        )
    ]
    return plain


def _regions_note(view: GalleryView) -> str:
    """Say how far hiding each named region lowers the answer; empty if the model was not asked."""
    known = any("lung" in region for region in view.regions)
    falls = [f"{region_words(name, lungs_known=known)} {shown(fall)}" for name, fall in view.regions.items()]
    fall = f"fall of P({view.prediction.target}) if hidden, beyond that of random areas"
    return f"{fall}: {' · '.join(falls)}" if falls else ""


def _reliance_note(highest: float, target: str) -> str:
    """Say how strong the strongest point of a reliance map is, which its colours do not."""
    if highest < MARGIN:
        return f"hiding any place lowers P({target}) by less than {MARGIN:g}"
    return f"P({target}) falls by up to {shown(highest)}"


def _area(view: GalleryView, case: Case) -> str:
    """The marked area in words; empty without marks."""
    if view.area_px is None:
        return ""
    if view.area_mm2 is not None:
        return f"{shown(view.area_mm2)} mm²" if view.area_mm2 < 10 else f"{view.area_mm2:.0f} mm²"
    share = view.area_px / (case.height * case.width)
    return f"{100 * share:.1f} % of the image"
