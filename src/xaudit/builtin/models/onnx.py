"""ONNX graphs."""

from xaudit.catalog.plugin_records import ImportPath, ModelPlugin
from xaudit.catalog.rows import ModelRow

RECORD = ModelPlugin(
    ModelRow(
        "onnx",
        "an ONNX graph, asked through onnxruntime on the CPU",
        "weights (the graph)",
        extra="onnx",
        gradients=False,
        inside=False,
    ),
    build=ImportPath("xaudit.models.sources.build:refuse_without_file"),
    library="onnxruntime",
    load=ImportPath("xaudit.models.sources.onnx_graph:load_onnx"),
    check_file=ImportPath("xaudit.models.network.sealed:read_sealed"),
    on_cpu=True,
    order=70,
)
