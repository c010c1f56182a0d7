"""Control: the image's edges."""

from xaudit.builtin.explainers import made_by
from xaudit.catalog.plugin_records import ExplainerPlugin
from xaudit.catalog.rows import ExplainerRow

RECORD = ExplainerPlugin(
    ExplainerRow(
        "edges", "the image's own edges (Sobel): what any outline of the anatomy scores", "control",
        control=True, citation="Adebayo et al. 2018, Sanity checks for saliency maps",
    ),
    make=made_by("controls:EdgesControl"), order=240,
)  # fmt: skip
