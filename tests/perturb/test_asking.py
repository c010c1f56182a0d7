import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from xaudit.perturb.asking import Question, answer, answer_one, beside, curve


class Model:
    """Says of an image its sum and its sum's opposite, and remembers the sizes of its batches."""

    def __init__(self):
        self.sizes = []

    def __call__(self, images):
        self.sizes.append(len(images))
        sums = images.flatten(1).sum(1)
        return torch.stack([sums, -sums], 1)


def rows(values):
    images = torch.tensor([float(value) for value in values])[:, None, None, None].expand(-1, 3, 1, 1)
    return Question(len(values), lambda start, stop: images[start:stop])


def asks(*rounds, key=None):
    """Asks about numbers round after round, and returns all answers."""
    heard = []
    for values in rounds:
        question = rows(values)
        logits = yield Question(question.count, question.make, key and (key, tuple(values)))
        heard += logits[:, 0].tolist()
    return heard


def test_each_hears_three_times_the_numbers_it_asked_about():
    model = Model()
    found = answer([asks([1, 2], [3]), asks([10]), asks()], model, batch_size=2)
    assert [one.value for one in found] == [[3, 6, 9], [30], []]
    assert [one.n_evals for one in found] == [3, 1, 0]


def test_batches_are_full_until_nobody_has_anything_left():
    model = Model()
    answer([asks([1, 2, 3]), asks([4, 5]), asks([6, 7, 8, 9])], model, batch_size=4)
    assert model.sizes == [4, 4, 1]


def test_a_measure_that_waits_lets_others_fill_its_batch():
    model = Model()
    answer([asks([1], [2], [3]), asks(range(10))], model, batch_size=4)
    assert model.sizes == [4, 4, 4, 1]


def test_only_as_many_are_opened_as_fill_a_batch():
    opened = []

    def watched(number):
        opened.append(number)
        yield rows([number] * 2)
        return list(opened)

    found = answer([watched(number) for number in range(50)], Model(), batch_size=2)
    assert all(len(one.value) <= number + 2 for number, one in enumerate(found))


def test_the_same_key_is_evaluated_once_and_paid_by_the_first():
    model = Model()
    found = answer(
        [asks([1, 2], key="a"), asks([1, 2], key="a"), asks([5], [1, 2], key="a")], model, batch_size=3
    )
    assert [one.value for one in found] == [[3, 6], [3, 6], [15, 3, 6]]
    assert [one.n_evals for one in found] == [2, 0, 1]
    assert sum(model.sizes) == 3


def test_one_that_is_handed_answers_cannot_spoil_them_for_the_next():
    def spoils():
        logits = yield Question(1, rows([1]).make, "a")
        logits[:] = 0
        return float(logits[0, 0])

    def reads():
        logits = yield Question(1, rows([1]).make, "a")
        return float(logits[0, 0])

    assert [one.value for one in answer([spoils(), reads(), reads()], Model(), batch_size=1)] == [0, 3, 3]


@settings(deadline=None)
@given(
    plans=st.lists(st.lists(st.lists(st.integers(-9, 9), min_size=1, max_size=7), max_size=4), max_size=6),
    batch_size=st.integers(1, 9),
    shared=st.booleans(),
)
def test_nothing_heard_depends_on_the_batch_size_or_on_who_else_asks(plans, batch_size, shared):
    key = "a" if shared else None
    model = Model()
    together = answer([asks(*plan, key=key) for plan in plans], model, batch_size=batch_size)
    alone = [answer_one(asks(*plan), Model(), batch_size=5) for plan in plans]
    assert [one.value for one in together] == alone
    assert sum(one.n_evals for one in together) == sum(model.sizes)
    assert all(size <= batch_size for size in model.sizes)


def test_images_made_one_after_the_other():
    def asks_a_curve():
        return (yield curve((torch.full((3, 1, 1), float(n)) for n in range(5)), 5))

    np.testing.assert_array_equal(answer_one(asks_a_curve(), Model(), batch_size=2)[:, 0], [0, 3, 6, 9, 12])


def test_further_columns_of_the_answers_stand_beside_the_result():
    def numbers():
        first = yield curve(iter(torch.full((1, 1, 1), float(i)) for i in range(3)), 3)
        second = yield curve(iter([torch.full((1, 1, 1), 7.0)]), 1)
        return first.tolist() + second.tolist()

    def twice_and_squared(images):
        values = images.flatten(1)
        return torch.cat([2 * values, values**2], dim=1)

    value, others = answer_one(beside(numbers(), 1), twice_and_squared, batch_size=2)
    assert value == [[0], [2], [4], [14]]
    assert others.tolist() == [[0], [1], [4], [49]]


def test_a_question_about_nothing_and_one_short_of_its_word_are_mistakes_in_the_program():
    def short():
        yield Question(3, lambda _start, _stop: torch.zeros(1, 3, 1, 1))

    def empty():
        yield Question(0, lambda _start, _stop: torch.zeros(0, 3, 1, 1))

    with pytest.raises(ValueError, match="asked for 3 images, 1 were made"):
        answer_one(short(), Model(), batch_size=8)
    with pytest.raises(ValueError, match="one image at least"):
        answer_one(empty(), Model(), batch_size=8)


def test_a_measure_that_fails_is_heard():
    def fails():
        yield rows([1])
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        answer([asks([1]), fails()], Model(), batch_size=2)
