"""Two public data sets, where they lie beside the checkout."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from xaudit.cases.self_test import check_geometry
from xaudit.statistics.agreement import reader_agreement

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
IQ_OTH = DATA / "iq-oth-nccd"
LUNG_DX = DATA / "lung-pet-ct-dx"


@pytest.mark.skipif(not IQ_OTH.is_dir(), reason="the data set IQ-OTH/NCCD is not there")
def test_iq_oth_nccd_loads_as_a_folder(load):
    dataset = load(
        images=IQ_OTH,
        merge={"Bengin cases": "benign", "Malignant cases": "malignant", "Normal cases": "normal"},
        positive="malignant",
    )
    counts = Counter(case.label for case in dataset.cases)
    assert counts == {"malignant": 561, "normal": 416, "benign": 120}
    assert (dataset.problems, dataset.patients_known, dataset.split_known) == ((), False, False)
    assert {case.source_format for case in dataset.cases} == {"jpeg"}
    # About 30 % of each class is kept for the test, give or take the copies that must stay together.
    tested = Counter(case.label for case in dataset.cases if case.split == "test")
    assert all(abs(tested[label] - 0.3 * n) <= 5 for label, n in counts.items())


@pytest.mark.skipif(not LUNG_DX.is_dir(), reason="the data set Lung-PET-CT-Dx is not there")
def test_lung_pet_ct_dx_loads_with_its_boxes_on_the_tumour(load):
    dataset = load(
        images=LUNG_DX,
        merge={"Lung_Dx-A0002": "cancer"},
        classes=["cancer", "normal"],
        patient_pattern=r"Lung_Dx-(\w+)",
        annotations={"path": LUNG_DX / "Annotation"},
        window="lung",
    )
    marked = [case for case in dataset.cases if dataset.regions(case)]
    assert (len(dataset.cases), len(marked), dataset.positive) == (60, 18, "cancer")
    assert {case.patient_id for case in dataset.cases} == {"A0002"}
    assert {case.spacing_mm for case in dataset.cases} == {(0.646484375, 0.646484375)}
    for case in marked:
        box = dataset.regions(case)["union"]
        tissue = dataset.pixels(case) > 0.7
        # A tumour in the right lung: more soft tissue than at the same place of the other side.
        assert tissue[box].mean() > tissue[box[:, ::-1]].mean() + 0.15
        assert all(block.aligned for block in check_geometry(dataset, case, fit="pad", model_hw=(224, 320)))
    text = repr(dataset)
    assert "1.3.6.1.4.1" not in text.replace(str(LUNG_DX), "")
    assert np.isfinite([mark.region.x0 for mark in dataset.annotations]).all()


@pytest.mark.skipif(not LUNG_DX.is_dir(), reason="the data set Lung-PET-CT-Dx is not there")
def test_two_boxes_of_one_lesion_agree_as_far_as_counted_by_hand(load):
    # One slice, at z = 176 mm, was boxed once in each of two reconstructions. As the files say, with pixels counted
    # from 1 and the last one inside: B70f x 143 to 207, y 275 to 338, that is 65 · 64 = 4160 pixels; B40f x 146 to
    # 207, y 285 to 335, 62 · 51 = 3162 pixels, all of them within the other box. So Dice is
    # 2 · 3162 / (4160 + 3162) = .8637 and IoU 3162 / 4160 = .7601.
    dataset = load(
        images=LUNG_DX,
        merge={"Lung_Dx-A0002": "cancer"},
        classes=["cancer", "normal"],
        patient_pattern=r"Lung_Dx-(\w+)",
        annotations={"path": LUNG_DX / "Annotation"},
        window="lung",
    )
    boxes = {
        kernel: [
            dataset.regions(case)["union"]
            for case in dataset.cases
            if kernel in case.case_id and case.case_id.endswith("1-18")
        ]
        for kernel in ("B70f", "B40f")
    }
    assert [int(mask.sum()) for masks in boxes.values() for mask in masks] == [4160, 3162]
    (found,) = reader_agreement([boxes], dataset_id="data")
    assert (found.first, found.second) == ("B40f", "B70f")
    assert found.dice == pytest.approx(2 * 3162 / 7322)
    assert found.best_match_iou == pytest.approx(3162 / 4160)
    assert (found.n_cases, found.n_lesions, found.kappa) == (1, 1, None)
