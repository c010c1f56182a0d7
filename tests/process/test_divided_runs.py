"""One study done by one process, by several, and in shards that are merged: all tables are the same."""

import json
import os
import shlex
import shutil
import subprocess
import sys

import pytest
import torch
from known_study import environment, everything, only_run, study_model, tables, write_audit, xaudit_process

from xaudit.cli.boundary import run_command_line

pytestmark = pytest.mark.usefixtures("one_thread")

RICH = {
    # Every kind of work: two models, controls made of maps, readers, changed images, checks, curves.
    "models": [study_model("marks"), study_model("corner")],
    "controls": ["random", "centre", "mean-map", "shuffled-marks"],
    "sanity": {"cases": 6},
    "robustness": {"cases": 6, "samples": 2},
    "repeatability": True,
    "equivariance": True,
    "gates": [],
    "run": {"figures": 0, "shard_size": 3, "curves": True},
}


@pytest.fixture(autouse=True)
def networks_for_workers(monkeypatch):
    from known_study import HERE

    path = os.pathsep.join(filter(None, (str(HERE), os.environ.get("PYTHONPATH"))))
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="module")
def undivided(pristine, tmp_path_factory):
    """The rich study, done by one process, all that it says, and its folder."""
    folder = tmp_path_factory.mktemp("undivided") / "study"
    shutil.copytree(pristine, folder)
    # Made before a test's own fixture holds torch to one thread; with other threads sums are rounded otherwise.
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    run_in(folder, "-o", folder / "runs")
    torch.set_num_threads(before)
    return everything(only_run(folder / "runs"))


def run_in(folder, *options, code=0, command="run", **changes):
    audit = write_audit(folder, **{**RICH, **changes})
    assert run_command_line([command, str(audit), "-q", *map(str, options)]) == code


def differences(found, wanted):
    """The names of what differs: a whole table in an error message helps nobody."""
    return [name for name in {*found, *wanted} if found.get(name) != wanted.get(name)]


def test_two_shards_of_the_small_study_merged_come_to_the_same(study, whole):
    write_audit(study)
    for index in (1, 2):
        assert run_command_line(["run", "audit.yaml", "-q", "--shard", f"{index}/2"]) == 0
    shards = sorted(map(str, (study / "runs").glob("*-shard-*")))
    assert run_command_line(["merge", *shards, "--audit", "audit.yaml", "-q", "-o", "merged"]) == 0
    assert tables(only_run(study / "merged")) == whole


@pytest.mark.slow
def test_two_workers_come_to_the_same_as_one(study, undivided):
    run_in(study, "--workers", 2)
    run = only_run(study / "runs")
    assert differences(everything(run), undivided) == []
    work = json.loads((run / "outcome.json").read_text())["work"]
    assert work["n_evals"] > 1000
    assert work["n_shards_reused"] == 0
    run_in(study, "--workers", 2)
    again = json.loads((run / "outcome.json").read_text())["work"]
    assert again["n_shards_reused"] == again["n_shards"] == work["n_shards"]


@pytest.mark.slow
def test_three_shards_merged_come_to_the_same_as_an_undivided_run(study, undivided, capsys):
    for index in (3, 1, 2):
        run_in(study, "--shard", f"{index}/3")
        screen = capsys.readouterr().out.splitlines()
        shard = next((study / "runs").glob(f"*-known-shard-{index}-of-3-*"))
        assert screen[0] == f"shard {index} of 3 is done: runs/{shard.name}"
        assert json.loads((shard / "status.json").read_text())["state"] == "shard"
        assert not (shard / "gates.json").exists()
        if index == 3:
            assert screen[1] == "left: 1 (absent), 2 (absent), as far as their folders lie in runs"
    assert screen[1].startswith("all are done: xaudit merge runs/*-known-shard-*-of-3-")
    shards = sorted((study / "runs").glob("*-shard-*"))
    # A shard of work is a part of one of these tables; scores of reliance have the key of the table reliance.
    names = ("scores", "reliance", "reliance_map", "image_changes")
    parts = [{path.name for name in names for path in one.glob(f"{name}/part-*")} for one in shards]
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert all(parts)
    code = run_command_line(["merge", *map(str, shards), "--audit", "audit.yaml", "-q", "-o", "merged"])
    assert code == 0, capsys.readouterr().err
    merged = only_run(study / "merged")
    assert differences(everything(merged), undivided) == []
    work = json.loads((merged / "outcome.json").read_text())["work"]
    assert work["n_shards_reused"] == sum(len(one) for one in parts)


