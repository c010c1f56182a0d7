"""The table of plants: evidence that `xaudit calibrate` puts into images, with a detector for each."""

from xaudit.catalog.builtins import by_id, records_below
from xaudit.catalog.plugin_records import PlantPlugin
from xaudit.catalog.rows import PlantRow
from xaudit.catalog.table import Table

PLANT_RECORDS = by_id(
    records_below("xaudit.builtin.plants", PlantPlugin),
    lambda record: record.row.id,
    lambda record: (record.order,),
)
"""xaudit's own plants by id."""

PLANTS: Table[PlantRow] = Table(*(record.row for record in PLANT_RECORDS.values()))
