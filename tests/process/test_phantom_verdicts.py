"""The shipped networks under the in-fill of the opposite side: the honest one uses the mark, the other looks elsewhere."""

import json

import pytest
import yaml

from xaudit.cli.boundary import run_command_line

pytestmark = pytest.mark.usefixtures("one_thread")

AUDIT = {
    "name": "guilt",
    "data": {
        "format": "phantom",
        "phantom": {
            "patients": 20, "slices": 1, "splits": "test", "plant": "corner-marker", "strength": 1.0, "seed": 1
        },
    },
    "models": [
        {"id": "honest", "source": "phantom", "variant": "honest"},
        {"id": "shortcut", "source": "phantom", "variant": "shortcut"},
    ],
    "explainers": ["gradcam"],
    "metrics": ["iou"],
    "controls": ["edges"],
    "reliance": {"infills": ["blur", "mirror"], "controls": 2},
    "sanity": {"cases": 6, "explainers": ["edges"], "steps": 2, "tests": ["mprt"]},
    "statistics": {"replicates": 300},
    "run": {"limit": 10, "figures": 0},
}  # fmt: skip


@pytest.mark.slow
def test_the_guilty_is_told_from_the_honest_by_what_it_relies_on_and_the_table_says_where_its_maps_lie(
    tmp_path, capsys
):
    (tmp_path / "audit.yaml").write_text(yaml.safe_dump(AUDIT, sort_keys=False))
    asked = ["run", str(tmp_path / "audit.yaml"), "-q", "-o", str(tmp_path / "runs")]
    assert run_command_line(asked) == 0
    capsys.readouterr()
    run = next(path for path in (tmp_path / "runs").iterdir() if "guilt" in path.name)
    assert run_command_line(["report", str(run), "--format", "json"]) == 0
    outcome = json.loads(capsys.readouterr().out)
    of_mark = {"XA201", "XA202"}
    codes = {
        name: [v["code"] for v in outcome["verdicts"] if v["model_id"] == name and v["code"] in of_mark]
        for name in ("honest", "shortcut")
    }
    assert codes == {"honest": ["XA202"], "shortcut": ["XA201"]}
    causal = {(one["model_id"], one["explainer_id"]): one for one in outcome["causal"]}
    assert set(causal) == {(model, name) for model in ("honest", "shortcut") for name in ("gradcam", "edges")}
    for (model, _), one in causal.items():
        used = one["n_both"] + one["n_model_only"]
        unused = one["n_map_only"] + one["n_neither"]
        assert used + unused + one["n_unknown"] == 10
        assert (used > 0) == (model == "honest")
    mprt = [s for s in outcome["summaries"] if s["metric_id"] == "mprt"]
    assert [round(s["interval"]["estimate"], 6) for s in mprt] == [1, 1]
