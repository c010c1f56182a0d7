"""The title of a case's reliance map says what its shades do not: the strongest fall, or that there is none."""

import numpy as np
import pytest

from xaudit.report.terminal.case_screen import _reliance_title
from xaudit.stages.views.case_reliance import RelianceOfCase


@pytest.mark.parametrize(
    ("highest", "title"),
    [(0.5, "reliance map: falls by up to 0.50"), (0.019, "reliance map: under 0.02 everywhere")],
)
def test_the_title_names_the_strongest_fall_or_says_that_none_matters(highest, title):
    values = np.array([[0.0, highest]], dtype=np.float32)
    assert _reliance_title(RelianceOfCase("m", "p0-0", values, highest)) == title
