"""The documentation site: its navigation, the checks of what was built, and the drawn picture of the rooms."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import xaudit

ROOT = Path(__file__).resolve().parents[1]
SITE_PYTHON = ROOT / ".venv-docs" / "bin" / "python"


def script(name):
    found = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site():
    return script("build_site")


@pytest.fixture(scope="module")
def drawing():
    return script("draw_architecture")


def test_every_page_stands_once_in_the_navigation(site):
    named = site.in_navigation(site.configuration()["nav"])
    assert sorted(named) == sorted(site.pages()), "docs/mkdocs.yml holds the navigation"


def test_the_index_of_decisions_lists_each_with_its_title_newest_first(site):
    page = site.decisions_page()
    n_pages = len(list((ROOT / "docs" / "decisions").glob("*.md")))
    assert page.count("\n- [") == n_pages
    assert page.endswith("- [1. Regions are disjoint, the border among them](0001-regions-are-disjoint.md)\n")


@pytest.fixture
def built(tmp_path):
    """A site of two pages, each with one heading that can be linked to."""
    (tmp_path / "assets" / "javascripts" / "workers").mkdir(parents=True)
    (tmp_path / "assets" / "javascripts" / "workers" / "search.1.min.js").write_text('x="</script>";')
    (tmp_path / "docs").mkdir()
    for name, text in {
        "index.html": '<h1 id="top">Home</h1><a href="docs/a.html#there">a</a>',
        "docs/a.html": '<h1 id="there">A</h1><a href="../index.html">home</a><a href="https://example.org">else</a>',
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_site_whose_links_all_lead_somewhere_has_no_fault(site, built):
    assert site.faults(built) == []


@pytest.mark.parametrize(
    ("added", "fault"),
    [
        ('<a href="lost.html">x</a>', "docs/b.html links to lost.html, which is not there"),
        ('<a href="a.html#no">x</a>', "docs/b.html links to a.html#no, which has no such heading"),
        ('<img src="../none.png">', "docs/b.html links to ../none.png, which is not there"),
        ('<script src="https://cdn.example/x.js"></script>', "docs/b.html loads https://cdn.example/x.js"),
        ('<link rel="stylesheet" href="//fonts.example/a.css">', "docs/b.html loads //fonts.example/a.css"),
    ],
)
def test_each_kind_of_fault_is_named_with_its_page(site, built, added, fault):
    (built / "docs" / "b.html").write_text(added)
    assert site.faults(built) == [fault]


def test_a_style_that_loads_a_web_font_is_a_fault(site, built):
    (built / "assets" / "a.css").write_text("a{src:url( 'https://fonts.example/a.woff2')}")
    (built / "assets" / "b.css").write_text("a{background:url(data:image/png;base64,AA)}")
    assert site.faults(built) == ["assets/a.css loads something from another place"]


def test_the_search_loads_its_worker_from_the_site(site, built):
    shim = '<script src="https://unpkg.com/iframe-worker/shim" type="text/javascript"></script>'
    (built / "docs" / "b.html").write_text(shim)
    site.search_from_disk(built)
    assert (
        built / "docs" / "b.html"
    ).read_text() == '<script src="../assets/javascripts/search-from-disk.js"></script>'
    assert (
        'Blob(["x=\\"</script>\\";"])'
        in (built / "assets" / "javascripts" / "search-from-disk.js").read_text()
    )
    assert site.faults(built) == []


def test_the_picture_of_the_rooms_is_current(drawing):
    assert drawing.PICTURE.read_text(encoding="utf-8") == drawing.drawing(), "python docs/generate.py"


def test_the_picture_shows_every_room_once(drawing):
    text = drawing.drawing()
    folders = {path.stem for path in (ROOT / "src" / "xaudit").iterdir() if path.stem.isidentifier()}
    for room in folders - {"__init__", "__main__", "__pycache__", "assets", "py"}:
        assert text.count(f">{room}</text>") == 1, room


def test_an_import_that_a_longer_way_implies_is_not_drawn(drawing):
    rooms = {"cli": {"report", "store", "errors"}, "report": {"store"}, "store": {"errors"}, "errors": set()}
    assert drawing.without_detours(rooms) == [("cli", "report"), ("report", "store"), ("store", "errors")]


def test_names_of_libraries_are_wrapped_at_the_width_of_the_box(drawing):
    assert drawing.wrapped(["captum", "torch", "scikit-image"], 13) == ["captum, torch", "scikit-image"]
    assert drawing.wrapped([], 13) == []


@pytest.fixture(scope="module")
def whole_site(site):
    if not SITE_PYTHON.exists():
        pytest.skip("the documentation environment is not installed: make docs")
    done = subprocess.run([SITE_PYTHON, ROOT / "docs" / "build_site.py"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return site.SITE


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_shows_all_that_the_package_exports(whole_site):
    page = (whole_site / "docs" / "python-api.html").read_text(encoding="utf-8")
    names = [f"xaudit.{name}" for name in getattr(xaudit, "__all__", ())]
    shown = [name for name in names if importlib.util.find_spec(name) is None]  # a module has no entry
    assert [name for name in ["xaudit", *shown] if f'id="{name}"' not in page] == []


@pytest.mark.slow
def test_every_page_is_reached_from_the_side_of_another(whole_site, site):
    pages = {path: site._Page(path.read_text(encoding="utf-8")) for path in whole_site.rglob("*.html")}
    reached = {
        (path.parent / link.partition("#")[0]).resolve()
        for path, page in pages.items()
        for link in page.links
        if (path.parent / link.partition("#")[0]).resolve() != path
    }
    assert {path.name for path in pages if path not in reached} <= {"404.html"}
    learn = (whole_site / "docs" / "tutorial.html").read_text(encoding="utf-8")
    assert "Example, a pull request that fails" in learn


@pytest.mark.slow
def test_a_page_opened_from_the_disk_asks_no_other_host_and_can_be_searched(whole_site):
    path = (
        shutil.which("chromium") or shutil.which("google-chrome") or pytest.skip("no Chromium is installed")
    )
    sync_api = pytest.importorskip("playwright.sync_api")
    faults = []
    with sync_api.sync_playwright() as played:
        browser = played.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith(("file:", "data:", "blob:")) else faults.append(request.url)
            ),
        )
        for name in ("index.html", "docs/concepts.html", "docs/reference/metrics.html"):
            page.goto((whole_site / name).as_uri())
        page.get_by_role("button", name="Search").first.click()
        page.keyboard.type("pointing game")
        page.get_by_text(re.compile(r"^\d+ results$")).wait_for()
        browser.close()
    assert faults == []
