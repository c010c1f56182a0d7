"""Audit files with models that are not here: what they bring, and what is refused because nobody can answer it."""

from pathlib import Path

import pytest

from xaudit.config import audit_of_model, build_audit_file
from xaudit.errors import AuditFileError

MINE = {
    "id": "mine",
    "source": "external",
    "predictions": "preds.csv",
    "maps": {"gradcam": "maps/gradcam", "lime": {"path": "maps/lime", "values": "magnitude"}},
}
HERE = {"id": "here", "source": "phantom", "variant": "honest"}


def audit(*models, **more):
    plain = {"data": {"format": "phantom"}, "models": list(models or [MINE]), **more}
    return build_audit_file(plain, shown="a.yaml", root=Path("/study"))


def ids(audit):
    return [spec.id for spec in audit.explainers]


def test_the_maps_are_the_explainers_and_what_asks_a_model_is_off():
    made = audit()
    assert ids(made) == ["external-gradcam", "external-lime"]
    assert "external-lime.mean-map" in made.control_ids
    assert "pixel-flipping" not in [metric.id for metric in made.metrics]
    assert "iou" in [metric.id for metric in made.metrics]
    assert (made.reliance.enabled, made.localization.ceilings) == (False, False)


def test_paths_start_at_the_file_and_settings_have_defaults():
    (model,) = audit().models
    assert (model.predictions.path, model.predictions.values) == (Path("/study/preds.csv"), "probability")
    assert [(one.path, one.values) for one in model.maps.values()] == [
        (Path("/study/maps/gradcam"), "signed"),
        (Path("/study/maps/lime"), "magnitude"),
    ]
    assert (model.frame, model.fit) == ("image", "stretch")


@pytest.mark.parametrize("models", [(MINE,), (MINE, HERE)])
def test_an_audit_written_out_in_full_is_the_same_audit(models):
    made = audit(*models)
    again = build_audit_file(made.model_dump(mode="json"), shown="again", root=Path("/study"))
    assert again == made
    assert again.fingerprint() == made.fingerprint()


def test_some_of_the_maps_can_be_chosen_by_their_id():
    assert ids(audit(explainers=[{"name": "external", "id": "external-lime"}])) == ["external-lime"]
    assert audit(explainers=["external-lime"]) == audit(
        explainers=[{"name": "external", "id": "external-lime"}]
    )
    assert ids(audit(MINE, HERE, explainers=["occlusion"])) == [
        "occlusion",
        "external-gradcam",
        "external-lime",
    ]


def test_each_model_of_a_mixed_audit_sees_its_own_part():
    made = audit(MINE, HERE, sanity=True, equivariance=True)
    mine, here = (audit_of_model(made, model) for model in made.models)
    assert (ids(mine), ids(here)) == (["external-gradcam", "external-lime"], ["gradcam", "lime"])
    assert (mine.reliance.enabled, here.reliance.enabled) == (False, True)
    assert (mine.sanity.tests, mine.equivariance) == (("location-collapse",), None)
    assert here.sanity.tests == made.sanity.tests
    assert {m.id for m in here.metrics} - {m.id for m in mine.metrics} == {"pixel-flipping"}


def test_of_sanity_maps_alone_can_answer_one_check():
    for given in (True, {"cases": 3}, {"tests": ["location-collapse"]}):
        assert audit(sanity=given).sanity.tests == ("location-collapse",)
    assert audit(sanity={"cases": 3}).sanity.cases == 3
    made = audit(sanity=True)
    again = build_audit_file(made.model_dump(mode="json"), shown="again", root=Path("/study"))
    assert (again, again.fingerprint()) == (made, made.fingerprint())


def test_each_model_of_a_mixed_audit_is_asked_of_sanity_about_its_own_maps():
    def parts(**section):
        made = audit(MINE, HERE, sanity=section)
        return [audit_of_model(made, model).sanity for model in made.models]

    mine, here = parts(explainers=["external-lime", "gradcam"])
    assert (mine.explainers, here.explainers) == (("external-lime",), ("gradcam",))
    assert parts(explainers=["external-lime"])[1] is None
    assert parts(explainers=["gradcam"])[0] is None
    assert parts(tests=["mprt"])[0] is None


def test_two_external_models_share_a_name_and_are_no_family():
    other = {**MINE, "id": "other", "maps": {"gradcam": "other/gradcam"}}
    made = audit(MINE, other)
    assert ids(made) == ["external-gradcam", "external-lime"]
    assert ids(audit_of_model(made, made.models[1])) == ["external-gradcam"]
    assert [model.family_name for model in made.models] == ["mine", "other"]


NOBODY = "and every model of this audit is external, so nobody can answer"


