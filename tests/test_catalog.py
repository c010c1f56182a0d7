"""The tables of what there is: complete, unambiguous, and true of what the code does."""

import re
from collections import Counter

import pytest

from xaudit.catalog import (
    CHECK_FAMILIES,
    EXPLAINERS,
    FAMILIES,
    FINDINGS,
    FORMATS,
    METRICS,
    MODELS,
    OWN_REGION,
    REGIONS,
    explainer_row,
    finding_row,
    metric_row,
)
from xaudit.config import ExplainerSpec, MetricSpec

TABLES = {"explainers": EXPLAINERS, "metrics": METRICS, "models": MODELS, "formats": FORMATS}
OPTIONS = [(row.id, option) for row in (*EXPLAINERS, *METRICS) for option in row.options]


@pytest.mark.parametrize("name", TABLES)
def test_every_row_has_an_id_of_its_own_and_a_meaning_in_words(name):
    rows = TABLES[name]
    assert [row_id for row_id, n in Counter(row.id for row in rows).items() if n > 1] == []
    for row in rows:
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", row.id)
        assert len(row.meaning.split()) >= 3, row.id
        assert not row.meaning.endswith("."), row.id


def test_every_family_of_metrics_has_its_question():
    assert {row.family for row in METRICS} == set(FAMILIES)


def test_no_id_names_both_an_explainer_and_a_metric():
    assert {row.id for row in EXPLAINERS} & {row.id for row in METRICS} == set()


def test_what_was_promised_exists_in_this_order_whatever_was_added():
    promised = [
        "gradcam",
        "gradcam-plus-plus",
        "hirescam",
        "layercam",
        "xgradcam",
        "eigengradcam",
        "eigencam",
        "scorecam",
        "ablationcam",
        "lime",
        "occlusion",
        "integrated-gradients",
        "saliency",
        "input-x-gradient",
        "smoothgrad",
        "gradient-shap",
        "deeplift",
        "guided-backprop",
        "feature-ablation",
        "kernel-shap",
        "rise",
    ]
    assert [row.id for row in EXPLAINERS if row.id in promised] == promised
    assert {row.id: row.made_of for row in EXPLAINERS if row.control} == {
        "random": "image",
        "centre": "image",
        "edges": "image",
        "intensity": "image",
        "mean-map": "maps",
        "shuffled-marks": "maps",
        "human": "marks",
    }
    families = {
        "localization": [
            "pointing-game",
            "iou",
            "relevance-mass-accuracy",
            "relevance-rank-accuracy",
            "pixel-auroc",
            "dice",
            "iou-mean",
            "iou-best",
            "coverage",
            "precision",
            "chance-corrected-coverage",
            "relevance-mass-lift",
            "attribution-localisation",
            "top-k-intersection",
            "pixel-auprc",
            "lesion-recall",
            "centroid-distance",
            "centroid-distance-mm",
            "peak-distance",
            "peak-distance-mm",
            "false-focus",
            "chexlocalize-iou",
            "chexlocalize-hit-rate",
        ],
        "faithfulness": [
            "pixel-flipping",
            "pixel-flipping-lerf",
            "deletion",
            "insertion",
            "region-perturbation",
            "region-perturbation-lerf",
            "selectivity",
            "irof",
            "road",
            "road-lerf",
            "faithfulness-correlation",
            "faithfulness-estimate",
            "monotonicity",
            "monotonicity-correlation",
            "sensitivity-n",
            "infidelity",
            "sufficiency",
            "completeness",
            "non-sensitivity",
        ],
        "complexity": ["sparseness", "complexity", "effective-complexity"],
        "regions": [f"mass-{region}" for region in REGIONS],
        "agreement": ["reliance-captured", "reliance-agreement"],
        "reliance": [f"reliance-{of}{region}" for of in ("", "logit-") for region in REGIONS],
        "limits": ["map-missing", *(f"{row.id}-ceiling" for row in METRICS if row.has_ceiling)],
        "equivariance": [
            "equivariance", "equivariance-overlap", "equivariance-probability", "equivariance-class"
        ],
        "resolution": ["resolution", "resolution-overlap", "resolution-probability", "resolution-class"],
        "sanity": [
            "mprt", "mprt-ssim", "mprt-mean", "mprt-step", "mprt-step-ssim", "mprt-independent", "mprt-independent-ssim",
            "efficient-mprt", "smooth-mprt", "random-logit", "class-contrast", "location-collapse",
        ],
        "robustness": [
            "average-sensitivity", "max-sensitivity", "local-lipschitz", "relative-input-stability",
            "relative-output-stability", "relative-representation-stability", "seed-stability", "seed-stability-ssim",
        ],
        "repeatability": [
            f"{name}{suffix}" for name in ("repeatability", "reproducibility") for suffix in ("", "-class", "-probability")
        ],
    }  # fmt: skip
    for family, ids in families.items():
        assert [row.id for row in METRICS if row.family == family and row.id in ids] == ids


