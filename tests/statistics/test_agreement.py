import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from xaudit.records import ReaderAgreement
from xaudit.statistics.agreement import dice, kappa, reader_agreement


def line(text):
    return np.array([[letter == "#" for letter in text]])


def test_two_readers_by_hand():
    # Case 1: a ##......, b .##..... : Dice 2·1/4 = .5, IoU 1/3. Case 2: a has two lesions, b hits the second exactly:
    # Dice 2·2/(2+2+2) = 2/3, IoUs a: 0, 1; b: 1. Case 3: nobody marked.
    cases = [
        {"a": [line("##......")], "b": [line(".##.....")]},
        {"a": [line("##......"), line(".....##.")], "b": [line(".....##.")]},
        {"a": [], "b": []},
    ]
    (found,) = reader_agreement(cases, dataset_id="data")
    # Units: lesion 1 (yes, yes), lesion 2 (yes, no), lesion 3 (yes, yes), the empty case (no, no).
    # Agreement 3/4; by chance 3/4·2/4 + 1/4·2/4 = 1/2; kappa 1/2.
    assert found == ReaderAgreement(
        "data", "a", "b",
        dice=pytest.approx((0.5 + 2 / 3) / 2),
        best_match_iou=pytest.approx((1 / 3 + 1 / 3 + 0 + 1 + 1) / 5),
        kappa=pytest.approx(0.5), n_cases=3, n_marked=2, n_lesions=3,
        dice_low=0.5, dice_high=pytest.approx(2 / 3), iou_low=0, iou_high=1, n_matches=5,
    )  # fmt: skip


def test_a_finding_against_a_vote_of_no_finding_does_not_agree_at_all():
    (found,) = reader_agreement([{"a": [line("##")], "b": []}], dataset_id="data")
    assert (found.dice, found.best_match_iou, found.kappa) == (0.0, 0.0, 0.0)


def test_a_third_readers_lesion_is_one_that_two_agree_is_not_there():
    case = {"a": [line("#....")], "b": [line("#....")], "c": [line("...##")]}
    found = {(one.first, one.second): one for one in reader_agreement([case], dataset_id="data")}
    assert found["a", "b"].kappa == 1.0
    assert found["a", "c"].kappa == -1.0


def test_cases_of_one_reader_tell_nothing():
    assert reader_agreement([{"a": [line("#")]}, {"b": [line("#")]}], dataset_id="data") == ()


@pytest.mark.parametrize("seed", range(4))
def test_kappa_is_scikit_learns(seed):
    votes = np.random.default_rng(seed).random((30, 2)) < (0.4, 0.6)
    expected = cohen_kappa_score(votes[:, 0], votes[:, 1])
    assert kappa([tuple(row) for row in votes.tolist()]) == pytest.approx(expected, abs=1e-12)


def test_kappa_of_one_word_is_not_defined():
    assert kappa([(True, True)] * 3) is None
    assert kappa([]) is None


def test_dice_is_symmetric_and_full_for_equal_masks():
    one, other = line("##.#"), line("#..#")
    assert dice(one, other) == dice(other, one) == pytest.approx(4 / 5)
    assert dice(one, one) == 1.0
    assert dice(line("..."), line("...")) == 0.0
