"""Control: the image's brightness."""

from xaudit.builtin.explainers import made_by
from xaudit.catalog.plugin_records import ExplainerPlugin
from xaudit.catalog.rows import ExplainerRow

RECORD = ExplainerPlugin(
    ExplainerRow(
        "intensity", "the image's own brightness: what pointing at whatever is bright scores", "control",
        control=True,
    ),
    make=made_by("controls:IntensityControl"), order=250,
)  # fmt: skip
