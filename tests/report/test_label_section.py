"""Screen and page of what predicts the label: both splits side by side, the values, and the pictures."""

import re
from io import BytesIO

from PIL import Image

from xaudit.records import DataCheck, LabelProbe, LabelValue
from xaudit.report.grid import Grid, Paragraph
from xaudit.report.pictures.label import label_pictures
from xaudit.report.sections.data_audit.label import label_section


def probe(view: str, unit: str, auroc: float, **changes) -> LabelProbe:
    settings = {
        "kind": "pixels", "title": view, "decides": unit != "image", "judged": view != "whole", "n_images": 40, "n_units": 8,
        "n_features": 3, "auroc_low": auroc - 0.1, "auroc_high": min(1.0, auroc + 0.1), "accuracy": 0.75,
        "accuracy_low": 0.6, "accuracy_high": 0.9, "majority": 0.5, "p": None, "gives_away": False, "classes": "a|b",
    }  # fmt: skip
    return LabelProbe(view=view, unit=unit, auroc=auroc, **{**settings, **changes})


def value(text: str, *, beyond: bool) -> LabelValue:
    return LabelValue(
        "image-size", "image size", text, "a", 9, 9, 4, in_one_class=True, p=0.0004, beyond_chance=beyond
    )


def webp() -> bytes:
    buffer = BytesIO()
    Image.new("L", (4, 4)).save(buffer, "WEBP")
    return buffer.getvalue()


CHECK = DataCheck(
    "label",
    "What predicts the label",
    "data",
    tables={
        "label_probes": (
            probe("border", "image", 0.95),
            probe("border", "group", 0.8, gives_away=True),
            probe("whole", "image", 0.97),
            probe("whole", "group", 0.9),
        ),
        "label_values": (value("7 × 5", beyond=True), value("9 × 9", beyond=False)),
    },
    images={"mean-a<b": webp(), "mean-c": webp()},
)


def test_both_splits_stand_side_by_side_and_the_values_below():
    section = label_section(CHECK)
    views, values = (block for block in section.blocks if isinstance(block, Grid))
    assert [column.title for column in views.columns] == [
        "the model sees only",
        "AUROC,\nrandom split",
        "accuracy",
        "AUROC,\ncopies kept together",
        "accuracy",
        "",
    ]
    assert (
        views.title == "40 images of 8 groups or single images; naming the most frequent class always: 50 %"
    )
    assert [[cell.text for cell in row.cells] for row in views.rows] == [
        ["border", "0.95 [0.85, 1.00]", "75 %", "0.80 [0.70, 0.90]", "75 %", "gives the label away"],
        ["whole", "0.97 [0.87, 1.00]", "75 %", "0.90 [0.80, 1.00]", "75 %", "to compare with"],
    ]
    assert [[cell.text for cell in row.cells] for row in values.rows] == [
        ["image size", "7 × 5", "a", "9", "4", "<0.001"]
    ]
    texts = [block.text for block in section.blocks if isinstance(block, Paragraph)]
    assert texts[0].startswith(
        "1 value occurs in one class only and in so few groups or single images that it may be"
    )
    assert "near copies of an image are never on both sides of the split" in texts[-1]


def test_a_check_without_probes_says_why():
    section = label_section(DataCheck("label", "Label", "data", skipped=("turned off",)))
    assert [block.text for block in section.blocks if isinstance(block, Paragraph)] == ["turned off"]


def test_the_pictures_show_a_row_for_each_split_and_escape_class_names():
    forest, means = label_pictures(CHECK)
    circles = re.findall(r'<g class="([a-z ]+)">.*?<circle cx="([\d.]+)"', forest.body)
    # The axis goes from .25 to 1 over 260 units from 190 on: .8 lies at 190 + 260 · .55 / .75 = 380.67.
    assert circles == [
        ("judged aside", "432.67"),
        ("away", "380.67"),
        ("compared aside", "439.6"),
        ("compared", "415.33"),
    ]
    assert "Open circles: random split; filled ones: copies kept together, which decides." in forest.caption
    assert means.body.count("<img") == 2
    assert "a&lt;b" in means.body
    assert "a<b" not in means.body
    assert label_pictures(DataCheck("label", "Label", "data")) == ()
