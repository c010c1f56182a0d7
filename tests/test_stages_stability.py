"""Verdicts reached again without single patients, with other draws, under single in-fills and at other thresholds."""

import dataclasses
from datetime import UTC, datetime

import numpy as np
import pytest

from made_scores import key, scores
from xaudit.config import AuditFile, Gate
from xaudit.records import Reliance, Score, Stability, Verdict
from xaudit.report.hashed_ids import HashedIds
from xaudit.report.sections.stability import not_tried, other_changes, without_one_patient
from xaudit.stages.outcome import stability as stage
from xaudit.stages.outcome.dependence.by_infill import reliance_by_infill
from xaudit.stages.outcome.judging import Judge
from xaudit.stages.outcome.results import RunFacts
from xaudit.stages.outcome.stability import StoredValues, with_stability
from xaudit.statistics.bootstrap import ClusterBootstrap, Sample
from xaudit.store import RunFolder
from xaudit.store.json_records import read_verdicts, write_verdicts
from xaudit.summarise import summarise
from xaudit.verdict.stability import holds, moved_gates

FACTS = RunFacts(
    n_cases=6,
    n_chosen=6,
    n_explained={"m": 6},
    positive={"m": "cancer"},
    external=[],
    explained_by={"m": ["lime"]},
    patients_known=True,
    data_findings=[],
    notes=[],
)


def audit(*gates, gate_on="lower"):
    return AuditFile.model_validate(
        {
            "data": {"images": "x"},
            "models": [{"id": "m", "source": "torchvision", "architecture": "resnet18"}],
            "explainers": ["lime"],
            "controls": [],
            "metrics": ["iou"],
            "gates": list(gates),
            "statistics": {"replicates": 200, "gate_on": gate_on},
        }
    )


def region(name, values):
    return [
        Score(key(case, "-", f"reliance-{name}", family="reliance"), value)
        for case, value in enumerate(values)
    ]


def hidden(name, infill, values):
    zeros = dict.fromkeys((one.name for one in dataclasses.fields(Reliance)), 0.0)
    return [
        Reliance(
            **{
                **zeros,
                "case_id": f"c{case:03d}",
                "patient_id": f"p{case:03d}",
                "model_id": "m",
                "target": "cancer",
                "correct": True,
                "region": name,
                "infill": infill,
                "beyond_random": value,
                "percentile": None,
            }
        )
        for case, value in enumerate(values)
    ]


def judged(audit_file, results, reliances=()):
    settings = audit_file.statistics
    summaries = summarise(
        results, controls=(), patients_known=True, settings=settings, seed=audit_file.seed, metric_names={}
    )
    effects = reliance_by_infill(reliances, results, settings=settings, seed=audit_file.seed)
    judge = Judge(audit_file, FACTS, ())
    verdicts = judge.verdicts(summaries, effects)
    return with_stability(verdicts, judge, StoredValues(summaries, results, reliances, effects))


def by_rule(verdicts):
    return {one.rule: one.stability for one in verdicts}


def test_a_patient_decides_if_without_them_alone_the_mean_misses_the_gate():
    # The mean of five times .8 and once -1 is .5, and meets the gate. Without a .8 it is .44, without the -1 .8.
    [found] = judged(audit("reliance-mark >= 0.5", gate_on="mean"), region("mark", [0.8] * 5 + [-1.0]))[:1]
    assert (found.status, found.value) == ("pass", pytest.approx(0.5))
    assert found.stability.deciding == ("p000", "p001", "p002", "p003", "p004")
    assert (found.stability.n_left_out, found.stability.n_patients, found.stability.cluster) == (
        6,
        6,
        "patient",
    )


def test_a_verdict_that_rests_on_one_patient_names_them():
    # Without the patient whose answer ignores the mark all others agree.
    verdicts = judged(audit("reliance-mark >= 0.5"), region("mark", [0.9] * 6 + [0.0] + [0.9]))
    gate, finding = verdicts[:2]
    assert (gate.status, gate.stability.deciding) == ("fail", ("p006",))
    assert finding.code in ("XA201", "XA202")


def test_equal_patients_decide_nothing_and_thresholds_are_tried_by_a_step():
    verdicts = judged(audit("reliance-mark >= 0.5", gate_on="mean"), region("mark", [0.52] * 6))
    gate, finding = verdicts[:2]
    # A tenth less and more: .45 is met like .5, .55 is not.
    assert gate.stability.by_threshold == ((0.45, True), (0.55, False))
    assert gate.stability.deciding == finding.stability.deciding == ()
    assert (gate.stability.n_redrawn, gate.stability.n_redrawn_held) == (4, 4)
    # .52 is above half the margin of .02, and above twice the margin.
    assert finding.code == "XA202"
    assert finding.stability.by_threshold == ((0.01, True), (0.04, True))
    [small] = judged(audit(), region("mark", [0.03] * 6))
    assert (small.code, small.stability.by_threshold) == ("XA202", ((0.01, True), (0.04, False)))
    [none] = judged(audit(), region("mark", [0.015] * 6))
    assert (none.code, none.stability.by_threshold) == ("XA201", ((0.01, False), (0.04, True)))


