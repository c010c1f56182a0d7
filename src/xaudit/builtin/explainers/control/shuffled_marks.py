"""Control: other patients' marks."""

from xaudit.catalog.plugin_records import ExplainerPlugin, not_alone
from xaudit.catalog.rows import ExplainerRow, Option

RECORD = ExplainerPlugin(
    ExplainerRow(
        "shuffled-marks",
        "an explainer's map held against another patient's mark of the same class: what its usual place scores",
        "control", control=True,
        options=(Option("draws", 5, "other patients whose marks are drawn for each case", minimum=1),),
        made_of="maps",
    ),
    make=not_alone, order=270,
)  # fmt: skip
