"""What a report shows of checked maps, of models beside each other, and of localized and causal."""

from dataclasses import replace

from outcomes import interval, phantom_outcome, summary

from xaudit.records import MODEL_LEVEL, NO_READER, LocalizedAndCausal, Verdict
from xaudit.report.sections.causal import causal_section
from xaudit.report.sections.checks import checks_section, repeatability_section


def shown(section):
    grid = next(block for block in section.blocks if hasattr(block, "rows"))
    return [[cell.text for cell in row.cells] for row in grid.rows]


def titles(section):
    grid = next(block for block in section.blocks if hasattr(block, "rows"))
    return [column.title for column in grid.columns]


def with_summaries(*more, **changes):
    outcome = phantom_outcome()
    return replace(outcome, summaries=(*outcome.summaries, *more), **changes)


def check(model, explainer, metric, value, family="sanity"):
    return summary(model, explainer, metric, value, family=family, reader=NO_READER)


def test_nothing_is_shown_of_what_was_not_asked():
    outcome = phantom_outcome()
    assert checks_section(outcome) is repeatability_section(outcome) is causal_section(outcome) is None


def test_checks_stand_per_model_and_explainer_with_what_failed():
    finding = Verdict(
        "XA311",
        "fail",
        "honest",
        "honest/lime",
        "",
        "lime on honest does not depend on the model",
        gating=False,
    )
    outcome = with_summaries(
        check("honest", "lime", "mprt", 0.9),
        check("honest", "lime", "seed-stability", 0.4, "robustness"),
        check("honest", "edges", "mprt", 1.0),
        check("honest", "lime", "mprt-step-25", 0.95),
    )
    section = checks_section(replace(outcome, verdicts=(*outcome.verdicts, finding)))
    assert titles(section) == ["explainer", "mprt (-)", "seed\nstability (+)"]
    assert shown(section) == [
        ["honest: 54 images"],
        ["lime", "0.90 [0.83, 0.97]", "0.40 [0.33, 0.47]"],
        ["edges", "1.00 [0.93, 1.00]", "-"],
    ]
    assert "lime on honest does not depend on the model" in [getattr(b, "text", "") for b in section.blocks]
    legend = section.blocks[-1].text
    assert legend.startswith(
        "mprt: likeness of the map to that of the network with every layer random; seed stability:"
    )


def test_what_a_constant_map_earns_stands_beside_the_collapse():
    own = next(
        s for s in phantom_outcome().summaries
        if (s.model_id, s.explainer_id, s.metric_id) == ("honest", "lime", "pointing-game")
    )  # fmt: skip
    mean = replace(own, explainer_id="lime.mean-map", interval=interval(0.43 * 0.75))
    outcome = with_summaries(check("honest", "lime", "location-collapse", 0.8), mean)
    section = checks_section(outcome)
    assert titles(section)[-1] == "a constant map\nreaches"
    assert shown(section)[1][-1] == "75 % of pointing game"


def test_every_two_models_stand_once_with_answers_beside_maps():
    def beside(explainer, metric, value):
        return check("honest", explainer, metric, value, "repeatability")

    outcome = with_summaries(
        beside(MODEL_LEVEL, "repeatability-class-with-shortcut", 0.99),
        beside(MODEL_LEVEL, "repeatability-probability-with-shortcut", 0.02),
        beside("lime", "repeatability-with-shortcut", 0.26),
    )
    section = repeatability_section(outcome)
    assert titles(section) == ["models", "same\nclass", "P differs\nby", "maps of\nlime"]
    assert shown(section) == [
        ["repeatability: the same network trained anew"],
        ["honest, shortcut", "0.99 [0.92, 1.00]", "0.02 [0.00, 0.09]", "0.26 [0.19, 0.33]"],
    ]


def test_localized_and_causal_counts_cases():
    outcome = with_summaries(
        causal=(
            LocalizedAndCausal("honest", "lime", 9, 1, 3, 2, 4),
            LocalizedAndCausal("honest", "edges", 1, 2, 11, 1, 4),
            LocalizedAndCausal("shortcut", "lime", 0, 0, 0, 0, 15),
        )
    )
    section = causal_section(outcome)
    assert shown(section) == [["honest"], ["lime", "9", "1", "3", "2"], ["edges", "1", "2", "11", "1"]]
    assert section.blocks[-1].text.endswith(
        "Not counted: up to 4 without a mark or without its reliance, or with an empty or diffuse map."
    )
