from typing import Annotated

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from xaudit.cli.variadic import OptionShapes, VariadicCommand, names_in, spread
from xaudit.errors import UsageError

SHAPES = OptionShapes(
    single=frozenset({"--out", "-o", "--seed"}), several=frozenset({"--explainer", "-e", "--metric", "-m"})
)


@pytest.fixture
def parsed():
    """What a command with a positional, two repeatable options, one plain option and a flag receives."""
    received = {}
    app = typer.Typer(add_completion=False, rich_markup_mode=None)

    @app.command(cls=VariadicCommand)
    def command(
        audit: Annotated[str, typer.Argument()] = "",
        explainer: Annotated[list[str] | None, typer.Option("--explainer", "-e")] = None,
        metric: Annotated[list[str] | None, typer.Option("--metric", "-m")] = None,
        seed: Annotated[int, typer.Option("--seed", "-s")] = 0,
        quiet: Annotated[bool, typer.Option("--quiet", "-q")] = False,
    ) -> None:
        received.update(
            audit=audit, explainer=names_in(explainer), metric=names_in(metric), seed=seed, quiet=quiet
        )

    def parsed(*args):
        received.clear()
        typer.main.get_command(app).main(list(args), standalone_mode=False)
        return dict(received)

    return parsed


LIME_GRADCAM = ("lime", "gradcam")


@pytest.mark.parametrize(
    "args",
    [
        ("a.yaml", "--explainer", "lime", "gradcam", "--metric", "iou"),
        ("a.yaml", "--metric", "iou", "--explainer", "lime", "gradcam"),
        ("a.yaml", "--explainer", "lime,gradcam", "--metric", "iou"),
        ("a.yaml", "--explainer", "lime,", "gradcam", "--metric", "iou"),
        ("a.yaml", "--explainer=lime,gradcam", "--metric=iou"),
        ("a.yaml", "--explainer=lime", "gradcam", "--metric=iou"),
        ("a.yaml", "--explainer", "lime", "--explainer", "gradcam", "-m", "iou"),
        ("a.yaml", "--explainer", "lime", "-m", "iou", "--explainer", "gradcam"),
        ("a.yaml", "-e", "lime", "gradcam", "-m", "iou"),
        ("a.yaml", "-elime", "gradcam", "-miou"),
        ("a.yaml", "-e=lime", "gradcam", "-m", "iou"),
        ("--explainer", "lime", "gradcam", "--metric", "iou", "--", "a.yaml"),
        ("-e", "lime", "gradcam", "-miou", "--", "a.yaml"),
    ],
)
def test_every_form_of_several_values_says_the_same(parsed, args):
    got = parsed(*args)
    assert (got["audit"], got["explainer"], got["metric"]) == ("a.yaml", LIME_GRADCAM, ("iou",))


def test_a_plain_option_takes_one_word_only(parsed):
    got = parsed("--seed", "3", "a.yaml", "-e", "lime", "gradcam")
    assert got == {"audit": "a.yaml", "explainer": LIME_GRADCAM, "metric": (), "seed": 3, "quiet": False}


def test_a_flag_ends_a_run_of_values_and_takes_none(parsed):
    got = parsed("-e", "lime", "gradcam", "-q", "a.yaml")
    assert (got["audit"], got["explainer"], got["quiet"]) == ("a.yaml", LIME_GRADCAM, True)


def test_a_cluster_of_short_options_may_end_in_a_repeatable_one(parsed):
    got = parsed("a.yaml", "-qe", "lime", "gradcam")
    assert (got["explainer"], got["quiet"]) == (LIME_GRADCAM, True)


def test_a_word_after_several_values_belongs_to_them(parsed):
    assert parsed("-e", "lime", "a.yaml")["explainer"] == ("lime", "a.yaml")


@pytest.mark.parametrize(
    "args", [["--explainer"], ["--explainer", "--metric", "iou"], ["-e", "--", "a.yaml"]]
)
def test_a_repeatable_option_without_a_value_is_refused(args):
    with pytest.raises(UsageError) as caught:
        spread(args, SHAPES)
    assert str(caught.value) == f"{args[0]} needs at least one value"


WORDS = st.text("abcxyz.,=/1", min_size=1, max_size=6)
GROUPS = st.lists(
    st.tuples(
        st.sampled_from(["--explainer", "-e", "--metric", "-m"]), st.lists(WORDS, min_size=1, max_size=4)
    ),
    max_size=4,
)


@given(GROUPS, st.lists(WORDS, max_size=2))
def test_spreading_keeps_every_value_under_its_own_option(groups, positionals):
    args = [*positionals, *(word for name, values in groups for word in (name, *values))]
    expected = [
        *positionals,
        *(word for name, values in groups for value in values for word in (name, value)),
    ]
    assert spread(args, SHAPES) == expected


@given(GROUPS, st.lists(WORDS, max_size=3))
def test_spreading_a_second_time_changes_nothing(groups, positionals):
    args = [*(word for name, values in groups for word in (name, *values)), "--", *positionals]
    once = spread(args, SHAPES)
    assert spread(once, SHAPES) == once


@given(st.lists(WORDS, max_size=5), st.integers(0, 9))
def test_what_stands_after_two_dashes_is_left_alone(words, seed):
    args = ["--seed", str(seed), "--", *words, "-e", "lime", "gradcam"]
    assert spread(args, SHAPES) == args


@given(
    st.lists(
        st.sampled_from(["--seed", "-o"]).flatmap(lambda name: st.tuples(st.just(name), WORDS)), max_size=4
    )
)
def test_options_with_one_value_are_left_alone(pairs):
    args = [word for pair in pairs for word in pair]
    assert spread([*args, "a.yaml"], SHAPES) == [*args, "a.yaml"]


@given(st.lists(st.sampled_from(["lime", "gradcam", "occlusion"]), max_size=6))
def test_commas_and_words_name_the_same(names):
    assert names_in([",".join(names)]) == names_in(names) == tuple(dict.fromkeys(names))
