"""The whole audit file, its sections checked against each other."""

from collections.abc import Mapping
from typing import Self

from pydantic import (
    Field,
    field_validator,
    model_validator,
)

from xaudit.catalog import (
    CHANGED_FAMILIES,
    EXPLAINERS,
    METRICS,
    STRUCTURES,
    explainer_row,
    made_of_maps_id,
    metric_row,
)
from xaudit.config.analysis import (
    CategoriesSection,
    LocalizationSection,
    RelianceSection,
    RunSection,
    StatisticsSection,
)
from xaudit.config.changed_images import Equivariance, Resolution
from xaudit.config.data import DataSection
from xaudit.config.gates import Gate, GateEntry
from xaudit.config.measured import check_measured
from xaudit.config.metric_names import names_of_metrics
from xaudit.config.models import ModelSection, TrainSection
from xaudit.config.named import Explainer, ExplainerSpec, Metric, MetricSpec, fingerprint
from xaudit.config.section import Section
from xaudit.errors import nearest

DEFAULT_METRICS = tuple(
    row.id for row in METRICS if row.by_default and row.family in ("localization", "faithfulness")
)


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
    gates: tuple[GateEntry, ...] = Field(
        (), description="limits that decide the exit code, such as `iou@gradcam >= 0.3`; see below"
    )
    statistics: StatisticsSection = StatisticsSection()
    categories: CategoriesSection = CategoriesSection()
    run: RunSection = RunSection()

    @field_validator("controls")
    @classmethod
    def _are_controls(cls, controls: tuple[ExplainerSpec, ...]) -> tuple[ExplainerSpec, ...]:
        for control in controls:
            if not explainer_row(control.name).control:
                known = ", ".join(row.id for row in EXPLAINERS if row.control)
                raise ValueError(f"'{control.name}' is no control; the controls are {known}")
        return controls

    @field_validator("explainers")
    @classmethod
    def _make_maps(cls, explainers: tuple[ExplainerSpec, ...]) -> tuple[ExplainerSpec, ...]:
        for spec in explainers:
            if explainer_row(spec.name).made_of != "image":
                raise ValueError(f"'{spec.name}' makes no map of an image|it belongs under `controls`")
        return explainers

    @field_validator("metrics")
    @classmethod
    def _are_asked_here(cls, metrics: tuple[MetricSpec, ...]) -> tuple[MetricSpec, ...]:
        for spec in metrics:
            family = metric_row(spec.name).family
            if family in CHANGED_FAMILIES:
                raise ValueError(
                    f"'{spec.name}' is no metric of its own|ask for it with the section `{family}`"
                )
        return metrics

    @model_validator(mode="after")
    def _asks_known_explainers_again(self) -> Self:
        known = [spec.id for spec in self.explainers_and_controls]
        for name, section in (("equivariance", self.equivariance), ("resolution", self.resolution)):
            for asked in section.explainers if section is not None else ():
                if asked not in known:
                    hint = nearest(asked, known)
                    raise ValueError(
                        f"{name}.explainers: the audit has no explainer '{asked}'"
                        + (f"; did you mean '{hint}'?" if hint else f"; it has {', '.join(known)}")
                    )
        return self

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        for where, names in (
            ("models", [model.id for model in self.models]),
            ("explainers", [*(spec.id for spec in self.explainers), *self.control_ids]),
            ("metrics", [spec.id for spec in self.metrics]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{where}: '{twice[0]}' stands twice; give each its own id")
        for index, model in enumerate(self.models):
            if model.dataset is not None and model.dataset not in self.datasets:
                hint = nearest(model.dataset, self.datasets)
                raise ValueError(
                    f"models[{index}].dataset: no data set is called '{model.dataset}'"
                    + (f"; did you mean '{hint}'?" if hint else "")
                )
        self._asks_false_focus_where_it_can_be()
        known = [*(spec.id for spec in self.explainers), *self.control_ids]
        for index, gate in enumerate(self.gates):
            if gate.subject is not None and gate.subject not in known:
                hint = nearest(gate.subject, known)
                raise ValueError(
                    f"gates[{index}]: the audit has no explainer '{gate.subject}'"
                    + (f"; did you mean '{hint}'?" if hint else f"; it has {', '.join(known)}")
                )
            self._check_region(index, gate)
        check_measured(self)
        return self

    def _asks_false_focus_where_it_can_be(self) -> None:
        policies = {one.annotations.readers for one in self.all_datasets.values() if one.annotations}
        if (
            self.run.cases == "annotated"
            and policies <= {"union"}
            and any(metric.name == "false-focus" for metric in self.metrics)
        ):
            raise ValueError(
                "metrics: false-focus is asked of cases on which the readers found nothing, and run.cases: annotated "
                "leaves them out|set run.cases to all"
            )

    def _check_region(self, index: int, gate: Gate) -> None:
        """Raises ValueError where a gate asks about a region for which a data set has no masks."""
        region = gate.metric.removeprefix("reliance-").removeprefix("mass-")
        for name, section in self.all_datasets.items():
            where = "data" if name == "data" else f"datasets.{name}"
            structure = STRUCTURES.get(region)
            if structure is not None and structure not in section.structures:
                raise ValueError(
                    f"gates[{index}]: {gate.metric} needs masks, and {where}.regions.{structure} is not set"
                    "|name a folder of masks or a COCO file there, or `builtin-ct` or `builtin-xray`"
                )
            if region == "outside" and "body" in section.structures:
                raise ValueError(
                    f"gates[{index}]: {gate.metric}: {where}.regions.body divides what is outside into regions"
                    "|gate on thorax, body or empty instead"
                )

    @property
    def all_datasets(self) -> Mapping[str, DataSection]:
        """Every data set by its id; the main one is called ``data``."""
        used = {model.dataset or "data" for model in self.models}
        return {
            name: section for name, section in {"data": self.data, **self.datasets}.items() if name in used
        }

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
        return names_of_metrics(self.metrics, self.equivariance, self.resolution)

    def fingerprint(self) -> str:
        """A hash of all that can change a result; how the work is cut up does not count."""
        plain = self.model_dump(mode="json")
        for setting in ("batch_size", "shard_size", "max_error_rate", "figures", "maps"):
            plain["run"].pop(setting)
        return fingerprint(plain)
