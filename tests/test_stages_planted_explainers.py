"""Explainers on a model that takes a known share of its answer from a plant: what sees the plant and what cannot."""

import numpy as np
import pytest
import torch
from scipy.special import expit

from test_stages_calibration import AUDIT, planted_model
from xaudit.chunks.planted_network import PlantedNetwork, planted_maps, sees_plant
from xaudit.config import AuditFile, ExplainerSpec
from xaudit.records import ExplainerJudgement, ExplainerOnPlant, Interval
from xaudit.stages.calibration.explained import PlantExplainers, evaluations_of, why_not
from xaudit.store.rows.calibration import CALIBRATION_EXPLAINERS


def spec(name, **options):
    audit = AuditFile.model_validate(AUDIT | {"explainers": [{"name": name, **options}]})
    return audit.explainers[0]


OCCLUSION = {"window": 0.25, "stride": 0.25, "baseline": "black"}


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    return planted_model(tmp_path_factory.mktemp("explained"))


def test_the_network_answers_the_mixture_and_asks_about_no_image_twice(planted):
    classifier, subject = planted.model.classifier, planted.chunk.subjects[0]
    images = torch.stack([subject.image, planted.chunk.plain[0].image])
    network, before = PlantedNetwork(classifier, planted.detector, 0), classifier.meter.n_evals
    own = expit(np.diff(classifier.logits(images).numpy()[:, ::-1], axis=1).ravel())
    for share, expected in (
        (0.0, own),
        (1.0, expit([6.0, -6.0])),
        (0.4, 0.6 * own + 0.4 * expit([6.0, -6.0])),
    ):
        network.share = share
        logits = network(images)
        np.testing.assert_allclose(torch.softmax(logits, dim=1)[:, 0], expected, atol=1e-5)
        assert (logits[:, 1] == 0).all()
    assert classifier.meter.n_evals - before == 4


def test_explainers_that_read_gradients_or_layers_do_not_see_the_plant():
    names = ("gradcam", "eigencam", "saliency", "lime", "occlusion", "rise", "kernel-shap")
    assert [name for name in names if sees_plant(ExplainerSpec(name=name))] == [
        "lime",
        "occlusion",
        "rise",
        "kernel-shap",
    ]


def test_a_map_that_asks_turns_to_the_plant_and_one_of_gradients_stays(planted):
    subject, place = planted.chunk.subjects[0], planted.place
    asks = planted_maps(
        planted.chunk, subject, planted.detector, spec("occlusion", **OCCLUSION), (0.0, 1.0), 0
    )
    assert not asks[0].values[place].any()
    assert place[np.unravel_index(np.argmax(asks[1].values), place.shape)] or asks[1].values[place].min() > 0
    reads = planted_maps(planted.chunk, subject, planted.detector, spec("saliency"), (0.0, 1.0), 0)
    np.testing.assert_array_equal(reads[0].values, reads[1].values)


def test_occlusion_captures_a_plant_and_gradients_do_not(planted):
    specs = [spec("occlusion", **OCCLUSION), spec("saliency"), spec("gradcam")]
    explainers, costs = PlantExplainers(planted, specs, (0.0, 0.9)), []
    explainers.ask(lambda name, _, n_evals: costs.append((name, n_evals)))
    (reason,) = explainers.left_out
    assert reason.startswith("explainer 'gradcam' was left out: ")
    answers = planted.ask(lambda *_: None)
    judged = {
        (one.judgement.explainer_id, one.share): one
        for share in (0.0, 0.9)
        for one in explainers.at_share(planted.effects(answers, share), share)
    }
    assert len(judged) == 4
    # A blurred window moves this network by less than the margin: without the plant, no image has anything to show.
    nothing = judged["occlusion", 0.0].judgement
    assert (nothing.captured, nothing.n_without_reliance, nothing.state) == (None, 8, "undecided")
    assert judged["occlusion", 0.9].judgement.captured.estimate > 0.9
    assert judged["occlusion", 0.9].sees_plant
    assert not judged["saliency", 0.9].sees_plant
    assert judged["saliency", 0.9].judgement.captured.estimate < 0.3
    assert judged["saliency", 0.9].judgement.n_patients == 8

    again, more = PlantExplainers(planted, specs[:2], (0.0, 0.9)), []
    again.ask(lambda name, _, n_evals: more.append(n_evals))
    assert any(n_evals for _, n_evals in costs)
    assert more == [0] * 16


def test_evaluations_of_a_map():
    """A window of .25 at steps of .25 stands at 4 × 4 places; the image itself is asked too."""
    assert evaluations_of(spec("occlusion", **OCCLUSION)) == 17
    assert evaluations_of(spec("lime", samples=80)) == 80
    assert evaluations_of(spec("gradcam")) == 1


def test_maps_that_are_made_of_files_are_left_out_by_name():
    files = ExplainerSpec(name="external", id="theirs")
    assert why_not(files) == (
        "explainer 'theirs' was left out: its maps are made of files, so there are none of images with a plant"
    )
    assert why_not(ExplainerSpec(name="lime")) is None


def test_a_row_of_the_table_is_read_as_it_was_written():
    held = Interval(0.5, 0.4, 0.6, "bca")
    judged = ExplainerJudgement("net", "lime", held, held, None, 8, 7, 1, None, "undecided", "few patients")
    nothing = ExplainerJudgement(
        "net", "lime", None, None, None, 0, 0, 8, 12, "undecided", "no case has a value"
    )
    rows = [ExplainerOnPlant("blur", 0.2, True, judged), ExplainerOnPlant("blur", 0.5, False, nothing)]
    assert [CALIBRATION_EXPLAINERS.decode(CALIBRATION_EXPLAINERS.encode(one)) for one in rows] == rows
