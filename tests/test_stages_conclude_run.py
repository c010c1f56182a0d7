"""From stored scores to the outcome, on tables small enough to work out by hand.

Six patients with one case each. Of `lime` every case has an IoU of .5 but the last, which has none; `centre` has .2 on each,
`edges` .1. Equal values draw equal means, so both limits of an interval lie on its estimate.
"""

import json
import math
from datetime import UTC, datetime

import pytest

from made_scores import key, scores
from xaudit.config import AuditFile
from xaudit.errors import IncompleteRunError, NothingScoredError, RunFolderError
from xaudit.records import (
    Annotation,
    Box,
    Case,
    CategoryCount,
    Ceiling,
    Interval,
    LocalizedAndCausal,
    MapFacts,
    Plan,
    Prediction,
    Problem,
    ReaderAgreement,
    Regression,
    Score,
    Unscored,
    UnscoredGroup,
    Verdict,
    Work,
)
from xaudit.stages.outcome.conclude import check_failures, conclude, save_conclusion
from xaudit.stages.outcome.read_outcome import load
from xaudit.stages.outcome.results import CaseFigures, Results, RunFacts
from xaudit.statistics.strata import facts_of
from xaudit.store import RunFolder
from xaudit.store.json_records import write_evaluations

NO_PATIENTS = Verdict(
    "XA401", "fail", "-", "the data", "patients are named", "no patients are named", gating=False
)
WORK = Work(seconds=2.0, model_seconds=1.0, n_evals=60, n_shards=2, n_shards_reused=1)
N = 6


@pytest.fixture
def run(tmp_path):
    made = RunFolder.create(
        tmp_path, name="chest", config_hash="0123456789abcdef", now=datetime(2025, 3, 1, tzinfo=UTC)
    )
    write_evaluations(made, [])
    return made


def audit(**settings):
    plain = {
        "data": {"images": "x"},
        "models": [{"id": "m", "source": "torchvision", "architecture": "resnet18"}],
        "explainers": ["lime"],
        "controls": ["centre", "edges"],
        "metrics": ["iou"],
        "statistics": {"replicates": 200, **settings.pop("statistics", {})},
    }
    return AuditFile.model_validate({**plain, **settings})


def overlaps():
    return [
        *scores("lime", [0.5] * (N - 1)),
        Unscored(key(N - 1, "lime"), "the map is constant"),
        *scores("centre", [0.2] * N),
        *scores("edges", [0.1] * N),
    ]


def reliances(**regions):
    return [
        Score(key(case, "-", f"reliance-{region}", family="reliance"), value)
        for region, values in regions.items()
        for case, value in enumerate(values)
    ]


def head(**changes):
    plain = {
        "n_cases": N,
        "n_chosen": N,
        "n_explained": {"m": N},
        "positive": {"m": "cancer"},
        "external": [],
        "explained_by": {"m": ["lime"]},
        "patients_known": True,
        "data_findings": [],
        "notes": ["the data were divided here"],
    }
    return RunFacts(**{**plain, **changes})


def concluded(run, audit_file, results, *, problems=(), facts=(), figures=None, **heads):
    results, about = Results(results, problems, WORK, facts), head(**heads)
    conclusion = conclude(run, audit_file, results, about, figures or CaseFigures())
    save_conclusion(run, conclusion)
    check_failures(run, audit_file, problems, about)
    return conclusion.outcome


def by_subject(outcome, stratum="all"):
    return {(s.metric_id, s.explainer_id): s for s in outcome.summaries if s.stratum == stratum}


def test_a_summary_counts_scored_and_unscored_cases_and_stands_beside_the_best_control(run):
    found = by_subject(concluded(run, audit(), overlaps()))
    assert list(found) == [("iou", "centre"), ("iou", "edges"), ("iou", "lime")]
    lime = found["iou", "lime"]
    assert (lime.interval.estimate, lime.interval.low, lime.interval.high) == (0.5, 0.5, 0.5)
    assert (lime.n_cases, lime.n_patients, lime.n_unscored, lime.cluster) == (5, 5, 1, "patient")
    # .5 - .2 on the five cases that both have.
    assert lime.control_id == "centre"
    assert lime.control_difference.estimate == pytest.approx(0.3)
    assert lime.control_difference.low == pytest.approx(0.3)
    assert found["iou", "centre"].n_cases == 6
    assert found["iou", "centre"].control_id is None


