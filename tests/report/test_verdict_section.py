"""The line of a model says the worse of its gates and its findings, in every form of the report."""

import json
from dataclasses import replace

import outcomes
import pages
import pytest

from xaudit.records import Evaluation, Interval
from xaudit.report.card.checklists import CLAIM
from xaudit.report.card.model_card import model_card
from xaudit.report.files.github import annotations, step_summary
from xaudit.report.files.json_report import outcome_as_json, verdicts_as_json
from xaudit.report.files.junit import junit_xml
from xaudit.report.files.markdown_report import markdown_report
from xaudit.report.html.render import html_report
from xaudit.report.sections.first_screen import screen_sections
from xaudit.report.sections.verdict import model_verdict, verdict_section, worst_first

SWAPPED = Interval(0.02, 0.0, 0.09, "bca")


def judged(gates, *, model="shortcut", evaluations=()):
    """The phantom study judged by these gates, as far as one model goes."""
    outcome = outcomes.phantom_outcome()
    found = outcomes.judge(
        outcome.summaries,
        gates=[outcomes.Gate.read(gate) for gate in gates],
        models=(model,),
        gate_on="lower",
        explainers=outcomes.EXPLAINERS,
        positive={model: "cancer"},
        evaluations=evaluations,
    )
    return replace(outcome, model_ids=(model,), verdicts=found)


def said(outcome):
    (model,) = outcome.model_ids
    paragraph = model_verdict(outcome, model)
    return paragraph.lead, paragraph.text


@pytest.mark.parametrize(
    ("gates", "lead", "end"),
    [
        (["reliance-mark <= 1"], "WARN", "(XA201) Gates: 1 of 1 passed."),
        (
            ["reliance-mark >= 0.2", "reliance-mark <= 1"],
            "FAIL",
            "(XA201) Gates: 1 of 2 failed: reliance-mark >= 0.2.",
        ),
        (["uses-mark"], "FAIL", "(XA201) Gates: 1 of 1 failed: uses-mark."),
        ([{"gate": "uses-mark", "informational": True}], "WARN", "(XA201) No gate was set."),
        ([], "WARN", "(XA201) No gate was set."),
    ],
)
def test_a_model_that_looks_elsewhere_never_reads_pass(gates, lead, end):
    word, text = said(judged(gates))
    assert word == lead
    assert text.startswith("shortcut: uses the border and is not shown to use the marked lesion. ")
    assert "Hiding the border lowers P(cancer) by 0.83 " in text
    assert text.endswith(end)


@pytest.mark.parametrize(
    ("gates", "lead", "end"),
    [
        (["uses-mark"], "PASS", "(XA202) Gates: 1 of 1 passed."),
        (["iou@lime >= 0.9"], "FAIL", "(XA202) Gates: 1 of 1 failed: iou@lime >= 0.9."),
        ([], "NOTE", "(XA202) No gate was set."),
    ],
)
def test_a_model_that_uses_the_mark_reads_what_its_gates_say(gates, lead, end):
    word, text = said(judged(gates, model="honest"))
    assert (word, text.startswith("honest: uses the marked lesion. ")) == (lead, True)
    assert text.endswith(end)


def test_four_missed_gates_are_named_up_to_three():
    gates = [f"iou@lime >= 0.{digit}" for digit in range(6, 10)]
    _, text = said(judged(gates))
    assert text.endswith(
        "Gates: 4 of 4 failed: iou@lime >= 0.6, iou@lime >= 0.7, iou@lime >= 0.8 and 1 more."
    )


def test_failing_models_come_first_then_those_with_a_warning():
    outcome = outcomes.phantom_outcome()
    warned = replace(outcome, verdicts=outcomes.verdicts(outcome.summaries, gates=("reliance-mark <= 1",)))
    assert worst_first(warned) == ["shortcut", "honest"]
    assert [block.lead for block in verdict_section(warned).blocks] == ["WARN", "PASS"]


def swapped():
    """The honest network with its outputs the wrong way round."""
    one = outcomes.evaluation("honest", ((2, 52), (53, 1)))
    turned = replace(one, measures={**one.measures, "auroc": SWAPPED})
    return replace(
        judged(["reliance-mark >= 0.2"], model="honest", evaluations=(turned,)), evaluations=(turned,)
    )


FIRST = "the classes look swapped: AUROC for 'cancer' is 0.02 [0.00, 0.09], wholly below 0.5"


def test_swapped_classes_are_the_first_line_and_the_gates_keep_the_exit_code():
    word, text = said(swapped())
    assert word == "WARN"
    assert text.startswith(f"honest: {FIRST}")
    assert "uses the mark" not in text
    assert "Gates: 1 of 1 passed." in text


def test_every_form_of_the_report_says_that_the_classes_look_swapped():
    outcome = swapped()
    page = html_report(pages.material(names=(), outcome=outcome)).replace("&#39;", "'")
    assert f"{FIRST[0].upper()}{FIRST[1:]}" in page
    assert FIRST in markdown_report(outcome)
    assert FIRST in step_summary(outcome)
    assert FIRST in model_card(outcome, {})
    assert FIRST.replace("'", "&apos;") in junit_xml(outcome) or FIRST in junit_xml(outcome)
    assert any("title=XA204 honest::" in line and FIRST in line for line in annotations(outcome))
    for plain in (outcome_as_json(outcome), verdicts_as_json(outcome)):
        (one,) = json.loads(json.dumps(plain))["judgements"]
        assert (one["model_id"], one["judged"]) == ("honest", "warn")
        assert one["sentence"].startswith(FIRST)


def test_reasons_are_not_judged_where_the_answers_refuse_it():
    outcome = swapped()
    sections = {section.title: section for section in screen_sections(outcome)}
    table = sections["Which explainer to believe, and what it shows"].blocks[0]
    assert "wrong\nreason" not in [column.title for column in table.columns]
    failures = next(item for item in CLAIM if "failures" in item.asks).answer(outcome, {})
    assert "honest: not assessed, because of its answers" in failures


def test_the_same_answer_on_every_image_is_said_in_the_junit_file_as_skipped():
    constant = Evaluation(
        "honest", "data", "test", ("cancer", "normal"), "cancer", ((0, 54), (0, 54)), {}, 108, 36, True
    )
    text = junit_xml(judged(["reliance-mark >= 0.2"], model="honest", evaluations=(constant,)))
    assert '<skipped message="honest: the model answers normal on every image (108 images' in text
    assert 'tests="2" failures="0" errors="0" skipped="1"' in text


def test_the_line_of_a_model_names_a_gate_that_a_control_passes_too():
    """0 is reached by edges as well: the gate is kept, and says nothing of the model."""
    text = said(judged(["pixel-auroc@lime >= 0"], model="honest"))[1]
    assert text.endswith(
        "Gates: 1 of 1 passed. A control that does not use the model passes pixel-auroc@lime >= 0 too, so passing means little."
    )
    assert "A control" not in said(judged(["reliance-mark >= 0.2"], model="honest"))[1]
