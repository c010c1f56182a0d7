import csv
import io

from xaudit.records import Comparison, Interval
from xaudit.report.files.comparison import comparison_section, comparisons_as_json, comparisons_grid
from xaudit.report.files.markdown import csv_table, markdown_section
from xaudit.report.grid import Grid, Paragraph
from xaudit.report.terminal.layout import grid_lines


def comparison(model="honest", metric="iou", **changes) -> Comparison:
    values = {
        "model_id": model,
        "metric_id": metric,
        "family": "localization",
        "reader": "union",
        "explainer_id": "lime",
        "other_id": "gradcam",
        "means": (0.41, 0.05),
        "difference": Interval(0.36, 0.28, 0.44, "bca"),
        "p_value": 0.00001,
        "p_adjusted": 0.00002,
        "n_wins": 45,
        "n_ties": 3,
        "n_losses": 6,
        "n_cases": 54,
        "n_patients": 18,
        "n_unpaired": 0,
        "cluster": "patient",
        "conclusion": "higher",
        "sentence": "lime above gradcam in iou",
        "effect_size": 0.9,
        "p_sign_flip_adjusted": 0.0002,
    }
    return Comparison(**{**values, **changes})


def lines(comparisons, width=80):
    """The tables of the section, without its legend."""
    tables = [block for block in comparison_section(comparisons).blocks if isinstance(block, Grid)]
    return [line.plain.rstrip() for table in tables for line in grid_lines(table, width)]


def test_a_pair_stands_in_one_line_under_its_model_and_metric():
    assert lines([comparison()]) == [
        "honest",
        "first - second         difference       p    flip  size   W:T:L   n",
        "IoU",
        "lime - gradcam  0.36 [0.28, 0.44]  <0.001  <0.001  0.90  45:3:6  18",
    ]


def test_what_chance_may_explain_is_marked():
    open_pair = comparison(conclusion="undecided", sentence="undecided")
    assert lines([open_pair])[-1].startswith("~ lime - gradcam  ")
    said = [block for block in comparison_section([open_pair]).blocks if isinstance(block, Paragraph)]
    assert (said[0].lead, said[0].text) == ("~", "undecided")


def test_exact_ties_are_no_question_of_chance():
    tied = comparison(conclusion="same", sentence="no difference", difference=Interval(0.0, 0.0, 0.0, "bca"))
    assert lines([tied])[-1].startswith("= lime - gradcam  ")
    said = [block for block in comparison_section([tied]).blocks if isinstance(block, Paragraph)]
    assert (said[0].lead, said[0].text) == ("=", "no difference")
    assert "= every case is equal" in said[-1].text
    assert "= where" not in comparison_section([comparison()]).blocks[-1].text


def test_models_stand_under_their_explainer_and_runs_under_letters():
    models = comparison(axis="model", other_id="lime", other_model_id="shortcut")
    assert [line.split("  ")[0] for line in lines([models])][::3] == ["lime", "honest - shortcut"]
    runs = comparison(
        axis="run", run_id="20261125-known-1", other_run_id="20261126-known-2", other_model_id="honest"
    )
    section = comparison_section([runs])
    assert [block.text for block in section.blocks[:2]] == ["A: 20261125-known-1", "B: 20261126-known-2"]
    assert [line.split("  ")[0] for line in lines([runs])][::3] == ["lime on honest", "A - B"]


def test_strata_stand_under_headings_of_their_own():
    parts = [comparison(stratum=f"lesion-size={size}") for size in ("small", "large")]
    assert [line for line in lines(parts) if "lesion-size" in line] == [
        "IoU, lesion-size=small",
        "IoU, lesion-size=large",
    ]


def test_only_wide_pages_have_room_for_mcnemar():
    assert "McNemar" in markdown_section(comparison_section([comparison()], wide=True))
    assert "McNemar" not in markdown_section(comparison_section([comparison()]))


def test_each_model_has_a_table_and_so_has_each_reader_where_there_are_several():
    several = lines(
        [comparison(), comparison(reader="r2"), comparison(model="shortcut"), comparison(reader="-")]
    )
    titles = [line for line in several if line.startswith(("honest", "shortcut"))]
    assert titles == ["honest (marks: union)", "honest (marks: r2)", "shortcut (marks: union)", "honest"]


def test_the_widest_pair_fits_80_columns():
    pair = comparison(
        metric="relevance-rank-accuracy",
        explainer_id="integrated-gradients",
        difference=Interval(-0.36, -0.28, -0.44, "bca"),
        reader="reader-12",
    )
    assert max(len(line) for line in lines([pair, comparison()])) <= 80


def test_a_p_value_beside_the_limit_shows_on_which_side_it_lies():
    assert "0.0498" in lines([comparison(p_adjusted=0.0498)])[-1]


def test_without_common_cases_there_is_no_number():
    pair = comparison(
        means=None, difference=None, p_value=None, p_adjusted=None, conclusion="none", n_patients=0
    )
    assert "no common case" in lines([pair])[-1]


def test_every_pair_is_said_in_words():
    section = comparison_section([comparison(), comparison(conclusion="undecided", sentence="undecided")])
    said = [(b.lead, b.text) for b in section.blocks if isinstance(b, Paragraph) and b.lead]
    assert said == [("-", "lime above gradcam in iou"), ("~", "undecided")]
    assert "- lime above gradcam in iou" in markdown_section(section)


def test_without_pairs_the_reason_is_given():
    assert (
        comparison_section([]).blocks[0].text.startswith("No two explainers were scored with the same metric")
    )


def test_csv_and_json_hold_every_pair():
    pairs = [comparison(), comparison(metric="pixel-flipping")]
    table = list(csv.DictReader(io.StringIO(csv_table(comparisons_grid(pairs)))))
    assert [row["metric"] for row in table] == ["iou", "pixel-flipping"]
    assert (table[0]["difference"], table[0]["low"], table[0]["p_mcnemar"]) == ("0.36", "0.28", "")
    plain = comparisons_as_json(pairs)
    assert (plain["schema"], plain["schema_version"]) == ("xaudit-comparison", 3)
    assert [item["difference"]["low"] for item in plain["comparisons"]] == [0.28, 0.28]