def test_without_patients_cases_are_counted_as_such(run):
    results = scores("lime", [0.5] * N, patient=None)
    [lime] = concluded(run, audit(), results, patients_known=False).summaries
    assert (lime.n_cases, lime.n_patients, lime.cluster) == (6, 6, "case")


def test_patients_with_several_cases_are_counted_once(run):
    results = [Score(key(case, "lime", patient=f"p{case // 2}"), 0.5) for case in range(N)]
    [lime] = concluded(run, audit(), results).summaries
    assert (lime.n_cases, lime.n_patients) == (6, 3)
    # Three patients are too few for limits.
    assert (lime.interval.estimate, lime.interval.low) == (0.5, None)


def test_a_gate_passes_on_its_limit_and_fails_above_it(run):
    outcome = concluded(run, audit(gates=["iou@lime >= 0.5", "iou@lime >= 0.51"]), overlaps())
    assert [(v.code, v.status, v.rule, v.value, v.threshold, v.gating) for v in outcome.verdicts] == [
        ("XA101", "pass", "iou@lime >= 0.5", 0.5, 0.5, True),
        ("XA101", "fail", "iou@lime >= 0.51", 0.5, 0.51, True),
    ]


def test_a_gate_on_the_mean_is_held_against_the_mean(run):
    results = scores("lime", [0.2, 0.4, 0.5, 0.5, 0.6, 0.8])  # 3.0 / 6 = .5
    gates = ["iou@lime >= 0.5"]
    lower = concluded(run, audit(gates=gates), results).verdicts[0]
    assert lower.status == "fail"
    assert lower.value < 0.5
    mean = concluded(run, audit(gates=gates, statistics={"gate_on": "mean"}), results).verdicts[0]
    assert (mean.status, mean.value) == ("pass", pytest.approx(0.5))


def test_a_gate_that_a_control_keeps_is_uninformative_and_fails_only_where_strict(run):
    said = {
        strict: [
            (v.code, v.status, v.subject, v.gating)
            for v in concluded(
                run, audit(gates=["iou@lime >= 0.2"], statistics={"strict": strict}), overlaps()
            ).verdicts
        ]
        for strict in (False, True)
    }
    assert said[False] == [("XA101", "pass", "m/lime", True), ("XA103", "fail", "m/centre", False)]
    assert said[True] == [("XA101", "pass", "m/lime", True), ("XA103", "fail", "m/centre", True)]


def test_what_readers_reach_is_no_level_to_beat(run):
    people = audit(controls=["centre", "human"], gates=["iou@lime >= 0.5"])
    results = [*overlaps()[: 2 * N], *scores("human", [0.9] * N)]
    outcome = concluded(run, people, results)
    assert by_subject(outcome)["iou", "lime"].control_id == "centre"
    assert [(v.code, v.status) for v in outcome.verdicts] == [("XA101", "pass")]
    assert outcome.control_ids == ("centre", "human")


def test_a_model_that_loses_its_answer_without_the_mark_alone_uses_the_mark(run):
    uses = concluded(run, audit(), overlaps() + reliances(mark=[0.3] * N, border=[0.0] * N))
    assert [(v.code, v.status, v.subject, v.value, v.gating) for v in uses.verdicts] == [
        ("XA202", "pass", "m", pytest.approx(0.3), False)
    ]
    elsewhere = concluded(run, audit(), overlaps() + reliances(mark=[0.0] * N, border=[0.3] * N))
    assert [(v.code, v.status, v.gating) for v in elsewhere.verdicts] == [("XA201", "fail", False)]


