"""Maps that an audit brings along as files: explainers that were asked elsewhere, of a model that is not here."""

from xaudit.catalog.rows import ExplainerRow, Option

EXTERNAL = ExplainerRow(
    "external",
    "finished maps of a model that is not here, read from files",
    "external",
    signed=True,
    gradients=False,
    control=False,
    cost="none",
    citation="",
    options=(
        Option("content", None, "digest of the maps and of how they are laid; filled in when they are read"),
    ),
    made_of="files",
)
"""Stands beside the table of explainers: it is asked for under ``models[].maps``, and cannot be asked for a map."""

ASKS_THE_MODEL: tuple[str, ...] = (
    "faithfulness",
    "reliance",
    "robustness",
    "sanity but for location-collapse",
    "changed images",
)
"""Measures that need the model itself, in words for reports."""

SANITY_OF_MAPS = "location-collapse"
"""The one check of sanity that holds finished maps against each other, and asks no model."""

SECTIONS_WITH_QUESTIONS: tuple[str, ...] = ("equivariance", "resolution", "sanity", "robustness")
"""Sections of the audit file that ask the model about other images, or change the model."""

FAMILIES_WITH_QUESTIONS = frozenset(
    {"faithfulness", "reliance", "image", "agreement", *SECTIONS_WITH_QUESTIONS}
)
"""Families of metrics that cannot be measured without the model."""

_PREFIX = "external-"


def external_id(name: str) -> str:
    """Name the maps that an audit file brings, as the tables do.

    Example:
        >>> external_id("gradcam")
        'external-gradcam'
    """
    return f"{_PREFIX}{name}"


def names_files(name: str) -> bool:
    """Return True for a name that :func:`external_id` makes.

    Example:
        >>> names_files("external-gradcam"), names_files("external"), names_files("gradcam")
        (True, False, False)
    """
    return name.startswith(_PREFIX)
