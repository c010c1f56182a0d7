"""The tables of what xaudit can do, in report order; importable in milliseconds, without torch.

`xaudit list`, the reference pages, the audit file's checks and the contract tests are all derived from these rows.
"""

from xaudit.catalog.explainers import EXPLAINER_RECORDS, EXPLAINERS
from xaudit.catalog.external import (
    ASKS_THE_MODEL,
    EXTERNAL,
    FAMILIES_WITH_QUESTIONS,
    SANITY_OF_MAPS,
    SECTIONS_WITH_QUESTIONS,
    external_id,
)
from xaudit.catalog.families import FAMILIES
from xaudit.catalog.findings import FINDINGS, GATED_FINDINGS, MARGIN
from xaudit.catalog.formats import FORMAT_RECORDS, FORMATS
from xaudit.catalog.infills import INFILLS
from xaudit.catalog.metric_ids import (
    BESIDE_RELIANCE,
    CAPTURED,
    CEILING,
    CHANGED_FAMILIES,
    CHECK_FAMILIES,
    CHEXLOCALIZE,
    DATA_FAMILY,
    MODEL_FAMILIES,
    PRIOR,
    STEP,
    asks_model_of_change,
    changed_metric_id,
    made_of_maps_id,
    own_regions_of,
    region_family,
    region_metric_names,
    step_id,
    with_model_id,
    with_own_regions,
)
from xaudit.catalog.metrics import CURVES, METRIC_RECORDS, METRICS
from xaudit.catalog.models import MODEL_RECORDS, MODELS
from xaudit.catalog.regions import ALL_BUT_MARK, AREA_METRICS, AREA_PLACES, OWN_REGION, REGIONS, STRUCTURES
from xaudit.catalog.rows import (
    CurveRow,
    ExplainerRow,
    FindingRow,
    FormatRow,
    MetricRow,
    ModelRow,
    Option,
    OptionValue,
    typed_options,
)
from xaudit.catalog.table import Table

__all__ = [
    "ALL_BUT_MARK",
    "AREA_METRICS",
    "AREA_PLACES",
    "ASKS_THE_MODEL",
    "BESIDE_RELIANCE",
    "CAPTURED",
    "CEILING",
    "CHANGED_FAMILIES",
    "CHECK_FAMILIES",
    "CHEXLOCALIZE",
    "CURVES",
    "DATA_FAMILY",
    "EXPLAINERS",
    "EXPLAINER_RECORDS",
    "EXTERNAL",
    "FAMILIES",
    "FAMILIES_WITH_QUESTIONS",
    "FINDINGS",
    "FORMATS",
    "FORMAT_RECORDS",
    "GATED_FINDINGS",
    "INFILLS",
    "MARGIN",
    "METRICS",
    "METRIC_RECORDS",
    "MODELS",
    "MODEL_FAMILIES",
    "MODEL_RECORDS",
    "OWN_REGION",
    "PRIOR",
    "REGIONS",
    "SANITY_OF_MAPS",
    "SECTIONS_WITH_QUESTIONS",
    "STEP",
    "STRUCTURES",
    "CurveRow",
    "ExplainerRow",
    "FindingRow",
    "FormatRow",
    "MetricRow",
    "ModelRow",
    "Option",
    "OptionValue",
    "Table",
    "asks_model_of_change",
    "changed_metric_id",
    "explainer_row",
    "external_id",
    "finding_row",
    "made_of_maps_id",
    "metric_row",
    "model_row",
    "own_regions_of",
    "region_family",
    "region_metric_names",
    "step_id",
    "typed_options",
    "with_model_id",
    "with_own_regions",
]


def explainer_row(explainer_id: str) -> ExplainerRow:
    """Return the row of an explainer; raises KeyError where there is none."""
    return EXTERNAL if explainer_id == EXTERNAL.id else EXPLAINERS.by_id[explainer_id]


def metric_row(metric_id: str) -> MetricRow:
    """Return the row of a metric; raises KeyError where there is none."""
    return METRICS.by_id[metric_id]


def model_row(source: str) -> ModelRow:
    """Return the row of a source of models; raises KeyError where there is none."""
    return MODELS.by_id[source]


def finding_row(code: str) -> FindingRow:
    """Return the row of a finding; raises KeyError where there is none."""
    return {row.code: row for row in FINDINGS}[code]