def test_a_finding_is_reached_again_with_each_in_fill_alone():
    results = [*region("mark", [0.3] * 6), *region("border", [0.03] * 6)]
    rows = [
        *(*hidden("mark", "blur", [0.3] * 6), *hidden("mark", "noise", [0.3] * 6)),
        *(*hidden("border", "blur", [0.06] * 6), *hidden("border", "noise", [0.03] * 6)),
    ]
    [finding] = judged(audit(), results, rows)
    assert finding.code == "XA201"
    assert finding.stability.by_infill == (("blur", True), ("noise", True))
    # The mean of .01 and .06 stays within .04, and so does blur alone; noise alone does not.
    rows[12:] = [*hidden("border", "blur", [0.01] * 6), *hidden("border", "noise", [0.06] * 6)]
    gate, undecided = judged(
        audit("reliance-border <= 0.04"), [*results[:6], *region("border", [0.035] * 6)], rows
    )
    assert (gate.status, gate.stability.by_infill) == ("pass", (("blur", True), ("noise", False)))
    # That the in-fills do not agree is found with neither alone.
    assert (undecided.code, undecided.stability.by_infill) == ("XA212", (("blur", False), ("noise", False)))


def test_with_five_patients_none_is_left_out():
    [gate] = judged(audit("reliance-mark >= 0.5", gate_on="mean"), region("mark", [0.8] * 5))[:1]
    assert (gate.stability.n_left_out, gate.stability.deciding) == (0, ())
    assert not_tried(gate.stability) == "Without single patients: not tried, 5 patients are too few."


def test_of_many_patients_those_that_move_a_mean_most_are_left_out(monkeypatch):
    monkeypatch.setattr(stage, "MOST_LEFT_OUT", 2)
    [gate] = judged(audit("reliance-mark >= 0.5", gate_on="mean"), region("mark", [0.5] * 6 + [0.9, -0.2]))[
        :1
    ]
    assert (gate.stability.n_left_out, gate.stability.n_patients) == (2, 8)
    # The mean is .4625; without the -.2 it is .557.
    assert gate.stability.deciding == ("p007",)


def test_a_gate_on_an_explainer_is_left_out_for_too():
    verdicts = judged(audit("iou@lime >= 0.5", gate_on="mean"), scores("lime", [0.8] * 5 + [-1.0]))
    assert len(verdicts[0].stability.deciding) == 5
    assert verdicts[0].stability.by_infill == ()


@pytest.mark.parametrize("is_share", [False, True])
def test_the_mean_without_a_patient_is_that_of_the_others_to_the_bit(is_share):
    generator = np.random.default_rng(3)
    clusters = [f"p{place % 9}" for place in range(23)]
    for values in (generator.random(23), np.array([0.0] * 22 + [1.0])):
        bootstrap = ClusterBootstrap(replicates=300, confidence=0.95, seed=1)
        found = bootstrap.means_without(Sample(values, clusters, is_share), ["p3", "p4", "nobody"])
        assert list(found) == ["p3", "p4"]
        for name, one in found.items():
            kept = [place for place, own in enumerate(clusters) if own != name]
            [slow] = bootstrap.means([Sample(values[kept], [clusters[place] for place in kept], is_share)])
            assert one == slow


def finding(sentence, **changes):
    return Verdict(
        **{
            "code": "XA201",
            "status": "fail",
            "model_id": "m",
            "subject": "m",
            "rule": "r",
            "sentence": sentence,
            **changes,
        }
    )


def test_a_claim_is_the_same_in_any_order_and_with_any_numbers_and_another_with_other_regions():
    one = finding(
        "m: uses the border and the thorax, not the marked lesion. Hiding the border lowers it by 0.5"
    )
    assert holds(one, [finding("m: uses the thorax and the border, not the marked lesion. Hiding it by 0.4")])
    assert not holds(one, [finding("m: uses the border, not the marked lesion. Hiding the border by 0.5")])
    assert not holds(one, [finding(one.sentence, status="pass")])
    assert not holds(one, [])


def test_a_limit_is_moved_by_a_tenth_or_by_a_hundredth_from_zero():
    assert [one.value for one in moved_gates(Gate.parse("reliance-mark >= 0.2"))] == [0.18, 0.22]
    assert [one.value for one in moved_gates(Gate.parse("reliance-border <= 0"))] == [-0.01, 0.01]


STABILITY = Stability(
    "patient",
    6,
    6,
    ("P0014", "P0015"),
    4,
    3,
    (("blur", True), ("noise", False)),
    ((0.01, True), (0.04, True)),
)


def test_what_holds_and_what_changes_is_said():
    assert without_one_patient(STABILITY) == (
        "Rests on single patients: without any one of P0014 or P0015 the verdict changes."
    )
    assert other_changes(STABILITY) == (
        "Holds with the in-fill blur alone and limits of 0.01 and 0.04. Changes with other random draws of patients (1 of 4) "
        "and the in-fill noise alone."
    )
    steady = dataclasses.replace(STABILITY, n_redrawn_held=4, by_infill=(("blur", True), ("noise", True)))
    assert other_changes(steady) == (
        "Holds with other random draws of patients, the in-fill blur or noise alone and limits of 0.01 and 0.04."
    )
    many = dataclasses.replace(STABILITY, n_left_out=200, n_patients=1200, deciding=())
    assert without_one_patient(many) == "Holds without any one of the 200 most influential of 1,200 patients."
    assert not_tried(None) == "Without single patients: not tried."


def test_stability_is_stored_with_the_verdict_and_its_patients_are_hashed(tmp_path):
    run = RunFolder.create(
        tmp_path, name="chest", config_hash="0123456789abcdef", now=datetime(2025, 3, 1, tzinfo=UTC)
    )
    verdicts = (finding("m: uses it", stability=STABILITY), finding("m: uses it"))
    write_verdicts(run, verdicts)
    assert read_verdicts(run) == verdicts
    hashed = HashedIds(b"key", ["P0014", "P0015"])
    shown = hashed._verdict(verdicts[0])
    assert shown.stability.deciding == (hashed.id("P0014"), hashed.id("P0015"))
