from dataclasses import replace

import pytest

from xaudit.catalog import FINDINGS
from xaudit.config import Gate
from xaudit.records import Interval, Summary
from xaudit.verdict import ELSEWHERE, MARGIN, judge


def summary(
    metric="iou", explainer="gradcam", interval=(0.41, 0.34, 0.48), *, model="honest", n=41, **kwargs
):
    estimate, low, high = interval
    families = {"reliance-agreement": "agreement", "pixel-flipping": "faithfulness"}
    default = "reliance" if metric.startswith("reliance-") else "localization"
    plain = {
        "model_id": model,
        "explainer_id": "-" if default == "reliance" and metric not in families else explainer,
        "metric_id": metric,
        "family": families.get(metric, default),
        "reader": "union",
        "interval": Interval(estimate, low, high, "none" if low is None else "bca"),
        "n_cases": 2 * n,
        "n_patients": n,
        "n_unscored": 0,
        "cluster": "patient",
    }
    return Summary(**{**plain, **kwargs})


def judged(summaries, *gates, models=("honest",), gate_on="lower", **kwargs):
    return judge(
        summaries, gates=[Gate.parse(gate) for gate in gates], models=models, gate_on=gate_on, **kwargs
    )


@pytest.mark.parametrize(
    ("interval", "gate", "gate_on", "status", "value", "sentence"),
    [
        (
            (0.41, 0.34, 0.48),
            "iou@gradcam >= 0.3",
            "lower",
            "pass",
            0.34,
            "iou of gradcam on honest: 0.41 [0.34, 0.48] over 41 patients; its lower end 0.34 reaches 0.30",
        ),
        (
            (0.41, 0.27, 0.52),
            "iou@gradcam >= 0.3",
            "lower",
            "fail",
            0.27,
            "iou of gradcam on honest: 0.41 [0.27, 0.52] over 41 patients; "
            "its lower end 0.27 is below 0.30, though its mean is not",
        ),
        (
            (0.2, 0.1, 0.3),
            "iou@gradcam >= 0.3",
            "lower",
            "fail",
            0.1,
            "iou of gradcam on honest: 0.20 [0.10, 0.30] over 41 patients; its lower end 0.10 is below 0.30",
        ),
        (
            (0.41, 0.2999, 0.52),
            "iou@gradcam >= 0.3",
            "lower",
            "fail",
            0.2999,
            "iou of gradcam on honest: 0.41 [0.2999, 0.52] over 41 patients; "
            "its lower end 0.2999 is below 0.30, though its mean is not",
        ),
        (
            (0.41, 0.3, 0.52),
            "iou@gradcam >= 0.3",
            "lower",
            "pass",
            0.3,
            "iou of gradcam on honest: 0.41 [0.30, 0.52] over 41 patients; its lower end 0.30 reaches 0.30",
        ),
        (
            (0.41, 0.304, 0.52),
            "iou@gradcam >= 0.305",
            "lower",
            "fail",
            0.304,
            "iou of gradcam on honest: 0.41 [0.30, 0.52] over 41 patients; "
            "its lower end 0.30 is below 0.305, though its mean is not",
        ),
        (
            (0.41, 0.27, 0.52),
            "iou@gradcam >= 0.3",
            "mean",
            "pass",
            0.41,
            "iou of gradcam on honest: 0.41 [0.27, 0.52] over 41 patients; its mean 0.41 reaches 0.30",
        ),
        (
            (0.2, 0.1, 0.25),
            "iou@gradcam <= 0.3",
            "lower",
            "pass",
            0.25,
            "iou of gradcam on honest: 0.20 [0.10, 0.25] over 41 patients; its upper end 0.25 stays within 0.30",
        ),
        (
            (0.2, 0.1, 0.35),
            "iou@gradcam <= 0.3",
            "lower",
            "fail",
            0.35,
            "iou of gradcam on honest: 0.20 [0.10, 0.35] over 41 patients; "
            "its upper end 0.35 is above 0.30, though its mean is not",
        ),
        (
            (0.4, 0.1, 0.5),
            "iou@gradcam <= 0.3",
            "mean",
            "fail",
            0.4,
            "iou of gradcam on honest: 0.40 [0.10, 0.50] over 41 patients; its mean 0.40 is above 0.30",
        ),
    ],
)
def test_a_gate_is_held_against_the_conservative_end(interval, gate, gate_on, status, value, sentence):
    (found,) = judged([summary(interval=interval)], gate, gate_on=gate_on)
    assert (found.code, found.status, found.value, found.gating) == ("XA101", status, value, True)
    assert found.sentence == sentence
    assert found.rule == gate
    assert (found.subject, found.n_patients) == ("honest/gradcam", 41)


