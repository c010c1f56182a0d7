"""Figures for a paper: their numbers are the tables', their marks lie where they lie, their bytes are the same each time."""

import csv
import io
import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import outcomes
import pages
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch

from xaudit.errors import OutputError
from xaudit.records import Box, Evaluation
from xaudit.report.hashed_ids import HashedIds
from xaudit.report.lookup import SummaryLookup
from xaudit.report.paper_figures.bars import category_figures, region_figures
from xaudit.report.paper_figures.confusion import confusion_figures
from xaudit.report.paper_figures.curves import curve_figures
from xaudit.report.paper_figures.figure import PaperFigure
from xaudit.report.paper_figures.forest import forest_figures
from xaudit.report.paper_figures.overlays import overlay_figures
from xaudit.report.paper_figures.writing import write_figures

SVG_TEXT = "{http://www.w3.org/2000/svg}text"


def table(figure: PaperFigure) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(figure.table().decode())))


def with_curves():
    one = pages.material()
    names = {"pixel-flipping": "pixel-flipping", "insertion": "insertion"}
    return replace(one, curves=pages.curves(one.outcome), curves_kept=True, metric_names=names)


def texts(figure: PaperFigure) -> list[str]:
    root = ElementTree.fromstring(figure.drawn("svg"))
    return ["".join(one.itertext()).strip() for one in root.iter(SVG_TEXT)]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("figures")
    return folder, write_figures(with_curves(), folder)


def test_every_kind_is_written_as_svg_pdf_and_csv(written):
    folder, found = written
    assert {name.partition("-")[0] for name in found.names} == {
        "confusion", "forest", "categories", "regions", "curve", "overlays", "reliance",
    }  # fmt: skip
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        f"{name}.{form}" for name in found.names for form in ("svg", "pdf", "csv")
    )
    assert found.left_out == ()


@pytest.mark.slow
def test_the_same_run_gives_the_same_bytes(written, tmp_path):
    folder, found = written
    write_figures(with_curves(), tmp_path)
    for name in found.names:
        for form in ("svg", "pdf", "csv"):
            assert (tmp_path / f"{name}.{form}").read_bytes() == (folder / f"{name}.{form}").read_bytes()


def test_text_stays_text_and_nothing_of_the_day_or_the_maker_is_kept(written):
    folder, found = written
    for name in found.names:
        svg = (folder / f"{name}.svg").read_text(encoding="utf-8")
        assert "<text" in svg
        assert "<dc:date>" not in svg
        assert "<script" not in svg
        pdf = (folder / f"{name}.pdf").read_bytes()
        assert b"CreationDate" not in pdf
        assert b"/FontFile2" in pdf


def test_a_case_s_name_is_text_whatever_it_holds(written):
    folder, _ = written
    svg = (folder / "overlays-honest.svg").read_text(encoding="utf-8")
    assert "<img" not in svg
    assert "alert(1)" in svg
    assert "&gt;" in svg


def test_a_dollar_sign_begins_no_formula():
    outcome = outcomes.phantom_outcome()
    priced = replace(outcome, evaluations=(replace(outcome.evaluations[0], class_names=("$x^2$", "b")),))
    [figure] = confusion_figures(priced)
    assert "$x^2$" in texts(figure)


def test_the_matrix_holds_the_counts():
    outcome = outcomes.phantom_outcome()
    first = next(confusion_figures(outcome))
    assert [row["images"] for row in table(first)] == ["52", "2", "1", "53"]
    assert {"52", "2", "1", "53"} <= set(texts(first))


@pytest.mark.slow
def test_a_matrix_of_many_classes_is_left_out_and_said(tmp_path):
    names = tuple(f"class {n}" for n in range(30))
    matrix = tuple(tuple(int(a == b) for a in range(30)) for b in range(30))
    many = Evaluation("honest", "data", "test", names, names[0], matrix, {}, 30, 30, True)
    one = pages.material()
    found = write_figures(
        replace(one, outcome=replace(one.outcome, evaluations=(many,))), tmp_path, images=False
    )
    assert not any(name.startswith("confusion") for name in found.names)
    assert "no confusion matrix of so many classes" in found.left_out[-1]


def test_the_forest_s_numbers_are_those_of_the_summaries():
    outcome = outcomes.phantom_outcome()
    lookup = SummaryLookup(outcome)
    figure = next(one for one in forest_figures(outcome) if one.name == "forest-iou")
    seen = 0
    for row in table(figure):
        if row["kind"] == "explainer":
            expected = lookup.find(row["model"], row["row"], "iou", "union").interval
            assert (float(row["mean"]), float(row["low"]), float(row["high"])) == (
                expected.estimate, expected.low, expected.high,
            )  # fmt: skip
            seen += 1
    assert seen == len(outcomes.EXPLAINERS) * len(outcome.model_ids)


def test_kinds_of_failure_are_counted_in_full():
    outcome = outcomes.phantom_outcome()
    for figure in category_figures(outcome):
        model = figure.name.removeprefix("categories-")
        assert sum(int(row["maps"]) for row in table(figure)) == sum(
            one.n_maps for one in outcome.categories if one.model_id == model
        )


