"""A model of which there are only files: nothing is said of what its answer depends on but that there is no model."""

from dataclasses import replace

import outcomes
import pages

from xaudit.report.grid import Grid, Paragraph
from xaudit.report.html.render import html_report
from xaudit.report.paper_figures.bars import region_figures
from xaudit.report.sections.evidence import NO_MODEL_TO_ASK, looks_section
from xaudit.report.sections.explainers import advice_section
from xaudit.report.sections.first_screen import screen_sections
from xaudit.report.sections.map_lines import explainers_of

NO_SUCH = ("reliance", "agreement")


def external(*models):
    """The built-in study, of which some models' predictions and maps were read from files."""
    whole = outcomes.phantom_outcome()
    kept = [one for one in whole.summaries if one.model_id not in models or one.family not in NO_SUCH]
    judged = tuple(one for one in whole.explainers_judged if one.model_id not in models)
    return replace(whole, external_ids=models, summaries=tuple(kept), explainers_judged=judged)


def looks_on_the_screen(outcome):
    title = "Where each model looks, and where each explainer says it looks"
    [section] = [one for one in screen_sections(outcome) if one.title == title]
    table, legend = section.blocks
    return [column.title for column in table.columns], table, legend.text


def test_on_the_screen_there_is_no_column_of_answers_where_no_model_can_be_asked():
    titles, table, legend = looks_on_the_screen(external("honest", "shortcut"))
    assert titles[0] == "region"
    assert "answer\ndepends on it" not in titles
    assert table.n_keys == 1
    assert legend == f"points: share of the map's positive saliency inside the region. {NO_MODEL_TO_ASK}"


def test_beside_a_model_that_is_there_the_other_has_no_answers():
    titles, table, legend = looks_on_the_screen(external("shortcut"))
    assert titles[1] == "answer\ndepends on it"
    told = {row.cells[0].text: [] for row in table.rows if not row.heading}
    for row in table.rows:
        if not row.heading:
            told[row.cells[0].text].append(row.cells[1].text)
    honest, shortcut = told["marked lesion"]
    assert honest[0].isdigit()
    assert shortcut == "no model"
    assert legend.startswith("answer depends on it: drop in probability")


def test_the_whole_report_says_why_once_for_each_table():
    *grids, legend = looks_section(external("honest", "shortcut")).blocks
    assert {len(one.columns) for one in grids if isinstance(one, Grid)} == {1 + 3}
    assert (
        legend.text
        == f"map there: share of the explainer's positive saliency inside the region. {NO_MODEL_TO_ASK}"
    )
    assert advice_section(external("honest", "shortcut")).blocks == (Paragraph(NO_MODEL_TO_ASK, "dim"),)


def test_where_a_model_is_there_the_missing_reliance_map_is_the_reason():
    [reason] = advice_section(outcomes.unmarked_outcome()).blocks
    assert reason.text == "Not measured: this run has no reliance map (`reliance.map.enabled`)."


def test_the_page_draws_no_empty_axes():
    page = html_report(pages.material(outcome=external("honest", "shortcut")))
    assert "the answer depends on it" not in page
    assert "The answer depends on it: how far" not in page
    assert f'<p class="note">{NO_MODEL_TO_ASK}</p>' in page
    assert "not measured" not in page
    both = html_report(pages.material(outcome=external("shortcut")))
    assert both.count("the answer depends on it</th>") == 1
    assert f'<p class="note">{NO_MODEL_TO_ASK}</p>' in both


def test_the_page_proposes_nothing_that_would_be_refused():
    outcome = external("honest", "shortcut")
    kept = [one for one in outcome.summaries if one.family == "localization"]
    material = pages.material(outcome=replace(outcome, summaries=tuple(kept)))
    page = html_report(replace(material, curves=()))
    assert "resolution: true" not in page
    assert "equivariance: true" not in page
    assert "statistics.strata" in page
    assert "Not assessed: no model." in page
    assert "Not assessed: sanity but for location-collapse, and robustness, have no model to ask" in page


def test_a_figure_of_regions_has_a_panel_for_each_explainer_only():
    figures = {one.name: one for one in region_figures(external("shortcut"))}
    n_panels = {name: one.drawn("svg").count(b'id="axes_') for name, one in figures.items()}
    explainers = 3
    assert n_panels == {"regions-honest": 1 + explainers, "regions-shortcut": explainers}


def test_each_model_has_lines_of_its_own_explainers_only():
    outcome = external("shortcut")
    own = [one for one in outcome.summaries if (one.model_id, one.explainer_id) != ("shortcut", "lime")]
    outcome = replace(outcome, summaries=tuple(own))
    assert explainers_of(outcome, "honest") == ["gradcam", "lime", "occlusion"]
    assert explainers_of(outcome, "shortcut") == ["gradcam", "occlusion"]
    assert explainers_of(replace(outcome, external_ids=()), "shortcut") == ["gradcam", "lime", "occlusion"]
    [section] = [
        one for one in screen_sections(outcome) if one.title.startswith("Which explainer to believe")
    ]
    names = [row.cells[0].text for row in section.blocks[0].rows if not row.heading]
    assert names.count("lime") == 1
    assert names.count("gradcam") == 2
