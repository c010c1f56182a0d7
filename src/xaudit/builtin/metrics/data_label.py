"""Values of the check `label`: how well the label is predicted without the organ."""

from xaudit.builtin.metrics import measured_together
from xaudit.catalog.citations import HERE
from xaudit.catalog.rows import MetricRow

_VIEWS = {
    "border": "the border ring, the outer tenth of the image",
    "outside-body": "what lies outside the body",
    "organ-blanked": "the image with a box around the organ hidden",
    "properties": "the size of the image or the properties of its file, whichever tells more",
}

RECORDS = measured_together(
    (
        MetricRow(
            f"label-{view}-auroc",
            f"AUROC of a simple model that predicts the class from {words}",
            "data",
            False,
            "0 to 1, chance .5",
            citation=HERE,
            by_default=False,
        )
        for view, words in _VIEWS.items()
    ),
    first=20,
)
