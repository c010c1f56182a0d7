"""The audit file, typed: read from YAML or TOML, every name and number checked, unknown keys refused.

Paths in the file are relative to the file. Everything has a default but ``data`` and ``models``.
"""

from xaudit.config.analysis import (
    CategoriesSection,
    Infill,
    LocalizationSection,
    RelianceSection,
    RunSection,
    Spread,
    StatisticsSection,
)
from xaudit.config.audit_file import DEFAULT_METRICS, AuditFile
from xaudit.config.changed_images import (
    ChangedImagesSection,
    Equivariance,
    EquivarianceSection,
    Resolution,
    ResolutionSection,
    Steps,
    Transforms,
)
from xaudit.config.data import (
    BUILT_IN_MASKS,
    AnnotationSection,
    DataSection,
    LungSection,
    NiftiSection,
    PhantomSection,
    RegionSection,
    SlicesSection,
    SplitSection,
)
from xaudit.config.external import audit_of_model
from xaudit.config.gates import Gate, GateEntry, MaxDrop
from xaudit.config.measured import measured_metrics
from xaudit.config.models import MapFiles, ModelSection, PredictionTable, TrainSection
from xaudit.config.named import Explainer, ExplainerSpec, Metric, MetricSpec, NamedOptions, fingerprint
from xaudit.config.reading import audit_schema, build_audit_file, read_audit_file
from xaudit.config.report import ReportSection
from xaudit.config.sanity import (
    CheckSection,
    Repeatability,
    RepeatabilitySection,
    Robustness,
    RobustnessSection,
    Sanity,
    SanitySection,
)
from xaudit.config.section import Section
from xaudit.config.strata import STRATA, TOLD_STRATA, Stratum, StratumSpec

__all__ = [
    "BUILT_IN_MASKS",
    "DEFAULT_METRICS",
    "STRATA",
    "TOLD_STRATA",
    "AnnotationSection",
    "AuditFile",
    "CategoriesSection",
    "ChangedImagesSection",
    "CheckSection",
    "DataSection",
    "Equivariance",
    "EquivarianceSection",
    "Explainer",
    "ExplainerSpec",
    "Gate",
    "GateEntry",
    "Infill",
    "LocalizationSection",
    "LungSection",
    "MapFiles",
    "MaxDrop",
    "Metric",
    "MetricSpec",
    "ModelSection",
    "NamedOptions",
    "NiftiSection",
    "PhantomSection",
    "PredictionTable",
    "RegionSection",
    "RelianceSection",
    "Repeatability",
    "RepeatabilitySection",
    "ReportSection",
    "Resolution",
    "ResolutionSection",
    "Robustness",
    "RobustnessSection",
    "RunSection",
    "Sanity",
    "SanitySection",
    "Section",
    "SlicesSection",
    "SplitSection",
    "Spread",
    "StatisticsSection",
    "Steps",
    "Stratum",
    "StratumSpec",
    "TrainSection",
    "Transforms",
    "audit_of_model",
    "audit_schema",
    "build_audit_file",
    "fingerprint",
    "measured_metrics",
    "read_audit_file",
]
