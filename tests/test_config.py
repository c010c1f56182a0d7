"""The audit file: its defaults, every complaint about it word for word, and what makes two audits the same."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from xaudit.config import (
    DEFAULT_METRICS,
    FILE_ATTRIBUTES,
    STRATA,
    AuditFile,
    ExplainerSpec,
    Gate,
    MetricSpec,
    SettingError,
    audit_schema,
    build_audit_file,
    fingerprint,
    read_audit_file,
)
from xaudit.errors import AuditFileError

SCHEMA_HINT = "`xaudit config schema` describes every key"
MASKS_HINT = "name a folder of masks or a COCO file there, or `builtin-ct` or `builtin-xray`"


def plain(**changes):
    """The least that an audit needs, with changes."""
    return {
        "data": {"images": "images"},
        "models": [{"id": "net", "architecture": "resnet18"}],
        **changes,
    }


def build(*overrides, **changes):
    return build_audit_file(plain(**changes), shown="audit.yaml", root=Path("/study"), overrides=overrides)


def complaint(*overrides, **changes):
    with pytest.raises(AuditFileError) as caught:
        build(*overrides, **changes)
    return str(caught.value), caught.value.hint


def test_data_and_a_model_are_all_that_must_be_said():
    audit = build()
    assert [spec.id for spec in audit.explainers] == ["gradcam", "lime"]
    assert [spec.id for spec in audit.controls] == [
        "random", "centre", "edges", "intensity", "mean-map", "shuffled-marks", "human",
    ]  # fmt: skip
    assert tuple(spec.id for spec in audit.metrics) == DEFAULT_METRICS
    assert DEFAULT_METRICS == (
        "pointing-game",
        "iou",
        "relevance-mass-accuracy",
        "relevance-rank-accuracy",
        "pixel-auroc",
        "pixel-flipping",
    )
    assert (audit.seed, audit.gates, audit.name) == (0, (), "audit")
    assert (audit.run.batch_size, audit.run.shard_size, audit.run.max_error_rate) == (32, 8, 0.05)
    assert (audit.statistics.replicates, audit.statistics.confidence) == (10_000, 0.95)
    assert (audit.statistics.gate_on, audit.reliance.enabled) == ("lower", True)


def test_an_explainer_keeps_its_settings_and_fills_in_the_others():
    [lime] = build(explainers=[{"name": "lime", "samples": 50}]).explainers
    assert lime.id == "lime"
    assert lime.options == {
        "samples": 50,
        "segments": 60,
        "compactness": 0.5,
        "hide": "mean",
        "segmentation": "slic",
    }


def test_an_option_that_came_later_changes_the_fingerprint_only_where_it_is_set():
    """Stored maps are found by it, and seeds drawn from it: what LIME made before `segmentation` came stays valid."""
    plain, named, other = build(
        explainers=[
            "lime",
            {"name": "lime", "id": "named", "segmentation": "slic"},
            {"name": "lime", "id": "other", "segmentation": "grid"},
        ]
    ).explainers
    before = {"samples": 300, "segments": 60, "compactness": 0.5, "hide": "mean"}
    assert plain.fingerprint == named.fingerprint == fingerprint({"name": "lime", "options": before})
    assert other.fingerprint != plain.fingerprint


def test_two_settings_of_one_explainer_live_side_by_side_under_two_ids():
    audit = build(explainers=["lime", {"name": "lime", "id": "lime-50", "samples": 50}])
    assert [spec.id for spec in audit.explainers] == ["lime", "lime-50"]
    one, other = audit.explainers
    assert one.fingerprint != other.fingerprint


def test_a_specs_fingerprint_is_of_its_settings_whether_they_were_written_or_not():
    assert ExplainerSpec(name="lime").fingerprint == ExplainerSpec(name="lime", samples=300).fingerprint
    assert ExplainerSpec(name="lime").fingerprint == ExplainerSpec(name="lime", id="other").fingerprint
    assert ExplainerSpec(name="lime").fingerprint != ExplainerSpec(name="lime", samples=301).fingerprint
    assert MetricSpec(name="iou").fingerprint != MetricSpec(name="pixel-auroc").fingerprint


def test_paths_start_from_the_file():
    audit = build(
        data={
            "format": "csv",
            "images": "images",
            "labels": "../labels.csv",
            "annotations": {"path": "/elsewhere/marks.json"},
            "regions": {"lungs": "lungs"},
        },
        models=[{"id": "net", "architecture": "resnet18", "weights": "w/net.pt"}],
    )
    assert audit.data.images == Path("/study/images")
    assert audit.data.labels == Path("/labels.csv")
    assert audit.data.annotations.path == Path("/elsewhere/marks.json")
    assert audit.data.regions.lungs == Path("/study/lungs")
    assert audit.models[0].weights == Path("/study/w/net.pt")


def test_only_data_sets_that_a_model_uses_are_loaded():
    audit = build(
        datasets={"other": {"images": "b"}, "third": {"images": "c"}},
        models=[{"id": "net", "architecture": "resnet18", "dataset": "other"}],
    )
    assert list(audit.all_datasets) == ["other"]
    assert list(build().all_datasets) == ["data"]


LIME_TAKES = "it takes: samples, segments, compactness, hide, segmentation"
COMPLAINTS = {
    "no such explainer, and one is near": (
        {"explainers": ["gradcamm"]},
        "explainers[0]: no explainer is called 'gradcamm'",
        "did you mean 'gradcam'? `xaudit list explainers` shows all",
    ),
    "a mean of images in 0 to 255": (
        {
            "models": [
                {
                    "id": "m",
                    "source": "torchvision",
                    "architecture": "resnet18",
                    "mean": [123.7, 116.3, 103.5],
                }
            ]
        },
        "models[0]: mean: 123.7 is more than any pixel, since images are in 0 to 1",
        "divide `mean` and `std` by 255, if they are of images in 0 to 255",
    ),
    "no such explainer, and none is near": (
        {"explainers": ["lime", "zzz"]},
        "explainers[1]: no explainer is called 'zzz'",
        "`xaudit list explainers` shows all; one of another package is there once that is installed",
    ),
    "no such metric": (
        {"metrics": [{"name": "pixel-fliping"}]},
        "metrics[0]: no metric is called 'pixel-fliping'",
        "did you mean 'pixel-flipping'? `xaudit list metrics` shows all",
    ),
    "a metric that cannot be trusted": (
        {"metrics": ["iou", "sufficiency"]},
        "metrics[1]: 'sufficiency' is not available",
        "it compares each map with those of all other cases, so a case's score would depend on which others are there; "
        "Quantus compares within one batch",
    ),
    "a whole number below the option's least": (
        {"metrics": [{"name": "insertion", "steps": 1}]},
        "metrics[0]: steps: expected a whole number at least 2, got 1",
        "`xaudit config schema` describes every key",
    ),
    "an in-fill that there is not": (
        {"metrics": [{"name": "deletion", "baseline": "white"}]},
        "metrics[0]: baseline: expected one of mean, black, zero, blur, noise, linear, continue, got 'white'",
        "`xaudit config schema` describes every key",
    ),
    "no such option": (
        {"explainers": [{"name": "lime", "smaples": 3}]},
        "explainers[0]: no option is called 'smaples'",
        f"did you mean 'samples'? {LIME_TAKES}",
    ),
    "an option where there are none": (
        {"metrics": [{"name": "pixel-auroc", "threshold": 0.5}]},
        "metrics[0]: no option is called 'threshold'",
        "it takes: none",
    ),
    "a number too small": (
        {"explainers": [{"name": "lime", "samples": 9}]},
        "explainers[0]: samples: expected a whole number at least 10, or auto, got 9",
        SCHEMA_HINT,
    ),
    "no whole number": (
        {"explainers": [{"name": "lime", "samples": 10.5}]},
        "explainers[0]: samples: expected a whole number at least 10, or auto, got 10.5",
        SCHEMA_HINT,
    ),
    "a number out of bounds": (
        {"explainers": [{"name": "occlusion", "window": 1.5}]},
        "explainers[0]: window: expected a number at least 0.01 and at most 1, got 1.5: it is the side of the patch, as a "
        "share of the image's side",
        "1.5 px of a side of 224 px would be 0.0067",
    ),
    "not a number": (
        {"explainers": [{"name": "occlusion", "window": float("nan")}]},
        "explainers[0]: window: expected a number at least 0.01 and at most 1, got nan",
        SCHEMA_HINT,
    ),
    "endless": (
        {"explainers": [{"name": "lime", "samples": float("inf")}]},
        "explainers[0]: samples: expected a whole number at least 10, or auto, got inf",
        SCHEMA_HINT,
    ),
    "yes for a number": (
        {"explainers": [{"name": "lime", "samples": True}]},
        "explainers[0]: samples: expected a whole number at least 10, or auto, got True",
        SCHEMA_HINT,
    ),
    "no such choice": (
        {"explainers": [{"name": "lime", "hide": "grey"}]},
        "explainers[0]: hide: expected one of mean, black, got 'grey'",
        SCHEMA_HINT,
    ),
    "a list for a choice": (
        {"explainers": [{"name": "lime", "hide": ["mean"]}]},
        "explainers[0]: hide: expected one of mean, black, got ['mean']",
        SCHEMA_HINT,
    ),
    "a number for a text": (
        {"explainers": [{"name": "gradcam", "layer": 4}]},
        "explainers[0]: layer: expected a text, got 4",
        SCHEMA_HINT,
    ),
    "a control that is none": (
        {"controls": ["lime"]},
        "controls: 'lime' is no control; the controls are random, centre, edges",
        SCHEMA_HINT,
    ),
    "one explainer twice": (
        {"explainers": ["lime", {"name": "lime", "samples": 50}]},
        "explainers: 'lime' stands twice; give each its own id",
        SCHEMA_HINT,
    ),
    "one model twice": (
        {"models": [{"id": "net", "architecture": "resnet18"}] * 2},
        "models: 'net' stands twice; give each its own id",
        SCHEMA_HINT,
    ),
    "one metric twice": (
        {"metrics": ["iou", "iou"]},
        "metrics: 'iou' stands twice; give each its own id",
        SCHEMA_HINT,
    ),
    "no model": ({"models": []}, "models: ", SCHEMA_HINT),
    "no explainer": ({"explainers": []}, "explainers: ", SCHEMA_HINT),
    "a data set that is not there": (
        {
            "models": [{"id": "net", "architecture": "resnet18", "dataset": "othr"}],
            "datasets": {"other": {"images": "b"}},
        },
        "models[0].dataset: no data set is called 'othr'; did you mean 'other'?",
        SCHEMA_HINT,
    ),
    "a model without an architecture": (
        {"models": [{"id": "net"}]},
        "models[0]: architecture: a model from torchvision needs it",
        SCHEMA_HINT,
    ),
    "a model without a factory": (
        {"models": [{"id": "net", "source": "python"}]},
        "models[0]: factory: a model from python needs it",
        SCHEMA_HINT,
    ),
    "a factory without a function": (
        {"models": [{"id": "net", "source": "python", "factory": "package.module"}]},
        "models[0]: factory: expected package.module:function",
        SCHEMA_HINT,
    ),
    "a phantom without a variant": (
        {"models": [{"id": "net", "source": "phantom"}]},
        "models[0]: variant: a model from phantom needs it",
        SCHEMA_HINT,
    ),
    "mixed evidence that tells the classes apart": (
        {"data": {"format": "phantom", "phantom": {"plant": "mixed", "strength": 0.5}}},
        "data.phantom: strength: mixed evidence is shown alike on both classes, not with strength 0.5",
        "add strength: 0",
    ),
    "an id with a slash": (
        {"models": [{"id": "a/b", "architecture": "resnet18"}]},
        "models[0].id: string should match pattern",
        SCHEMA_HINT,
    ),
    "a spread of nothing": (
        {"models": [{"id": "net", "architecture": "resnet18", "std": [0.2, 0, 0.2]}]},
        "models[0].std[1]: input should be greater than 0, got 0",
        SCHEMA_HINT,
    ),
    "no images": (
        {"data": {}},
        "data: images: a folder data set needs the path of its folder",
        SCHEMA_HINT,
    ),
    "no table": (
        {"data": {"format": "csv"}},
        "data: labels: a csv data set needs the path of its table",
        SCHEMA_HINT,
    ),
    "no pattern": (
        {"data": {"images": "a", "patient_pattern": "(P"}},
        "data: patient_pattern: not a regular expression",
        SCHEMA_HINT,
    ),
    "a pattern without a group": (
        {"data": {"images": "a", "patient_pattern": "P[0-9]+"}},
        "data: patient_pattern: needs a group in parentheses that matches the patient",
        SCHEMA_HINT,
    ),
    "splits of more than the whole": (
        {"data": {"images": "a", "split": {"test": 0.7, "validation": 0.4}}},
        "data.split: test and validation together are more than the whole",
        SCHEMA_HINT,
    ),
    "no such key": (
        {"gate": []},
        "gate: no key is called 'gate'",
        "did you mean 'gates'? `xaudit config schema` lists every key",
    ),
    "no such key inside": (
        {"data": {"images": "a", "annotations": {"path": "m.json", "reader": "each"}}},
        "data.annotations.reader: no key is called 'reader'",
        "did you mean 'readers'? `xaudit config schema` lists every key",
    ),
    "no such key of a model": (
        {"models": [{"id": "net", "architecture": "resnet18", "weight": "w"}]},
        "models[0].weight: no key is called 'weight'",
        "did you mean 'weights'? `xaudit config schema` lists every key",
    ),
    "no such key of a data set": (
        {"datasets": {"other": {"image": "a"}}},
        "datasets.other.image: no key is called 'image'",
        "did you mean 'images'? `xaudit config schema` lists every key",
    ),
    "a text for a number": (
        {"run": {"limit": "few"}},
        "run.limit: input should be a valid integer, unable to parse string as an integer, got 'few'",
        SCHEMA_HINT,
    ),
    "a negative seed": (
        {"seed": -1},
        "seed: input should be greater than or equal to 0, got -1",
        SCHEMA_HINT,
    ),
    "no such format": (
        {"data": {"format": "dicm", "images": "a"}},
        "data.format: input should be 'folder', 'csv' or 'phantom', got 'dicm'",
        SCHEMA_HINT,
    ),
    "a gate that is none": (
        {"gates": ["iou of lime above .3"]},
        "gates[0]: 'iou of lime above .3' is not a gate; write it like 'iou@gradcam >= 0.3'",
        SCHEMA_HINT,
    ),
    "a gate on no metric": (
        {"gates": ["iuo >= 0.3"]},
        "gates[0]: no metric is called 'iuo'",
        "did you mean 'iou'? `xaudit list metrics` shows all",
    ),
    "a gate that asks the model through an explainer": (
        {"gates": ["reliance-mark@lime >= 0.3"]},
        "gates[0]: 'reliance-mark@lime >= 0.3': reliance-mark asks the model itself and takes no @explainer",
        SCHEMA_HINT,
    ),
    "a gate on an explainer that is not there": (
        {"gates": ["iou@limes >= 0.3"]},
        "gates[0]: the audit has no explainer 'limes'; did you mean 'lime'?",
        SCHEMA_HINT,
    ),
    "a gate on an explainer like no other": (
        {"gates": ["iou@zzz >= 0.3"]},
        "gates[0]: the audit has no explainer 'zzz'; it has gradcam, lime, random, centre, edges",
        SCHEMA_HINT,
    ),
    "a gate on a metric that is not measured": (
        {"gates": ["dice@lime >= 0.3"]},
        "gates[0]: the audit does not measure 'dice'",
        "add it to `metrics`",
    ),
    "a gate on nearly a metric that is measured": (
        {"gates": ["relevance-mass-lift >= 2"], "metrics": ["relevance-mass-accuracy"]},
        "gates[0]: the audit does not measure 'relevance-mass-lift'",
        "did you mean 'relevance-mass-accuracy'? add it to `metrics`",
    ),
    "a gate on reliance that is switched off": (
        {"gates": ["iou >= 0.1", "reliance-border <= 0.1"], "reliance": {"enabled": False}},
        "gates[1]: the audit does not measure 'reliance-border'",
        "it takes `reliance.enabled: true`",
    ),
    "a gate on a family of changed images": (
        {"gates": ["equivariance >= 0.1"]},
        "gates[0]: 'equivariance' asks about changed images, and the section `equivariance` is off",
        "add `equivariance: true` to the audit file",
    ),
    "a gate on a ceiling that is not drawn": (
        {"gates": ["iou-ceiling >= 0.1"], "localization": {"ceilings": False}},
        "gates[0]: the audit does not measure 'iou-ceiling'",
        "it takes the metric that it limits, and `localization.ceilings: true`",
    ),
    "a gate on a metric that cannot be trusted": (
        {"gates": ["smooth-mprt <= 0.1"], "sanity": True},
        "gates[0]: the audit does not measure 'smooth-mprt'",
        "it is not available: it costs 50 to 300 maps for one of mprt's; mprt of an explainer that averages over noise, such as "
        "smoothgrad, says the same",
    ),
    "a gate on a stratum that is not told apart": (
        {"gates": ["iou%lesion-size=small >= 0.1"]},
        "gates[0]: the audit does not tell results apart by 'lesion-size'",
        "name it under `statistics.strata`",
    ),
    "a gate on an area in a stratum": (
        {"gates": ["reliance-area-border%class=sick <= 0.1"], "statistics": {"strata": ["class"]}},
        "gates[0]: 'reliance-area-border%class=sick <= 0.1': reliance-area-border is measured on all images together, and not in strata",
        "leave out `%class=sick`",
    ),
    "a gate on a property of the image in a stratum": (
        {"gates": ["image-noise%class=sick <= 0.1"], "statistics": {"strata": ["class"]}},
        "gates[0]: 'image-noise%class=sick <= 0.1': image-noise is measured on all images together, and not in strata",
        "leave out `%class=sick`",
    ),
    "a gate on no stratum": (
        {"gates": ["iou%lesion-sise=small >= 0.1"], "statistics": {"strata": ["lesion-size"]}},
        "gates[0]: no stratum is called 'lesion-sise'",
        f"did you mean 'lesion-size'? there are {', '.join((*STRATA, *FILE_ATTRIBUTES))}",
    ),
    "a gate on no part of a stratum": (
        {"gates": ["iou%lesion-size=smal >= 0.1"], "statistics": {"strata": ["lesion-size"]}},
        "gates[0]: lesion-size has no part 'smal'",
        "did you mean 'small'? it has small, middle, large",
    ),
    "a gate on a third where limits are set": (
        {
            "gates": ["iou%lesion-size=small >= 0.1"],
            "statistics": {"strata": [{"name": "lesion-size", "cuts": [100, 400]}]},
        },
        "gates[0]: lesion-size has no part 'small'",
        "it has under-100, 100-to-400, from-400",
    ),
    "a gate on a lung without lungs": (
        {"gates": ["reliance-same-lung <= 0.1"]},
        "gates[0]: reliance-same-lung needs masks, and data.regions.lungs is not set",
        MASKS_HINT,
    ),
    "a share of a map in what no mask shows": (
        {"gates": ["mass-empty@lime <= 0.1"]},
        "gates[0]: mass-empty needs masks, and data.regions.body is not set",
        MASKS_HINT,
    ),
    "a gate on the outside where it is divided": (
        {"gates": ["reliance-outside <= 0.1"], "data": {"images": "a", "regions": {"body": "b"}}},
        "gates[0]: reliance-outside: data.regions.body divides what is outside into regions",
        "gate on thorax, body or empty instead",
    ),
    "no such built-in masks": (
        {"data": {"images": "a", "regions": {"lungs": "builtin-mri"}}},
        "data.regions.lungs: no masks are called 'builtin-mri'",
        "take builtin-ct or builtin-xray, or the path of masks",
    ),
    "a threshold that no map can miss": (
        {"categories": {"coverage": 0}},
        "categories.coverage: input should be greater than 0, got 0",
        SCHEMA_HINT,
    ),
}


@pytest.mark.parametrize("what", COMPLAINTS)
def test_what_means_nothing_is_answered_with_its_place_and_the_next_step(what):
    changes, expected, hint = COMPLAINTS[what]
    message, said = complaint(**changes)
    assert message.startswith(f"audit.yaml: {expected}")
    assert said == hint


def test_data_and_models_are_needed():
    with pytest.raises(AuditFileError, match=r"(?m)^audit.yaml: data: is needed and missing$"):
        build_audit_file({"models": plain()["models"]}, shown="audit.yaml", root=Path())
    with pytest.raises(AuditFileError, match=r"(?m)^audit.yaml: models: is needed and missing$"):
        build_audit_file({"data": {"images": "a"}}, shown="audit.yaml", root=Path())


def test_a_misspelt_key_is_named_before_what_is_missing_because_of_it():
    message, hint = complaint(models=[{"id": "net", "architectur": "resnet18"}])
    assert message == "audit.yaml: models[0].architectur: no key is called 'architectur'"
    assert hint.startswith("did you mean 'architecture'?")


@pytest.mark.parametrize(
    ("override", "place", "value"),
    [
        ("seed=7", ("seed",), 7),
        ("run.limit=3", ("run", "limit"), 3),
        ("run.cases=all", ("run", "cases"), "all"),
        ("models.0.id=other", ("models", 0, "id"), "other"),
        ("statistics.confidence=0.9", ("statistics", "confidence"), 0.9),
        ("reliance.infills=[mean]", ("reliance", "infills"), ("mean",)),
        ("data.positive=", ("data", "positive"), None),
    ],
)
def test_an_override_changes_one_key(override, place, value):
    found = build(override)
    for part in place:
        found = found[part] if isinstance(part, int) else getattr(found, part)
    assert found == value


def test_later_overrides_win():
    assert build("seed=1", "seed=2").seed == 2


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("seed", "--set seed: expected key.path=value"),
        ("=3", "--set =3: expected key.path=value"),
        ("models.3.id=x", "--set models.3.id=x: '3' leads nowhere"),
        ("models.first=x", "--set models.first=x: 'first' leads nowhere"),
        ("data.images.x.y=1", "--set data.images.x.y=1: 'x' leads nowhere"),
        ("data.images.x=1", "--set data.images.x=1: 'x' leads nowhere"),
        ("seed=[1", "--set seed=[1: the value is not YAML"),
        ("run.limt=3", "audit.yaml: run.limt: no key is called 'limt'"),
    ],
)
def test_an_override_that_means_nothing_is_answered_with_itself(override, message):
    assert complaint(override)[0] == message


def test_yaml_and_toml_describe_the_same_audit(tmp_path):
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(plain(gates=["iou@lime >= 0.3"], run={"limit": 3})))
    text = """
        gates = ["iou@lime >= 0.3"]
        [data]
        images = "images"
        [[models]]
        id = "net"
        architecture = "resnet18"
        [run]
        limit = 3
    """
    (tmp_path / "a.toml").write_text(text)
    assert tomllib.loads(text)["run"] == {"limit": 3}
    one, other = read_audit_file(tmp_path / "a.yaml"), read_audit_file(tmp_path / "a.toml")
    assert one == other
    assert one.fingerprint() == other.fingerprint()
    assert one.data.images == tmp_path / "images"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.yaml", b"data: [1", "a.yaml: line 1: not YAML: "),
        ("a.yaml", b"data:\n  a: 1\n b: 2\n", "a.yaml: line 3: not YAML: "),
        ("a.toml", b"data = ", "a.toml: not TOML: "),
        ("a.yaml", b"", "a.yaml: expected keys such as data and models"),
        ("a.yaml", b"- data\n- models\n", "a.yaml: expected keys such as data and models"),
        ("a.yaml", b"data: \xff\xfe", "a.yaml: cannot be read: not UTF-8 text"),
        ("a.yaml", b"!!python/object/apply:os.system ['true']", "a.yaml: line 1: not YAML: "),
        ("a.yaml", b"data: \x00", "a.yaml: not YAML: "),
    ],
)
def test_a_file_that_is_no_audit_says_what_it_is(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AuditFileError) as caught:
        read_audit_file(tmp_path / name)
    assert message in str(caught.value)
    assert caught.value.hint


def test_a_file_that_is_not_there_or_is_a_folder(tmp_path):
    with pytest.raises(AuditFileError, match=r"(?m)nowhere\.yaml: no such file$"):
        read_audit_file(tmp_path / "nowhere.yaml")
    with pytest.raises(AuditFileError, match=r"(?m): cannot be read: Is a directory$"):
        read_audit_file(tmp_path)


@pytest.mark.parametrize(
    "run",
    [
        {"batch_size": 1},
        {"shard_size": 1},
        {"max_error_rate": 1},
        {"figures": 0},
        {"maps": "none"},
        {"curves": True},
    ],
    ids=str,
)
def test_how_the_work_is_cut_up_does_not_make_another_audit(run):
    assert build(run=run).fingerprint() == build().fingerprint()


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1},
        {"run": {"limit": 5}},
        {"run": {"cases": "all"}},
        {"gates": ["iou@lime >= 0.3"]},
        {"explainers": ["lime"]},
        {"explainers": ["gradcam", {"name": "lime", "samples": 301}]},
        {"controls": []},
        {"statistics": {"replicates": 1000}},
        {"data": {"images": "others"}},
    ],
    ids=str,
)
def test_what_can_change_a_result_makes_another_audit(changes):
    assert build(**changes).fingerprint() != build().fingerprint()


def test_a_setting_written_out_is_the_audit_with_the_default():
    spelled = build(explainers=["gradcam", {"name": "lime", "samples": 300}], seed=0)
    assert [s.fingerprint for s in spelled.explainers] == [s.fingerprint for s in build().explainers]


def test_an_audit_that_was_dumped_and_read_again_is_the_same():
    audit = build(explainers=[{"name": "lime", "id": "x", "samples": 50}], gates=["iou@x >= 0.3"])
    for mode in ("json", "python"):
        again = AuditFile.model_validate(audit.model_dump(mode=mode))
        assert again == audit
        assert again.fingerprint() == audit.fingerprint()


@pytest.mark.parametrize(
    ("text", "at_least", "written"),
    [
        ("iou@lime >= 0.3", True, "iou@lime >= 0.3"),
        ("iou@lime≥.3", True, "iou@lime >= 0.3"),
        ("pixel-flipping @ lime <= 2e-1", False, "pixel-flipping@lime <= 0.2"),
        ("iou=0.3", True, "iou >= 0.3"),
        ("pixel-flipping=0.3", False, "pixel-flipping <= 0.3"),
        ("reliance-mark=0.3", True, "reliance-mark >= 0.3"),
        ("reliance-border <= -0.5", False, "reliance-border <= -0.5"),
    ],
)
def test_a_gate_is_read_as_written_and_a_bare_sign_takes_the_metrics_direction(text, at_least, written):
    gate = Gate.parse(text)
    assert gate.at_least == at_least
    assert str(gate) == written
    assert Gate.parse(str(gate)) == gate


@given(st.floats(-1, 1, allow_nan=False), st.booleans())
def test_a_gate_survives_being_written_and_read(value, at_least):
    gate = Gate(metric="iou", subject="lime", at_least=at_least, value=float(f"{value:g}"))
    assert Gate.parse(str(gate)) == gate


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none(), max_size=5))
def test_a_fingerprint_does_not_depend_on_the_order_of_keys(mapping):
    assert fingerprint(mapping) == fingerprint(dict(reversed(mapping.items())))
    assert len(fingerprint(mapping)) == 16


def test_every_key_is_in_the_schema():
    schema = audit_schema()
    assert set(schema["properties"]) == set(AuditFile.model_fields)
    assert schema["additionalProperties"] is False


def test_false_focus_is_refused_where_no_case_can_have_it():
    annotated = {"annotations": {"path": "marks.json"}}
    data = {**plain()["data"], **annotated}
    message, hint = complaint(metrics=["iou", "false-focus"], data=data)
    assert message == (
        "audit.yaml: metrics: false-focus is asked of cases on which the readers found nothing, and run.cases: "
        "annotated leaves them out"
    )
    assert hint == "set run.cases to all"
    assert build("run.cases=all", metrics=["false-focus"], data=data).metrics[0].id == "false-focus"
    each = {**data, "annotations": {"path": "marks.json", "readers": "each"}}
    assert build(metrics=["false-focus"], data=each).metrics[0].id == "false-focus"


def test_ceilings_are_on_unless_switched_off():
    assert build().localization.ceilings
    assert not build("localization.ceilings=false").localization.ceilings


def test_a_threshold_without_a_fixed_cut_is_refused_and_with_one_is_taken():
    message, hint = complaint(metrics=[{"name": "iou", "threshold": 0.3}])
    assert message.endswith("threshold: has no effect on a map that is cut otherwise")
    assert hint == "set `binarisation: fixed` as well"
    [iou] = build(metrics=[{"name": "iou", "binarisation": "fixed", "threshold": 0.3}]).metrics
    assert iou.options == {"binarisation": "fixed", "threshold": 0.3}


def test_the_phantom_study_brings_its_lungs_along():
    audit = build(gates=["reliance-same-lung <= 0.9"], data={"format": "phantom"})
    assert audit.data.structures == {"lungs"}


def test_mask_paths_start_from_the_files_folder_and_built_in_ones_are_none():
    regions = {"lungs": "builtin-ct", "body": "masks/body", "thorax": "builtin"}
    audit = build(data={"images": "a", "regions": regions})
    found = audit.data.regions
    assert (found.lungs, found.body, found.thorax) == ("builtin-ct", Path("/study/masks/body"), "builtin")
    again = build_audit_file(audit.model_dump(mode="json"), shown="x", root=Path("/elsewhere"))
    assert again.data.regions == found


def test_changed_images_are_not_asked_unless_the_file_says_so():
    audit = build()
    assert (audit.equivariance, audit.resolution) == (None, None)
    assert build(equivariance=False).equivariance is None


def test_true_takes_the_defaults_of_changed_images():
    audit = build(equivariance=True, resolution=True)
    assert audit.equivariance.transforms == ("flip-horizontal", "rotate-10", "shift-4")
    assert audit.resolution.steps == (1, 2, 4, 8)
    assert audit.equivariance.explainers == audit.resolution.explainers == ()
    assert audit == build(equivariance={}, resolution={})


@pytest.mark.parametrize(
    ("changes", "message", "hint"),
    [
        (
            {"equivariance": {"transforms": ["flip"]}},
            "equivariance.transforms[0]: no transform is called 'flip'",
            "there are flip-horizontal, flip-vertical, rotate-DEGREES and shift-PERCENT, such as rotate-5 and shift-4",
        ),
        (
            {"equivariance": {"transforms": ["rotate-181"]}},
            "equivariance.transforms[0]: 'rotate-181': rotate goes up to 180",
            "`xaudit config schema` describes every key",
        ),
        (
            {"resolution": {"steps": [2, 2]}},
            "resolution.steps: '2' stands twice",
            "`xaudit config schema` describes every key",
        ),
        (
            {"resolution": {"explainers": ["gradcm"]}},
            "resolution.explainers: the audit has no explainer 'gradcm'; did you mean 'gradcam'?",
            "`xaudit config schema` describes every key",
        ),
        (
            {"metrics": ["equivariance-class"]},
            "metrics: 'equivariance-class' is no metric of its own",
            "ask for it with the section `equivariance`",
        ),
        (
            {"explainers": ["gradcam", "mean-map"]},
            "explainers: 'mean-map' makes no map of an image",
            "it belongs under `controls`",
        ),
    ],
)
def test_what_cannot_be_asked_of_changed_images_is_said(changes, message, hint):
    assert complaint(**changes) == (f"audit.yaml: {message}", hint)


def test_a_control_made_of_maps_is_there_once_for_each_explainer_and_people_are_no_level_to_beat():
    audit = build(explainers=["gradcam", "lime"], controls=["random", "mean-map", "human"])
    assert [spec.id for spec in audit.explainers_and_controls] == ["gradcam", "lime", "random"]
    assert audit.control_ids == ("random", "gradcam.mean-map", "lime.mean-map", "human")
    assert audit.levels_to_beat == ("random", "gradcam.mean-map", "lime.mean-map")
    gated = build(gates=["iou@gradcam.mean-map <= 0.2"])
    assert [str(gate) for gate in gated.gates] == ["iou@gradcam.mean-map <= 0.2"]


def test_the_measures_of_a_changed_image_are_known_by_their_catalog_names():
    audit = build(metrics=["iou", "pixel-flipping"], equivariance={"transforms": ["rotate-5"]})
    assert audit.metric_names == {
        "iou": "iou",
        "pixel-flipping": "pixel-flipping",
        "equivariance-rotate-5": "equivariance",
        "equivariance-rotate-5-overlap": "equivariance-overlap",
        "equivariance-rotate-5-probability": "equivariance-probability",
        "equivariance-rotate-5-class": "equivariance-class",
        "equivariance-rotate-5-iou": "iou",
    }


@pytest.mark.parametrize(
    ("text", "stratum", "written"),
    [
        ("iou@lime%lesion-size=small >= 0.3", "lesion-size=small", "iou@lime%lesion-size=small >= 0.3"),
        ("iou %lesion-size=small=0.3", "lesion-size=small", "iou%lesion-size=small >= 0.3"),
        ("iou@lime % label = Benign cases >=0.3", "label=Benign cases", "iou@lime%label=Benign cases >= 0.3"),
        ("reliance-mark%site=b<=1", "site=b", "reliance-mark%site=b <= 1"),
        ("iou=0.3", "all", "iou >= 0.3"),
    ],
)
def test_a_gate_may_name_a_part_of_the_cases(text, stratum, written):
    gate = Gate.parse(text)
    assert (gate.stratum, str(gate)) == (stratum, written)
    assert Gate.parse(str(gate)) == gate


@pytest.mark.parametrize(
    "text", ["iou%small >= 0.3", "iou%=small >= 0.3", "iou%a=b", "iou%a=b%c=d >= 1", "iou >= 0.3x"]
)
def test_what_names_no_stratum_is_no_gate(text):
    with pytest.raises(ValueError, match=r"is not a gate; write it like 'iou@gradcam >= 0\.3'"):
        Gate.parse(text)


def test_a_gate_may_name_a_finding():
    gate = Gate.parse(" uses-mark ")
    assert (gate.finding, gate.metric, gate.value, str(gate)) == (
        "uses-mark",
        "reliance-mark",
        0.02,
        "uses-mark",
    )
    assert Gate.read(gate.as_written()) == gate
    entry = {"gate": "uses-mark", "informational": True}
    assert Gate.read(entry).as_written() == entry


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "use-mark",
            "'use-mark' is not a gate: no finding or metric is called 'use-mark'",
            "did you mean 'uses-mark'?",
        ),
        ("uses_mark", "no finding or metric is called 'uses_mark'", "did you mean 'uses-mark'?"),
        ("iuo", "'iuo' is not a gate: no finding or metric is called 'iuo'", "did you mean 'iou'?"),
        (
            "honest",
            "no finding or metric is called 'honest'",
            "a gate is a metric with a limit, such as 'iou@gradcam >= 0.3'",
        ),
        ("iou", "'iou' is not a gate; write it like 'iou@gradcam >= 0.3'", ""),
        ("uses-mark >= 0.3", "uses-mark is a finding and takes no limit", "write it alone"),
        ("uses-mark=1", "uses-mark is a finding and takes no limit", "write it alone"),
        (
            "uses-mark@lime",
            "uses-mark is a finding about the model and takes no @explainer",
            "write it alone",
        ),
        ("uses-mark%site=a", "takes no %part: it rests on all cases", "write it alone"),
    ],
)
def test_a_bare_name_that_is_no_finding_is_refused_with_the_nearest(text, message, hint):
    with pytest.raises(SettingError, match=re.escape(message)) as refused:
        Gate.parse(text)
    assert refused.value.hint.startswith(hint)


def test_a_gate_on_a_finding_takes_the_measure_it_rests_on():
    with pytest.raises(AuditFileError) as refused:
        build_audit_file(
            {
                "data": {"images": "a"},
                "models": [{"id": "net", "architecture": "resnet18"}],
                "gates": ["uses-mark"],
                "reliance": {"enabled": False},
            },
            shown="a.yaml", root=Path(),
        )  # fmt: skip
    assert "the audit does not measure 'reliance-mark', on which uses-mark rests" in str(refused.value)


def test_a_gate_loses_no_digit():
    gate = Gate.parse("iou >= 0.123456789012")
    assert Gate.parse(str(gate)).value == 0.123456789012


def test_an_informational_gate_is_written_as_it_was_read():
    told = {"gate": "iou@lime >= 0.3", "informational": True}
    audit = build(gates=[told, "iou >= 0.2"])
    assert [gate.informational for gate in audit.gates] == [True, False]
    assert audit.model_dump(mode="json")["gates"] == [told, "iou >= 0.2"]
    assert build(gates=audit.model_dump(mode="json")["gates"]).gates == audit.gates


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"gate": "iou >= 0.3", "informal": True}, "gates[0]: no key is called 'informal'"),
        ({"informational": True}, "gates[0]: expected a text such as 'iou@gradcam >= 0.3', got None"),
        (
            {"gate": "iou >= 0.3", "informational": "yes"},
            "gates[0]: informational: expected true or false, got 'yes'",
        ),
        (0.3, "gates[0]: expected a text such as 'iou@gradcam >= 0.3', got 0.3"),
    ],
)
def test_what_is_no_entry_of_a_gate_is_refused(entry, message):
    with pytest.raises(AuditFileError) as refused:
        build(gates=[entry])
    assert str(refused.value).endswith(message)


def test_a_gate_may_name_a_metric_by_the_id_that_the_audit_gave_it():
    metrics = ["iou", {"name": "pixel-flipping", "id": "coarse", "steps": 4}]
    audit = build(metrics=metrics, gates=["coarse@lime = 0.4"])
    assert str(audit.gates[0]) == "coarse@lime <= 0.4", "in the direction of pixel-flipping"
    with pytest.raises(AuditFileError, match="no metric is called 'coarser'"):
        build(metrics=metrics, gates=["coarser >= 0.4"])


def test_the_schema_lets_a_gate_be_a_text_or_an_entry():
    kinds = audit_schema()["properties"]["gates"]["items"]["anyOf"]
    assert [kind["type"] for kind in kinds] == ["string", "object"]


def test_an_unknown_stratum_names_the_nearest():
    assert complaint(statistics={"strata": ["lesion-sise"]}) == (
        "audit.yaml: statistics.strata[0]: no stratum is called 'lesion-sise'",
        "did you mean 'lesion-size'? there are lesion-size, lesion-count, elongation, irrectangularity, resolution, "
        "spacing, class, confidence, correctness, site, augmented, file-format, image-size, bit-depth, jpeg-quality, "
        "dicom-manufacturer, dicom-kernel, dicom-kvp, dicom-view, dicom-sex, dicom-age",
    )


@pytest.mark.parametrize(
    ("strata", "message"),
    [
        (["class", "class"], "audit.yaml: statistics.strata: 'class' stands twice"),
        (
            [{"name": "class", "cuts": [1]}],
            "audit.yaml: statistics.strata[0]: cuts: 'class' has values of its own and takes no limits",
        ),
        (
            [{"name": "lesion-size", "cuts": [9, 3]}],
            "audit.yaml: statistics.strata[0]: cuts: expected rising numbers, got [9.0, 3.0]",
        ),
    ],
)
def test_strata_that_mean_nothing_are_refused(strata, message):
    assert complaint(statistics={"strata": strata})[0] == message


def test_votes_are_counted_by_the_majority_only():
    data = {"images": "images", "annotations": {"path": "a.json", "readers": "union", "votes": 2}}
    assert complaint(data=data)[0] == (
        "audit.yaml: data.annotations: votes: only `readers: majority` counts votes, not `union`"
    )


def test_gates_may_ask_for_everything_that_is_measured():
    gates = [
        "iou-ceiling >= 0.1",
        "map-missing <= 0.1",
        "mass-border <= 0.2",
        "reliance-agreement@lime >= 0.1",
        "equivariance-rotate-5@lime >= 0.5",
        "equivariance-rotate-5-overlap-a >= 0.5",
        "resolution-2-probability <= 0.1",
        "iou%lesion-size=same >= 0.1",
        "iou%lesion-size=unknown >= 0.1",
        "iou%confidence=d10 >= 0.1",
        "iou%class=anything >= 0.1",
        "iou%lesion-count=2 >= 0.1",
        "iou%spacing=under-0.5 >= 0.1",
    ]
    audit = build(
        metrics=["iou", {"name": "iou", "id": "overlap-a", "binarisation": "area"}],
        gates=gates,
        equivariance={"transforms": ["rotate-5"]},
        resolution={"steps": [2]},
        statistics={
            "strata": [
                "lesion-size",
                "confidence",
                "class",
                "lesion-count",
                {"name": "spacing", "cuts": [0.5]},
            ]
        },
    )
    assert [str(gate) for gate in audit.gates] == gates


def test_a_bar_in_a_value_does_not_cut_the_message():
    with pytest.raises(AuditFileError) as refused:
        build(explainers=["grad|cam"])
    assert str(refused.value) == "audit.yaml: explainers[0]: no explainer is called 'grad|cam'"
    assert "`xaudit list explainers` shows all" in refused.value.hint
