"""Control: uniform noise."""

from xaudit.builtin.explainers.control import drawn_by
from xaudit.catalog.plugin_records import ExplainerPlugin
from xaudit.catalog.rows import ExplainerRow

RECORD = ExplainerPlugin(
    ExplainerRow("random", "uniform noise: what no knowledge at all scores", "control", control=True),
    make=drawn_by("uniform_noise"), order=220,
)  # fmt: skip