def test_rounding_never_decides():
    low = 0.3 - 1e-12
    (found,) = judged([summary(interval=(0.4, low, 0.5))], "iou@gradcam >= 0.3")
    assert found.status == "fail"
    assert "its lower end 0.299999999999 is below 0.30" in found.sentence


def test_a_gate_without_an_explainer_asks_each_that_is_no_control():
    found = judged(
        [
            summary(),
            summary(explainer="lime", interval=(0.2, 0.1, 0.3)),
            summary(explainer="random", interval=(0, 0, 0)),
        ],
        "iou >= 0.3",
    )
    assert [(v.subject, v.status) for v in found] == [("honest/gradcam", "pass"), ("honest/lime", "fail")]


def test_a_gate_asks_every_model():
    found = judged(
        [summary(), summary(model="shortcut", interval=(0.1, 0.05, 0.2))],
        "iou@gradcam >= 0.3",
        models=("shortcut", "honest"),
    )
    assert [(v.model_id, v.status) for v in found] == [("shortcut", "fail"), ("honest", "pass")]


def test_a_gate_on_reliance_asks_the_model_itself():
    (found, _) = judged([summary("reliance-mark", interval=(0.5, 0.4, 0.6))], "reliance-mark >= 0.3")
    assert (found.subject, found.status) == ("honest", "pass")
    assert found.sentence == (
        "reliance-mark of honest: 0.50 [0.40, 0.60] over 41 patients; its lower end 0.40 reaches 0.30"
    )


def test_too_few_patients_are_an_error_and_not_a_pass():
    few = summary(interval=(0.9, None, None), n=3)
    (found,) = judged([few], "iou@gradcam >= 0.3")
    assert (found.code, found.status, found.value, found.gating) == ("XA102", "error", None, True)
    assert found.sentence == (
        "iou of gradcam on honest: 0.90 over 3 patients; an interval needs at least 5, "
        "and the gate asks for its lower end"
    )
    (on_mean,) = judged([few], "iou@gradcam >= 0.3", gate_on="mean")
    assert (on_mean.code, on_mean.status) == ("XA101", "pass")


def test_cases_are_counted_where_patients_are_unknown():
    (found,) = judged([summary(interval=(0.9, None, None), n=1, cluster="case")], "iou@gradcam >= 0.3")
    assert "0.90 over 1 case;" in found.sentence


@pytest.mark.parametrize(
    ("gate", "subject", "sentence"),
    [
        ("pixel-auroc@lime >= 0.3", "honest/lime", "pixel-auroc of lime on honest: no case has a value"),
        ("pixel-auroc >= 0.3", "honest/gradcam", "pixel-auroc of gradcam on honest: no case has a value"),
        ("reliance-mark >= 0.3", "honest", "reliance-mark of honest: no case has a value"),
    ],
)
def test_a_gate_without_data_is_an_error(gate, subject, sentence):
    (found,) = judged([summary()], gate)
    assert (found.code, found.status, found.subject) == ("XA102", "error", subject)
    assert (found.sentence, found.gating, found.threshold) == (sentence, True, 0.3)


def test_a_run_without_any_summary_fails_its_gates_as_errors():
    found = judged([], "iou >= 0.3", "iou@lime >= 0.3")
    assert [(v.code, v.status, v.sentence) for v in found] == [
        ("XA102", "error", "iou of honest: no case has a value"),
        ("XA102", "error", "iou of lime on honest: no case has a value"),
    ]


def test_an_explainer_that_was_asked_for_and_has_no_summary_is_an_error():
    found = judged([summary()], "iou >= 0.3", explainers=("gradcam", "lime"))
    assert [(v.subject, v.status) for v in found] == [("honest/gradcam", "pass"), ("honest/lime", "error")]


def test_a_gate_that_the_best_control_passes_too_tells_nothing():
    controls = [
        summary(explainer="random", interval=(0.2, 0.1, 0.3)),
        summary(explainer="centre", interval=(0.4, 0.35, 0.5)),
        summary(explainer="edges", interval=(0.45, 0.31, 0.5)),
    ]
    gate, control = judged([summary(), *controls], "iou >= 0.3")
    assert (gate.code, gate.status) == ("XA101", "pass")
    assert (control.code, control.status, control.gating) == ("XA103", "fail", False)
    assert (control.subject, control.value, control.threshold) == ("honest/centre", 0.35, 0.3)
    assert control.sentence == (
        "the gate tells nothing: the control centre on honest passes it too, 0.40 [0.35, 0.50] over 41 patients"
    )


def test_for_a_largest_allowed_value_the_best_control_is_the_lowest():
    found = judged(
        [
            summary("pixel-flipping", interval=(0.2, 0.1, 0.3)),
            summary("pixel-flipping", "random", (0.3, 0.2, 0.45)),
            summary("pixel-flipping", "edges", (0.3, 0.25, 0.4)),
        ],
        "pixel-flipping@gradcam <= 0.5",
    )
    assert [(v.code, v.subject, v.value) for v in found] == [
        ("XA101", "honest/gradcam", 0.3),
        ("XA103", "honest/edges", 0.4),
    ]


