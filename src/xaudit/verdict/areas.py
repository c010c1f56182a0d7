"""Findings on areas of the reliance map: what the answer depends on, with marks or without; they decide no exit code.

Each is about one model and the images of one true class. The probability decides. Only where hiding any window moves it
nowhere, as it is near 0 or 1, do the log odds decide in its place.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from xaudit.catalog import MARGIN
from xaudit.records import Area, Interval, MapTest, Status, Verdict
from xaudit.statistics.bootstrap import MIN_CLUSTERS
from xaudit.statistics.digits import counted, shown, shown_interval
from xaudit.verdict.findings import region_name

AREA_RULE = f"lower end of no area's effect outside the mark or the organ > {MARGIN:g}"

NOTHING = 0.05
"""Upper end of the strongest window's effect up to which nothing is said to matter; above, too little is known."""

_ORGANS = ("lungs", "same-lung", "opposite-lung")
_AT_FAULT = ("border", "empty")
_BESIDE_LUNGS = ("outside", "thorax", "body")
_NAMED_AREAS = 3


@dataclass(frozen=True, slots=True)
class _Shown:
    """An area, and the test that shows it."""

    test: MapTest
    area: Area

    @property
    def is_sure(self) -> bool:
        """True if it holds under every in-fill by itself."""
        return set(self.area.infills) >= set(self.test.infills)


@dataclass(frozen=True, slots=True)
class _Population:
    """The tests of one model on the images of one true class, in the frame of the image."""

    model_id: str
    images: str
    target: str
    tests: tuple[MapTest, ...]

    def of(self, answer: str, scope: str) -> list[MapTest]:
        """Return the tests of one answer and scope, for and against, windows hidden and copied."""
        return [test for test in self.tests if (test.answer, test.scope) == (answer, scope)]

    @property
    def scope(self) -> str:
        """Scope of the windows that hold no evidence, as far as that is known."""
        scopes = {test.scope for test in self.tests}
        return next(scope for scope in ("elsewhere", "outside-mark", "all") if scope in scopes)

    @property
    def is_marked(self) -> bool:
        """True if images have marks."""
        return self.scope != "all"

    @property
    def knows_lungs(self) -> bool:
        """True if the lungs of images are known."""
        return any(kind == "outside-lungs" for test in self.tests for kind, _ in test.bounds)

    @property
    def answer(self) -> str:
        """The answer that decides: the probability, unless only the log odds show anything."""
        moves = [test.areas or _is_clear(test) for test in self.of("probability", "all")]
        still = [test.areas or _is_clear(test) for test in self.of("log-odds", "all")]
        return "log-odds" if any(still) and not any(moves) else "probability"

    def shown(self, scope: str) -> list[_Shown]:
        """Return the areas of a scope, the largest effect first."""
        shown = [_Shown(test, area) for test in self.of(self.answer, scope) for area in test.areas]
        return sorted(shown, key=lambda one: -one.area.effect.estimate)

    def largest(self, kind: str | None = None, *, answer: str | None = None) -> Interval | None:
        """Return the effect of the strongest window, of all or of a kind of place: the one with the highest upper end."""
        tests = self.of(answer or self.answer, "all")
        found = [test.largest if kind is None else dict(test.bounds).get(kind) for test in tests]
        known = [one for one in found if one is not None]
        return max(known, key=lambda one: one.high or 0.0) if known else None

    def basis(self) -> str:
        """Count the patients that were asked, as every sentence ends."""
        test = self.of("probability", "all")[0]
        return f"({counted(test.n_patients, test.cluster)})"


def area_findings(tests: Sequence[MapTest], *, refused: Collection[str] = ()) -> list[Verdict]:
    """Return XA207, XA208 or XA209 for each model and true class, or why nothing can be said.

    Args:
        refused: models whose answers rule out findings about their evidence.
    """
    groups: dict[tuple[str, str, str], list[MapTest]] = {}
    for test in tests:
        if test.frame == "image" and test.model_id not in refused:
            groups.setdefault((test.model_id, test.images, test.target), []).append(test)
    return [_finding(_Population(*key, tuple(own))) for key, own in groups.items()]


