"""The whole audit file, its sections checked against each other."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from pydantic import (
    Field,
    field_validator,
)

from xaudit.catalog import (
    CHANGED_FAMILIES,
    CHECK_FAMILIES,
    DATA_FAMILY,
    EXPLAINERS,
    METRICS,
    explainer_row,
    made_of_maps_id,
    metric_row,
    step_id,
    with_model_id,
)
from xaudit.config.sections.analysis import (
    CategoriesSection,
    LocalizationSection,
    RelianceSection,
    RunSection,
    StatisticsSection,
)
from xaudit.config.sections.changed_images import Equivariance, Resolution
from xaudit.config.sections.data import DataSection
from xaudit.config.sections.data_audit import DataAuditSection
from xaudit.config.sections.gates import GateEntry
from xaudit.config.sections.metric_ids import names_of_metrics
from xaudit.config.sections.models import ModelSection
from xaudit.config.sections.named import Explainer, ExplainerSpec, Metric, MetricSpec, fingerprint
from xaudit.config.sections.plugged import brought
from xaudit.config.sections.report import ReportSection
from xaudit.config.sections.sanity import Repeatability, Robustness, Sanity
from xaudit.config.sections.section import Section, SettingError
from xaudit.config.sections.train import TrainSection

if TYPE_CHECKING:
    from xaudit.catalog.plugins import Brought, Kind

DEFAULT_METRICS = tuple(
    row.id for row in METRICS if row.by_default and row.family in ("localization", "faithfulness")
)


def percents(steps: int) -> tuple[int, ...]:
    """The shares of layers, in percent, that are random at each step of a cascade.

    Example:
        >>> percents(4), percents(3)
        ((25, 50, 75, 100), (33, 67, 100))
    """
    return tuple(round(100 * step / steps) for step in range(1, steps + 1))


def _explainers(*names: str) -> tuple[ExplainerSpec, ...]:
    return tuple(ExplainerSpec(name=name) for name in names)


class AuditFile(Section):
    """The whole audit: data, models, explainers, metrics, controls, gates."""

    name: str = Field(
        "audit", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="part of the run folder's name"
    )
    seed: int = Field(0, ge=0, description="all random choices are drawn from it")
    data: DataSection
    datasets: dict[str, DataSection] = Field(
        default_factory=dict, description="more data sets, for models[].dataset"
    )
    models: tuple[ModelSection, ...] = Field(min_length=1, description="the classifiers that are audited")
    train: TrainSection = TrainSection()
    explainers: tuple[Explainer, ...] = Field(
        _explainers("gradcam", "lime"), min_length=1, description="names, or names with settings"
    )
    metrics: tuple[Metric, ...] = Field(
        tuple(MetricSpec(name=name) for name in DEFAULT_METRICS),
        min_length=1,
        description="names, or names with settings",
    )
    controls: tuple[Explainer, ...] = Field(
        _explainers(*(row.id for row in EXPLAINERS if row.control)),
        description="explainers that know nothing of the model, as the level to beat",
    )
    reliance: RelianceSection = RelianceSection()
    localization: LocalizationSection = LocalizationSection()
    equivariance: Equivariance = Field(
        None, description="what flips, turns and shifts change; `true` takes the defaults, absent: not asked"
    )
    resolution: Resolution = Field(
        None, description="what coarser images change; `true` takes the defaults, absent: not asked"
    )
    sanity: Sanity = Field(
        None,
        description="whether maps depend on the model and the class; `true` takes the defaults, absent: not asked",
    )
    robustness: Robustness = Field(
        None,
        description="whether maps bear noise and other seeds; `true` takes the defaults, absent: not asked",
    )
    repeatability: Repeatability = Field(
        None,
        description="whether the maps of the audit's models agree; `true` takes the defaults, absent: not asked",
    )
    gates: tuple[GateEntry, ...] = Field(
        (), description="limits that decide the exit code, such as `iou@gradcam >= 0.3`; see below"
    )
    statistics: StatisticsSection = StatisticsSection()
    categories: CategoriesSection = CategoriesSection()
    run: RunSection = RunSection()
    data_audit: DataAuditSection = DataAuditSection()
    report: ReportSection = ReportSection()

    @field_validator("controls")
    @classmethod
    def _are_controls(cls, controls: tuple[ExplainerSpec, ...]) -> tuple[ExplainerSpec, ...]:
        for control in controls:
            if not explainer_row(control.name).control:
                known = ", ".join(row.id for row in EXPLAINERS if row.control)
                raise SettingError(f"'{control.name}' is no control; the controls are {known}")
        return controls

    @field_validator("explainers")
    @classmethod
    def _make_maps(cls, explainers: tuple[ExplainerSpec, ...]) -> tuple[ExplainerSpec, ...]:
        for spec in explainers:
            if explainer_row(spec.name).made_of in ("maps", "marks"):
                raise SettingError(
                    f"'{spec.name}' makes no map of an image", hint="it belongs under `controls`"
                )
        return explainers

    @field_validator("metrics")
    @classmethod
    def _are_asked_here(cls, metrics: tuple[MetricSpec, ...]) -> tuple[MetricSpec, ...]:
        for spec in metrics:
            row = metric_row(spec.name)
            if row.family == DATA_FAMILY:
                raise SettingError(
                    f"'{spec.name}' is a value of the data, and scores no map",
                    hint="leave it out: `xaudit data audit` measures it, and `gates` may set a limit on it",
                )
            if row.family in (*CHANGED_FAMILIES, *CHECK_FAMILIES) and not row.is_listed:
                raise SettingError(
                    f"'{spec.name}' is no metric of its own",
                    hint=f"ask for it with the section `{row.family}`",
                )
        return metrics

    @property
    def all_datasets(self) -> Mapping[str, DataSection]:
        """Every data set by its id; the main one is called ``data``."""
        used = {model.dataset or "data" for model in self.models}
        return {
            name: section for name, section in {"data": self.data, **self.datasets}.items() if name in used
        }

    @property
    def own_regions(self) -> Mapping[str, bool]:
        """Regions that the audit file names, in its order: True if an answer may rest on them."""
        sections = self.all_datasets.values()
        return {name: region.evidence for data in sections for name, region in data.regions.own.items()}

    @property
    def own_regions_by_model(self) -> dict[str, dict[str, bool]]:
        """The same by model: those of the data set that it is audited on."""
        return {
            model.id: {
                name: region.evidence
                for name, region in self.all_datasets[model.dataset or "data"].regions.own.items()
            }
            for model in self.models
        }

    @property
    def plugins(self) -> "tuple[Brought, ...]":
        """Plug-ins that the audit names, each once, explainers first."""
        named: list[tuple[Kind, str]] = [
            *(("explainer", spec.name) for spec in self.explainers),
            *(("metric", spec.name) for spec in self.metrics),
            *(("model", model.source) for model in self.models),
            *(("format", data.annotations.format) for data in self.all_datasets.values() if data.annotations),
        ]
        plugins = (brought(kind, name) for kind, name in dict.fromkeys(named))
        return tuple(one for one in plugins if one is not None)

    @property
    def tunes_thresholds(self) -> bool:
        """True if a metric cuts maps at a threshold that another split must choose first."""
        return any(metric.cuts_at_tuned_threshold for metric in self.metrics)

    @property
    def explainers_and_controls(self) -> tuple[ExplainerSpec, ...]:
        """Everything that makes a map of an image, in report order."""
        return (
            *self.explainers,
            *(spec for spec in self.controls if explainer_row(spec.name).made_of == "image"),
        )

    @property
    def control_ids(self) -> tuple[str, ...]:
        """Every control as the tables call it; one made of maps is there once for each explainer."""
        ids: list[str] = []
        for spec in self.controls:
            if explainer_row(spec.name).made_of == "maps":
                ids += [made_of_maps_id(explainer.id, spec.id) for explainer in self.explainers]
            else:
                ids.append(spec.id)
        return tuple(ids)

    @property
    def levels_to_beat(self) -> tuple[str, ...]:
        """The controls that an explainer is held against: all but what people reach."""
        people = {spec.id for spec in self.controls if explainer_row(spec.name).made_of == "marks"}
        return tuple(name for name in self.control_ids if name not in people)

    @property
    def metric_names(self) -> Mapping[str, str]:
        """The catalog's name of each metric id that is not that name itself."""
        names = names_of_metrics(
            self.metrics, self.equivariance, self.resolution, own_regions=self.own_regions
        )
        for percent in percents(self.sanity.steps) if self.sanity else ():
            names[step_id(percent)] = step_id(percent).removesuffix(f"-{percent}")
            names[step_id(percent, ssim=True)] = step_id(percent, ssim=True).removesuffix(f"-{percent}")
        if self.repeatability:
            rows = [row.id for row in METRICS if row.family == "repeatability"]
            names |= {with_model_id(row, model.id): row for row in rows for model in self.models}
        return names

    def fingerprint(self, *, with_places: bool = True) -> str:
        """A hash of all that can change a result; how the work is cut up does not count.

        Args:
            with_places: whether it counts where the files lie, and not only what they are called. Without, the same
                audit on another machine has the same hash; whether the files are the same must be told otherwise.
        """
        plain = self.model_dump(mode="json", exclude={"report"})
        if not with_places:
            plain = _names_only(plain, self.model_dump(mode="python", exclude={"report"}))
        for setting in ("batch_size", "shard_size", "max_error_rate", "figures", "maps", "curves", "errors"):
            plain["run"].pop(setting)
        return fingerprint(plain)


def _names_only(plain: Any, typed: Any) -> Any:  # noqa: ANN401  (any value of an audit file)
    """The plain values with the last part of each path in the path's place."""
    match typed:
        case PurePath():
            return typed.name
        case dict():
            return {key: _names_only(value, typed.get(key)) for key, value in plain.items()}
        case list() | tuple() if isinstance(plain, list) and len(plain) == len(typed):
            return [_names_only(*pair) for pair in zip(plain, typed, strict=True)]
        case _:
            return plain
