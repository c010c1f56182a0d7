"""What the pages say is what the program does: generated pages, links, audit files, commands."""

import importlib.util
import re
import shlex
import sys
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import get_args

import pytest
import typer

from plugin_site import installed, write_example
from xaudit.catalog import EXPLAINERS, REGIONS
from xaudit.cli.application import application
from xaudit.config import build_audit_file
from xaudit.config.plain_yaml import PlainYamlError, plain_yaml
from xaudit.config.sections.data import AnnotationFormatName

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "docs"))  # docs/generate.py imports its neighbour
PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "examples").rglob("*.md"),
    ]
)
EXAMPLES = sorted(path for path in (ROOT / "examples").rglob("*.yaml") if path.name != "workflow.yaml")
TOP_FOLDERS = ("src", "tests", "docs", "examples", "benchmarks", "fixtures", "requirements")
SHOWN_TO_BE_ADDED = {
    "src/xaudit/builtin/explainers/occlusion/tiles.py",
    "src/xaudit/builtin/metrics/localization/mark_contrast.py",
    "src/xaudit/builtin/formats/via.py",
    "tests/cases/test_via.py",
    "tests/cases/files/via",
}
FROM_ELSEWHERE = {
    *(
        "lung_models.py",
        "nets.py",
        "chest_nets.py",
        "xrv_nets.py",
        "dino_nets.py",
        "lung_nets.py",
        "lit_nets.py",
    ),
    *SHOWN_TO_BE_ADDED,
}
"""Files of the user's own that pages name, and those that CONTRIBUTING adds."""

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"\s#.*$")


def generator():
    found = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def blocks(page, language):
    return [text for name, text in BLOCK.findall(page.read_text(encoding="utf-8")) if name == language]


def shown(page):
    return page.relative_to(ROOT).as_posix()


def anchors(page):
    """What a heading can be linked by, as the usual Markdown viewers name it."""
    without_code = re.sub(
        r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    titles = re.findall(r"^#+ (.+)$", without_code, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def audit_files():
    for page in PAGES:
        for number, text in enumerate(blocks(page, "yaml"), start=1):
            if text.startswith(("name:", "data:")):
                yield pytest.param(text, id=f"{shown(page)}-{number}")
    for path in EXAMPLES:
        yield pytest.param(path.read_text(encoding="utf-8"), id=shown(path))


def command_lines():
    for page in PAGES:
        for text in blocks(page, "sh"):
            for line in text.splitlines():
                words = COMMENT.sub("", line).split()
                if words and words[0].removeprefix(".venv/bin/") == "xaudit":
                    yield pytest.param(line, id=f"{shown(page)}: {' '.join(words)}")


def words_of(line):
    """What the shell hands over to the command."""
    words = shlex.split(line.replace(" > ", " | ").replace(" 2> ", " | "), comments=True)
    ends = [number for number, word in enumerate(words) if word in ("|", "&&", ";", "||", "\\")]
    return words[1 : min(ends, default=len(words))]


@pytest.mark.parametrize(("name", "text"), list(generator().pages().items()))
def test_a_generated_page_is_what_the_program_gives(name, text):
    page = ROOT / "docs" / "reference" / name
    assert page.read_text(encoding="utf-8") == text, "write it anew: python docs/generate.py"


def test_the_page_of_dependencies_names_the_files_that_import_each():
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    assert generator().with_users(page) == page, "write it anew: python docs/generate.py"


def test_every_reference_page_is_generated():
    assert {path.name for path in (ROOT / "docs" / "reference").iterdir()} == set(generator().pages())


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_relative_link_leads_somewhere(page):
    lost = []
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert lost == []


@pytest.fixture(scope="module", autouse=True)
def example_package(tmp_path_factory):
    """The package of the page on plug-ins is installed, so that its audit files can be read."""
    with installed(write_example(tmp_path_factory.mktemp("site"))):
        yield


@pytest.mark.parametrize("text", list(audit_files()))
def test_every_audit_file_shown_is_one(text):
    audit = build_audit_file(plain_yaml(text), shown="page", root=ROOT)
    assert audit.models


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_other_yaml_block_is_part_of_an_audit_file(page):
    needed = {
        "data": {"images": "images"},
        "models": [{"id": "m", "source": "torchvision", "architecture": "resnet18"}],
    }
    for text in blocks(page, "yaml"):
        build_audit_file({**needed, **plain_yaml(text)}, shown=shown(page), root=ROOT)


def test_a_page_that_gives_a_key_twice_would_be_noticed():
    with pytest.raises(PlainYamlError, match="'gates' is given twice"):
        plain_yaml("gates: []\nname: a\ngates: []\n")


@pytest.mark.parametrize("line", list(command_lines()))
def test_every_command_shown_is_one_that_the_program_takes(line):
    command, words = typer.main.get_command(application), words_of(line)
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    assert not hasattr(command, "commands") or words == ["--help"], "the command is not there"
    with suppress(typer.Exit), command.make_context("xaudit", words):
        pass


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_command_named_in_a_sentence_exists_with_its_options(page):
    root = typer.main.get_command(application)
    for text in re.findall(r"`xaudit ([^`]+)`", page.read_text(encoding="utf-8")):
        command, words = root, text.split()
        while words and words[0] in getattr(command, "commands", {}):
            command, words = command.commands[words[0]], words[1:]
        assert command is not root or words[0].startswith("-"), text
        known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)} | {
            "--help"
        }
        assert {word.partition("=")[0] for word in words if word.startswith("-")} <= known, text


