"""The reusable action and the example of a pull request that fails: every command they name is carried out."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import typer
import yaml

from xaudit.cli.application import application
from xaudit.config import read_audit_file

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "ci"


def document(path):
    """A workflow file; YAML takes its key `on` for a truth."""
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {("on" if key is True else key): value for key, value in found.items()}


ACTION = document(ROOT / "action.yml")
WORKFLOW = document(EXAMPLE / "workflow.yaml")
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
[JOB] = WORKFLOW["jobs"].values()


def test_the_action_is_composite_and_says_what_each_input_is():
    assert ACTION["runs"]["using"] == "composite"
    for name, one in ACTION["inputs"].items():
        assert one["description"].endswith("."), name
        assert one.get("required") is True or isinstance(one["default"], str), name
    assert all(step["shell"] == "bash" for step in STEPS.values())


def test_no_script_of_the_action_holds_an_input_as_text():
    for step in STEPS.values():
        assert "${{" not in step["run"], "what stands in an input would be carried out"
        named = set(re.findall(r"inputs\.([\w-]+)", "".join(step.get("env", {}).values())))
        assert named <= ACTION["inputs"].keys()
        given = set(re.findall(r"\$\{?([A-Z_]+)\}?", step["run"]))
        assert given <= {*step.get("env", {}), "GITHUB_ACTION_PATH", "GITHUB_OUTPUT"}


def test_every_input_of_the_action_is_used_and_every_output_has_its_step():
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    for name in ACTION["inputs"]:
        assert f"${{{{ inputs.{name} }}}}" in text
    assert STEPS["Audit"]["id"] == "audit"
    assert ACTION["outputs"]["exit-code"]["value"] == "${{ steps.audit.outputs.exit-code }}"
    assert 'echo "exit-code=$code" >> "$GITHUB_OUTPUT"' in STEPS["Audit"]["run"]


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_every_script_of_the_action_is_bash_and_names_options_that_exist(step):
    script = STEPS[step]["run"]
    done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")
    commands = typer.main.get_command(application).commands
    for name, words in re.findall(r'/xaudit" (\w+)((?:[^\n]|(?<=\\)\n)*)', script):
        known = {option for param in commands[name].params for option in (*param.opts, *param.secondary_opts)}
        assert set(re.findall(r"(?<=\s)--?[a-z][\w-]*", words)) <= known


def test_the_workflow_runs_on_pull_requests_with_no_more_rights_than_it_needs():
    assert set(WORKFLOW["on"]) == {"pull_request", "push"}
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert JOB["timeout-minutes"] <= 60


def test_the_workflow_uses_the_action_with_inputs_that_it_has_and_files_that_are_there():
    [audit] = [step for step in JOB["steps"] if step.get("uses") == "./"]
    assert audit["with"].keys() <= ACTION["inputs"].keys()
    assert (ROOT / audit["with"]["audit"]).is_file()
    assert (ROOT / audit["with"]["module-path"]).is_dir()
    foreign = [step["uses"] for step in JOB["steps"] if step.get("uses", "./") != "./"]
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", one) for one in foreign), "by others than GitHub itself"
    [upload] = [step for step in JOB["steps"] if step.get("uses", "").startswith("actions/upload-artifact")]
    assert upload["if"] == "always()", "a failed audit is the one to look at"
    assert upload["with"]["path"].split() == [audit["with"]["junit"], audit["with"]["report"]]


def test_no_file_of_the_example_or_the_action_names_a_package_registry():
    for path in (ROOT / "action.yml", *EXAMPLE.glob("*.*")):
        if path.suffix in (".yml", ".yaml", ".md", ".py", ".patch"):
            assert "://" not in path.read_text(encoding="utf-8"), path.name


def test_the_audit_file_of_the_example_is_one_and_its_last_gate_informs():
    audit = read_audit_file(EXAMPLE / "audit.yaml")
    assert [str(gate) for gate in audit.gates if not gate.informational] == [
        "reliance-mark >= 0.3",
        "relevance-mass-accuracy@gradcam >= 0.5",
    ]
    assert audit.statistics.strict


@pytest.fixture
def checkout(tmp_path):
    """What GitHub checks out, with an environment that `make install` would have made."""
    shutil.copytree(
        EXAMPLE,
        tmp_path / "examples" / "ci",
        ignore=shutil.ignore_patterns("runs", "images", "*.safetensors"),
    )
    program = tmp_path / ".venv" / "bin" / "xaudit"
    program.parent.mkdir(parents=True)
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH="$PYTHONPATH:{ROOT}/src" exec {sys.executable} -m xaudit "$@"\n'
    )
    program.chmod(0o755)
    python = program.with_name("python")
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return tmp_path


def carried_out(checkout, step, **given):
    """One step of the action as GitHub carries it out, with the workflow's inputs and the action's defaults."""
    [audit] = [one for one in JOB["steps"] if one.get("uses") == "./"]
    inputs = {name: one.get("default", "") for name, one in ACTION["inputs"].items()} | audit["with"] | given
    variables = {
        name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: inputs[found[1]], value)
        for name, value in STEPS[step]["env"].items()
    }
    environment = {
        **os.environ,
        **variables,
        "OMP_NUM_THREADS": "1",
        "GITHUB_ACTION_PATH": str(checkout),
        "GITHUB_OUTPUT": str(checkout / "outputs"),
        "GITHUB_STEP_SUMMARY": str(checkout / "summary.md"),
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS[step]["run"]],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )


def make_files(checkout):
    """The step of the workflow that makes data and model, as the checkout has it."""
    [job] = document(checkout / "examples" / "ci" / "workflow.yaml")["jobs"].values()
    [make] = [step["run"] for step in job["steps"] if "lesion_or_marker.py" in step.get("run", "")]
    subprocess.run([sys.executable, *make.split()[1:]], cwd=checkout, check=True, timeout=120)


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def blocks_of(section):
    """The shell commands of one section of the README, block by block."""
    text = (
        (EXAMPLE / "README.md")
        .read_text(encoding="utf-8")
        .partition(f"## {section}\n")[2]
        .partition("\n## ")[0]
    )
    return re.findall(r"```sh\n(.*?)```", text, re.DOTALL)


def typed(checkout, block):
    """A block as someone types it into a shell at the root of the clone: every line, and the last line's exit code."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", block],
        cwd=checkout,
        env={**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.mark.slow
def test_the_readme_can_be_followed_step_by_step_and_mains_run_stays(checkout):
    runs = checkout / "examples" / "ci" / "runs"
    of_main, of_pull = blocks_of("See it here")
    done = typed(checkout, of_main)
    assert done.returncode == 0, done.stderr
    [main] = runs.iterdir()
    before = contents(main)
    done = typed(checkout, of_pull)
    assert done.returncode == 1, done.stderr
    assert contents(main) == before
    [pull] = [path for path in runs.iterdir() if path != main]
    [against] = blocks_of("Compare it with main")
    done = typed(checkout, against)
    assert done.returncode == 1, done.stderr
    assert done.stdout.index(pull.name) < done.stdout.index(main.name)
    said = " ".join(done.stdout.split())
    assert f"{main.name} (base) to {pull.name} (head)" in said
    assert "XA104" in said, "the drop is a gate that was missed"
    # Back on main's weights, its folder is found again, nothing is computed anew, and it is what `report` shows.
    done = typed(checkout, of_main)
    assert done.returncode == 0, done.stderr
    assert sorted(runs.iterdir()) == sorted([main, pull])
    work = json.loads((main / "outcome.json").read_text())["work"]
    assert work["n_shards_reused"] == work["n_shards"]
    done = typed(checkout, "cd examples/ci && ../../.venv/bin/xaudit report --format json")
    assert json.loads(done.stdout)["run_id"] == main.name


@pytest.mark.slow
def test_main_passes_and_the_pull_request_fails_on_its_localization_threshold(checkout):
    ci = checkout / "examples" / "ci"
    make_files(checkout)
    done = carried_out(checkout, "Audit")
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == ("", "")
    assert (checkout / "outputs").read_text() == "exit-code=0\n"
    assert "| detector | relevance-mass-accuracy@gradcam >= 0.5 |" in (ci / "audit.md").read_text()
    [of_main] = [path for path in (ci / "runs").iterdir() if path.is_dir()]
    before = contents(of_main)

    patch = EXAMPLE / "pull-request.patch"
    subprocess.run(["git", "apply", "--unsafe-paths", str(patch)], cwd=checkout, check=True, timeout=60)
    make_files(checkout)
    done = carried_out(checkout, "Audit")
    assert done.returncode == 1, done.stderr
    assert (checkout / "outputs").read_text() == "exit-code=0\nexit-code=1\n"
    annotated = [line for line in done.stderr.splitlines() if line.startswith("::")]
    told = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^::.*$", told, re.MULTILINE) == annotated
    assert annotated[1].startswith(
        "::error title=XA101 detector/gradcam::relevance-mass-accuracy@gradcam >= 0.5: "
    )
    accuracies = re.findall(r"accuracy ([\d.]+) \[", (ci / "audit.md").read_text())
    assert accuracies == ["1.00"], "which accuracy cannot tell"
    failures = ElementTree.parse(ci / "junit.xml").iter("failure")
    assert [failure.get("type") for failure in failures] == ["XA101", "XA101"]
    assert (checkout / "summary.md").read_text().count("# xaudit: lesion-or-marker, 1 model") == 2

    assert contents(of_main) == before, "the pull request's run has a folder of its own"
    limits = {
        "baseline": of_main.name,
        "max-drop": "relevance-mass-accuracy@gradcam=0.1 reliance-mark=0.1",
    }
    done = carried_out(checkout, "Compare with the baseline", **limits)
    assert done.returncode == 1
    codes = re.findall(r"^::error title=(\w+) ", done.stderr, re.MULTILINE)
    assert codes == ["XA101", "XA101", "XA104", "XA104"]
