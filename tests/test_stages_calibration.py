"""How often an audit is right: a plant in the images of twelve simulated patients, found by the audit's own code."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import expit

from planted_study import CLASSES, Source, classifier, pair
from xaudit.catalog import PLANT_RECORDS
from xaudit.config import AuditFile
from xaudit.errors import DataError, UsageError
from xaudit.records import Annotation, Box
from xaudit.stages.calibration.calibrate import pool_of
from xaudit.stages.calibration.case_effects import resampled
from xaudit.stages.calibration.judging import PlantedPlace, audit_for, judged_audit
from xaudit.stages.calibration.planted_model import PlantedModel
from xaudit.stages.calibration.preconditions import check_patients
from xaudit.stages.calibration.request import CalibrationRequest, check_request
from xaudit.stages.calibration.resampling import Measured, Trials, run_trials, share_of, sizes_of
from xaudit.stages.outcome.dependence.map_tests import strongest_window, window_effect
from xaudit.store.run_folder import RunFolder

NOW = datetime(2026, 1, 1, tzinfo=UTC)

AUDIT = {
    "name": "planted",
    "data": {"format": "phantom", "phantom": {"patients": 10}},
    "models": [{"id": "quadrant", "source": "phantom", "variant": "honest"}],
    "gates": ["reliance-area-outside-mark <= 0.1"],
    "statistics": {"replicates": 200},
    "reliance": {
        "infills": ["blur"],
        "controls": 1,
        "map": {"scales": [0.25], "infills": ["blur"], "transplant": False},
        "image": {"changes": ["darker-10", "brighter-10"]},
    },
}


def pairs(n_positive=8, n_other=6):
    numbers = [*range(4), *(100 + n for n in range(n_positive - 4))]
    positives = []
    for number in numbers[:n_positive]:
        case, answer = pair(number % 4 if number < 4 else 0)
        name = f"c{number}"
        case = type(case)(name, f"p{number}", "data", f"{name}.png", "0" * 64, "cancer", "test", 64, 64)
        answer = type(answer)(
            name, f"p{number}", "quadrant", "test", "cancer", "cancer", "cancer", (2.0, 0.0), (0.9, 0.1), CLASSES
        )  # fmt: skip
        positives.append((case, answer))
    return positives, [pair(number) for number in range(4, 4 + n_other)]


class Data(Source):
    """The source as a data set."""

    positive, class_names, patients_known = "cancer", CLASSES, True

    def __init__(self, cases):
        self.annotations = [
            Annotation(case.case_id, "reader", "cancer", Box(8, 40, 20, 52)) for case in cases if case.label == "cancer"
        ]  # fmt: skip


def planted_model(tmp_path, plant="obstruction", region="", planted=1.0, audit=None, chosen=None):
    positives, others = chosen or pairs()
    folder = RunFolder.create(Path(tmp_path), name="planted", config_hash="0" * 16, now=NOW)
    model = SimpleNamespace(
        run=folder,
        audit=AuditFile.model_validate(audit or AUDIT),
        classifier=classifier(),
        dataset=Data([case for case, _ in (*positives, *others)]),
        pairs=positives,
        others=others,
        may_donate=(),
        donor_inputs={},
        inputs=lambda wanted: {"cases": [case.case_id for case, _ in wanted]},
    )
    return PlantedModel(model, PLANT_RECORDS[plant], region, planted)


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    model = planted_model(tmp_path_factory.mktemp("calibration"))
    return model, model.ask(lambda *_: None)


def judged(asked, share):
    model, answers = asked
    audit, _ = audit_for(model.audit, "quadrant")
    place = PlantedPlace(model.place, model.regions, whole=False)
    return judged_audit(audit, model.effects(answers, share).values(), place, patients_known=True)


def test_a_plant_that_carries_half_of_the_answer_is_caught_at_its_place_and_the_gate_stops(asked):
    half = judged(asked, 0.5)
    assert "XA207" in half.codes
    assert half.other_codes == ()
    assert half.stopped


def test_without_a_share_of_the_answer_nothing_fails(asked):
    none = judged(asked, 0.0)
    assert (none.codes, none.other_codes, none.stopped) == ((), (), False)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.9])
def test_the_effect_at_the_plants_window_is_the_share(asked, share):
    model, answers = asked
    sure = [one for case in model.effects(answers, 1.0).values() for one in case.windows]
    window = strongest_window(sure, "cancer")
    rows = [one for case in model.effects(answers, share).values() for one in case.windows]
    effect = window_effect(rows, "cancer", window, settings=model.audit.statistics, seed=0)
    truth, reaction = model.at_source(answers, share)
    assert effect.estimate == pytest.approx(truth, abs=0.01)
    assert truth == pytest.approx(share, abs=0.01)
    assert reaction == 0


def test_the_change_at_the_source_is_the_detectors_and_the_models_own(asked):
    """The network does not see the box: at w = .4 the wrapped answer falls by .4 of the detector's .9975 - .0025."""
    model, answers = asked
    truth, _ = model.at_source(answers, 0.4)
    assert truth == pytest.approx(0.4 * (expit(6) - expit(-6)), abs=1e-6)


