"""Records to store: hypothesis strategies for all of them, and a run to store them in."""

from datetime import UTC, datetime

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from xaudit.records import (
    Annotation,
    Box,
    Case,
    CategorisedMap,
    Evaluation,
    Interval,
    MapFacts,
    MaskRegion,
    Polygon,
    Prediction,
    Problem,
    Reliance,
    SaliencyMap,
    Score,
    ScoreCurve,
    ScoreKey,
    Summary,
    Unscored,
    Verdict,
)

NOON = datetime(2025, 3, 1, 12, 0, 0, tzinfo=UTC)
HASH = "0123456789abcdef"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
numbers = st.floats(allow_nan=False, allow_infinity=False)
wholes = st.integers(0, 2**62)
maybe_text = st.none() | texts
maybe_number = st.none() | numbers

cases = st.builds(
    Case,
    texts,
    maybe_text,
    texts,
    texts,
    texts,
    texts,
    st.sampled_from(["train", "validation", "test"]),
    wholes,
    wholes,
    st.none() | st.tuples(numbers, numbers),
    texts,
    maybe_text,
    st.none() | st.booleans(),
)
regions = (
    st.none()
    | st.builds(Box, numbers, numbers, numbers, numbers)
    | st.builds(Polygon, st.lists(st.tuples(numbers, numbers), max_size=5).map(tuple))
    | st.builds(MaskRegion, wholes, wholes, st.lists(wholes, max_size=6).map(tuple))
)
annotations = st.builds(Annotation, texts, texts, regions, maybe_text)
rows_of_numbers = st.lists(numbers, max_size=4).map(tuple)
predictions = st.builds(
    Prediction,
    texts,
    maybe_text,
    texts,
    texts,
    texts,
    texts,
    texts,
    rows_of_numbers,
    rows_of_numbers,
    st.lists(texts, max_size=4).map(tuple),
)
score_keys = st.builds(
    ScoreKey, texts, maybe_text, texts, texts, texts, texts, texts, st.booleans(), texts, texts, texts
)
scores = st.builds(Score, score_keys, numbers, wholes, numbers) | st.builds(Unscored, score_keys, texts)
singles = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=5).map(tuple)
curves = st.builds(ScoreCurve, *[texts] * 6, singles, singles)
reliances = st.builds(
    Reliance,
    *[texts, maybe_text, texts, texts, st.booleans(), texts, texts],
    *[numbers] * 8,
)
intervals = st.builds(Interval, numbers, maybe_number, maybe_number, texts, wholes)
map_facts = st.builds(
    MapFacts,
    *[texts, maybe_text, *[texts] * 6],
    no_map=maybe_text,
    no_mark=maybe_text,
    place=maybe_text,
    **dict.fromkeys(
        ("spread", "map_share", "coverage", "precision", "mass_lift", "border_mass"), maybe_number
    ),
)
categorised = st.builds(CategorisedMap, map_facts, texts, texts, st.booleans())
summaries = st.builds(
    Summary,
    *[texts, texts, texts, texts, texts, intervals, wholes, wholes, wholes, texts],
    maybe_text,
    st.none() | intervals,
)
problems = st.builds(Problem, texts, texts, texts)
verdicts = st.builds(
    Verdict,
    texts,
    st.sampled_from(["pass", "fail", "error"]),
    *[texts, texts, texts, texts, maybe_number, maybe_number, wholes, st.booleans()],
)
evaluations = st.builds(
    Evaluation,
    *[texts, texts, texts, st.lists(texts, max_size=3).map(tuple), texts],
    st.lists(st.lists(wholes, max_size=3).map(tuple), max_size=3).map(tuple),
    st.dictionaries(texts, intervals, max_size=3),
    *[wholes, wholes, st.booleans()],
)
map_values = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.floats(-1e4, 1e4, width=32).filter(lambda v: v == 0 or abs(v) > 1e-30),
)
maps = st.builds(
    SaliencyMap, texts, texts, texts, texts, texts, map_values, st.integers(0, 2**32 - 1), wholes, numbers
)


def saliency_map(case_id="case-1", values=((0.0, 1.0), (-2.0, 0.5))):
    """A map whose values float16 holds exactly."""
    return SaliencyMap(
        case_id, "net", "gradcam", "e" * 16, "nodule", np.array(values, np.float32), 7, 1, 0.25
    )


def score(case_id="case-1", value=0.5):
    """One score of one case."""
    return Score(_key(case_id), value, 3, 0.125)


def unscored(case_id="case-2"):
    """One case that has no score."""
    return Unscored(_key(case_id), "the map is constant")


def _key(case_id):
    return ScoreKey(
        case_id, "p1", "union", "net", "gradcam", "e" * 16, "nodule", True, "iou", "m" * 16, "localization"
    )
