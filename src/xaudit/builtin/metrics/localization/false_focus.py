"""False focus."""

from xaudit.builtin.metrics.localization import localization_record
from xaudit.catalog.citations import HERE
from xaudit.catalog.options import CUT
from xaudit.catalog.plugin_records import ImportPath

RECORD = localization_record(
    "false-focus", "share of the image that the cut map covers where readers looked and found nothing",
    "0 to 1", HERE, ImportPath("xaudit.metrics.localization.overlap:false_focus"), order=210, options=CUT,
    higher_is_better=False, guarded=False,
)  # fmt: skip
