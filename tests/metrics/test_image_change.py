"""Questions about changed images: models whose answer is known, what is asked, and what it costs."""

import numpy as np
import pytest
import torch

from xaudit.catalog.image_changes import DEFAULT_IMAGE_CHANGES
from xaudit.errors import ModelError
from xaudit.metrics.image_change import ask_image_changes, movement, with_finding_kept
from xaudit.perturb.asking import answer

NOTHING = np.zeros((16, 16), dtype=bool)


def reads_brightness(images):
    """Logits (0, 10 × (mean − .5)) of pixels that are not normalised."""
    mean = images.mean((1, 2, 3))
    return torch.stack([torch.zeros_like(mean), 10 * (mean - 0.5)], dim=1)


def asked(pixels, logits, finding=NOTHING, changes=DEFAULT_IMAGE_CHANGES, **further):
    measure = ask_image_changes(
        pixels, 1, finding, changes=changes, normalise=further.get("normalise", lambda image: image), seed=0
    )
    return answer([measure], logits, batch_size=7)[0]


def level(value=0.5):
    return np.full((3, 16, 16), value, dtype=np.float32)


def test_a_model_of_brightness_answers_as_worked_by_hand():
    found = with_finding_kept(asked(level(), reads_brightness).value)
    # P(.5) = .5; ten per cent brighter: logit 1, P = 1 / (1 + e^-1) = .7311.
    assert found["brighter-10"].probability == pytest.approx(0.5)
    assert found["brighter-10"].probability_change == pytest.approx(0.2311, abs=1e-4)
    assert found["darker-10"].probability_change == pytest.approx(-0.2311, abs=1e-4)
    assert found["brighter-10"].log_odds_change == pytest.approx(1.0, abs=1e-5)
    assert found["brighter-10"].value_change == pytest.approx(0.1, abs=1e-6)
    # Brightness alone moves the answer, from .2689 to .7311.
    assert movement([found["darker-10"], found["brighter-10"]]) == pytest.approx(0.4621, abs=1e-4)
    assert movement([found["blur-1"], found["sharpen-100"]]) == pytest.approx(0.0, abs=1e-6)


def test_a_model_that_ignores_its_input_does_not_move():
    found = asked(level(), lambda images: torch.zeros(len(images), 2)).value
    assert movement(found) == 0.0


def test_without_a_mark_each_step_is_asked_once_and_with_one_twice_but_for_brightness():
    finding = NOTHING.copy()
    finding[6:9, 6:9] = True
    plain, marked = asked(level(), reads_brightness), asked(level(), reads_brightness, finding)
    assert plain.n_evals == 1 + 9
    assert marked.n_evals == 1 + 9 + 7
    assert [one.finding_kept for one in plain.value] == [False] * 9
    assert [one.finding_kept for one in marked.value] == [False, True] * 9
    brighter = [one for one in marked.value if one.change == "brighter-10"]
    assert brighter[0].probability_change == brighter[1].probability_change


def test_a_model_of_the_finding_alone_is_moved_by_blur_only_where_the_finding_is_blurred():
    pixels, finding = level(0.3), NOTHING.copy()
    pixels[:, 7, 7] = 0.9
    finding[7, 7] = True

    def reads_point(images):
        value = images[:, 0, 7, 7]
        return torch.stack([torch.zeros_like(value), 20 * (value - 0.6)], dim=1)

    found = {one.finding_kept: one for one in asked(pixels, reads_point, finding, ("blur-1",)).value}
    assert found[False].probability_change < -0.9  # the point is lost
    assert abs(found[True].probability_change) < 0.01


def test_the_answer_is_asked_in_the_models_own_numbers():
    seen = []

    def logits(images):
        seen.append(images)
        return torch.zeros(len(images), 2)

    asked(level(), logits, changes=("brighter-10",), normalise=lambda image: (image - 0.5) / 0.25)
    np.testing.assert_allclose(torch.cat(seen)[:, 0, 0, 0], [0.0, 0.4], atol=1e-5)


def test_numbers_do_not_depend_on_the_batch_and_repeat():
    first, again = asked(level(), reads_brightness).value, asked(level(), reads_brightness).value
    assert first == again


def test_an_answer_that_is_no_number_is_refused():
    with pytest.raises(ModelError, match="changed property is not a number"):
        asked(level(), lambda images: torch.full((len(images), 2), torch.nan))
