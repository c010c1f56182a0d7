"""The four counts of localized and causal, worked by hand."""

from xaudit.config import CategoriesSection
from xaudit.records import LocalizedAndCausal, MapFacts, Score, ScoreKey, Unscored
from xaudit.stages.outcome.dependence.causal import localized_and_causal


def reliance(case, value):
    key = ScoreKey(case, case, "-", "m", "-", "", "sick", True, "reliance-mark", "", "reliance")
    return Unscored(key, "no reader marked anything on this case") if value is None else Score(key, value)


def facts(case, *, lift=3.0, spread=0.1, coverage=0.8, precision=0.6, no_map=None, no_mark=None):
    measured = {
        "spread": spread,
        "map_share": 0.1,
        "coverage": coverage,
        "precision": precision,
        "mass_lift": lift,
        "place": "empty",
    }
    if no_map or no_mark:
        measured = {"spread": 0.1} if no_mark else {}
    return MapFacts(
        case, case, "m", "cam", "", "sick", "sick", "sick", no_map=no_map, no_mark=no_mark, **measured
    )


def test_every_case_is_counted_once_by_its_map_and_by_its_model():
    maps = [
        facts("a"),                              # on the mark, and used
        facts("b"),                              # on the mark, not used: .02 is no more than the margin
        facts("c", lift=0.9),                    # no denser in the mark than elsewhere, though used
        facts("d", coverage=0.05, precision=0.2),  # misses: covers less than chance, though used
        facts("e", no_map="it is constant"),     # points at no place
        facts("h", spread=0.95),                 # points at everything, the mark too: diffuse from .75 on
        facts("i", lift=0.9),                    # no denser in the mark, and not used
        facts("f", no_mark="nobody marked it"),  # nothing to be on
        facts("g"),                              # reliance is not known
    ]  # fmt: skip
    used = {"a": 0.4, "b": 0.02, "c": 0.3, "d": 0.021, "e": -0.2, "f": None, "h": 0.9, "i": -0.2}
    [found] = localized_and_causal(maps, [reliance(*one) for one in used.items()], CategoriesSection())
    assert found == LocalizedAndCausal(
        "m", "cam", n_both=1, n_map_only=1, n_model_only=2, n_neither=1, n_unknown=4
    )


def test_without_reliance_there_is_no_table():
    assert localized_and_causal([facts("a")], [], CategoriesSection()) == ()
