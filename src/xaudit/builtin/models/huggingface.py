"""Image classifiers in a local folder, as transformers saves them."""

from xaudit.catalog.plugin_records import ImportPath, ModelPlugin
from xaudit.catalog.rows import ModelRow

RECORD = ModelPlugin(
    ModelRow(
        "huggingface",
        "an image classifier in a local folder: config.json and safetensors, no code of its own",
        "weights (the folder)",
        extra="huggingface",
    ),
    build=ImportPath("xaudit.models.sources.build:refuse_without_file"),
    library="transformers",
    load=ImportPath("xaudit.models.sources.huggingface:load_huggingface"),
    check_file=ImportPath("xaudit.models.sources.huggingface:check_folder_files"),
    order=40,
)
