"""The outcome of a finished run, read from its folder."""

import json
from collections.abc import Mapping
from typing import Any

from xaudit.catalog.plugin_rows import remember
from xaudit.config import CategoriesSection, ExplainersSection, StatisticsSection
from xaudit.errors import RunFolderError
from xaudit.records import (
    Area,
    Ceiling,
    Coefficient,
    ExplainerJudgement,
    InfillEffect,
    Interval,
    LocalizedAndCausal,
    MapCluster,
    MapClusters,
    MapTest,
    MisclassifiedCases,
    Outcome,
    Plan,
    Problem,
    PropertyEffect,
    ReaderAgreement,
    RegionByClass,
    Regression,
    StandingOut,
    UnscoredGroup,
    Work,
)
from xaudit.stages.outcome.categories import with_categories
from xaudit.store.data_checks import check_of_plain
from xaudit.store.json_records import read_evaluations, read_verdicts
from xaudit.store.migrations import migrated
from xaudit.store.run_folder import RunFolder
from xaudit.store.schema_version import AUDIT_AGAIN
from xaudit.store.tables import (
    read_categories,
    read_mean_reliance,
    read_problems,
    read_summaries,
    read_thresholds,
)

OUTCOME = "outcome.json"

_RETIRED_RULE = "lower end of reliance-agreement"
RETIRED = (
    "an earlier version judged the explainers of this run by rank correlation over regions, which no longer decides; audit "
    "again to have them judged by the reliance that their maps capture"
)


def load(run: RunFolder) -> Outcome:
    """The outcome of a finished run.

    Raises:
        RunFolderError: where the run was not finished, or is damaged or newer than this program.
    """
    head = read_head(run)
    try:
        return _outcome(run, head)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise RunFolderError(f"{run.run_id}/{OUTCOME}: damaged: {error!s:.200}", hint=AUDIT_AGAIN) from error


def _outcome(run: RunFolder, head: Mapping[str, Any]) -> Outcome:
    # A run of a version that knew no categories has none.
    maps = read_categories(run) if "categories" in head else ()
    thresholds = CategoriesSection.model_validate(head.get("categories", {}))
    causal = [LocalizedAndCausal(**row) for row in head["causal"]]
    verdicts = read_verdicts(run)
    kept = tuple(one for one in verdicts if not one.rule.startswith(_RETIRED_RULE))
    outcome = Outcome(
        name=run.name,
        run_id=run.run_id,
        model_ids=tuple(head["models"]),
        explainer_ids=tuple(head["explainers"]),
        control_ids=tuple(head["controls"]),
        evaluations=read_evaluations(run),
        summaries=read_summaries(run),
        verdicts=kept,
        problems=read_problems(run),
        n_explained=head["n_explained"],
        positive=head["positive"],
        notes=(*head["notes"], *([RETIRED] if len(kept) < len(verdicts) else ())),
        work=Work(**head["work"]),
        unscored=tuple(UnscoredGroup(**row) for row in head["unscored"]),
        agreements=tuple(ReaderAgreement(**row) for row in head["agreements"]),
        ceilings=tuple(_ceiling(row) for row in head["ceilings"]),
        regressions=tuple(_regression(row) for row in head["regressions"]),
        plans=tuple(Plan(**row) for row in head["plans"]),
        thresholds=read_thresholds(run) if head["tunes_thresholds"] else (),
        map_tests=tuple(map_test_of(row) for row in head.get("map_tests", ())),
        by_class=tuple(_by_class(row) for row in head.get("by_class", ())),
        by_infill=tuple(
            InfillEffect(**{**row, "effect": Interval(**row["effect"])}) for row in head.get("by_infill", ())
        ),
        external_ids=tuple(head["external"]),
        explainers_judged=tuple(_judgement(row) for row in head.get("explainers_judged", ())),
        reliance_asked=bool((head.get("reliance") or {}).get("enabled", True)),
        image_properties=tuple(_property_effect(row) for row in head.get("image_properties", ())),
        own_regions=_own_regions(head.get("own_regions", {})),
        gate_on=StatisticsSection.model_validate(head["statistics"]).gate_on,
        mean_reliance=read_mean_reliance(run),
        map_clusters=tuple(map_clusters_of(row) for row in head.get("map_clusters", ())),
        data_checks=tuple(check_of_plain(row) for row in head.get("data_checks", ())),
        misclassified=tuple(MisclassifiedCases(**row) for row in head.get("misclassified", ())),
        misclassified_problems=tuple(Problem(**row) for row in head.get("misclassified_problems", ())),
    )
    return with_categories(outcome, maps, thresholds, causal)


