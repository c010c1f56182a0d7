"""TorchScript archives."""

from xaudit.catalog.plugin_records import ImportPath, ModelPlugin
from xaudit.catalog.rows import ModelRow

RECORD = ModelPlugin(
    ModelRow(
        "torchscript",
        "an archive of torch.jit.save, network and weights in one file",
        "weights (the archive), trusted",
        inside=False,
        is_program=True,
    ),
    build=ImportPath("xaudit.models.sources.build:refuse_without_file"),
    load=ImportPath("xaudit.models.sources.torchscript:load_torchscript"),
    check_file=ImportPath("xaudit.models.network.sealed:read_sealed"),
    order=50,
)
