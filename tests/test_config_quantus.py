"""Metrics by Quantus itself as an audit file and a command line name them."""

import json
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

from xaudit.catalog import quantus
from xaudit.catalog.plugin_rows import told_row
from xaudit.catalog.plugins import bring
from xaudit.cli.audit_choice import chosen_audit
from xaudit.cli.boundary import run_command_line
from xaudit.cli.options import Choices
from xaudit.config import (
    ExplainerSpec,
    MetricSpec,
    audit_of_model,
    audit_schema,
    build_audit_file,
    measured_metrics,
)
from xaudit.errors import AuditFileError, UsageError

pytestmark = pytest.mark.usefixtures("forgotten_afterwards")

ALL = "quantus:FaithfulnessCorrelation"
FILES = {"id": "mine", "source": "external", "predictions": "preds.csv", "maps": {"gradcam": "maps/gradcam"}}


def audit(*metrics, **more):
    plain = {
        "data": {"format": "phantom"},
        "models": [{"id": "here", "source": "phantom", "variant": "honest"}],
        "metrics": list(metrics),
        **more,
    }
    return build_audit_file(plain, shown="a.yaml", root=Path("/study"))


def refused(*metrics, **more):
    with pytest.raises(AuditFileError) as caught:
        audit(*metrics, **more)
    return str(caught.value), caught.value.hint


def test_three_ways_to_write_one_metric():
    named = audit({"name": ALL, "nr_runs": 50})
    assert (
        audit({"name": "quantus", "metric": "FaithfulnessCorrelation", "options": {"nr_runs": 50}}) == named
    )
    assert named.metrics[0].id == ALL
    assert named.metrics[0].options["nr_runs"] == 50
    assert named.metrics[0].options["softmax"] is False
    assert audit(ALL) == audit({"name": "quantus", "metric": "FaithfulnessCorrelation"})
    again = build_audit_file(named.model_dump(mode="json"), shown="again", root=Path("/study"))
    assert (again, again.fingerprint()) == (named, named.fingerprint())


def test_two_settings_of_one_class_have_ids_that_say_whose_they_are():
    made = audit(ALL, {"name": ALL, "id": "quantus:few", "nr_runs": 5}, gates=["quantus:few@gradcam = 0.1"])
    assert [one.id for one in made.metrics] == [ALL, "quantus:few"]
    assert made.gates[0].metric == "quantus:few"
    assert refused({"name": ALL, "id": "few"})[1] == "set `id: quantus:few`"
    assert refused({"name": "iou", "id": "quantus:iou"})[1] == "set `id: iou`"


def test_a_gate_knows_which_way_is_better():
    """A correlation is higher, a sensitivity lower."""
    made = audit(ALL, "quantus:MaxSensitivity", gates=[f"{ALL}@gradcam = 0.1", "quantus:MaxSensitivity = 2"])
    assert [gate.at_least for gate in made.gates] == [True, False]
    assert str(made.gates[0]) == f"{ALL}@gradcam >= 0.1"
    message, hint = refused("iou", gates=[f"{ALL} = 0.1"])
    assert message.endswith(f"no metric is called '{ALL}'") or "does not measure" in message
    assert hint


@pytest.mark.parametrize(
    ("metric", "said", "hint"),
    [
        ("quantus:FaithfulnesCorrelation", "no metric is called", "did you mean 'quantus:FaithfulnessCorrelation'?"),
        ({"name": ALL, "nr_run": 5}, "no option is called 'nr_run'", "did you mean 'nr_runs'?"),
        ({"name": ALL, "nr_runs": 2.5}, "nr_runs: expected a whole number, got 2.5", ""),
        ({"name": ALL, "softmax": "yes"}, "softmax: expected true or false, got 'yes'", ""),
        ({"name": ALL, "return_aggregate": True}, "no option is called 'return_aggregate'", "it takes: "),
        ("quantus:Focus", "'quantus:Focus' is not available", "scores mosaics"),
        ({"name": "quantus"}, "expected the name of a class as `metric`", "{name: quantus, metric: "),
        ({"name": "quantus", "metric": "MPRT", "options": [1]}, "and settings as `options`", "{name: quantus"),
    ],
)  # fmt: skip
def test_what_is_refused_and_what_to_do(metric, said, hint):
    message, told = refused(metric)
    assert "metrics[0]" in message
    assert said in message
    assert hint in told


def test_settings_that_only_quantus_can_check_are_handed_on_as_they_are():
    given = {"perturb_patch_sizes": [4, 7], "perturb_func_kwargs": {"a": 1}, "loss_func": "mse"}
    (spec,) = audit({"name": "quantus", "metric": "Infidelity", "options": given}).metrics
    assert {key: spec.options[key] for key in given} == given


