"""Explainers and tests that a model cannot do because of its source, refused before any data is read."""

from xaudit.catalog import EXPLAINERS, ExplainerRow, ModelRow, explainer_row, model_row
from xaudit.config.audit_file import AuditFile
from xaudit.config.sections.section import SettingError

_ON_RANDOM_LAYERS = ("mprt", "mprt-independent")
_ON_OTHER_CLASSES = ("random-logit", "class-contrast")


def check_abilities(audit: AuditFile) -> None:
    """Raise SettingError, with what works instead, where a model comes from where it cannot do what is asked of it."""
    for index, model in enumerate(audit.models):
        row = model_row(model.source)
        who = f"models[{index}] '{model.id}' comes from {row.id}"
        for number, spec in enumerate(audit.explainers):
            why = _why_not(explainer_row(spec.name), row)
            if why:
                works = ", ".join(one.id for one in explainers_for(row))
                raise SettingError(
                    f"explainers[{number}]: {spec.name} {why[0]}, and {who}, {why[1]}",
                    hint=f"those that work: {works}",
                )
        if not row.inside:
            _check_sanity(
                audit,
                _ON_RANDOM_LAYERS,
                "draws the network's layers anew",
                f"{who}, whose layers cannot be reached",
            )
        if model.outputs not in ("classes", "sigmoid"):
            other = f"models[{index}] '{model.id}' answers for its finding alone"
            _check_sanity(audit, _ON_OTHER_CLASSES, "explains another class", other)
        if audit.run.compile and model.is_one_of_several:
            raise SettingError(
                f"run.compile: models[{index}] '{model.id}' is one of several findings, which share the answers of one network that is "
                "not compiled",
                hint="set `run.compile` to false",
            )
        if audit.run.compile and not row.inside:
            raise SettingError(
                f"run.compile: {who}, which cannot be compiled", hint="set `run.compile` to false"
            )


def _check_sanity(audit: AuditFile, impossible: tuple[str, ...], does: str, why: str) -> None:
    """Raise SettingError where one of these tests is asked for, with those that are left."""
    asked = () if audit.sanity is None else audit.sanity.tests
    refused = next((test for test in asked if test in impossible), None)
    if refused is not None:
        left = ", ".join(test for test in asked if test not in impossible)
        raise SettingError(
            f"sanity.tests: {refused} {does}, and {why}",
            hint=f"set `sanity.tests` to [{left}]" if left else "leave `sanity` out",
        )


def explainers_for(row: ModelRow) -> list[ExplainerRow]:
    """The explainers, controls aside, that work on a model from there."""
    return [one for one in EXPLAINERS if not one.control and _why_not(one, row) is None]


def _why_not(explainer: ExplainerRow, row: ModelRow) -> tuple[str, str] | None:
    """Return what the explainer needs and what the model lacks, in words; None if they fit."""
    if explainer.gradients and not row.gradients:
        return "needs gradients", "which has none"
    if explainer.inside and not row.inside:
        return "looks inside the network", "whose layers cannot be reached"
    return None
