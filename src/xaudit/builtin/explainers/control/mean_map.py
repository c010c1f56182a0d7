"""Control: an explainer's mean map of other patients."""

from xaudit.catalog.plugin_records import ExplainerPlugin, not_alone
from xaudit.catalog.rows import ExplainerRow

RECORD = ExplainerPlugin(
    ExplainerRow(
        "mean-map",
        "the mean of an explainer's maps of all other patients: what one and the same map scores on every image",
        "control", control=True, made_of="maps",
    ),
    make=not_alone, order=260,
)  # fmt: skip
