"""An audit of models that are not here: which maps they bring, and what cannot be asked of them."""

from xaudit.catalog import (
    EXTERNAL,
    FAMILIES_WITH_QUESTIONS,
    METRICS,
    SANITY_OF_MAPS,
    SECTIONS_WITH_QUESTIONS,
    external_id,
    metric_row,
)
from xaudit.config.audit_file import AuditFile
from xaudit.config.sections.models import ModelSection
from xaudit.config.sections.named import ExplainerSpec
from xaudit.config.sections.sanity import SanitySection
from xaudit.config.sections.section import SettingError
from xaudit.errors import did_you_mean

_NOBODY = "and every model of this audit is external, so nobody can answer"
_WHERE = "maps from files are named under models[].maps"


def with_external_models(audit: AuditFile) -> AuditFile:
    """Return the audit with the maps of its external models among the explainers.

    Where every model is external, all that queries a model is off, unless the audit file asks for it, which is an
    error.

    Raises:
        SettingError: if the audit file asks what no model can answer, or names maps that no model brings.
    """
    brought = _brought(audit)
    _check_named(audit, brought)
    if not brought:
        return audit
    named = tuple(spec for spec in audit.explainers if spec.name == EXTERNAL.id)
    asked = tuple(spec for spec in audit.explainers if spec.name != EXTERNAL.id)
    if not all(model.is_external for model in audit.models):
        _check_sections(audit, brought)
        _check_gates(audit, {spec.id for spec in brought})
        return audit.model_copy(update={"explainers": (*asked, *(named or brought))})
    _check_nothing_is_asked(audit, asked)
    _check_gates(audit, None)
    return _without_questions(audit, explainers=named or brought, foreign=set())


def audit_of_model(audit: AuditFile, model: ModelSection) -> AuditFile:
    """The audit as one of its models sees it: its own explainers, and only what can be asked of it."""
    if not model.is_external:
        asked = tuple(spec for spec in audit.explainers if spec.name != EXTERNAL.id)
        files = {spec.id for spec in audit.explainers} - {spec.id for spec in asked}
        return audit.model_copy(update={"explainers": asked, "sanity": _without(audit.sanity, foreign=files)})
    own = {external_id(name) for name in model.maps}
    foreign = {spec.id for spec in audit.explainers} - own
    explainers = tuple(spec for spec in audit.explainers if spec.id in own)
    return _without_questions(audit, explainers=explainers, foreign=foreign)


def _without_questions(
    audit: AuditFile, *, explainers: tuple[ExplainerSpec, ...], foreign: set[str]
) -> AuditFile:
    """Return the audit with these explainers and only the measures that need no answer of a model."""
    return audit.model_copy(
        update={
            "explainers": explainers,
            "metrics": tuple(m for m in audit.metrics if metric_row(m.name).family != "faithfulness"),
            "reliance": audit.reliance.model_copy(update={"enabled": False}),
            "localization": audit.localization.model_copy(update={"ceilings": False}),
            **dict.fromkeys(SECTIONS_WITH_QUESTIONS),
            "sanity": _of_maps(audit.sanity, foreign=foreign),
        }
    )


def _of_maps(section: SanitySection | None, *, foreign: set[str]) -> SanitySection | None:
    """Return the section with the only test that needs no model; None if it does not ask for that test."""
    if section is None or SANITY_OF_MAPS not in section.tests:
        return None
    return _without(section.model_copy(update={"tests": (SANITY_OF_MAPS,)}), foreign=foreign)


def _without(section: SanitySection | None, *, foreign: set[str]) -> SanitySection | None:
    """A section without explainers that are another model's; None where it asks about no others."""
    if section is None or not foreign & set(section.explainers):
        return section
    kept = tuple(name for name in section.explainers if name not in foreign)
    return section.model_copy(update={"explainers": kept}) if kept else None


def _brought(audit: AuditFile) -> tuple[ExplainerSpec, ...]:
    names = dict.fromkeys(name for model in audit.models for name in model.maps)
    return tuple(ExplainerSpec(name=EXTERNAL.id, id=external_id(name)) for name in names)


