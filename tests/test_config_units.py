"""A number out of bounds is answered with what the key is, and what the number would be in the key's unit."""

import pytest
import yaml

from xaudit.catalog import EXPLAINERS, METRICS
from xaudit.config import read_audit_file
from xaudit.errors import AuditFileError

SCHEMA = "`xaudit config schema` describes every key"
BASE = {"data": {"format": "phantom"}, "models": [{"id": "net", "architecture": "resnet18"}]}


def refused(tmp_path, **keys):
    path = tmp_path / "audit.yaml"
    path.write_text(yaml.safe_dump({**BASE, **keys}))
    with pytest.raises(AuditFileError) as raised:
        read_audit_file(path)
    return str(raised.value), raised.value.hint


def test_a_window_in_pixels_is_told_that_it_is_a_share_of_the_side(tmp_path):
    assert refused(tmp_path, explainers=[{"name": "occlusion", "window": 32}]) == (
        "audit.yaml: explainers[0]: window: expected a number at least 0.01 and at most 1, got 32: it is the side of the "
        "patch, as a share of the image's side",
        "32 px of a side of 224 px would be 0.143",  # 32 / 224
    )


@pytest.mark.parametrize(
    ("name", "option", "value", "hint"),
    [
        ("occlusion", "stride", 16, "16 px of a side of 224 px would be 0.0714"),
        ("smoothgrad", "noise", 30, "30 of 255 grey values would be 0.118"),
        ("rise", "probability", 50, "50 percent would be 0.5"),
        ("occlusion", "window", -1, SCHEMA),
        ("occlusion", "window", 5000, SCHEMA),
    ],
)
def test_a_number_of_another_unit_is_converted_where_it_can_be(tmp_path, name, option, value, hint):
    assert refused(tmp_path, explainers=[{"name": name, option: value}])[1] == hint


def test_a_control_takes_shares_too(tmp_path):
    assert refused(tmp_path, controls=[{"name": "centre", "width": 32}])[1] == (
        "32 px of a side of 224 px would be 0.143"
    )


def test_every_option_whose_range_ends_at_one_says_what_it_is_a_share_of():
    rows = [*EXPLAINERS.own, *METRICS.own]
    silent = [
        f"{row.id}.{option.name}"
        for row in rows
        for option in row.options
        if isinstance(option.default, float) and option.maximum is not None and option.maximum <= 1
        if not option.share_of and option.name != "stop_at"  # a standard error, in the score's unit
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("keys", "error", "hint"),
    [
        (
            {"statistics": {"confidence": 95}},
            "audit.yaml: statistics.confidence: input should be less than 1, got 95",
            "95 percent would be 0.95; `confidence` is: of every interval",
        ),
        (
            {"data": {"format": "phantom", "split": {"test": 30}}},
            "audit.yaml: data.split.test: input should be less than or equal to 1, got 30",
            "30 percent would be 0.3; `test` is: share of the patients that is audited",
        ),
        (
            {"statistics": {"replicates": 10}},
            "audit.yaml: statistics.replicates: input should be greater than or equal to 100, got 10",
            SCHEMA,
        ),
    ],
)
def test_a_key_out_of_bounds_says_what_it_is(tmp_path, keys, error, hint):
    assert refused(tmp_path, **keys) == (error, hint)
