"""Make the pictures and terminal screens of the pages anew: ``python docs/screenshots.py [RUN]``.

Audits the built-in phantom study, or takes the folder of an audit of it. Headless Chromium draws the report's page into
``docs/pictures/*.webp``, rich draws two screens of the terminal there, and their plain text replaces the blocks between
``<!-- screen:begin -->`` and ``<!-- screen:end -->``.
"""

import io
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, sync_playwright
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
COLUMNS = 80
SHARPNESS = 1.5
"""Pixels of a picture for each pixel of the page."""
MOST_COLUMNS, MOST_ROWS = 1500, 1950
"""Size in pixels to which larger pictures are shrunk."""
LARGEST = 150_000
"""Bytes that no picture may exceed."""

_XAUDIT = [sys.executable, "-m", "xaudit"]
_SCREEN = re.compile(r"(<!-- screen:begin -->\n```text\n).*?(```\n<!-- screen:end -->)", re.DOTALL)
_END_OF_TABLES = """() => {
  const section = document.querySelector('#looks');
  return section.querySelector('.note').getBoundingClientRect().bottom - section.getBoundingClientRect().top;
}"""
_FROM_ELSEWHERE = re.compile(r"\s*@font-face \{.*?\}|Fira Code, |<!--.*?-->", re.DOTALL)


def main() -> None:
    """Write every picture and every screen."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        if len(sys.argv) > 1:
            run = work / "runs" / Path(sys.argv[1]).name
            shutil.copytree(sys.argv[1], run)
            printed(work, "report", run, "--html")  # the page as this version makes it
            screen = printed(work, "report", run)
        else:
            screen = printed(work, "run", "--exit-zero")
            [run] = (work / "runs").glob("*-phantom-*")
        paste(ROOT / "README.md", screen)
        paste(ROOT / "docs" / "examples" / "phantom.md", printed(work, "report", run, "--full"))
        (PICTURES / "terminal-report.svg").write_text(terminal(work, "report", run), encoding="utf-8")
        with sync_playwright() as played:
            browser = played.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            page = browser.new_page(
                viewport={"width": 1000, "height": 900}, device_scale_factor=SHARPNESS, bypass_csp=True
            )
            case = draw_page(page, run / "report.html")
            page.set_content(terminal(work, "show", run, case, "--model", "shortcut", "-e", "gradcam"))
            save("terminal-case", [[picture(page.locator("svg"))]])
            browser.close()
    for path in PICTURES.iterdir():
        if path.stat().st_size > LARGEST:
            sys.exit(f"error: {path.relative_to(ROOT)} has more than {LARGEST:,} bytes")


def command(work: Path, *words: str | Path) -> list[str]:
    """Return the command line of xaudit, with paths below the working folder as a user there would type them."""
    return _XAUDIT + [str(word.relative_to(work) if isinstance(word, Path) else word) for word in words]


def printed(work: Path, *words: str | Path) -> str:
    """Return what a command prints where its output is not a terminal."""
    return subprocess.run(
        command(work, *words), cwd=work, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def paste(page: Path, screen: str) -> None:
    """Replace the screen that a page shows."""
    text, count = _SCREEN.subn(lambda old: old[1] + screen + old[2], page.read_text(encoding="utf-8"))
    if count != 1:
        sys.exit(f"error: {page.relative_to(ROOT)} has {count} places for a screen, not 1")
    page.write_text(text, encoding="utf-8")


def terminal(work: Path, *words: str | Path) -> str:
    """Return what a command prints on a terminal in colour as SVG, without the web font that rich names."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "COLUMNS": str(COLUMNS), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    with subprocess.Popen(command(work, *words), cwd=work, stdout=theirs, stderr=theirs, env=env) as process:
        os.close(theirs)
        shown = b""
        while part := _read(ours):
            shown += part
    if process.returncode:
        sys.exit(f"error: {' '.join(map(str, words))} ended with {process.returncode}")
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(shown.decode().replace("\r\n", "\n")))
    title = " ".join(["xaudit", *("-" if isinstance(word, Path) else word for word in words)]).removesuffix(
        " -"
    )
    drawn = console.export_svg(title=title, unique_id=f"terminal-{words[0]}")
    return _FROM_ELSEWHERE.sub("", drawn)


def _read(descriptor: int) -> bytes:
    """Read from a terminal, whose end Linux reports as an error."""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""


def chromium() -> str:
    """Return the path of an installed Chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    sys.exit("error: no Chromium is installed\nhint:  make browser")


def draw_page(page: Page, report: Path) -> str:
    """Write the pictures of the report's page, and return the case of the model `shortcut` that they show."""
    page.goto(report.as_uri())
    page.wait_for_function("document.documentElement.dataset.ready === 'yes'")
    page.add_style_tag(content=".case button { display: none }")
    for name in ("verdict", "answers", "reasons"):
        save(f"report-{name}", [[picture(page.locator(f"#{name}"))]], quality=60)
    maps = page.locator("#verdict .maps")
    save("report-reliance-map", [[picture(maps.nth(place))] for place in range(maps.count())], quality=60)
    looks = picture(page.locator("#looks"))
    save("report-looks", [[looks.crop((0, 0, looks.width, page.evaluate(_END_OF_TABLES) * SHARPNESS))]])
    page.select_option("#order", "best")
    page.select_option("#right", label="occlusion")
    save("report-cases", [[case(page, model) for model in ("honest", "shortcut")]])
    page.select_option("#right", "-1")  # the image alone
    verdicts = [[picture(part)] for part in page.locator("#verdict .judgement").all()]
    save("report", [*verdicts, [case(page, model) for model in ("shortcut", "honest")]], quality=60)
    page.select_option("#model", label="shortcut")
    return page.locator("#cases h3").first.text_content() or ""


def case(page: Page, model: str) -> Image.Image:
    """Return the picture of a model's first case with its two maps."""
    page.select_option("#model", label=model)
    article = page.locator("#cases article").first
    article.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # maps are painted when they come into view
    return picture(article)


def picture(part: Locator) -> Image.Image:
    """Return what the browser shows of a part of the page."""
    return Image.open(io.BytesIO(part.screenshot())).convert("RGB")


def save(name: str, rows: list[list[Image.Image]], *, quality: int = 80) -> None:
    """Write pictures, put together in rows, as one WebP file."""
    space = 24
    width = max(sum(part.width + space for part in row) for row in rows) + space
    height = sum(max(part.height for part in row) + space for row in rows) + space
    whole, top = Image.new("RGB", (width, height), "white"), space
    for row in rows:
        left = space
        for part in row:
            whole.paste(part, (left, top))
            left += part.width + space
        top += max(part.height for part in row) + space
    whole.thumbnail((MOST_COLUMNS, MOST_ROWS), Image.Resampling.LANCZOS)
    whole.save(PICTURES / f"{name}.webp", quality=quality, method=6)


if __name__ == "__main__":
    main()
