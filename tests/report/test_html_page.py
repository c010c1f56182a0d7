"""The page as text: what stands on it, and that nothing in a run can become markup or a request."""

import base64
import hashlib
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import outcomes
import pages
import pytest
from PIL import Image

from xaudit.catalog import METRICS
from xaudit.records import NO_READER, Interval, Problem, Stability
from xaudit.report.hashed_ids import HashedIds
from xaudit.report.html.manifest_rows import manifest_rows
from xaudit.report.html.page_file import write_page
from xaudit.report.html.reliance_part import reliance_parts
from xaudit.report.html.render import html_report
from xaudit.stages.views.gallery_view import GalleryMap

SECTIONS = [
    "Verdict",
    "The cases that decide",
    "Right and wrong answers",
    "Where the answer comes from",
    "Where the model looks, and where each explainer says it looks",
    "Right for the right reason",
    "All cases",
    "Explainers beside controls and readers",
    "How the maps fail, and whether the model was right",
    "Groups of maps",
    "Explainers compared on the same cases",
    "Strata: lesion size, resolution, changed images",
    "Faithfulness curves",
    "Sanity",
    "The data",
    "What the findings mean",
    "Left out, and notes",
    "How to run it again",
]
VOID = {"meta", "br", "img", "input", "link", "hr"}


