"""The transformer of :mod:`known_vit` answers as it is built to."""

import pytest
import torch
from known_vit import GREEN, PLACES, image_with_red_patch, known_vit, place_of_patch


def score(image):
    with torch.no_grad():
        return float(known_vit()(image)[0, 1])


@pytest.mark.parametrize("place", PLACES)
def test_the_answer_comes_from_the_red_patch_alone(place):
    image = image_with_red_patch(*place)
    without = image.clone()
    without[(0, 0, *place_of_patch(*place))] = 0
    other = image.clone()
    other[(0, 1, *place_of_patch(*GREEN))] = 0
    assert score(image) > score(without) + 1
    assert score(other) == pytest.approx(score(image), rel=0.01)