def _check_named(audit: AuditFile, brought: tuple[ExplainerSpec, ...]) -> None:
    known = [spec.id for spec in brought]
    for index, spec in enumerate(audit.explainers):
        if spec.name != EXTERNAL.id:
            continue
        if spec.id not in known or spec.options["content"] is not None:
            hint = did_you_mean(spec.id, known, otherwise=_WHERE)
            raise SettingError(
                f"explainers[{index}]: no model of this audit brings maps '{spec.id}'", hint=hint
            )


def _check_nothing_is_asked(audit: AuditFile, asked: tuple[ExplainerSpec, ...]) -> None:
    """Raise SettingError where the audit file itself asks what only a model can answer."""
    given = audit.model_fields_set
    if "explainers" in given and asked:
        own = {external_id(name) for model in audit.models for name in model.maps}
        name = asked[0].name
        here = external_id(name)
        where = f"its maps from files are called '{here}'; leave '{name}' out" if here in own else _WHERE
        raise SettingError(f"explainers: '{name}' has to ask a model, {_NOBODY}", hint=where)
    if "metrics" in given:
        for metric in audit.metrics:
            if metric_row(metric.name).family == "faithfulness":
                raise SettingError(
                    f"metrics: '{metric.name}' asks the model about changed images, {_NOBODY}",
                    hint="take it out of `metrics`",
                )
    if "reliance" in given and audit.reliance.enabled:
        raise SettingError(
            f"reliance: asks the model, {_NOBODY}", hint="take the section out, or set `enabled: false`"
        )
    if audit.sanity is not None and "tests" in audit.sanity.model_fields_set:
        for test in audit.sanity.tests:
            if test != SANITY_OF_MAPS:
                raise SettingError(
                    f"sanity.tests: '{test}' asks the model, {_NOBODY}",
                    hint=f"take it out; {SANITY_OF_MAPS} needs maps only",
                )
    for name in SECTIONS_WITH_QUESTIONS:
        if getattr(audit, name) is not None and name != "sanity":
            raise SettingError(f"{name}: asks the model, {_NOBODY}", hint="take the section out")
    if "ceilings" in audit.localization.model_fields_set and audit.localization.ceilings:
        raise SettingError(
            "localization.ceilings: the grid on which an external explainer tells places apart is not known",
            hint="take the key out, or set it to false",
        )
    for name, default in (("compile", False), ("precision", "float32")):
        if getattr(audit.run, name) != default:
            raise SettingError(
                f"run.{name}: every model of this audit is external, so no network runs",
                hint="take the key out",
            )


def _check_sections(audit: AuditFile, brought: tuple[ExplainerSpec, ...]) -> None:
    """Raise SettingError where a section that asks the model is to ask about maps from files."""
    external = {spec.id for spec in brought}
    for name in SECTIONS_WITH_QUESTIONS:
        section = getattr(audit, name)
        if name == "sanity" and section is not None and SANITY_OF_MAPS in section.tests:
            continue
        for asked in section.explainers if section is not None else ():
            if asked in external:
                raise SettingError(
                    f"{name}.explainers: '{asked}' are maps from files, and their model cannot be asked",
                    hint="take it out",
                )


def _check_gates(audit: AuditFile, subjects: set[str] | None) -> None:
    """Raise SettingError where a gate asks a model that is not here.

    Args:
        subjects: the explainers that are external; None where all models are.
    """
    families = {row.id: row.family for row in METRICS}
    for index, gate in enumerate(audit.gates):
        family = families.get(audit.metric_names.get(gate.metric, gate.metric))
        if family not in FAMILIES_WITH_QUESTIONS or not (subjects is None or gate.subject in subjects):
            continue
        if audit.metric_names.get(gate.metric, gate.metric) == SANITY_OF_MAPS:
            raise SettingError(
                f"gates[{index}]: {gate.metric} of maps from files is measured and not gated",
                hint="take the gate out; the finding XA312 names maps that lie in one place",
            )
        why = _NOBODY if subjects is None else f"and '{gate.subject}' are maps from files"
        raise SettingError(f"gates[{index}]: {gate.metric} asks the model, {why}", hint="take the gate out")
