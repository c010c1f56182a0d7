"""What is installed: the wheel, its version, what it requires, and the files that speak of the package."""

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
RELEASE = PYPROJECT["tool"]["setuptools_scm"]["fallback_version"]
IMPORTED_AS = {
    "grad-cam": "pytorch_grad_cam",
    "mlflow-skinny": "mlflow",
    "pillow": "PIL",
    "pydantic-core": "pydantic_core",
    "pyyaml": "yaml",
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
}
NOT_IMPORTED = {"pylibjpeg", "pylibjpeg-libjpeg", "pylibjpeg-openjpeg"}
"""pydicom imports them."""
NOT_REQUIRED = {"cv2", "_typeshed"}
"""Quantus and grad-cam each require a package of OpenCV, and doctor looks whether it loads."""


def requirements():
    """Name and versions of each dependency, with those of the extras."""
    lines = [
        *PROJECT["dependencies"],
        *(one for extra in PROJECT["optional-dependencies"].values() for one in extra),
    ]
    return dict(re.fullmatch(r"([\w-]+)(.*)", line).groups() for line in lines)


def imported():
    names = set()
    for file in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"xaudit"} - NOT_REQUIRED


def test_what_the_code_imports_is_required_and_nothing_else_is():
    modules = {IMPORTED_AS.get(name, name) for name in requirements()}
    used = imported()
    assert used - modules == set()
    assert modules - used <= NOT_IMPORTED


def test_versions_have_a_floor_and_no_ceiling():
    """Exact pins belong into the lock. Whoever adds a ceiling says in a comment beside it what breaks."""
    unbounded = {name for name, versions in requirements().items() if not versions}
    assert unbounded == {"pydantic-core"}
    assert [
        name for name, versions in requirements().items() if versions and not versions.startswith(">=")
    ] == []
    assert [name for name, versions in requirements().items() if "<" in versions or "==" in versions] == []


def test_changelog_citation_and_fallback_name_the_same_release():
    newest = re.search(
        r"^## (\d+\.\d+\.\d+) \((\d{4}-\d\d-\d\d)\)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert (cited["version"], str(cited["date-released"])) == newest.groups()
    assert newest[1] == RELEASE
    assert cited["license"] == PROJECT["license"]
    assert cited.keys() >= {"cff-version", "message", "title", "authors"}


def test_pre_commit_runs_what_make_lint_runs():
    recipe = re.search(r"^lint: .*\n((?:\t.+\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]
    linted = [line.strip().removesuffix(" .") for line in recipe.splitlines()]
    [repo] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repo["repo"] == "local"
    assert {hook["language"] for hook in repo["hooks"]} == {"system"}
    hooks = [hook["entry"].replace(".venv/bin/", "$(BIN)/") for hook in repo["hooks"]]
    assert sorted(hooks) == sorted(linted)


def test_the_page_on_installation_has_a_row_for_every_extra():
    page = (ROOT / "docs" / "how-to" / "install.md").read_text()
    rows = re.findall(r"^\| `([\w-]+)` \| (.+?) \|", page, re.MULTILINE)
    packages = {
        extra: [re.match(r"[\w-]+", line)[0] for line in lines]
        for extra, lines in PROJECT["optional-dependencies"].items()
    }
    assert {extra: named.split(", ") for extra, named in rows} == packages


def command(*words, folder):
    """Standard output of a command that knows no repository but the folder's own."""
    known = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GIT_", "SETUPTOOLS_SCM", "PYTHON"))
    }
    done = subprocess.run(
        [*map(str, words)], cwd=folder, capture_output=True, text=True, timeout=200,
        env=known | {"GIT_CEILING_DIRECTORIES": str(folder.parent)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def version_in(folder):
    return command(sys.executable, "-m", "setuptools_scm", folder=folder).splitlines()[-1]


def commit(folder):
    name = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    command("git", *name, "commit", "--quiet", "--allow-empty", "--no-gpg-sign", "--message=x", folder=folder)


def test_the_version_is_the_tag_and_without_tags_the_last_release_with_the_commit(tmp_path):
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    command("git", "init", "--quiet", folder=tmp_path)
    command("git", "add", ".", folder=tmp_path)
    commit(tmp_path)
    assert re.fullmatch(re.escape(RELEASE) + r"\+g[0-9a-f]{7,}", version_in(tmp_path))
    command("git", "tag", "v7.8.9", folder=tmp_path)
    assert version_in(tmp_path) == "7.8.9"
    commit(tmp_path)
    assert re.fullmatch(r"7\.8\.9\+g[0-9a-f]{7,}", version_in(tmp_path))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from the files alone, as from an archive of the source: no repository, no tag."""
    folder = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    for file in shipped():
        copy = folder / "src" / file
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((ROOT / "src" / file).read_bytes())
    build = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    command(sys.executable, "-c", build, folder, folder=folder)
    [path] = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def shipped():
    """Every file of the package in the source tree."""
    files = (ROOT / "src" / "xaudit").rglob("*")
    kept = (file for file in files if file.is_file() and "__pycache__" not in file.parts)
    return sorted(file.relative_to(ROOT / "src").as_posix() for file in kept)


def test_the_wheel_holds_the_package_its_data_and_its_licence_and_no_tests(wheel):
    names = wheel.namelist()
    info = f"xaudit-{RELEASE}.dist-info/"
    assert sorted(name for name in names if not name.startswith(info)) == shipped()
    assert {
        "xaudit/py.typed",
        "xaudit/assets/phantom.yaml",
        "xaudit/assets/phantom-honest.safetensors",
    } <= set(names)
    assert [name for name in names if name.endswith(".html.j2")] != []
    assert f"{info}licenses/LICENSE" in names


def test_the_wheel_s_metadata_name_its_version_command_extras_and_no_address(wheel):
    info = f"xaudit-{RELEASE}.dist-info/"
    metadata = wheel.read(f"{info}METADATA").decode().partition("\n\n")[0].splitlines()
    assert f"Version: {RELEASE}" in metadata
    assert "xaudit = xaudit.cli:main" in wheel.read(f"{info}entry_points.txt").decode()
    extras = [line.partition(": ")[2] for line in metadata if line.startswith("Provides-Extra")]
    assert extras == list(PROJECT["optional-dependencies"])
    assert "Requires-Dist: torch>=2.6" in metadata
    assert [line for line in metadata if "://" in line] == []