def test_findings_about_the_data_come_last_and_keep_all_they_say(run):
    outcome = concluded(run, audit(gates=["iou@lime >= 0.5"]), overlaps(), data_findings=[NO_PATIENTS])
    assert [v.code for v in outcome.verdicts] == ["XA101", "XA401"]
    assert outcome.verdicts[-1] == NO_PATIENTS
    assert load(run).verdicts == outcome.verdicts


def test_the_outcome_is_what_the_folder_holds(run):
    agreement = ReaderAgreement("data", "a", "b", 0.8, 0.7, None, 6, 5, 7)
    ceiling = Ceiling(
        "m",
        "lime",
        "iou",
        "union",
        Interval(0.8, 0.7, 0.9, "bca"),
        0.5,
        None,
        Interval(-0.3, -0.4, -0.2, "bca"),
        6,
        6,
    )
    published = Regression("m", "lime", "iou", "union", (), 6, 6, 0.1)
    outcome = concluded(
        run,
        audit(),
        overlaps(),
        problems=[],
        figures=CaseFigures(agreements=(agreement,), ceilings=(ceiling,), published=(published,)),
    )
    assert outcome == load(run)
    assert (outcome.model_ids, outcome.explainer_ids) == (("m",), ("lime", "centre", "edges"))
    assert (outcome.n_explained, outcome.positive, outcome.work) == ({"m": 6}, {"m": "cancer"}, WORK)
    assert outcome.notes == ("the data were divided here",)
    assert outcome.unscored == (UnscoredGroup("m", "lime", "the map is constant", 1, 1),)
    assert (outcome.agreements, outcome.ceilings, outcome.regressions) == (
        (agreement,),
        (ceiling,),
        (published,),
    )
    written = json.loads((run.path / "outcome.json").read_text("utf-8"))
    assert (written["run_id"], written["seed"], written["levels_to_beat"]) == (
        run.run_id,
        0,
        ["centre", "edges"],
    )


def fact(case, *, predicted="cancer", coverage, lift):
    """A small map of which a tenth of the image is binary, and wholly in the mark if it covers any."""
    return MapFacts(
        f"c{case:03d}", None, "m", "lime", "h", "cancer", "cancer", predicted, spread=0.2, map_share=0.1,
        coverage=coverage, precision=0.9 if coverage else 0.0, mass_lift=lift, place="elsewhere", border_mass=0.0,
    )  # fmt: skip


def test_maps_are_categorised_and_counted_by_confusion_cell(run):
    facts = [
        *(fact(case, coverage=0.9, lift=5.0) for case in range(3)),
        fact(3, predicted="normal", coverage=0.9, lift=5.0),
        fact(4, coverage=0.0, lift=0.2),
        fact(5, coverage=0.0, predicted="normal", lift=0.2),
    ]
    # A right answer whose map lies elsewhere is right for the wrong reason, a wrong answer is not.
    assert concluded(run, audit(), [*overlaps(), *captured(0.9)], facts=facts).categories == (
        CategoryCount("m", "lime", "good", "FN", 1, 0),
        CategoryCount("m", "lime", "good", "TP", 3, 0, n_judged=3),
        CategoryCount("m", "lime", "miss_elsewhere", "FN", 1, 0),
        CategoryCount("m", "lime", "miss_elsewhere", "TP", 1, 1, n_judged=1),
    )


def captured(value):
    """Scores of an explainer on six patients beside a prior of .2; all six on one side are enough for Wilcoxon's test."""
    kwargs = {"metric": "reliance-captured", "family": "agreement", "reader": "-"}
    near = [value - 0.01 * case for case in range(N)]
    return [*scores("lime", near, **kwargs), *scores("prior", [0.2] * N, **kwargs)]


@pytest.mark.parametrize(
    ("value", "code", "n_judged"), [(0.9, "XA302", 1), (0.2, "XA301", 0), (0.4, "XA306", 0), (None, None, 0)]
)
def test_an_explainer_is_judged_by_what_it_captures_and_only_one_that_shows_it_gives_reasons(
    run, value, code, n_judged
):
    results = overlaps() + ([] if value is None else captured(value))
    outcome = concluded(run, audit(), results, facts=[fact(4, coverage=0.0, lift=0.2)])
    assert [one.code for one in outcome.verdicts if one.code.startswith("XA30")] == ([code] if code else [])
    assert [(one.n_judged, one.n_wrong_reason) for one in outcome.categories] == [(n_judged, n_judged)]
    assert load(run) == outcome


