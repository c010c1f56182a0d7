"""The figures that gates on areas of the reliance map are compared with."""

from collections.abc import Sequence

from xaudit.catalog import AREA_PLACES
from xaudit.metrics.reliance_map.frames import LUNGS
from xaudit.records import ALL_CASES, MODEL_LEVEL, NO_READER, Area, Interval, MapTest, Summary


def area_summaries(tests: Sequence[MapTest]) -> tuple[Summary, ...]:
    """Return, for each model and kind of place, the largest effect of an area on the probability.

    Images of every true class count. Windows whose hiding lowers the answer count; those whose hiding raises it, and
    transplants, only at the border, where neither in-fill nor copied tissue can look like evidence. Without an area the estimate is 0 and
    the interval ends where that of the strongest hidden window does (a copied window may look like evidence by its seam, so
    transplants count only where they show an area): it bounds what the test could not show. Classes with fewer
    than 5 patients have no such bound, and are left out. A kind of place that no image has gives no summary.
    """
    summaries = []
    for model in dict.fromkeys(test.model_id for test in tests):
        for kind in AREA_PLACES:
            measured = [
                (test, value)
                for test in tests
                if test.model_id == model and (value := _value(tests, test, kind)) is not None
            ]
            if measured:
                summaries.append(_summary(kind, measured))
    return tuple(summaries)


def _value(tests: Sequence[MapTest], test: MapTest, kind: str) -> Interval | None:
    """Return the largest effect that one test of all windows shows at a kind of place; None where it tests no such place."""
    if (test.answer, test.frame, test.scope) != ("probability", "image", "all"):
        return None
    bound = dict(test.bounds).get(kind)
    may_be_the_infill = test.direction == "against"
    if bound is None or (may_be_the_infill and kind != "border"):
        return None
    shown = [area for area in _shown_in(tests, test, kind) if lies_in(kind, area)]
    if shown:
        return max((area.effect for area in shown), key=lambda effect: effect.estimate)
    if test.question != "hide":
        return None
    return Interval(0.0, 0.0, bound.high, bound.method, bound.n_replicates_dropped)


def _shown_in(tests: Sequence[MapTest], test: MapTest, kind: str) -> list[Area]:
    """Return the areas of the test that leaves out what the kind of place leaves out: the mark, and its lung."""
    same = [
        one
        for one in tests
        if (one.model_id, one.images, one.target, one.question, one.direction, one.answer, one.frame)
        == (test.model_id, test.images, test.target, test.question, test.direction, test.answer, test.frame)
    ]
    by_scope = {one.scope: one.areas for one in same}
    order = ("elsewhere", "outside-mark", "all") if kind != "border" else ("outside-mark", "all")
    return list(next((by_scope[scope] for scope in order if scope in by_scope), ()))


def lies_in(kind: str, area: Area) -> bool:
    """Return True if an area of a test without the mark lies at a kind of place."""
    if kind == "border":
        return area.place == "border"
    return kind == "outside-mark" or area.place not in LUNGS


def _summary(kind: str, measured: Sequence[tuple[MapTest, Interval]]) -> Summary:
    """Return the summary of the test with the largest effect, or the widest bound where none has any."""
    test, value = max(measured, key=lambda item: (item[1].estimate, item[1].high or 0.0))
    return Summary(
        model_id=test.model_id,
        explainer_id=MODEL_LEVEL,
        metric_id=f"reliance-area-{kind}",
        family="reliance",
        reader=NO_READER,
        interval=value,
        n_cases=test.n_cases,
        n_patients=test.n_patients,
        n_unscored=0,
        cluster=test.cluster,
        control_id=None,
        control_difference=None,
        stratum=ALL_CASES,
    )
