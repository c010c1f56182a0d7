"""Explanation, scoring and reliance for one chunk of cases.

A chunk's images are read once and shared by all explainers; nothing here outlives its chunk, so memory does not
grow with the number of cases. Every random choice is seeded by case and explainer, so neither the chunk's size nor
its company changes a result.
"""

from xaudit.audit.chunk import CaseSource, Chunk, Subject
from xaudit.audit.explaining import explain, have_maps
from xaudit.audit.faithfulness import curves_of
from xaudit.audit.localizing import Thresholds, localize
from xaudit.audit.map_facts import facts_of_map, map_facts
from xaudit.audit.reliance import ask_reliance, score_reliance
from xaudit.audit.results import without_map
from xaudit.audit.scoring import empty_map, score
from xaudit.audit.tuning import tuning_curves

__all__ = [
    "CaseSource",
    "Chunk",
    "Subject",
    "Thresholds",
    "ask_reliance",
    "curves_of",
    "empty_map",
    "explain",
    "facts_of_map",
    "have_maps",
    "localize",
    "map_facts",
    "score",
    "score_reliance",
    "tuning_curves",
    "without_map",
]
