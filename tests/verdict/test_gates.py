import pytest
from hand_made import MARK_COUNTS, MARK_IDLE, judged, reliances, summary


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
        "and the gate uses its lower end"
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
        "the gate is uninformative: the control centre on honest passes it too, 0.40 [0.35, 0.50] over 41 patients"
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


def small(explainer="gradcam", interval=(0.2, 0.1, 0.3), n=12):
    return summary(explainer=explainer, interval=interval, n=n, stratum="lesion-size=small")


def test_a_gate_on_a_stratum_is_held_against_that_part_of_the_cases_alone():
    found = judged([summary(), small()], "iou@gradcam%lesion-size=small >= 0.15", "iou@gradcam >= 0.15")
    assert [(v.rule, v.status, v.value, v.n_patients) for v in found] == [
        ("iou@gradcam%lesion-size=small >= 0.15", "fail", 0.1, 12),
        ("iou@gradcam >= 0.15", "pass", 0.34, 41),
    ]
    assert found[0].sentence == (
        "iou of gradcam on honest (lesion-size=small): 0.20 [0.10, 0.30] over 12 patients; "
        "its lower end 0.10 is below 0.15, though its mean is not"
    )
    assert found[1].subject == found[0].subject == "honest/gradcam"


def test_a_gate_on_a_stratum_asks_each_explainer_there_and_the_controls_there():
    found = judged(
        [
            summary(explainer="random", interval=(0.9, 0.8, 1.0)),
            small(interval=(0.2, 0.1, 0.3)),
            small("lime", (0.3, 0.2, 0.4)),
            small("random", (0.06, 0.05, 0.07)),
        ],
        "iou%lesion-size=small >= 0.15",
    )
    assert [(v.code, v.subject, v.status) for v in found] == [
        ("XA101", "honest/gradcam", "fail"),
        ("XA101", "honest/lime", "pass"),
    ], "the control that passes over all cases does not pass in the stratum"


def test_a_gate_on_a_stratum_that_is_not_there_is_an_error_and_names_those_that_are():
    found = judged([summary(), small()], "iou@gradcam%lesion-size=tiny >= 0.1")
    assert [(v.code, v.status, v.gating, v.sentence) for v in found] == [
        (
            "XA102",
            "error",
            True,
            "iou of gradcam on honest (lesion-size=tiny): no case has a value; there are values for "
            "%lesion-size=small",
        )
    ]
    (nowhere,) = judged([summary()], "iou@gradcam%lesion-size=tiny >= 0.1")
    assert nowhere.sentence == "iou of gradcam on honest (lesion-size=tiny): no case has a value"


def test_strata_of_fewer_than_five_patients_are_an_error_although_the_mean_keeps_the_gate():
    (found,) = judged([small(interval=(0.9, None, None), n=4)], "iou@gradcam%lesion-size=small >= 0.3")
    assert (found.code, found.status) == ("XA102", "error")


def test_an_informational_gate_is_judged_and_decides_nothing():
    told = {"gate": "iou >= 0.5", "informational": True}
    controls = [summary(explainer="centre", interval=(0.6, 0.55, 0.65))]
    found = judged([summary(), *controls], told, "pixel-auroc@gradcam >= 0.5", strict=True)
    assert [(v.code, v.status, v.gating, v.kind) for v in found] == [
        ("XA101", "fail", False, "gate"),
        ("XA103", "fail", False, "gate"),
        ("XA102", "error", True, "gate"),
    ]


@pytest.mark.parametrize("strict", [False, True])
def test_an_uninformative_gate_fails_only_where_gates_are_strict(strict):
    controls = [summary(explainer="centre", interval=(0.4, 0.35, 0.5))]
    gate, control = judged([summary(), *controls], "iou >= 0.3", strict=strict)
    assert (gate.status, gate.gating) == ("pass", True)
    assert (control.code, control.status, control.gating) == ("XA103", "fail", strict)


def test_findings_rest_on_all_cases_and_not_on_a_stratum():
    everywhere = summary("reliance-mark", interval=(0.5, 0.4, 0.6))
    part = summary("reliance-mark", interval=(0.0, -0.1, 0.1), stratum="lesion-size=small")
    found = judged([everywhere, part, summary("reliance-mark", interval=(0, -1, 1), stratum="site=b")])
    assert [(v.code, v.value, v.kind) for v in found] == [("XA202", 0.4, "finding")]


@pytest.mark.parametrize(
    ("intervals", "status", "code"),
    [
        ({"mark": MARK_COUNTS}, "pass", "XA101"),
        ({"mark": MARK_COUNTS, "border": (0.3, 0.2, 0.4)}, "fail", "XA101"),
        ({"mark": MARK_IDLE}, "fail", "XA101"),
        ({"mark": (0.5, None, None)}, "error", "XA102"),
    ],
)
def test_a_gate_without_a_limit_decides_by_the_finding_it_names(intervals, status, code):
    gate, finding = judged(reliances(**intervals), "uses-mark")
    assert (gate.status, gate.code, gate.rule, gate.kind, gate.gating) == (
        status,
        code,
        "uses-mark",
        "gate",
        True,
    )
    assert gate.sentence == finding.sentence
    assert (finding.kind, finding.gating) == ("finding", False)


@pytest.mark.parametrize("intervals", [{}, {"border": (0.5, 0.4, 0.6)}])
def test_a_gate_on_a_finding_without_marks_is_an_error(intervals):
    gate, *_ = judged(reliances(**intervals), "uses-mark")
    assert (gate.status, gate.code, gate.gating) == ("error", "XA102", True)
    assert gate.sentence == "uses-mark of honest: no case has a value for reliance on a reader's mark"


def test_a_gate_on_a_finding_asks_every_reader():
    by_two = [
        summary("reliance-mark", interval=MARK_COUNTS, reader="a"),
        summary("reliance-mark", interval=MARK_IDLE, reader="b"),
    ]
    gates = [one for one in judged(by_two, "uses-mark") if one.kind == "gate"]
    assert [(one.subject, one.status) for one in gates] == [("honest/a", "pass"), ("honest/b", "fail")]


def test_an_informational_gate_on_a_finding_decides_nothing():
    gate, _ = judged(reliances(mark=MARK_IDLE), {"gate": "uses-mark", "informational": True})
    assert (gate.status, gate.gating) == ("fail", False)
