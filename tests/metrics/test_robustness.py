"""Maps under noise, worked by hand, and beside Quantus."""

import numpy as np
import pytest
import torch
from quantus.functions import norm_func, similarity_func
from quantus.metrics.robustness.relative_input_stability import RelativeInputStability

from xaudit.metrics.absent import Absent
from xaudit.metrics.robustness import Noise, local_lipschitz, relative_stabilities, sensitivities

MAP = np.array([[3.0, 0.0], [0.0, 4.0]])
IMAGE = np.full((1, 2, 2), 2.0)
LOGITS = np.array([1.0, 3.0])


def noise(steps, logits):
    return Noise(IMAGE, np.stack([IMAGE + step for step in steps]), LOGITS, np.asarray(logits, dtype=float))


def test_sensitivities_by_hand():
    # The map's length is 5; the copies differ by 1 in one pixel and by 3 in another: .2 and .6.
    noisy = np.stack([MAP + np.array([[1, 0], [0, 0]]), MAP + np.array([[0, 3], [0, 0]])])
    assert sensitivities(MAP, noisy) == {
        "average-sensitivity": pytest.approx(0.4),
        "max-sensitivity": pytest.approx(0.6),
    }
    assert sensitivities(MAP, np.stack([MAP, MAP]))["max-sensitivity"] == 0
    # A map of zeros has moved by the whole of its length.
    assert sensitivities(MAP, np.stack([0 * MAP]))["max-sensitivity"] == 1


def test_local_lipschitz_by_hand():
    # Scaled to 1 the maps are (.75, 0, 0, 1) and (0, 0, 0, 1): .75 apart; the image moves by .5 in four pixels: 1.
    noisy = np.stack([MAP * [[0, 1], [1, 1]]])
    asked = noise([0.5], [LOGITS])
    assert local_lipschitz(MAP, noisy, asked) == pytest.approx(0.75)
    assert local_lipschitz(10 * MAP, 5 * noisy, asked) == pytest.approx(0.75)
    a, b = (MAP / 4).reshape(1, -1), (noisy[0] / 4).reshape(1, -1)
    quantus = similarity_func.lipschitz_constant(
        a=a, b=b, c=IMAGE.reshape(1, -1), d=(IMAGE + 0.5).reshape(1, -1),
        norm_numerator=similarity_func.distance_euclidean, norm_denominator=similarity_func.distance_euclidean,
    )  # fmt: skip
    assert local_lipschitz(MAP, noisy, asked) == pytest.approx(float(np.squeeze(quantus)))


def test_max_sensitivity_is_quantus_own():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 1, 36))
    quantus = norm_func.fro_norm(similarity_func.difference(a=a, b=b)) / norm_func.fro_norm(a)
    found = sensitivities(a.reshape(6, 6), b.reshape(1, 6, 6))
    assert found["max-sensitivity"] == pytest.approx(float(np.squeeze(quantus)))


def test_relative_stabilities_by_hand():
    # Relative changes of the map: .3 / 3 and .4 / 4, so √.02; of the image .1 / 2 four times: √(4 · .0025) = .1.
    noisy = np.stack([MAP * 1.1])
    found = relative_stabilities(MAP, noisy, noise([0.1], [[1.0, 3.5]]))
    assert found["relative-input-stability"] == pytest.approx(np.sqrt(0.02) / 0.1)
    assert found["relative-output-stability"] == pytest.approx(np.sqrt(0.02) / 0.5)


def test_a_pixel_where_the_map_is_zero_is_held_against_a_hundredth_of_its_peak():
    noisy = np.stack([MAP + np.array([[0, 0.04], [0, 0]])])
    found = relative_stabilities(MAP, noisy, noise([0.1], [[1.0, 3.5]]))
    assert found["relative-input-stability"] == pytest.approx((0.04 / 0.04) / 0.1)
    # Quantus holds it against 1e-6: the answer tells of that number alone.
    [quantus] = RelativeInputStability(
        disable_warnings=True, display_progressbar=False
    ).relative_input_stability_objective(IMAGE[None], IMAGE[None] + 0.1, MAP[None, None], noisy[:, None])
    assert quantus == pytest.approx(0.04 / 1e-6 / 0.1)


class Flips(torch.nn.Module):
    """Names one class of the untouched image of ones, and the other of everything else."""

    def forward(self, images):
        away = (images - 1).abs().amax((1, 2, 3))
        return torch.stack([0.5 - 1e6 * away, torch.zeros(len(images))], dim=1)


def test_where_every_copy_changes_the_class_quantus_says_nan_and_we_say_why():
    ones = np.ones((1, 1, 4, 4), dtype=np.float32)
    ramp = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
    asked = RelativeInputStability(
        nr_samples=3, disable_warnings=True, display_progressbar=False, return_aggregate=False
    )
    quantus = asked(
        model=Flips().eval(), x_batch=ones, y_batch=np.array([0]), a_batch=ramp, device="cpu",
        explain_func=lambda **given: ramp,
    )  # fmt: skip
    assert np.isnan(quantus).all()
    swapped = noise([0.1], [[3.0, 1.0]])
    reason = Absent("on every noisy copy of the image the model names another class")
    assert relative_stabilities(MAP, np.stack([MAP]), swapped) == {
        "relative-input-stability": reason,
        "relative-output-stability": reason,
    }
    # One of two keeps the class: it alone counts, where Quantus's maximum is NaN as soon as one does not.
    mixed = noise([0.1, 0.2], [[3.0, 1.0], [1.0, 3.5]])
    found = relative_stabilities(MAP, np.stack([9 * MAP, MAP * 1.1]), mixed)
    assert found["relative-output-stability"] == pytest.approx(np.sqrt(0.02) / 0.5)


def test_maps_that_say_nothing_are_reasons():
    nowhere = Absent("the map is zero everywhere: it points nowhere")
    asked = noise([0.1], [LOGITS])
    assert sensitivities(0 * MAP, np.stack([MAP]))["max-sensitivity"] == nowhere
    assert local_lipschitz(0 * MAP, np.stack([MAP]), asked) == nowhere
    broken = np.stack([MAP * np.nan])
    why = Absent("the map of a noisy copy of the image holds values that are not finite")
    assert relative_stabilities(MAP, broken, asked)["relative-input-stability"] == why
