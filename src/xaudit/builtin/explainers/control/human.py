"""Control: the other readers."""

from xaudit.catalog.plugin_records import ExplainerPlugin, not_alone
from xaudit.catalog.rows import ExplainerRow

RECORD = ExplainerPlugin(
    ExplainerRow(
        "human",
        "each reader's mark held against the other readers': no level to beat, but what people reach",
        "control", control=True, made_of="marks",
    ),
    make=not_alone, order=280,
)  # fmt: skip