def test_the_command_line_takes_the_name_too(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(
        "data: {format: phantom}\nmodels: [{id: here, source: phantom, variant: honest}]\nmetrics: [iou]\n"
    )
    made, _ = chosen_audit(path, Choices(metrics=(ALL, "quantus:MPRT", "iou")))
    assert [one.id for one in made.metrics] == [ALL, "quantus:MPRT", "iou"]
    path.write_text(path.read_text().replace("[iou]", f"[{{name: '{ALL}', id: 'quantus:few', nr_runs: 5}}]"))
    made, _ = chosen_audit(path, Choices(metrics=("quantus:few",)))
    assert made.metrics[0].options["nr_runs"] == 5
    with pytest.raises(UsageError, match="no metric is called 'quantus:MPTR'") as caught:
        chosen_audit(path, Choices(metrics=("quantus:MPTR",)))
    assert caught.value.hint == "did you mean 'quantus:MPRT'? `xaudit list metrics` shows all"


def test_a_metric_of_robustness_asks_for_no_section():
    made = audit("quantus:MaxSensitivity")
    assert made.robustness is None
    assert "quantus:MaxSensitivity" in measured_metrics(made)
    assert "max-sensitivity" not in measured_metrics(made)
    with_section = audit("iou", robustness=True)
    assert "quantus:MaxSensitivity" not in measured_metrics(with_section)


def test_where_no_model_is_here_what_asks_one_is_refused_by_name_and_the_rest_is_measured():
    message, hint = refused("iou", "quantus:MPRT", models=[FILES])
    assert "'quantus:MPRT' asks the model" in message
    assert hint == "take it out of `metrics`"
    made = audit("quantus:PointingGame", "quantus:Sparseness", models=[FILES])
    assert [one.id for one in made.metrics] == ["quantus:PointingGame", "quantus:Sparseness"]
    mixed = audit(
        "quantus:PointingGame",
        "quantus:MPRT",
        models=[FILES, {"id": "h", "source": "phantom", "variant": "honest"}],
    )
    assert [one.id for one in audit_of_model(mixed, mixed.models[0]).metrics] == ["quantus:PointingGame"]
    assert len(audit_of_model(mixed, mixed.models[1]).metrics) == 2


def test_the_schema_takes_what_an_audit_file_takes():
    _, *others = audit_schema()["$defs"]["MetricSpec"]["anyOf"]
    text, by_name, by_word = others[-3:]
    assert re.search(text["pattern"], ALL)
    assert re.search(by_name["properties"]["name"]["pattern"], ALL)
    assert by_word["properties"].keys() == {"name", "metric", "options", "id"}
    assert not [
        one for one in others[:-3] if one["properties"]["name"].get("const", "").startswith("quantus")
    ]


def test_the_hash_of_a_metric_holds_version_and_settings(monkeypatch):
    plain, other = MetricSpec(name=ALL).fingerprint, MetricSpec(name=ALL, nr_runs=7).fingerprint
    assert plain != other
    assert MetricSpec(name=ALL, nr_runs=100).fingerprint == plain  # the default, written out
    from xaudit.catalog import plugins

    monkeypatch.setattr(plugins, "_BROUGHT", {})
    monkeypatch.setattr(plugins, "version", lambda: "0.6.1")
    assert MetricSpec(name=ALL).fingerprint != plain


def test_a_run_keeps_the_row_so_that_it_can_be_read_where_quantus_is_another():
    (brought,) = audit("iou", ALL).plugins
    assert brought.offer.origin == f"quantus {quantus.version()}"
    told = json.loads(json.dumps(told_row(brought)))
    assert told["package"] == "quantus"
    assert told["row"]["id"] == ALL
    assert bring("metric", "quantus:Nothing") is None


def test_another_process_knows_the_names_that_it_is_sent():
    specs = (MetricSpec(name=ALL, nr_runs=3), MetricSpec(name="iou"), ExplainerSpec(name="lime"))
    code = (
        "import pickle, sys; from xaudit.catalog import metric_row; specs = pickle.loads(sys.stdin.buffer.read()); "
        "print([metric_row(specs[0].name).family, specs[0].fingerprint, specs[0].options['nr_runs']])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(specs), capture_output=True, timeout=60, check=False
    )
    assert done.stdout.decode().strip() == str(["faithfulness", specs[0].fingerprint, 3]), done.stderr


def test_the_list_names_every_class_and_what_is_wrong_with_it(capsys):
    assert run_command_line(["list", "quantus", "--format", "json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows.keys() == quantus.quantus_rows().keys()
    assert "images of three channels" in rows["quantus:ROAD"]["meaning"]
    assert "one image at a time" in rows["quantus:Focus"]["unavailable"]
    assert run_command_line(["list", "quantus"]) == 0
    screen = " ".join(capsys.readouterr().out.split())
    assert "nr_runs 100, subset_size 224, abs false" in screen
    assert run_command_line(["list", "metrics"]) == 0
    assert "quantus:NAME any metric class of the installed Quantus" in " ".join(
        capsys.readouterr().out.split()
    )
