"""The cases that decide: which are chosen, in which order, and what is said of each."""

from dataclasses import replace

import outcomes
import pages

from xaudit.report.html.cards import judgements
from xaudit.report.html.deciding_cases import deciding_cases, reasons_of_answers


def with_effects(effects, **given):
    return replace(pages.material(names=("A", "B", "C", "D"), models=("shortcut",), **given), effects=effects)


def test_wrong_answers_come_first_then_wrong_reasons_then_the_largest_effects():
    # In pages.material the third case is called normal; the second explainer's map has the wrong reason on every case.
    material = with_effects(
        {
            ("shortcut", "A"): {"border": 0.5, "mark": 0.9},
            ("shortcut", "B"): {"border": 0.7},
            ("shortcut", "D"): {"border": 0.01},
        }
    )
    chosen = deciding_cases(material)["shortcut"]
    assert [(material.views[one.place].case_id, one.reason) for one in chosen] == [
        ("C", "Wrong answer: is cancer, called normal."),
        # outcomes.RELIANCE: the border matters most over all cases, .83.
        ("A", "Right answer for the wrong reason, by lime. Among the largest effects of hiding the border."),
        ("B", "Right answer for the wrong reason, by lime. Among the largest effects of hiding the border."),
    ]


def test_without_effects_and_failures_no_case_decides():
    material = with_effects({})
    views = [
        replace(view, maps={name: replace(one, wrong_reason=False) for name, one in view.maps.items()})
        for view in material.views
        if view.case_id != "C"
    ]
    assert deciding_cases(replace(material, views=tuple(views))) == {"shortcut": ()}


def test_the_reason_of_an_answer_is_the_region_with_the_largest_effect_on_that_image():
    material = with_effects(
        {
            ("shortcut", "A"): {"border": 0.5, "mark": 0.9},
            ("shortcut", "B"): {"border": 0.02, "mark": -0.1},
        }
    )
    assert reasons_of_answers(material) == {
        (
            "shortcut",
            "A",
        ): "Hiding the marked lesion lowers P(cancer) by 0.90 more than hiding a random area of its size.",
        ("shortcut", "B"): (
            "Hiding any one region lowers P(cancer) by at most 0.02 more than hiding a random area of its size."
        ),
    }


def test_a_card_says_the_claim_before_its_numbers_and_lists_the_missed_gates_first():
    failing, passing = judgements(outcomes.phantom_outcome(), {})
    assert (failing.model_id, failing.word, passing.model_id) == ("shortcut", "FAIL", "honest")
    claim = failing.statements[0]
    assert claim.claim.startswith("The model uses the border")
    assert claim.figures.startswith("Hiding the border lowers P(cancer) by 0.83")
    assert (claim.code, claim.rests_on) == ("XA201", ("looks", "table of regions"))
    assert [one.result for one in failing.gates] == sorted(one.result for one in failing.gates)
    assert not any(one.claim.startswith("Gates:") for one in failing.statements)
