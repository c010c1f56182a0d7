"""Explainers: three states from the reliance captured, the prior and the limits, and what each sentence says."""

import pytest
from hand_made import judgement

from xaudit.config import ExplainersSection
from xaudit.records import Comparison, Interval
from xaudit.verdict import Decision, decide, explainer_findings

LIMITS = ExplainersSection()


def interval(estimate, low, high):
    return Interval(estimate, low, high, "none" if low is None else "bca")


def beside(difference, *, p=0.001, n=20):
    low, high = difference[1:]
    certain = low is not None and (low > 0 or high < 0) and p <= 0.05
    conclusion = ("higher" if low > 0 else "lower") if certain else "undecided"
    return Comparison(
        model_id="m", metric_id="reliance-captured", family="agreement", reader="-", explainer_id="lime", other_id="prior",
        means=None, difference=interval(*difference), p_value=p, p_adjusted=p, n_wins=0, n_ties=0, n_losses=0, n_cases=n,
        n_patients=n, n_unpaired=0, cluster="patient", conclusion=conclusion, sentence="",
    )  # fmt: skip


def decided(captured, prior, difference, **kwargs):
    return decide(interval(*captured), interval(*prior), beside(difference, **kwargs), LIMITS, alpha=0.05)


PRIOR = (0.3, 0.2, 0.4)
FIXED = (0.85, 0.8, 0.9)


@pytest.mark.parametrize(
    ("captured", "prior", "difference", "state"),
    [
        ((0.8, 0.5, 0.9), PRIOR, (0.5, 0.01, 0.8), "shows"),
        ((0.8, 0.499, 0.9), PRIOR, (0.5, 0.01, 0.8), "undecided"),
        ((0.8, 0.5, 0.9), PRIOR, (0.5, 0.0, 0.8), "undecided"),
        # The evidence lies at one place in everybody: nobody can be better than the prior.
        ((0.8, 0.5, 0.9), FIXED, (-0.05, -0.1, 0.0), "shows"),
        ((0.8, 0.5, 0.9), (0.849, 0.8, 0.9), (-0.05, -0.1, 0.0), "undecided"),
        ((0.2, 0.1, 0.499), PRIOR, (-0.1, -0.2, 0.1), "does-not-show"),
        ((0.2, 0.1, 0.5), PRIOR, (-0.1, -0.2, 0.1), "undecided"),
        ((0.2, 0.1, 0.3), PRIOR, (0.1, 0.0, 0.1), "does-not-show"),
        # Below the limit, but better than anatomy alone: neither word holds.
        ((0.4, 0.35, 0.45), PRIOR, (0.1, 0.01, 0.1), "undecided"),
        ((0.2, 0.1, 0.3), FIXED, (-0.6, -0.7, -0.5), "does-not-show"),
    ],
)
def test_the_three_states_at_their_limits(captured, prior, difference, state):
    assert decided(captured, prior, difference).state == state


def test_no_state_says_more_than_the_comparison_with_the_prior():
    # The interval leaves out zero, and the rank test, adjusted for all explainers, does not.
    found = decided((0.8, 0.7, 0.9), PRIOR, (0.5, 0.1, 0.8), p=0.06)
    assert (found.state, found.reason) == ("undecided", "chance may explain the difference to the prior")
    low = decided((0.2, 0.1, 0.3), (0.1, 0.05, 0.2), (0.1, 0.01, 0.2), p=0.06)
    assert low.state == "undecided"


@pytest.mark.parametrize(
    ("captured", "difference", "n_needed"),
    [
        # Half-width .4 to the lower side, .2 wanted: four times the patients.
        ((0.7, 0.3, 0.9), (0.4, 0.2, 0.6), 80),
        # The difference is the wider one: .3 reached, .1 wanted, nine times.
        ((0.7, 0.6, 0.8), (0.1, -0.2, 0.3), 180),
        # Below the limit: .4 to the upper side, .2 wanted.
        ((0.3, 0.1, 0.7), (-0.1, -0.2, 0.1), 80),
        # Better than the prior and below the limit, or above the limit and worse: no number of patients decides.
        ((0.4, 0.35, 0.45), (0.1, 0.05, 0.15), None),
        ((0.7, 0.6, 0.8), (-0.1, -0.2, 0.0), None),
        # At the limit itself there is no distance to resolve.
        ((0.5, 0.4, 0.6), (0.2, 0.1, 0.3), None),
    ],
)
def test_the_patients_that_would_decide(captured, difference, n_needed):
    found = decided(captured, PRIOR, difference)
    assert (found.state, found.n_needed) == ("undecided", n_needed)


