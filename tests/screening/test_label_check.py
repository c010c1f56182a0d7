"""The check of what predicts the label, on studies in which the evidence is known."""

import random
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from small_studies import SIDE, ring_tone, study

from xaudit.config import LabelSection, RegionSection
from xaudit.records import Attribute, CopyGroup, DataCheck, LabelProbe
from xaudit.screening.label import check as check_module
from xaudit.screening.label import probe
from xaudit.screening.label.check import check_label
from xaudit.screening.label.units import Division, groups_of
from xaudit.statistics.bootstrap import ClusterBootstrap

LABELS = ["a", "b"] * 12
PATIENTS = {"patient": [f"p{number:02}" for number in range(24)]}


@pytest.fixture(autouse=True, scope="module")
def _small_forests():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probe, "N_TREES", 6)
        patch.setattr(check_module, "REPLICATES", 200)
        patch.setattr(probe, "N_TREES_OF_SHUFFLES", 5)
        patch.setattr(probe, "_MOST_SHUFFLES", 19)
        yield


@pytest.fixture(scope="module")
def ring(tmp_path_factory, _small_forests):
    """A study whose classes differ in the border alone, and the result of its check."""
    data = study(tmp_path_factory.mktemp("ring"), LABELS, paint=ring_tone, columns=PATIENTS)
    return data, check(data)


def check(data, groups=None, **settings) -> DataCheck:
    return check_label(data, LabelSection(**settings), seed=0, groups=groups, on_progress=lambda _: None)


def by_view(result: DataCheck, unit: str = "patient") -> dict[str, LabelProbe]:
    return {one.view: one for one in result.tables["label_probes"] if one.unit == unit}


def codes(result: DataCheck) -> list[tuple[str, str]]:
    return [(one.code, one.status) for one in result.verdicts]


def test_a_brighter_border_gives_the_label_away_and_the_centre_does_not(ring):
    _, result = ring
    probes = by_view(result)
    assert probes["border"].auroc == 1.0
    assert probes["border"].gives_away
    # 12 patients a class, all right: Wilson's lower end with n = 12 is 1 / (1 + 1.96² / 12) = .7575.
    assert probes["border"].auroc_low == pytest.approx(0.7575, abs=1e-4)
    assert probes["border"].accuracy == 1.0
    assert probes["whole"].auroc > 0.9
    assert not probes["centre"].gives_away
    assert probes["centre"].auroc_low < 0.5
    first = result.verdicts[0]
    assert (first.code, first.status, first.n_patients) == ("XA411", "fail", 24)
    assert first.sentence.startswith(
        "Border ring (outer 10 %) predicts the class without anything else: AUROC 1.00 [0.76, 1.00] (chance 0.50; the whole "
        "image gives "
    )
    assert "on 24 images of 24 patients. Crop or blank the border of all images alike" in first.sentence
    assert result.values["label-border-auroc"].estimate == 1.0
    # All images have one size and one format, so nothing about the file can tell the classes apart.
    assert result.values["label-properties-auroc"] == 0.5
    assert "image size: the same for all images" in result.skipped


def test_noise_is_not_accused(tmp_path):
    result = check(study(tmp_path, LABELS, columns=PATIENTS))
    assert {one.status for one in result.verdicts} <= {"pass", "error"}
    assert not any(one.gives_away for one in result.tables["label_probes"])
    interval = result.values["label-border-auroc"]
    assert interval.low < 0.5 < interval.high


def test_sizes_of_one_class_are_found_and_explained(tmp_path):
    def cropped(pixels, label, number):
        return pixels[:-6] if label == "b" and number < 18 else pixels

    result = check(study(tmp_path, LABELS, paint=cropped, columns=PATIENTS))
    (finding,) = [one for one in result.verdicts if "occurs in one class only" in one.sentence]
    assert (finding.code, finding.status) == ("XA413", "fail")
    assert "Image size (width × height): 1 value occurs in one class only" in finding.sentence
    assert "40 × 34 (9 images, all 'b')" in finding.sentence
    assert "file properties" not in " ".join(one.sentence for one in result.verdicts)
    # 9 of 24 patients drawn at random are all of one class of 12 with 2 · C(12, 9) / C(24, 9) = 440 / 1,307,504.
    (row,) = [one for one in result.tables["label_values"] if one.beyond_chance]
    assert row.p == pytest.approx(440 / 1307504)