class Tree(HTMLParser):
    """Every element with its attributes and the text directly in it; refuses what is not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.open = []
        self.feed(text)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "attrs": dict(attrs), "text": ""}
        self.elements.append(element)
        if tag not in VOID and not self.get_starttag_text().endswith("/>"):
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.elements.append({"tag": tag, "attrs": dict(attrs), "text": ""})

    def handle_endtag(self, tag):
        assert self.open[-1]["tag"] == tag, f"</{tag}> closes <{self.open[-1]['tag']}>"
        self.open.pop()

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def all(self, tag, **attrs):
        return [
            one
            for one in self.elements
            if one["tag"] == tag and all(one["attrs"].get(name) == value for name, value in attrs.items())
        ]


@pytest.fixture(scope="module")
def material():
    return pages.material()


@pytest.fixture(scope="module")
def text(material):
    return html_report(material)


@pytest.fixture(scope="module")
def tree(text):
    return Tree(text)


def data_of(text):
    [block] = Tree(text).all("script", type="application/json")
    return json.loads(block["text"])


def test_every_section_stands_on_the_page_in_the_agreed_order(tree):
    assert [one["text"] for one in tree.all("h2")] == SECTIONS


def test_every_section_is_there_where_a_run_has_next_to_nothing():
    bare = replace(
        pages.material(names=(), outcome=outcomes.unmarked_outcome(), explainers=("gradcam", "lime")),
        reasons=(),
        n_explained={},
        manifest={},
    )
    text = html_report(bare)
    titles = [one["text"] for one in Tree(text).all("h2")]
    assert titles == [*SECTIONS[:8], "How the maps fail", *SECTIONS[9:]]
    for reason in (
        "This run checked no data",
        "this needs explained cases with a reader’s mark",
        "this needs readers&#39; marks",
        "This run sorted no maps",
        "it takes two explainers",
        "No case was explained",
        "a run stores the curves behind its scores where",
        "asked for no metric of sanity",
        "The manifest holds no command",
    ):
        assert reason in text, reason


def test_the_contents_name_every_section_and_leave_out_those_that_hold_nothing(tree):
    def anchors(one):
        return [link["attrs"]["href"] for link in one.all("a") if link["attrs"]["href"].startswith("#")]

    bare = replace(
        pages.material(names=(), outcome=outcomes.unmarked_outcome(), explainers=("gradcam", "lime")),
        reasons=(),
        n_explained={},
    )
    few = Tree(html_report(bare))
    for name in ("deciding", "reasons", "gallery", "failures", "pairs", "curves", "sanity", "data-checks"):
        assert [one["attrs"]["id"] for one in few.all("section", id=name)] == [name]
        assert f"#{name}" not in anchors(few)
    assert "#gallery" in anchors(tree)
    ids = {one["attrs"].get("id") for one in tree.elements}
    assert {link.removeprefix("#") for link in anchors(tree)} <= ids


def test_each_finding_links_to_its_numbers_its_cases_and_its_definition(tree):
    links = [one["attrs"]["href"] for one in tree.all("a")]
    for code in ("XA201", "XA202"):
        assert f"#{code}" in links
        [definition] = tree.all("div", id=code)
        assert code in definition["text"]
    assert {"#looks", "#deciding"} <= set(links)


def test_the_policy_lets_nothing_run_but_the_pages_own_script(tree):
    [policy] = [
        one["attrs"]["content"]
        for one in tree.all("meta")
        if one["attrs"].get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    [style], scripts = tree.all("style"), tree.all("script")
    [own] = [one for one in scripts if "type" not in one["attrs"]]
    for name, block in (("style-src", style), ("script-src", own)):
        digest = base64.b64encode(hashlib.sha256(block["text"].encode()).digest()).decode()
        assert rules[name] == f"'sha256-{digest}'"


def test_nothing_on_the_page_asks_the_network_or_needs_what_the_policy_forbids(tree, text):
    for one in tree.elements:
        assert not {"style", "srcset", "action", "formaction", "ping"} & one["attrs"].keys(), one
        assert not [name for name in one["attrs"] if name.startswith("on")], one
        for name in ("href", "src", "data"):
            inside = "data:image/webp;base64," if one["tag"] == "image" else "#"
            assert one["attrs"].get(name, inside).startswith(inside), one
    assert "url(" not in text
    assert "@import" not in text
    known = {"http://www.w3.org/2000/svg"}
    assert set(re.findall(r"[a-z]+://[^\s\"'<>)]+", text)) <= known


def test_a_case_called_like_markup_is_text(text, tree):
    assert pages.HOSTILE not in text
    assert "<img" not in text
    assert [one["id"] for one in data_of(text)["cases"]].count(pages.HOSTILE) == 1
    problem = replace(
        outcomes.phantom_outcome(),
        name="</title><script>alert(1)</script>",
        problems=(Problem(pages.HOSTILE, "load", "damaged </script><script>alert(2)</script>"),),
        notes=("<b>`<i>`",),
    )
    bad = Tree(html_report(pages.material(outcome=problem)))
    assert len(bad.all("script")) == len(tree.all("script")) == 2
    assert not bad.all("img")
    assert not bad.all("b")
    assert [one["text"] for one in bad.all("code")].count("<i>") == 1


def test_verdict_gates_and_matrix_say_what_the_other_reports_say(tree):
    words = [one["text"] for one in tree.all("span") if "pill" in one["attrs"].get("class", "")]
    assert words == ["✗ FAIL", "✓ PASS"]
    cells = {
        (one["attrs"]["data-model"], one["attrs"]["data-true"], one["attrs"]["data-said"]): one[
            "text"
        ].split()
        for one in tree.all("button")
        if "data-true" in one["attrs"]
    }
    # Of 54 images of cancer 52 are found: 96 %.
    assert cells["honest", "cancer", "cancer"] == [*("52", "96", "%", "·", "TP"), *("50", "not", "explained")]
    assert cells["honest", "normal", "cancer"][0] == "1"
    assert cells["honest", "cancer", "normal"][4] == "FN"


def test_a_cell_without_a_case_in_the_gallery_cannot_be_chosen(tree):
    disabled = {
        (one["attrs"]["data-model"], one["attrs"]["data-true"], one["attrs"]["data-said"])
        for one in tree.all("button")
        if "data-true" in one["attrs"] and "disabled" in one["attrs"]
    }
    assert disabled == {
        (model, "normal", said) for model in ("honest", "shortcut") for said in ("cancer", "normal")
    }


def test_the_gallery_says_how_many_of_how_many_cases_it_shows(text):
    assert "Explained cases shown, honest: 3 of 54; shortcut: 3 of 54." in text
    assert "The tables count all cases." in text
    all_shown = replace(pages.material(), n_explained={"honest": 3, "shortcut": 3})
    assert "honest: all 3; shortcut: all 3." in html_report(all_shown)


def test_cases_that_were_explained_for_their_error_are_told_apart():
    source = pages.material(names=("A", "B", "C"))
    views = tuple(
        replace(one, is_error=True, regions={"border": 0.31, "lungs": -0.02}) if one.case_id == "C" else one
        for one in source.views
    )
    text = html_report(replace(source, views=views, n_explained={"honest": 2, "shortcut": 2}))
    assert "honest: all 2; shortcut: all 2." in text
    assert (
        "Beside them, misclassified images that were explained for their error and are in no table, "
        "honest: 1; shortcut: 1." in text
    )
    shown = [one for one in data_of(text)["views"] if one["error"]]
    assert [one["regions"] for one in shown] == [
        "fall of P(cancer) if hidden, beyond that of random areas: image border 0.31 · lungs, side unknown -0.02"
    ] * 2
    assert {one["regions"] for one in data_of(text)["views"] if not one["error"]} == {""}


def test_of_more_cases_than_a_browser_bears_the_worst_of_each_model_have_pictures(monkeypatch):
    # Two models and three explainers: room for two cases of each.
    monkeypatch.setattr("xaudit.report.html.gallery.MOST_MAPS", 12)
    source = pages.material(names=("A", "B", "C"))
    text = html_report(source)
    assert "Only the worst 4 of the 6 have pictures" in text
    data = data_of(text)
    pictured = {
        (v["model"], data["cases"][v["case"]]["id"]) for v in data["views"] if "image" in v["maps"][0]
    }
    assert pictured == {(0, "A"), (0, "B"), (1, "A"), (1, "B")}
    assert [bool(one["image"]) for one in data["cases"]] == [True, True, False]
    assert all(len(view["maps"][0]["scores"]) == 2 for view in data["views"])


def test_an_image_comes_back_grey_by_grey_and_a_map_to_within_half_a_step(material, text):
    data = data_of(text)
    [one] = [one for one in data["cases"] if one["id"] == "P01"]
    kept = Image.open(io.BytesIO(material.previews["P01"].webp)).convert("L")
    shown = Image.open(io.BytesIO(base64.b64decode(one["image"].partition(",")[2]))).convert("L")
    assert np.array_equal(np.asarray(shown), np.asarray(kept))
    view = next(v for v in data["views"] if data["cases"][v["case"]]["id"] == "P01")
    source = next(v for v in material.views if v.case_id == "P01").maps["lime"].values
    drawn = np.asarray(
        Image.open(io.BytesIO(base64.b64decode(view["maps"][1]["image"].partition(",")[2]))).convert("L")
    )
    back = (drawn.astype(float) - 128) / 127 * np.abs(source).max()
    assert np.abs(back - source).max() <= 0.5 / 127 * np.abs(source).max() + 1e-6


def test_without_images_only_the_mean_maps_are_left_without_a_case_behind_them():
    material = pages.material()
    text = html_report(material, images=False)
    pictures = reliance_parts(material, images=False).values()
    maps = [one.map for part in pictures for one in part.figures]
    hrefs = [one["attrs"]["href"] for one in Tree(text).all("image")]
    bar = next(iter(pictures)).bar
    # The failing model stands first with one map; the others stand among the evidence.
    assert hrefs == [maps[2], bar, maps[0], bar, maps[1], bar, maps[3], bar]
    assert len(Tree(text).all("rect", **{"class": "seen"})) == len(maps) == 4
    assert "nearest to the mean" not in text
    assert text.count("data:image") == len(hrefs)
    data = data_of(text)
    assert all(one["image"] == "" and set(one["outlines"].values()) == {""} for one in data["cases"])
    assert all("image" not in one for view in data["views"] for one in view["maps"])
    assert "left out as asked" in text


def test_a_cases_reliance_map_stands_last_among_its_maps_with_its_strongest_point():
    material = pages.material()
    strong, weak = np.zeros((64, 64)), np.zeros((64, 64))
    strong[:8, 56:] = 0.3
    maps = GalleryMap(strong, highest=0.3), GalleryMap(weak, highest=0.012)
    views = [
        replace(view, maps={**view.maps, "reliance map": own})
        for view, own in zip(material.views[:2], maps, strict=True)
    ]
    data = data_of(html_report(replace(material, views=(*views, *material.views[2:]))))
    assert [one["id"] for one in data["explainers"]] == [*pages.EXPLAINERS, data["reliance"]]
    assert data["explainers"][-1] == {"id": "reliance map", "signed": False}
    first, second, third = (view["maps"][-1] for view in data["views"][:3])
    assert first["note"] == "P(cancer) falls by up to 0.30"
    assert first["image"].startswith("data:image/webp")
    assert second["note"] == "hiding any place lowers P(cancer) by less than 0.02"
    assert second["image"] == ""
    assert [one["absent"] for one in (first, third)] == ["", "not measured on this image"]
    assert set(first["scores"]) == {None}


def test_with_hashed_ids_no_id_of_a_case_or_patient_is_left(tmp_path):
    outcome = replace(
        outcomes.phantom_outcome(),
        problems=(Problem("P02", "load", "P02.png: truncated"), Problem("7", "load", "7: empty")),
        notes=("patient of P01: no side",),
    )
    source = pages.material(outcome=outcome)
    source = replace(source, manifest={**source.manifest, "command_line": ["xaudit", "run", "--case", "P01"]})
    ids = [*source.cases, *(one.patient_id for one in source.cases.values()), "7"]
    hashed = HashedIds(b"key", ids)
    path = tmp_path / "report.html"
    write_page(source, path, hashed=hashed)
    # Base 64 of a picture may hold these letters by chance.
    text = re.sub(r"data:image/webp;base64,[\w+/=]+", "", path.read_text())
    assert not re.search(r"\bP0[12]\b", text)
    assert "patient of" not in text
    assert f"{hashed.id('7')}: empty" in text
    assert [one["id"] for one in data_of(text)["cases"]] == [hashed.id(name) for name in sorted(source.cases)]


def test_a_deciding_patient_is_named_beside_the_verdict_and_hashed_like_every_id(tmp_path):
    base = outcomes.phantom_outcome()
    verdicts = tuple(
        replace(one, stability=Stability("patient", 18, 18, ("patient of P02",)))
        if (one.code, one.model_id, one.kind) == ("XA201", "shortcut", "finding")
        else one
        for one in base.verdicts
    )
    source = pages.material(outcome=replace(base, verdicts=verdicts))
    hashed = HashedIds(b"key", [*source.cases, *(one.patient_id for one in source.cases.values())])
    for given in (None, hashed):
        path = tmp_path / "report.html"
        write_page(source, path, hashed=given)
        text = path.read_text()
        patient, case = (
            ("patient of P02", "P02") if given is None else (hashed.id("patient of P02"), hashed.id("P02"))
        )
        assert [one["text"] for one in Tree(text).all("button", **{"data-patient": patient})] == [patient]
        assert f"Rests on one patient: without {patient} the verdict changes." in text
        data = data_of(text)
        [place, reason] = data["deciding"][1][0]
        assert data["cases"][data["views"][place]["case"]]["id"] == case
        assert reason.startswith(f"Decides the verdict: without {patient} it changes.")
    assert "patient of P02" not in text


def test_what_an_explainer_says_of_the_regions_stands_beside_what_the_model_depends_on(tree):
    tables = [one for one in tree.all("table") if "regions" in one["attrs"].get("class", "")]
    assert len(tables) == 2
    row = next(line for line in tables[0]["text"].split("\n") if line.startswith("marked lesion"))
    # outcomes.RELIANCE and MASSES of the honest model: .61 ± .05; Grad-CAM .08, LIME .31, occlusion .52.
    assert "marked lesion" in row
    assert "0.61 [0.56, 0.66]" in tables[0]["text"]
    for share in ("8 %", "31 %", "52 %"):
        assert share in tables[0]["text"]


def test_the_forest_shows_readers_only_where_there_are_several():
    assert "readers, each against the others" not in html_report(pages.material())


def test_a_model_that_cannot_be_told_apart_by_its_first_letters_keeps_its_own_sentence():
    names = ("net", "net2")
    base = outcomes.phantom_outcome()
    renamed = replace(
        base,
        model_ids=names,
        evaluations=(),
        positive=dict.fromkeys(names, "cancer"),
        summaries=(),
        categories=(),
        category_shifts=(),
        verdicts=(outcomes.finding("XA202", "net2", "net2: uses the mark"),),
    )
    text = html_report(replace(pages.material(names=(), outcome=renamed), reasons=()))
    assert re.search(r"<strong>net2</strong></p>\s*<p class=\"sentence\">The model uses the mark\.", text)
    assert re.search(
        r"<strong>net</strong></p>\s*<p class=\"sentence\">No verdict\.</p>.*?<p class=\"figures\">No gate was",
        text,
        flags=re.DOTALL,
    )


def test_an_interval_without_limits_is_drawn_as_a_point():
    base = outcomes.phantom_outcome()
    alone = tuple(
        replace(one, interval=Interval(one.interval.estimate, None, None, "none")) for one in base.summaries
    )
    tree = Tree(html_report(pages.material(outcome=replace(base, summaries=alone))))
    assert not [one for one in tree.all("line") if one["attrs"].get("class") == "span"]
    assert [one for one in tree.all("circle") if one["attrs"].get("class") == "dot"]


@pytest.mark.parametrize("family", ["sanity", "robustness", "complexity"])
def test_what_was_measured_of_the_maps_themselves_has_its_numbers_on_the_page(family):
    metric = next(row.id for row in METRICS if row.family == family and row.headline)
    base = outcomes.phantom_outcome()
    measured = outcomes.summary("honest", "lime", metric, 0.4321, family=family, reader=NO_READER)
    text = html_report(pages.material(outcome=replace(base, summaries=(*base.summaries, measured))))
    part = text[text.index('id="sanity"') : text.index('id="left-out"')]
    assert "0.43 [0.36, 0.50]" in part
    assert "Not assessed" not in part


def curve_section(text):
    start = text.index('<section id="curves"')
    return text[start : text.index("</section>", start) + len("</section>")]


def test_every_curve_is_drawn_beside_the_controls_and_said_in_words_and_numbers(text):
    part = Tree(curve_section(text))
    fields = [one["attrs"] for one in part.all("svg") if one["attrs"].get("class") == "field"]
    # Two metrics of two models.
    assert len(fields) == 4
    assert fields[0]["aria-label"].startswith(
        "pixel flipping of honest: target probability over the share of pixels removed, the map’s highest first, "
        "a lower curve is better. gradcam from 0.90 to 0.00; "
    )
    assert "control random from 0.90 to 0.00" in fields[0]["aria-label"]
    lines = [
        one["attrs"]["class"] for one in part.all("path") if one["attrs"].get("class", "").startswith("run ")
    ]
    n_controls = len(outcomes.phantom_outcome().control_ids)
    assert len([one for one in lines if "control" in one]) == 4 * n_controls
    assert len(lines) == 4 * (3 + n_controls)
    rows = [one["text"] for one in part.all("tr") if one["text"].startswith("50 %")]
    # Grad-CAM's probability at a half is .9 × .5³ = .1125, a control's .9 × .5.
    assert rows[0].startswith("50 %0.11 [0.06, 0.16]")
    assert rows[0].endswith("0.45 [0.40, 0.50]")


def test_a_run_without_curves_says_how_to_keep_them():
    without = replace(pages.material(), curves=(), curves_kept=False)
    assert "<code>run: {curves: true}</code>" in curve_section(html_report(without))
    nothing = replace(pages.material(), curves=(), curves_kept=True)
    assert "none of the metrics of faithfulness that were measured is read from a curve" in html_report(
        nothing
    )


def test_what_the_run_was_made_with_names_other_packages_and_files_of_a_model_that_is_not_here():
    source = pages.material()
    brought = {"kind": "metric", "name": "top-share", "package": "xaudit-example", "version": "1.0"}
    files = {"external": {"mine": {"predictions": "12ab", "external-gradcam": "34cd"}}}
    page = html_report(
        replace(source, manifest={**source.manifest, "plugins": [brought], "checksums": files})
    )
    for name, value in (
        ("from xaudit-example 1.0", "metric top-share"),
        ("predictions of mine, from files", "12ab"),
        ("external-gradcam of mine, from files", "34cd"),
    ):
        assert f"<dt>{name}</dt><dd>{value}</dd>" in page


def test_what_a_run_holds_one_of_is_counted_in_the_singular():
    material = pages.material()
    manifest = {**material.manifest, "counts": {"cases": 3, "patients": 1, "annotations": 1}}
    rows = dict(manifest_rows(replace(material, manifest=manifest)))
    assert rows["counts"] == "3 cases, 1 patient, 1 annotation"
