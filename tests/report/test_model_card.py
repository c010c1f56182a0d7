import re
from dataclasses import replace

import outcomes
import pytest
from test_calibration_section import calibration, effect

from xaudit.records import ReaderAgreement
from xaudit.report.card.checklists import CLAIM, FDA_CRITERIA, NOT_ASSESSED
from xaudit.report.card.model_card import model_card

MANIFEST = {
    "xaudit": "0.1.0",
    "seed": 7,
    "libraries": {"torch": "2.14.1", "torchvision": None},
    "checksums": {"weights": {"honest": "ab" * 32, "shortcut": "cd" * 32}, "images": "ef" * 32},
}


def answers(items, outcome, manifest=MANIFEST):
    return {item.number: item.answer(outcome, manifest) for item in items}


def test_claim_has_the_44_items_of_its_2024_update_in_order():
    assert [item.number for item in CLAIM] == [str(number) for number in range(1, 45)]
    asks = {item.number: item.asks for item in CLAIM}
    # New or moved since 2020: acquisition 13, test annotation 17, internal data 32, availability 43.
    assert asks["13"] == "how images were acquired"
    assert asks["17"] == "annotation of the test set"
    assert asks["24"] == "initial weights"
    assert asks["32"] == "evaluation on internal data"
    assert asks["43"].startswith("availability")
    assert asks["44"] == "funding"
    assert len(set(asks.values())) == 44


def test_the_sources_of_both_checklists_are_named_as_the_papers_they_are():
    text = model_card(outcomes.phantom_outcome(), MANIFEST)
    assert "Tejani et al." in text
    assert "2024 Update" in text
    assert "Lago, Zamzmi, Eich and Delfino" in text
    assert "the paper is no guidance of the FDA" in text
    assert "FDA/CDRH criteria" not in text


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
        found["7"]
        == "54 images explained for each, checksum efefefefefefefef; where they come from is not assessed"
    )
    assert (
        found["18"]
        == "data set 'data', r1 and r2: IoU of matched marks 0.55, Dice 0.70, kappa 0.40 (10 cases)"
    )
    assert found["20"].startswith("apart by patient; honest: 108 test images of 36 patients")
    assert found["22"].startswith("honest: final weights abababababababab; shortcut: final weights cdcd")
    assert found["23"] == "xaudit 0.1.0, torch 2.14.1"
    assert "gradcam, lime, occlusion, beside " in found["31"]
    assert found["32"].startswith("honest: 108 images of the split test of data set 'data'")
    assert found["35"] == "0 images could not be used; honest: 54 explained; shortcut: 54 explained"
    assert found["36"].startswith("test of data set 'data': cancer 54, normal 54; age")
    assert "sensitivity 0.98 [0.96, 1.00]" in found["38"]
    assert "occlusion on shortcut: 54 right for the wrong reason" in found["39"]
    assert found["1"] == found["44"] == NOT_ASSESSED


def audited(**changes):
    """A manifest with an audit file: one network trained here, one with weights of its own."""
    trained = {"id": "honest", "source": "torchvision", "architecture": "resnet18", "weights": None}
    ready = {"id": "shortcut", "source": "python", "factory": "nets:build", "weights": "w.safetensors"}
    common = {"fit": "pad", "mean": [0.5] * 3, "std": [0.25] * 3, "input_size": 224}
    audit = {
        "models": [{**trained, **common, **changes}, {**ready, **common, "input_size": None}],
        "train": {"epochs": 12, "patience": 4},
        "run": {"cases": "annotated", "limit": 60},
    }
    return {**MANIFEST, "audit": audit, "counts": {"cases": 360, "patients": 120}}


def test_initial_weights_are_never_the_final_ones():
    found = answers(CLAIM, outcomes.phantom_outcome())
    assert found["24"] == found["25"] == found["26"] == NOT_ASSESSED
    found = answers(CLAIM, outcomes.phantom_outcome(), audited())
    ready = "shortcut: its weights came ready-made"
    assert (
        found["24"] == f"honest: random, drawn from seed 7; {ready}, and what they began with is not assessed"
    )
    assert found["25"] == f"honest: epochs 12, patience 4; {ready}; training is not assessed"
    assert found["26"].startswith(
        "honest: the epoch with the best validation loss, stopped after 4 epochs without a better one; "
    )
    assert not any("abab" in found[number] for number in ("24", "25", "26"))


def test_networks_of_the_phantom_are_not_called_trained_here():
    found = answers(CLAIM, outcomes.phantom_outcome(), audited(source="phantom", variant="honest"))
    assert found["24"] == NOT_ASSESSED


def test_what_the_audit_file_says_is_answered():
    found = answers(CLAIM, outcomes.phantom_outcome(), audited())
    assert found["9"].startswith(
        "honest: 224 px, pad, mean 0.5 0.5 0.5, std 0.25 0.25 0.25; shortcut: pad, mean"
    )
    assert found["10"].startswith(
        "`run.cases: annotated`, at most 60; honest: 54 of 108 test images explained"
    )
    assert found["22"].startswith("honest: resnet18 (torchvision), final weights abab")
    assert found["35"].startswith("360 cases, 120 patients in the data; ")


def test_partitions_and_limits_are_told_from_the_run():
    note = "data set 'data': no splits were given; it was divided here by patient"
    found = answers(CLAIM, replace(outcomes.phantom_outcome(), notes=(note,)))
    assert found["19"] == note
    assert found["40"] == note
    assert answers(CLAIM, outcomes.phantom_outcome())["19"] == "as the data set names its splits"
    unmarked = answers(CLAIM, outcomes.unmarked_outcome())
    assert unmarked["20"] == "apart by image, since no patients are named; resnet50: 230 test images"
    assert unmarked["40"].startswith("the data names no patients; no reader's marks were given")


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
    assert text.count("\n| 44 |") == 1
    assert re.search(r"\bnan\b", text) is None


def test_an_empty_manifest_leaves_gaps_and_not_an_error():
    assert "seed unknown" in model_card(outcomes.unmarked_outcome(), {})


def test_a_name_that_looks_like_markup_stays_a_name():
    outcome = outcomes.unmarked_outcome()
    text = model_card(replace(outcome, model_ids=("<img src=x>|a",)), MANIFEST)
    assert "<img" not in text


def test_how_often_the_audit_would_be_right_is_said_or_not_assessed():
    nothing = model_card(outcomes.phantom_outcome(), MANIFEST)
    assert "## How often this audit would be right\n\nnot assessed: `xaudit calibrate` measures it" in nothing
    known = calibration(effect(0.0, 0), effect(0.2, 39))
    text = model_card(outcomes.phantom_outcome(), MANIFEST, known)
    assert "corner-marker in 39 of 40 audits; without one, net is failed in 0 of 40." in text
    assert "From the calibration 20260101T000000Z-study-00000000" in text
