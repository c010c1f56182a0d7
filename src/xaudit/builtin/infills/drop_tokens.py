"""In-fill of vision transformers: nothing at all."""

from xaudit.catalog.plugin_records import ImportPath, InfillRecord

RECORD = InfillRecord(
    "drop-tokens",
    "nothing: a vision transformer is asked without the tokens of patches of which at least half is replaced",
    ImportPath("xaudit.perturb.infill:leave_out"),
    order=60,
    drops_tokens=True,
)