def test_maps_on_the_mark_are_held_against_the_models_own_reliance_on_it(run):
    facts = [
        fact(case, coverage=c, lift=lift)
        for case, (c, lift) in enumerate([(0.9, 5.0)] * 3 + [(0.0, 0.2)] * 3)
    ]
    # Maps of cases 0 to 2 lie on the mark; the model relies on it in cases 0, 1 and 5, and of case 3 nobody knows.
    known = reliances(mark=[0.3, 0.3, 0.0, 0.3, 0.0, 0.3])
    results = overlaps() + [one for one in known if one.key.case_id != "c003"]
    assert concluded(run, audit(), results, facts=facts).causal == (
        LocalizedAndCausal("m", "lime", n_both=2, n_map_only=1, n_model_only=1, n_neither=1, n_unknown=1),
    )


def case_facts():
    """Cases 0 and 1 are wrongly called normal; nobody marked anything."""
    cases = [
        Case(f"c{i:03d}", f"p{i:03d}", "data", f"{i}.png", "0", "cancer", "test", 8, 8, None)
        for i in range(N)
    ]
    answers = [
        Prediction(
            case.case_id, case.patient_id, "m", "test", "cancer", "normal" if i < 2 else "cancer", "cancer",
            (0.0, 0.0), (0.5, 0.5), ("cancer", "normal"),
        )
        for i, case in enumerate(cases)
    ]  # fmt: skip
    return facts_of(cases, (), answers)


def test_summaries_are_repeated_for_each_stratum_that_is_asked_for(run):
    results = scores("lime", [0.1, 0.3, 0.5, 0.5, 0.7, 0.9])
    asked = audit(statistics={"strata": ["correctness"]}, gates=["iou@lime%correctness=wrong >= 0.1"])
    outcome = concluded(run, asked, results, figures=CaseFigures(facts=case_facts()))
    assert [(s.stratum, s.n_cases, s.interval.estimate) for s in outcome.summaries] == [
        ("all", 6, pytest.approx(0.5)),
        ("correctness=correct", 4, pytest.approx(0.65)),
        ("correctness=wrong", 2, pytest.approx(0.2)),
    ]
    # Two patients give no lower end to hold the gate against.
    assert [(v.code, v.status, v.n_patients) for v in outcome.verdicts] == [("XA102", "error", 2)]
    none = concluded(run, audit(), results, figures=CaseFigures(facts=case_facts()))
    assert [s.stratum for s in none.summaries] == ["all"]


def test_a_regression_is_made_only_where_it_is_asked_for(run):
    # Squares of 1, 2, 4 and 8 pixels a side in turn, on pixels of 1 mm²: log2 of the area is 0, 2, 4, 6.
    sides = [2 ** (i % 4) for i in range(24)]
    cancer = [0.3 + 0.02 * i for i in range(24)]
    cases = [
        Case(f"c{i:03d}", f"p{i:03d}", "data", f"{i}.png", "0", "cancer", "test", 16, 16, (1.0, 1.0))
        for i in range(24)
    ]
    marks = [Annotation(f"c{i:03d}", "r1", Box(2, 2, 2 + side, 2 + side)) for i, side in enumerate(sides)]
    answers = [
        Prediction(
            f"c{i:03d}", f"p{i:03d}", "m", "test", "cancer", "cancer", "cancer", (0.0, 0.0), (p, 1 - p),
            ("cancer", "normal"),
        )
        for i, p in enumerate(cancer)
    ]  # fmt: skip
    figures = CaseFigures(facts=facts_of(cases, marks, answers))
    results = scores("lime", [0.1 + 0.05 * 2 * (i % 4) for i in range(24)])
    assert concluded(run, audit(), results, figures=figures).regressions == ()
    [found] = concluded(run, audit(statistics={"regression": True}), results, figures=figures).regressions
    slopes = {one.name: one.interval.estimate for one in found.coefficients}
    assert slopes == pytest.approx({"intercept": 0.1, "log2-lesion-area": 0.05, "confidence": 0.0})