def test_regions_show_reliance_and_the_share_of_each_map():
    figure = next(region_figures(outcomes.phantom_outcome()))
    first = table(figure)[0]
    assert (first["region"], float(first["reliance"]), float(first["share_of_lime"])) == (
        "marked lesion", 0.61, 0.31,
    )  # fmt: skip


def test_curves_have_every_point_and_their_axes_in_words():
    one = with_curves()
    figure = next(curve_figures(one))
    assert len(table(figure)) == sum(
        len(curve.share) for curve in one.curves if curve.metric_id == "pixel-flipping"
    )
    words = texts(figure)
    assert "target probability" in words
    assert "share of pixels removed, the map's highest first" in words
    assert "random (control)" in words


def drawn(figure: PaperFigure) -> Figure:
    canvas = Figure(figsize=(4, 4))
    FigureCanvasAgg(canvas)
    figure.draw(canvas)
    canvas.canvas.draw()
    return canvas


@pytest.mark.parametrize(
    ("fit", "flip", "spacing"),
    [
        ("stretch", False, (0.7, 0.7)),
        ("crop", False, (0.7, 0.7)),
        ("pad", False, (0.7, 0.7)),
        ("pad", True, (0.7, 0.7)),
        ("stretch", True, (2.0, 0.5)),
    ],
)
def test_square_outline_and_map_coincide(fit, flip, spacing):
    box = Box(40, 30, 60, 50)
    one = pages.planted(
        frame=(96, 160), fit=fit, model_hw=(96, 96), spacing=spacing, box=box, flip=flip, read=None
    )
    [figure] = overlay_figures(replace(one, ranked_by=None), str)
    axes = drawn(figure).axes[1]
    outline = next(patch for patch in axes.patches if isinstance(patch, PathPatch))
    assert outline.get_path().get_extents().bounds == (40, 30, 20, 20)
    grey, covered = axes.images
    bright = np.argwhere(np.asarray(grey.get_array()) == 1)
    assert (bright.min(0).tolist(), bright.max(0).tolist()) == ([30, 40], [49, 59])
    left, right, bottom, top = covered.get_extent()
    alpha = np.asarray(covered.get_array())[:, :, 3]
    rows, columns = np.nonzero(alpha)
    pixel_x, pixel_y = (right - left) / alpha.shape[1], (bottom - top) / alpha.shape[0]
    found = (
        left + columns.min() * pixel_x, top + rows.min() * pixel_y,
        left + (columns.max() + 1) * pixel_x, top + (rows.max() + 1) * pixel_y,
    )  # fmt: skip
    assert found == pytest.approx((40, 30, 60, 50), abs=max(pixel_x, pixel_y) / 2 + 1e-6)


def test_the_side_at_the_left_edge_is_marked_where_it_is_known():
    one = with_curves()
    known = {name: replace(case, left_edge="R") for name, case in one.cases.items()}
    assert "R" not in texts(next(overlay_figures(one, str)))
    assert texts(next(overlay_figures(replace(one, cases=known), str))).count("R") == 3


def test_an_image_has_the_shape_of_the_patient():
    one = pages.planted(
        frame=(64, 64), fit="stretch", model_hw=(64, 64), spacing=(2.0, 0.5), box=Box(8, 8, 16, 16)
    )
    [figure] = overlay_figures(replace(one, ranked_by=None), str)
    assert drawn(figure).axes[0].get_aspect() == 4.0


def test_hashed_ids_stand_in_every_file(tmp_path):
    one = with_curves()
    ids = [*one.cases, *(case.patient_id for case in one.cases.values())]
    found = write_figures(one, tmp_path, hashed=HashedIds(b"key", ids))
    assert any(name.startswith("overlays") for name in found.names)
    for path in tmp_path.iterdir():
        if path.suffix != ".pdf":
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"\bP0[12]\b|onerror", text)


@pytest.mark.slow
def test_without_images_there_are_no_overlays(tmp_path):
    found = write_figures(pages.material(), tmp_path, images=False)
    assert not any(name.startswith("overlays") for name in found.names)


def test_what_a_run_cannot_give_is_said(tmp_path):
    one = replace(pages.material(), outcome=outcomes.unmarked_outcome(), previews={}, curves=())
    said = " | ".join(write_figures(one, tmp_path).left_out)
    assert "no kinds of failure: no map lies on a marked case" in said
    assert "no curves: nothing to draw: none of the metrics" in said
    assert "no overlays: the run kept no pictures or no maps" in said


@pytest.mark.slow
def test_models_whose_names_would_be_one_file_have_two(tmp_path):
    outcome = outcomes.phantom_outcome()
    first = outcome.evaluations[0]
    twins = (replace(first, model_id="a/b"), replace(first, model_id="a b"))
    one = replace(pages.material(), outcome=replace(outcome, evaluations=twins))
    names = write_figures(one, tmp_path, images=False).names
    assert [name for name in names if name.startswith("confusion")] == ["confusion-a-b", "confusion-a-b-2"]


def test_a_file_in_the_way_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write_figures(pages.material(), tmp_path / "file", images=False)
