"""The page "Use it from Python" and the notebook run, and the notebook's stored outputs are what its cells give."""

import ast
import json
import os
import re
import sys
from pathlib import Path

import pytest
from known_study import write_audit

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "how-to" / "python.md"
NOTEBOOK = DOCS / "notebooks" / "audit-from-python.ipynb"
pytestmark = pytest.mark.usefixtures("one_thread")


def test_the_code_of_the_page_runs_and_says_what_the_page_says(study, capsys):
    write_audit(study)
    names = {}
    blocks = re.findall(r"^```python\n(.+?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 7
    for block in blocks:
        exec(block, names)
    said = capsys.readouterr().out
    assert f"<xaudit.Outcome {names['outcome'].run.run_id}: 0 of 2 gates missed>" in said
    assert "pass reliance-mark >= 0.3 " in said
    assert "'relevance-mass-accuracy': 0.6666666666666666" in said  # 2 of 2 + 1
    assert "has no explainer 'gradcamm' -> did you mean 'gradcam'?" in said
    assert "the mark is empty: the readers left no pixel to be found" in said
    assert names["saliency"].shape == next(iter(names["marks"].values())).shape == (40, 32)
    assert len(names["small"].run.scores().query("explainer == 'lime'")) == 0
    assert (study / "report.html").stat().st_size > 10_000


def run_cell(source, names):
    """Carry out one cell and return the value of its last expression, None where it ends otherwise."""
    tree = ast.parse(source)
    last = tree.body[-1] if isinstance(tree.body[-1], ast.Expr) and not source.endswith(";") else None
    exec(compile(ast.Module(tree.body[: -1 if last else None], []), "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None


def comparable(text):
    """A cell's output without the time of the run, the sign of a zero and the layout of its lines."""
    text = re.sub(r"\d{8}T\d{6}Z-colours-[0-9a-f]{8}", "RUN", "".join(text))
    return "".join(text.replace("-0.00", "0.00").split())


def test_the_notebook_is_one_and_its_outputs_are_stored():
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["metadata"]["kernelspec"]["name"]) == (4, "python3")
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    kinds = {output["output_type"] for cell in notebook["cells"] for output in cell.get("outputs", ())}
    assert kinds == {"execute_result", "display_data"}  # nothing on stderr, no error
    assert not re.search(r"/(tmp|home|root|work)/", json.dumps(notebook["cells"]))


@pytest.mark.slow
def test_the_notebooks_cells_give_the_outputs_that_are_stored(monkeypatch):
    """``XAUDIT_GOLDEN=write`` stores the outputs anew, without Jupyter; the picture stays as it is."""
    matplotlib = pytest.importorskip("matplotlib")
    monkeypatch.setattr(sys, "path", list(sys.path))
    matplotlib.use("Agg")
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    names, stored, given = {}, [], []
    for cell in notebook["cells"]:
        value = run_cell("".join(cell["source"]), names) if cell["cell_type"] == "code" else None
        for output in cell.get("outputs", ()):
            if output["output_type"] == "execute_result":
                as_html = getattr(value, "_repr_html_", None)
                kind, fresh = ("text/html", as_html()) if as_html else ("text/plain", repr(value))
                stored.append(comparable(output["data"][kind]))
                given.append(comparable(fresh))
                output["data"] |= {"text/plain": repr(value).splitlines(True), kind: fresh.splitlines(True)}
    if os.environ.get("XAUDIT_GOLDEN") == "write":
        NOTEBOOK.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    else:
        assert given == stored
    assert len(given) == 9
