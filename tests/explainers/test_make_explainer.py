"""The table of explainers and the package agree, and no library is imported before it is needed."""

import subprocess
import sys
from pathlib import Path

import pytest
from evidence_models import Smooth, classifier_of

import xaudit.explainers
from xaudit.catalog import EXPLAINERS
from xaudit.config import ExplainerSpec
from xaudit.explainers import make_explainer
from xaudit.explainers.options import number, text, whole_number

HEAVY = ("torch", "lime", "pytorch_grad_cam", "captum", "skimage", "sklearn", "matplotlib")


def imported_by(code):
    listing = "import sys; print(' '.join({name.partition('.')[0] for name in sys.modules}))"
    out = subprocess.run(
        [sys.executable, "-c", f"{code}; {listing}"], capture_output=True, text=True, check=True
    )
    return set(out.stdout.split()) & set(HEAVY)


def test_importing_the_package_imports_no_library():
    assert imported_by("import xaudit.explainers") == set()


def test_each_library_is_met_in_the_files_of_its_family_only():
    met = {
        (file.stem, library)
        for file in Path(xaudit.explainers.__file__).parent.glob("*.py")
        for line in file.read_text().splitlines()
        for library in ("captum", "lime", "pytorch_grad_cam", "quantus")
        if line.strip().startswith((f"import {library}", f"from {library}"))
    }
    assert met == {
        ("backprop_rules", "captum"),
        ("cam_library", "pytorch_grad_cam"),
        ("gradients", "captum"),
        ("superpixel_effects", "captum"),
    }


def test_a_row_of_the_catalog_that_nobody_makes_is_a_mistake_of_the_program(monkeypatch):
    monkeypatch.setattr(type(EXPLAINERS), "owns", lambda _table, _name: True)
    unmade = ExplainerSpec(name="random").model_copy(update={"name": "edges-2", "id": "x"})
    object.__setattr__(unmade, "_known", lambda: ())
    with pytest.raises(
        ValueError, match=r"^the catalog lists 'edges-2', but no file of this package makes it$"
    ):
        make_explainer(unmade, classifier_of(Smooth()))


def test_options_are_what_the_catalog_declares():
    assert whole_number({"steps": 3}, "steps") == 3
    assert number({"width": 0.5}, "width") == 0.5
    assert text({"hide": "mean"}, "hide") == "mean"
    with pytest.raises(TypeError, match=r"^option 'steps' is None, not a number$"):
        whole_number({"steps": None}, "steps")
    with pytest.raises(TypeError, match=r"^option 'hide' is 3, not a text$"):
        text({"hide": 3}, "hide")
