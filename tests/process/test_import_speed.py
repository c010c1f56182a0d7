"""Looking something up must not wait for torch."""

import subprocess
import sys

import pytest
from known_study import environment

HEAVY = (
    "torch",
    "torchvision",
    "pandas",
    "pyarrow",
    "quantus",
    "captum",
    "lime",
    "skimage",
    "scipy",
    "sklearn",
    "matplotlib",
    "jinja2",
    "PIL",
    "pydicom",
    "nibabel",
    "safetensors",
    "pytorch_grad_cam",
)

LOOK = """
import sys
from xaudit.cli.boundary import run_command_line
code = run_command_line(sys.argv[1:])
found = sorted(set(%r) & set(sys.modules))
sys.exit(f"imported {found}" if found else code)
"""


@pytest.mark.parametrize(
    "args",
    [
        ["--help"],
        ["--version"],
        ["run", "--help"],
        ["list", "explainers"],
        ["list", "metrics"],
        ["list", "metrics", "--format", "json"],
        ["list", "quantus"],
        ["config", "schema"],
        ["config", "init", "-"],
        ["run", "nowhere.yaml"],
        ["run", "--explainer", "gradcamm"],
    ],
    ids=" ".join,
)
def test_help_lists_and_refusals_come_without_heavy_libraries(args, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LOOK % (HEAVY,), *args],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "imported" not in done.stderr, done.stderr
    assert done.returncode in (0, 2), done.stderr


def test_the_command_line_itself_imports_no_heavy_library():
    code = f"import sys, xaudit.cli; sys.exit(str(set({HEAVY!r}) & set(sys.modules) or ''))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60
    )
    assert done.stderr.strip() == ""


def test_the_library_imports_no_heavy_library_before_it_is_used():
    code = f"import sys, xaudit; xaudit.audit, dir(xaudit); sys.exit(str(set({HEAVY!r}) & set(sys.modules) or ''))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60
    )
    assert done.stderr.strip() == ""
