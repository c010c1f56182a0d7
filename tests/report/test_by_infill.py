"""The table of reliance under each in-fill."""

from dataclasses import replace

from outcomes import phantom_outcome

from xaudit.records import InfillEffect, Interval
from xaudit.report.sections.by_infill import by_infill_section


def effect(region, infill, estimate, odd, *, model="honest"):
    interval = Interval(estimate, estimate - 0.05, estimate + 0.05, "bca")
    return InfillEffect(model, region, infill, interval, n_patients=9, odd=odd)


def section(*effects):
    return by_infill_section(replace(phantom_outcome(), by_infill=effects))


def test_each_region_has_its_effect_and_its_odd_images_under_each_infill():
    table, legend = section(
        effect("border", "blur", 0.01, 0.0),
        effect("border", "noise", 0.31, 0.5),
        effect("mark", "blur", 0.42, 0.125),
        effect("mark", "noise", 0.4, 1.0),
        effect("ruler", "blur", 0.0, 0.0),
    ).blocks
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["marked lesion", "0.42 [0.37, 0.47]", "12 %", "0.40 [0.35, 0.45]", "100 %"],
        ["image border", "0.01 [-0.04, 0.06]", "0 %", "0.31 [0.26, 0.36]", "50 %"],
        ["ruler", "0.00 [-0.05, 0.05]", "0 %", "-", "-"],
    ]
    assert [[cell.tone for cell in row.cells[1::2]] for row in table.rows] == [
        ["strong", "strong"],
        ["plain", "strong"],
        ["plain", "dim"],
    ]
    assert "not measured" not in legend.text


def test_a_model_whose_features_are_not_known_is_named():
    *_, legend = section(
        effect("mark", "blur", 0.4, None), effect("mark", "blur", 0.4, 0.1, model="shortcut")
    ).blocks
    assert "odd is not measured for honest: the model's features cannot be reached, or" in legend.text


def test_without_in_fills_there_is_no_section():
    assert section() is None
