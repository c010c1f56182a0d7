"""Sentences about what is missing, or how something was made, follow from the run that they speak of."""

from dataclasses import replace

import outcomes
import pages
import pytest

from xaudit.records import Interval, UnscoredGroup
from xaudit.report.files.run_diff import diff_sections
from xaudit.report.html.absent import (
    asked_in_vain,
    no_pairs,
    no_reasons,
    no_sanity,
    not_asked,
    nothing_decided,
)
from xaudit.report.html.curve_charts import no_curves
from xaudit.report.html.gallery_notes import gallery_of
from xaudit.report.html.page import page_of
from xaudit.report.html.render import html_report
from xaudit.report.sections.evaluation import evaluation_section
from xaudit.report.sections.evidence import localization_section, why_no_reliance
from xaudit.report.sections.first_screen import explainers_section
from xaudit.report.sections.readers import readers_section
from xaudit.report.sections.strata import planning_section
from xaudit.report.sections.verdict import gates_section

CASES = ("case-1", "case-2", "case-3")


def notes(material, **kwargs):
    return gallery_of(material, images=True, named=str, **kwargs).notes


def sides(*edges):
    material = pages.material(names=CASES)
    cases = {
        name: replace(one, left_edge=edge)
        for (name, one), edge in zip(material.cases.items(), edges, strict=True)
    }
    return notes(replace(material, cases=cases))[-1]


@pytest.mark.parametrize(
    ("edges", "sentence"),
    [
        (
            (None, None, None),
            "No side is marked: the images' files do not say which side of the patient lies where.",
        ),
        (("R", "R", "L"), "Every picture names the side of the patient that lies at the left edge."),
        (
            ("R", None, None),
            "1 of 3 pictures names the side of the patient that lies at the left edge; the files of the others do not "
            "say it.",
        ),
        (
            ("R", "L", None),
            "2 of 3 pictures name the side of the patient that lies at the left edge; the files of the others do not "
            "say it.",
        ),
    ],
)
def test_the_page_says_on_how_many_pictures_the_side_stands(edges, sentence):
    assert sides(*edges) == sentence


def test_nothing_is_said_of_maps_or_images_that_the_run_did_not_keep():
    material = pages.material(names=CASES)
    texts = " ".join(notes(replace(material, maps_kept=False, settings={"run": {"maps": "none"}})))
    assert "The run kept no maps (`run.maps: none`), so none can be drawn." in texts
    assert "Maps are averaged" not in texts
    without = replace(material, previews={}, settings={"report": {"images": False}})
    assert "The run keeps no images (`report.images: false`)." in notes(without)
    assert not any("8 bits" in text for text in notes(without))
    assert any("none could be read when it ended" in text for text in notes(replace(without, settings={})))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"n_explained": {"honest": 0}}, "No case was explained."),
        (
            {"settings": {"report": {"gallery": 0}}},
            "The audit file switches the gallery off with `report.gallery: 0`.",
        ),
        ({}, "The run kept none of the explained cases for the gallery."),
    ],
)
def test_an_empty_gallery_says_why_it_is_empty(changes, reason):
    material = replace(pages.material(names=()), **changes)
    assert gallery_of(material, images=True, named=str).reason == reason


def bare(**changes):
    """A run of which no answer, no score and no agreement was measured, although its data carries marks."""
    return replace(outcomes.phantom_outcome(), summaries=(), unscored=(), **changes)


def test_why_reliance_is_missing_follows_from_the_run():
    assert "reliance.enabled: false" in why_no_reliance(bare(reliance_asked=False))
    unmarked = (outcomes.finding("XA402", "", "no marks"),)
    assert "needs readers' marks, and the data has none" in why_no_reliance(bare(verdicts=unmarked))
    group = UnscoredGroup("honest", "-", "no lung mask for this case", 8, 8)
    assert why_no_reliance(replace(bare(), unscored=(group,))) == (
        "Not measured on any case: no lung mask for this case."
    )
    assert why_no_reliance(bare()) == "Not measured on any case: no case has a value."


