"""The findings about what predicts the label without the organ."""

from xaudit.catalog.rows import FindingRow

_AWAY = (
    "the lower end of the interval of its AUROC is above `data_audit.label.gives_away` (0.55), and where luck could explain that, "
    "no shuffling of the labels among patients does as well"
)

LABEL_FINDINGS: tuple[FindingRow, ...] = (
    FindingRow(
        "XA411",
        "the border ring gives the label away",
        f"a simple model that sees only the outer tenth of the image names the class: {_AWAY}",
        "look at the mean image of each class in the page; crop or blank the border of all images alike, train again, and compare",
    ),
    FindingRow(
        "XA412",
        "the image outside the body, or without the organ, gives the label away",
        "a simple model names the class from what lies outside the body, or from the image with a box around the organ hidden: "
        f"{_AWAY}",
        "look for tables, clothing, devices, text and the shape of the body; blank what is no sign of disease in all images alike",
    ),
    FindingRow(
        "XA413",
        "the size or the file of an image gives the label away",
        f"a simple model names the class from size, format and pixel spacing alone: {_AWAY}; or a value of one of them "
        "occurs in one class only, in more patients than chance explains (Bonferroni over all values, .05)",
        "bring all images to one size, format and spacing in one way; stretching to a square keeps a difference in size visible",
    ),
    FindingRow(
        "XA414",
        "an attribute gives the label away",
        f"a simple model names the class from a column of the data alone, such as the site: {_AWAY}; or a value of it "
        "occurs in one class only, in more patients than chance explains",
        "if the data was collected so, balance the classes within each value; if the difference is real, report results for each value",
    ),
    FindingRow(
        "XA415",
        "undecided: what predicts the label",
        "the interval of a view's AUROC includes `data_audit.label.gives_away` and exceeds `data_audit.label.harmless` (0.7), fewer than "
        "5 patients of two classes are there, or the data names no patients and near copies were not looked for",
        "add patients; name them, or the groups of images that belong together",
    ),
    FindingRow(
        "XA416",
        "views that do not predict the label",
        "even the upper end of the interval of their AUROC is at most `data_audit.label.harmless`. A simple model sees coarse tones "
        "and textures only, so this is no proof",
        "none needed",
    ),
)
