"""Choose the audit file of a command line and apply the command's options."""

from pathlib import Path
from typing import Any

from xaudit.catalog import CHANGED_FAMILIES, CHECK_FAMILIES, DATA_FAMILY, EXPLAINERS, METRICS, metric_row
from xaudit.cli.options import Choices
from xaudit.cli.output import say
from xaudit.config import AuditFile, build_audit_file, measured_metrics, read_audit_file
from xaudit.config.sections.plugged import names_of
from xaudit.errors import UsageError, did_you_mean

DEFAULT_FILE = Path("xaudit.yaml")


def audit_source(path: Path | None) -> tuple[Path | None, str]:
    """The audit file that is meant, None for the built-in study, and what to call it."""
    if path is None and DEFAULT_FILE.is_file():
        path = DEFAULT_FILE
    return path, "the built-in phantom study" if path is None else path.name


def chosen_audit(path: Path | None, choices: Choices) -> tuple[AuditFile, tuple[str, ...]]:
    """The audit with everything that the command line changed, and notes on what that leaves out.

    Raises:
        AuditFileError: where the file, or what the options make of it, means nothing.
        UsageError: for a name that does not exist, with the nearest one that does.
    """
    if path is not None and path.is_dir():
        raise UsageError(
            f"{path}: is a folder, not an audit file", hint="`xaudit report RUN` reads a run folder"
        )
    _check_overrides(choices.overrides)
    if path is None:
        from xaudit.stages import default_audit

        audit = default_audit(choices.overrides)
    else:
        audit = read_audit_file(path, overrides=choices.overrides)
    plain = audit.model_dump(mode="json")
    notes: list[str] = []
    if choices.seed is not None:
        plain["seed"] = choices.seed
    if choices.limit is not None:
        plain["run"]["limit"] = choices.limit
    if choices.max_error_rate is not None:
        plain["run"]["max_error_rate"] = choices.max_error_rate
    if choices.explainers:
        plain["explainers"] = _chosen_explainers(plain, choices.explainers)
    if choices.metrics:
        plain["metrics"] = _chosen_metrics(plain, choices.metrics)
    if choices.gates:
        plain["gates"] = list(choices.gates)
    elif choices.explainers or choices.metrics:
        notes += _without_lost_gates(plain, audit)
    return build_audit_file(plain, shown="command line", root=Path.cwd()), tuple(notes)


def _check_overrides(overrides: tuple[str, ...]) -> None:
    for override in overrides:
        if "=" not in override:
            raise UsageError(f"--set {override}: expected key.path=value", hint=_place_hint(override))


def _place_hint(word: str) -> str:
    if word.endswith((".yaml", ".yml", ".toml")):
        return f"put {word} before the options, or after `--`"
    return "for example --set train.epochs=3 run.limit=20"


def _chosen_explainers(plain: dict[str, Any], names: tuple[str, ...]) -> list[Any]:
    own = {spec["id"]: spec for spec in plain["explainers"]}
    controls = {row.id for row in EXPLAINERS if row.control}
    known = [*own, *(row.id for row in EXPLAINERS if not row.control and row.id not in own)]
    if not set(names) <= {*known, *controls}:
        known += names_of("explainer")
    chosen: list[Any] = []
    for name in names:
        if name in controls and name not in own:
            raise UsageError(
                f"--explainer: '{name}' is a control, and controls always run",
                hint="choose controls with the key `controls` of the audit file",
            )
        if name not in known:
            raise _unknown("explainer", name, known)
        chosen.append(own.get(name, {"name": name}))
    return chosen


def _chosen_metrics(plain: dict[str, Any], names: tuple[str, ...]) -> list[Any]:
    own = {spec["id"]: spec for spec in plain["metrics"]}
    offered = [row.id for row in METRICS if row.is_listed]
    always = {row.id for row in METRICS} - set(offered)
    known = list(dict.fromkeys([*own, *offered]))
    if not set(names) <= {*known, *always}:
        known += names_of("metric")
    chosen: list[Any] = []
    for name in names:
        if name in always and name not in own and metric_row(name).family == "limits":
            raise UsageError(
                f"--metric: '{name}' comes with the localization metrics and cannot be chosen alone",
                hint="choose the metric that it limits; `localization.ceilings` switches ceilings on or off",
            )
        if name in always and metric_row(name).family == DATA_FAMILY:
            raise UsageError(
                f"--metric: '{name}' is a value of the data, and scores no map",
                hint="`xaudit data audit` measures it; --fail-under sets a limit on it",
            )
        if name in always and metric_row(name).family in (*CHANGED_FAMILIES, *CHECK_FAMILIES):
            raise UsageError(
                f"--metric: '{name}' is no metric of its own",
                hint=f"ask for it with `--set {metric_row(name).family}=true`",
            )
        if name in always and name not in own:
            raise UsageError(
                f"--metric: '{name}' comes with region reliance and cannot be chosen alone",
                hint="switch it on or off with `--set reliance.enabled=true`",
            )
        if name not in known:
            raise _unknown("metric", name, known)
        chosen.append(own.get(name, {"name": name}))
    return chosen


def _unknown(kind: str, name: str, known: list[str]) -> UsageError:
    if name.endswith((".yaml", ".yml", ".toml")):
        return UsageError(f"--{kind}: no {kind} is called '{name}'", hint=_place_hint(name))
    hint = did_you_mean(name, known, otherwise=f"`xaudit list {kind}s` shows all")
    return UsageError(f"--{kind}: no {kind} is called '{name}'", hint=hint)


def _without_lost_gates(plain: dict[str, Any], audit: AuditFile) -> list[str]:
    """Drops gates on what was not chosen, and says so: a gate that is not asked must not seem to have passed."""
    left = build_audit_file({**plain, "gates": []}, shown="command line", root=Path.cwd())
    subjects = {*(spec.id for spec in left.explainers), *left.control_ids}
    measured = measured_metrics(left)
    lost = [
        gate
        for gate in audit.gates
        if (gate.subject is not None and gate.subject not in subjects) or gate.metric not in measured
    ]
    plain["gates"] = [gate.model_dump(mode="json") for gate in audit.gates if gate not in lost]
    return [
        f"note:  gate '{gate}' is not asked, because the options leave out what it is about" for gate in lost
    ]


def existing_run(run: Path | None, out: Path) -> Path:
    """Return the run folder that is meant: the one named, or the newest finished one.

    Where a newer run is not finished, it says so.

    Raises:
        UsageError: where there is no such folder.
    """
    if run is None:
        from xaudit.stages import newest_run, unfinished_since

        found = newest_run(out)
        newer = unfinished_since(found)
        if newer:
            name, state = newer[0]
            others = f", and {len(newer) - 1} more" if len(newer) > 1 else ""
            say(f"note:  shown is {found.name}; {name} is newer and not finished ({state}){others}")
        return found
    for place in (run, out / run):
        if place.is_dir():
            return place
    if run.is_file():
        raise UsageError(f"{run}: is a file, not a run folder", hint="`xaudit run FILE` makes a run")
    raise UsageError(f"{run}: no such run folder", hint=f"`xaudit list runs -o {out}` shows what there is")