def test_the_patients_that_a_rank_test_needs():
    # Normal deviates: 1.96 wanted, 1.645 of p = .1 reached; 20 (1.96 / 1.645)^2 = 28.4.
    assert decided((0.8, 0.7, 0.9), PRIOR, (0.5, 0.1, 0.8), p=0.1).n_needed == 29


def test_the_patients_needed_are_always_more_than_there_are():
    found = decided((0.7, 0.4999999, 0.9), PRIOR, (0.4, 0.2, 0.6))
    assert found.n_needed == 21


def test_few_patients_decide_nothing():
    few = interval(0.9, None, None)
    found = decide(few, interval(0.1, None, None), beside((0.8, None, None), n=4), LIMITS, alpha=0.05)
    assert found == Decision("undecided", "an interval needs at least 5 patients")


def test_without_a_prior_nothing_is_decided():
    found = decide(interval(0.9, 0.8, 1.0), None, None, LIMITS, alpha=0.05)
    assert found == Decision("undecided", "no other patient has a reliance map to take the prior from")


def sentence(*args, **kwargs):
    (found,) = explainer_findings([judgement(*args, **kwargs)], ("gradcam",), LIMITS)
    return (found.code, found.status, found.gating, found.sentence)


def test_what_shows_is_said_with_its_figures():
    assert sentence((0.82, 0.74, 0.88)) == (
        "XA302", "pass", False,
        "gradcam on honest shows what the model uses. The strongest 5 % of its maps holds 0.82 [0.74, 0.88] of the reliance "
        "that the best 5 % of the image holds; the mean reliance map of the other patients (prior) holds 0.30 [0.20, 0.40], "
        "difference 0.50 [0.40, 0.60] (41 patients)",
    )  # fmt: skip


def test_evidence_at_one_place_is_said():
    said = sentence((0.9, 0.8, 0.95), prior=(0.9, 0.85, 0.95), difference=(0.0, -0.05, 0.05))
    assert said[3].endswith(
        "(41 patients). The evidence lies at the same place in nearly every patient, so the prior shows it too"
    )


def test_what_does_not_show_is_said_with_its_figures():
    said = sentence((0.23, 0.1, 0.35), difference=(-0.07, -0.2, 0.05), state="does-not-show")
    assert said == (
        "XA301", "fail", False,
        "gradcam on honest does not show what the model uses. The strongest 5 % of its maps holds 0.23 [0.10, 0.35] of the "
        "reliance that the best 5 % of the image holds; the mean reliance map of the other patients (prior) holds 0.30 "
        "[0.20, 0.40], difference -0.07 [-0.20, 0.05] (41 patients)",
    )  # fmt: skip


def test_what_is_undecided_says_why_and_how_many_patients_would_decide_it():
    said = sentence(
        (0.55, 0.4, 0.7),
        difference=(0.2, 0.1, 0.3),
        state="undecided",
        reason="the interval includes 0.50",
        n_needed=369,
    )
    assert said[:2] == ("XA306", "error")
    assert said[3].startswith(
        "gradcam on honest: undecided if it shows what the model uses: the interval includes 0.50. The strongest 5 %"
    )
    assert said[3].endswith("(41 patients). About 369 patients would decide it")


def test_without_a_case_that_counts_the_reason_is_all_that_is_said():
    said = sentence(None, None, None, state="undecided", reason="no window matters", n_patients=0, n_cases=0)
    assert said[3] == "gradcam on honest: undecided if it shows what the model uses. No window matters"


def test_controls_are_not_recommended():
    told = [judgement((0.9, 0.8, 1.0), explainer="edges")]
    assert explainer_findings(told, ("gradcam",), LIMITS) == []