def test_a_gate_on_a_control_is_not_called_uninformative():
    (found,) = judged([summary(), summary(explainer="random")], "iou@random >= 0.3")
    assert (found.code, found.subject) == ("XA101", "honest/random")


def test_with_several_readers_each_has_its_verdict():
    found = judged(
        [summary(reader="r1"), summary(reader="r2", interval=(0.2, 0.1, 0.3))], "iou@gradcam >= 0.3"
    )
    assert [(v.subject, v.status) for v in found] == [
        ("honest/gradcam/r1", "pass"),
        ("honest/gradcam/r2", "fail"),
    ]
    assert found[0].sentence.startswith("iou of gradcam on honest (reader r1): 0.41")


def reliances(**intervals):
    return [
        summary(f"reliance-{region.replace('_', '-')}", interval=interval)
        for region, interval in intervals.items()
    ]


MARK_COUNTS = (0.42, 0.33, 0.51)
MARK_IDLE = (0.01, -0.01, 0.03)


@pytest.mark.parametrize(
    ("intervals", "code", "sentence"),
    [
        (
            {"mark": MARK_IDLE, "border": (0.91, 0.86, 0.95), "outside": (0.0, -0.02, 0.01)},
            "XA201",
            "honest: shortcut: hiding the border lowers P(cancer) by 0.91 [0.86, 0.95] more than hiding a random "
            "area of its size; hiding the mark by 0.01 [-0.01, 0.03] (41 patients)",
        ),
        (
            {"mark": MARK_IDLE, "border": (0.3, 0.2, 0.4), "opposite_lung": (0.5, 0.4, 0.6)},
            "XA201",
            "honest: shortcut: hiding the opposite lung lowers P(cancer) by 0.50 [0.40, 0.60] more than hiding a "
            "random area of its size; hiding the border by 0.30 [0.20, 0.40]; "
            "hiding the mark by 0.01 [-0.01, 0.03] (41 patients)",
        ),
        (
            {"mark": MARK_COUNTS, "same_lung": (0.2, 0.1, 0.3), "outside": (0.1, 0.05, 0.2)},
            "XA201",
            "honest: mixed evidence: hiding the mark lowers P(cancer) by 0.42 [0.33, 0.51] more than hiding a random "
            "area of its size, but so does hiding what lies outside the lungs by 0.10 [0.05, 0.20] (41 patients)",
        ),
        (
            {"mark": MARK_COUNTS, "outside": (0.1, 0.05, 0.2), "border": (0.2, 0.1, 0.3)},
            "XA201",
            "honest: mixed evidence: hiding the mark lowers P(cancer) by 0.42 [0.33, 0.51] more than hiding a random "
            "area of its size, but so does hiding the border by 0.20 [0.10, 0.30] and hiding the rest of the image by "
            "0.10 [0.05, 0.20] (41 patients)",
        ),
        (
            {"mark": MARK_IDLE, "border": (0.0, -0.01, 0.01)},
            "XA201",
            "honest: the mark does not count: hiding it lowers P(cancer) by 0.01 [-0.01, 0.03] more than hiding a "
            "random area of its size; no other region measured stands out either (41 patients)",
        ),
        (
            {"mark": MARK_COUNTS, "border": (-0.2, -0.3, -0.1), "outside": (0.015, 0.004, 0.03)},
            "XA202",
            "honest: uses the mark: hiding it lowers P(cancer) by 0.42 [0.33, 0.51] more than hiding a random area "
            "of its size; no other region measured stands out, which is no proof that no shortcut exists "
            "(41 patients)",
        ),
        (
            {"mark": MARK_COUNTS, "same_lung": (0.2, 0.1, 0.3)},
            "XA202",
            "honest: uses the mark: hiding it lowers P(cancer) by 0.42 [0.33, 0.51] more than hiding a random area "
            "of its size; no other region measured stands out, which is no proof that no shortcut exists "
            "(41 patients)",
        ),
    ],
)
def test_reliance_says_what_the_model_uses(intervals, code, sentence):
    (found,) = judged(reliances(**intervals), positive={"honest": "cancer"})
    assert (found.code, found.sentence) == (code, sentence)
    assert (found.status, found.gating) == ("pass" if code == "XA202" else "fail", False)
    assert (found.subject, found.value) == ("honest", intervals["mark"][1])