def test_a_plant_in_half_of_the_positives_has_half_of_the_effect(tmp_path):
    model = planted_model(tmp_path, planted=0.5)
    assert len(model.shows) == 4
    truth, _ = model.at_source(model.ask(lambda *_: None), 0.4)
    assert truth == pytest.approx(0.2, abs=0.01)


def test_answers_that_are_stored_are_not_asked_again_and_an_interruption_loses_none(tmp_path, asked):
    model, costs = planted_model(tmp_path), []

    def stop(done, n_evals):
        costs.append(n_evals)
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.ask(stop)
    again, more = planted_model(tmp_path), []
    again.model.run = model.model.run
    answers = again.ask(lambda _, n_evals: more.append(n_evals))
    assert more[:3] == [0, 0, 0]
    assert all(more[3:])
    for name, one in asked[1].items():
        np.testing.assert_array_equal(answers[name].model, one.model)
        np.testing.assert_array_equal(answers[name].detector, one.detector)


def test_a_frame_that_is_too_small_for_a_plant_is_named(tmp_path):
    model = planted_model(tmp_path, "corner-marker")
    assert model.detector == "the model's frame of 64 × 64 pixels is too small; it needs 96"


def test_a_plant_without_room_in_its_region_is_named(tmp_path):
    model = planted_model(tmp_path, "tag", "thorax")
    assert model.detector == "no positive image with room for it in the region 'thorax' shows it"


def test_a_plant_that_the_images_show_already_cannot_be_told(tmp_path, monkeypatch):
    pixels = Source.pixels

    def grey_box(self, case):
        found = pixels(self, case)
        found[8:18, 38:50] = 0.5
        return found

    monkeypatch.setattr(Source, "pixels", grey_box)
    model = planted_model(tmp_path)
    assert model.detector == (
        "its detector reads up to 1 on images without it and as little as 1 on images with it: on these images it cannot be told"
    )


def test_resamples_draw_patients_of_each_class_and_count_a_second_draw_as_another_patient(asked):
    model, answers = asked
    effects = model.effects(answers, 0.2)
    drawn = resampled(effects, model.patients, (5, 3), np.random.default_rng(0))
    assert len(drawn) == 8
    names = [one.reliances[0].patient_id for one in drawn]
    assert len(set(names)) == 8
    assert [one.reliances[0].label for one in drawn] == ["cancer"] * 5 + ["normal"] * 3
    original = {one.reliances[0].case_id: one for one in effects.values()}
    for one in drawn:
        source = original[one.reliances[0].case_id.partition("~")[0]]
        np.testing.assert_array_equal(one.windows[0].probability_drop, source.windows[0].probability_drop)


def test_trials_are_the_same_however_many_are_made(asked):
    model, answers = asked
    audit, _ = audit_for(model.audit, "quadrant")
    place = PlantedPlace(model.place, model.regions, whole=False)
    effects = model.effects(answers, 0.5)
    trials = Trials(
        audit, effects, model.patients, place, Measured("cancer", window=5), patients_known=True, names=("a",)
    )
    assert sizes_of(trials, 1.0) == (8, 6)
    assert sizes_of(trials, 0.25) == (5, 5)
    few, more = list(run_trials(trials, 1.0, 1)), list(run_trials(trials, 1.0, 3))
    assert more[:1] == few
    assert all(one.caught for one in more)


