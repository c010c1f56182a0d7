import numpy as np
import pytest

from xaudit.cases.marks.staple import staple


def line(text):
    return np.array([[letter == "#" for letter in text]])


def test_one_round_by_hand():
    # Votes ## / ## / #. on two of four pixels; prior 5/12. With all qualities .9, pixel 1 (three votes):
    # 5/12·.9³ : 7/12·.1³ = .729·5 : .001·7; pixel 2 (two): .9²·.1·5 : .1²·.9·7; pixels 3, 4 (none): .001·5 : .729·7.
    found = staple([line("##.."), line("##.."), line("#...")], most_rounds=1)
    first, second, rest = 3.645 / 3.652, 0.405 / 0.468, 0.005 / 5.108
    assert found.probability[0] == pytest.approx([first, second, rest, rest])
    inside = first + second + 2 * rest
    assert found.sensitivity == pytest.approx(
        [(first + second) / inside, (first + second) / inside, first / inside]
    )
    assert found.specificity[2] == pytest.approx(1 - (1 - first) / (4 - inside))


def test_a_reliable_reader_among_careless_ones_is_found():
    generator = np.random.default_rng(0)
    truth = np.zeros((60, 60), dtype=bool)
    truth[:, 30:] = True  # half, so that the votes' share is an honest prior whatever the noise
    readers = [truth ^ (generator.random(truth.shape) < flips) for flips in (0.02, 0.35, 0.35, 0.35, 0.35)]
    found = staple(readers)
    assert found.sensitivity == pytest.approx([0.98, 0.65, 0.65, 0.65, 0.65], abs=0.05)
    assert found.specificity == pytest.approx([0.98, 0.65, 0.65, 0.65, 0.65], abs=0.05)
    wrong = np.count_nonzero(found.consensus ^ truth)
    voted = sum(mask.astype(int) for mask in readers) >= 3
    assert wrong < np.count_nonzero(voted ^ truth) / 4


def test_the_order_of_the_readers_does_not_matter():
    masks = [line("##.."), line(".##."), line("#...")]
    assert staple(masks).probability == pytest.approx(staple(masks[::-1]).probability)


@pytest.mark.parametrize("text", ["....", "####"])
def test_readers_of_one_mind_are_believed(text):
    assert (staple([line(text)] * 3).consensus == line(text)).all()


def test_a_single_reader_is_the_consensus():
    assert (staple([line("##..")]).consensus == line("##..")).all()
