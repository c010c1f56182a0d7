"""No reader is forgotten: everything that the catalog can read is damaged by the tests beside this one."""

from typing import get_args

import pytest
import seeds
from entry_points import ENTRY_POINTS

from xaudit.cases.images.header import SourceFormat
from xaudit.catalog import FORMAT_RECORDS, FORMATS, MODELS
from xaudit.explainers.external.reading import SUFFIXES

DAMAGED = {name for entry in ENTRY_POINTS for name in entry.formats}

WITHOUT_A_FILE = {"folder", "phantom"}
"""Kinds of data that are no file: a folder's links are in test_hostile_files.py, the phantom is made."""

PROGRAMS = {"torchscript", "exported"}
"""Files that are programs and run because whoever wrote the audit file trusts them by name; tests/models damages them."""

ELSEWHERE = {"onnx", "huggingface"}
"""Read by a library that is an extra, which may be missing here; tests/models damages them."""

IN_FILES = {"external"}
"""A model that is not here: its files are the formats ``predictions`` and ``maps``."""


def test_every_format_of_the_catalog_is_damaged():
    assert {row.id for row in FORMATS} - WITHOUT_A_FILE <= DAMAGED


def test_every_kind_of_image_and_of_marks_is_damaged():
    assert set(get_args(SourceFormat)) <= DAMAGED
    assert set(FORMAT_RECORDS) <= DAMAGED


def test_every_source_of_models_is_damaged_or_stands_here_with_a_reason():
    assert {row.id for row in MODELS} == (
        DAMAGED & {row.id for row in MODELS}
    ) | PROGRAMS | ELSEWHERE | IN_FILES
    assert {row.id for row in MODELS if row.is_program} == PROGRAMS


def test_every_suffix_of_a_map_has_a_file_that_is_damaged():
    laid = list(seeds.maps())
    assert {suffix for suffix in SUFFIXES if not any(name.endswith(suffix) for name in laid)} == set()


@pytest.mark.parametrize("name", ["audit file", "stored run", "training state", "weights"])
def test_what_is_no_format_of_data_is_damaged_too(name):
    assert name in {entry.name for entry in ENTRY_POINTS}
