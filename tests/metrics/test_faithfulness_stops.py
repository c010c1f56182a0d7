"""Sampling does not stop early as long as nothing that was replaced has changed the answer."""

import numpy as np
import pytest
import torch
from reading_models import reads_nothing

from xaudit.config import MetricSpec
from xaudit.metrics import Absent, ask_faithfulness
from xaudit.perturb.asking import answer

SHAPE = (16, 16)
MAP = np.random.default_rng(0).permutation(256).reshape(SHAPE).astype(float)
IMAGE = torch.rand((3, *SHAPE), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("metric_id", "settings", "n_evals"),
    [
        ("infidelity", {"samples": 300}, 301),
        ("faithfulness-correlation", {"samples": 300}, 301),
        ("sensitivity-n", {"samples": 300, "sizes": 2}, 601),
    ],
)
def test_a_model_that_does_not_answer_is_asked_to_the_end(metric_id, settings, n_evals):
    classifier = reads_nothing(SHAPE)
    spec = MetricSpec(name=metric_id, stop_at=0.2, **settings)
    [found] = answer([ask_faithfulness(spec, classifier, IMAGE, 1, MAP)], classifier.logits, batch_size=64)
    assert isinstance(found.value.value, Absent)
    assert found.n_evals == n_evals