@pytest.mark.slow
def test_the_merge_that_the_last_shard_prints_does_it_as_it_stands(study):
    write_audit(study, "my audit.yaml")
    options = (
        "-o",
        "my runs",
        "--limit",
        "4",
        "--set",
        "statistics.confidence=0.9",
        "statistics.replicates=100",
    )
    more = ("--fail-under", "iou@lime=0.2", "--explainer", "lime", "--seed", "3", "--device", "cpu")
    metric = ("--metric", "iou", "relevance-mass-accuracy")
    for index in (1, 2):
        shard = ("--shard", f"{index}/2", "-q")
        done = xaudit_process("run", "my audit.yaml", *options, *more, *metric, *shard, cwd=study)
        assert done.returncode == 0, done.stderr
    [line] = [line for line in done.stdout.splitlines() if line.startswith("all are done: ")]
    printed = line.removeprefix("all are done: xaudit ")
    assert printed.startswith("merge 'my runs'/*-known-shard-*-of-2-")
    merged = subprocess.run(
        ["sh", "-c", f"{shlex.quote(sys.executable)} -m xaudit {printed} -q"],
        cwd=study, env=environment(), capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert merged.returncode in (0, 1), merged.stderr
    [run] = [path for path in (study / "my runs").glob("*-known-*") if "shard" not in path.name]
    [gate] = [
        one for one in json.loads((run / "gates.json").read_text())["verdicts"] if one["kind"] == "gate"
    ]
    assert gate["subject"] == "marks/lime"


def test_a_merge_without_all_shards_names_those_that_are_missing(study, capsys):
    for index in (1, 3):
        run_in(study, "--shard", f"{index}/5", models=[study_model()])
    shards = sorted((study / "runs").glob("*-shard-*"))
    capsys.readouterr()
    assert run_command_line(["merge", *map(str, shards), "--audit", "audit.yaml", "-q", "-o", "merged"]) == 4
    err = capsys.readouterr().err.splitlines()
    assert err == [
        "error: shards 2, 4, 5 of 5 are missing",
        "hint:  give the command that makes it, `xaudit run … --shard 2/5`, then merge again",
    ]
    assert not (study / "merged").exists()


@pytest.mark.slow
def test_a_merge_with_an_unfinished_shard_names_it_and_later_succeeds(study, undivided, capsys):
    for index in (1, 2):
        run_in(study, "--shard", f"{index}/2")
    shards = sorted((study / "runs").glob("*-shard-*"))
    lost = sorted(shards[1].glob("scores/part-*"))[0]
    lost.unlink()
    damaged = sorted(shards[1].glob("scores/part-*"))[0]
    damaged.write_bytes(damaged.read_bytes()[:-7])
    capsys.readouterr()
    merge = ["merge", *map(str, shards), "--audit", "audit.yaml", "-q", "-o", "merged"]
    assert run_command_line(merge) == 4
    assert capsys.readouterr().err.splitlines()[0] == "error: shard 2 of 2 is not finished"
    assert not list((study / "merged").glob("*/gates.json"))
    run_in(study, "--shard", "2/2")
    assert run_command_line(merge) == 0
    assert differences(everything(only_run(study / "merged")), undivided) == []


@pytest.mark.slow
def test_shards_go_on_from_what_an_undivided_predict_left(study, undivided):
    run_in(study, command="predict")
    whole = only_run(study / "runs")
    for index in (1, 2):
        run_in(study, "--shard", f"{index}/2", "--workers", 2)
    for shard in (study / "runs").glob("*-shard-*"):
        assert (shard / "predicted-from.json").read_bytes() == (whole / "predicted-from.json").read_bytes()
    shards = sorted((study / "runs").glob("*-shard-*"))
    assert run_command_line(["merge", *map(str, shards), "--audit", "audit.yaml", "-q"]) == 0
    assert differences(everything(whole), undivided) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [("0/2", "0/2"), ("3/2", "3/2"), ("1", "1"), ("a/b", "a/b"), ("1/0", "1/0"), ("-1/2", "-1/2")],
)
def test_what_is_no_share_is_refused(study, capsys, text, shown):
    write_audit(study)
    assert run_command_line(["run", "audit.yaml", "-q", f"--shard={text}"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"error: --shard: '{shown}' is no share of the work",
        "hint:  for example --shard 2/8: the second of eight",
    ]


@pytest.mark.parametrize("command", ["train", "predict"])
def test_training_and_predicting_are_not_divided(study, capsys, command):
    write_audit(study)
    assert run_command_line([command, "audit.yaml", "-q", "--shard", "1/2"]) == 2
    assert capsys.readouterr().err.splitlines()[0] == f"error: --shard: `xaudit {command}` is not divided"


def test_more_shards_than_work_are_done_with_nothing_to_do(study, capsys):
    plain = {"models": [study_model()], "run": {"figures": 0, "shard_size": 8}, "sanity": None}
    for index in (1, 2, 3):
        run_in(study, "--shard", f"{index}/3", **plain)
    shards = sorted((study / "runs").glob("*-shard-*"))
    assert [len(list(one.glob("scores/part-*"))) > 0 for one in shards] == [True, True, False]
    assert run_command_line(["merge", *map(str, shards), "--audit", "audit.yaml", "-q"]) == 0


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (["--seed", "1"], 2, "is not a shard of this audit with these options"),
        (["--set", "explainers=[gradcam]"], 2, "is not a shard of this audit with these options"),
    ],
)
def test_shards_of_another_audit_are_not_merged(study, capsys, change, code, said):
    write_audit(study)
    assert run_command_line(["run", "audit.yaml", "-q", "--shard", "1/1"]) == 0
    shard = only_run(study / "runs")
    capsys.readouterr()
    run = f"runs/{shard.name}"
    assert run_command_line(["merge", run, "--audit", "audit.yaml", "-q", "-o", "m", *change]) == code
    error, hint = capsys.readouterr().err.splitlines()
    assert error == f"error: {run}: {said}"
    assert hint.startswith("hint:  name the shards' audit file with --audit")
    assert not (study / "m").exists()


