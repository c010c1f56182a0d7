"""Findings on maps that do not depend on what they should."""

import pytest
from hand_made import judged, summary


def asked(metric, interval, family="sanity"):
    return summary(metric, "lime", interval, family=family, reader="-")


@pytest.mark.parametrize(
    ("metric", "wrong", "right", "code"),
    [
        ("mprt", (0.9, 0.51, 0.99), (0.9, 0.5, 0.99), "XA311"),
        ("location-collapse", (0.8, 0.76, 0.9), (0.8, 0.75, 0.9), "XA312"),
        ("seed-stability", (0.3, 0.1, 0.49), (0.3, 0.1, 0.5), "XA313"),
    ],
)
def test_a_finding_needs_the_whole_interval_on_the_wrong_side(metric, wrong, right, code):
    [verdict] = judged([asked(metric, wrong)])
    assert (verdict.code, verdict.status, verdict.gating, verdict.subject) == (
        code,
        "fail",
        False,
        "honest/lime",
    )
    assert verdict.value == (wrong[2] if code == "XA313" else wrong[1])
    assert judged([asked(metric, right)]) == ()
    assert judged([asked(metric, (wrong[0], None, None))]) == ()


def test_the_sentence_says_what_was_seen():
    [verdict] = judged([asked("mprt", (0.9, 0.7, 0.99))])
    assert verdict.sentence == (
        "lime on honest does not depend on the model: after all weights of the network are randomised, its map stays "
        "nearly the same, rank correlation 0.90 [0.70, 0.99] over 41 patients"
    )


def test_mprt_gates_like_any_other_metric():
    [kept] = judged([asked("mprt", (0.2, 0.1, 0.4))], "mprt@lime <= 0.5")
    assert (kept.code, kept.status, kept.value) == ("XA101", "pass", 0.4)
    missed, finding = judged([asked("mprt", (0.9, 0.7, 0.99))], "mprt@lime <= 0.5")
    assert (missed.status, finding.code) == ("fail", "XA311")