def _finding(population: _Population) -> Verdict:
    if all(test.p is None for test in population.of("probability", population.scope)):
        n, cluster = max((test.n_patients, test.cluster) for test in population.tests)
        few = counted(n, f"{cluster} is", f"{cluster}s are")
        sentence = f"{few} too few to tell what the answer depends on; an area needs at least {MIN_CLUSTERS}"
        return _verdict(population, "XA102", "error", sentence)
    shown = population.shown(population.scope)
    sure = [one for one in shown if one.is_sure]
    if sure:
        return _outside_mark(population, sure) if population.is_marked else _unmarked(population, sure)
    if shown:
        return _undecided(population, shown)
    if not population.shown("all") and any(
        _is_clear(test) for test in population.of(population.answer, "all")
    ):
        return _spread(population)
    return _nothing(population)


def _outside_mark(population: _Population, shown: Sequence[_Shown]) -> Verdict:
    where = "the mark and its lung" if population.scope == "elsewhere" else "the mark"
    sentence = f"an area outside {where} matters. {_effects(population, shown)}"
    return _verdict(population, "XA207", "fail", sentence, shown[0].area)


def _unmarked(population: _Population, shown: Sequence[_Shown]) -> Verdict:
    """Return XA207 for images without marks: it fails for areas that hold no organ."""
    at_fault = [one for one in shown if _is_at_fault(population, one.area.place)]
    unknown = [one for one in shown if one.area.place not in _ORGANS and one not in at_fault]
    ordered = [*at_fault, *(one for one in shown if one not in at_fault)]
    places = " and ".join(dict.fromkeys(_region(population, one.area) for one in ordered[:_NAMED_AREAS]))
    sentence = f"the answer depends on {places}. {_effects(population, ordered)}"
    if unknown and not at_fault:
        sentence += ". Without marks or masks, whether evidence lies there is not known"
    status: Status = "fail" if at_fault else "error" if unknown else "pass"
    return _verdict(population, "XA207", status, sentence, ordered[0].area)


def _is_at_fault(population: _Population, place: str) -> bool:
    return place in _AT_FAULT or (population.knows_lungs and place in _BESIDE_LUNGS)


def _undecided(population: _Population, shown: Sequence[_Shown]) -> Verdict:
    first = shown[0]
    others = [name for name in first.test.infills if name not in first.area.infills]
    under = f"under {_listed(first.area.infills)} but not under {_listed(others)}"
    if not first.area.infills:
        under = "over all in-fills together, but under none of them by itself"
    sentence = (
        f"undecided if {_place(population, first.area)} matters: its effect is shown {under}. "
        f"{_effects(population, shown[:1])}"
    )
    return _verdict(population, "XA207", "error", sentence, first.area)


def _spread(population: _Population) -> Verdict:
    """Return XA209: hiding windows changes the answer, and none of them stands out."""
    clear = [test for test in population.of(population.answer, "all") if _is_clear(test)]
    test = max(clear, key=lambda one: 0.0 if one.net is None else one.net.estimate)
    verb = "lower" if test.direction == "for" else "raise"
    border = population.largest("border")
    sentence = (
        f"the answer is spread over the image. Windows that cover it once {verb} {_answer(test)} by {_figures(test.net)} "
        f"together, and none stands out: the strongest by {_figures(test.largest)}"
    )
    at_border = border is not None and border.high is not None and border.high > test.margin
    if border is not None:
        sentence += f", the strongest at the border by {_figures(border)}"
    sentence += _still(population)
    status: Status = "error" if population.is_marked or at_border else "pass"
    return _verdict(population, "XA209", status, sentence)