def test_marks_that_were_given_are_not_said_to_be_missing():
    outcome = outcomes.phantom_outcome()
    kept = tuple(one for one in outcome.summaries if one.family == "faithfulness")
    first = localization_section(replace(outcome, summaries=kept)).blocks[0].text
    assert first == "No localization: in this run no metric that compares maps with marks has a value."
    unmarked = replace(outcome, summaries=kept, verdicts=(outcomes.finding("XA402", "", "no marks"),))
    assert "the data has no readers' marks" in localization_section(unmarked).blocks[0].text


def test_controls_are_named_only_where_there_are_any():
    outcome = outcomes.phantom_outcome()
    own = tuple(one for one in outcome.summaries if one.explainer_id not in outcome.control_ids)
    without = replace(outcome, summaries=own, control_ids=(), explainer_ids=outcomes.EXPLAINERS)
    text = html_report(replace(pages.material(names=(), outcome=without), curves=()))
    assert "control, which does not use the model" not in text
    assert "better than the best control" not in text
    assert "control, which does not use the model" in html_report(pages.material(names=()))


@pytest.mark.parametrize("split", ["validation", "train"])
def test_images_of_another_split_are_called_by_its_name(split):
    one = replace(outcomes.evaluation("honest"), split=split)
    text = evaluation_section(replace(outcomes.phantom_outcome(), evaluations=(one,))).blocks[0].text
    assert text.startswith(f"No test images; this table shows the split {split}")
    assert ("training images" in text) == (split == "train")


def test_a_model_without_test_images_is_shown_beside_one_that_has_some():
    tested = outcomes.evaluation("honest")
    trained = replace(outcomes.evaluation("shortcut"), split="train")
    outcome = replace(outcomes.phantom_outcome(), evaluations=(tested, trained))
    first, beside = evaluation_section(outcome).blocks
    assert first.text.startswith("No test images of shortcut; this table shows the split train")
    assert [grid.title.split(":")[0] for grid in beside.grids] == ["honest", "shortcut"]
    assert "108 images of train" in beside.grids[1].title


def test_reasons_that_are_missing_are_told_apart():
    material = replace(pages.material(names=()), reasons=())
    assert "no explained case has one with a map" in no_reasons(material, ())
    unmarked = replace(material.outcome, verdicts=(outcomes.finding("XA402", "", "no marks"),))
    assert "this needs explained cases with a reader’s mark, and none was given" in no_reasons(
        replace(material, outcome=unmarked), ()
    )
    swapped = replace(material.outcome, verdicts=(outcomes.finding("XA204", "honest", "swapped"),))
    assert no_reasons(replace(material, outcome=swapped), ("shortcut",)) == (
        "Not judged for honest, because of its answers: see the verdict. Not said of gradcam on shortcut, lime on shortcut: a "
        "map gives the reason of an answer only if its explainer is shown to show what the model uses."
    )
    shown = tuple(replace(one, state="shows") for one in material.outcome.explainers_judged)
    everything = replace(material, outcome=replace(material.outcome, explainers_judged=shown))
    assert no_reasons(everything, everything.outcome.model_ids) == ""


def test_comparisons_that_are_missing_or_open_are_told_apart():
    material = pages.material(names=())
    one = replace(
        material, outcome=replace(material.outcome, explainer_ids=("lime", "edges"), control_ids=("edges",))
    )
    assert no_pairs(one) == "Left out: it takes two explainers, and this run has 1."
    assert "scored on the same cases" in no_pairs(material)
    from test_comparison import comparison

    tied = comparison(conclusion="same")
    few = comparison(conclusion="undecided", difference=Interval(0.1, None, None, "none"))
    open_pair = comparison(conclusion="undecided")
    assert nothing_decided([tied]) == "All explainers have the same scores in every case."
    assert nothing_decided([few]).startswith("Too few patients")
    assert nothing_decided([tied, open_pair]).startswith(
        "No difference between two explainers is larger than chance"
    )


