"""The key `tokens` of a model's entry."""

import pytest
from pydantic import ValidationError

from xaudit.config import ModelSection
from xaudit.models.sources.blueprint import draw_blueprint
from xaudit.records import TokenGrid


def section(**settings):
    return ModelSection(id="mine", source="python", factory="own:build", **settings)


def refusal(**settings):
    with pytest.raises(ValidationError) as caught:
        section(**settings)
    [error] = caught.value.errors()
    return error["msg"]


def test_tokens_are_a_record_beside_the_layer():
    assert section(layer="a.b", tokens={"prefix": 1, "grid": [14, 7]}).token_grid == TokenGrid(1, 14, 7)
    assert section(layer="a.b", tokens={"grid": [4, 4]}).token_grid == TokenGrid(0, 4, 4)
    assert section(layer="a.b").token_grid is None


def test_tokens_without_a_layer_are_refused():
    assert refusal(tokens={"grid": [4, 4]}) == (
        "Value error, tokens: describes what a `layer` gives, and none is named"
    )


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ({"prefix": 1}, "Field required"),
        ({"prefix": -1, "grid": [4, 4]}, "Input should be greater than or equal to 0"),
        ({"grid": [1, 4]}, "Input should be greater than or equal to 2"),
        ({"grid": [4, 4], "rows": 4}, "Extra inputs are not permitted"),
    ],
)
def test_tokens_that_are_no_grid_are_refused(tokens, message):
    assert refusal(layer="a", tokens=tokens) == message


def test_a_network_drawn_before_the_run_knows_its_tokens():
    entry = ModelSection(
        id="net", architecture="resnet18", layer="layer4", tokens={"prefix": 1, "grid": [7, 7]}
    )
    assert draw_blueprint(entry, class_names=("a", "b")).tokens == TokenGrid(1, 7, 7)