@pytest.fixture(scope="module")
def repository():
    """Every file and folder of the repository, as a path below it."""
    return {
        path.relative_to(ROOT).as_posix()
        for name in TOP_FOLDERS
        for path in [ROOT / name, *(ROOT / name).rglob("*")]
        if "__pycache__" not in path.parts
    } | {path.name for path in ROOT.iterdir()}


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_file_of_the_project_that_a_page_names_is_there(page, repository):
    lost = []
    for word in re.findall(r"`([\w./-]+)`", page.read_text(encoding="utf-8")):
        name = word.rstrip("/")
        if not name.startswith(tuple(f"{top}/" for top in TOP_FOLDERS)) and not name.endswith(".py"):
            continue
        if name in FROM_ELSEWHERE or name in repository:
            continue
        if name.startswith("src/") or not any(path.endswith(f"/{name}") for path in repository):
            lost.append(word)
    assert lost == []


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_the_number_of_formats_of_marks_is_that_of_the_program(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    n_formats = len(get_args(AnnotationFormatName)) - 1  # `auto` is none
    assert set(re.findall(r"(\d+) formats", text)) == {str(n_formats)}
    assert not re.search(r"COCO(,| and| or) (a folder of )?Pascal VOC", text)


@pytest.mark.parametrize("page", [*PAGES, *EXAMPLES], ids=shown)
def test_no_page_names_a_package_registry_or_a_place_on_some_machine(page):
    text = page.read_text(encoding="utf-8")
    assert (
        re.findall(r"pypi\.org|pythonhosted|download\.pytorch\.org|conda\.anaconda|--index-url", text) == []
    )
    assert re.findall(r"(?<![\w.`/-])/(?:home|root|tmp|work|Users|usr|opt|mnt)\b", text) == []
    assert str(Path.home()) not in text


def test_the_screen_of_the_readme_and_the_outputs_of_the_examples_have_their_places():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert (
        len(re.findall(r"<!-- screen:begin -->\n```text\n.+?\n```\n<!-- screen:end -->", readme, re.DOTALL))
        == 1
    )
    page = (ROOT / "docs" / "examples" / "lung-ct.md").read_text(encoding="utf-8")
    assert (
        len(re.findall(r"<!-- output:begin -->\n```text\n.+?\n```\n<!-- output:end -->", page, re.DOTALL))
        == 2
    )


def test_the_readme_says_what_it_is_for_and_shows_one_picture_before_the_screen():
    before, _, after = (ROOT / "README.md").read_text(encoding="utf-8").partition("<!-- screen:begin -->")
    assert re.findall(r"^!\[[^\]]{40,}\]\(([\w/.-]+)\)$", before, re.MULTILINE) == [
        "docs/pictures/report.webp"
    ]
    assert "![" not in after


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "how-to").glob("*.md")), ids=shown)
def test_a_how_to_shows_what_to_do_after_a_few_lines(page):
    before, block, _ = page.read_text(encoding="utf-8").partition("\n```")
    assert block
    assert len(before.splitlines()) <= 12
    assert len(before.splitlines()) >= 3, "a how-to says first what the reader gets"


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_the_parts_of_the_screen_are_explained_in_its_order(page):
    _, _, screen = (ROOT / "README.md").read_text(encoding="utf-8").partition("<!-- screen:begin -->")
    titles = re.findall(r"^(\w[^─\n]+) ──", screen, re.MULTILINE)
    text = (ROOT / page).read_text(encoding="utf-8").partition("<!-- screen:begin -->")[0]
    explained = re.findall(r"^(?:\d+\. \*\*|### )([A-Z][^.*\n]+)(?:\.\*\*|$)", text, re.MULTILINE)
    assert [title for title in explained if title in titles] == titles


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_picture_is_there_has_words_for_those_who_do_not_see_it_and_is_small(page):
    for words, name in re.findall(r"!\[([^\]]*)\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        assert len(words) >= 40, name
        assert (page.parent / name).stat().st_size < 150_000


def test_every_picture_is_shown_on_a_page():
    texts = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [
        path.name for path in (ROOT / "docs" / "pictures").iterdir() if f"pictures/{path.name})" not in texts
    ] == []


def test_the_glossary_has_the_words_of_the_report():
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    controls = [row.id for row in EXPLAINERS if row.control]
    lost = [name for name in (*controls, *REGIONS) if f"`{name}`" not in text]
    words = "gate IoU AUROC sensitivity interval kappa Dice shard reader verdict prior captured ceiling spill XA303 XA306"
    assert lost + [word for word in words.split() if word not in text] == []


def test_the_page_on_installing_names_every_extra():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    rows = re.findall(
        r"^\| `([\w-]+)` \|",
        (ROOT / "docs" / "how-to" / "install.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert rows == list(project["optional-dependencies"])


def test_the_readmes_audit_file_has_fifteen_lines():
    [text] = blocks(ROOT / "README.md", "yaml")
    assert len(text.splitlines()) == 15