def test_a_plan_is_made_only_where_a_width_is_wanted(run):
    results = scores("lime", [0.2, 0.4, 0.5, 0.5, 0.6, 0.8])
    gates = ["iou@lime >= 0.3"]
    assert concluded(run, audit(gates=gates), results).plans == ()
    outcome = concluded(run, audit(gates=gates, statistics={"half_width": 0.05}), results)
    [interval] = [one.interval for one in outcome.summaries]
    half = (interval.high - interval.low) / 2
    # Half the width takes four times the patients.
    needed = math.ceil(N * (half / 0.05) ** 2)
    assert outcome.plans == (Plan("iou@lime >= 0.3", "m", "lime", "union", half, 0.05, N, needed),)


def test_without_a_single_score_nothing_is_written_and_every_reason_is_given(run):
    results = [Unscored(key(0, "lime"), "the map is constant"), Unscored(key(1, "edges"), "no mark")]
    with pytest.raises(NothingScoredError, match=r"(?m)^nothing could be scored: no mark$") as caught:
        concluded(run, audit(), results, problems=[Problem("c002", "load", "cut off")])
    assert caught.value.missing == (
        ("m/edges", "1 case: no mark"),
        ("m/lime", "1 case: the map is constant"),
        ("c002", "load: cut off"),
    )
    with pytest.raises(RunFolderError, match="not finished"):
        load(run)


def test_without_any_result_no_case_was_explained(run):
    with pytest.raises(
        NothingScoredError, match=r"(?m)^nothing could be scored: no case was explained$"
    ) as caught:
        concluded(run, audit(), [])
    assert caught.value.missing == (("scores", "no case was explained"),)


@pytest.mark.parametrize(
    ("stages", "n_cases", "n_chosen", "said"),
    [
        # 1 of 20 is 5 %, which is allowed.
        (["load"], 20, 6, None),
        (["load"], 19, 6, "1 of 19 cases failed, more than the allowed 5%"),
        ([], 0, 0, None),
        # What failed while it was explained is held against the cases that were to be explained.
        (["explain"], 100, 20, None),
        (["explain"], 100, 6, "1 of 6 cases failed, more than the allowed 5%"),
        (["load", "explain"], 100, 6, "1 of 6 cases failed, more than the allowed 5%"),
    ],
)
def test_more_failed_cases_than_are_allowed_make_a_run_incomplete(run, stages, n_cases, n_chosen, said):
    problems = [Problem(f"p{number}", stage, "cut off") for number, stage in enumerate(stages)]
    asked = {"problems": problems, "n_cases": n_cases, "n_chosen": n_chosen}
    if said is None:
        assert concluded(run, audit(), overlaps(), **asked).problems == tuple(problems)
        return
    with pytest.raises(IncompleteRunError, match=rf"(?m)^{said}$") as caught:
        concluded(run, audit(), overlaps(), **asked)
    assert caught.value.missing == tuple((p.case_id, f"{p.stage}: cut off") for p in problems)
    # The tables are written all the same.
    left = load(run)
    assert left.problems == tuple(problems)
    assert [s.explainer_id for s in left.summaries] == ["centre", "edges", "lime"]


def test_how_many_may_fail_is_the_audits_choice(run):
    problems = [Problem("p0", "load", "cut off"), Problem("p1", "load", "cut off")]
    allowed = audit(run={"max_error_rate": 1 / 3})
    assert len(concluded(run, allowed, overlaps(), problems=problems).problems) == 2
    with pytest.raises(IncompleteRunError, match=r"^2 of 6 cases failed"):
        concluded(run, audit(run={"max_error_rate": 0.33}), overlaps(), problems=problems)