def test_an_attribute_that_equals_the_label_is_a_finding(tmp_path):
    sites = {"site": ["north" if label == "a" else "south" for label in LABELS]}
    result = check(study(tmp_path, LABELS, columns=PATIENTS | sites))
    attribute = by_view(result)["attribute:site"]
    assert (attribute.auroc, attribute.gives_away, attribute.kind) == (1.0, True, "attribute")
    findings = [one.sentence for one in result.verdicts if one.code == "XA414"]
    assert findings[0].startswith(
        "Attribute 'site' predicts the class without anything else: AUROC 1.00 [0.76, 1.00]"
    )
    assert "Site: 2 values occur in one class only" in findings[1]


def test_attributes_of_the_table_and_of_the_files_are_asked_about(tmp_path):
    data = study(tmp_path, LABELS, columns=PATIENTS)
    by_label = {case.case_id: case.label for case in data.cases}
    quality = {name: "90" if label == "a" else "75" for name, label in by_label.items()}
    attributes = {
        "scanner": Attribute("scanner", "table", ("a", "b"), False, by_label),
        "jpeg-quality": Attribute("jpeg-quality", "file", ("75", "90"), True, quality),
    }
    result = check(replace(data, attributes=attributes))
    probes = by_view(result)
    assert probes["attribute:scanner"].gives_away
    assert probes["file-properties"].gives_away
    assert {("XA413", "fail"), ("XA414", "fail")} <= set(codes(result))


def test_an_attribute_with_one_value_is_named_and_left_out(tmp_path):
    result = check(study(tmp_path, LABELS, columns=PATIENTS | {"site": ["north"] * 24}))
    assert "attribute 'site': the same for all images" in result.skipped
    assert "attribute:site" not in by_view(result)


def test_the_result_depends_neither_on_the_order_of_cases_nor_on_a_second_run(ring):
    data, first = ring
    cases = list(data.cases)
    random.Random(1).shuffle(cases)
    assert check(replace(data, cases=tuple(cases))) == first


