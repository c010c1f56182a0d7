"""Build the documentation site in ``build/site``: ``make docs``.

Pages keep their paths from the repository, so a relative link works in a clone and in the site. The build fails on a
warning, on a page that the navigation lacks, on a link that leads nowhere, and on anything that a browser would load
from another host.
"""

import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build" / "docs"
SITE = ROOT / "build" / "site"
DECISIONS = "docs/decisions/README.md"

_LINK = re.compile(r"(\]\(|src=\"|href=\")([^)#\s\"]+)")
_SHIM = re.compile(r'<script src="https://unpkg\.com/iframe-worker/shim"[^>]*></script>')
_WORKER = "assets/javascripts/search-from-disk.js"
_LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "srcset"}
_OTHER_HOST = re.compile(r"url\(\s*['\"]?(?:https?:)?//|@import")


def pages() -> dict[str, str]:
    """Return the text of every page of the site by its path in the repository."""
    waiting = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
    found = {DECISIONS: decisions_page()}
    while waiting:
        path = waiting.pop()
        name = path.relative_to(ROOT).as_posix()
        if name not in found:
            found[name] = path.read_text(encoding="utf-8")
            waiting += [target for target in linked(path) if target.suffix == ".md"]
    return dict(sorted(found.items()))


def linked(page: Path) -> list[Path]:
    """Return the files of the repository that a page links to or shows."""
    names = [name for _, name in _LINK.findall(page.read_text(encoding="utf-8")) if "://" not in name]
    return [path for name in names if (path := (page.parent / name).resolve()).is_file()]


def decisions_page() -> str:
    """Return an index of the decisions, newest first."""
    lines = [f"- [{title}]({path.name})" for path, title in reversed(decisions())]
    return (
        "# Decisions\n\nEach page answers one question that somebody asked or will ask again: the question, the "
        "decision, why, and what it costs.\n\n" + "\n".join(lines) + "\n"
    )


def decisions() -> list[tuple[Path, str]]:
    """Return the page and the title of every decision in the order of their numbers."""
    paths = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    return [(path, path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")) for path in paths]


def configuration() -> dict[str, Any]:
    """Return ``docs/mkdocs.yml`` with the source's folder, the project's own pages and the decisions."""
    config = yaml.safe_load((ROOT / "docs" / "mkdocs.yml").read_text(encoding="utf-8"))
    python = config["plugins"][-1]["mkdocstrings"]["handlers"]["python"]
    python["paths"] = [str(ROOT / "src")]
    python["options"]["extensions"] = [str(ROOT / "docs" / "docstrings.py")]
    project = config["nav"][-1]["Project"]
    project += [path.name for path in sorted(ROOT.glob("*.md")) if path.name != "README.md"]
    entries = [{title.replace("`", ""): path.relative_to(ROOT).as_posix()} for path, title in decisions()]
    project.append({"Decisions": [{"All decisions": DECISIONS}, *entries]})
    return config


def in_navigation(entry: Any) -> list[str]:  # noqa: ANN401
    """Return the pages that a part of the navigation names."""
    if isinstance(entry, str):
        return [entry]
    inner = entry.values() if isinstance(entry, dict) else entry
    return [name for part in inner for name in in_navigation(part)]


def stage(folder: Path) -> None:
    """Write pages, the files that they link to and the configuration into an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in pages().items():
        target = folder / "pages" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(re.sub(r"(\]\([^):]+/)\)", r"\1README.md)", text), encoding="utf-8")
        if name == DECISIONS:
            continue
        for path in linked(ROOT / name):
            if path.suffix != ".md":
                copy = folder / "pages" / path.relative_to(ROOT)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, copy)
    shutil.copy(ROOT / "docs" / "site.css", folder / "pages" / "docs")
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(configuration(), sort_keys=False), encoding="utf-8")


def search_from_disk(site: Path) -> None:
    """Replace a script from another host by our own, which lets the search work without a web server."""
    [worker] = (site / "assets" / "javascripts" / "workers").glob("search*.js")
    code = json.dumps(worker.read_text(encoding="utf-8"))
    (site / _WORKER).write_text(
        f"if (location.protocol === 'file:') {{\n  const code = URL.createObjectURL(new Blob([{code}]));\n"
        "  window.Worker = class extends Worker { constructor() { super(code); } };\n}\n",
        encoding="utf-8",
    )
    for page in site.rglob("*.html"):
        up = "../" * (len(page.relative_to(site).parts) - 1)
        text = _SHIM.sub(f'<script src="{up}{_WORKER}"></script>', page.read_text(encoding="utf-8"))
        page.write_text(text, encoding="utf-8")


class _Page(HTMLParser):
    """Collects a page's anchors, links, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.ids |= {values.get("id", ""), values.get("name", "")}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag in _LOADED and (address := values.get(_LOADED[tag])) and values.get("rel") != "canonical":
            self.loads.append(address)


def faults(site: Path) -> list[str]:
    """Return what is wrong with a built site: links that lead nowhere, and what comes from another host."""
    read = {path: _Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    wrong = []
    for page, content in read.items():
        if page.name == "404.html":  # its links start at the root of a server
            continue
        shown = page.relative_to(site).as_posix()
        wrong += [f"{shown} loads {address}" for address in content.loads if urlsplit(address).netloc]
        for address in content.links + content.loads:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if not target.exists():
                wrong.append(f"{shown} links to {address}, which is not there")
            elif parts.fragment and target in read and unquote(parts.fragment) not in read[target].ids:
                wrong.append(f"{shown} links to {address}, which has no such heading")
    return wrong + [
        f"{style.relative_to(site).as_posix()} loads something from another place"
        for style in site.rglob("*.css")
        if _OTHER_HOST.search(style.read_text(encoding="utf-8"))
    ]


def main() -> int:
    """Build and check the site, and print where it is."""
    named = in_navigation(configuration()["nav"])
    lost = sorted(set(pages()) ^ set(named))
    if lost or len(named) != len(set(named)):
        print(f"error: not once in the navigation of docs/mkdocs.yml: {', '.join(lost)}", file=sys.stderr)
        return 1
    stage(BUILD)
    command = [str(Path(sys.executable).with_name("zensical")), "build", "--strict"]
    done = subprocess.run(command, cwd=BUILD, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    if done.returncode or re.search("error|griffe:", said, re.IGNORECASE):
        print(said, file=sys.stderr)
        return 1
    shutil.rmtree(SITE, ignore_errors=True)
    (BUILD / "site").rename(SITE)
    search_from_disk(SITE)
    if wrong := faults(SITE):
        print("error: " + "\nerror: ".join(wrong), file=sys.stderr)
        return 1
    print(f"{(SITE / 'index.html').relative_to(ROOT)}: {len(named)} pages, every link checked")
    return 0


if __name__ == "__main__":
    sys.exit(main())
