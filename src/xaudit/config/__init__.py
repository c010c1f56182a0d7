"""The audit file, typed: read from YAML or TOML, every name and number checked, unknown keys refused.

Paths in the file are relative to the file. Everything has a default but ``data`` and ``models``.
"""

from xaudit.config.audit_file import DEFAULT_METRICS, AuditFile
from xaudit.config.checks.external import audit_of_model
from xaudit.config.checks.measured import measured_metrics
from xaudit.config.reading import audit_schema, build_audit_file, read_audit_file
from xaudit.config.sections.analysis import (
    CategoriesSection,
    Infill,
    LocalizationSection,
    RelianceMapSection,
    RelianceSection,
    RunSection,
    Spread,
    StatisticsSection,
)
from xaudit.config.sections.attributes import FILE_ATTRIBUTES, AttributeSpec
from xaudit.config.sections.changed_images import (
    ChangedImagesSection,
    Equivariance,
    EquivarianceSection,
    Resolution,
    ResolutionSection,
    Steps,
    Transforms,
)
from xaudit.config.sections.data import (
    AnnotationSection,
    DataSection,
    PhantomSection,
    SplitSection,
)
from xaudit.config.sections.data_audit import (
    AttributesSection,
    CopiesSection,
    DataAuditSection,
    LabelSection,
)
from xaudit.config.sections.external import MapFiles, PredictionTable
from xaudit.config.sections.findings import FindingSection, is_unnamed, without_finding
from xaudit.config.sections.gates import Gate, GateEntry, MaxDrop
from xaudit.config.sections.judged import ExplainersSection
from xaudit.config.sections.models import ModelSection
from xaudit.config.sections.named import (
    Explainer,
    ExplainerSpec,
    Metric,
    MetricSpec,
    NamedOptions,
    fingerprint,
)
from xaudit.config.sections.own_regions import OwnRegion
from xaudit.config.sections.preprocess import PreprocessSection, Resize
from xaudit.config.sections.regions import BUILT_IN_MASKS, LungSection, RegionSection
from xaudit.config.sections.report import ReportSection
from xaudit.config.sections.sanity import (
    CheckSection,
    Repeatability,
    RepeatabilitySection,
    Robustness,
    RobustnessSection,
    Sanity,
    SanitySection,
)
from xaudit.config.sections.section import Section, SettingError
from xaudit.config.sections.slices import NiftiSection, SlicesSection
from xaudit.config.sections.strata import STRATA, TOLD_STRATA, Stratum, StratumSpec
from xaudit.config.sections.train import TrainSection

__all__ = [
    "BUILT_IN_MASKS",
    "DEFAULT_METRICS",
    "FILE_ATTRIBUTES",
    "STRATA",
    "TOLD_STRATA",
    "AnnotationSection",
    "AttributeSpec",
    "AttributesSection",
    "AuditFile",
    "CategoriesSection",
    "ChangedImagesSection",
    "CheckSection",
    "CopiesSection",
    "DataAuditSection",
    "DataSection",
    "Equivariance",
    "EquivarianceSection",
    "Explainer",
    "ExplainerSpec",
    "ExplainersSection",
    "FindingSection",
    "Gate",
    "GateEntry",
    "Infill",
    "LabelSection",
    "LocalizationSection",
    "LungSection",
    "MapFiles",
    "MaxDrop",
    "Metric",
    "MetricSpec",
    "ModelSection",
    "NamedOptions",
    "NiftiSection",
    "OwnRegion",
    "PhantomSection",
    "PredictionTable",
    "PreprocessSection",
    "RegionSection",
    "RelianceMapSection",
    "RelianceSection",
    "Repeatability",
    "RepeatabilitySection",
    "ReportSection",
    "Resize",
    "Resolution",
    "ResolutionSection",
    "Robustness",
    "RobustnessSection",
    "RunSection",
    "Sanity",
    "SanitySection",
    "Section",
    "SettingError",
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
    "is_unnamed",
    "measured_metrics",
    "read_audit_file",
    "without_finding",
]
