"""``xaudit diff --html`` on two finished runs of the same images."""

import re
import shutil

import pytest

from given_maps_study import audited


@pytest.fixture(scope="module")
def other_run(small_run, tmp_path_factory):
    """The same images and maps, with other predictions: one case became wrong, another less sure."""
    study = tmp_path_factory.mktemp("other") / "study"
    shutil.copytree(small_run.parent.parent, study, ignore=shutil.ignore_patterns("runs"))
    text = (study / "predictions.csv").read_text()
    text = text.replace("scan0.png,0.9,0.1", "scan0.png,0.2,0.8").replace(
        "scan3.png,0.1,0.9", "scan3.png,0.3,0.7"
    )
    (study / "predictions.csv").write_text(text)
    return audited(study)


def test_the_page_names_the_cases_that_moved_and_the_screen_stays(small_run, other_run, answer, tmp_path):
    code, out, _ = answer("diff", small_run, other_run, "--html", "d.html")
    assert code == 0
    assert "What moved" in out
    page = (tmp_path / "d.html").read_text(encoding="utf-8")
    assert "2 of 8 cases moved" in page
    cards = re.findall(r"<h4>(.*?)</h4>\s*<p>(.*?);", page)
    assert cards == [("scan0", "became wrong"), ("scan3", "the same answer")]
    assert "cancer; P(true class) 0.90" in page
    assert "normal; P(true class) 0.20" in page
    assert "data:image/webp" in page


def test_without_images_no_picture_is_in_it(small_run, other_run, answer, tmp_path):
    assert answer("diff", small_run, other_run, "--html", "d.html", "--no-images")[0] == 0
    page = (tmp_path / "d.html").read_text(encoding="utf-8")
    assert "2 of 8 cases moved" in page
    assert 'class="reliance"' not in page.partition("</style>")[2]


def test_no_images_without_a_page_is_refused(small_run, other_run, refusal):
    assert refusal("diff", small_run, other_run, "--no-images") == (
        "--no-images: only the page has images",
        "add --html FILE",
    )
