"""The check of attributes on made answers whose gaps are known."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from xaudit.cases.dataset import Dataset
from xaudit.config import AttributesSection
from xaudit.records import Attribute, Case, ModelAnswers, Prediction
from xaudit.report.pictures.attributes import attribute_pictures
from xaudit.report.sections.data_audit.attributes import attributes_section
from xaudit.screening.attributes import check_attributes

CLASSES = ("cancer", "normal")
QUICK = AttributesSection(draws=400)


def made(n=80, *, seed=0, gap=0.0, encodes=False, sex=None, n_images=1, n_patients=None):
    """A data set of n patients, every other one with cancer, and a model that misses more cancers of men.

    Args:
        gap: sensitivity of men is .9 less this.
        encodes: the features hold the sex.
        sex: the sex of each patient as 0 or 1; by default at random.
        n_patients: None to name the patients, 0 to name none.
    """
    rng = np.random.default_rng(seed)
    sexes = rng.integers(2, size=n) if sex is None else np.asarray(sex)
    cases, predictions, features = [], [], []
    levels: dict[str, dict[str, str]] = {"sex": {}, "scanner": {}}
    for patient in range(n):
        sick, scanner = patient % 2 == 1, "ABC"[rng.integers(3)]
        share = 0.9 - gap * (sick and sexes[patient] == 1)
        for image in range(n_images):
            name, label = f"{patient}-{image}", CLASSES[0] if sick else CLASSES[1]
            who = None if n_patients == 0 else f"Roe{patient}"
            right = rng.random() < share
            logit = (1 if right == sick else -1) * abs(rng.normal(2, 0.5))
            cases.append(Case(name, who, "data", f"{name}.png", "0", label, "test", 8, 8))
            called = CLASSES[0] if logit > 0 else CLASSES[1]
            predictions.append(
                Prediction(name, who, "m", "test", label, called, "cancer", (logit, 0.0), (0.5, 0.5), CLASSES)
            )
            levels["sex"][name], levels["scanner"][name] = "fm"[sexes[patient]], scanner
            own = rng.normal(size=12)
            own[0] += 4 * sexes[patient] * encodes
            features.append(own)
    data = Dataset(
        "data", Path("/"), tuple(cases), (), CLASSES, "cancer", "union", "full", (),
        n_patients is None, True,
        attributes={
            name: Attribute(name, "table", tuple(sorted(set(own.values()))), False, own)
            for name, own in levels.items()
        },
    )  # fmt: skip
    return data, [ModelAnswers("m", "data", tuple(predictions), np.array(features, dtype=np.float32))]


def check(data, answers, settings=QUICK):
    return check_attributes(data, answers, settings, seed=0, on_progress=lambda _: None)


def without_features(answers):
    return [replace(one, features=None, no_features="the test gives none") for one in answers]


def codes(found):
    return [one.code for one in found.verdicts]


def gap_of(found, attribute, measure):
    return next(
        row for row in found.tables["attribute_gaps"] if (row.attribute, row.measure) == (attribute, measure)
    )


def test_a_gap_that_is_there_is_found_with_its_size():
    data, answers = made(160, gap=0.5)
    found = check(data, without_features(answers))
    assert codes(found) == ["XA422", "XA423"]
    row = gap_of(found, "sex", "sensitivity")
    assert (row.level, row.other) == ("f", "m")
    assert row.low < 0.5 < row.high
    assert row.gap == pytest.approx(row.value - row.other_value)
    assert found.verdicts[0].sentence.startswith(
        "m: the answers differ by 'sex' at equal label: sensitivity is "
    )
    assert "sex=m: sensitivity" in found.verdicts[1].sentence
    value = found.model_values["m"]["attribute-gap-sensitivity"]
    assert (value.low, value.estimate, value.high) == (row.low, row.gap, row.high)
    assert "attributes that m encodes: the test gives none" in found.skipped


def test_no_gap_is_not_accused():
    data, answers = made(160)
    found = check(data, without_features(answers))
    assert codes(found) == []
    # The unfavourable end of the widest gap, of any attribute.
    rows = [r for r in found.tables["attribute_gaps"] if r.measure == "specificity"]
    largest = max(max(abs(r.low), abs(r.high)) for r in rows)
    assert found.model_values["m"]["attribute-gap-specificity"].high == largest


def test_a_network_that_encodes_the_sex_and_does_not_use_it_is_not_accused():
    data, answers = made(100, encodes=True)
    found = check(data, answers)
    assert codes(found) == []
    rows = {(r.attribute, r.images): r for r in found.tables["attributes_encoding"]}
    assert {r.images for r in rows.values()} == {"all", "cancer", "normal"}
    assert all(rows["sex", images].low > 0.5 for images in ("all", "cancer", "normal"))
    assert rows["scanner", "all"].low < 0.5 < rows["scanner", "all"].high
    text = repr(attributes_section(found))
    assert "A network can encode an attribute and not use it" in text
    assert "risk" not in text


def test_an_attribute_that_is_the_label_cannot_be_told_apart_from_it():
    data, answers = made(40, sex=[patient % 2 for patient in range(40)], encodes=True)
    found = check(data, answers)
    assert codes(found) == ["XA421", "XA424"]
    assert [one.status for one in found.verdicts] == ["fail", "error"]
    assert "Cramér's V 1.00" in found.verdicts[0].sentence
    assert "m: 20 of 20 patients are 'cancer'" in found.verdicts[0].sentence
    assert found.verdicts[1].sentence.startswith(
        "The gap of sensitivity and specificity by 'sex' cannot be told from the test images: 0 patients with f among "
        "images of 'cancer'; 5 are needed"
    )
    # A gate on a gap cannot be kept while one of the gaps is not known.
    assert found.model_values["m"] == {}
    assert found.values["attribute-association"].estimate == pytest.approx(1.0)
    within = [r for r in found.tables["attributes_encoding"] if r.attribute == "sex" and r.images != "all"]
    assert {r.reason for r in within} == {"fewer than two levels with 5 patients"}


def test_a_level_of_one_class_is_named_although_most_images_have_another():
    data, answers = made(80)
    sizes = {
        case.case_id: "801x612" if case.label == "normal" and index % 4 == 0 else "512x512"
        for index, case in enumerate(data.cases)
    }
    size = Attribute("image-size", "file", ("512x512", "801x612"), False, sizes)
    found = check(replace(data, attributes={"image-size": size}), without_features(answers))
    assert codes(found)[0] == "XA421"
    assert "801x612: 20 of 20 patients are 'normal'" in found.verdicts[0].sentence


def test_one_value_leaves_nothing_to_compare():
    data, answers = made(40, sex=[0] * 40)
    sex = {name: one for name, one in data.attributes.items() if name == "sex"}
    found = check(replace(data, attributes=sex), without_features(answers))
    assert codes(found) == []
    assert found.tables["attribute_gaps"] == []
    assert found.skipped[0] == "attributes with one value only, so there is nothing to compare: sex"
    assert found.is_empty
    assert repr(attributes_section(found)).count("nothing to compare") == 1


def test_three_cases_tell_nothing_and_say_so():
    data, answers = made(3, sex=[0, 1, 0])
    found = check(data, answers)
    assert codes(found) == []
    assert found.values == {}
    assert found.model_values["m"] == {}
    assert all(row.gap is None for row in found.tables["attribute_gaps"])
    assert "attributes without enough patients of two levels with one label: sex, scanner" in found.skipped
    assert any(
        "too small to be judged, with fewer than 5 patients of a class: sex=m, " in s for s in found.skipped
    )
    assert "cannot be told" in repr(attributes_section(found))


def test_without_patients_each_image_counts_alone_and_that_is_said():
    data, answers = made(40, n_images=2, n_patients=0)
    found = check(data, without_features(answers))
    assert (
        "attributes: the data names no patients, so each image counts as a patient of its own"
        in found.skipped
    )
    assert (
        gap_of(found, "sex", "sensitivity").n_patients + gap_of(found, "sex", "sensitivity").n_patients_other
        == 40
    )


def test_columns_that_are_not_read_are_named():
    data, _ = made(40)
    found = check(replace(data, unread=("labels.csv: 1 column is not read: 'age'",)), [])
    assert (
        "attributes: labels.csv: 1 column is not read: 'age'; data.attributes takes columns" in found.skipped
    )


def test_without_models_the_label_is_compared_all_the_same():
    data, _ = made(40, sex=[patient % 2 for patient in range(40)])
    found = check(data, [])
    assert codes(found) == ["XA421"]
    assert "attributes: no model was asked, so only the label was compared" in found.skipped


def test_a_subgroup_of_fewer_than_five_patients_is_named_and_not_judged():
    data, answers = made(80, sex=[int(patient in (1, 3, 5, 7)) for patient in range(80)], gap=0.9)
    found = check(data, without_features(answers))
    row = next(r for r in found.tables["subgroups"] if (r.subgroup, r.measure) == ("sex=m", "sensitivity"))
    assert (row.n_patients, row.judged, row.p, row.adjusted_p) == (4, False, None, None)
    assert row.value == 0.0
    assert codes(found) == []
    assert any(text.endswith("sex=m") or "sex=m," in text for text in found.skipped)


def test_a_pair_is_found_that_no_single_attribute_shows():
    rng = np.random.default_rng(1)
    data, answers = made(400, sex=rng.integers(2, size=400))
    sex, scanner = data.attributes["sex"].by_case, data.attributes["scanner"].by_case
    worse = [
        replace(one, predicted="normal", logits=(-2.0, 0.0))
        if (sex[one.case_id], scanner[one.case_id]) == ("m", "C") and one.label == "cancer" and i % 3
        else one
        for i, one in enumerate(answers[0].predictions)
    ]
    found = check(data, [ModelAnswers("m", "data", tuple(worse))])
    tested = [r for r in found.tables["subgroups"] if r.adjusted_p is not None]
    assert min(tested, key=lambda r: (r.adjusted_p, r.value - r.rest)).subgroup == "sex=m & scanner=C"
    alone = check(data, [ModelAnswers("m", "data", tuple(worse))], AttributesSection(draws=400, pairs=False))
    assert all(r.n_attributes == 1 for r in alone.tables["subgroups"])


def test_the_order_of_the_images_changes_nothing():
    data, answers = made(60, gap=0.5, n_images=2)
    turned = replace(data, cases=data.cases[::-1])
    own = [ModelAnswers("m", "data", answers[0].predictions[::-1])]
    first, second = check(data, without_features(answers)), check(turned, own)
    assert first.tables["attribute_gaps"] == second.tables["attribute_gaps"]
    assert first.tables["subgroups"] == second.tables["subgroups"]


def test_no_table_or_sentence_names_a_patient():
    data, answers = made(40, gap=0.5)
    found = check(data, without_features(answers))
    said = repr([asdict(row) for rows in found.tables.values() for row in rows])
    said += repr((found.verdicts, found.skipped, attributes_section(found)))
    assert "Roe" not in said + "".join(str(one.body) for one in attribute_pictures(found))


def test_the_forest_shows_a_line_for_each_judged_subgroup():
    data, answers = made(160, gap=0.6)
    found = check(data, without_features(answers))
    pictures = attribute_pictures(found)
    assert [one.title for one in pictures] == ["m: sensitivity by subgroup", "m: specificity by subgroup"]
    judged = [r for r in found.tables["subgroups"] if r.judged and r.measure == "sensitivity"]
    assert str(pictures[0].body).count("<circle") == len(judged) > 4
    assert str(pictures[0].body).count('class="worse"') == sum(r.adjusted_p <= 0.05 for r in judged) > 0