def test_wilsons_interval_of_39_of_40():
    """z = 1.96: the middle is (.975 + .048) / 1.096 = .9333, and the half-width .0625."""
    share = share_of([True] * 39 + [False])
    assert (share.estimate, share.method) == (0.975, "wilson")
    assert (round(share.low, 3), round(share.high, 3)) == (0.871, 0.996)


def request(**settings):
    audit = AuditFile.model_validate(settings.pop("audit", AUDIT))
    return CalibrationRequest(audit, Path("out"), **settings)


@pytest.mark.parametrize(
    ("settings", "message", "hint"),
    [
        ({"shares": (0.2, 1.2)}, "--shares: 1.2 is not a share of the answer", "give numbers from 0 to 1"),
        ({"planted": 0.0}, "--planted: 0 is not a share of the positive patients", "give a number above 0"),
        ({"plants": ("corner-markr",)}, "--plants: no plant is called 'corner-markr'", "did you mean 'corner-marker'?"),
        ({"plants": ("tag",)}, "--plants: 'tag' needs a region", "for example tag@opposite-lung"),
        ({"plants": ("tag@opposite-lng",)}, "--plants: no region is called 'opposite-lng'", "did you mean 'opposite-lung'?"),
        ({"plants": ("blur@body",)}, "--plants: 'blur' is put into no region, and 'blur@body' names one", "write blur alone"),
        ({"audit": AUDIT | {"gates": [], "reliance": {"enabled": False}}}, "reliance: the audit does not ask", "switch it on"),
        (
            {"audit": AUDIT | {"gates": [], "reliance": {"infills": ["drop-tokens"]}}},
            "reliance.infills: a plant is read from pixels, and 'drop-tokens' gives none", "name other in-fills",
        ),
    ],
)  # fmt: skip
def test_a_request_that_means_nothing_is_refused(settings, message, hint):
    with pytest.raises(UsageError) as caught:
        check_request(request(**settings))
    assert str(caught.value).startswith(message)
    assert caught.value.hint.startswith(hint)


def test_all_plants_are_each_asked_once_with_both_lungs():
    names = [plant.id for plant in check_request(request(plants=("all",)))]
    assert len(names) == len(set(names)) == len(PLANT_RECORDS) + 1
    assert {"tag@opposite-lung", "tag@same-lung", "blur"} <= set(names)
    assert request(shares=(0.5, 0.1, 0.5)).all_shares == (0.0, 0.1, 0.5)


def test_too_few_patients_no_positives_and_no_marks_are_refused(tmp_path):
    positives, _ = pairs()
    model = planted_model(tmp_path).model
    model.pairs = positives[:4]
    with pytest.raises(
        DataError, match="model 'quadrant': 4 patients with test images of 'cancer'; an interval needs"
    ):
        check_patients(model)
    model.pairs = []
    with pytest.raises(
        DataError, match="model 'quadrant': no test image of the class 'cancer' to plant anything into"
    ):
        check_patients(model)
    model.pairs, model.dataset.annotations = positives, []
    with pytest.raises(DataError, match="model 'quadrant': no reader marked a test image of 'cancer'"):
        check_patients(model)


def test_gates_on_maps_are_left_out_by_name():
    audit = AuditFile.model_validate(AUDIT | {"gates": ["iou@gradcam >= 0.1", "reliance-mark >= 0.2"]})
    kept, left = audit_for(audit, "quadrant")
    assert [str(gate) for gate in kept.gates] == ["reliance-mark >= 0.2"]
    assert [str(gate) for gate in left] == ["iou@gradcam >= 0.1"]


@pytest.mark.slow
def test_processes_side_by_side_come_to_the_same(asked):
    model, answers = asked
    audit, _ = audit_for(model.audit, "quadrant")
    trials = Trials(
        audit,
        model.effects(answers, 0.5),
        model.patients,
        PlantedPlace(model.place, model.regions, whole=False),
        Measured("cancer", window=5),
        patients_known=True,
        names=("a",),
    )
    with pool_of(2) as pool:
        assert list(run_trials(trials, 1.0, 6, pool)) == list(run_trials(trials, 1.0, 6))