def test_localization_cannot_be_measured_without_a_mark_and_only_lungs_need_lungs():
    for row in METRICS:
        unmarked = row.family in (
            "faithfulness", "complexity", "equivariance", "resolution", "image", "data", *CHECK_FAMILIES
        )  # fmt: skip
        unmarked = unmarked or row.id in (
            "reliance-captured", "reliance-area-border", "reliance-area-outside-lungs"
        )  # fmt: skip
        unmarked = unmarked or row.id.endswith(f"-{OWN_REGION}")
        assert row.needs_annotation == (not unmarked or row.id.endswith("-overlap")), row.id
        assert row.needs_lungs == row.id.endswith(("-lung", "-lungs")), row.id


def test_a_direction_is_given_where_a_map_can_be_better_or_worse():
    for row in METRICS:
        assert (row.higher_is_better is None) == (row.family in ("regions", "reliance")), row.id
    for metric_id in ("pixel-flipping", "equivariance-probability", "resolution-probability"):
        assert metric_row(metric_id).higher_is_better is False


def test_shares_are_told_from_other_numbers_by_their_range():
    assert metric_row("iou").is_share
    assert metric_row("mass-border").is_share
    assert not metric_row("reliance-mark").is_share
    assert not metric_row("reliance-agreement").is_share


def test_controls_are_their_own_family_and_ask_no_gradient():
    for row in EXPLAINERS:
        assert (row.family == "control") == row.control, row.id
        assert not (row.control and row.gradients), row.id
        assert row.citation or row.control, row.id


@pytest.mark.parametrize(("row_id", "option"), OPTIONS, ids=lambda value: getattr(value, "name", value))
def test_every_options_default_is_one_that_it_allows(row_id, option):
    assert option.meaning
    if option.choices and not isinstance(option.default, int | float):
        assert option.default in option.choices
    if isinstance(option.default, int | float):
        assert option.minimum is None or option.default >= option.minimum
        assert option.maximum is None or option.default <= option.maximum
    spec = ExplainerSpec if row_id in {row.id for row in EXPLAINERS} else MetricSpec
    assert spec.model_validate({"name": row_id, option.name: option.default}) is not None


def test_findings_have_codes_that_say_what_kind_they_are():
    codes = [row.code for row in FINDINGS]
    assert codes == sorted(set(codes))
    assert {code[:3] for code in codes} == {"XA1", "XA2", "XA3", "XA4"}
    for row in FINDINGS:
        assert row.title
        assert row.cause
        assert row.remedy


def test_a_row_is_found_by_its_id_and_nothing_else():
    assert explainer_row("lime").id == "lime"
    assert metric_row("iou").id == "iou"
    assert finding_row("XA101").code == "XA101"
    for find in (explainer_row, metric_row, finding_row):
        with pytest.raises(KeyError):
            find("none such")


def test_what_a_metric_needs_beside_the_image_is_said():
    needs = {row.id: row.needs for row in METRICS}
    assert needs["pixel-flipping"] == needs["reliance-border"] == needs["reliance-outside"] == ()
    assert needs["iou"] == needs["mass-border"] == needs["reliance-mark"] == ("marks",)
    assert needs["mass-thorax"] == ("marks", "thorax masks")
    assert needs["reliance-empty"] == ("body masks",)
    assert needs["reliance-opposite-lung"] == ("marks", "lung masks")
    assert {name for name, found in needs.items() if "spacing" in found} == {
        "centroid-distance-mm",
        "peak-distance-mm",
    }
