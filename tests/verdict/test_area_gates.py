"""Gates on areas of the reliance map, and the figures that they are compared with, from tests made by hand."""

from dataclasses import replace
from pathlib import Path

import pytest
from hand_made import judged
from map_tests_by_hand import area, asked

from xaudit.config import build_audit_file
from xaudit.errors import AuditFileError
from xaudit.records import Interval
from xaudit.stages.outcome.dependence.gate_values import area_summaries

CORNER = area((0.5, 0.45, 0.55))


def values(tests):
    return {
        one.metric_id.removeprefix("reliance-area-"): (
            one.interval.estimate,
            one.interval.low,
            one.interval.high,
        )
        for one in area_summaries(tests)
    }


def for_all(areas, direction="for"):
    return {("probability", direction, scope): areas for scope in ("all", "outside-mark", "elsewhere")}


def test_an_area_at_the_border_counts_for_every_kind_that_holds_it():
    shown = values(asked(for_all([CORNER])))
    assert shown == dict.fromkeys(("outside-mark", "outside-lungs", "border"), (0.5, 0.45, 0.55))


def test_without_an_area_the_strongest_window_bounds_what_is_hidden():
    bounds = {
        ("probability", "for", "border"): (0.01, 0.005, 0.02),
        ("probability", "for", "outside-lungs"): (0.02, 0.01, 0.08),
    }
    shown = values(asked(bounds=bounds))
    assert shown["border"] == (0, 0, 0.02)
    assert shown["outside-lungs"] == (0, 0, 0.08)
    assert shown["outside-mark"] == (0, 0, 0.01)


def test_an_area_of_the_opposite_lung_is_outside_the_mark_and_inside_the_lungs():
    shown = values(asked(for_all([area((0.3, 0.2, 0.4), "opposite-lung", "left part")])))
    assert shown["outside-mark"] == (0.3, 0.2, 0.4)
    assert shown["outside-lungs"] == shown["border"] == (0, 0, 0.01)


def test_the_marked_lung_does_not_count():
    """Areas of the test that leaves out the mark only, but not its lung, are the mark's surroundings."""
    around = {
        ("probability", "for", scope): [area((0.3, 0.2, 0.4), "same-lung")]
        for scope in ("all", "outside-mark")
    }
    assert set(values(asked(around)).values()) == {(0, 0, 0.01)}


def test_a_rise_counts_at_the_border_only():
    """Inside the body the in-fill itself may look like evidence."""
    inside = area((0.9, 0.8, 1.0), "outside", "left edge")
    assert set(values(asked(for_all([inside], "against"))).values()) == {(0, 0, 0.01)}
    assert values(asked(for_all([CORNER], "against")))["border"] == (0.5, 0.45, 0.55)
    bound = {("probability", "against", "outside-mark"): (0.3, 0.2, 0.9)}
    assert values(asked(bounds=bound))["outside-mark"] == (0, 0, 0.01)


def test_a_transplant_counts_only_where_it_shows_an_area():
    """A copied window may look like evidence by its seam, anywhere and in some patients."""
    seam = {
        ("probability", "against", kind): (0.2, 0.0, 0.8)
        for kind in ("border", "outside-mark", "outside-lungs")
    }
    copied = {"question": "transplant", "images": "normal", "infills": ("donor",)}
    assert set(values(asked() + asked(bounds=seam, **copied)).values()) == {(0, 0, 0.01)}
    shown = for_all([replace(CORNER, infills=("donor",))], "against")
    gated = values(asked() + asked(shown, **copied))
    # Copied tissue may look like evidence anywhere but at the border.
    assert (gated["border"], gated["outside-mark"]) == ((0.5, 0.45, 0.55), (0, 0, 0.01))


def test_the_class_with_the_largest_effect_counts():
    cancers = asked(for_all([area((0.1, 0.05, 0.2))]))
    normal = asked(for_all([CORNER]), images="normal", n_patients=9)
    (summary, *_) = area_summaries(cancers + normal)
    assert (summary.interval.estimate, summary.n_patients) == (0.5, 9)
    wider = asked(bounds={("probability", "for", "border"): (0.0, 0.0, 0.4)}, images="normal")
    assert values(asked() + wider)["border"] == (0, 0, 0.4)


def test_images_without_marks_and_lungs_have_a_border_only():
    tests = asked({("probability", "for", "all"): [CORNER]}, scopes=("all",), kinds=("border",))
    assert values(tests) == {"border": (0.5, 0.45, 0.55)}
    assert values(asked(kinds=())) == {}


def test_log_odds_never_reach_a_gate():
    shown = {("log-odds", "for", scope): [CORNER] for scope in ("all", "outside-mark", "elsewhere")}
    assert set(values(asked(shown)).values()) == {(0, 0, 0.01)}


@pytest.mark.parametrize(
    ("areas", "bound", "status", "value"),
    [([CORNER], 0.01, "fail", 0.55), ([], 0.01, "pass", 0.01), ([], 0.3, "fail", 0.3)],
)
def test_a_gate_holds_the_upper_end(areas, bound, status, value):
    tests = asked(for_all(areas), bounds={("probability", "for", "border"): (0.0, 0.0, bound)})
    tests = [replace(one, model_id="honest") for one in tests]
    first, *findings = judged(area_summaries(tests), "reliance-area-border <= 0.05")
    assert (first.code, first.status, first.value) == ("XA101", status, value)
    # A region's own finding must not take an area for a region.
    assert findings == []


def test_a_gate_on_four_patients_has_no_data():
    (verdict,) = judged(area_summaries(asked(kinds=(), p=None)), "reliance-area-border <= 0.05")
    assert (verdict.code, verdict.status) == ("XA102", "error")


def audit_file(gate, **changes):
    plain = {
        "data": {"images": "images"},
        "models": [{"id": "m", "source": "torchvision", "architecture": "resnet18"}],
        "explainers": ["gradcam"],
        "gates": [gate],
        **changes,
    }
    return build_audit_file(plain, shown="audit.yaml", root=Path("/study"))


def test_a_gate_needs_the_map_and_its_masks():
    assert audit_file("reliance-area-border <= 0.05").gates
    with pytest.raises(AuditFileError) as caught:
        audit_file("reliance-area-border <= 0.05", reliance={"map": {"enabled": False}})
    assert "gates[0]: reliance-area-border is not measured" in str(caught.value)
    assert caught.value.hint == "set `reliance.enabled` and `reliance.map.enabled` to true"
    with pytest.raises(
        AuditFileError, match=r"gates\[0\]: reliance-area-outside-lungs needs masks, and data\.regions"
    ):
        audit_file("reliance-area-outside-lungs <= 0.05")


def test_an_interval_without_an_area_begins_at_zero():
    (summary,) = area_summaries(asked(scopes=("all",), kinds=("border",)))
    assert summary.interval == Interval(0.0, 0.0, 0.01, "bca")
