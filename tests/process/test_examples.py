"""The examples that need no files of a user's own are without a fault, down to the layers that Grad-CAM reads."""

from pathlib import Path

import pytest

from xaudit.cli.boundary import run_command_line

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def images(tmp_path):
    """A folder of images that are there and are not opened."""
    for name in ("Malignant cases", "Normal cases", "Bengin cases"):
        (tmp_path / "images" / name).mkdir(parents=True)
        (tmp_path / "images" / name / "1.png").touch()
    return tmp_path / "images"


@pytest.mark.parametrize("name", ["lung-ct-study.yaml", "unaware.yaml"])
def test_an_example_is_without_a_fault(name, images, capsys):
    code = run_command_line(["config", "validate", str(EXAMPLES / name), "--set", f"data.images={images}"])
    out = capsys.readouterr()
    assert code == 0, out.err
    assert f"{name}: no fault in what can be checked without a run" in out.out + out.err


def test_features_of_two_by_two_pixels_are_refused_as_the_lung_study_once_was(images, tmp_path, capsys):
    """At 128 pixels the last block of InceptionV3 leaves too little to tell its axes apart."""
    plain = (EXAMPLES / "lung-ct-study.yaml").read_text().replace("input_size: 160", "input_size: 128")
    (tmp_path / "small.yaml").write_text(plain)
    code = run_command_line(
        ["config", "validate", str(tmp_path / "small.yaml"), "--set", f"data.images={images}"]
    )
    assert (code, "layer 'Mixed_7c' gives features of shape" in capsys.readouterr().err) == (2, True)
