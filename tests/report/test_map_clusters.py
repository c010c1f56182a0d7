"""Groups of maps in reports: every number stands in words, a lead in one line, and a picture shows the mean map."""

import base64
import io
import json
import re
from dataclasses import replace

import numpy as np
import outcomes
import pages
from PIL import Image

from xaudit.records import Interval, MapCluster, MapClusters, StandingOut
from xaudit.report.files.json_report import outcome_as_json
from xaudit.report.grid import Grid, Paragraph
from xaudit.report.hashed_ids import HashedIds
from xaudit.report.html.render import html_report
from xaudit.report.pictures.map_clusters import cluster_pictures
from xaudit.report.sections.maps.map_clusters import clusters_section
from xaudit.stages.views.cluster_view import ClusterExample, ClusterView
from xaudit.stages.views.previews import preview

CORNER = tuple(tuple(float((row, column) == (0, 15)) for column in range(16)) for row in range(16))
SCANNER = StandingOut("scanner", "B", 1.0, 0.25, 12, 0.001)


def group(**changes) -> MapCluster:
    plain = MapCluster(
        1, 13, 12, 0.8, 0.01, CORNER, "upper right corner", "border", ("P1", "P2"), ("P1", "P2", "P3"),
        (SCANNER,), Interval(0.51, 0.4, 0.6, "bca"), 12, "confirmed",
    )  # fmt: skip
    return replace(plain, **changes)


def clusters(*groups: MapCluster, **changes) -> MapClusters:
    plain = MapClusters("shortcut", "gradcam", "cancer", 40, 36, 2, 40, "patient", 0.02, tuple(groups))
    return replace(plain, **changes)


def outcome(*several: MapClusters):
    return replace(outcomes.phantom_outcome(), map_clusters=several)


def test_a_row_holds_every_number_of_a_group() -> None:
    section = clusters_section(outcome(clusters(group())))
    assert section is not None
    table, legend, rest, others = section.blocks
    assert isinstance(others, Paragraph)
    assert isinstance(table, Grid)
    assert [cell.text for cell in table.rows[1].cells] == [
        "gradcam 1, a lead", "13", "12", "upper right corner (image border)", "scanner = B (100 %, others 25 %)",
        "0.51 [0.40, 0.60]: confirmed by reliance",
    ]  # fmt: skip
    assert isinstance(legend, Paragraph)
    assert "(p 0.01 at most" in legend.text
    assert isinstance(rest, Paragraph)
    assert (others.lead, others.text) == ("lime, occlusion:", "this run kept no maps to compare.")
    assert (rest.lead, rest.text) == (
        "shortcut, gradcam:",
        "27 of 40 maps in no group; 2 maps point nowhere.",
    )


def test_maps_without_groups_say_why() -> None:
    section = clusters_section(
        outcome(
            clusters(n_maps=400, n_compared=300, n_nowhere=0),
            clusters(source="lime", n_maps=9, n_nowhere=1, reason="9 maps point somewhere, and fewer than 10 are not divided"),
        )
    )  # fmt: skip
    assert section is not None
    texts = [block.text for block in section.blocks if isinstance(block, Paragraph)]
    assert texts == [
        "no groups. Nothing divides 300 maps beyond chance, drawn from 400.",
        "9 maps point somewhere, and fewer than 10 are not divided; 1 map points nowhere.",
        "this run kept no maps to compare.",
    ]


def test_the_first_screen_names_one_lead_of_a_model_and_none_without() -> None:
    on_organ = group(
        number=2, place="lungs", attributes=(StandingOut("class", "cancer", 1.0, 0.2, 12, 0.01),)
    )
    assert clusters_section(outcome(clusters(on_organ)), brief=True) is None
    unknown = group(
        effect=None, confirmation="cannot be told", reason="no reliance", attributes=(), n_maps=20
    )
    section = clusters_section(outcome(clusters(group(), unknown, group(number=3))), brief=True)
    assert section is not None
    assert [block.text for block in section.blocks if isinstance(block, Paragraph)] == [
        "shortcut: 13 of 40 maps of gradcam lie at the upper right corner (image border); stands out: scanner = B (100 %, "
        "others 25 %). Hiding that place lowers P(cancer) by 0.51 [0.40, 0.60]: confirmed by reliance.",
        "shortcut: 2 more leads in the whole report.",
    ]


def pictured(*, frame=(96, 96)) -> ClusterView:
    about = clusters(group())
    values = np.zeros(frame, dtype=np.float32)
    values[:12, -12:] = 1.0
    shown = ClusterExample(preview("P1", np.full(frame, 0.5, dtype=np.float32)), values)
    return ClusterView(about, about.groups[0], (shown,))


def images_in(markup: str) -> list[np.ndarray]:
    codes = re.findall(r"data:image/webp;base64,([A-Za-z0-9+/=]+)", markup)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(code))).convert("RGB")) for code in codes]


def test_a_picture_shows_the_mean_map_and_the_example_with_its_map() -> None:
    [picture] = cluster_pictures(outcome(clusters(group())), [pictured()])
    assert picture.caption == (
        "13 maps of 12 patients, at the upper right corner (image border). Stands out: scanner = B (100 %, others 25 %). Mean map; "
        "then P1."
    )
    mean, example = images_in(str(picture.body))
    assert mean[:8, -8:].mean() > 150
    assert mean[20:, :100].mean() < 45
    assert np.abs(example[40:, :40].astype(int) - 128).max() <= 4  # the image is untouched where the map is 0
    assert np.ptp(example[4:8, -8:-4].astype(int).mean(axis=(0, 1))) > 20


def test_the_page_shows_the_group_and_without_images_no_example() -> None:
    shown = replace(pages.material(outcome=outcome(clusters(group()))), clusters=(pictured(),))
    text = html_report(shown)
    assert "shortcut, gradcam: group 1" in text
    assert "P1 with its map of gradcam" in text
    assert "P1 with its map of gradcam" not in html_report(shown, images=False)


def test_json_has_the_group_without_its_mean_map_and_hashes_hide_its_cases() -> None:
    own = outcome(clusters(group()))
    plain = outcome_as_json(own)["map_clusters"][0]["groups"][0]
    assert "rows" not in plain
    assert (plain["cases"], plain["attributes"][0]["level"]) == (["P1", "P2", "P3"], "B")
    hidden = HashedIds(b"key", ["P1", "P2", "P3"]).outcome(own)
    assert not re.search(r'"P[123]"', json.dumps(outcome_as_json(hidden)["map_clusters"]))
