"""All verdicts together: their order, and what none of them may say."""

from dataclasses import replace

from hand_made import MARK_COUNTS, agreement, judged, reliances, summary

from xaudit.catalog import FINDINGS


def test_verdicts_come_gates_first_then_models_then_explainers():
    own = [summary(), *reliances(mark=MARK_COUNTS), agreement((0.5, 0.4, 0.6), None)]
    everything = [*own, *(replace(s, model_id="shortcut") for s in own)]
    found = judged(everything, "iou@gradcam >= 0.3", models=("honest", "shortcut"))
    assert [(v.code, v.model_id) for v in found] == [
        (code, model) for code in ("XA101", "XA202", "XA302") for model in ("honest", "shortcut")
    ]


def test_every_code_is_in_the_catalog_and_no_verdict_claims_a_proof():
    everything = [
        summary(explainer="random"),
        summary(),
        *reliances(mark=MARK_COUNTS),
        agreement((0.5, 0.4, 0.6), None),
    ]
    found = judged(everything, "iou >= 0.3", "pixel-auroc >= 0.3")
    assert {v.code for v in found} <= {row.code for row in FINDINGS}
    assert {v.code for v in found} == {"XA101", "XA102", "XA103", "XA202", "XA302"}
    for verdict in found:
        assert "proof" not in verdict.sentence or "no proof that" in verdict.sentence