@pytest.mark.parametrize(("low", "code", "shown"), [(0.02, "XA202", ""), (0.0201, "XA201", "[0.0201, 0.06]")])
def test_another_region_counts_only_beyond_the_margin(low, code, shown):
    assert MARGIN == 0.02
    (found,) = judged(reliances(mark=MARK_COUNTS, border=(0.04, low, 0.06)))
    assert found.code == code
    assert shown in found.sentence
    assert found.rule == "lower end of reliance-mark > 0, and of no other region > 0.02"


@pytest.mark.parametrize("region", ELSEWHERE)
def test_each_region_without_a_lesion_can_be_a_shortcut(region):
    (found,) = judged(reliances(**{"mark": MARK_IDLE, region: (0.5, 0.4, 0.6)}))
    assert found.code == "XA201"
    assert "lowers the target's probability by 0.50 [0.40, 0.60]" in found.sentence


def test_a_mark_that_barely_counts_shows_that_it_does():
    (found,) = judged(reliances(mark=(0.01, 0.001, 0.03)))
    assert found.code == "XA202"
    assert "by 0.01 [0.001, 0.03]" in found.sentence


def test_reliance_of_few_patients_decides_nothing():
    few = summary("reliance-mark", interval=(0.5, None, None), n=4)
    (found,) = judged([few])
    assert (found.code, found.status, found.gating) == ("XA102", "error", False)
    assert found.sentence == "honest: cannot tell what it uses from 4 patients; an interval needs at least 5"


def test_without_reliance_nothing_is_said_of_the_model():
    assert judged([summary()]) == ()


def agreement(interval, difference, *, explainer="gradcam"):
    return replace(
        summary("reliance-agreement", explainer, interval),
        control_id=None if difference is None else "edges",
        control_difference=None if difference is None else Interval(*difference, "bca"),
    )


@pytest.mark.parametrize(
    ("interval", "difference", "code", "sentence"),
    [
        (
            (0.62, 0.5, 0.72),
            (0.55, 0.4, 0.68),
            "XA302",
            "gradcam on honest agrees: rank correlation with what the model depends on 0.62 [0.50, 0.72] over 41 "
            "patients, above the best control (edges) by 0.55 [0.40, 0.68]",
        ),
        (
            (0.62, 0.5, 0.72),
            None,
            "XA302",
            "gradcam on honest agrees: rank correlation with what the model depends on 0.62 [0.50, 0.72] over 41 "
            "patients",
        ),
        (
            (0.1, -0.05, 0.25),
            (0.3, 0.1, 0.5),
            "XA301",
            "gradcam on honest misreports: rank correlation with what the model depends on 0.10 [-0.05, 0.25] over 41 "
            "patients, not above zero",
        ),
        (
            (0.3, 0.2, 0.4),
            (0.05, -0.1, 0.2),
            "XA301",
            "gradcam on honest misreports: rank correlation with what the model depends on 0.30 [0.20, 0.40] over 41 "
            "patients, not above the best control (edges): difference 0.05 [-0.10, 0.20]",
        ),
        (
            (-0.3, -0.4, -0.2),
            (-0.5, -0.7, -0.3),
            "XA301",
            "gradcam on honest misreports: rank correlation with what the model depends on -0.30 [-0.40, -0.20] over "
            "41 patients, not above zero and not above the best control (edges): difference -0.50 [-0.70, -0.30]",
        ),
        (
            (0.1, 0.001, 0.25),
            (0.1, 0.002, 0.3),
            "XA302",
            "gradcam on honest agrees: rank correlation with what the model depends on 0.10 [0.001, 0.25] over 41 "
            "patients, above the best control (edges) by 0.10 [0.002, 0.30]",
        ),
    ],
)
def test_agreement_with_reliance_says_whether_an_explainer_can_be_believed(
    interval, difference, code, sentence
):
    (found,) = judged([agreement(interval, difference)])
    assert (found.code, found.sentence) == (code, sentence)
    assert (found.status, found.gating) == ("pass" if code == "XA302" else "fail", False)
    assert (found.subject, found.value) == ("honest/gradcam", interval[1])


@pytest.mark.parametrize(
    ("interval", "difference"), [((0.5, None, None), None), ((0.5, 0.3, 0.7), (0.4, None, None))]
)
def test_agreement_of_few_patients_decides_nothing(interval, difference):
    (found,) = judged([agreement(interval, difference)])
    assert (found.code, found.status, found.gating) == ("XA102", "error", False)
    assert found.sentence == (
        "gradcam on honest: cannot tell whether its maps can be believed from 41 patients; an interval needs at least 5"
    )


def test_controls_are_not_asked_whether_they_can_be_believed():
    assert judged([agreement((0.5, 0.4, 0.6), None, explainer="edges")]) == ()
    renamed = agreement((0.5, 0.4, 0.6), None, explainer="wide-centre")
    assert judged([renamed], explainers=("gradcam",)) == ()


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
