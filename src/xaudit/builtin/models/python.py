"""A function of the user's."""

from xaudit.catalog.plugin_records import ImportPath, ModelPlugin
from xaudit.catalog.rows import ModelRow

RECORD = ModelPlugin(
    ModelRow(
        "python",
        "a function of yours that returns a torch module: package.module:function",
        "factory",
        trains=True,
    ),
    build=ImportPath("xaudit.models.sources.factory:build_by_factory"),
    key="factory",
    architecture="{0.factory}",
    order=30,
)
