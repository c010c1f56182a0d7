"""Programs of torch.export."""

from xaudit.catalog.plugin_records import ImportPath, ModelPlugin
from xaudit.catalog.rows import ModelRow

RECORD = ModelPlugin(
    ModelRow(
        "exported",
        "a program of torch.export.save (.pt2), network and weights in one file",
        "weights (the program), trusted",
        inside=False,
        is_program=True,
    ),
    build=ImportPath("xaudit.models.sources.build:refuse_without_file"),
    load=ImportPath("xaudit.models.sources.exported:load_exported"),
    check_file=ImportPath("xaudit.models.network.sealed:read_sealed"),
    order=60,
)
