"""The frozen records of an audit, in the order in which data flows through them.

Conventions of this room: coordinates are floats in pixels of the original frame, 0-based and half-open, x to
the right and y down. An image of height ``H`` and width ``W`` covers ``[0, W) × [0, H)``. Arrays are ``(H, W)``.
Rows of different tables are joined by their string ids, never by position.
"""

from xaudit.records.annotation import NO_READER, Annotation, Surroundings
from xaudit.records.arrays import BoolArray, FloatArray, IntArray
from xaudit.records.attribute import Attribute, AttributeRow, attribute_rows, attributes_of
from xaudit.records.attribute_results import AssociationRow, EncodingRow, GapRow, SubgroupRow
from xaudit.records.calibration import CalibrationBin, CalibrationValue
from xaudit.records.case import Case, PatientSide, Preview
from xaudit.records.category import CategorisedMap, CategoryCount, LocalizedAndCausal, ThresholdShift
from xaudit.records.comparison import Comparison
from xaudit.records.copies import CopyGroup, CopyKind, CopyPair, SplitSize
from xaudit.records.data_audit import DataAudit, DatasetCounts
from xaudit.records.data_check import DataCheck
from xaudit.records.evaluation import Evaluation
from xaudit.records.exact_copy import ExactCopy
from xaudit.records.image_change import ImageChange, PropertyEffect
from xaudit.records.infill_effect import InfillEffect
from xaudit.records.interval import Interval
from xaudit.records.label_probe import LabelProbe, LabelValue
from xaudit.records.map_cluster import MapCluster, MapClusters, SourceCluster, StandingOut
from xaudit.records.map_facts import MapFacts
from xaudit.records.mean_reliance import MeanReliance
from xaudit.records.misclassified import MisclassifiedCases
from xaudit.records.model_answers import ModelAnswers
from xaudit.records.outcome import Outcome
from xaudit.records.plan import Plan
from xaudit.records.planted import (
    Calibration,
    CalibrationEffect,
    ExplainerOnPlant,
    PatientsNeeded,
    PlantedAnswers,
    PlantOnMap,
    PowerPoint,
)
from xaudit.records.prediction import Prediction
from xaudit.records.progress import Problem, Progress, UnscoredGroup, Work
from xaudit.records.readers import Ceiling, ReaderAgreement
from xaudit.records.region import Box, MaskRegion, Polygon, Region
from xaudit.records.region_by_class import RegionByClass
from xaudit.records.regression import Coefficient, Regression
from xaudit.records.reliance import Reliance
from xaudit.records.reliance_area import Area, FrameBox, MapTest, TestedArea
from xaudit.records.reliance_map import WindowEffects, WindowQuestion
from xaudit.records.run_diff import CaseChanges, Flips, Move, RunDiff, VerdictChange
from xaudit.records.saliency_map import SaliencyMap
from xaudit.records.score import MODEL_LEVEL, Score, ScoreCurve, ScoreKey, ScoreResult, Unscored
from xaudit.records.stability import Stability
from xaudit.records.summary import ALL_CASES, Summary
from xaudit.records.token_grid import TokenGrid
from xaudit.records.tuning import TunedThreshold, TuningCurve
from xaudit.records.verdict import ExplainerJudgement, ExplainerState, Status, Verdict

__all__ = [
    "ALL_CASES",
    "MODEL_LEVEL",
    "NO_READER",
    "Annotation",
    "Area",
    "AssociationRow",
    "Attribute",
    "AttributeRow",
    "BoolArray",
    "Box",
    "Calibration",
    "CalibrationBin",
    "CalibrationEffect",
    "CalibrationValue",
    "Case",
    "CaseChanges",
    "CategorisedMap",
    "CategoryCount",
    "Ceiling",
    "Coefficient",
    "Comparison",
    "CopyGroup",
    "CopyKind",
    "CopyPair",
    "DataAudit",
    "DataCheck",
    "DatasetCounts",
    "EncodingRow",
    "Evaluation",
    "ExactCopy",
    "ExplainerJudgement",
    "ExplainerOnPlant",
    "ExplainerState",
    "Flips",
    "FloatArray",
    "FrameBox",
    "GapRow",
    "ImageChange",
    "InfillEffect",
    "IntArray",
    "Interval",
    "LabelProbe",
    "LabelValue",
    "LocalizedAndCausal",
    "MapCluster",
    "MapClusters",
    "MapFacts",
    "MapTest",
    "MaskRegion",
    "MeanReliance",
    "MisclassifiedCases",
    "ModelAnswers",
    "Move",
    "Outcome",
    "PatientSide",
    "PatientsNeeded",
    "Plan",
    "PlantOnMap",
    "PlantedAnswers",
    "Polygon",
    "PowerPoint",
    "Prediction",
    "Preview",
    "Problem",
    "Progress",
    "PropertyEffect",
    "ReaderAgreement",
    "Region",
    "RegionByClass",
    "Regression",
    "Reliance",
    "RunDiff",
    "SaliencyMap",
    "Score",
    "ScoreCurve",
    "ScoreKey",
    "ScoreResult",
    "SourceCluster",
    "SplitSize",
    "Stability",
    "StandingOut",
    "Status",
    "SubgroupRow",
    "Summary",
    "Surroundings",
    "TestedArea",
    "ThresholdShift",
    "TokenGrid",
    "TunedThreshold",
    "TuningCurve",
    "Unscored",
    "UnscoredGroup",
    "Verdict",
    "VerdictChange",
    "WindowEffects",
    "WindowQuestion",
    "Work",
    "attribute_rows",
    "attributes_of",
]
