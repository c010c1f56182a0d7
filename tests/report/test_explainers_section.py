"""The table of explainers: what may be shown, in words and by numbers, beside controls that never are."""

from dataclasses import replace

import outcomes

from xaudit.records import Interval, Verdict
from xaudit.report.grid import Grid, Paragraph
from xaudit.report.sections.explainers import advice_section


def advice(outcome):
    return [block.text for block in advice_section(outcome).blocks if isinstance(block, Paragraph)][:-1]


def table(outcome):
    [found] = [block for block in advice_section(outcome).blocks if isinstance(block, Grid)]
    return [tuple(cell.text for cell in row.cells) for row in found.rows], found


def states(outcome, **by_name):
    own = [one for one in outcome.explainers_judged if one.model_id == "honest"]
    changed = tuple(replace(one, **by_name.get(one.explainer_id, {})) for one in own)
    return replace(outcome, model_ids=("honest",), explainers_judged=changed)


def test_the_explainers_that_may_be_shown_are_named_best_first():
    assert advice(outcomes.phantom_outcome()) == [
        "honest: occlusion and lime show what the model uses and may be shown. Do not show gradcam.",
        "shortcut: occlusion shows what the model uses and may be shown. Do not show gradcam. Needed for a decision, about: "
        "lime 36 patients.",
    ]


def test_where_none_is_decided_that_is_said_and_how_many_patients_would_decide():
    undecided = {"state": "undecided", "n_needed": 64}
    outcome = states(
        outcomes.phantom_outcome(),
        gradcam=undecided,
        lime=undecided,
        occlusion={**undecided, "n_needed": None},
    )
    assert advice(outcome) == [
        "honest: none is decided. Do not present a map as the reason of an answer yet. Needed for a decision, about: lime 64 "
        "patients, gradcam 64 patients."
    ]


def test_where_no_explainer_shows_it_that_is_said():
    wrong = {"state": "does-not-show"}
    outcome = states(outcomes.phantom_outcome(), lime=wrong, occlusion=wrong)
    assert advice(outcome) == ["honest: none. No explainer of this run shows what the model uses."]


def test_a_control_is_never_recommended():
    outcome = states(
        outcomes.phantom_outcome(), edges={"state": "shows", "captured": Interval(0.99, 0.98, 1.0, "bca")}
    )
    assert "edges" not in advice(outcome)[0]
    _, found = table(outcome)
    [edges] = [row for row in found.rows if row.cells[0].text == "edges"]
    assert edges.cells[2].text == "(shows it)"
    assert {cell.tone for cell in edges.cells[:5]} == {"dim"}


def test_each_row_has_its_figures_and_the_prior_stands_below():
    rows, found = table(states(outcomes.phantom_outcome()))
    assert rows[0] == ("honest: 51 images, 18 patients, 3 images not counted",)
    by_name = {row[0]: row[1:] for row in rows[1:]}
    assert list(by_name) == ["gradcam", "lime", "occlusion", "random", "centre", "edges", "prior"]
    assert by_name["lime"] == (
        "0.66 [0.59, 0.73]", "shows it", "0.35 [0.25, 0.45]", "0.21* [0.14, 0.28]", "1,001", "2.4 s",
    )  # fmt: skip
    assert by_name["gradcam"][-1] == "0.021 s"
    assert by_name["prior"][0] == "0.31 [0.26, 0.36]"
    assert [column.title for column in found.columns][4:] == [
        "IoU (+)",
        "evaluations\nper map",
        "time\nper map",
    ]


def test_findings_of_the_sanity_checks_stand_in_the_row():
    outcome = outcomes.phantom_outcome()
    finding = Verdict("XA312", "fail", "honest", "honest/gradcam", "", "", gating=False)
    checked = [
        outcomes.summary("honest", name, "location-collapse", 0.2, family="sanity")
        for name in ("gradcam", "lime")
    ]
    outcome = replace(
        outcome, verdicts=(*outcome.verdicts, finding), summaries=(*outcome.summaries, *checked)
    )
    rows, found = table(states(outcome))
    assert found.columns[-1].title == "sanity\nchecks"
    by_name = {row[0]: row[-1] for row in rows[1:]}
    assert (by_name["gradcam"], by_name["lime"], by_name["occlusion"]) == ("XA312", "no finding", "-")


def test_a_model_that_relies_on_nothing_has_a_row_without_figures():
    empty = {"captured": None, "difference": None, "prior": None, "n_cases": 0, "state": "undecided"}
    outcome = states(outcomes.phantom_outcome(), **dict.fromkeys(("gradcam", "lime", "occlusion"), empty))
    rows, _ = table(outcome)
    assert {row[0]: row[1:3] for row in rows[1:]}["lime"] == ("-", "undecided")