def _nothing(population: _Population) -> Verdict:
    """Return XA208: no window that should not matter does, or no window at all."""
    kind = "outside-mark" if population.is_marked else None
    bound = population.largest(kind)
    high = None if bound is None else bound.high
    if not population.is_marked:
        sentence = (
            "the answer depends on nothing that the map measures. Hiding any window changes "
            f"P({population.target}) by {_at_most(high)}"
        )
        return _verdict(population, "XA208", "error", sentence + _log_odds_too(population))
    where = "the mark and its lung" if population.scope == "elsewhere" else "the mark"
    if high is not None and high <= NOTHING:
        sentence = f"nothing outside {where} matters. Hiding any window there changes P({population.target}) by {_at_most(high)}"
        verdict = _verdict(population, "XA208", "pass", sentence + _same_lung(population))
        return replace(verdict, value=high, threshold=NOTHING)
    sentence = (
        f"no area outside {where} is shown to matter, but an effect of up to {shown(high or 1.0, beside=NOTHING)} on "
        f"P({population.target}) is not ruled out; that takes more patients"
    )
    verdict = _verdict(population, "XA208", "error", sentence + _same_lung(population))
    return replace(verdict, value=high, threshold=NOTHING)


def _same_lung(population: _Population) -> str:
    """Describe areas of the marked lung beside the mark, which are no fault."""
    if population.scope != "elsewhere":
        return ""
    beside = [one for one in population.shown("outside-mark") if one.area.same_lung > 0]
    if not beside:
        return ""
    return f". In the marked lung: {_effect(population, beside[0])}; that may be the mark's surroundings"


def _effects(population: _Population, shown: Sequence[_Shown]) -> str:
    sentences = ". ".join(_effect(population, one) for one in shown[:_NAMED_AREAS])
    more = f". {counted(len(shown) - _NAMED_AREAS, 'further area')}" if len(shown) > _NAMED_AREAS else ""
    return sentences + more + _still(population)


def _effect(population: _Population, one: _Shown) -> str:
    place, verb = _place(population, one.area), "lowers" if one.test.direction == "for" else "raises"
    action = f"Hiding {place}"
    if one.test.question == "transplant":
        action = f"Copying {place} from images of '{one.test.target}'"
    return (
        f"{action} {verb} {_answer(one.test)} by {_figures(one.area.effect)}, "
        f"clearly in {one.area.share_of_patients:.0%} of the {one.test.cluster}s"
    )


def _still(population: _Population) -> str:
    """Say that the probability does not move, where the log odds decided."""
    if population.answer == "probability":
        return ""
    moved = population.largest(answer="probability")
    high = None if moved is None else moved.high
    return f". P({population.target}) itself changes by {_at_most(high)}: it is too near 0 or 1 to show it"


def _log_odds_too(population: _Population) -> str:
    bound = population.largest(answer="log-odds")
    return "" if bound is None else f", and its log odds by {_at_most(bound.high)}"


def _at_most(high: float | None) -> str:
    return "an unknown amount" if high is None else f"at most {shown(high, beside=MARGIN)}"


def _answer(test: MapTest) -> str:
    return f"P({test.target})" if test.answer == "probability" else f"the log odds of '{test.target}'"


def _figures(interval: Interval | None) -> str:
    return (
        "an unknown amount"
        if interval is None
        else shown_interval(interval, beside=MARGIN, estimate_too=False)
    )


def _place(population: _Population, area: Area) -> str:
    if area.place == "border":
        return f"the {area.position} at the image border"
    if area.place == "outside" and not population.knows_lungs:
        return f"the {area.position} of the image"
    return f"an area in {_region(population, area)} ({area.position} of the image)"


def _region(population: _Population, area: Area) -> str:
    if area.place == "border":
        return "the image border"
    if area.place == "outside" and not population.knows_lungs:
        return f"the {area.position} of the image"
    return region_name(area.place, "the area outside the lungs")


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _is_clear(test: MapTest) -> bool:
    """Return True if hiding all windows one by one clearly moves the answer in the test's direction, added up."""
    return test.net is not None and test.net.low is not None and test.net.low > test.margin


def _verdict(
    population: _Population,
    code: str,
    status: Status,
    sentence: str,
    area: Area | None = None,
) -> Verdict:
    return Verdict(
        code=code,
        status=status,
        model_id=population.model_id,
        subject=population.model_id,
        rule=AREA_RULE,
        sentence=f"{population.model_id}: on images of '{population.images}', {sentence} {population.basis()}",
        value=None if area is None else area.effect.low,
        threshold=None if area is None else MARGIN,
        n_patients=population.of("probability", "all")[0].n_patients,
        gating=False,
    )
