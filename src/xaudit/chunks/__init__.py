"""Explanation, scoring and reliance for one chunk of cases.

A chunk's images are read once and shared by all explainers; nothing here outlives its chunk, so memory does not
grow with the number of cases. Every random choice is seeded by case and explainer, so neither the chunk's size nor
its company changes a result.
"""

from xaudit.chunks.captured import captured_score, captured_scores, windows_of
from xaudit.chunks.chunk import CaseSource, Chunk, Subject
from xaudit.chunks.donors import DonorPool, need_donor
from xaudit.chunks.explaining import explain, have_maps
from xaudit.chunks.faithfulness import curves_of
from xaudit.chunks.image_changes import measure_image_changes
from xaudit.chunks.localizing import Thresholds, localize
from xaudit.chunks.map_facts import facts_of_map, map_facts
from xaudit.chunks.reliance import ask_reliance, score_reliance
from xaudit.chunks.reliance_map import ask_reliance_map
from xaudit.chunks.results import without_map
from xaudit.chunks.scoring import empty_map, score
from xaudit.chunks.tuning import tuning_curves

__all__ = [
    "CaseSource",
    "Chunk",
    "DonorPool",
    "Subject",
    "Thresholds",
    "ask_reliance",
    "ask_reliance_map",
    "captured_score",
    "captured_scores",
    "curves_of",
    "empty_map",
    "explain",
    "facts_of_map",
    "have_maps",
    "localize",
    "map_facts",
    "measure_image_changes",
    "need_donor",
    "score",
    "score_reliance",
    "tuning_curves",
    "windows_of",
    "without_map",
]