def test_what_was_asked_for_in_vain_is_not_said_to_be_unasked():
    material = replace(
        pages.material(names=()),
        settings={
            "statistics": {"strata": ["lesion-size"]},
            "resolution": {"factors": [2]},
            "sanity": {"tests": []},
        },
        metric_names={"pixel-flipping": "pixel-flipping"},
        curves=(),
    )
    nothing = (None, None, None)
    assert [text.split(":")[0] for text in not_asked(material, nothing)] == [
        "Effect of flipping, turning or shifting the image"
    ]
    assert [text.split(":")[0] for text in asked_in_vain(material, nothing)] == [
        "Strata, such as lesion size",
        "Effect of coarser resolution",
    ]
    assert no_sanity(material).startswith("No value of sanity, which this audit asked for")
    unscored = replace(material, outcome=replace(material.outcome, summaries=()))
    assert no_curves(unscored).startswith("No value of a metric of faithfulness, which this audit asked for")


def test_the_page_names_no_bands_and_no_controls_that_are_not_drawn():
    material = pages.material(names=CASES)
    assert page_of(material).curves.have_bands
    thin = tuple(
        replace(one, means=tuple(replace(mean, low=None, high=None) for mean in one.means))
        for one in material.curves
        if one.explainer_id not in material.outcome.control_ids
    )
    drawn = page_of(replace(material, curves=thin)).curves
    assert (drawn.have_bands, drawn.have_controls) == (False, False)
    assert "stands clear of the dashed controls" not in html_report(replace(material, curves=thin))


def test_without_patients_no_table_and_no_legend_counts_patients():
    outcome = outcomes.unmarked_outcome()
    gated = replace(
        outcome, verdicts=tuple(replace(one, kind="gate", rule="iou >= 0.3") for one in outcome.verdicts)
    )
    table = gates_section(gated).blocks[0]
    assert [column.title for column in table.columns][3] == "images"
    from xaudit.records import Plan

    plan = Plan("iou@lime >= 0.3", "resnet50", "lime", "union", 0.1, 0.05, 20, 80)
    section = planning_section(replace(outcome, plans=(plan,)))
    assert section.title == "How many images"
    assert "patient" not in section.blocks[-1].text


def test_the_gates_legend_says_which_number_was_used():
    lower = gates_section(outcomes.phantom_outcome()).blocks[-1].text
    mean = gates_section(replace(outcomes.phantom_outcome(), gate_on="mean")).blocks[-1].text
    assert (lower, mean) == (
        "measured: the end of the 95 % interval that is less favourable.",
        "measured: the mean, as this audit asks.",
    )


def test_a_difference_without_patients_is_over_cases():
    from test_run_diff import DIFF

    moved = replace(
        DIFF,
        moves=tuple(replace(one, cluster="case") for one in DIFF.moves),
        flips=tuple(replace(one, cluster="case") for one in DIFF.flips),
    )
    texts = [
        block.text for section in diff_sections(moved) for block in section.blocks if hasattr(block, "text")
    ]
    legends = [text for text in texts if text.startswith("difference: ")]
    assert len(legends) == 2
    assert not any("patient" in text for text in legends)


def test_the_readers_legend_explains_what_the_tables_show():
    from xaudit.records import ReaderAgreement

    agreement = ReaderAgreement("data", "r1", "r2", 0.81, 0.7, None, 16, 12, 14)
    legend = readers_section(replace(outcomes.phantom_outcome(), agreements=(agreement,))).blocks[-1].text
    assert "kappa" in legend
    assert "Share:" not in legend


def test_maps_without_a_reason_are_named_where_no_map_is_judged():
    """Of the phantom study each explainer's right answers are made diffuse ones, so that no reason is left to judge."""
    outcome = outcomes.phantom_outcome()
    diffuse = tuple(
        replace(
            one, category="diffuse", n_wrong_reason=0, n_judged=0, n_no_reason=one.n_judged + one.n_no_reason
        )
        for one in outcome.categories
    )
    explainers = explainers_section(replace(outcome, categories=diffuse))
    most = max(
        sum(one.n_no_reason for one in diffuse if (one.model_id, one.explainer_id) == about)
        for about in {
            (one.model_id, one.explainer_id) for one in diffuse if one.explainer_id not in outcome.control_ids
        }
    )
    text = explainers.blocks[1].text
    assert most > 1
    assert "wrong reason:" not in text
    assert (
        f"The reason was not judged for up to {most} correct answers, whose maps are empty or point at everything."
        in text
    )
