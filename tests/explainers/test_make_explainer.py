"""The table of explainers and the package agree, and no library is imported before it is needed."""

import subprocess
import sys
from pathlib import Path

import pytest
from evidence_models import Smooth, classifier_of

import xaudit.explainers
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
        ("lime", "lime"),
        ("gradients", "captum"),
        ("superpixel_effects", "captum"),
    }


@pytest.mark.parametrize("name", ["mean-map", "shuffled-marks", "human"])
def test_a_control_that_is_made_of_maps_or_marks_is_not_asked_on_its_own(name):
    with pytest.raises(ValueError, match=r"^it is computed with others, by a section of the audit file"):
        make_explainer(ExplainerSpec(name=name), classifier_of(Smooth()))


def test_options_are_what_the_catalog_declares():
    assert whole_number({"steps": 3}, "steps") == 3
    assert number({"width": 0.5}, "width") == 0.5
    assert text({"hide": "mean"}, "hide") == "mean"
    with pytest.raises(TypeError, match=r"^option 'steps' is None, not a number$"):
        whole_number({"steps": None}, "steps")
    with pytest.raises(TypeError, match=r"^option 'hide' is 3, not a text$"):
        text({"hide": 3}, "hide")
