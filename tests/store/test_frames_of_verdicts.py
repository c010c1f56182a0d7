"""Verdicts as a data frame."""

import pandas as pd

from xaudit.records import Stability, Verdict
from xaudit.store.frames import verdict_frame


def test_a_frame_of_verdicts_names_the_patients_who_decide():
    steady, few = Stability("patient", 6, 6), Stability("patient", 0, 5)
    verdicts = [
        Verdict("XA101", "fail", "m", "m", "iou >= 0.5", "m: 0.4", value=0.4, stability=one)
        for one in (Stability("patient", 6, 6, ("P1", "P2")), steady, few, None)
    ]
    frame = verdict_frame(verdicts)
    assert frame["deciding"].tolist() == [["P1", "P2"], [], None, None]
    assert "stability" not in frame
    assert frame["model"].tolist() == ["m"] * 4
    assert isinstance(verdict_frame([]), pd.DataFrame)