def test_shards_of_other_images_weights_or_versions_are_not_merged(study, capsys):
    write_audit(study)
    for index in (1, 2):
        assert run_command_line(["run", "audit.yaml", "-q", "--shard", f"{index}/2"]) == 0
    shards = sorted(map(str, (study / "runs").glob("*-shard-*")))
    manifest = study / shards[1] / "manifest.json"
    plain = json.loads(manifest.read_text())
    merge = ["merge", *shards, "--audit", "audit.yaml", "-q", "-o", "m"]
    for change, said in (
        ({"xaudit": "9.9"}, f"made with xaudit 9.9, and {shards[0]} with {plain['xaudit']}"),
        (
            {"libraries": {**plain["libraries"], "torch": "1.0"}},
            f"made with torch 1.0, and {shards[0]} with {plain['libraries']['torch']}",
        ),
        ({"checksums": {**plain["checksums"], "images": "0"}}, f"its images are not those of {shards[0]}"),
        ({"checksums": {**plain["checksums"], "weights": {}}}, f"its weights are not those of {shards[0]}"),
        (
            {"plugins": [{"kind": "metric", "name": "odd", "package": "odd", "version": "1"}]},
            f"made with other plug-ins, or other versions of them, than {shards[0]}",
        ),
    ):
        manifest.write_text(json.dumps({**plain, **change}))
        capsys.readouterr()
        assert run_command_line(merge) == 2
        assert capsys.readouterr().err.splitlines()[0] == f"error: {shards[1]}: {said}"
    manifest.write_text(json.dumps(plain))
    image = study / "images" / "p0-2.png"
    image.write_bytes((study / "images" / "p1-2.png").read_bytes())
    assert run_command_line(merge) == 2
    said = capsys.readouterr().err.splitlines()[0]
    assert said == f"error: {shards[0]}: its images are not those that the audit file names now"


def test_what_is_no_shard_and_what_stands_twice_is_refused(study, capsys):
    write_audit(study)
    assert run_command_line(["run", "audit.yaml", "-q", "--shard", "1/2"]) == 0
    shard = only_run(study / "runs")
    assert run_command_line(["run", "audit.yaml", "-q"]) == 0
    [whole] = [path for path in (study / "runs").iterdir() if path != shard]
    for runs, said in (
        ([whole], f"error: runs/{whole.name}: is not a shard of a divided run"),
        (
            [shard, shard],
            f"error: runs/{shard.name}: shard 1 of 2 stands twice; the other one is runs/{shard.name}",
        ),
        ([], "error: merge: no run folder is named"),
        (["nowhere"], "error: nowhere: no such run folder"),
    ):
        capsys.readouterr()
        names = [f"runs/{path.name}" if path != "nowhere" else path for path in runs]
        assert run_command_line(["merge", *names, "--audit", "audit.yaml", "-q"]) == 2
        assert capsys.readouterr().err.splitlines()[0] == said
