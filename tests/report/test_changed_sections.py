"""What the report says of changed images: in the order of the changes, and nothing where none were asked."""

from dataclasses import replace

import pytest
from outcomes import phantom_outcome, summary

from xaudit.records import MODEL_LEVEL, NO_READER
from xaudit.report.sections.changed import changed_section


def asked(family, changes, *, explainers=("gradcam", "lime"), reader="union"):
    """Summaries of the model ``honest``; the first change scores .9, the second .8 and so on."""
    found = []
    for place, change in enumerate(changes):
        value = 0.9 - 0.1 * place
        for measure in ("class", "probability"):
            metric = f"{family}-{change}-{measure}"
            found.append(summary("honest", MODEL_LEVEL, metric, value, family=family, reader=NO_READER))
        for name in explainers:
            for measure, whose in (("", NO_READER), ("-overlap", NO_READER), ("-iou", reader)):
                metric = f"{family}-{change}{measure}"
                found.append(summary("honest", name, metric, value, family=family, reader=whose))
    plain = phantom_outcome()
    return replace(plain, model_ids=("honest",), summaries=(*plain.summaries, *found))


def table(section):
    return section.blocks[0]


def test_steps_stand_in_order_of_size_and_each_row_has_its_question():
    found = table(changed_section(asked("resolution", ["1", "2", "16"]), "resolution"))
    assert [column.title for column in found.columns] == ["", "1", "2", "16"]
    assert [row.cells[0].text for row in found.rows] == [
        "honest", "same class", "P moves by",
        "gradcam map", "  peak", "  IoU", "lime map", "  peak", "  IoU",
    ]  # fmt: skip
    assert [cell.text for cell in found.rows[3].cells[1:]] == [
        "0.90 [0.83, 0.97]", "0.80 [0.73, 0.87]", "0.70 [0.63, 0.77]",
    ]  # fmt: skip


def test_transforms_stand_by_name_and_their_size():
    names = ["shift-4", "rotate-10", "flip-horizontal", "rotate-5"]
    found = table(changed_section(asked("equivariance", names), "equivariance"))
    assert [column.title for column in found.columns[1:]] == [
        "flip-horizontal",
        "rotate-5",
        "rotate-10",
        "shift-4",
    ]


def test_explainers_that_were_not_asked_again_have_no_row():
    found = table(changed_section(asked("equivariance", ["rotate-5"], explainers=("lime",)), "equivariance"))
    assert not any(row.cells[0].text.startswith("gradcam") for row in found.rows)


def test_several_readers_have_their_own_localization():
    outcome = asked("resolution", ["2"], reader="r1")
    found = table(changed_section(outcome, "resolution"))
    assert "honest (marks: r1)" in [row.cells[0].text for row in found.rows]


@pytest.mark.parametrize("family", ["equivariance", "resolution"])
def test_nothing_is_said_where_nothing_was_asked(family):
    assert changed_section(phantom_outcome(), family) is None


def test_a_finer_change_is_a_column_of_numbers_within_eighty_columns():
    found = table(
        changed_section(asked("equivariance", ["rotate-5", "rotate-10", "shift-4"]), "equivariance")
    )
    widths = [max(len(row.cells[index].text) for row in found.rows if not row.heading) for index in range(4)]
    assert sum(widths) + 3 * 2 <= 80
