"""Control: uniform noise."""

from xaudit.builtin.explainers import made_by
from xaudit.catalog.plugin_records import ExplainerPlugin
from xaudit.catalog.rows import ExplainerRow

RECORD = ExplainerPlugin(
    ExplainerRow("random", "uniform noise: what no knowledge at all scores", "control", control=True),
    make=made_by("controls:RandomControl"), order=220,
)  # fmt: skip
