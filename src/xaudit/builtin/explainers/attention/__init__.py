"""Methods that follow the attention between a vision transformer's tokens."""

from functools import partial

from xaudit.builtin.explainers import made_by
from xaudit.catalog.plugin_records import ExplainerPlugin, ImportPath
from xaudit.catalog.rows import ExplainerRow


def attention_record(
    explainer_id: str, meaning: str, cost: str, citation: str, class_name: str, *, gradients: bool, order: int
) -> ExplainerPlugin:
    """Make the record of a method that reads the attention matrices of all blocks."""
    row = ExplainerRow(
        explainer_id, meaning, "attention", gradients=gradients, cost=cost, citation=citation, inside=True
    )
    make = made_by(f"attention:{class_name}.checked")
    grid = partial(ImportPath("xaudit.explainers.native_grids:token_cells"), make)
    return ExplainerPlugin(row, make, grid, order=order)
