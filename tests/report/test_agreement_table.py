"""Readers' agreement with its range, what it is taken over, and all digits."""

import numpy as np

from xaudit.records import ReaderAgreement
from xaudit.report.sections.agreement import agreement_table, pairs_sentence
from xaudit.statistics.agreement import reader_agreement


def line(text):
    return np.array([[letter == "#" for letter in text]])


CASES = [
    # Dice 2 · 2 / (3 + 2) = .8 and IoU 2 / 3; Dice and IoU 0, with one mark and no match.
    {"a": [line("###...")], "b": [line("##....")]},
    {"a": [line("#.....")], "b": []},
]


def texts(table):
    return [[cell.text for cell in row.cells] for row in table.rows]


def test_mean_range_and_number_stand_beside_each_other():
    found = reader_agreement(CASES, dataset_id="data")
    # Over lesions a says yes and yes, b yes and no: agreement 1/2, by chance 1 · 1/2, so kappa is 0.
    assert texts(agreement_table(found)) == [
        ["a, b", "Dice", "0.400000", "0.000000", "0.800000", "2 cases"],
        # Marks: a's on the first case, b's on it, and a's on the second.
        ["a, b", "best-match IoU", "0.444444", "0.000000", "0.666667", "3 marks"],
        ["a, b", "kappa", "0.000000", "-", "-", "2 lesions"],
    ]
    assert pairs_sentence(found) == "1 pair of readers; 2 cases read by both"


def test_a_file_has_all_digits():
    exact = texts(agreement_table(reader_agreement(CASES, dataset_id="data"), exact=True))
    assert float(exact[1][2]) == (2 / 3 + 2 / 3 + 0) / 3
    assert exact[1][4] == repr(2 / 3)


def test_several_data_sets_and_pairs_are_told_apart():
    first = ReaderAgreement("data", "a", "b", None, None, None, 7, 0, 0)
    second = ReaderAgreement("more", "a", "c", None, None, None, 9, 0, 0)
    assert [row[0] for row in texts(agreement_table([first, second]))][::3] == ["data: a, b", "more: a, c"]
    assert texts(agreement_table([first]))[0] == ["a, b", "Dice", "-", "-", "-", "0 cases"]
    assert pairs_sentence([first, second]) == "2 pairs of readers; 7 to 9 cases read by both"
