"""The tables of what xaudit can do, in report order; importable in milliseconds, without torch.

`xaudit list`, the reference pages, the audit file's checks and the contract tests are all derived from these rows.
"""

from xaudit.catalog.changed import CHANGED_FAMILIES, asks_model_of_change, changed_metric_id
from xaudit.catalog.curves import CURVES, CurveRow
from xaudit.catalog.explainers import EXPLAINERS
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
from xaudit.catalog.localization import CHEXLOCALIZE
from xaudit.catalog.metrics import CEILING, METRICS
from xaudit.catalog.models import MODEL_RECORDS, MODELS
from xaudit.catalog.regions import REGIONS, STRUCTURES
from xaudit.catalog.rows import ExplainerRow, FindingRow, FormatRow, MetricRow, ModelRow, Option, OptionValue
from xaudit.catalog.sanity import CHECK_FAMILIES, STEP, step_id, with_model_id
from xaudit.catalog.table import Table

__all__ = [
    "ASKS_THE_MODEL",
    "CEILING",
    "CHANGED_FAMILIES",
    "CHECK_FAMILIES",
    "CHEXLOCALIZE",
    "CURVES",
    "EXPLAINERS",
    "EXTERNAL",
    "FAMILIES",
    "FAMILIES_WITH_QUESTIONS",
    "FINDINGS",
    "FORMATS",
    "FORMAT_RECORDS",
    "GATED_FINDINGS",
    "MARGIN",
    "METRICS",
    "MODELS",
    "MODEL_RECORDS",
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
    "step_id",
    "with_model_id",
]


def made_of_maps_id(explainer_id: str, control_id: str) -> str:
    """How the tables call a control that is made of one explainer's maps.

    Example:
        >>> made_of_maps_id("gradcam", "mean-map")
        'gradcam.mean-map'
    """
    return f"{explainer_id}.{control_id}"


def explainer_row(explainer_id: str) -> ExplainerRow:
    """The row of an explainer; raises KeyError where there is none."""
    return EXTERNAL if explainer_id == EXTERNAL.id else EXPLAINERS.by_id[explainer_id]


def metric_row(metric_id: str) -> MetricRow:
    """The row of a metric; raises KeyError where there is none."""
    return METRICS.by_id[metric_id]


def model_row(source: str) -> ModelRow:
    """The row of a source of models; raises KeyError where there is none."""
    return MODELS.by_id[source]


def finding_row(code: str) -> FindingRow:
    """The row of a finding; raises KeyError where there is none."""
    return {row.code: row for row in FINDINGS}[code]