def _by_class(plain: Mapping[str, Any]) -> RegionByClass:
    intervals = {name: Interval(**plain[name]) for name in ("probability", "logit")}
    by_infill = tuple((infill, Interval(**effect)) for infill, effect in plain.get("by_infill", ()))
    return RegionByClass(**{**plain, **intervals, "by_infill": by_infill})


def map_test_of(plain: Mapping[str, Any]) -> MapTest:
    """Return a test of the reliance map from its plain form."""
    intervals = {name: _interval(plain[name]) for name in ("largest", "summed", "net")}
    bounds = tuple((kind, Interval(**bound)) for kind, bound in plain["bounds"])
    areas = tuple(_area(row) for row in plain["areas"])
    return MapTest(
        **{**plain, **intervals, "bounds": bounds, "areas": areas, "infills": tuple(plain["infills"])}
    )


def _area(plain: Mapping[str, Any]) -> Area:
    tuples = {name: tuple(plain[name]) for name in ("box", "peak", "examples", "infills")}
    windows = tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in plain["windows"])
    return Area(**{**plain, **tuples, "effect": Interval(**plain["effect"]), "windows": windows})


def map_clusters_of(plain: Mapping[str, Any]) -> MapClusters:
    """Return the groups of one kind of map from their plain form."""
    return MapClusters(**{**plain, "groups": tuple(_map_cluster(row) for row in plain["groups"])})


def _map_cluster(plain: Mapping[str, Any]) -> MapCluster:
    nested = {
        "rows": tuple(tuple(row) for row in plain["rows"]),
        "examples": tuple(plain["examples"]),
        "cases": tuple(plain["cases"]),
        "attributes": tuple(StandingOut(**row) for row in plain["attributes"]),
        "effect": _interval(plain["effect"]),
    }
    return MapCluster(**{**plain, **nested})


def _own_regions(plain: Mapping[str, Mapping[str, bool]]) -> dict[str, dict[str, bool]]:
    return {
        model: {name: bool(may_matter) for name, may_matter in regions.items()}
        for model, regions in plain.items()
    }


def _interval(plain: Mapping[str, Any] | None) -> Interval | None:
    return None if plain is None else Interval(**plain)


def _ceiling(plain: Mapping[str, Any]) -> Ceiling:
    nested = {name: _interval(plain[name]) for name in ("human", "share", "difference")}
    return Ceiling(**{**plain, **nested})


def _judgement(plain: Mapping[str, Any]) -> ExplainerJudgement:
    nested = {name: _interval(plain[name]) for name in ("captured", "prior", "difference")}
    return ExplainerJudgement(**{**plain, **nested})


def explainer_limits(head: Mapping[str, Any]) -> ExplainersSection:
    """Return the limits of the judgement on explainers that a run was made with."""
    return ExplainersSection.model_validate((head.get("reliance") or {}).get("explainers", {}))


def _property_effect(plain: Mapping[str, Any]) -> PropertyEffect:
    names = ("probability", "log_odds", "movement", "with_finding")
    return PropertyEffect(**{**plain, **{name: Interval(**plain[name]) for name in names}})


def _regression(plain: Mapping[str, Any]) -> Regression:
    coefficients = tuple(
        Coefficient(row["name"], Interval(**row["interval"]), row["p_value"]) for row in plain["coefficients"]
    )
    return Regression(**{**plain, "coefficients": coefficients})


def read_head(run: RunFolder) -> dict[str, Any]:
    """Read the outcome's fields that are not tables; raises RunFolderError if they are missing.

    What other packages brought stands in the catalog afterwards, installed or not.
    """
    shown = f"{run.run_id}/{OUTCOME}"
    try:
        return _checked_head(json.loads((run.path / OUTCOME).read_text(encoding="utf-8")), shown)
    except FileNotFoundError:
        raise RunFolderError(
            f"{run.run_id}: this run was not finished",
            hint="give the command that made it again: it goes on where it stopped",
        ) from None
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        raise RunFolderError(f"{shown}: damaged", hint="run the audit again") from None


def _checked_head(plain: Any, shown: str) -> dict[str, Any]:  # noqa: ANN401
    """Check the fields of a run's head that other stages rely on.

    Raises:
        ValueError, KeyError, TypeError: where it is damaged.
        RunFolderError: where a newer version wrote it.
    """
    head = dict(migrated(OUTCOME, dict(plain), shown))
    for name in ("models", "explainers", "controls", "notes"):
        if not isinstance(head[name], list) or not all(isinstance(one, str) for one in head[name]):
            raise ValueError(f"{name} is no list of texts")
    if not isinstance(head["n_explained"], dict) or not isinstance(head["positive"], dict):
        raise TypeError("n_explained and positive are told by model")
    dict(head["metric_names"])
    StatisticsSection.model_validate(head["statistics"])
    remember(head["plugins"])
    return head