@pytest.mark.parametrize(
    ("more", "message", "hint"),
    [
        ({"explainers": ["rise"]}, f"explainers: 'rise' has to ask a model, {NOBODY}", "models[].maps"),
        (
            {"explainers": ["gradcam"]},
            f"explainers: 'gradcam' has to ask a model, {NOBODY}",
            "its maps from files are called 'external-gradcam'; leave 'gradcam' out",
        ),
        ({"explainers": ["external-lim"]}, "explainers[0]: no model of this audit brings maps 'external-lim'", "did you mean 'external-lime'?"),
        ({"explainers": ["external"]}, "explainers[0]: no model of this audit brings maps 'external'", "models[].maps"),
        (
            {"explainers": [{"name": "external", "id": "external-lim"}]},
            "explainers[0]: no model of this audit brings maps 'external-lim'",
            "did you mean 'external-lime'?",
        ),
        ({"metrics": ["iou", "pixel-flipping"]}, f"metrics: 'pixel-flipping' asks the model about changed images, {NOBODY}", "take it out"),
        ({"reliance": {"enabled": True}}, f"reliance: asks the model, {NOBODY}", "`enabled: false`"),
        *(
            ({section: True}, f"{section}: asks the model, {NOBODY}", "take the section out")
            for section in ("equivariance", "resolution", "robustness")
        ),
        ({"sanity": {"tests": ["location-collapse", "mprt"]}}, f"sanity.tests: 'mprt' asks the model, {NOBODY}", "location-collapse needs maps only"),
        (
            {"sanity": True, "gates": ["location-collapse <= 0.75"]},
            "gates[0]: location-collapse of maps from files is measured and not gated",
            "XA312",
        ),
        ({"localization": {"ceilings": True}}, "localization.ceilings: the grid on which an external explainer", "set it to false"),
        ({"run": {"compile": True}}, "run.compile: every model of this audit is external", "take the key out"),
        ({"run": {"precision": "float16"}}, "run.precision: every model of this audit is external", "take the key out"),
        ({"gates": ["reliance-mark >= 0.2"]}, f"gates[0]: reliance-mark asks the model, {NOBODY}", "take the gate out"),
        ({"gates": ["pixel-flipping <= 0.2"]}, f"gates[0]: pixel-flipping asks the model, {NOBODY}", "take the gate out"),
        ({"gates": ["iou@gradcam >= 0.2"]}, "the audit has no explainer 'gradcam'; did you mean 'external-gradcam'?", ""),
    ],
)  # fmt: skip
def test_what_only_a_model_can_answer_is_refused_when_the_file_is_read(more, message, hint):
    with pytest.raises(AuditFileError) as caught:
        audit(**more)
    assert message in str(caught.value)
    assert hint in caught.value.hint


def test_in_a_mixed_audit_only_what_is_asked_of_the_external_model_is_refused():
    audit(
        MINE, HERE, gates=["reliance-mark >= 0.2", "pixel-flipping@gradcam <= 0.4", "iou >= 0.1"], sanity=True
    )
    for more, message in (
        (
            {"gates": ["pixel-flipping@external-lime <= 0.4"]},
            "pixel-flipping asks the model, and 'external-lime' are",
        ),
        (
            {"sanity": {"explainers": ["external-lime"], "tests": ["mprt"]}},
            "sanity.explainers: 'external-lime' are maps from files",
        ),
    ):
        with pytest.raises(AuditFileError, match=message):
            audit(MINE, HERE, **more)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": "w.pt"}, "weights: an external model is not here, so there is nothing to set"),
        ({"layer": "features"}, "layer: an external model is not here"),
        ({"mean": [0, 0, 0]}, "mean: an external model is not here"),
        ({"maps": "maps/gradcam"}, "maps: 'maps/gradcam' says not what made the maps"),
        ({"maps": {}}, "maps: an external model needs a folder of maps"),
        ({"maps": {"grad cam": "x"}}, "maps: 'grad cam' is no name"),
        ({"maps": {"gradcam": {"path": "x", "valus": "signed"}}}, "no key is called 'valus'"),
        ({"predictions": None}, "predictions: a model from external needs it"),
        (
            {"frame": "input"},
            "input_size: with `frame: input` maps cover the model's input, so its size is needed",
        ),
        ({"fit": "pad"}, "fit: pad has no effect on maps that cover the whole image"),
        (
            {"source": "phantom", "variant": "honest", "maps": {}},
            "predictions: belongs to `source: external`",
        ),
    ],
)
def test_keys_of_files_and_keys_of_networks_do_not_mix(change, message):
    with pytest.raises(AuditFileError) as caught:
        audit({**MINE, **change})
    assert message in str(caught.value)
