"""All verdicts together: their order, and what none of them may say."""

from dataclasses import replace

from hand_made import MARK_COUNTS, judged, judgement, reliances, summary

from xaudit.catalog import FINDINGS
from xaudit.config import ExplainersSection
from xaudit.verdict import explainer_findings


def test_verdicts_come_gates_first_then_models():
    own = [summary(), *reliances(mark=MARK_COUNTS)]
    everything = [*own, *(replace(s, model_id="shortcut") for s in own)]
    found = judged(everything, "iou@gradcam >= 0.3", models=("honest", "shortcut"))
    assert [(v.code, v.model_id) for v in found] == [
        (code, model) for code in ("XA101", "XA202") for model in ("honest", "shortcut")
    ]


def test_every_code_is_in_the_catalog_and_no_verdict_claims_a_proof():
    everything = [
        summary(explainer="random"),
        summary(),
        *reliances(mark=MARK_COUNTS),
    ]
    told = [
        judgement((0.8, 0.7, 0.9)),
        judgement((0.2, 0.1, 0.3), explainer="lime", state="does-not-show"),
        judgement((0.5, 0.4, 0.6), explainer="rise", state="undecided", reason="the interval includes 0.50"),
    ]
    of_maps = explainer_findings(told, ("gradcam", "lime", "rise"), ExplainersSection())
    found = (*judged(everything, "iou >= 0.3", "pixel-auroc >= 0.3"), *of_maps)
    assert {v.code for v in found} <= {row.code for row in FINDINGS}
    assert {v.code for v in found} == {"XA101", "XA102", "XA103", "XA202", "XA301", "XA302", "XA306"}
    for verdict in found:
        assert "proof" not in verdict.sentence or "no proof that" in verdict.sentence
