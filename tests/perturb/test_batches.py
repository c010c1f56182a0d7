import numpy as np
import torch

from xaudit.perturb.batches import logits_of


def test_answers_keep_the_order_of_the_images_over_full_batches():
    sizes = []

    def sums(images):
        sizes.append(len(images))
        return images.sum((1, 2, 3))[:, None]

    made = (torch.full((3, 2, 2), float(number)) for number in range(11))
    answers = logits_of(made, sums, batch_size=4)
    assert sizes == [4, 4, 3]
    np.testing.assert_array_equal(answers[:, 0], 12.0 * np.arange(11))
    assert answers.dtype == np.float64


def test_no_more_than_one_batch_is_made_ahead_of_the_model():
    made, asked = [], []

    def images():
        for number in range(9):
            made.append(number)
            yield torch.zeros((3, 1, 1))

    def answer(batch):
        asked.append(len(made) - sum(asked_size for asked_size in sizes))
        sizes.append(len(batch))
        return torch.zeros((len(batch), 2))

    sizes = []
    logits_of(images(), answer, batch_size=4)
    assert asked == [4, 4, 1]
