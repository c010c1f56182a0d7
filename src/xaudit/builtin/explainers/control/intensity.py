"""Control: the image's brightness."""

from xaudit.builtin.explainers.control import drawn_by
from xaudit.catalog.plugin_records import ExplainerPlugin
from xaudit.catalog.rows import ExplainerRow

RECORD = ExplainerPlugin(
    ExplainerRow(
        "intensity", "the image's own brightness: what pointing at whatever is bright scores", "control",
        control=True,
    ),
    make=drawn_by("intensity"), order=250,
)  # fmt: skip
