import re
from dataclasses import replace

import outcomes
import pytest

from xaudit.records import ReaderAgreement
from xaudit.report.checklists import CLAIM, FDA_CRITERIA, NOT_ASSESSED
from xaudit.report.model_card import model_card

MANIFEST = {
    "xaudit": "0.1.0",
    "seed": 7,
    "libraries": {"torch": "2.14.1", "torchvision": None},
    "checksums": {"weights": {"honest": "ab" * 32, "shortcut": "cd" * 32}, "images": "ef" * 32},
}


def answers(items, outcome, manifest=MANIFEST):
    return {item.number: item.answer(outcome, manifest) for item in items}


def test_claim_has_its_42_items_in_order():
    assert [item.number for item in CLAIM] == [str(number) for number in range(1, 43)]


def test_usefulness_is_never_assessed():
    found = answers(FDA_CRITERIA, outcomes.phantom_outcome())
    assert found["usefulness"] == "not assessed: it needs a study with readers"


def test_what_was_measured_is_given_with_its_interval_and_what_was_not_is_said():
    found = answers(FDA_CRITERIA, outcomes.phantom_outcome())
    assert "lime on honest: pointing game 0.43 [0.36, 0.50]" in found["plausibility"]
    assert found["consistency"] == NOT_ASSESSED
    assert "random" not in found["plausibility"]


def test_without_marks_nothing_is_plausible_or_not():
    found = answers(FDA_CRITERIA, outcomes.unmarked_outcome())
    assert found["plausibility"] == NOT_ASSESSED
    assert "pixel flipping" in found["fidelity"]


def test_claims_items_name_what_the_run_holds():
    agreement = ReaderAgreement("data", "r1", "r2", 0.7, 0.55, 0.4, 10, 8, 9)
    found = answers(CLAIM, replace(outcomes.phantom_outcome(), agreements=(agreement,)))
    assert (
        found["7"] == "108 images explained, checksum efefefefefefefef; where they come from is not assessed"
    )
    assert found["18"] == "r1 and r2: IoU of matched marks 0.55"
    assert found["21"].startswith("apart by patient; honest: 108 test images of 36 patients")
    assert found["23"] == "xaudit 0.1.0, torch 2.14.1"
    assert found["24"].startswith("honest: weights abababababababab; ")
    assert "gradcam, lime, occlusion, beside " in found["31"]
    assert "lime on shortcut: 54 right for the wrong reason" in found["37"]
    assert found["1"] == found["42"] == NOT_ASSESSED


def test_software_of_other_packages_is_named_with_what_it_brought():
    brought = {"kind": "explainer", "name": "patch-drop", "package": "xaudit-example", "version": "1.0"}
    found = answers(CLAIM, outcomes.phantom_outcome(), {**MANIFEST, "plugins": [brought]})
    assert found["23"] == "xaudit 0.1.0, torch 2.14.1, xaudit-example 1.0 (explainer patch-drop)"


@pytest.mark.parametrize("make", [outcomes.phantom_outcome, outcomes.unmarked_outcome])
def test_the_card_holds_every_part_whatever_the_run_holds(make):
    text = model_card(make(), MANIFEST)
    titles = re.findall(r"^## (.+)$", text, re.MULTILINE)
    for title in (
        "Models",
        "Intended use",
        "Verdict",
        "Gates",
        "Left out",
        "CLAIM",
        "Ethical considerations",
    ):
        assert title in titles
    assert text.count("\n| 42 |") == 1
    assert re.search(r"\bnan\b", text) is None


def test_an_empty_manifest_leaves_gaps_and_not_an_error():
    assert "seed unknown" in model_card(outcomes.unmarked_outcome(), {})


def test_a_name_that_looks_like_markup_stays_a_name():
    outcome = outcomes.unmarked_outcome()
    text = model_card(replace(outcome, model_ids=("<img src=x>|a",)), MANIFEST)
    assert "<img" not in text
