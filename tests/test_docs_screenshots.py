"""The script that makes pictures and terminal screens of the pages."""

import importlib.util
import re
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def script(tmp_path, monkeypatch):
    found = importlib.util.spec_from_file_location("docs_screenshots", ROOT / "docs" / "screenshots.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "PICTURES", tmp_path)
    return module


def test_a_screen_takes_the_place_of_the_one_before_and_nothing_else_changes(script, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- screen:begin -->\n```text\nold \\1\n```\n<!-- screen:end -->\nb\n")
    script.paste(page, "new \\1\nline\n")
    assert (
        page.read_text() == "a\n<!-- screen:begin -->\n```text\nnew \\1\nline\n```\n<!-- screen:end -->\nb\n"
    )


def test_a_page_without_a_place_for_a_screen_is_refused(script, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("no screen")
    with pytest.raises(SystemExit, match=r"error: page\.md has 0 places for a screen, not 1"):
        script.paste(page, "new\n")
    assert page.read_text() == "no screen"


def test_a_terminal_is_drawn_in_colour_and_names_no_font_or_page_of_another_host(script, tmp_path):
    (tmp_path / "runs" / "a").mkdir(parents=True)
    drawn = script.terminal(tmp_path, "list", "findings")
    assert "XA201" in drawn
    assert ">xaudit&#160;list&#160;findings</" in drawn
    assert re.findall(r"https?://[^\"]+|Fira Code|@font-face", drawn) == ["http://www.w3.org/2000/svg"]


def test_pictures_are_put_together_in_rows_with_space_around_them(script, tmp_path):
    red, blue = Image.new("RGB", (30, 10), "#ff0000"), Image.new("RGB", (20, 40), "#0000ff")
    script.save("both", [[red, blue], [red]])
    with Image.open(tmp_path / "both.webp") as whole:
        # Two columns of 30 and 20 and three spaces of 24; rows of 40 and 10 and three spaces.
        assert whole.size == (122, 122)
        assert whole.getpixel((39, 29))[0] > 200
        assert whole.getpixel((88, 44))[2] > 200
        assert whole.getpixel((39, 93))[0] > 200
        assert min(whole.getpixel((10, 10))) > 245