def test_copies_on_both_sides_are_told_from_classes(tmp_path):
    # Six pictures of each class, each saved four times with a little noise: nothing but the copies tells the classes apart.
    labels = [label for label in "ab" for _ in range(24)]

    def copied(pixels, label, number):
        original = np.random.default_rng(1000 + number // 4).uniform(60, 120, (SIDE, SIDE))
        return original + (pixels - 90) * 0.02

    data = study(tmp_path, labels, paint=copied)
    groups = {case.case_id: f"g{int(case.path[:3]) // 4}" for case in data.cases}
    result = check(data, groups)
    random_split, grouped = by_view(result, "image")["whole"], by_view(result, "group")["whole"]
    assert random_split.auroc > 0.95
    assert grouped.auroc_low < 0.5 < grouped.auroc_high
    assert (grouped.n_units, grouped.decides, random_split.decides) == (12, True, False)
    assert not any(one.status == "fail" for one in result.verdicts)

    # Without patients and groups nobody can tell: it is undecided, and says what to name.
    alone = check(data)
    (undecided,) = [one for one in alone.verdicts if "near copies" in one.sentence]
    assert (undecided.code, undecided.status) == ("XA415", "error")
    assert "near copies were not looked for. Name the patients" in undecided.sentence
    assert not any(one.status == "fail" for one in alone.verdicts)


def test_grouped_findings_name_both_splits(tmp_path):
    data = study(tmp_path, LABELS, paint=ring_tone)
    first = check(data, {}).verdicts[0]
    assert first.code == "XA411"
    assert (
        "on 24 images of 24 groups of near copies or single images. A random split, with near copies on both sides, gives no more "
        "(1.00 and 100 %), so the copies that were found do not explain it. No patients are named"
        in first.sentence
    )


@pytest.mark.parametrize(
    ("labels", "named"),
    [
        (["a", "b", "a"], "'a' has 2 images, 'b' has 1 image"),
        (["a"] * 8 + ["b"] * 2, "'a' has 8 images, 'b' has 2 images"),
    ],
)
def test_too_few_cases_cannot_be_told(tmp_path, labels, named):
    result = check(study(tmp_path, labels))
    assert codes(result) == [("XA415", "error")]
    assert result.verdicts[0].sentence == (
        f"It cannot be told what predicts the label: at least 5 images of two classes are needed, and {named}"
    )
    assert result.values == {}


def test_one_class_cannot_be_told(tmp_path):
    data = study(tmp_path, LABELS, columns=PATIENTS)
    only = replace(data, cases=tuple(case for case in data.cases if case.label == "a"))
    result = check(only)
    assert codes(result) == [("XA415", "error")]
    assert "'a' has 12 patients" in result.verdicts[0].sentence


def test_a_class_of_two_patients_is_left_out_and_named(tmp_path):
    result = check(study(tmp_path, [*LABELS[:22], "c", "c"], paint=ring_tone, columns=PATIENTS))
    assert "class 'c': left out, since it has 2 patients and 5 are needed" in result.skipped
    assert {one.classes for one in result.tables["label_probes"]} == {"a|b"}
    assert by_view(result)["border"].n_images == 22


def test_what_lies_in_the_organ_is_not_seen_with_the_organ_hidden(tmp_path):
    def spot(pixels, label, number):
        if label == "b":
            pixels = pixels.copy()
            pixels[16:24, 16:24] = 250
        return pixels

    masks = tmp_path / "lungs"
    masks.mkdir()
    mask = np.zeros((SIDE, SIDE), dtype=np.uint8)
    mask[10:30, 8:18] = mask[10:30, 22:32] = 255
    for number in range(24):
        Image.fromarray(mask).save(masks / f"{number:03}.png")
    data = study(tmp_path / "study", LABELS, paint=spot, columns=PATIENTS, regions=RegionSection(lungs=masks))
    probes = by_view(check(data))
    assert probes["whole"].auroc == probes["centre"].auroc == 1.0
    assert not probes["organ-blanked"].gives_away
    assert probes["organ-blanked"].auroc_low < 0.5


def test_views_without_masks_are_named_with_what_to_set(tmp_path):
    skipped = check(study(tmp_path, LABELS, columns=PATIENTS), organ=("breast",)).skipped
    assert any(
        text.startswith("outside the body: the data has no masks of the body; set") for text in skipped
    )
    assert (
        "all but the organ: `data.regions.own` has no region 'breast', as `data_audit.label.organ` says"
        in skipped
    )


def test_it_can_be_turned_off(tmp_path):
    result = check(study(tmp_path, LABELS), enabled=False)
    assert result.is_empty
    assert result.skipped == ("turned off by `data_audit.label.enabled: false`",)


def test_no_path_and_no_patient_is_in_the_result(ring):
    data, result = ring
    text = repr((result.verdicts, result.tables, result.skipped, result.values))
    assert str(data.root) not in text
    assert "p07" not in text


def test_shuffled_labels_exclude_chance_only_for_true_evidence():
    generator = np.random.default_rng(0)
    n = 20
    classes = ["a", "b"] * (n // 2)
    true = np.array([[label == "b"] for label in classes]) + generator.normal(0, 0.8, (n, 1))
    way = Division("image", tuple(f"i{number}" for number in range(n)), decides=True)
    prober = probe.Prober(classes, 5, 0.5, 0, ClusterBootstrap(replicates=200, confidence=0.95, seed=0))
    question = probe.Question("v", "pixels", "v", True, np.arange(n), true.astype(np.float32))
    found = prober.probe(question, way)
    assert found is not None
    # .05 divided by one view of the family: no shuffle of 19 may reach the AUROC.
    assert (found.p == pytest.approx(0.05)) == found.gives_away


def test_the_groups_of_the_copies_check_reach_the_cases_by_their_paths(tmp_path):
    data = study(tmp_path, LABELS[:4])
    rows = (CopyGroup("001.png", "g1"), CopyGroup("003.png", "g1"), CopyGroup("gone.png", "g2"))
    copies = DataCheck("copies", "Copies", "data", tables={"groups": rows})
    by_path = {case.path: case.case_id for case in data.cases}
    assert groups_of(data, (copies,)) == {by_path["001.png"]: "g1", by_path["003.png"]: "g1"}
    assert groups_of(data, (replace(copies, tables={}),)) == {}
    assert groups_of(data, ()) is None
